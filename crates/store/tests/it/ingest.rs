//! Lines are stored once, in order, with what follows from them.

use crate::{
    backend::on_every_backend,
    lines::{START, With, line},
};
use decnet_model::worker::Worker;
use decnet_store::{
    Error, Position, Store,
    record::{AttackerDeltas, Change, Filter, Gap, Page, View},
};
use netsvc_wire::{Record, WriterId, field};

on_every_backend!(
    a_batch_sent_twice_is_stored_once,
    a_gap_is_reported_once_and_closed_by_a_late_line,
    ids_follow_the_log,
    bytes_come_back_exactly,
    a_session_is_joined_from_its_lines,
    packets_of_a_session_are_found_by_who_where_and_when,
    who_has_connected_over_tcp_is_known,
    a_secret_is_one_row_however_often,
    an_artefact_is_one_row_with_all_its_sightings,
    what_is_not_kept_is_told_beside_its_hash,
    who_lost_the_lease_cannot_write,
    header_fields_of_any_length_are_stored,
    forged_numbers_are_refused,
    ingest_and_correlator_do_not_block_each_other,
    an_ingest_dropped_half_way_leaves_nothing_half_done,
);

pub(crate) async fn ingest(store: &Store, batch: &[Record]) -> decnet_store::Ingested {
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    store.ingest(&fence, batch, &Position { segment: 1, offset: batch.len() as u64 }).await.unwrap()
}

async fn a_batch_sent_twice_is_stored_once(store: Store) {
    let batch: Vec<_> = (1..=250).map(|number| line(number, "connect")).collect();
    let first = ingest(&store, &batch).await;
    assert_eq!((first.rows, first.doubles, first.last_id), (250, 0, 250));
    let second = ingest(&store, &batch).await;
    assert_eq!((second.rows, second.doubles, second.last_id), (0, 250, 250));
    assert_eq!(store.position().await.unwrap(), Position { segment: 1, offset: 250 });
    let totals = store.totals().await.unwrap();
    assert_eq!((totals.events, totals.sessions, totals.last_event), (250, 1, 250));
    assert_eq!(store.writer_last(WriterId(1)).await.unwrap(), 250);
    assert_eq!(store.checkpoint().await.unwrap(), Some(Position { segment: 1, offset: 250 }));
}

async fn a_gap_is_reported_once_and_closed_by_a_late_line(store: Store) {
    let high = u64::MAX;
    let of = |number| line(number, "connect").of(high);
    let done = ingest(&store, &[of(1), of(2), of(6)]).await;
    let gap = Gap { writer: WriterId(high), first: 3, last: 5 };
    assert_eq!(done.gaps, [gap]);
    assert_eq!(store.totals().await.unwrap().missing, 3);
    let done = ingest(&store, &[of(4), of(7)]).await;
    assert_eq!((done.rows, done.gaps.len()), (2, 0));
    let left = [Gap { last: 3, ..gap }, Gap { first: 5, ..gap }];
    assert_eq!(store.gap_list(10).await.unwrap(), left);
    let done = ingest(&store, &[of(3), of(5), of(4)]).await;
    assert_eq!((done.rows, done.doubles), (2, 1));
    assert_eq!(store.gap_list(10).await.unwrap(), []);
}

async fn ids_follow_the_log(store: Store) {
    let batch = [line(1, "connect").of(9), line(1, "connect").of(2), line(2, "disconnect").of(9)];
    ingest(&store, &batch).await;
    let rows = store.event_after(0, 10).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.id, row.writer.0, row.number)).collect();
    assert_eq!(seen, [(1, 9, 1), (2, 2, 1), (3, 9, 2)]);
}

async fn bytes_come_back_exactly(store: Store) {
    let every: Vec<u8> = (0..=255).collect();
    let tricky = "a=b\\x0a\n\u{202e}'); DROP TABLE events; --\u{1f980}";
    let sent = line(1, "command").with(field::COMMAND, every).with(field::DATA, tricky);
    ingest(&store, std::slice::from_ref(&sent)).await;
    let rows = store.event_after(0, 10).await.unwrap();
    assert_eq!(rows[0].fields, sent.fields);
    assert_eq!((rows[0].at, rows[0].src_port, rows[0].dst_port), (sent.at, Some(40000), Some(22)));
    assert_eq!(rows[0].src_ip, Some("192.0.2.7".parse().unwrap()));
}

async fn a_session_is_joined_from_its_lines(store: Store) {
    ingest(
        &store,
        &[
            line(1, "connect"),
            line(2, "client_fingerprint").with(field::CLIENT_VERSION, "SSH-2.0-Go"),
            line(3, "auth_attempt").with(field::PRINCIPAL, "root").with(field::SECRET_B64, "cm9vdA=="),
        ],
    )
    .await;
    ingest(
        &store,
        &[
            line(4, "command").with(field::COMMAND, "id"),
            line(5, "disconnect").with(field::BYTES_IN, "12").with(field::REASON, "peer closed"),
        ],
    )
    .await;
    let session = store.session_get("00000000000000aa").await.unwrap().unwrap();
    assert_eq!((session.first_event, session.last_event, session.events), (1, 5, 5));
    assert_eq!((session.commands, session.credentials, session.artefacts), (1, 1, 0));
    assert_eq!(session.principal.as_deref(), Some(&b"root"[..]));
    assert_eq!(session.client.as_deref(), Some(&b"SSH-2.0-Go"[..]));
    assert_eq!((session.started_at, session.ended_at), (START + 1000, Some(START + 5000)));
    assert_eq!((session.bytes_in, session.bytes_out), (Some(12), None));
    assert_eq!(session.reason.as_deref(), Some("peer closed"));
    assert_eq!(store.session_list(&Filter::default(), Page::newest(5)).await.unwrap(), [session]);
}

async fn a_secret_is_one_row_however_often(store: Store) {
    let offer = |number, secret: &str, outcome: &str| {
        line(number, "auth_attempt")
            .with(field::PRINCIPAL, &b"ro\xffot"[..])
            .with(field::SECRET_KIND, "plaintext")
            .with(field::SECRET_B64, secret)
            .with(field::OUTCOME, outcome)
    };
    ingest(
        &store,
        &[offer(1, "AP8=", "rejected"), offer(2, "AP8=", "accepted"), offer(3, "YQ==", "rejected")],
    )
    .await;
    let key = line(4, "key_offer").with(field::KEY_SHA256, "SHA256:abc").with(field::PRINCIPAL, "git");
    ingest(&store, &[key, offer(5, "AP8", "rejected")]).await;
    let rows = store.credential_list(&Filter::default(), Page::after(0, 10)).await.unwrap();
    let seen: Vec<_> =
        rows.iter().map(|row| (row.secret.as_slice(), row.attempts, row.outcome.as_deref())).collect();
    assert_eq!(
        seen,
        [(&b"\0\xff"[..], 3, Some("accepted")), (b"a", 1, Some("rejected")), (b"SHA256:abc", 1, None)]
    );
    assert_eq!(rows[0].principal, b"ro\xffot");
    assert_eq!((rows[0].first_event, rows[0].last_event), (1, 5));
    assert_eq!((rows[0].first_seen, rows[0].last_seen), (START + 1000, START + 5000));
    assert_eq!(rows[2].secret_kind, "publickey");
}

async fn an_artefact_is_one_row_with_all_its_sightings(store: Store) {
    let hash = "ab".repeat(32);
    let seen = |number| {
        line(number, "file_captured")
            .with(field::SHA256, hash.as_str())
            .with(field::SIZE, "5")
            .with(field::ORIGIN, "upload")
            .with(field::PATH, "/tmp/x")
    };
    let forged = line(3, "file_captured").with(field::SHA256, "../../etc/passwd");
    ingest(&store, &[seen(1), seen(2), forged]).await;
    ingest(&store, &[seen(4).peer("2001:db8::7")]).await;
    let rows = store.artefact_list(&Filter::default(), Page::newest(10)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].size, rows[0].sightings, rows[0].origin.as_str()), (5, 3, "upload"));
    assert_eq!(store.artefact_get(&hash).await.unwrap().as_ref(), rows.first());
    let sightings = store.artefact_sightings(&hash, 10).await.unwrap();
    assert_eq!(sightings.iter().map(|row| row.event).collect::<Vec<_>>(), [4, 2, 1]);
    assert_eq!(sightings[0].src_ip, Some("2001:db8::7".parse().unwrap()));
    assert_eq!(sightings[0].path.as_deref(), Some(&b"/tmp/x"[..]));
}

async fn what_is_not_kept_is_told_beside_its_hash(store: Store) {
    let hash = "cd".repeat(32);
    let mut said = line(1, "dropped").with(field::SHA256, hash.as_str());
    said = said.with(field::SIZE, "7").with(field::LIMIT, "artifact-bytes");
    // A service says so of another one: it is no collector.
    let forged = said.clone().with(field::SHA256, "ef".repeat(32)).of(3);
    said.app = "collector".into();
    let captured =
        line(1, "file_captured").with(field::SHA256, hash.as_str()).with(field::ORIGIN, "drop").of(2);
    ingest(&store, &[said, forged, captured]).await;
    let rows = store.artefact_list(&Filter::default(), Page::newest(10)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].size, rows[0].sightings, rows[0].unkept.as_deref()), (7, 1, Some("artifact-bytes")));
    assert_eq!(rows[0].origin, "drop");
    assert_eq!(store.artefact_sightings(&hash, 10).await.unwrap().len(), 1);
}

async fn who_lost_the_lease_cannot_write(store: Store) {
    let old = store.lease_take(Worker::Ingester).await.unwrap();
    let other = store.lease_take(Worker::Correlator).await.unwrap();
    let new = store.lease_take(Worker::Ingester).await.unwrap();
    assert_eq!((old.epoch(), other.epoch(), new.epoch()), (1, 1, 2));
    let position = Position { segment: 3, offset: 9 };
    let error = store.ingest(&old, &[line(1, "connect")], &position).await.unwrap_err();
    assert!(matches!(error, Error::Fenced { worker: "ingester" }));
    assert_eq!(store.position().await.unwrap(), Position::default());
    assert_eq!(store.event_last().await.unwrap(), 0);
    store.ingest(&new, &[line(1, "connect")], &position).await.unwrap();
    assert_eq!(store.position().await.unwrap(), position);
}

async fn header_fields_of_any_length_are_stored(store: Store) {
    let mut long = line(1, &"k".repeat(500)).at_node(&"ü".repeat(900)).with(field::SESSION, "s".repeat(500));
    long.app = "a".repeat(300);
    let done = ingest(&store, &[long.clone(), line(2, "connect").peer("not an address")]).await;
    assert_eq!(done.rows, 2);
    let rows = store.event_after(0, 10).await.unwrap();
    assert_eq!((rows[0].node.chars().count(), rows[0].kind.len(), rows[0].service.len()), (255, 64, 64));
    assert_eq!(rows[1].src_ip, None);
}

async fn forged_numbers_are_refused(store: Store) {
    let done = ingest(
        &store,
        &[line(0, "connect"), {
            let mut forged = line(1, "connect");
            forged.number = u64::MAX;
            forged
        }],
    )
    .await;
    assert_eq!((done.rows, done.refused, done.gaps.len()), (0, 2, 0));
}

async fn ingest_and_correlator_do_not_block_each_other(store: Store) {
    let ingester = store.lease_take(Worker::Ingester).await.unwrap();
    let correlator = store.lease_take(Worker::Correlator).await.unwrap();
    let writes = async {
        for number in 1..=30 {
            let position = Position { segment: 1, offset: number };
            store.ingest(&ingester, &[line(number, "connect")], &position).await.unwrap();
        }
    };
    let moves = async {
        for step in 0..30 {
            store
                .project(&correlator, &Change::Attackers(AttackerDeltas::new()), step, step + 1)
                .await
                .unwrap();
            store.setting_put("x", "y").await.unwrap();
        }
    };
    tokio::join!(writes, moves);
    assert_eq!(store.cursor(View::Attackers).await.unwrap(), 30);
    assert_eq!(store.event_last().await.unwrap(), 30);
}

async fn an_ingest_dropped_half_way_leaves_nothing_half_done(store: Store) {
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let batch: Vec<_> = (1..=150).map(|number| line(number, "connect")).collect();
    let position = Position { segment: 1, offset: 150 };
    for patience in 0..40 {
        let patience = async {
            for _ in 0..patience * 4 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            done = store.ingest(&fence, &batch, &position) => drop(done.unwrap()),
            () = patience => {}
        }
        let stored = store.event_after(0, 500).await.unwrap().len();
        let expected = if store.position().await.unwrap() == position { 150 } else { 0 };
        assert_eq!(stored, expected);
    }
    store.ingest(&fence, &batch, &position).await.unwrap();
    let rows = store.event_after(0, 500).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), (1..=150).collect::<Vec<_>>());
    assert_eq!(store.session_get("00000000000000aa").await.unwrap().unwrap().events, 150);
}

async fn packets_of_a_session_are_found_by_who_where_and_when(store: Store) {
    let kept = |number: u64, seconds: i64, lasted: &str, port: &str| {
        let mut one =
            line(number, "packets_captured").with(field::DURATION_MS, lasted).with(field::DST_PORT, port);
        one.fields.retain(|(name, _)| name != field::SESSION);
        one.at += seconds * 1_000_000;
        one
    };
    let batch = [
        line(1, "connect"),
        line(2, "disconnect"),
        kept(3, 20, "20000", "22").with(field::SHA256, "ab".repeat(32)),
        // Of a later connection, of another port, of somebody else, of another hour.
        kept(4, 20, "5000", "22"),
        kept(5, 20, "20000", "80"),
        kept(6, 20, "20000", "22").peer("192.0.2.8"),
        kept(7, 3600, "3600000", "22"),
    ];
    ingest(&store, &batch).await;
    let session = store.session_get("00000000000000aa").await.unwrap().unwrap();
    let found = store.session_captures(&session).await.unwrap();
    assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [3]);
    assert_eq!((session.recording, session.artefacts, session.events), (None, 0, 2));
    let artefact = store.artefact_get(&"ab".repeat(32)).await.unwrap().unwrap();
    assert_eq!(artefact.origin, "packets");
}

async fn who_has_connected_over_tcp_is_known(store: Store) {
    let of = |number, address: &str, transport: &str| {
        line(number, "connect").peer(address).with(field::TRANSPORT, transport)
    };
    ingest(&store, &[of(1, "192.0.2.1", "udp"), of(2, "192.0.2.2", "udp"), of(3, "192.0.2.2", "tcp")]).await;
    for (address, expected) in [("192.0.2.1", false), ("192.0.2.2", true), ("192.0.2.3", false)] {
        assert_eq!(store.has_connected(address.parse().unwrap()).await.unwrap(), expected, "{address}");
    }
}
