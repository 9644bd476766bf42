//! The keys of a deployment INI: one entry each, which says where the key stands, how it is read and written,
//! which option of `deploy` says the same, and what of a persona follows it when a fleet is deployed again.

use super::{
    desired::{self, Reading},
    general::{self, General, interval, switch, wrong},
    syntax::{self, Entry, Errors},
    text,
};
use crate::plan;
use decnet_model::{
    fleet::{Decky, Fleet, login_policy},
    nmap::PREFIX,
    servers,
    tarpit::{self, Tarpit},
};
use netsvc_persona::{LoginPolicy, Persona};
use std::net::Ipv4Addr;

/// Where a key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In `[general]`.
    General,
    /// In the section of a decky or group; where both may have it, the decky's goes first.
    Decky,
}

/// The option of `deploy` that says the same for all deckies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// There is none.
    None,
    /// It stands in place of a file, and not beside one.
    Instead(&'static str),
    /// It says where the fleet stands, and goes before the file.
    Before(&'static str),
}

impl Flag {
    /// Its name.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Flag::None => None,
            Flag::Instead(name) | Flag::Before(name) => Some(name),
        }
    }
}

/// What becomes of a stored persona when its decky is deployed again with another value.
#[derive(Clone, Copy, Debug)]
pub enum Settle {
    /// A persona has nothing of it.
    Nothing,
    /// The machine is drawn from it: it stays as it was drawn, or another one takes its place.
    Drawn,
    /// What `fresh` has of it goes before what is stored: `(want, decky, fresh, stored)`.
    Follows(fn(&Fleet, &Decky, &Persona, &mut Persona)),
}

type ReadGeneral = for<'a> fn(&mut General<'a>, &'a Entry, &mut Errors);
type WriteGeneral = fn(&Fleet) -> Option<String>;
type ReadDecky = for<'a> fn(&mut Reading<'a>, &'a Entry, &mut Errors);
type WriteDecky = fn(&Fleet, &Decky) -> Option<String>;

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// A value.
    pub example: &'static str,
    /// Option of `deploy`.
    pub flag: Flag,
    /// What it is to a stored persona.
    pub settle: Settle,
    general: Option<(ReadGeneral, WriteGeneral)>,
    decky: Option<(ReadDecky, Option<WriteDecky>)>,
    /// Takes it from a group, because only one decky can have the value; whether it was there.
    alone: Option<fn(&mut desired::Desired) -> bool>,
}

/// Every key, in the order in which they are written and named.
pub const KEYS: &[Key] = &[
    key("runtime", "how deckies come to exist", "native")
        .flag(Flag::Before("runtime"))
        .general(general::runtime, |fleet| Some(fleet.runtime.name().to_owned())),
    // Read together, when the runtime is known.
    key("net", "the segment", "192.0.2.0/24")
        .flag(Flag::Instead("subnet"))
        .general(|_, _, _| (), |fleet| Some(fleet.network.to_string()))
        .settle(|_, _, fresh, stored| stored.prefix = fresh.prefix),
    key("gw", "gateway of the segment", "192.0.2.1")
        .general(|_, _, _| (), |fleet| fleet.network.gateway.map(|address| address.to_string()))
        .settle(|_, _, fresh, stored| stored.gateway = fresh.gateway),
    key("interface", "interface of this host on the segment", "eth0")
        .flag(Flag::Before("interface"))
        .general(general::interface, |fleet| fleet.network.interface.clone()),
    key("lab", "whether the segment is the lab's", "yes").flag(Flag::Before("lab")).general(
        |general, entry, errors| general.fleet.lab = switch(entry, errors).unwrap_or_default(),
        |fleet| fleet.lab.then(|| word(true)),
    ),
    key("ipvlan", "whether containers share the MAC of the interface; else where it is Wi-Fi", "no")
        .flag(Flag::Before("ipvlan"))
        .general(
            |general, entry, errors| general.fleet.ipvlan = switch(entry, errors),
            |fleet| fleet.ipvlan.map(word),
        ),
    key("ip", "address", "192.0.2.9")
        .decky(desired::ip, |_, decky| Some(decky.ip.to_string()))
        .alone(|desired| desired.ip.take().is_some())
        .settle(|_, _, fresh, stored| stored.ip = fresh.ip),
    // What the machine is, is read together.
    key("archetype", "kind of machine; `random` draws one for each decky", "linux-server")
        .flag(Flag::Instead("archetype"))
        .decky(|_, _, _| (), |_, decky| decky.archetype.clone())
        .drawn(),
    key("services", "services, comma-separated", "ssh")
        .flag(Flag::Instead("services"))
        .decky(|_, _, _| (), desired::services_of)
        .settle(|_, _, fresh, stored| {
            for (slug, product) in &fresh.products {
                stored.products.entry(slug.clone()).or_insert_with(|| product.clone());
            }
        }),
    key("distro", "what it runs", "debian")
        .flag(Flag::Instead("distro"))
        .decky(|_, _, _| (), |_, decky| Some(desired::distro_of(&decky.system).to_owned()))
        .drawn(),
    key("hostname", "host name", "srv1")
        .decky(desired::hostname, |_, decky| decky.hostname.clone())
        .alone(|desired| desired.decky.hostname.take().is_some())
        .settle(|_, decky, fresh, stored| {
            if decky.hostname.is_some() {
                stored.hostname.clone_from(&fresh.hostname);
            }
        }),
    key("mac", "hardware address", "00:1b:21:00:00:01")
        .decky(desired::mac, |_, decky| decky.mac.clone())
        .alone(|desired| desired.decky.mac.take().is_some())
        .settle(|_, decky, fresh, stored| {
            if decky.mac.is_some() && stored.mac != fresh.mac {
                stored.mac.clone_from(&fresh.mac);
                stored.mac_vendor.clone_from(&fresh.mac_vendor);
                stored.hardware = fresh.hardware.clone();
            }
        }),
    key("seed", "fixes the plan", "x")
        .flag(Flag::Instead("seed"))
        .general(
            |general, entry, _| general.fleet.seed = Some(entry.value.clone()),
            |fleet| fleet.seed.clone(),
        )
        .decky(
            |reading, entry, _| reading.desired.decky.seed = Some(entry.value.clone()),
            |_, decky| decky.seed.clone(),
        )
        .drawn(),
    key("domain", "domain of host names", "corp.example")
        .general(general::domain, |fleet| fleet.domain.clone())
        .settle(|want, _, fresh, stored| {
            if want.domain.is_some() {
                stored.domain.clone_from(&fresh.domain);
            }
        }),
    key("login", "who may log in", "deny")
        .flag(Flag::Instead("login"))
        .decky(
            |reading, entry, errors| match login_policy(&entry.value) {
                Ok(login) => reading.desired.decky.login = login,
                Err(wanted) => wrong(entry, &format!("is no login policy: {wanted}"), errors),
            },
            |_, decky| login(&decky.login),
        )
        .settle(|_, _, fresh, stored| stored.login = fresh.login.clone()),
    key("face", "face of its network stack", "nmap:Linux 5.4")
        .decky(
            |reading, entry, errors| match reading.faces.face(&entry.value) {
                Ok(face) => reading.desired.decky.face = Some(face),
                Err(why) => wrong(entry, &why.to_string(), errors),
            },
            |_, decky| decky.face.as_ref().map(|face| format!("{PREFIX}{}", face.name)),
        )
        .settle(|_, _, fresh, stored| {
            stored.face.clone_from(&fresh.face);
            stored.os.ttl = fresh.os.ttl;
        }),
    key("firewall", "the system's packet filter", "on")
        .flag(Flag::Instead("firewall"))
        .decky(
            |reading, entry, errors| match entry.value.parse() {
                Ok(filter) => reading.desired.filter = filter,
                Err(wanted) => wrong(entry, wanted, errors),
            },
            |_, decky| decky.firewall.then(|| "on".to_owned()),
        )
        .settle(|_, _, fresh, stored| stored.firewall = fresh.firewall),
    key("plant", "canaries laid among its files, KIND:PATH, comma-separated", "password:~/passwords.txt")
        .decky(
            |reading, entry, errors| {
                let all = entry.value.split(',').map(str::trim).filter(|text| !text.is_empty());
                match all.map(str::parse).collect() {
                    Ok(plant) => reading.desired.decky.plant = plant,
                    Err(why) => {
                        let why: String = why;
                        wrong(entry, &format!("is no canary and place: {why}"), errors);
                    }
                }
            },
            |_, decky| {
                let all: Vec<_> = decky.plant.iter().map(ToString::to_string).collect();
                Some(all.join(", ")).filter(|text| !text.is_empty())
            },
        ),
    key("nmap_os", "family of its system", "linux").decky_reads(|_, _, _| ()).drawn(),
    key("mutate_interval", "minutes between changes of a decky, about", "30")
        .flag(Flag::Instead("mutate-interval"))
        .general(
            |general, entry, errors| general.fleet.mutate_interval = interval(entry, errors),
            |fleet| fleet.mutate_interval.map(|minutes| minutes.to_string()),
        )
        .decky(
            |reading, entry, errors| reading.desired.decky.mutate_interval = interval(entry, errors),
            |_, decky| decky.mutate_interval.map(|minutes| minutes.to_string()),
        ),
    key("ambient", "whether deckies speak of their own accord", "no")
        .flag(Flag::Instead("ambient"))
        .general(
            |general, entry, errors| general.fleet.ambient = switch(entry, errors),
            |fleet| fleet.ambient.map(word),
        )
        .decky(
            |reading, entry, errors| reading.desired.decky.ambient = switch(entry, errors),
            |_, decky| decky.ambient.map(word),
        )
        .settle(|_, _, fresh, stored| stored.life.ambient = fresh.life.ambient),
    key("withdraw", "whether deckies leave their addresses to hosts that have them", "no")
        .general(
            |general, entry, errors| general.fleet.withdraw = switch(entry, errors),
            |fleet| fleet.withdraw.map(word),
        )
        .decky(
            |reading, entry, errors| reading.desired.decky.withdraw = switch(entry, errors),
            |_, decky| decky.withdraw.map(word),
        )
        .settle(|_, _, fresh, stored| stored.life.stays = fresh.life.stays),
    key("dhcp", "whether it asks a DHCP server", "yes")
        .flag(Flag::Instead("dhcp"))
        .decky(
            |reading, entry, errors| {
                reading.desired.decky.dhcp = switch(entry, errors).unwrap_or_default();
            },
            |_, decky| decky.dhcp.then(|| word(true)),
        )
        .settle(|_, _, fresh, stored| stored.life.dhcp = fresh.life.dhcp),
    key("dns", "DNS servers that are asked", "192.0.2.53")
        .flag(Flag::Instead("dns"))
        .general(
            |general, entry, errors| addresses(&mut general.fleet.servers.dns, entry, errors),
            |fleet| list(&fleet.servers.dns),
        )
        .decky(
            |reading, entry, errors| addresses(&mut reading.desired.decky.servers.dns, entry, errors),
            |_, decky| list(&decky.servers.dns),
        )
        .settle(|_, _, fresh, stored| stored.life.servers.dns.clone_from(&fresh.life.servers.dns)),
    key("ntp", "NTP servers that are asked", "192.0.2.5")
        .flag(Flag::Instead("ntp"))
        .general(
            |general, entry, errors| addresses(&mut general.fleet.servers.ntp, entry, errors),
            |fleet| list(&fleet.servers.ntp),
        )
        .decky(
            |reading, entry, errors| addresses(&mut reading.desired.decky.servers.ntp, entry, errors),
            |_, decky| list(&decky.servers.ntp),
        )
        .settle(|_, _, fresh, stored| stored.life.servers.ntp.clone_from(&fresh.life.servers.ntp)),
    key("tarpit", "whether attackers are kept waiting", "yes")
        .flag(Flag::Instead("tarpit"))
        .general(
            |general, entry, errors| general.fleet.tarpit.on = switch(entry, errors),
            |fleet| fleet.tarpit.on.map(word),
        )
        .decky(
            |reading, entry, errors| reading.desired.decky.tarpit.on = switch(entry, errors),
            |_, decky| decky.tarpit.on.map(word),
        )
        .settle(|_, _, fresh, stored| stored.slow.clone_from(&fresh.slow)),
    key("tarpit_sources", "networks whose hosts are kept waiting, comma-separated", "10.0.0.0/8")
        .flag(Flag::Instead("tarpit-sources"))
        .general(
            |general, entry, errors| sources(&mut general.fleet.tarpit, entry, errors),
            |fleet| tarpit::written(&fleet.tarpit.sources),
        )
        .decky(
            |reading, entry, errors| sources(&mut reading.desired.decky.tarpit, entry, errors),
            |_, decky| tarpit::written(&decky.tarpit.sources),
        ),
    key("tarpit_services", "services that keep them waiting themselves, comma-separated", "ssh")
        .general(
            |general, entry, errors| slow_services(&mut general.fleet.tarpit, entry, errors),
            |fleet| listed(&fleet.tarpit.services),
        )
        .decky(
            |reading, entry, errors| slow_services(&mut reading.desired.decky.tarpit, entry, errors),
            |_, decky| listed(&decky.tarpit.services),
        ),
    key("amount", "makes a group of so many", "2").decky_reads(|reading, entry, errors| {
        match text::number(&entry.value, plan::MOST) {
            Some(amount) => (reading.desired.amount, reading.desired.is_group) = (amount, amount > 1),
            None => wrong(entry, &format!("is no number from 1 to {}", plan::MOST), errors),
        }
    }),
];

/// A key that stands nowhere yet.
const fn key(name: &'static str, help: &'static str, example: &'static str) -> Key {
    let (flag, settle) = (Flag::None, Settle::Nothing);
    Key { name, help, example, flag, settle, general: None, decky: None, alone: None }
}

impl Key {
    const fn flag(mut self, flag: Flag) -> Self {
        self.flag = flag;
        self
    }

    const fn general(mut self, read: ReadGeneral, write: WriteGeneral) -> Self {
        self.general = Some((read, write));
        self
    }

    const fn decky(mut self, read: ReadDecky, write: WriteDecky) -> Self {
        self.decky = Some((read, Some(write)));
        self
    }

    /// It says how something else came about, and so nobody writes it back.
    const fn decky_reads(mut self, read: ReadDecky) -> Self {
        self.decky = Some((read, None));
        self
    }

    const fn alone(mut self, take: fn(&mut desired::Desired) -> bool) -> Self {
        self.alone = Some(take);
        self
    }

    const fn settle(mut self, follow: fn(&Fleet, &Decky, &Persona, &mut Persona)) -> Self {
        self.settle = Settle::Follows(follow);
        self
    }

    const fn drawn(mut self) -> Self {
        self.settle = Settle::Drawn;
        self
    }

    /// Whether it may stand there.
    pub fn stands_in(&self, scope: Scope) -> bool {
        match scope {
            Scope::General => self.general.is_some(),
            Scope::Decky => self.decky.is_some(),
        }
    }

    /// Whether a fleet that is written back has it; the others are how something else came about.
    pub fn is_written(&self) -> bool {
        self.general.is_some() || self.decky.is_some_and(|(_, write)| write.is_some())
    }

    pub(super) fn read_general<'a>(&self, general: &mut General<'a>, entry: &'a Entry, errors: &mut Errors) {
        if let Some((read, _)) = self.general {
            read(general, entry, errors);
        }
    }

    pub(super) fn read_decky<'a>(&self, reading: &mut Reading<'a>, entry: &'a Entry, errors: &mut Errors) {
        if let Some((read, _)) = self.decky {
            read(reading, entry, errors);
        }
    }

    pub(super) fn write_general(&self, fleet: &Fleet) -> Option<String> {
        self.general.and_then(|(_, write)| write(fleet))
    }

    pub(super) fn write_decky(&self, fleet: &Fleet, decky: &Decky) -> Option<String> {
        self.decky.and_then(|(_, write)| write).and_then(|write| write(fleet, decky))
    }

    /// Takes it from what a group asks for, if only one decky can have it; whether it was there.
    pub(super) fn take_alone(&self, desired: &mut desired::Desired) -> bool {
        self.alone.is_some_and(|take| take(desired))
    }
}

/// Keys that may stand in `[general]`, or in the section of a decky.
pub fn of(scope: Scope) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.stands_in(scope))
}

/// Their names for a message.
pub fn names(scope: Scope) -> String {
    of(scope).map(|key| key.name).collect::<Vec<_>>().join(", ")
}

/// The key that `entry` gives in such a section.
pub(super) fn find(scope: Scope, entry: &Entry) -> Option<&'static Key> {
    of(scope).find(|key| syntax::key_of(key.name) == entry.key)
}

/// Options of `deploy` that stand in place of a file.
pub fn flags_instead() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(|key| match key.flag {
        Flag::Instead(name) => Some(name),
        Flag::None | Flag::Before(_) => None,
    })
}

/// Makes a stored persona what the plan says now, as far as keys say it; `fresh` is what the plan alone would
/// give, and what only the persona knows stays as it was.
pub fn settle(want: &Fleet, decky: &Decky, fresh: &Persona, stored: &mut Persona) {
    for key in KEYS {
        if let Settle::Follows(follow) = key.settle {
            follow(want, decky, fresh, stored);
        }
    }
}

fn addresses(servers: &mut Vec<Ipv4Addr>, entry: &Entry, errors: &mut Errors) {
    match servers::list(&entry.value) {
        Ok(read) => *servers = read,
        Err(why) => wrong(entry, &why, errors),
    }
}

fn sources(tarpit: &mut Tarpit, entry: &Entry, errors: &mut Errors) {
    match tarpit::sources(&entry.value) {
        Ok(read) => tarpit.sources = read,
        Err(why) => wrong(entry, &why, errors),
    }
}

fn slow_services(tarpit: &mut Tarpit, entry: &Entry, errors: &mut Errors) {
    match tarpit::services(&entry.value) {
        Ok(read) => tarpit.services = read,
        Err(why) => wrong(entry, &why, errors),
    }
}

fn listed(services: &[String]) -> Option<String> {
    Some(services.join(", ")).filter(|text| !text.is_empty())
}

fn list(servers: &[Ipv4Addr]) -> Option<String> {
    let text: Vec<_> = servers.iter().map(ToString::to_string).collect();
    Some(text.join(", ")).filter(|text| !text.is_empty())
}

fn word(on: bool) -> String {
    if on { "yes" } else { "no" }.to_owned()
}

/// A login policy that is not the usual one.
fn login(login: &LoginPolicy) -> Option<String> {
    match login {
        LoginPolicy::Deny => Some("deny".to_owned()),
        LoginPolicy::AcceptListed => None,
        LoginPolicy::AcceptAfter(count) => Some(format!("accept-after={count}")),
    }
}
