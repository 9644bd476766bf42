//! How good it is what somebody has joined: by pairs of addresses.

use crate::{Kind, Truth};
use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    net::IpAddr,
};

/// What somebody says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The identity, by any number.
    pub identity: i64,
    /// The campaign, by any number.
    pub campaign: i64,
}

/// Pairs that are and pairs that were said to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Pairs that belong together and were joined.
    pub right: u64,
    /// Pairs that were joined.
    pub joined: u64,
    /// Pairs that belong together.
    pub wanted: u64,
}

impl Score {
    /// Of the joined pairs, how many belong together.
    pub fn precision(&self) -> f64 {
        share(self.right, self.joined)
    }

    /// Of the pairs that belong together, how many were joined.
    pub fn recall(&self) -> f64 {
        share(self.right, self.wanted)
    }

    /// The harmonic mean of both.
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
    }

    /// Of the joined pairs, how many do not belong together.
    pub fn false_merges(&self) -> f64 {
        1.0 - self.precision()
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Scores of identities and of campaigns, and of identities by kind of actor.
pub fn score(
    truth: &BTreeMap<IpAddr, Truth>,
    found: &BTreeMap<IpAddr, Found>,
) -> (Score, Score, BTreeMap<&'static str, Score>) {
    let both: Vec<(Truth, Found)> =
        truth.iter().filter_map(|(address, truth)| Some((*truth, *found.get(address)?))).collect();
    let identity = |(truth, found): &(Truth, Found)| (truth.identity, found.identity);
    let identities = compare(both.iter().map(identity));
    // Who works alone is a campaign of one.
    let campaigns = compare(both.iter().map(|(truth, found)| {
        (truth.campaign.map_or((0, truth.identity), |campaign| (1, campaign)), found.campaign)
    }));
    let mut kinds = BTreeMap::new();
    for kind in Kind::ALL {
        let of = both.iter().filter(|(truth, _)| truth.kind == *kind);
        kinds.insert(kind.name(), compare(of.map(identity)));
    }
    (identities, campaigns, kinds)
}

fn compare<A: Hash + Eq + Copy, B: Hash + Eq + Copy>(both: impl Iterator<Item = (A, B)>) -> Score {
    let (mut wanted, mut joined, mut right) = (HashMap::new(), HashMap::new(), HashMap::new());
    for (truth, found) in both {
        *wanted.entry(truth).or_insert(0_u64) += 1;
        *joined.entry(found).or_insert(0_u64) += 1;
        *right.entry((truth, found)).or_insert(0_u64) += 1;
    }
    Score { right: pairs(right.values()), joined: pairs(joined.values()), wanted: pairs(wanted.values()) }
}

fn pairs<'a>(sizes: impl Iterator<Item = &'a u64>) -> u64 {
    sizes.map(|size| size * size.saturating_sub(1) / 2).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted() {
        let both = [(1, 1), (1, 1), (1, 2), (2, 2), (3, 3)];
        let score = compare(both.into_iter());
        assert_eq!((score.right, score.joined, score.wanted), (1, 2, 3));
        assert!((score.f1() - 0.4).abs() < 1e-9);
        assert_eq!(compare(std::iter::empty::<(u8, u8)>()).f1(), 1.0);
    }
}
