//! The graph: nodes with traits, and links between those that have enough in common.

mod group;

use super::scheme::{self, BINDS, Family, Scheme, rarity};
use decnet_model::record::{ClusterLink, Evidence, Trait, TraitKind};
use netsvc_wire::stamp::Micros;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Values of one family that count.
const COUNTED: usize = 4;

/// What analysts have said, by numbers of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// These are one.
    pub one: Vec<Vec<i64>>,
    /// These are not one: none of the first is with any of the second.
    pub apart: Vec<(Vec<i64>, Vec<i64>)>,
    /// These are all of one: nobody else joins.
    pub closed: Vec<Vec<i64>>,
}

/// What is other after a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Nodes with the cluster that they are in now, where it is another or they are new.
    pub placed: Vec<(i64, i64)>,
    /// Clusters whose links are others, those that there are no more with them.
    pub relinked: BTreeSet<i64>,
    /// All links of these clusters.
    pub links: Vec<ClusterLink>,
}

/// A value and who has it.
#[derive(Debug)]
struct Value {
    kind: TraitKind,
    text: Box<str>,
    /// Numbers of nodes, ascending.
    holders: Vec<i64>,
}

#[derive(Debug, Default)]
struct Node {
    /// Indices of values, ascending, and since when.
    values: Vec<(u32, Micros)>,
}

/// Nodes, what they have in common, and the clusters that come of it.
#[derive(Debug)]
pub struct Graph {
    scheme: Scheme,
    nodes: HashMap<i64, Node>,
    index: HashMap<(TraitKind, u64), u32>,
    values: Vec<Value>,
    /// Links by both ends, with their weights.
    links: HashMap<i64, BTreeMap<i64, u32>>,
    said: Said,
    /// Nodes whose links have to be looked at.
    dirty: BTreeSet<i64>,
    /// Nodes whose place has to be looked at.
    moved: BTreeSet<i64>,
    places: HashMap<i64, i64>,
    /// The power of two of the number of nodes, by which links were made.
    all: u32,
    /// Nodes that there are no more.
    gone: BTreeSet<i64>,
}

/// What holders of a value are to each other: how rare it is, and how far among them one looks.
fn standing(holders: usize, all: u32) -> (u32, usize) {
    let rare = rarity(scheme::power(holders), all);
    (rare, if holders <= 64 { 8 } else { 4 })
}

impl Graph {
    /// An empty one.
    pub fn new(scheme: Scheme) -> Graph {
        Graph {
            scheme,
            nodes: HashMap::new(),
            index: HashMap::new(),
            values: Vec::new(),
            links: HashMap::new(),
            said: Said::default(),
            dirty: BTreeSet::new(),
            moved: BTreeSet::new(),
            places: HashMap::new(),
            all: scheme::all(0),
            gone: BTreeSet::new(),
        }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The cluster that a node was placed in last.
    pub fn place(&self, node: i64) -> Option<i64> {
        self.places.get(&node).copied()
    }

    /// Gives a node its traits, in the place of those that it had. Returns whether they are others.
    pub fn put(&mut self, node: i64, traits: &[Trait]) -> bool {
        let mut values: Vec<(u32, Micros)> = Vec::with_capacity(traits.len());
        let scheme = self.scheme;
        for one in traits.iter().filter(|one| scheme.weight(one.kind).weight > 0) {
            values.push((self.value(one), one.since));
        }
        values.sort_unstable();
        values.dedup_by_key(|(value, _)| *value);
        self.gone.remove(&node);
        let new = !self.nodes.contains_key(&node);
        let before = std::mem::take(&mut self.nodes.entry(node).or_default().values);
        if before == values && !new {
            self.nodes.insert(node, Node { values });
            return false;
        }
        let has =
            |list: &[(u32, Micros)], value: u32| list.binary_search_by_key(&value, |(one, _)| *one).is_ok();
        for (value, _) in before.iter().filter(|(value, _)| !has(&values, *value)) {
            self.hold(*value, node, false);
        }
        for (value, _) in values.iter().filter(|(value, _)| !has(&before, *value)) {
            self.hold(*value, node, true);
        }
        self.nodes.insert(node, Node { values });
        self.dirty.insert(node);
        self.moved.insert(node);
        true
    }

    /// Takes a node away.
    pub fn remove(&mut self, node: i64) {
        let Some(Node { values }) = self.nodes.remove(&node) else { return };
        for (value, _) in values {
            self.hold(value, node, false);
        }
        self.dirty.remove(&node);
        self.unlink(node);
        self.moved.insert(node);
        self.gone.insert(node);
    }

    /// Takes what analysts have said, in the place of what they had.
    pub fn say(&mut self, said: Said) {
        if said == self.said {
            return;
        }
        let before = std::mem::replace(&mut self.said, said);
        for said in [&before, &self.said] {
            self.moved.extend(said.one.iter().chain(&said.closed).flatten());
            self.moved.extend(said.apart.iter().flat_map(|(left, right)| left.iter().chain(right)));
        }
    }

    fn value(&mut self, one: &Trait) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let index = *self.index.entry((one.kind, one.hash)).or_insert(next);
        if index == next {
            let text = one.value.as_str().into();
            self.values.push(Value { kind: one.kind, text, holders: Vec::new() });
        }
        index
    }

    /// Makes `node` a holder of a value, or no holder, and notes whose links that may change.
    fn hold(&mut self, value: u32, node: i64, holds: bool) {
        let Some(known) = self.values.get_mut(value as usize) else { return };
        let before = (standing(known.holders.len(), self.all), scheme::power(known.holders.len()));
        let at = match (known.holders.binary_search(&node), holds) {
            (Err(at), true) => {
                known.holders.insert(at, node);
                at
            }
            (Ok(at), false) => {
                known.holders.remove(at);
                at
            }
            _ => return,
        };
        let (rare, reach) = standing(known.holders.len(), self.all);
        if before.1 != scheme::power(known.holders.len()) {
            // Links are told with how many have a value at most.
            self.moved.extend(&known.holders);
        }
        if before.0 != (rare, reach) {
            self.dirty.extend(&known.holders);
            self.moved.extend(&known.holders);
        } else if rare > 0 {
            let near = at.saturating_sub(reach + 1)..(at + reach + 1).min(known.holders.len());
            self.dirty.extend(known.holders.get(near).unwrap_or_default());
        }
    }

    /// Forgets the links of a node.
    fn unlink(&mut self, node: i64) {
        for other in self.links.remove(&node).unwrap_or_default().into_keys() {
            if let Some(links) = self.links.get_mut(&other) {
                links.remove(&node);
            }
            self.moved.insert(other);
        }
    }

    /// Brings links and clusters up to date, and says what is other.
    pub fn refresh(&mut self) -> Change {
        let all = scheme::all(self.nodes.len());
        if all != self.all {
            // What is rare is another thing now.
            self.all = all;
            self.dirty.extend(self.nodes.keys());
            self.moved.extend(self.nodes.keys());
        }
        self.relink();
        let change = group::place(self);
        self.moved.clear();
        self.gone.clear();
        change
    }

    /// Makes the links of all dirty nodes anew.
    fn relink(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        let mut found: HashMap<i64, BTreeMap<i64, u32>> = HashMap::new();
        let mut near: Vec<i64> = Vec::new();
        for node in &dirty {
            near.clear();
            self.neighbours(*node, &mut near);
            near.sort_unstable();
            near.dedup();
            for other in &near {
                // Of two dirty ones the elder looks.
                if *other < *node && dirty.contains(other) {
                    continue;
                }
                let weight = self.compare(*node, *other);
                if BINDS <= weight {
                    found.entry(*node).or_default().insert(*other, weight);
                    found.entry(*other).or_default().insert(*node, weight);
                }
            }
        }
        for node in dirty {
            let new = found.remove(&node).unwrap_or_default();
            let old = self.links.get(&node).cloned().unwrap_or_default();
            if new == old {
                continue;
            }
            self.moved.insert(node);
            for other in old.keys().filter(|other| !new.contains_key(other)) {
                if let Some(links) = self.links.get_mut(other) {
                    links.remove(&node);
                }
                self.moved.insert(*other);
            }
            for (other, weight) in &new {
                self.links.entry(*other).or_default().insert(node, *weight);
            }
            self.links.insert(node, new);
        }
    }

    /// Those that stand near a node among the holders of what it has.
    fn neighbours(&self, node: i64, near: &mut Vec<i64>) {
        let Some(Node { values }) = self.nodes.get(&node) else { return };
        for value in values.iter().filter_map(|(value, _)| self.values.get(*value as usize)) {
            let (rare, reach) = standing(value.holders.len(), self.all);
            if rare == 0 {
                continue;
            }
            let Ok(at) = value.holders.binary_search(&node) else { continue };
            let range = at.saturating_sub(reach)..(at + reach + 1).min(value.holders.len());
            let around = value.holders.get(range).unwrap_or_default();
            near.extend(around.iter().filter(|other| **other != node));
        }
    }

    /// What two have in common, with what each of it weighs.
    fn common(&self, one: i64, two: i64) -> Vec<(&Value, u32, Micros)> {
        let of = |node: i64| self.nodes.get(&node).map(|node| node.values.as_slice()).unwrap_or_default();
        let (mut left, mut right) = (of(one).iter().peekable(), of(two).iter().peekable());
        let mut common = Vec::new();
        while let (Some((a, since)), Some((b, also))) = (left.peek(), right.peek()) {
            match a.cmp(b) {
                std::cmp::Ordering::Less => drop(left.next()),
                std::cmp::Ordering::Greater => drop(right.next()),
                std::cmp::Ordering::Equal => {
                    if let Some(value) = self.values.get(*a as usize) {
                        let (rare, _) = standing(value.holders.len(), self.all);
                        let weight = self.scheme.weight(value.kind).weight * rare / 1000;
                        common.push((value, weight, *since.max(also)));
                    }
                    left.next();
                    right.next();
                }
            }
        }
        common
    }

    /// What two have in common weighs so much.
    fn compare(&self, one: i64, two: i64) -> u32 {
        let mut families = [[0_u32; COUNTED]; Family::COUNT];
        for (value, weight, _) in self.common(one, two) {
            let family = self.scheme.weight(value.kind).family;
            let mut weight = weight;
            for place in families.get_mut(family as usize).into_iter().flatten() {
                if *place < weight {
                    std::mem::swap(place, &mut weight);
                }
            }
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
        [TraitKind::Ssh, TraitKind::Tls].into_iter().any(|kind| {
            let of = |node: i64| {
                let values = self.nodes.get(&node).into_iter().flat_map(|node| &node.values);
                let kinds = values.filter(|(value, _)| {
                    self.values.get(*value as usize).is_some_and(|one| one.kind == kind)
                });
                kinds.map(|(value, _)| *value).collect::<BTreeSet<u32>>()
            };
            let (left, right) = (of(one), of(two));
            !left.is_empty() && !right.is_empty() && left.is_disjoint(&right)
        })
    }

    /// The link between two, with its reasons, whether it binds or not.
    pub fn link(&self, one: i64, two: i64) -> ClusterLink {
        let common = self.common(one, two);
        let at = common.iter().filter(|(_, weight, _)| *weight > 0).map(|(.., at)| *at).max();
        let mut evidence: Vec<Evidence> = common
            .iter()
            .filter(|(_, weight, _)| *weight > 0)
            .map(|(value, weight, _)| Evidence {
                kind: value.kind,
                value: value.text.to_string(),
                holders: 1_u64 << scheme::power(value.holders.len()),
                weight: *weight,
            })
            .collect();
        evidence.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.value.cmp(&b.value)));
        evidence.truncate(EVIDENCE);
        ClusterLink {
            cluster: 0,
            older: one.min(two),
            younger: one.max(two),
            weight: u64::from(self.compare(one, two)),
            at: at.unwrap_or_default(),
            evidence,
        }
    }
}

/// Reasons that are kept of a link.
const EVIDENCE: usize = 12;

const FAMILIES: [Family; Family::COUNT] = [
    Family::Keys,
    Family::Words,
    Family::Tools,
    Family::Artefacts,
    Family::Commands,
    Family::Place,
    Family::Pace,
    Family::Loot,
];

/// What grouping needs of a graph.
impl Graph {
    fn moved(&self) -> &BTreeSet<i64> {
        &self.moved
    }

    fn is_node(&self, node: i64) -> bool {
        self.nodes.contains_key(&node)
    }

    fn links_of(&self, node: i64) -> impl Iterator<Item = (i64, u32)> {
        self.links.get(&node).into_iter().flatten().map(|(other, weight)| (*other, *weight))
    }

    fn said(&self) -> &Said {
        &self.said
    }

    fn places(&mut self) -> &mut HashMap<i64, i64> {
        &mut self.places
    }
}

#[cfg(test)]
mod tests;
