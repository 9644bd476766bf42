//! What a graph of attackers becomes as events come.

use super::*;
use decnet_model::record::Level;
use proptest::prelude::*;

fn of(kind: TraitKind, value: u64) -> Trait {
    Trait { kind, hash: value, value: format!("{kind} {value}"), since: i64::try_from(value).unwrap_or(0) }
}

/// The same, seen first at a minute.
fn at(kind: TraitKind, value: u64, minute: i64) -> Trait {
    Trait { since: minute * 60_000_000, ..of(kind, value) }
}

fn graph() -> Graph {
    Graph::new(Scheme::of(Level::Identity))
}

fn places(graph: &Graph) -> BTreeMap<i64, i64> {
    graph.places.iter().map(|(node, place)| (*node, *place)).collect()
}

/// Everything that comes of a graph.
fn whole(graph: &Graph) -> (BTreeMap<i64, i64>, BTreeMap<i64, BTreeMap<i64, u32>>) {
    let links = graph.links.iter().filter(|(_, links)| !links.is_empty());
    (places(graph), links.map(|(node, links)| (*node, links.clone())).collect())
}

#[test]
fn a_key_binds_alone_and_one_family_does_not() {
    let mut graph = graph();
    graph.put(10, &[of(TraitKind::Key, 1)]);
    graph.put(
        20,
        &[of(TraitKind::Key, 1), of(TraitKind::Pair, 1), of(TraitKind::Pair, 2), of(TraitKind::Pair, 3)],
    );
    graph.put(30, &[of(TraitKind::Pair, 1), of(TraitKind::Pair, 2), of(TraitKind::Pair, 3)]);
    let change = graph.refresh();
    assert_eq!(places(&graph), BTreeMap::from([(10, 10), (20, 10), (30, 30)]));
    assert_eq!(change.links.len(), 1);
    let link = &change.links[0];
    assert_eq!((link.cluster, link.older, link.younger, link.weight), (10, 10, 20, 4000));
    assert_eq!((link.evidence[0].value.as_str(), link.evidence[0].holders), ("key 1", 2));
    let (pair, command) = (|value| of(TraitKind::Pair, value), |value| of(TraitKind::Command, value));
    for node in [30, 40] {
        graph.put(node, &[pair(1), pair(2), command(7), command(8)]);
    }
    graph.refresh();
    assert_eq!(graph.place(40), Some(30), "two families agree");
}

#[test]
fn what_everybody_has_binds_nobody() {
    let mut graph = graph();
    for node in 1..=3000 {
        graph.put(
            node,
            &[
                of(TraitKind::Ssh, 1),
                of(TraitKind::Client, 1),
                of(TraitKind::Pair, 1),
                of(TraitKind::Command, 1),
            ],
        );
    }
    graph.refresh();
    assert!(places(&graph).iter().all(|(node, place)| node == place));
}

#[test]
fn clients_that_contradict_each_other_need_more() {
    let common = [of(TraitKind::Pair, 1), of(TraitKind::Pair, 2), of(TraitKind::Host, 3)];
    let with = |ssh: u64| common.iter().cloned().chain([of(TraitKind::Ssh, ssh)]).collect::<Vec<_>>();
    let mut graph = graph();
    graph.put(1, &with(1));
    graph.put(2, &with(2));
    graph.put(3, &with(1));
    graph.refresh();
    assert_eq!(places(&graph), BTreeMap::from([(1, 1), (2, 2), (3, 1)]));
}

#[test]
fn what_a_worm_brings_is_nobodys() {
    let brings = [
        of(TraitKind::Pair, 1),
        of(TraitKind::Pair, 2),
        of(TraitKind::Command, 3),
        of(TraitKind::Command, 4),
    ];
    let own = brings.iter().cloned().chain([of(TraitKind::Spread, 1)]).collect::<Vec<_>>();
    let mut graph = graph();
    for node in [1, 2, 3] {
        graph.put(node, &brings);
    }
    graph.refresh();
    assert_eq!(graph.place(3), Some(1));
    graph.put(2, &own);
    graph.refresh();
    assert_eq!(graph.place(3), Some(1), "one may have put it there for himself");
    graph.put(3, &own);
    graph.refresh();
    assert_eq!(places(&graph), BTreeMap::from([(1, 1), (2, 2), (3, 3)]));
}

#[test]
fn what_was_passed_around_does_not_join() {
    let with = |ssh: u64| {
        let list = (1..5).map(|value| of(TraitKind::Pair, value));
        list.chain([of(TraitKind::Host, 3), of(TraitKind::Ssh, ssh)]).collect::<Vec<_>>()
    };
    let mut graph = graph();
    for (node, ssh) in [(1, 1), (2, 1), (3, 2)] {
        graph.put(node, &with(ssh));
    }
    graph.refresh();
    assert_eq!(places(&graph), BTreeMap::from([(1, 1), (2, 1), (3, 3)]));
    graph.put(4, &with(3));
    graph.refresh();
    assert_eq!(graph.place(2), Some(2), "three clients are not of one");
}

#[test]
fn who_takes_turns_is_one() {
    let with = |gaps: &[i64]| {
        let mut graph = graph();
        let mut minute = 0;
        for (node, gap) in (1..).zip(gaps) {
            minute += gap;
            graph.put(node, &[at(TraitKind::Command, 1, minute), at(TraitKind::Ssh, 2, minute)]);
        }
        let change = graph.refresh();
        (places(&graph).into_values().collect::<BTreeSet<i64>>().len(), change)
    };
    let (clusters, change) = with(&[300, 200, 390, 260, 310, 290, 420, 180, 330, 610, 270, 350]);
    assert_eq!(clusters, 1);
    let told = change.links[0].evidence.iter().find(|one| one.kind == TraitKind::Concert);
    assert_eq!(told.map(|one| one.value.as_str()), Some("one after the other, some 4 h apart"));
    // As often, but without a pace; and too few to tell.
    assert_eq!(with(&[300, 20, 690, 5, 310, 90, 1420, 80, 30, 610, 270, 950]).0, 12);
    assert_eq!(with(&[300, 200, 390, 260]).0, 4);
}

#[test]
fn who_shares_out_a_list_is_one() {
    let with = |also: &[i64]| {
        let mut graph = graph();
        for node in 1..=12 {
            // Without a pace.
            let minute = node * node * node;
            let mut traits = vec![at(TraitKind::Command, 1, minute), at(TraitKind::Ssh, 2, minute)];
            let own = (0..3).map(|number| 10 + 3 * node.unsigned_abs() + number);
            traits.extend(own.map(|value| at(TraitKind::Pair, value, minute)));
            traits.extend(also.contains(&node).then(|| at(TraitKind::Pair, 1, minute)));
            graph.put(node, &traits);
        }
        graph.refresh();
        places(&graph).into_values().collect::<BTreeSet<i64>>().len()
    };
    assert_eq!(with(&[]), 1);
    assert_eq!(with(&[3, 4]), 1);
    assert_eq!(with(&[3, 4, 5]), 10, "three begin at the top of a list: that binds them only");
}

#[test]
fn the_end_of_a_list_is_no_rarer_than_the_list() {
    let mut graph = graph();
    // All try the head of a list, two come to its end; and they are in one network.
    for node in 1..=1500 {
        let mut traits: Vec<Trait> = (1..8).map(|value| of(TraitKind::Pair, value)).collect();
        if node <= 2 {
            traits.extend((8..12).map(|value| of(TraitKind::Pair, value)));
            traits.extend([of(TraitKind::Network, 1), of(TraitKind::Mail, 1)]);
        }
        graph.put(node, &traits);
    }
    graph.refresh();
    assert_eq!(graph.place(2), Some(2));
}

#[test]
fn what_analysts_say_counts_more_than_what_is_seen() {
    let mut graph = graph();
    for node in [1, 2, 3] {
        graph.put(node, &[of(TraitKind::Key, 1)]);
    }
    graph.put(9, &[]);
    graph.refresh();
    graph.say(Said { apart: vec![(vec![3], vec![1, 2])], ..Said::default() });
    let change = graph.refresh();
    assert_eq!(change.placed, [(3, 3)]);
    assert!(change.relinked.contains(&1) && change.relinked.contains(&3));
    graph.say(Said { one: vec![vec![1, 9]], apart: vec![(vec![3], vec![1, 2])], ..Said::default() });
    let change = graph.refresh();
    assert_eq!(places(&graph), BTreeMap::from([(1, 1), (2, 1), (3, 3), (9, 1)]));
    assert!(change.links.iter().any(|link| link.younger == 9 && link.weight == 0));
    graph.say(Said { closed: vec![vec![1, 2]], ..Said::default() });
    graph.put(4, &[of(TraitKind::Key, 1)]);
    graph.refresh();
    assert_eq!(places(&graph), BTreeMap::from([(1, 1), (2, 1), (3, 3), (4, 3), (9, 9)]));
    graph.say(Said::default());
    graph.remove(1);
    graph.refresh();
    assert_eq!(places(&graph), BTreeMap::from([(2, 2), (3, 2), (4, 2), (9, 9)]));
}

/// A step: a node that gets traits, or goes. Some values are had by many, so that they can act in concert.
fn step() -> impl Strategy<Value = (i64, Option<Vec<(u8, u64)>>)> {
    let value = prop_oneof![3 => Just(0_u64), 2 => 0..6_u64];
    let traits = proptest::collection::vec((0..8_u8, value), 0..8);
    (1..40_i64, proptest::option::weighted(0.9, traits))
}

fn kinds(node: i64, traits: &[(u8, u64)]) -> Vec<Trait> {
    let kinds = [
        TraitKind::Command,
        TraitKind::Key,
        TraitKind::Pair,
        TraitKind::Command,
        TraitKind::Ssh,
        TraitKind::Client,
        TraitKind::Payload,
        TraitKind::Spread,
    ];
    // Keys and worms are rare, or nothing else would tell.
    let kind = |kind: u8, value: u64| match kinds[usize::from(kind)] {
        TraitKind::Key if value != 5 => TraitKind::Command,
        TraitKind::Spread if value < 3 => TraitKind::Command,
        kind => kind,
    };
    let mut list: Vec<Trait> =
        traits.iter().map(|(number, value)| at(kind(*number, *value), *value, 60 * node)).collect();
    list.sort();
    list.dedup();
    list
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_comes_in_portions_gives_the_same_as_all_at_once(
        steps in proptest::collection::vec((step(), any::<bool>()), 1..120),
        apart in proptest::collection::vec((1..40_i64, 1..40_i64), 0..3),
        one in proptest::collection::vec((1..40_i64, 1..40_i64), 0..3),
    ) {
        let said = Said {
            one: one.iter().map(|(a, b)| vec![*a, *b]).collect(),
            apart: apart.iter().filter(|(a, b)| a != b).map(|(a, b)| (vec![*a], vec![*b])).collect(),
            closed: Vec::new(),
        };
        let mut portions = graph();
        let mut last: BTreeMap<i64, Vec<Trait>> = BTreeMap::new();
        // What a store would have: it is told of changes only.
        let mut stored: BTreeMap<i64, i64> = BTreeMap::new();
        let mut links: BTreeMap<(i64, i64), ClusterLink> = BTreeMap::new();
        let mut keep = |graph: &mut Graph, last: &BTreeMap<i64, Vec<Trait>>| {
            let change = graph.refresh();
            stored.extend(change.placed.iter().copied());
            stored.retain(|node, _| last.contains_key(node));
            links.retain(|_, link| !change.relinked.contains(&link.cluster));
            links.extend(change.links.into_iter().map(|link| ((link.older, link.younger), link)));
        };
        for (index, ((node, traits), refresh)) in steps.iter().enumerate() {
            match traits {
                Some(traits) => {
                    portions.put(*node, &kinds(*node, traits));
                    last.insert(*node, kinds(*node, traits));
                }
                None => {
                    portions.remove(*node);
                    last.remove(node);
                }
            }
            if index == steps.len() / 2 {
                portions.say(said.clone());
            }
            if *refresh {
                keep(&mut portions, &last);
            }
        }
        keep(&mut portions, &last);
        let mut at_once = graph();
        at_once.say(said);
        for (node, traits) in &last {
            at_once.put(*node, traits);
        }
        let change = at_once.refresh();
        prop_assert_eq!(whole(&portions), whole(&at_once));
        prop_assert_eq!(&stored, &places(&at_once));
        let told: Vec<ClusterLink> = links.into_values().collect();
        let mut wanted = change.links;
        wanted.sort_by_key(|link| (link.older, link.younger));
        prop_assert_eq!(told, wanted);
    }
}
