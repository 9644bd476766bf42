//! What the correlator writes.

use crate::backend::on_every_backend;
use decnet_model::worker::Worker;
use decnet_store::{
    Error, Store,
    record::{AttackerDelta, AttackerDeltas, Change, Contact, Counts, Page, TraversalKind, View},
};
use std::{collections::BTreeMap, net::IpAddr};

on_every_backend!(
    deltas_add_up,
    a_traversal_becomes_an_interaction,
    the_cursor_moves_only_from_where_it_is,
    what_is_reset_can_be_made_again,
);

fn peer() -> IpAddr {
    "2001:db8::9".parse().unwrap()
}

/// A batch in which the peer touched each of `nodes` once, events from `first` on.
fn delta(first: i64, nodes: &[&str], class: netsvc_wire::Class) -> AttackerDeltas {
    let mut counts = Counts::default();
    let mut contacts = BTreeMap::new();
    for (index, node) in (0..).zip(nodes) {
        let mut one = Counts::default();
        one.add("connect", class);
        counts.add("connect", class);
        contacts.insert(
            ((*node).to_owned(), "ssh".to_owned()),
            Contact {
                node: (*node).to_owned(),
                service: "ssh".to_owned(),
                first_event: first + index,
                first_seen: first + index,
                last_seen: first + index,
                counts: one,
            },
        );
    }
    let last = first + i64::try_from(nodes.len()).unwrap() - 1;
    BTreeMap::from([(
        peer(),
        AttackerDelta {
            first_event: first,
            last_event: last,
            first_seen: first,
            last_seen: last,
            counts,
            first_node: nodes[0].to_owned(),
            last_node: nodes[nodes.len() - 1].to_owned(),
            hops: nodes.len() as u64 - 1,
            contacts,
        },
    )])
}

use netsvc_wire::Class::{Interaction, Scan};

async fn deltas_add_up(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    store.project(&fence, &Change::Attackers(delta(1, &["z", "b"], Scan)), 0, 2).await.unwrap();
    store.project(&fence, &Change::Attackers(delta(3, &["b"], Interaction)), 2, 3).await.unwrap();
    store.project(&fence, &Change::Attackers(delta(4, &["a"], Scan)), 3, 4).await.unwrap();
    let attacker = store.attacker_get(peer()).await.unwrap().unwrap();
    assert_eq!((attacker.first_event, attacker.last_event), (1, 4));
    assert_eq!((attacker.nodes, attacker.interactive_nodes, attacker.hops), (3, 1, 2));
    assert_eq!((attacker.counts.events, attacker.counts.connections), (4, 4));
    assert_eq!((attacker.counts.scans, attacker.counts.interactions), (3, 1));
    let contacts = store.attacker_contacts(peer()).await.unwrap();
    let seen: Vec<_> = contacts.iter().map(|row| (row.node.as_str(), row.counts.events)).collect();
    assert_eq!(seen, [("z", 1), ("b", 2), ("a", 1)]);
    assert_eq!(store.attacker_list(&Default::default(), Page::newest(9)).await.unwrap(), [attacker]);
}

async fn a_traversal_becomes_an_interaction(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    store.project(&fence, &Change::Attackers(delta(1, &["z", "b"], Scan)), 0, 2).await.unwrap();
    let scans = store.traversal_list(2, Some(TraversalKind::Scan), Page::newest(9)).await.unwrap();
    assert_eq!((scans[0].path.join(" "), scans[0].hops), ("z b".to_owned(), 1));
    store.project(&fence, &Change::Attackers(delta(3, &["b", "a"], Interaction)), 2, 4).await.unwrap();
    assert_eq!(store.traversal_list(2, Some(TraversalKind::Scan), Page::newest(9)).await.unwrap(), []);
    let all = store.traversal_list(3, None, Page::newest(9)).await.unwrap();
    assert_eq!((all[0].kind, all[0].path.join(" ")), (TraversalKind::Interaction, "z b a".to_owned()));
    assert_eq!(store.traversal_list(4, None, Page::newest(9)).await.unwrap(), []);
}

async fn the_cursor_moves_only_from_where_it_is(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    store.project(&fence, &Change::Attackers(delta(1, &["a"], Scan)), 0, 1).await.unwrap();
    let again = store.project(&fence, &Change::Attackers(delta(1, &["a"], Scan)), 0, 1).await.unwrap_err();
    assert!(matches!(again, Error::CursorMoved { found: 1, .. }));
    let newer = store.lease_take(Worker::Correlator).await.unwrap();
    let old = store.project(&fence, &Change::Attackers(delta(2, &["a"], Scan)), 1, 2).await.unwrap_err();
    assert!(matches!(old, Error::Fenced { .. }));
    assert_eq!(store.cursor(View::Attackers).await.unwrap(), 1);
    assert_eq!(store.attacker_get(peer()).await.unwrap().unwrap().counts.events, 1);
    store.project(&newer, &Change::Attackers(delta(2, &["a"], Scan)), 1, 2).await.unwrap();
}

async fn what_is_reset_can_be_made_again(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    store.project(&fence, &Change::Attackers(delta(1, &["a", "b"], Scan)), 0, 2).await.unwrap();
    store.project_reset(&fence, View::Attackers).await.unwrap();
    assert_eq!(store.attacker_get(peer()).await.unwrap(), None);
    store.project(&fence, &Change::Attackers(delta(1, &["a", "b"], Scan)), 0, 2).await.unwrap();
    assert_eq!(store.attacker_get(peer()).await.unwrap().unwrap().counts.events, 2);
}
