//! A section of a deployment INI that asks for a decky or a group.

use super::{
    general::{ServerLines, interval, is_empty, switch, wrong},
    nearest,
    syntax::{Entry, Errors, Section},
    text,
};
use crate::{
    archetype::{self, ARCHETYPES, Archetype, DISTROS},
    catalogue, coherence,
    custom::CustomService,
    fleet::{Filter, check_ports, login_policy},
    key::{self, Scope},
    nmap::{Chosen, Database},
    plan,
};
use netsvc_persona::{
    LoginPolicy, Servers,
    tables::systems::{self, SYSTEMS},
};
use std::net::Ipv4Addr;

/// A decky or a group as a section asks for it.
pub(super) struct Desired {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) amount: u32,
    /// Whether `amount` makes a group of it, so that its deckies are numbered.
    pub(super) is_group: bool,
    pub(super) ip: Option<(Ipv4Addr, usize)>,
    pub(super) services: Vec<String>,
    /// Whether every service could be read.
    pub(super) services_known: bool,
    pub(super) absent: Vec<String>,
    pub(super) archetype: Option<&'static Archetype>,
    /// Where its services stand.
    pub(super) services_line: Option<usize>,
    /// Where its distro stands.
    pub(super) distro_line: Option<usize>,
    /// Systems that its deckies take in turn.
    pub(super) systems: Vec<&'static str>,
    pub(super) hostname: Option<(String, usize)>,
    pub(super) mac: Option<(String, usize)>,
    pub(super) seed: Option<String>,
    pub(super) login: LoginPolicy,
    pub(super) firewall: Filter,
    pub(super) firewall_line: Option<usize>,
    pub(super) mutate_interval: Option<u32>,
    /// Face of the network stack, and where it stands.
    pub(super) face: Option<(Chosen, usize)>,
    pub(super) ambient: Option<bool>,
    pub(super) dhcp: bool,
    pub(super) servers: Servers,
    pub(super) server_lines: ServerLines,
}

/// Reads the section.
pub(super) fn read(
    section: &Section,
    faces: &Database,
    brought: &[CustomService],
    errors: &mut Errors,
) -> Desired {
    let mut desired = Desired {
        name: section.name.clone(),
        line: section.line,
        amount: 1,
        is_group: false,
        ip: None,
        services: Vec::new(),
        services_known: true,
        absent: Vec::new(),
        archetype: None,
        services_line: None,
        distro_line: None,
        systems: Vec::new(),
        hostname: None,
        mac: None,
        seed: None,
        login: LoginPolicy::AcceptListed,
        firewall: Filter::Off,
        firewall_line: None,
        mutate_interval: None,
        face: None,
        ambient: None,
        dhcp: false,
        servers: Servers::default(),
        server_lines: ServerLines::default(),
    };
    let mut machine = Machine::default();
    for entry in &section.entries {
        if is_empty(entry, errors) {
            machine.note(entry);
        } else if entry.key == "face" {
            match faces.face(&entry.value) {
                Ok(face) => desired.face = Some((face, entry.line)),
                Err(why) => wrong(entry, &why.to_string(), errors),
            }
        } else {
            value(&mut desired, &mut machine, section, entry, errors);
        }
    }
    machine.settle(&mut desired, brought, errors);
    desired.only_one(errors);
    desired
}

/// Entries that say together what the machine is.
#[derive(Default)]
struct Machine<'a> {
    services: Option<&'a Entry>,
    archetype: Option<&'a Entry>,
    distro: Option<&'a Entry>,
    family: Option<&'a Entry>,
}

fn value<'a>(
    desired: &mut Desired,
    machine: &mut Machine<'a>,
    section: &Section,
    entry: &'a Entry,
    errors: &mut Errors,
) {
    let text = entry.value.as_str();
    match entry.key.as_str() {
        "services" | "archetype" | "distro" | "nmap-os" => machine.note(entry),
        "ip" => match text.parse() {
            Ok(address) => desired.ip = Some((address, entry.line)),
            Err(_) => wrong(entry, "is no IPv4 address; write it as 192.168.1.20", errors),
        },
        "hostname" if text::is_hostname(text) => desired.hostname = Some((text.to_owned(), entry.line)),
        "hostname" => wrong(entry, "is no host name: 1 to 63 letters, digits and inner hyphens", errors),
        "mac" => match text::mac(text) {
            Ok(mac) => desired.mac = Some((mac, entry.line)),
            Err(why) => wrong(entry, why, errors),
        },
        "seed" => desired.seed = Some(text.to_owned()),
        "login" => match login_policy(text) {
            Ok(login) => desired.login = login,
            Err(wanted) => wrong(entry, &format!("is no login policy: {wanted}"), errors),
        },
        "firewall" => match text.parse() {
            Ok(filter) => (desired.firewall, desired.firewall_line) = (filter, Some(entry.line)),
            Err(wanted) => wrong(entry, wanted, errors),
        },
        "mutate-interval" => desired.mutate_interval = interval(entry, errors),
        "ambient" => desired.ambient = switch(entry, errors),
        "dhcp" => desired.dhcp = switch(entry, errors).unwrap_or_default(),
        "dns" | "ntp" => desired.server_lines.read(entry, &mut desired.servers, errors),
        "amount" => match text::number(text, plan::MOST) {
            Some(amount) => (desired.amount, desired.is_group) = (amount, amount > 1),
            None => wrong(entry, &format!("is no number from 1 to {}", plan::MOST), errors),
        },
        _ => {
            let near = nearest::hint(&entry.key.replace('-', "_"), key::of(Scope::Decky).map(|key| key.name));
            let message = format!(
                "[{}] has no key {:?}{near}; a decky has: {}",
                section.name,
                entry.given,
                key::names(Scope::Decky)
            );
            errors.add(entry.line, message);
        }
    }
}

impl<'a> Machine<'a> {
    fn note(&mut self, entry: &'a Entry) {
        match entry.key.as_str() {
            "services" => self.services = Some(entry),
            "archetype" => self.archetype = Some(entry),
            "distro" => self.distro = Some(entry),
            "nmap-os" => self.family = Some(entry),
            _ => {}
        }
    }

    fn settle(&self, desired: &mut Desired, brought: &[CustomService], errors: &mut Errors) {
        if self.services.is_none() && self.archetype.is_none() {
            let message =
                format!("[{}] does not say what it is; add services = or archetype =", desired.name);
            errors.add(desired.line, message);
            desired.services_known = false;
        }
        if let Some(entry) = self.archetype.filter(|entry| !entry.value.is_empty()) {
            desired.archetype = archetype::archetype(&entry.value);
            if desired.archetype.is_none() {
                let near = nearest::hint(&entry.value, ARCHETYPES.iter().map(|archetype| archetype.slug));
                wrong(entry, &format!("is no archetype{near}; `decnet archetypes` lists them"), errors);
            }
        }
        match (self.services, desired.archetype) {
            (Some(entry), _) => services(entry, desired, brought, errors),
            (None, Some(archetype)) => {
                let slugs = archetype.services.iter().map(|&slug| slug.to_owned());
                (desired.services, desired.absent) = slugs.partition(|slug| catalogue::find(slug).is_some());
            }
            (None, None) => desired.services_known = false,
        }
        if let Err(clash) = check_ports(&desired.services) {
            let line = self.services.or(self.archetype).map_or(desired.line, |entry| entry.line);
            errors.add(line, clash);
        }
        (desired.services_line, desired.distro_line) = (line(self.services), line(self.distro));
        desired.systems = self.systems(desired, errors);
    }

    /// The systems that the deckies take in turn.
    fn systems(&self, desired: &Desired, errors: &mut Errors) -> Vec<&'static str> {
        let archetype = desired.archetype;
        let distro = self.distro.filter(|entry| !entry.value.is_empty());
        let system = distro.and_then(|entry| system(&entry.value));
        if let Some(entry) = distro.filter(|_| system.is_none()) {
            let slugs = DISTROS.iter().map(|distro| distro.slug);
            let near = nearest::hint(&entry.value, slugs.chain(SYSTEMS.iter().map(|system| system.id)));
            wrong(entry, &format!("is no distro{near}; `decnet distros` lists them"), errors);
        }
        let pool: Vec<_> = match (system, archetype) {
            (Some(system), _) => vec![system],
            (None, Some(archetype)) => archetype.systems.to_vec(),
            (None, None) => plan::SYSTEMS.to_vec(),
        };
        let Some(entry) = self.family.filter(|entry| !entry.value.is_empty()) else { return pool };
        let family = entry.value.as_str();
        let of_family =
            |id: &'static str| systems::find(id).is_some_and(|system| is_family(family, system.family));
        if !SYSTEMS.iter().any(|system| system.family == family) {
            let near = nearest::hint(family, families());
            wrong(entry, &format!("is no OS family{near}; there are: {}", families().join(", ")), errors);
        } else if system.is_none() && archetype.is_none() && distro.is_none() {
            let usual = pool.iter().all(|id| of_family(id));
            let all: Vec<_> = SYSTEMS.iter().map(|system| system.id).filter(|id| of_family(id)).collect();
            let slugs = || desired.services.iter().map(String::as_str);
            let fit: Vec<_> = all.iter().copied().filter(|id| coherence::fits(id, None, slugs())).collect();
            return if usual {
                pool
            } else if fit.is_empty() {
                all
            } else {
                fit
            };
        } else if let Some(other) = pool.iter().find(|id| !of_family(id)) {
            let actual = systems::find(other).map_or("another family", |system| system.family);
            let why =
                format!("contradicts {other}, which is {actual}; remove the line or choose another distro");
            wrong(entry, &why, errors);
        }
        pool
    }
}

/// Whether a system of the family `actual` is what `asked` means: `windows` means its servers too.
fn is_family(asked: &str, actual: &str) -> bool {
    asked == actual || (asked == "windows" && actual == "windows_server")
}

fn line(entry: Option<&Entry>) -> Option<usize> {
    entry.map(|entry| entry.line)
}

fn families() -> Vec<&'static str> {
    let mut families: Vec<_> = SYSTEMS.iter().map(|system| system.family).collect();
    families.sort_unstable();
    families.dedup();
    families
}

/// The system of a distro's slug or of its own id.
fn system(slug: &str) -> Option<&'static str> {
    let distro = archetype::distro(slug).map(|distro| distro.system);
    distro.or_else(|| systems::find(slug).map(|system| system.id))
}

fn services(entry: &Entry, desired: &mut Desired, brought: &[CustomService], errors: &mut Errors) {
    desired.services_known = !entry.value.is_empty();
    let Some(items) = text::list(&entry.value) else {
        desired.services_known = false;
        if !entry.value.is_empty() {
            wrong(entry, "names an empty service; write them as ssh, http", errors);
        }
        return;
    };
    for slug in items {
        if brought.iter().any(|custom| custom.name == slug) {
            if !desired.absent.iter().any(|other| other == slug) {
                desired.absent.push(slug.to_owned());
            }
        } else if catalogue::find(slug).is_none() {
            errors.add(entry.line, not_there(slug));
            desired.services_known = false;
        } else if desired.services.iter().any(|other| other == slug) {
            errors.add(entry.line, format!("{}: {slug} stands twice; remove one", entry.given));
        } else {
            desired.services.push(slug.to_owned());
        }
    }
    if desired.services_known && desired.services.is_empty() {
        desired.services_known = false;
        wrong(entry, "are container services, which need the docker runtime; add another one", errors);
    }
}

/// Whether a service is called so, now or as soon as it exists.
pub(super) fn is_service(slug: &str) -> bool {
    catalogue::find(slug).is_some() || is_planned(slug)
}

fn is_planned(slug: &str) -> bool {
    ARCHETYPES.iter().any(|archetype| archetype.services.contains(&slug))
}

/// A service that only archetypes know yet is told apart from one that nobody knows.
pub(super) fn not_there(slug: &str) -> String {
    let slugs = || catalogue::services().iter().map(|service| service.slug.as_str());
    let (known, near) = (slugs().collect::<Vec<_>>().join(", "), nearest::hint(slug, slugs()));
    let later = if is_planned(slug) { format!("; {slug} is not served yet") } else { String::new() };
    format!("no service is called {slug:?}{near}; there are: {known}{later}")
}

impl Desired {
    /// The line that says the most about `subject`.
    pub(super) fn line_of(&self, subject: &str) -> usize {
        let given = match subject {
            "mac" => self.mac.as_ref().map(|(_, line)| *line),
            "hostname" => self.hostname.as_ref().map(|(_, line)| *line),
            "services" => self.services_line,
            "distro" => self.distro_line,
            "face" => self.face.as_ref().map(|(_, line)| *line),
            "firewall" => self.firewall_line,
            _ => None,
        };
        given.unwrap_or(self.line)
    }

    /// What only one decky can have is none of a group's.
    fn only_one(&mut self, errors: &mut Errors) {
        if !self.is_group {
            return;
        }
        let shared = [
            ("ip", self.ip.take().map(|(_, line)| line)),
            ("hostname", self.hostname.take().map(|(_, line)| line)),
            ("mac", self.mac.take().map(|(_, line)| line)),
        ];
        for (key, line) in shared {
            if let Some(line) = line {
                let message = format!(
                    "{key}: {} deckies cannot share one; remove the line or give each a section",
                    self.amount
                );
                errors.add(line, message);
            }
        }
    }
}
