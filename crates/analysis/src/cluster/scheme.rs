//! What having something in common weighs: one table for each level.

use decnet_model::record::{Level, TraitKind};

/// The weight that binds.
pub const BINDS: u32 = 1000;

/// Values that come together because one thing makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Keys.
    Keys,
    /// What was tried to get in.
    Words,
    /// What the client program shows.
    Tools,
    /// What was left or fetched, and from where.
    Artefacts,
    /// What was done inside.
    Commands,
    /// Where from.
    Place,
    /// At which pace.
    Pace,
    /// What was found and used.
    Loot,
    /// What addresses do in concert.
    Concert,
}

impl Family {
    /// How many there are.
    pub const COUNT: usize = 9;
}

/// What a kind of trait is of, and what it weighs where it is rare.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// Its family.
    pub family: Family,
    /// Of the first value; each further one of the family counts half as much as the one before.
    pub weight: u32,
}

/// How a level weighs.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    level: Level,
}

impl Scheme {
    /// How `level` weighs.
    pub const fn of(level: Level) -> Scheme {
        Scheme { level }
    }

    /// What a kind weighs.
    pub fn weight(self, kind: TraitKind) -> Weight {
        let (family, identity, campaign) = match kind {
            TraitKind::Key => (Family::Keys, 4000, 4000),
            TraitKind::Pair => (Family::Words, 480, 150),
            TraitKind::Principal => (Family::Words, 350, 100),
            // Programs that everybody can get greet alike; what a client of one's own calls itself is one's own.
            TraitKind::Ssh | TraitKind::Tls | TraitKind::Web => (Family::Tools, 150, 0),
            TraitKind::Client => (Family::Tools, 570, 50),
            // Malware is passed around; the server that it comes from is somebody's.
            TraitKind::Payload => (Family::Artefacts, 200, 500),
            TraitKind::Host => (Family::Artefacts, 490, 1300),
            TraitKind::Mail => (Family::Artefacts, 450, 700),
            TraitKind::Command => (Family::Commands, 520, 300),
            TraitKind::Network => (Family::Place, 300, 40),
            TraitKind::Rhythm => (Family::Pace, 150, 0),
            TraitKind::Loot => (Family::Loot, 0, 1300),
            TraitKind::Concert => (Family::Concert, 600, 0),
            // It is said of what comes with it.
            TraitKind::Spread => (Family::Artefacts, 0, 0),
        };
        let weight = match self.level {
            Level::Identity => identity,
            Level::Campaign => campaign,
        };
        Weight { family, weight }
    }

    /// The most that a family weighs. Only what binds alone may reach [`BINDS`].
    pub fn bound(self, family: Family) -> u32 {
        let (identity, campaign) = match family {
            Family::Keys => (4000, 4000),
            Family::Words => (800, 150),
            Family::Tools => (640, 50),
            // Who works together uses the same servers and payloads, and a command of all of them: that alone makes
            // nobody the same.
            Family::Artefacts => (450, 2000),
            Family::Commands => (600, 300),
            // Providers are crowded: with a client that some use it makes nobody the same.
            Family::Place => (300, 40),
            Family::Pace => (150, 0),
            Family::Loot => (0, 1500),
            Family::Concert => (600, 0),
        };
        match self.level {
            Level::Identity => identity,
            Level::Campaign => campaign,
        }
    }

    /// How much of its weight, in thousandths, a value has whose holders show this: a worm's things are nobody's, and
    /// what those use who show `clients` clients that have nothing in common was passed around.
    pub fn own(self, kind: TraitKind, spreads: bool, clients: usize) -> u32 {
        match (self.weight(kind).family, self.level) {
            (Family::Keys, _) => 1000,
            _ if spreads => 0,
            (Family::Words | Family::Commands | Family::Artefacts, Level::Identity) => match clients {
                0..=2 => 1000,
                3 => 300,
                _ => 0,
            },
            _ => 1000,
        }
    }

    /// What is taken away where two both show how their client of one kind greets, and nothing of it is the same.
    pub fn contradiction(self) -> u32 {
        match self.level {
            Level::Identity => 300,
            Level::Campaign => 0,
        }
    }
}

/// How rare a value is, in thousandths, that at most 2^`holders` of at most 2^`all` have: rare up to the square root
/// of all, then less with each doubling, and nothing from an eighth of all on.
pub fn rarity(holders: u32, all: u32) -> u32 {
    // In halves of a doubling, so that it is exact.
    let (low, high, here) = (all, 2 * all.saturating_sub(3), 2 * holders);
    if here <= low {
        1000
    } else if high <= here {
        0
    } else {
        1000 * (high - here) / (high - low).max(1)
    }
}

/// Fewer than this many tell nothing of what is common: as if there were others.
const LEAST: usize = 2048;

/// The power of two that `count` is at most.
pub fn power(count: usize) -> u32 {
    count.max(1).next_power_of_two().ilog2()
}

/// The power of two of how many there are.
pub fn all(count: usize) -> u32 {
    power(count.max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_have_weighs_and_what_many_have_does_not() {
        for (holders, all, expected) in [
            (2, 10, 1000),
            (32, 10, 1000),
            (64, 4096, 1000),
            (128, 4096, 666),
            (512, 4096, 0),
            (256, 100_000, 1000),
        ] {
            assert_eq!(rarity(power(holders), super::all(all)), expected, "{holders} of {all}");
        }
        for all in 10..40 {
            let curve: Vec<u32> = (0..all).map(|holders| rarity(holders, all)).collect();
            assert!(curve.windows(2).all(|pair| pair[1] <= pair[0]), "{curve:?}");
        }
    }

    #[test]
    fn no_family_but_keys_makes_two_the_same() {
        let scheme = Scheme::of(Level::Identity);
        for family in [
            Family::Words,
            Family::Tools,
            Family::Artefacts,
            Family::Commands,
            Family::Place,
            Family::Pace,
            Family::Concert,
        ] {
            assert!(scheme.bound(family) < BINDS, "{family:?}");
        }
    }
}
