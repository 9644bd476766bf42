//! Tests of correlation.

use super::*;
use proptest::prelude::*;

fn record(number: u64, address: &str, node: &str, kind: &str) -> Record {
    Record {
        at: i64::try_from(number).unwrap() * 1_000_000,
        priority: 134,
        node: node.into(),
        app: "ssh".into(),
        kind: kind.into(),
        writer: WriterId(1),
        number,
        fields: vec![
            (field::SRC_IP.into(), address.into()),
            (field::SESSION.into(), format!("{:016x}", number / 2).into_bytes()),
        ],
    }
}

fn correlated(lines: &[(&str, &str, &str)]) -> Correlator {
    let mut correlator = Correlator::default();
    for (number, (address, node, kind)) in (1..).zip(lines) {
        correlator.observe(&record(number, address, node, kind));
    }
    correlator
}

#[test]
fn the_path_is_in_the_order_of_first_contact() {
    let correlator = correlated(&[
        ("192.0.2.1", "c", "connect"),
        ("192.0.2.1", "a", "command"),
        ("192.0.2.2", "b", "command"),
        ("192.0.2.1", "c", "command"),
        ("192.0.2.1", "b", "connect"),
    ]);
    let found = correlator.findings(2);
    assert_eq!(found.len(), 1);
    let path: Vec<_> = found[0].path.iter().map(|visit| &*visit.node).collect();
    assert_eq!(path, ["c", "a", "b"]);
    assert_eq!((found[0].hop_count, found[0].kind()), (3, TraversalKind::Interaction));
    assert_eq!((correlator.findings(1).len(), correlator.findings(4).len()), (2, 0));
}

#[test]
fn a_pure_scan_is_not_an_interaction() {
    let correlator = correlated(&[
        ("2001:db8::1", "a", "port_scan"),
        ("2001:db8::1", "b", "port_scan"),
        ("2001:db8::1", "c", "auth_attempt"),
    ]);
    let found = correlator.findings(2);
    assert_eq!((found[0].kind(), found[0].interactive_nodes()), (TraversalKind::Scan, 1));
}

#[test]
fn noise_doubles_and_our_own_probes_do_not_count() {
    let mut correlator = Correlator::new(BTreeSet::from(["192.0.2.9".parse().unwrap()]));
    correlator.observe(&record(1, "192.0.2.9", "a", "connect"));
    correlator.observe(&record(2, "192.0.2.1", "a", "started"));
    correlator.observe(&record(4, "::ffff:192.0.2.1", "a", "connect"));
    correlator.observe(&record(4, "192.0.2.1", "a", "connect"));
    correlator.observe(&record(3, "192.0.2.1", "a", "connect"));
    correlator.observe_line(b"what is this");
    let stats = Stats { lines: 6, doubles: 1, events: 2, malformed: 1 };
    assert_eq!(correlator.stats(), stats);
    assert_eq!(correlator.findings(1)[0].counts.connections, 2);
}

#[test]
fn memory_per_event_is_far_below_two_kilobytes() {
    let mut correlator = Correlator::default();
    for number in 1..=50_000 {
        correlator.observe(&record(number, "192.0.2.1", ["a", "b"][number as usize % 2], "connect"));
    }
    let found = correlator.findings(2);
    assert_eq!((found[0].hops.len(), found[0].hop_count), (HOPS_KEPT, 49_999));
    assert_eq!(correlator.attackers[&"192.0.2.1".parse::<IpAddr>().unwrap()].sessions.len(), SESSIONS_KEPT);
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_panic(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..8)) {
        let mut correlator = Correlator::default();
        for line in &lines {
            correlator.observe_line(line);
        }
        prop_assert_eq!(correlator.stats().lines, lines.len() as u64);
    }

    #[test]
    fn a_number_counts_once(numbers in proptest::collection::vec(1_u64..50, 0..80)) {
        let mut seen = Seen::default();
        let mut all = BTreeSet::new();
        for &number in &numbers {
            prop_assert_eq!(seen.take(number), all.insert(number));
        }
    }
}
