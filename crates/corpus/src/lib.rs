//! Made-up attackers whose truth is known: who is behind which address, and who works together. For tests and
//! figures of what joins addresses; nothing of the product depends on it.
//!
//! A corpus is a function of its seed and its size. Actors are of seven kinds that such a system has to survive
//! ([`Kind`]); most of what they use comes from pools that many share, so that what they have in common says little.

mod actor;
mod draw;
mod kit;
mod play;
mod score;

pub use actor::{Actor, Kind};
pub use score::{Found, Score, score};

use actor::Cast;
use decnet_model::record::EventRow;
use netsvc_wire::stamp::Micros;
use std::{collections::BTreeMap, net::IpAddr};

/// When the first actor may begin: 2026-01-01, in microseconds.
pub const BEGIN: Micros = 1_767_225_600_000_000;

/// Who is behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The actor.
    pub identity: u32,
    /// With whom the actor works; `None`: alone.
    pub campaign: Option<u32>,
    /// Which kind of actor it is.
    pub kind: Kind,
}

/// One stay of an actor.
#[derive(Clone, Copy, Debug)]
struct Stay {
    at: Micros,
    actor: usize,
    address: usize,
    /// Which of the actor's stays it is.
    turn: usize,
}

/// Actors and their stays.
#[derive(Debug)]
pub struct Corpus {
    seed: u64,
    actors: Vec<Actor>,
    stays: Vec<Stay>,
}

impl Corpus {
    /// A corpus of about `actors` actors.
    pub fn new(seed: u64, actors: usize) -> Corpus {
        let actors = Cast::new(seed).fill(actors);
        let mut stays = Vec::new();
        for (index, actor) in actors.iter().enumerate() {
            stays.extend(actor.stays.iter().enumerate().map(|(turn, (at, address))| Stay {
                at: *at,
                actor: index,
                address: *address,
                turn,
            }));
        }
        stays.sort_by_key(|stay| (stay.at, stay.actor, stay.turn));
        Corpus { seed, actors, stays }
    }

    /// Who is behind each address.
    pub fn truth(&self) -> BTreeMap<IpAddr, Truth> {
        let of = |actor: &Actor| {
            let truth = Truth { identity: actor.identity, campaign: actor.campaign, kind: actor.kind };
            actor.addresses.iter().map(|address| (*address, truth)).collect::<Vec<_>>()
        };
        self.actors.iter().flat_map(of).collect()
    }

    /// The events, in the order of their ids, made one stay after the other.
    pub fn events(&self) -> impl Iterator<Item = EventRow> {
        let mut id = 0;
        self.stays.iter().flat_map(move |stay| {
            let Some(actor) = self.actors.get(stay.actor) else { return Vec::new() };
            let mut rows = play::stay(self.seed, actor, stay.at, stay.address, stay.turn);
            for row in &mut rows {
                id += 1;
                row.id = id;
                row.number = id.unsigned_abs();
            }
            rows
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_corpus_is_made_of_its_seed_and_has_all_kinds() {
        let (one, two) = (Corpus::new(7, 600), Corpus::new(7, 600));
        let events: Vec<EventRow> = one.events().collect();
        assert_eq!(events, two.events().collect::<Vec<_>>());
        assert_ne!(events, Corpus::new(8, 600).events().collect::<Vec<_>>());
        let truth = one.truth();
        let kinds: BTreeSet<&str> = truth.values().map(|truth| truth.kind.name()).collect();
        assert_eq!(kinds.len(), Kind::ALL.len(), "{kinds:?}");
        assert!(events.iter().enumerate().all(|(index, row)| row.id == index as i64 + 1));
        assert!(events.iter().all(|row| row.src_ip.is_some_and(|address| truth.contains_key(&address))));
        assert!(events.len() > 600 * 8, "{}", events.len());
        let hoppers = truth.values().filter(|truth| truth.kind == Kind::Hopping).count();
        assert!(hoppers >= 8, "{hoppers}");
    }
}
