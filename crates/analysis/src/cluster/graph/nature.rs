//! What the holders of a value tell of it, beyond how many they are: whether it is a worm's, whether it was passed
//! around, and whether they act in concert.

use super::{Graph, Node};
use decnet_model::record::{Trait, TraitKind};
use netsvc_wire::stamp::Micros;
use std::fmt;

/// Holders that are looked at, those with the least numbers: enough to judge by, and a bound on what one more costs.
const LOOKED: usize = 64;

/// What the holders of a value tell of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nature {
    /// Half of them, and more than one, fetch from themselves: it is what a worm brings, whoever let it loose.
    pub(super) spreads: bool,
    /// Clients that they show which have nothing in common: who uses three is not one.
    pub(super) clients: usize,
    /// What they do in concert.
    pub(super) concert: Option<Concert>,
}

/// What some do in concert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concert {
    /// They come one after the other.
    Turns {
        /// About every 2^n seconds.
        seconds: u32,
        /// Nobody comes in between, nobody is left out, and they do the same.
        strict: bool,
    },
    /// They share out what they try.
    Share,
}

impl fmt::Display for Concert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Concert::Turns { seconds, .. } = self else {
            return f.write_str("no login tried by more than two");
        };
        let seconds = 1_u64 << seconds;
        let (number, unit) = match seconds {
            0..7200 => (seconds / 60, "min"),
            7200..172_800 => (seconds / 3600, "h"),
            _ => (seconds / 86_400, "days"),
        };
        write!(f, "one after the other, some {number} {unit} apart")
    }
}

impl Graph {
    /// What the holders of a value tell of it.
    pub(super) fn nature(&self, value: u32) -> Nature {
        // Of what one has alone nothing has to be told.
        let Some(value) = self.values.get(value as usize).filter(|value| 1 < value.holders.len()) else {
            return Nature::default();
        };
        let looked = value.holders.iter().take(LOOKED).filter_map(|holder| self.nodes.get(holder));
        let looked: Vec<&Node> = looked.collect();
        let spread = looked.iter().filter(|node| node.shows.spreads).count();
        let ssh = unlike(looked.iter().map(|node| node.shows.ssh.as_slice()));
        let tls = unlike(looked.iter().map(|node| node.shows.tls.as_slice()));
        let clients = ssh.max(tls);
        // With one client: two who use the same are two.
        let one = clients <= 1 && value.holders.len() <= LOOKED;
        let theirs = matches!(value.kind, TraitKind::Command | TraitKind::Payload | TraitKind::Host);
        let alike = || unlike(looked.iter().map(|node| node.shows.deeds.as_slice())) <= 1;
        let turns = one.then(|| turns(looked.iter().map(|node| node.shows.first).collect(), alike)).flatten();
        let share = || (one && theirs && share(&looked)).then_some(Concert::Share);
        let spreads = 2 <= spread && looked.len() <= 2 * spread;
        Nature { spreads, clients, concert: turns.or_else(share) }
    }
}

/// What a node shows that the values which it holds are judged by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shows {
    /// It fetches from itself.
    pub(super) spreads: bool,
    /// When it was seen first.
    pub(super) first: Micros,
    /// How its SSH clients greet: values.
    pub(super) ssh: Vec<u32>,
    /// How its TLS clients greet: values.
    pub(super) tls: Vec<u32>,
    /// Logins that it tried: values.
    pub(super) pairs: Vec<u32>,
    /// What it did, left and fetched: values.
    pub(super) deeds: Vec<u32>,
}

impl Shows {
    /// What these traits show, but for their values.
    pub(super) fn of(traits: &[Trait]) -> Shows {
        Shows {
            spreads: traits.iter().any(|one| one.kind == TraitKind::Spread),
            first: traits.iter().map(|one| one.since).min().unwrap_or_default(),
            ..Shows::default()
        }
    }

    /// One more value of a kind.
    pub(super) fn add(&mut self, kind: TraitKind, value: u32) {
        match kind {
            TraitKind::Ssh => self.ssh.push(value),
            TraitKind::Tls => self.tls.push(value),
            TraitKind::Pair => self.pairs.push(value),
            TraitKind::Command | TraitKind::Payload | TraitKind::Host => self.deeds.push(value),
            _ => {}
        }
    }
}

/// How many there are of these lists, those with something in common taken as one.
fn unlike<'a>(lists: impl Iterator<Item = &'a [u32]>) -> usize {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for list in lists.filter(|list| !list.is_empty()) {
        let met = |group: &Vec<u32>| list.iter().any(|value| group.contains(value));
        let Some(first) = groups.iter().position(met) else {
            groups.push(list.to_vec());
            continue;
        };
        // Others that it meets as well are of the same.
        let (mut one, mut at) = (groups.swap_remove(first), 0);
        while let Some(group) = groups.get(at) {
            if met(group) { one.append(&mut groups.swap_remove(at)) } else { at += 1 }
        }
        let new: Vec<u32> = list.iter().copied().filter(|value| !one.contains(value)).collect();
        one.extend(new);
        groups.push(one);
    }
    groups.len()
}

/// Logins that are on no list from which on what one tries tells anything.
const TRIED: usize = 3;
/// How many have to have tried so many: of twelve who go through lists of everybody, each for himself, three have the
/// same list in 99 of 100 cases even where there are eight lists.
const SHARERS: usize = 12;

/// Whether no login was tried by more than two of these, though each of many tried some. Who goes through a list for
/// himself begins at the top; who shares one out among addresses, or goes on elsewhere, tries nothing again.
fn share(nodes: &[&Node]) -> bool {
    let tried = nodes.iter().map(|node| &node.shows.pairs).filter(|pairs| TRIED <= pairs.len());
    if tried.clone().count() < SHARERS {
        return false;
    }
    let mut all: Vec<u32> = tried.flatten().copied().collect();
    all.sort_unstable();
    all.windows(3).all(|three| three.first() != three.last())
}

/// How a gap tells turns from chance: up to so many hundredths of the middle gap, so many tenths of a bit. Of gaps of
/// chance (those of a Poisson process: exponential) 19, 8, 40, 30 and 3 in a hundred are of these lengths; of those
/// who take turns, and of whom one or the other does not show what is looked at, 1, 2, 77, 18 and 2.
const TELLS: [(Micros, i64); 5] = [(30, -42), (45, -20), (160, 9), (500, -7), (Micros::MAX, -6)];
/// Tenths of bits from which on they take turns: chance does that once in 256 times at most (Wald, "Sequential tests
/// of statistical hypotheses", 1945).
const TAKEN: i64 = 80;
/// The shortest pace: those that come all at once do not wait for each other.
const SHORTEST: Micros = 60_000_000;

/// Whether those who were seen first at these times come one after the other.
fn turns(mut firsts: Vec<Micros>, alike: impl FnOnce() -> bool) -> Option<Concert> {
    firsts.sort_unstable();
    let gap = |pair: &[Micros]| {
        pair.last().zip(pair.first()).map(|(later, earlier)| later.saturating_sub(*earlier))
    };
    let mut gaps: Vec<Micros> = firsts.windows(2).filter_map(gap).collect();
    gaps.sort_unstable();
    let middle = gaps.get(gaps.len() / 2).copied().filter(|middle| SHORTEST <= *middle)?;
    let part = |gap: &Micros| gap.saturating_mul(100) / middle;
    let tells = |gap: &Micros| TELLS.iter().find(|(most, _)| part(gap) <= *most).map_or(0, |(_, bits)| *bits);
    (TAKEN <= gaps.iter().map(tells).sum()).then(|| Concert::Turns {
        seconds: (middle / 1_000_000).unsigned_abs().ilog2(),
        strict: gaps.iter().all(|gap| (35..=200).contains(&part(gap))) && alike(),
    })
}
