//! From what an operator asks for to a fleet. Pure: the same request gives the same fleet.

use crate::{
    coherence::{self, Contradiction},
    draw::{Drawn, at},
};
use decnet_model::{
    archetype::{self, ARCHETYPES, Archetype, DISTROS},
    catalogue,
    fleet::{BadName, Decky, DeckyName, Filter, Fleet, Network, PortClash, check_ports},
    runtime::Runtime,
    servers,
};
use netsvc_persona::{Life, LoginPolicy, stage::ServiceSpec, subkey};
use rand_core::RngCore;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// Most deckies of a fleet.
pub const MOST: u32 = 10_000;
/// Systems of deckies of which nothing else is known, taken in turn.
pub(crate) const SYSTEMS: &[&str] = &["debian12", "ubuntu2204", "rocky9"];

/// What an operator asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// How many deckies.
    pub count: u32,
    /// Archetype of all; `None`: see the other fields.
    pub archetype: Option<String>,
    /// Services of all; go before the archetype's.
    pub services: Vec<String>,
    /// One to three services drawn for each.
    pub randomize_services: bool,
    /// Distributions, cycled through.
    pub distros: Vec<String>,
    /// A distribution drawn for each.
    pub randomize_distros: bool,
    /// The segment.
    pub network: Network,
    /// First address that may be taken.
    pub ip_start: Option<Ipv4Addr>,
    /// Addresses that are somebody's: this host, neighbours.
    pub taken: BTreeSet<Ipv4Addr>,
    /// Fixes what is drawn.
    pub seed: Option<String>,
    /// Runtime.
    pub runtime: Runtime,
    /// Who may log in.
    pub login: LoginPolicy,
    /// What deckies do without being asked.
    pub life: Life,
    /// Packet filters.
    pub firewall: Filter,
}

impl Request {
    /// So many deckies with these services, everything else as it is where nobody says anything; callers change what
    /// they mean.
    pub fn plain(count: u32, services: &[&str], runtime: Runtime, network: Network) -> Self {
        Request {
            count,
            archetype: None,
            services: services.iter().copied().map(str::to_owned).collect(),
            randomize_services: false,
            distros: Vec::new(),
            randomize_distros: false,
            network,
            ip_start: None,
            taken: BTreeSet::new(),
            seed: None,
            runtime,
            login: LoginPolicy::Deny,
            life: Life::default(),
            firewall: Filter::default(),
        }
    }
}

/// Why there is no such fleet.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// Number of deckies.
    #[error("{0} deckies: a fleet has 1 to {MOST}")]
    Count(u32),
    /// No archetype has this slug.
    #[error("no archetype is called {0:?}; `decnet archetypes` lists them")]
    Archetype(String),
    /// No distro has this slug.
    #[error("no distro is called {0:?}; `decnet distros` lists them")]
    Distro(String),
    /// No service has this slug.
    #[error("no service is called {0:?}; there are: {1}")]
    Service(String, String),
    /// Nothing says what the deckies are.
    #[error("say what the deckies are: --archetype, --services or --randomize-services")]
    Nothing,
    /// Two services want one port.
    #[error(transparent)]
    Clash(#[from] PortClash),
    /// The segment is full.
    #[error("{network} has {free} free addresses from {from} on, {wanted} are needed")]
    Full {
        /// Segment.
        network: String,
        /// Free addresses.
        free: usize,
        /// From here on.
        from: String,
        /// Addresses needed.
        wanted: u32,
    },
    /// A first address that is no host's of the segment.
    #[error("--ip-start {start}: it is no host's address in {network}")]
    Start {
        /// What was asked for.
        start: Ipv4Addr,
        /// Segment.
        network: String,
    },
    /// A server that deckies cannot ask: of which kind, and why.
    #[error("--{0} {1}")]
    Server(&'static str, String),
    /// Deckies that contradict themselves, one a line.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Incoherent(Vec<Contradiction>),
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] BadName),
}

/// Builds the fleet.
///
/// # Errors
/// [`PlanError`] with what to ask for instead.
pub fn fleet(request: &Request) -> Result<Fleet, PlanError> {
    let mut request = request.clone();
    for name in &mut request.services {
        *name = catalogue::slug_of(name).to_owned();
    }
    let request = &request;
    if request.count == 0 || MOST < request.count {
        return Err(PlanError::Count(request.count));
    }
    check_names(request)?;
    check_servers(request)?;
    let addresses = addresses(request)?;
    let mut drawn = Drawn::default();
    let mut deckies = BTreeMap::new();
    let width = request.count.to_string().len().max(2);
    for (index, ip) in (1..=request.count).zip(addresses) {
        let name: DeckyName = format!("decky-{index:0width$}").parse()?;
        deckies.insert(name.clone(), decky(request, index, name, ip, &mut drawn)?);
    }
    coherent(Fleet {
        seed: request.seed.clone(),
        ambient: (request.life.ambient != Life::default().ambient).then_some(request.life.ambient),
        servers: request.life.servers.clone(),
        deckies,
        ..Fleet::of(request.runtime, request.network.clone())
    })
}

/// Servers are hosts that the segment leads to.
fn check_servers(request: &Request) -> Result<(), PlanError> {
    let servers = &request.life.servers;
    for (kind, list) in [("dns", &servers.dns), ("ntp", &servers.ntp)] {
        let text: Vec<_> = list.iter().map(ToString::to_string).collect();
        let sound = if list.is_empty() { Ok(Vec::new()) } else { servers::list(&text.join(",")) };
        let misplaced = || servers::misplaced(list, &request.network).map_or(Ok(()), Err);
        sound.and_then(|_| misplaced()).map_err(|why| PlanError::Server(kind, why))?;
    }
    Ok(())
}

fn coherent(fleet: Fleet) -> Result<Fleet, PlanError> {
    let found = coherence::fleet(&fleet);
    if found.is_empty() { Ok(fleet) } else { Err(PlanError::Incoherent(found)) }
}

fn check_names(request: &Request) -> Result<(), PlanError> {
    if let Some(slug) = &request.archetype {
        archetype::archetype(slug).ok_or_else(|| PlanError::Archetype(slug.clone()))?;
    }
    for slug in &request.distros {
        archetype::distro(slug).ok_or_else(|| PlanError::Distro(slug.clone()))?;
    }
    for slug in &request.services {
        service_exists(slug)?;
    }
    check_ports(&request.services)?;
    if request.archetype.is_none() && request.services.is_empty() && !request.randomize_services {
        return Err(PlanError::Nothing);
    }
    Ok(())
}

/// Checks that the catalogue has a service.
///
/// # Errors
/// [`PlanError::Service`] with those that exist.
pub fn service_exists(slug: &str) -> Result<(), PlanError> {
    if catalogue::find(slug).is_some() {
        return Ok(());
    }
    let known: Vec<_> = catalogue::services().iter().map(|service| service.slug.as_str()).collect();
    Err(PlanError::Service(slug.to_owned(), known.join(", ")))
}

/// Free addresses of the segment: not the network's, the broadcast's, the gateway's or a taken one.
fn addresses(request: &Request) -> Result<Vec<Ipv4Addr>, PlanError> {
    let network = &request.network;
    let outside = |start: &Ipv4Addr| {
        !network.contains(*start) || *start == network.address || *start == network.broadcast()
    };
    if let Some(start) = request.ip_start.filter(outside) {
        return Err(PlanError::Start { start, network: network.to_string() });
    }
    let from = request.ip_start.unwrap_or_else(|| network.hosts().next().unwrap_or(network.address));
    let free = free_addresses(network, &request.taken).filter(|address| from <= *address);
    let wanted = usize::try_from(request.count).unwrap_or(usize::MAX);
    let addresses: Vec<_> = free.take(wanted).collect();
    if addresses.len() < wanted {
        return Err(PlanError::Full {
            network: network.to_string(),
            free: addresses.len(),
            from: from.to_string(),
            wanted: request.count,
        });
    }
    Ok(addresses)
}

/// Addresses of `network` that are not its gateway's and not `taken`, lowest first.
pub(crate) fn free_addresses<'a>(
    network: &Network,
    taken: &'a BTreeSet<Ipv4Addr>,
) -> impl Iterator<Item = Ipv4Addr> + use<'a> {
    let gateway = network.gateway;
    network.hosts().filter(move |address| Some(*address) != gateway && !taken.contains(address))
}

fn decky(
    request: &Request,
    index: u32,
    name: DeckyName,
    ip: Ipv4Addr,
    others: &mut Drawn,
) -> Result<Decky, PlanError> {
    let mut random =
        subkey::generator(request.seed.as_deref().unwrap_or("decnet").as_bytes(), &["plan", name.as_str()]);
    let archetype = request.archetype.as_deref().and_then(archetype::archetype);
    let told = if !request.services.is_empty() {
        request.services.clone()
    } else if request.randomize_services {
        Vec::new()
    } else {
        archetype
            .map(|archetype| archetype.services.iter().map(|&slug| slug.to_owned()).collect())
            .unwrap_or_default()
    };
    let system = if request.randomize_distros {
        drawn_system(archetype, &told, &mut random)
    } else if !request.distros.is_empty() {
        let slug = at(&request.distros, index - 1).map(String::as_str).unwrap_or_default();
        archetype::distro(slug).map_or("debian12", |distro| distro.system)
    } else {
        let pool = archetype.map_or(SYSTEMS, |archetype| archetype.systems);
        at(pool, index - 1).copied().unwrap_or("debian12")
    };
    let drawn = request.services.is_empty() && request.randomize_services;
    let wanted = if drawn { others.services(system, &mut random) } else { told };
    let (present, absent): (Vec<_>, Vec<_>) =
        wanted.into_iter().partition(|slug| catalogue::find(slug).is_some());
    let own = request.services.is_empty();
    let present: Vec<_> =
        present.into_iter().filter(|slug| !own || coherence::given(archetype, system, slug)).collect();
    let login = coherence::login(system, present.iter().map(String::as_str), &request.login);
    Ok(Decky {
        archetype: request.archetype.clone(),
        services: present.into_iter().map(|slug| ServiceSpec { slug, settings: BTreeMap::new() }).collect(),
        absent,
        login,
        dhcp: request.life.dhcp,
        firewall: request.firewall.on(system),
        ..Decky::of(name, ip, system)
    })
}

/// A system that can be the archetype and serve the services; those of the distributions go first.
fn drawn_system(
    archetype: Option<&'static Archetype>,
    slugs: &[String],
    random: &mut impl RngCore,
) -> &'static str {
    let number = random.next_u32();
    let fits = |system: &&str| coherence::fits(system, archetype, slugs.iter().map(String::as_str));
    let distros: Vec<_> = DISTROS.iter().map(|distro| distro.system).filter(fits).collect();
    let own = archetype.map_or(SYSTEMS, |archetype| archetype.systems);
    at(&distros, number).or_else(|| at(own, number)).copied().unwrap_or("debian12")
}

/// A mixed fleet of `count` deckies for a demonstration: every archetype that has services, in turn.
///
/// # Errors
/// [`PlanError`] when the segment is too small.
pub fn demonstration(request: &Request) -> Result<Fleet, PlanError> {
    let mixed: Vec<_> = [
        "linux-server",
        "database-server",
        "web-server",
        "mail-server",
        "windows-server",
        "deaddeck",
        "iot-device",
        "printer",
        "file-server",
        "windows-workstation",
    ]
    .iter()
    .filter_map(|slug| ARCHETYPES.iter().find(|archetype| archetype.slug == *slug))
    .filter(|archetype| archetype.services.iter().any(|slug| catalogue::find(slug).is_some()))
    .collect();
    let linux = Some("linux-server".to_owned());
    let mut whole = fleet(&Request { archetype: linux, services: Vec::new(), ..request.clone() })?;
    let (mut deckies, mut drawn) = (BTreeMap::new(), Drawn::default());
    for (index, old) in (0..).zip(std::mem::take(&mut whole.deckies).into_values()) {
        let Some(archetype) = at(&mixed, index) else { break };
        let one =
            Request { archetype: Some(archetype.slug.to_owned()), services: Vec::new(), ..request.clone() };
        let round = index / u32::try_from(mixed.len()).unwrap_or(1) + 1;
        let name: DeckyName = format!("{}-{round:02}", archetype.slug).parse()?;
        deckies.insert(name.clone(), decky(&one, round, name, old.ip, &mut drawn)?);
    }
    coherent(Fleet { deckies, ..whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(count: u32) -> Request {
        Request {
            count,
            archetype: None,
            services: vec!["redis".to_owned()],
            randomize_services: false,
            distros: Vec::new(),
            randomize_distros: false,
            network: "192.0.2.0/28".parse().unwrap(),
            ip_start: None,
            taken: BTreeSet::new(),
            seed: None,
            runtime: Runtime::Loopback,
            login: LoginPolicy::Deny,
            life: Life::default(),
            firewall: Filter::Off,
        }
    }

    #[test]
    fn addresses_skip_what_is_somebodys() {
        let mut wanted = request(3);
        wanted.network.gateway = Some("192.0.2.1".parse().unwrap());
        wanted.taken.insert("192.0.2.3".parse().unwrap());
        let fleet = fleet(&wanted).unwrap();
        let addresses: Vec<_> = fleet.deckies.values().map(|decky| decky.ip.to_string()).collect();
        assert_eq!(addresses, ["192.0.2.2", "192.0.2.4", "192.0.2.5"]);
    }

    #[test]
    fn what_cannot_be_says_what_could() {
        let check = |change: &dyn Fn(&mut Request), part: &str| {
            let mut wanted = request(2);
            change(&mut wanted);
            let text = fleet(&wanted).unwrap_err().to_string();
            assert!(text.contains(part), "{text}");
        };
        check(&|r| r.count = 0, "1 to 10000");
        check(&|r| r.count = 20, "14 free addresses");
        check(&|r| r.services = vec!["gopher".to_owned()], "redis");
        check(&|r| r.archetype = Some("toaster".to_owned()), "archetypes");
        check(&|r| r.distros = vec!["slack".to_owned()], "distros");
        check(&|r| r.services.clear(), "--archetype");
        check(
            &|r| r.archetype = Some("printer".to_owned()),
            "decky-01: services: hp_printer does not run redis",
        );
    }

    #[test]
    fn printers_take_turns_and_serve_what_they_have() {
        let wanted = Request { archetype: Some("printer".to_owned()), services: Vec::new(), ..request(3) };
        let fleet = fleet(&wanted).unwrap();
        let shown: Vec<_> =
            fleet.deckies.values().map(|decky| (decky.system.as_str(), decky.slugs().join(" "))).collect();
        let hp = || ("hp_printer", "printer snmp http https ftp".to_owned());
        assert_eq!(shown, [hp(), ("brother_printer", "printer snmp http https".to_owned()), hp()]);
    }

    #[test]
    fn a_seed_fixes_what_is_drawn() {
        let drawn = |seed: &str| {
            let wanted = Request {
                randomize_services: true,
                randomize_distros: true,
                services: Vec::new(),
                seed: Some(seed.to_owned()),
                ..request(10)
            };
            fleet(&wanted).unwrap()
        };
        assert_eq!(drawn("a"), drawn("a"));
        assert_eq!(coherence::fleet(&drawn("c")), []);
        let iot = Request {
            archetype: Some("iot-device".to_owned()),
            randomize_services: true,
            services: Vec::new(),
            network: "192.0.2.0/23".parse().unwrap(),
            ..request(300)
        };
        assert!(fleet(&iot).unwrap().deckies.values().all(|decky| !decky.services.is_empty()));
        assert_ne!(drawn("a").deckies, drawn("b").deckies);
    }

    #[test]
    fn a_changed_decky_goes_and_comes_and_the_others_stay() {
        let have = fleet(&request(3)).unwrap();
        let mut want = have.clone();
        let name: DeckyName = "decky-02".parse().unwrap();
        if let Some(decky) = want.deckies.get_mut(&name) {
            decky.system = "rocky9".to_owned();
        }
        use decnet_model::fleet::Step;
        assert_eq!(want.steps(&have), [Step::Remove(name.clone()), Step::Add(name)]);
        assert_eq!(have.steps(&have), []);
    }

    #[test]
    fn drawn_fleets_do_not_repeat_while_there_is_something_new() {
        let wanted = Request {
            services: Vec::new(),
            randomize_services: true,
            seed: Some("x".to_owned()),
            ..request(40)
        };
        let network = "192.0.2.0/24".parse().unwrap();
        let whole = fleet(&Request { network, distros: vec!["debian".to_owned()], ..wanted }).unwrap();
        let sets: BTreeSet<_> =
            whole.deckies.values().map(|decky| crate::draw::sorted(&decky.slugs())).collect();
        // Sets of one to three of the services that the system runs.
        let runs = catalogue::services()
            .iter()
            .filter(|service| coherence::fits("debian12", None, [service.slug.as_str()]));
        let n = runs.count();
        let all = n + n * (n - 1) / 2 + n * (n - 1) * (n - 2) / 6;
        assert!(sets.len() >= all.min(40) * 9 / 10, "{} different of {all}", sets.len());
    }

    #[test]
    fn a_first_address_outside_of_the_segment_is_refused() {
        for start in [[198, 51, 100, 1], [192, 0, 2, 0], [192, 0, 2, 15]] {
            let asked = Request { ip_start: Some(start.into()), ..request(1) };
            assert!(matches!(fleet(&asked), Err(PlanError::Start { .. })), "{start:?}");
        }
    }
}
