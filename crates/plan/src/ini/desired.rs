//! A section of a deployment INI that asks for a decky or a group.

use super::{
    general::{Told, wrong},
    syntax::{Entry, Errors},
    text,
};
use crate::{coherence, plan};
use decnet_model::nearest;
use decnet_model::{
    archetype::{self, ARCHETYPES, Archetype, DISTROS, RANDOM},
    catalogue,
    custom::CustomService,
    fleet::{Decky, DeckyName, Filter, Fleet, check_ports},
    nmap::Database,
};
use netsvc_persona::tables::systems::{self, SYSTEMS};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// A decky or a group as a section asks for it.
pub(super) struct Desired {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) amount: u32,
    /// Whether `amount` makes a group of it, so that its deckies are numbered.
    pub(super) is_group: bool,
    /// What each of its deckies is; name, address, system and services are not said by it.
    pub(super) decky: Decky,
    pub(super) ip: Option<Ipv4Addr>,
    pub(super) services: Vec<String>,
    /// Whether every service could be read.
    pub(super) services_known: bool,
    /// Whether the section names services.
    pub(super) services_told: bool,
    pub(super) archetype: Option<&'static Archetype>,
    /// Whether each of its deckies is a kind of machine of its own, drawn.
    pub(super) drawn: bool,
    /// Systems that its deckies take in turn.
    pub(super) systems: Vec<&'static str>,
    pub(super) filter: Filter,
    /// Where keys stand.
    lines: BTreeMap<&'static str, usize>,
}

/// What services the file brings along.
#[derive(Clone, Copy)]
pub(super) struct Brought<'a> {
    /// All of them.
    pub(super) all: &'a [CustomService],
    /// Whether the runtime serves them.
    pub(super) served: bool,
}

/// A section while it is read.
pub(super) struct Reading<'a> {
    pub(super) desired: Desired,
    /// Where faces are looked up.
    pub(super) faces: &'a Database,
    /// What the section gives, by key, without a value too.
    told: Told<'a>,
}

impl<'a> Reading<'a> {
    /// Of the section `name` on `line` nothing is read yet.
    pub(super) fn new(name: &str, line: usize, faces: &'a Database) -> Self {
        let desired = Desired {
            name: name.to_owned(),
            line,
            amount: 1,
            is_group: false,
            decky: Decky::of(DeckyName::default(), Ipv4Addr::UNSPECIFIED, ""),
            ip: None,
            services: Vec::new(),
            services_known: true,
            services_told: false,
            archetype: None,
            drawn: false,
            systems: Vec::new(),
            filter: Filter::Off,
            lines: BTreeMap::new(),
        };
        Reading { desired, faces, told: Told::new() }
    }

    /// Notes an entry.
    pub(super) fn note(&mut self, key: &'static str, entry: &'a Entry) {
        self.told.insert(key, entry);
        self.desired.lines.insert(key, entry.line);
    }

    /// Reads what only all entries together say: what the machine is.
    pub(super) fn settle(mut self, brought: Brought<'_>, errors: &mut Errors) -> Desired {
        let told = |key: &str| self.told.get(key).copied();
        let machine = Machine {
            services: told("services"),
            archetype: told("archetype"),
            distro: told("distro"),
            family: told("nmap_os"),
        };
        machine.settle(&mut self.desired, brought, errors);
        self.desired
    }
}

/// Reads the address.
pub(super) fn ip(reading: &mut Reading<'_>, entry: &Entry, errors: &mut Errors) {
    match entry.value.parse() {
        Ok(address) => reading.desired.ip = Some(address),
        Err(_) => wrong(entry, "is no IPv4 address; write it as 192.168.1.20", errors),
    }
}

/// Reads the host name.
pub(super) fn hostname(reading: &mut Reading<'_>, entry: &Entry, errors: &mut Errors) {
    if text::is_hostname(&entry.value) {
        reading.desired.decky.hostname = Some(entry.value.clone());
    } else {
        wrong(entry, "is no host name: 1 to 63 letters, digits and inner hyphens", errors);
    }
}

/// Reads the hardware address.
pub(super) fn mac(reading: &mut Reading<'_>, entry: &Entry, errors: &mut Errors) {
    match text::mac(&entry.value) {
        Ok(mac) => reading.desired.decky.mac = Some(mac),
        Err(why) => wrong(entry, why, errors),
    }
}

/// The services of a decky as a section has to name them; `None`: they follow from its archetype.
pub(super) fn services_of(fleet: &Fleet, decky: &Decky) -> Option<String> {
    if follows(decky) {
        return None;
    }
    let brought = |slug: &&String| fleet.custom.iter().any(|custom| custom.name == **slug);
    let all: Vec<_> = decky.slugs().into_iter().chain(decky.absent.iter().filter(brought).cloned()).collect();
    Some(all.join(", "))
}

/// Whether the services of a decky follow from its archetype.
pub(super) fn follows(decky: &Decky) -> bool {
    let Some(archetype) = decky.archetype.as_deref().and_then(archetype::archetype) else { return false };
    let (present, absent): (Vec<&str>, Vec<&str>) =
        archetype.services.iter().partition(|slug| catalogue::find(slug).is_some());
    let present: Vec<_> =
        present.into_iter().filter(|slug| coherence::given(Some(archetype), &decky.system, slug)).collect();
    decky.slugs() == present && decky.absent == absent
}

/// Services of an archetype: those that there are, and those that the catalogue lacks.
pub(super) fn carried(archetype: &Archetype) -> (Vec<String>, Vec<String>) {
    let slugs = archetype.services.iter().map(|&slug| slug.to_owned());
    slugs.partition(|slug| catalogue::find(slug).is_some())
}

/// The distro that a system is, as a section names it.
pub(super) fn distro_of(system: &str) -> &str {
    DISTROS.iter().find(|distro| distro.system == system).map_or(system, |distro| distro.slug)
}

/// Entries that say together what the machine is.
struct Machine<'a> {
    services: Option<&'a Entry>,
    archetype: Option<&'a Entry>,
    distro: Option<&'a Entry>,
    family: Option<&'a Entry>,
}

impl Machine<'_> {
    fn settle(&self, desired: &mut Desired, brought: Brought<'_>, errors: &mut Errors) {
        if self.services.is_none() && self.archetype.is_none() {
            let message =
                format!("[{}] does not say what it is; add services = or archetype =", desired.name);
            errors.add(desired.line, message);
            desired.services_known = false;
        }
        if self.archetype.is_some_and(|entry| entry.value == RANDOM) {
            return self.drawn(desired, errors);
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
            (None, Some(archetype)) => (desired.services, desired.decky.absent) = carried(archetype),
            (None, None) => desired.services_known = false,
        }
        if let Err(clash) = check_ports(&desired.services) {
            let line = self.services.or(self.archetype).map_or(desired.line, |entry| entry.line);
            errors.add(line, clash);
        }
        desired.services_told = self.services.is_some();
        desired.systems = self.systems(desired, errors);
    }

    /// Where each decky is a kind of its own, nothing else says what it is.
    fn drawn(&self, desired: &mut Desired, errors: &mut Errors) {
        desired.drawn = true;
        // What each of them serves is not known yet: a section of settings is for those that serve it.
        desired.services_known = false;
        for entry in [self.services, self.distro, self.family].into_iter().flatten() {
            if !entry.value.is_empty() {
                let why =
                    "contradicts archetype = random, which draws what each decky is; remove one of the two";
                wrong(entry, why, errors);
            }
        }
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

fn services(entry: &Entry, desired: &mut Desired, brought: Brought<'_>, errors: &mut Errors) {
    desired.services_known = !entry.value.is_empty();
    let Some(items) = text::list(&entry.value) else {
        desired.services_known = false;
        if !entry.value.is_empty() {
            wrong(entry, "names an empty service; write them as ssh, http", errors);
        }
        return;
    };
    for name in items {
        let own = brought.all.iter().any(|custom| custom.name == name);
        let slug = if own { name } else { catalogue::slug_of(name) };
        if own {
            if !desired.decky.absent.iter().any(|other| other == slug) {
                desired.decky.absent.push(slug.to_owned());
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
    if brought.served {
        own_ports(entry, desired, brought.all, errors);
    } else if desired.services_known && desired.services.is_empty() {
        desired.services_known = false;
        wrong(entry, "are container services, which need the docker runtime; add another one", errors);
    }
}

/// Reports ports that a service of the operator's own and another one of the decky both claim.
fn own_ports(entry: &Entry, desired: &Desired, brought: &[CustomService], errors: &mut Errors) {
    let known = desired.services.iter().filter_map(|slug| catalogue::find(slug));
    let known = known.flat_map(|service| service.ports.iter().cloned());
    let own = brought.iter().filter(|custom| desired.decky.absent.contains(&custom.name));
    let mut claimed: BTreeMap<_, String> = BTreeMap::new();
    for port in known.chain(own.flat_map(CustomService::listeners)) {
        let key = (port.transport, port.port);
        if let Some(first) = claimed.insert(key, port.slug.clone())
            && first != port.slug
        {
            let (second, transport, port) = (port.slug, port.transport.name(), port.port);
            let why = format!(
                "services {first} and {second} both claim port {port}/{transport}; a decky can have one of them"
            );
            errors.add(entry.line, why);
        }
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
    let known = slugs().collect::<Vec<_>>().join(", ");
    let (near, later) = if is_planned(slug) {
        (String::new(), format!("; {slug} is not served yet"))
    } else {
        (nearest::hint(slug, slugs()), String::new())
    };
    format!("no service is called {slug:?}{near}; there are: {known}{later}")
}

impl Desired {
    /// Where `key` stands.
    pub(super) fn line(&self, key: &str) -> Option<usize> {
        self.lines.get(key).copied()
    }

    /// The line that says the most about `subject`.
    pub(super) fn line_of(&self, subject: &str) -> usize {
        self.line(subject).unwrap_or(self.line)
    }
}
