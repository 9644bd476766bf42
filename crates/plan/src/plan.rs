//! From what an operator asks for to a fleet. Pure: the same request gives the same fleet.

use crate::{
    coherence::{self, Contradiction},
    draw::{self, Drawn, at},
};
use decnet_model::{
    archetype::{self, ARCHETYPES, Archetype, DISTROS, RANDOM},
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
    /// Archetype of all, or [`RANDOM`]: each takes another one; `None`: see the other fields.
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
    /// What deckies are is to be drawn, and is said as well.
    #[error("--archetype {RANDOM} draws what each decky is: leave out --services and --distro")]
    Drawn,
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
    let kinds = drawn_kinds(request);
    for (index, ip) in (1..=request.count).zip(addresses) {
        let name: DeckyName = format!("decky-{index:0width$}").parse()?;
        let (one, turn) = match at(&kinds, index - 1) {
            Some(kind) => (kind, (index - 1) / u32::try_from(kinds.len()).unwrap_or(1) + 1),
            None => (request, index),
        };
        deckies.insert(name.clone(), decky(one, turn, name, ip, &mut drawn)?);
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

/// Requests for the kinds of machine that deckies take in turn, each before one comes again; none where somebody says
/// what they are.
fn drawn_kinds(request: &Request) -> Vec<Request> {
    if request.archetype.as_deref() != Some(RANDOM) {
        return Vec::new();
    }
    let kinds = draw::kinds(request.seed.as_deref(), &["plan", "archetypes"]);
    let of = |kind: &Archetype| Request { archetype: Some(kind.slug.to_owned()), ..request.clone() };
    kinds.into_iter().map(of).collect()
}

fn check_names(request: &Request) -> Result<(), PlanError> {
    match request.archetype.as_deref() {
        Some(RANDOM) if !request.services.is_empty() || !request.distros.is_empty() => {
            return Err(PlanError::Drawn);
        }
        Some(slug) if slug != RANDOM && archetype::archetype(slug).is_none() => {
            return Err(PlanError::Archetype(slug.to_owned()));
        }
        _ => {}
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
mod tests;
