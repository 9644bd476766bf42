//! The deployment INI: a fleet as an operator writes it down.
//!
//! `[general]` says what holds for all. `[web]` is a decky, or with `amount` a group `web-01`,
//! `web-02`, …; `[web.ssh]` sets the service `ssh` of the decky or group `web` and of nothing else.

use super::{
    custom,
    desired::{self, Brought, Desired, not_there},
    general::{self, General},
    read,
    syntax::{self, Entry, Errors, Section, SpecError},
    text,
};
use crate::{coherence, draw, plan};
use decnet_model::nearest;
use decnet_model::{
    archetype::Archetype,
    catalogue,
    fleet::{Decky, DeckyName, Fleet, LOOPBACK_NETWORK, Network},
    runtime::Runtime,
};
use netsvc_persona::stage::ServiceSpec;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

pub use super::{
    general::{Place, place},
    options::{FILE_LIMIT, Options},
};

/// Reads the fleet of a deployment INI. `file` is what errors call it.
///
/// # Errors
/// All errors of the file at once, by line.
pub fn fleet(file: &str, text: &[u8], options: &Options<'_>) -> Result<Fleet, Vec<SpecError>> {
    let mut errors = Errors::new(file);
    let sections = syntax::sections(text, options.limit, &mut errors);
    let named = || sections.iter().filter(|section| !section.name.is_empty());
    let general = read::general(named().find(|section| section.name == "general"), options, &mut errors);
    let (mut desired, mut settings) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    let own = || named().filter(|section| section.name.starts_with(custom::PREFIX));
    let brought: Vec<_> = own().filter_map(|section| custom::read(section, &mut errors)).collect();
    for section in named().filter(|section| section.name != "general" && seen.insert(&section.name)) {
        if section.name.starts_with(custom::PREFIX) {
            continue;
        }
        match of_service(section) {
            Some((owner, slug)) => settings.push((owner, slug, section)),
            None => {
                let served = general.fleet.runtime == Runtime::Docker;
                let brought = Brought { all: &brought, served };
                desired.push(read::decky(section, options, brought, &mut errors));
            }
        }
    }
    let broken = sections.is_empty() && errors.count() > 0;
    let unreadable = broken || named().count() < sections.len();
    if desired.is_empty() && !unreadable {
        errors.add(1, "no decky; add a section such as [web] with services = http");
    }
    let deckies = Assembly::new(&desired, &general, options, &mut errors).deckies(&settings);
    let placed = general.network.is_some();
    let fleet = Fleet {
        network: general.network.unwrap_or(LOOPBACK_NETWORK),
        custom: brought,
        deckies,
        ..general.fleet
    };
    for desired in &desired {
        let network = placed.then_some(&fleet.network);
        general::check_servers(&desired.decky.servers, network, |key| desired.line(key), &mut errors);
        incoherences(&fleet, desired, &mut errors);
    }
    errors.or(fleet)
}

/// Decky and service whose settings the section holds; `None`: it is a decky whose name has a dot.
fn of_service(section: &Section) -> Option<(&str, &str)> {
    let (owner, name) = section.name.rsplit_once('.')?;
    let slug = catalogue::slug_of(name);
    let is_decky = section.entries.iter().any(|entry| matches!(entry.key.as_str(), "services" | "archetype"));
    (desired::is_service(slug) || !is_decky).then_some((owner, slug))
}

/// Reports what contradicts itself in the deckies of a section, each kind of machine once.
fn incoherences(fleet: &Fleet, desired: &Desired, errors: &mut Errors) {
    let turns = if desired.drawn { usize::MAX } else { desired.systems.len() };
    let kinds = desired.amount.min(u32::try_from(turns).unwrap_or(u32::MAX).max(1));
    let mut seen = BTreeSet::new();
    for name in members(desired, &desired.name).into_iter().zip(0..kinds).map(|(name, _)| name) {
        let decky = name.parse().ok().and_then(|name: DeckyName| fleet.deckies.get(&name));
        for what in decky.map(|decky| coherence::decky(fleet, decky)).unwrap_or_default() {
            // Addresses have errors of their own.
            if what.subject != "place" && seen.insert(what.to_string()) {
                errors.add(desired.line_of(what.subject), format!("[{}] {what}", desired.name));
            }
        }
    }
}

/// From sections to deckies.
struct Assembly<'a> {
    desired: &'a [Desired],
    general: &'a General<'a>,
    options: &'a Options<'a>,
    errors: &'a mut Errors,
    /// Sections by name.
    sections: BTreeMap<&'a str, &'a Desired>,
    /// The section that makes each decky.
    makers: BTreeMap<DeckyName, &'a Desired>,
}

impl<'a> Assembly<'a> {
    fn new(
        desired: &'a [Desired],
        general: &'a General<'a>,
        options: &'a Options<'a>,
        errors: &'a mut Errors,
    ) -> Self {
        let sections = desired.iter().map(|desired| (desired.name.as_str(), desired)).collect();
        Assembly { desired, general, options, errors, sections, makers: BTreeMap::new() }
    }

    fn deckies(mut self, settings: &[(&str, &str, &Section)]) -> BTreeMap<DeckyName, Decky> {
        let total: u64 = self.desired.iter().map(|desired| u64::from(desired.amount)).sum();
        if u64::from(plan::MOST) < total {
            let line = self.desired.last().map_or(1, |desired| desired.line);
            self.errors.add(line, format!("{total} deckies are too many: a fleet has 1 to {}", plan::MOST));
            return BTreeMap::new();
        }
        self.unique("hostname", |desired| desired.decky.hostname.as_deref());
        self.unique("mac", |desired| desired.decky.mac.as_deref());
        let mut deckies = BTreeMap::new();
        let mut folded: BTreeMap<String, usize> = BTreeMap::new();
        for (desired, mut addresses) in self.desired.iter().zip(self.addresses()) {
            let drawn = self.drawn(desired);
            for index in 1..=desired.amount {
                let Some(name) = self.name(desired, index) else { break };
                if let Some(first) = self.makers.insert(name.clone(), desired) {
                    let message =
                        format!("{name} is made in line {} already; rename one of the two", first.line);
                    self.errors.add(desired.line, message);
                    break;
                }
                if let Some(first) = folded.insert(name.as_str().to_ascii_lowercase(), desired.line) {
                    let message =
                        format!("{name} differs from a decky of line {first} in case only; rename one");
                    self.errors.add(desired.line, message);
                }
                let ip = addresses.pop().unwrap_or(Ipv4Addr::UNSPECIFIED);
                deckies.insert(name.clone(), decky(desired, &drawn, index, name, ip));
            }
        }
        self.settings(settings, &mut deckies);
        deckies
    }

    /// Kinds of machine that the deckies of a section take in turn, where they are drawn. Drawn anew they are the same.
    fn drawn(&self, desired: &Desired) -> Vec<&'static Archetype> {
        if !desired.drawn {
            return Vec::new();
        }
        draw::kinds(self.general.fleet.seed.as_deref(), &["plan", "archetypes", desired.name.as_str()])
    }

    /// Name of the decky with this number, from 1.
    fn name(&mut self, desired: &Desired, index: u32) -> Option<DeckyName> {
        let width = desired.amount.to_string().len().max(2);
        let name = &desired.name;
        let text = if desired.is_group { format!("{name}-{index:0width$}") } else { name.clone() };
        text.parse().map_err(|error| self.errors.add(desired.line, error)).ok()
    }

    /// Reports values that two sections give.
    fn unique(&mut self, key: &str, value: impl Fn(&Desired) -> Option<&str>) {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for (text, line) in self.desired.iter().filter_map(|own| Some((value(own)?, own.line_of(key)))) {
            match lines.get(&text.to_ascii_lowercase()) {
                Some(first) => {
                    let message = format!("{key}: {text} is that of line {first}; choose another");
                    self.errors.add(line, message);
                }
                None => {
                    lines.insert(text.to_ascii_lowercase(), line);
                }
            }
        }
    }

    /// The addresses of each section, last one first. Those that sections name are reserved before
    /// the free ones are given out.
    fn addresses(&mut self) -> Vec<Vec<Ipv4Addr>> {
        let Some(network) = &self.general.network else {
            return self.desired.iter().map(|_| Vec::new()).collect();
        };
        let mut lines: BTreeMap<Ipv4Addr, usize> = BTreeMap::new();
        for (ip, line) in self.desired.iter().filter_map(|own| Some((own.ip?, own.line_of("ip")))) {
            if let Some(why) = refusal(ip, network, &self.options.taken) {
                self.errors.add(line, format!("ip: {ip} {why}"));
            } else if let Some(first) = lines.get(&ip) {
                self.errors.add(line, format!("ip: {ip} is that of line {first}; choose another"));
            } else {
                lines.insert(ip, line);
            }
        }
        let taken: BTreeSet<_> = self.options.taken.iter().copied().chain(lines.into_keys()).collect();
        let from = network.hosts().nth(self.options.skipped).unwrap_or(network.address);
        let upper = plan::free_addresses(network, &taken).filter(|address| from <= *address);
        let lower = plan::free_addresses(network, &taken).take_while(|address| *address < from);
        let mut free = upper.chain(lower);
        let mut full = false;
        let mut given = Vec::new();
        for desired in self.desired {
            if let Some(ip) = desired.ip {
                given.push(vec![ip]);
                continue;
            }
            let wanted = usize::try_from(desired.amount).unwrap_or(usize::MAX);
            let mut addresses: Vec<_> = free.by_ref().take(wanted).collect();
            if addresses.len() < wanted && !full {
                full = true;
                let short = wanted - addresses.len();
                let message =
                    format!("{network} is full: {short} addresses are lacking; widen net in [general]");
                self.errors.add(desired.line, message);
            }
            addresses.reverse();
            given.push(addresses);
        }
        given
    }

    /// Applies sections such as `[web.ssh]`. Those of a group go first, so that those of one of its
    /// deckies go before them.
    fn settings(&mut self, settings: &[(&str, &str, &Section)], deckies: &mut BTreeMap<DeckyName, Decky>) {
        let is_group = |owner: &str| self.sections.get(owner).is_some_and(|desired| desired.is_group);
        let mut ordered: Vec<_> = settings.iter().map(|one| (!is_group(one.0), one)).collect();
        ordered.sort_by_key(|(single, _)| *single);
        for (_, (owner, slug, section)) in ordered {
            let Some(desired) = self.owner(owner) else {
                let near = nearest::hint(owner, self.sections.keys().copied());
                let message = format!(
                    "[{}]: no decky or group is called {owner:?}{near}; add [{owner}] or rename the section",
                    section.name
                );
                self.errors.add(section.line, message);
                continue;
            };
            let pairs = self.pairs(slug, section);
            if catalogue::find(slug).is_none() {
                self.errors.add(section.line, not_there(slug));
                continue;
            }
            if desired.services_known && !desired.services.iter().any(|other| other == slug) {
                let message =
                    format!("[{}]: {owner} does not serve {slug}; add it to its services", section.name);
                self.errors.add(section.line, message);
                continue;
            }
            for name in members(desired, owner) {
                let decky = name.parse().ok().and_then(|name: DeckyName| deckies.get_mut(&name));
                let spec = decky.and_then(|decky| decky.services.iter_mut().find(|spec| spec.slug == *slug));
                if let Some(spec) = spec {
                    spec.settings.extend(pairs.iter().cloned());
                }
            }
            if let Some(entry) = hostname_of(slug, section) {
                self.hostname(desired, owner, entry, deckies);
            }
        }
    }

    /// The section that makes the decky or group called `owner`.
    fn owner(&self, owner: &str) -> Option<&'a Desired> {
        let of_group = || self.makers.get(&owner.parse::<DeckyName>().ok()?).copied();
        self.sections.get(owner).copied().or_else(of_group)
    }

    /// A host name that stands among the settings of a service: it is the decky's.
    fn hostname(
        &mut self,
        desired: &Desired,
        owner: &str,
        entry: &Entry,
        deckies: &mut BTreeMap<DeckyName, Decky>,
    ) {
        if !text::is_hostname(&entry.value) {
            general::wrong(entry, "is no host name: 1 to 63 letters, digits and inner hyphens", self.errors);
            return;
        }
        if desired.is_group && owner == desired.name {
            let message = format!("hostname: {} deckies cannot share one; remove the line", desired.amount);
            return self.errors.add(entry.line, message);
        }
        let same = |decky: &Decky| {
            decky.hostname.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(&entry.value))
        };
        let name = owner.parse::<DeckyName>();
        let twice = deckies.values().any(|decky| same(decky) && Ok(&decky.name) != name.as_ref());
        let decky = name.ok().and_then(|name| deckies.get_mut(&name));
        match decky {
            _ if twice => {
                let message = format!("hostname: {} is that of another decky; choose another", entry.value);
                self.errors.add(entry.line, message);
            }
            Some(decky) if decky.hostname.is_some() && !same(decky) => {
                self.errors.add(entry.line, format!("hostname: {owner} has another one already; remove one"));
            }
            Some(decky) => decky.hostname = Some(entry.value.clone()),
            None => {}
        }
    }

    /// The settings of a section, checked.
    fn pairs(&mut self, slug: &str, section: &Section) -> Vec<(String, String)> {
        let Some(service) = catalogue::find(slug) else { return Vec::new() };
        let mut pairs = Vec::new();
        let at_decky = hostname_of(slug, section);
        for entry in section.entries.iter().filter(|entry| at_decky.is_none_or(|other| other != *entry)) {
            let known = service.settings.iter().find(|setting| syntax::key_of(&setting.key) == entry.key);
            let key = known.map_or(entry.given.as_str(), |setting| setting.key.as_str());
            match catalogue::check(service, key, &entry.value) {
                Ok(()) => pairs.push((key.to_owned(), entry.value.clone())),
                Err(error @ catalogue::BadSetting::Unknown { .. }) => {
                    let keys = service.settings.iter().map(|setting| setting.key.as_str());
                    self.errors.add(entry.line, format!("{error}{}", nearest::hint(key, keys)));
                }
                Err(error) => self.errors.add(entry.line, format!("{}: {error}", entry.given)),
            }
        }
        pairs
    }
}

/// The host name among the settings of a service that has no such setting of its own.
fn hostname_of<'a>(slug: &str, section: &'a Section) -> Option<&'a Entry> {
    let service = catalogue::find(slug)?;
    let own = service.settings.iter().any(|setting| setting.key == "hostname");
    let logs_in = service.settings.iter().any(|setting| setting.kind == "account");
    let entry = section.entries.iter().find(|entry| entry.key == "hostname")?;
    (logs_in && !own).then_some(entry)
}

/// Names of the deckies that `owner` means: one, or all of a group.
fn members(desired: &Desired, owner: &str) -> Vec<String> {
    if !desired.is_group || owner != desired.name {
        return vec![owner.to_owned()];
    }
    let width = desired.amount.to_string().len().max(2);
    (1..=desired.amount).map(|index| format!("{owner}-{index:0width$}")).collect()
}

/// Why a decky cannot have the address.
fn refusal(ip: Ipv4Addr, network: &Network, taken: &BTreeSet<Ipv4Addr>) -> Option<String> {
    let why = if !network.contains(ip) {
        format!("is outside of {network}")
    } else if ip == network.address {
        format!("is the address of {network} itself")
    } else if ip == network.broadcast() {
        format!("is the broadcast address of {network}")
    } else if Some(ip) == network.gateway {
        "is the gateway's".to_owned()
    } else if taken.contains(&ip) {
        "is in use on the segment".to_owned()
    } else {
        return None;
    };
    Some(format!("{why}; choose another, or remove the line to be given one"))
}

/// The decky with the number `index`, from 1. `drawn` are the kinds of machine that are taken in turn, if any are.
fn decky(
    desired: &Desired,
    drawn: &[&'static Archetype],
    index: u32,
    name: DeckyName,
    ip: Ipv4Addr,
) -> Decky {
    let service = |slug: &String| ServiceSpec { slug: slug.clone(), settings: BTreeMap::new() };
    let turn = index.saturating_sub(1);
    let (archetype, system, (all, absent)) = match draw::at(drawn, turn) {
        Some(kind) => {
            let round = turn / u32::try_from(drawn.len()).unwrap_or(1).max(1);
            (Some(*kind), draw::at(kind.systems, round), desired::carried(kind))
        }
        None => (
            desired.archetype,
            draw::at(&desired.systems, turn),
            (desired.services.clone(), desired.decky.absent.clone()),
        ),
    };
    let system = system.copied().unwrap_or("debian12");
    let told = desired.services_told;
    let services = all.iter().filter(|slug| told || coherence::given(archetype, system, slug));
    Decky {
        name,
        ip,
        system: system.to_owned(),
        archetype: archetype.map(|archetype| archetype.slug.to_owned()),
        services: services.map(service).collect(),
        absent,
        login: coherence::login(system, all.iter().map(String::as_str), &desired.decky.login),
        firewall: desired.filter.on(system),
        ..desired.decky.clone()
    }
}
