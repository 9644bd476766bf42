//! Clusters: links taken from the strongest on, none against what analysts have said.

use super::{Change, Graph, Said};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

/// Places nodes whose surroundings have changed.
pub(super) fn place(graph: &mut Graph) -> Change {
    let around = around(graph);
    let mut change = Change::default();
    // Where those were that are looked at now: their old clusters change.
    for node in around.iter().chain(graph.moved()) {
        change.relinked.extend(graph.place(*node));
    }
    let (mut forest, taken) = bind(graph, &around);
    for node in &around {
        let place = forest.least(*node);
        change.relinked.insert(place);
        if graph.places().insert(*node, place) != Some(place) {
            change.placed.push((*node, place));
        }
    }
    let gone: Vec<i64> = graph.moved().iter().copied().filter(|node| !graph.is_node(*node)).collect();
    for node in gone {
        graph.places().remove(&node);
    }
    for (one, two, weight) in taken {
        let mut link = graph.link(one, two);
        link.cluster = forest.least(one);
        // What an analyst joined needs no reasons, and does not pretend to have any.
        link.weight = u64::from(weight);
        change.links.push(link);
    }
    change.links.sort_by_key(|link| (link.cluster, link.older, link.younger));
    change
}

/// All nodes that are linked, over others or not, with one whose surroundings have changed.
fn around(graph: &Graph) -> BTreeSet<i64> {
    let mut ties: HashMap<i64, Vec<i64>> = HashMap::new();
    for list in graph.said().one.iter().chain(&graph.said().closed) {
        for pair in list.windows(2) {
            if let [one, two] = pair {
                ties.entry(*one).or_default().push(*two);
                ties.entry(*two).or_default().push(*one);
            }
        }
    }
    let mut found = BTreeSet::new();
    // Whom an analyst had joined with one that is gone is looked at as well.
    let mut open: Vec<i64> = graph.moved().iter().copied().collect();
    let left = graph.moved().iter().filter(|node| !graph.is_node(**node));
    open.extend(left.filter_map(|node| ties.get(node)).flatten());
    while let Some(node) = open.pop() {
        if !graph.is_node(node) || !found.insert(node) {
            continue;
        }
        open.extend(graph.links_of(node).map(|(other, _)| other));
        open.extend(ties.get(&node).into_iter().flatten());
    }
    found
}

/// A link that was taken: both ends, and its weight; 0 if an analyst has said it.
type Taken = (i64, i64, u32);

/// Binds nodes; returns what came of it and the links that did it.
fn bind(graph: &Graph, nodes: &BTreeSet<i64>) -> (Forest, Vec<Taken>) {
    let mut forest = Forest::new(nodes, graph.said());
    let mut taken = Vec::new();
    let said = graph.said();
    for list in said.one.iter().chain(&said.closed) {
        let there: Vec<i64> = list.iter().copied().filter(|node| nodes.contains(node)).collect();
        for pair in there.windows(2) {
            if let [one, two] = pair
                && forest.join(*one, *two, true)
            {
                taken.push((*one, *two, 0));
            }
        }
    }
    let mut links: Vec<(Reverse<u32>, i64, i64)> = Vec::new();
    for node in nodes {
        let later = graph.links_of(*node).filter(|(other, _)| node < other);
        links.extend(later.map(|(other, weight)| (Reverse(weight), *node, other)));
    }
    links.sort_unstable();
    for (Reverse(weight), one, two) in links {
        if forest.join(one, two, false) {
            taken.push((one, two, weight));
        }
    }
    (forest, taken)
}

/// What belongs together so far: each tree is one cluster.
struct Forest {
    parents: HashMap<i64, i64>,
    /// Of a root: sides that its tree is on, by decision.
    sides: HashMap<i64, BTreeMap<usize, bool>>,
    /// Of a root: the closed list that its tree is.
    closed: HashMap<i64, usize>,
}

impl Forest {
    fn new(nodes: &BTreeSet<i64>, said: &Said) -> Forest {
        let mut forest = Forest {
            parents: nodes.iter().map(|node| (*node, *node)).collect(),
            sides: HashMap::new(),
            closed: HashMap::new(),
        };
        for (decision, (left, right)) in said.apart.iter().enumerate() {
            for (list, side) in [(left, false), (right, true)] {
                for node in list.iter().filter(|node| nodes.contains(node)) {
                    forest.sides.entry(*node).or_default().insert(decision, side);
                }
            }
        }
        for (number, list) in said.closed.iter().enumerate() {
            forest.closed.extend(list.iter().filter(|node| nodes.contains(node)).map(|node| (*node, number)));
        }
        forest
    }

    fn root(&mut self, node: i64) -> i64 {
        let mut root = node;
        while let Some(parent) = self.parents.get(&root).copied().filter(|parent| *parent != root) {
            root = parent;
        }
        let mut at = node;
        while at != root {
            at = self.parents.insert(at, root).unwrap_or(root);
        }
        root
    }

    /// The least number of a tree, which is its root.
    fn least(&mut self, node: i64) -> i64 {
        self.root(node)
    }

    /// Makes two trees one, unless that is against a decision. `said`: an analyst wants it, so that a closed list is
    /// no hindrance. Returns whether it did.
    fn join(&mut self, one: i64, two: i64, said: bool) -> bool {
        let (one, two) = (self.root(one), self.root(two));
        if one == two || self.hinders(one, two) || (!said && self.closed.get(&one) != self.closed.get(&two)) {
            return false;
        }
        let (root, other) = (one.min(two), one.max(two));
        self.parents.insert(other, root);
        if let Some(sides) = self.sides.remove(&other) {
            self.sides.entry(root).or_default().extend(sides);
        }
        if let Some(closed) = self.closed.remove(&other) {
            self.closed.entry(root).or_insert(closed);
        }
        true
    }

    fn hinders(&self, one: i64, two: i64) -> bool {
        let (Some(left), Some(right)) = (self.sides.get(&one), self.sides.get(&two)) else { return false };
        left.iter().any(|(decision, side)| right.get(decision).is_some_and(|other| other != side))
    }
}
