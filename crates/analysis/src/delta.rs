//! What a batch of stored events adds to attackers: the correlator's step.

use crate::touch::Touch;
use decnet_model::record::{AttackerDelta, AttackerDeltas, Contact, Counts, EventRow};
use std::collections::BTreeMap;

/// What `rows`, in the order of their ids, add.
pub fn deltas(rows: &[EventRow]) -> AttackerDeltas {
    let mut deltas = AttackerDeltas::new();
    for row in rows {
        let Some(touch) = Touch::of_row(row) else { continue };
        let delta = deltas.entry(touch.src_ip).or_insert_with(|| first(row, &touch));
        add(delta, row, &touch);
    }
    deltas
}

fn first(row: &EventRow, touch: &Touch<'_>) -> AttackerDelta {
    AttackerDelta {
        first_event: row.id,
        last_event: row.id,
        first_seen: touch.at,
        last_seen: touch.at,
        counts: Counts::default(),
        first_node: touch.node.to_owned(),
        last_node: touch.node.to_owned(),
        hops: 0,
        contacts: BTreeMap::new(),
    }
}

fn add(delta: &mut AttackerDelta, row: &EventRow, touch: &Touch<'_>) {
    delta.last_event = row.id;
    delta.first_seen = delta.first_seen.min(touch.at);
    delta.last_seen = delta.last_seen.max(touch.at);
    delta.counts.add_many(touch.kind, touch.class, touch.count);
    if delta.last_node != touch.node {
        delta.hops += 1;
        touch.node.clone_into(&mut delta.last_node);
    }
    let contact =
        delta.contacts.entry((touch.node.to_owned(), touch.service.to_owned())).or_insert_with(|| Contact {
            node: touch.node.to_owned(),
            service: touch.service.to_owned(),
            first_event: row.id,
            first_seen: touch.at,
            last_seen: touch.at,
            counts: Counts::default(),
        });
    contact.first_seen = contact.first_seen.min(touch.at);
    contact.last_seen = contact.last_seen.max(touch.at);
    contact.counts.add_many(touch.kind, touch.class, touch.count);
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::{Class, WriterId};
    use std::net::IpAddr;

    fn row(id: i64, address: &str, node: &str, class: Class) -> EventRow {
        EventRow {
            id,
            writer: WriterId(1),
            number: 1,
            at: id * 10,
            node: node.into(),
            service: "ssh".into(),
            kind: "connect".into(),
            src_ip: address.parse().ok(),
            src_port: None,
            dst_port: None,
            session: None,
            probe: false,
            host: None,
            class,
            fields: Vec::new(),
        }
    }

    #[test]
    fn a_line_about_a_flood_counts_for_all_of_it() {
        let mut flood = row(2, "192.0.2.1", "a", Class::Scan);
        flood.kind = "flood".into();
        flood.fields = vec![("name".into(), b"command".to_vec()), ("count".into(), b"29900".to_vec())];
        let found = deltas(&[row(1, "192.0.2.1", "a", Class::Scan), flood]);
        let counts = found.values().next().unwrap().counts;
        assert_eq!((counts.events, counts.scans, counts.interactions), (29_901, 1, 29_900));
    }

    #[test]
    fn a_batch_adds_up_by_address() {
        let rows = [
            row(1, "192.0.2.1", "a", Class::Scan),
            row(2, "2001:db8::1", "a", Class::Scan),
            row(3, "192.0.2.1", "b", Class::Evidence),
            row(4, "192.0.2.1", "a", Class::Scan),
            row(6, "192.0.2.1", "a", Class::Noise),
            row(7, "?", "a", Class::Scan),
        ];
        let found = deltas(&rows);
        assert_eq!(found.len(), 2);
        let delta = &found[&"192.0.2.1".parse::<IpAddr>().unwrap()];
        assert_eq!((delta.first_event, delta.last_event, delta.hops), (1, 4, 2));
        assert_eq!((delta.counts.events, delta.counts.evidence, delta.contacts.len()), (3, 1, 2));
        assert_eq!((delta.first_node.as_str(), delta.last_node.as_str()), ("a", "a"));
    }
}
