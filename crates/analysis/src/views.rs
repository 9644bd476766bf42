//! What a batch of stored events adds to the views that operators look at.

use crate::{
    canary,
    delta::deltas,
    fingerprint, incident,
    profile::{self, Profile},
    reuse::{self, Reuse},
    technique::Rules,
    touch,
};
use decnet_model::{
    record::{Change, EventRow, ProfileRow, RankChange, ReuseRow, Span, Subject, View},
    words,
};
use netsvc_wire::{Class, Meaning, field, stamp::DAY};
use std::{collections::BTreeMap, net::IpAddr};

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

/// What `rows`, in the order of their ids, add to a view; techniques are those that `rules` see.
pub fn change(view: View, rules: &Rules, rows: &[EventRow]) -> Change {
    match view {
        View::Techniques => Change::Techniques(rules.hits(rows)),
        View::Attackers => Change::Attackers(deltas(rows)),
        View::Timeline => timeline(rows),
        View::Rankings => rankings(rows),
        View::Words => words_of(rows),
        View::Incidents => Change::Incidents(incident::delta(rows)),
        // These go on from what is stored; who makes them from nothing but events makes them whole.
        View::Profiles => Change::Profiles(profiles(rows)),
        View::Reuse => Change::Reuse(reused(rows)),
        View::Canaries => Change::Canaries(canary::hits(rows)),
        View::Fingerprints => Change::Fingerprints(fingerprint::found(rows)),
    }
}

fn profiles(rows: &[EventRow]) -> Vec<ProfileRow> {
    let mut profiles: BTreeMap<IpAddr, Profile> = BTreeMap::new();
    for row in rows {
        if let Some(address) = profile::key(row) {
            profiles.entry(address).or_default().add(row);
        }
    }
    profiles.iter().map(|(address, profile)| profile.row(*address)).collect()
}

fn reused(rows: &[EventRow]) -> Vec<ReuseRow> {
    let mut secrets: BTreeMap<[u8; 32], Reuse> = BTreeMap::new();
    for row in rows {
        if let Some(key) = reuse::key(row) {
            secrets.entry(key).or_default().add(row);
        }
    }
    secrets.iter().map(|(key, secret)| secret.row(*key)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_wire::WriterId;

    fn row(id: i64, kind: &str, fields: &[(&str, &str)]) -> EventRow {
        EventRow {
            id,
            writer: WriterId(1),
            number: 1,
            at: DAY + 90_000_000,
            node: "a".into(),
            service: "ssh".into(),
            kind: kind.into(),
            src_ip: "192.0.2.1".parse().ok(),
            src_port: None,
            dst_port: None,
            session: None,
            probe: false,
            host: None,
            class: decnet_model::record::class_of(kind),
            fields: fields.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect(),
        }
    }

    fn rows() -> Vec<EventRow> {
        let probe = EventRow { probe: true, ..row(5, "command", &[("command", "probe")]) };
        vec![
            row(1, "connect", &[("src_ip", "192.0.2.1"), ("transport", "tcp")]),
            row(
                2,
                "auth_attempt",
                &[("principal", "root"), ("secret_printable", "toor"), ("secret_b64", "dG9vcg==")],
            ),
            row(
                3,
                "auth_attempt",
                &[("principal", "root"), ("secret_kind", "cram_md5"), ("secret_printable", "x")],
            ),
            row(4, "flood", &[("name", "command"), ("count", "100")]),
            probe,
            row(6, "started", &[("reason", "own")]),
        ]
    }

    #[test]
    fn a_flood_counts_for_all_of_it_and_a_probe_for_nothing() {
        let Change::Timeline(counts) = change(View::Timeline, &Rules::default(), &rows()) else { panic!() };
        let minute = DAY + 60_000_000;
        let of = |kind: &str| counts.get(&(minute, "a".to_owned(), kind.to_owned())).copied();
        assert_eq!(
            (of("command"), of("auth_attempt"), of("connect"), of("flood")),
            (Some(100), Some(2), Some(1), None)
        );
    }

    #[test]
    fn deeds_of_peers_are_ranked_and_secrets_in_the_clear() {
        let Change::Rankings(counts) = change(View::Rankings, &Rules::default(), &rows()) else { panic!() };
        let seen: Vec<_> = counts
            .iter()
            .map(|((day, subject, value), change)| {
                assert_eq!(*day, DAY);
                (subject.name(), String::from_utf8_lossy(value).into_owned(), change.events)
            })
            .collect();
        let expected = [
            ("attacker", "192.0.2.1", 103),
            ("username", "root", 2),
            ("password", "toor", 1),
            ("service", "ssh", 103),
            ("decky", "a", 103),
        ];
        assert_eq!(seen, expected.map(|(subject, value, count)| (subject, value.to_owned(), count)));
    }

    #[test]
    fn words_are_those_of_what_a_peer_said() {
        let Change::Words(texts) = change(View::Words, &Rules::default(), &rows()) else { panic!() };
        let expected =
            [(2, "zzroot zztoor"), (3, "zzcram zzmd5 zzroot zzx"), (4, "zzcommand"), (5, "zzprobe")];
        assert_eq!(texts, expected.map(|(id, words)| (id, words.to_owned())));
    }
}
