//! What a batch of stored events adds to the views that operators look at.

use crate::{delta::deltas, touch};
use decnet_model::{
    record::{Change, EventRow, RankChange, Span, Subject, View},
    words,
};
use netsvc_wire::{Class, Meaning, field, stamp::DAY};
use std::collections::BTreeMap;

/// Bytes of a value that a ranking keeps.
const RANKED: usize = 1024;

/// Fields whose words nobody looks for: numbers, ids, addresses, which filters find, and what another field
/// says in the clear.
const UNSEARCHED: &[&str] = &[
    field::SRC_IP,
    field::SRC_PORT,
    field::DST_IP,
    field::DST_PORT,
    field::TRANSPORT,
    field::SESSION,
    field::DURATION_MS,
    field::BYTES_IN,
    field::BYTES_OUT,
    field::COUNT,
    field::SIZE,
    field::WRITER,
    field::SECRET_B64,
    field::CHALLENGE_B64,
];

/// What `rows`, in the order of their ids, add to a view.
pub fn change(view: View, rows: &[EventRow]) -> Change {
    match view {
        View::Attackers => Change::Attackers(deltas(rows)),
        View::Timeline => timeline(rows),
        View::Rankings => rankings(rows),
        View::Words => words_of(rows),
    }
}

fn timeline(rows: &[EventRow]) -> Change {
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.probe) {
        let (kind, _, count) = touch::told_by(row);
        let key = (Span::Minute.begin(row.at), row.node.clone(), kind.to_owned());
        *counts.entry(key).or_insert(0) += count;
    }
    Change::Timeline(counts)
}

fn rankings(rows: &[EventRow]) -> Change {
    let mut counts: BTreeMap<_, RankChange> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.probe) {
        let (_, class, count) = touch::told_by(row);
        // Rankings are kept by day.
        let mut add = |subject: Subject, value: &[u8], count: u64| {
            let value = value.get(..RANKED).unwrap_or(value).to_vec();
            let change = counts.entry((row.at - row.at.rem_euclid(DAY), subject, value)).or_default();
            change.events += count;
            change.last_seen = change.last_seen.max(row.at);
        };
        if class > Class::Noise {
            add(Subject::Decky, row.node.as_bytes(), count);
            add(Subject::Service, row.service.as_bytes(), count);
            if let Some(address) = row.src_ip {
                add(Subject::Attacker, address.to_canonical().to_string().as_bytes(), count);
            }
        }
        if !matches!(netsvc_wire::Kind::meaning_of(&row.kind), Some(Meaning::Secret | Meaning::Key)) {
            continue;
        }
        if let Some(name) = row.field(field::PRINCIPAL).filter(|name| !name.is_empty()) {
            add(Subject::Username, name, 1);
        }
        let clear = row.text(field::SECRET_KIND).is_none_or(|kind| kind == "plaintext");
        if let Some(secret) = row.field(field::SECRET_PRINTABLE).filter(|_| clear) {
            add(Subject::Password, secret, 1);
        }
    }
    Change::Rankings(counts)
}

fn words_of(rows: &[EventRow]) -> Change {
    let searched = |row: &&EventRow| {
        let meaning = netsvc_wire::Kind::meaning_of(&row.kind);
        !matches!(meaning, Some(Meaning::Own | Meaning::Opened | Meaning::Closed))
    };
    let texts = rows.iter().filter(searched).filter_map(|row| {
        let fields = row.fields.iter().filter(|(name, _)| !UNSEARCHED.contains(&name.as_str()));
        let words = words::index(fields.map(|(_, value)| value.as_slice()));
        (!words.is_empty()).then_some((row.id, words))
    });
    Change::Words(texts.collect())
}
