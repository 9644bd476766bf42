//! Whose addresses are, and what providers answered.

use crate::backend::on_every_backend;
use decnet_model::worker::Worker;
use decnet_store::{
    Answered, Error, Fence, Store,
    record::{
        AddressReputation, AttackerDelta, AttackerDeltas, Change, Contact, Counts, Enrichment,
        EnrichmentFile, FileReputation, Filter, Origin, Page, ProviderState, Reputation, Rpki, Verdict,
    },
};
use std::{collections::BTreeMap, net::IpAddr};

on_every_backend!(
    attackers_are_shown_and_found_with_whose_they_are,
    the_cursor_and_the_rows_are_one,
    other_files_begin_anew,
    who_was_answered_about_is_due_again_only_after_a_while_and_a_deed,
    answers_about_files_are_kept_by_hash,
);

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn deltas(addresses: &[&str]) -> AttackerDeltas {
    let mut deltas = BTreeMap::new();
    for (event, text) in (1..).zip(addresses) {
        let mut counts = Counts::default();
        counts.add("connect", netsvc_wire::Class::Scan);
        let (node, service) = ("web-01".to_owned(), "ssh".to_owned());
        let contact = Contact {
            node: node.clone(),
            service: service.clone(),
            first_event: event,
            first_seen: event,
            last_seen: event,
            counts,
        };
        let delta = AttackerDelta {
            first_event: event,
            last_event: event,
            first_seen: event,
            last_seen: event,
            counts,
            first_node: node.clone(),
            last_node: node.clone(),
            hops: 0,
            contacts: BTreeMap::from([((node, service), contact)]),
        };
        deltas.insert(address(text), delta);
    }
    deltas
}

fn enrichment(text: &str, event: i64, country: &str, asn: u64) -> Enrichment {
    let origin = Origin {
        country: Some(country.to_owned()),
        asn: Some(asn),
        as_name: Some("Größe & Söhne".to_owned()),
        network: Some("9.9.9.0/24".to_owned()),
        rpki: Some(Rpki::NotFound),
    };
    Enrichment {
        src_ip: address(text),
        last_event: event,
        last_seen: event,
        scope: if text.starts_with("10.") { "private-use" } else { "global" }.to_owned(),
        origin,
    }
}

fn answer(verdict: Verdict, at: i64, expires_at: i64) -> Reputation {
    Reputation { verdict, score: Some(7), reason: "x".repeat(300), at, expires_at }
}

fn of(text: &str, provider: &str, reputation: Reputation) -> AddressReputation {
    AddressReputation { src_ip: address(text), provider: provider.to_owned(), reputation }
}

/// A store with two attackers, and one of them known.
async fn filled(store: &Store) -> Fence {
    let correlator = store.lease_take(Worker::Correlator).await.unwrap();
    let change = Change::Attackers(deltas(&["9.9.9.9", "2001:500::1"]));
    store.project(&correlator, &change, 0, 2).await.unwrap();
    let fence = store.lease_take(Worker::Enricher).await.unwrap();
    let rows = [enrichment("9.9.9.9", 1, "US", 19281)];
    let listed = [of("9.9.9.9", "feodo", answer(Verdict::Malicious, 1, i64::MAX))];
    store.enrichment_put(&fence, &rows, &listed, 0, 1).await.unwrap();
    fence
}

async fn attackers_are_shown_and_found_with_whose_they_are(store: Store) {
    filled(&store).await;
    let list = async |filter: Filter| {
        let rows = store.attacker_list(&filter, Page::newest(9)).await.unwrap();
        store.attacker_views(rows).await.unwrap()
    };
    let all = list(Filter::default()).await;
    let shown: Vec<_> = all
        .iter()
        .map(|view| (view.attacker.src_ip.to_string(), view.origin.asn, view.reputation.len()))
        .collect();
    assert_eq!(shown, [("2001:500::1".to_owned(), None, 0), ("9.9.9.9".to_owned(), Some(19281), 1)]);
    assert_eq!(all[1].origin, enrichment("9.9.9.9", 1, "US", 19281).origin);
    assert_eq!(all[1].reputation[0].reputation.reason.len(), 255, "a text is cut to its column");
    for (country, asn, count) in [
        (Some("US"), None, 1),
        (Some("DE"), None, 0),
        (None, Some(19281), 1),
        (None, Some(1), 0),
        (Some("US"), Some(1), 0),
    ] {
        let filter = Filter { country: country.map(str::to_owned), asn, ..Filter::default() };
        assert_eq!(list(filter).await.len(), count, "{country:?} {asn:?}");
    }
}

async fn the_cursor_and_the_rows_are_one(store: Store) {
    let fence = filled(&store).await;
    assert_eq!(store.enrichment_cursor().await.unwrap(), 1);
    let again = [enrichment("9.9.9.9", 1, "DE", 1)];
    let moved = store.enrichment_put(&fence, &again, &[], 0, 1).await.unwrap_err();
    assert!(matches!(moved, Error::CursorMoved { found: 1, .. }));
    let newer = store.lease_take(Worker::Enricher).await.unwrap();
    let fenced = store.enrichment_put(&fence, &again, &[], 1, 2).await.unwrap_err();
    assert!(matches!(fenced, Error::Fenced { .. }));
    let state = ProviderState::default();
    assert!(matches!(store.provider_put(&fence, &state, None).await.unwrap_err(), Error::Fenced { .. }));
    let known = store.enrichment_get(&[address("9.9.9.9"), address("8.8.8.8")]).await.unwrap();
    assert_eq!(known, [enrichment("9.9.9.9", 1, "US", 19281)]);
    store.enrichment_put(&newer, &[enrichment("9.9.9.9", 2, "DE", 1)], &[], 1, 2).await.unwrap();
    assert_eq!(store.enrichment_get(&[address("9.9.9.9")]).await.unwrap()[0].origin.asn, Some(1));
    let more = [enrichment("9.9.9.10", 3, "US", 1), enrichment("9.9.9.11", 4, "US", 1)];
    store.enrichment_put(&newer, &more, &[], 2, 4).await.unwrap();
    let counted = store.enrichment_countries().await.unwrap();
    assert_eq!(counted, [("US".to_owned(), 2), ("DE".to_owned(), 1)]);
}

async fn other_files_begin_anew(store: Store) {
    let fence = filled(&store).await;
    let file = EnrichmentFile {
        name: "a.tsv".to_owned(),
        form: "ip2asn".to_owned(),
        rows: 3,
        malformed: 1,
        problem: String::new(),
        changed_at: 5,
    };
    assert_eq!(store.enrichment_edition().await.unwrap(), None);
    store.enrichment_begin(&fence, "one", std::slice::from_ref(&file), &["feodo"], false).await.unwrap();
    assert_eq!(store.enrichment_cursor().await.unwrap(), 0);
    assert_eq!(store.enrichment_edition().await.unwrap().as_deref(), Some("one"));
    assert_eq!(store.enrichment_files().await.unwrap(), [file]);
    assert!(store.reputation_get(&[address("9.9.9.9")]).await.unwrap().is_empty());
    assert_eq!(
        store.enrichment_get(&[address("9.9.9.9")]).await.unwrap().len(),
        1,
        "until it is looked up anew"
    );
    store.enrichment_begin(&fence, "", &[], &[], true).await.unwrap();
    assert!(store.enrichment_get(&[address("9.9.9.9")]).await.unwrap().is_empty());
    assert!(store.enrichment_files().await.unwrap().is_empty());
}

async fn who_was_answered_about_is_due_again_only_after_a_while_and_a_deed(store: Store) {
    let fence = filled(&store).await;
    let more = [enrichment("10.0.0.1", 2, "US", 1), enrichment("9.9.9.10", 3, "US", 1)];
    store.enrichment_put(&fence, &more, &[], 1, 3).await.unwrap();
    let due = async |now| store.reputation_due("greynoise", "global", now, 9).await.unwrap();
    assert_eq!(due(100).await, [address("9.9.9.10"), address("9.9.9.9")], "those active last first");
    let mut state =
        ProviderState { name: "greynoise".to_owned(), per_day: 9, asked: 1, ..ProviderState::default() };
    let known = Answered::Address(of("9.9.9.10", "greynoise", answer(Verdict::Unknown, 10, 50)));
    store.provider_put(&fence, &state, Some(&known)).await.unwrap();
    assert_eq!(due(40).await, [address("9.9.9.9")]);
    assert_eq!(due(60).await, [address("9.9.9.9")], "it has done nothing since");
    let active = [Enrichment { last_seen: 55, ..enrichment("9.9.9.10", 4, "US", 1) }];
    store.enrichment_put(&fence, &active, &[], 3, 4).await.unwrap();
    assert_eq!(due(40).await, [address("9.9.9.9")]);
    assert_eq!(due(60).await, [address("9.9.9.10"), address("9.9.9.9")]);
    (state.asked, state.problem) = (2, "HTTP 503".to_owned());
    store.provider_put(&fence, &state, None).await.unwrap();
    assert_eq!(store.provider_list().await.unwrap(), [state]);
}

async fn answers_about_files_are_kept_by_hash(store: Store) {
    let fence = store.lease_take(Worker::Enricher).await.unwrap();
    let sha256 = "ab".repeat(32);
    let reputation = Reputation { reason: "40 of 60".to_owned(), ..answer(Verdict::Malicious, 1, 2) };
    let row = FileReputation { sha256: sha256.clone(), provider: "virustotal".to_owned(), reputation };
    let answered = Answered::File(row.clone());
    store.provider_put(&fence, &ProviderState::default(), Some(&answered)).await.unwrap();
    assert_eq!(store.file_reputation_get(&sha256).await.unwrap(), [row]);
    assert!(store.file_reputation_get("cd").await.unwrap().is_empty());
    assert!(store.file_reputation_due("virustotal", 9, 9).await.unwrap().is_empty());
}
