//! The graph: nodes with traits, and links between those that have enough in common.

mod compare;
mod group;
mod nature;

use super::scheme::{self, BINDS, Scheme, rarity};
use decnet_model::record::{ClusterLink, Trait, TraitKind};
use nature::{Nature, Shows};
use netsvc_wire::stamp::Micros;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    /// What they tell of it, as links were made by it.
    nature: Nature,
}

#[derive(Debug, Default)]
struct Node {
    /// Indices of values, ascending, and since when.
    values: Vec<(u32, Micros)>,
    shows: Shows,
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
    /// Values whose nature has to be looked at.
    touched: BTreeSet<u32>,
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
            touched: BTreeSet::new(),
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
        let mut shows = Shows::of(traits);
        let scheme = self.scheme;
        for one in traits.iter().filter(|one| scheme.weight(one.kind).weight > 0) {
            let value = self.value(one);
            values.push((value, one.since));
            shows.add(one.kind, value);
        }
        values.sort_unstable();
        values.dedup_by_key(|(value, _)| *value);
        self.gone.remove(&node);
        let new = !self.nodes.contains_key(&node);
        let Node { values: before, shows: shown } = self.nodes.remove(&node).unwrap_or_default();
        if before == values && shown == shows && !new {
            self.nodes.insert(node, Node { values, shows });
            return false;
        }
        if shown != shows {
            // What it shows, its values are judged by.
            self.touched.extend(values.iter().map(|(value, _)| *value));
        }
        let has =
            |list: &[(u32, Micros)], value: u32| list.binary_search_by_key(&value, |(one, _)| *one).is_ok();
        for (value, _) in before.iter().filter(|(value, _)| !has(&values, *value)) {
            self.hold(*value, node, false);
        }
        for (value, _) in values.iter().filter(|(value, _)| !has(&before, *value)) {
            self.hold(*value, node, true);
        }
        self.nodes.insert(node, Node { values, shows });
        self.dirty.insert(node);
        self.moved.insert(node);
        true
    }

    /// Takes a node away.
    pub fn remove(&mut self, node: i64) {
        let Some(Node { values, .. }) = self.nodes.remove(&node) else { return };
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
            self.values.push(Value { kind: one.kind, text, holders: Vec::new(), nature: Nature::default() });
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
        self.touched.insert(value);
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
        self.judge();
        self.relink();
        let change = group::place(self);
        self.moved.clear();
        self.gone.clear();
        change
    }

    /// Looks anew at what the holders of values tell of them.
    fn judge(&mut self) {
        for value in std::mem::take(&mut self.touched) {
            let nature = self.nature(value);
            let Some(known) = self.values.get_mut(value as usize).filter(|known| known.nature != nature)
            else {
                continue;
            };
            known.nature = nature;
            if standing(known.holders.len(), self.all).0 > 0 {
                self.dirty.extend(&known.holders);
                self.moved.extend(&known.holders);
            }
        }
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
        let Some(Node { values, .. }) = self.nodes.get(&node) else { return };
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
}

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
