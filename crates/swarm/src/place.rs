//! Which host gets which decky, at which address. Pure: the same question has the same answer.
//!
//! A decky stays where it is as long as it may. Others go where, for its weight, a host has the fewest, of the same
//! kind first; and no address is given twice on one segment, whichever agents stand on it.

use decnet_model::{
    fleet::{Decky, DeckyName, Fleet, Network},
    runtime::Runtime,
    swarm::{Ground, HostState, Labels},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// Label by which hosts say on which site they are: the same network on two sites is two segments.
pub const SITE: &str = "site";

/// A host that deckies may be put on.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: HostState,
    /// Where deckies can stand there; `None`: it has not said.
    pub ground: Option<Ground>,
    /// Labels.
    pub labels: Labels,
    /// Twice the weight, twice the deckies.
    pub weight: u64,
    /// Most deckies.
    pub capacity: Option<u64>,
}

/// Where a decky stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Id of the host.
    pub host: String,
    /// Address there.
    pub ip: Ipv4Addr,
}

/// Where all deckies stand.
pub type Placement = BTreeMap<DeckyName, Seat>;

/// What is wanted beside the fleet itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// Only hosts with all these labels.
    #[serde(default)]
    pub labels: Labels,
    /// Deckies that stand at their address and no other.
    #[serde(default)]
    pub fixed: BTreeSet<DeckyName>,
}

/// Why the deckies cannot be placed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlaceError {
    /// There is nobody to put them on.
    #[error("no host takes deckies: {0}")]
    NoHost(String),
    /// They are too many.
    #[error(
        "{left} of {wanted} deckies find no place: every host is at its capacity or has no free address ({hosts})"
    )]
    Full {
        /// Without a place.
        left: usize,
        /// All.
        wanted: usize,
        /// Hosts and what they hold.
        hosts: String,
    },
    /// An address that is on no host's segment, or somebody's.
    #[error("{decky}: no host that takes deckies has {ip} free on its segment")]
    Address {
        /// Whose it would be.
        decky: DeckyName,
        /// The address.
        ip: Ipv4Addr,
    },
}

/// Places `fleet` on `candidates`, of which `before` tells where deckies are now.
///
/// # Errors
/// [`PlaceError`]: nothing is placed by halves.
pub fn place(
    fleet: &Fleet,
    candidates: &[Candidate],
    before: &Placement,
    wishes: &Wishes,
) -> Result<Placement, PlaceError> {
    let mut board = Board::new(candidates, before, wishes);
    let mut rest = Vec::new();
    for decky in fleet.deckies.values() {
        let fixed = wishes.fixed.contains(&decky.name);
        match before.get(&decky.name) {
            Some(seat) if (!fixed || seat.ip == decky.ip) && board.keeps(seat) => {
                board.take(decky, seat.clone())
            }
            _ => rest.push((decky, fixed)),
        }
    }
    if !rest.is_empty() && board.open().next().is_none() {
        return Err(PlaceError::NoHost(board.why()));
    }
    // Who has no choice goes first.
    rest.sort_by_key(|(decky, fixed)| (!fixed, decky.name.clone()));
    let mut left = 0;
    for (decky, fixed) in rest {
        let seat = if fixed { board.seat_at(decky.ip) } else { board.seat(decky) };
        match seat {
            Some(seat) => board.take(decky, seat),
            None if fixed => return Err(PlaceError::Address { decky: decky.name.clone(), ip: decky.ip }),
            None => left += 1,
        }
    }
    if left > 0 {
        return Err(PlaceError::Full { left, wanted: fleet.deckies.len(), hosts: board.held() });
    }
    Ok(board.placed)
}

/// The fleet that one host is to have.
pub fn part(fleet: &Fleet, placement: &Placement, host: &str, ground: &Ground) -> Fleet {
    let ours = fleet.deckies.iter().filter_map(|(name, decky)| {
        let seat = placement.get(name).filter(|seat| seat.host == host)?;
        Some((name.clone(), Decky { ip: seat.ip, ..decky.clone() }))
    });
    Fleet {
        runtime: ground.runtime,
        network: ground.network.clone(),
        lab: ground.lab,
        deckies: ours.collect(),
        ..fleet.clone()
    }
}

/// Whether two hosts stand on one segment.
fn beside(one: &Candidate, other: &Candidate) -> bool {
    let (Some(a), Some(b)) = (&one.ground, &other.ground) else { return false };
    let private = |ground: &Ground| ground.lab || ground.runtime == Runtime::Loopback;
    let same_site = one.labels.get(SITE) == other.labels.get(SITE);
    one.id == other.id || (!private(a) && !private(b) && same_site && overlap(&a.network, &b.network))
}

fn overlap(a: &Network, b: &Network) -> bool {
    a.contains(b.address) || b.contains(a.address)
}

/// The hosts, and what has been placed.
struct Board<'a> {
    hosts: Vec<Host<'a>>,
    index: BTreeMap<&'a str, usize>,
    placed: Placement,
}

struct Host<'a> {
    of: &'a Candidate,
    /// Whether new deckies may be put there.
    open: bool,
    /// Whether those that are there may stay.
    keeps: bool,
    count: u64,
    kinds: BTreeMap<String, u64>,
    /// Which set of addresses is its segment's.
    segment: usize,
    /// Addresses that are yet to be looked at.
    free: Box<dyn Iterator<Item = Ipv4Addr>>,
    taken: BTreeSet<Ipv4Addr>,
}

impl<'a> Board<'a> {
    fn new(candidates: &'a [Candidate], before: &Placement, wishes: &Wishes) -> Board<'a> {
        let mut hosts: Vec<Host<'a>> = Vec::new();
        for of in candidates {
            // Whoever overlaps two segments makes them one.
            let near: BTreeSet<usize> =
                hosts.iter().filter(|known| beside(known.of, of)).map(|known| known.segment).collect();
            let segment = near.first().copied().unwrap_or(hosts.len());
            hosts
                .iter_mut()
                .filter(|known| near.contains(&known.segment))
                .for_each(|known| known.segment = segment);
            let fits = wishes.labels.iter().all(|(key, value)| of.labels.get(key) == Some(value));
            let grounded = of.ground.is_some();
            // A silent host may still carry what it has: who took it away would have it twice.
            let keeps = matches!(of.state, HostState::Active | HostState::Unreachable | HostState::Enrolled);
            hosts.push(Host {
                of,
                open: of.state.takes_deckies() && fits && grounded,
                keeps: keeps && fits && grounded,
                count: 0,
                kinds: BTreeMap::new(),
                segment,
                free: free(of.ground.as_ref()),
                taken: BTreeSet::new(),
            });
        }
        let index = hosts.iter().enumerate().map(|(at, host)| (host.of.id.as_str(), at)).collect();
        let mut board = Board { hosts, index, placed: Placement::new() };
        board.reserve(before);
        board
    }

    /// Addresses that are somebody's. Those of deckies that move stay so until they have gone.
    fn reserve(&mut self, before: &Placement) {
        let mut taken: BTreeMap<usize, BTreeSet<Ipv4Addr>> = BTreeMap::new();
        for host in &self.hosts {
            let Some(ground) = &host.of.ground else { continue };
            let of = taken.entry(host.segment).or_default();
            of.extend(&ground.taken);
            of.extend(ground.network.gateway);
        }
        for seat in before.values() {
            if let Some(host) = self.index.get(seat.host.as_str()).and_then(|at| self.hosts.get(*at)) {
                taken.entry(host.segment).or_default().insert(seat.ip);
            }
        }
        for (segment, addresses) in taken {
            if let Some(first) = self.hosts.get_mut(segment) {
                first.taken = addresses;
            }
        }
    }

    fn open(&self) -> impl Iterator<Item = usize> + use<'_, 'a> {
        let room = |host: &Host<'_>| host.of.capacity.is_none_or(|most| host.count < most);
        self.hosts.iter().enumerate().filter(move |(_, host)| host.open && room(host)).map(|(at, _)| at)
    }

    /// Whether a decky may stay in its seat.
    fn keeps(&self, seat: &Seat) -> bool {
        let host = self.index.get(seat.host.as_str()).and_then(|at| self.hosts.get(*at));
        host.is_some_and(|host| {
            let room = host.of.capacity.is_none_or(|most| host.count < most);
            let ground = host.of.ground.as_ref();
            let there = ground
                .is_some_and(|ground| ground.network.contains(seat.ip) && !ground.taken.contains(&seat.ip));
            host.keeps && room && there
        })
    }

    fn take(&mut self, decky: &Decky, seat: Seat) {
        if let Some(host) = self.index.get(seat.host.as_str()).and_then(|at| self.hosts.get_mut(*at)) {
            host.count += 1;
            *host.kinds.entry(kind(decky)).or_default() += 1;
            let segment = host.segment;
            if let Some(first) = self.hosts.get_mut(segment) {
                first.taken.insert(seat.ip);
            }
        }
        self.placed.insert(decky.name.clone(), seat);
    }

    /// The best seat for a decky; a host without a free address is closed.
    fn seat(&mut self, decky: &Decky) -> Option<Seat> {
        let kind = kind(decky);
        loop {
            let best = self.open().min_by(|a, b| {
                let share = |at: &usize| {
                    self.hosts.get(*at).map_or((0, 0, 1, ""), |host| {
                        let same = host.kinds.get(&kind).copied().unwrap_or(0);
                        (host.count, same, host.of.weight.max(1), host.of.name.as_str())
                    })
                };
                let ((many, same, weight, name), (other_many, other_same, other_weight, other)) =
                    (share(a), share(b));
                // Fractions are compared crosswise: no rounding decides.
                let load =
                    (many + 1).saturating_mul(other_weight).cmp(&(other_many + 1).saturating_mul(weight));
                let kinds = same.saturating_mul(other_weight).cmp(&other_same.saturating_mul(weight));
                load.then(kinds).then(name.cmp(other))
            })?;
            if let Some(ip) = self.next_free(best) {
                let host = self.hosts.get(best)?;
                return Some(Seat { host: host.of.id.clone(), ip });
            }
            self.hosts.get_mut(best)?.open = false;
        }
    }

    fn next_free(&mut self, at: usize) -> Option<Ipv4Addr> {
        let segment = self.hosts.get(at)?.segment;
        loop {
            let ip = self.hosts.get_mut(at)?.free.next()?;
            if !self.hosts.get(segment)?.taken.contains(&ip) {
                return Some(ip);
            }
        }
    }

    /// The seat at one address: on the host of its segment that has the fewest.
    fn seat_at(&self, ip: Ipv4Addr) -> Option<Seat> {
        let fits = |at: &usize| {
            let host = self.hosts.get(*at);
            let ground = host.and_then(|host| host.of.ground.as_ref());
            let taken = host.and_then(|host| self.hosts.get(host.segment)).map(|first| &first.taken);
            ground.is_some_and(|ground| ground.network.contains(ip) && ground.network.broadcast() != ip)
                && taken.is_some_and(|taken| !taken.contains(&ip))
        };
        let best = self.open().filter(fits).min_by_key(|at| self.hosts.get(*at).map(|host| host.count))?;
        self.hosts.get(best).map(|host| Seat { host: host.of.id.clone(), ip })
    }

    /// Why nobody takes deckies.
    fn why(&self) -> String {
        if self.hosts.is_empty() {
            return "the swarm has no hosts; `decnet swarm enroll --name NAME` invites one".to_owned();
        }
        let each = self.hosts.iter().map(|host| {
            let why = match (&host.of.ground, host.of.state) {
                (_, state) if !state.takes_deckies() => state.name(),
                (None, _) => "has not said where deckies can stand",
                _ if !host.open => "has other labels",
                _ => "is at its capacity",
            };
            format!("{} {why}", host.of.name)
        });
        each.collect::<Vec<_>>().join(", ")
    }

    fn held(&self) -> String {
        let each = self.hosts.iter().map(|host| {
            let most = host.of.capacity.map(|most| format!(" of {most}")).unwrap_or_default();
            format!("{} {}{most}", host.of.name, host.count)
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

/// Deckies of one kind are spread.
fn kind(decky: &Decky) -> String {
    decky.archetype.clone().unwrap_or_else(|| decky.system.clone())
}

/// The addresses of a ground, those that are rather left free last.
fn free(ground: Option<&Ground>) -> Box<dyn Iterator<Item = Ipv4Addr>> {
    let Some(ground) = ground else { return Box::new(std::iter::empty()) };
    let skipped = ground.skipped;
    Box::new(ground.network.hosts().skip(skipped).chain(ground.network.hosts().take(skipped)))
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
