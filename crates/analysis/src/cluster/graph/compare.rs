//! What two have in common, and what it weighs.

use super::{
    super::scheme::{self, BINDS, Family},
    Graph, Value,
    nature::Concert,
    standing,
};
use decnet_model::record::{ClusterLink, Evidence, TraitKind};
use netsvc_wire::stamp::Micros;
use std::cmp::Ordering;

/// Values of one family that count.
const COUNTED: usize = 4;
/// Reasons that are kept of a link.
const EVIDENCE: usize = 12;

/// Something that two have in common.
struct Common<'a> {
    value: &'a Value,
    /// What it weighs.
    weight: u32,
    /// Since when.
    since: Micros,
}

impl Graph {
    /// What two have in common, with what each of it weighs.
    fn common(&self, one: i64, two: i64) -> Vec<Common<'_>> {
        let of = |node: i64| self.nodes.get(&node).map(|node| node.values.as_slice()).unwrap_or_default();
        let (mut left, mut right) = (of(one).iter().peekable(), of(two).iter().peekable());
        let mut common = Vec::new();
        while let (Some((a, since)), Some((b, also))) = (left.peek(), right.peek()) {
            match a.cmp(b) {
                Ordering::Less => drop(left.next()),
                Ordering::Greater => drop(right.next()),
                Ordering::Equal => {
                    if let Some(value) = self.values.get(*a as usize) {
                        common.push(Common { value, weight: self.weigh(value), since: *since.max(also) });
                    }
                    left.next();
                    right.next();
                }
            }
        }
        level(&mut common);
        common
    }

    /// What a value weighs between two that have it.
    fn weigh(&self, value: &Value) -> u32 {
        let (rare, _) = standing(value.holders.len(), self.all);
        let own = self.scheme.own(value.kind, value.nature.spreads, value.nature.clients);
        self.scheme.weight(value.kind).weight * rare / 1000 * own / 1000
    }

    /// What two do in concert with others, and the value by which that is known.
    fn concert<'a>(&self, common: &[Common<'a>]) -> Option<(&'a Value, Concert)> {
        if self.scheme.weight(TraitKind::Concert).weight == 0 {
            return None;
        }
        let of = |one: &Common<'a>| {
            let concert = one.value.nature.concert.filter(|_| one.weight > 0)?;
            // Clients are used by others as well: there none may come in between.
            let tells = match self.scheme.weight(one.value.kind).family {
                Family::Commands | Family::Artefacts => true,
                Family::Tools => matches!(concert, Concert::Turns { strict: true, .. }),
                _ => false,
            };
            tells.then_some((one.value, concert))
        };
        common.iter().filter_map(of).max_by_key(|(value, _)| (value.holders.len(), value.kind, &value.text))
    }

    /// What two have in common weighs so much.
    pub(super) fn compare(&self, one: i64, two: i64) -> u32 {
        self.sum(&self.common(one, two), one, two)
    }

    fn sum(&self, common: &[Common<'_>], one: i64, two: i64) -> u32 {
        let mut families = [[0_u32; COUNTED]; Family::COUNT];
        let mut add = |kind: TraitKind, mut weight: u32| {
            let family = self.scheme.weight(kind).family;
            for place in families.get_mut(family as usize).into_iter().flatten() {
                if *place < weight {
                    std::mem::swap(place, &mut weight);
                }
            }
        };
        for shared in common {
            add(shared.value.kind, shared.weight);
        }
        if self.concert(common).is_some() {
            add(TraitKind::Concert, self.scheme.weight(TraitKind::Concert).weight);
        }
        let sum: u32 = FAMILIES
            .iter()
            .zip(families)
            .map(|(family, weights)| {
                let halved = weights.iter().zip(0..).map(|(weight, step)| weight >> step);
                halved.sum::<u32>().min(self.scheme.bound(*family))
            })
            .sum();
        if sum < BINDS || !self.contradict(one, two) {
            sum
        } else {
            sum.saturating_sub(self.scheme.contradiction())
        }
    }

    /// Whether both show how a client of one kind greets, and nothing of it is the same.
    fn contradict(&self, one: i64, two: i64) -> bool {
        let (Some(one), Some(two)) = (self.nodes.get(&one), self.nodes.get(&two)) else { return false };
        let unlike = |left: &[u32], right: &[u32]| {
            !left.is_empty() && !right.is_empty() && !left.iter().any(|value| right.contains(value))
        };
        unlike(&one.shows.ssh, &two.shows.ssh) || unlike(&one.shows.tls, &two.shows.tls)
    }

    /// The link between two, with its reasons, whether it binds or not.
    pub fn link(&self, one: i64, two: i64) -> ClusterLink {
        let common = self.common(one, two);
        let telling = || common.iter().filter(|one| one.weight > 0);
        let mut evidence: Vec<Evidence> = telling()
            .map(|one| Evidence {
                kind: one.value.kind,
                value: one.value.text.to_string(),
                holders: 1_u64 << scheme::power(one.value.holders.len()),
                weight: one.weight,
            })
            .collect();
        evidence.extend(self.concert(&common).map(|(value, concert)| Evidence {
            kind: TraitKind::Concert,
            value: concert.to_string(),
            holders: 1_u64 << scheme::power(value.holders.len()),
            weight: self.scheme.weight(TraitKind::Concert).weight,
        }));
        evidence.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.value.cmp(&b.value)));
        evidence.truncate(EVIDENCE);
        ClusterLink {
            cluster: 0,
            older: one.min(two),
            younger: one.max(two),
            weight: u64::from(self.sum(&common, one, two)),
            at: telling().map(|one| one.since).max().unwrap_or_default(),
            evidence,
        }
    }
}

/// Lists are gone through from the top, each as far as somebody comes: of a list of everybody the end is as rare as
/// a list of one's own. So what two tried weighs no more than the middle one of it.
fn level(common: &mut [Common<'_>]) {
    let of_list = |one: &&mut Common<'_>| one.value.kind == TraitKind::Pair;
    let mut weights: Vec<u32> = common.iter_mut().filter(of_list).map(|one| one.weight).collect();
    weights.sort_unstable();
    let middle = weights.get(weights.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    for one in common.iter_mut().filter(|one| one.value.kind == TraitKind::Pair) {
        one.weight = one.weight.min(middle);
    }
}

const FAMILIES: [Family; Family::COUNT] = [
    Family::Keys,
    Family::Words,
    Family::Tools,
    Family::Artefacts,
    Family::Commands,
    Family::Place,
    Family::Pace,
    Family::Loot,
    Family::Concert,
];
