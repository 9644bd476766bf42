//! Filters and pages.

use crate::{
    backend::on_every_backend,
    ingest::ingest,
    lines::{START, With, line},
};
use decnet_store::{
    Store,
    record::{Filter, Page},
};
use netsvc_wire::{Class, field};

on_every_backend!(
    pages_run_both_ways,
    filters_select,
    text_is_found_as_shown,
    text_is_looked_for_in_values_alone,
    probes_of_our_own_are_marked,
    names_are_known,
    tallies_count
);

async fn fill(store: &Store) {
    let batch: Vec<_> = (1..=20)
        .map(|number| {
            let kind = if number % 2 == 0 { "command" } else { "connect" };
            let node = if number > 15 { "db-01" } else { "web-01" };
            line(number, kind)
                .at_node(node)
                .peer(if number % 5 == 0 { "2001:db8::1" } else { "192.0.2.7" })
                .with(field::COMMAND, format!("step {number} 100%_\\ \n \"Quoted\""))
        })
        .collect();
    ingest(store, &batch).await;
}

async fn ids(store: &Store, filter: &Filter, page: Page) -> Vec<i64> {
    store.event_list(filter, page).await.unwrap().iter().map(|row| row.id).collect()
}

async fn pages_run_both_ways(store: Store) {
    fill(&store).await;
    let all = Filter::default();
    assert_eq!(ids(&store, &all, Page::newest(3)).await, [20, 19, 18]);
    assert_eq!(ids(&store, &all, Page::before(18, 3)).await, [17, 16, 15]);
    assert_eq!(ids(&store, &all, Page::after(17, 10)).await, [18, 19, 20]);
    assert_eq!(ids(&store, &all, Page::before(1, 3)).await, [0_i64; 0]);
}

async fn filters_select(store: Store) {
    fill(&store).await;
    let none = Filter::default();
    for (filter, expected) in [
        (Filter { node: Some("db-01".into()), ..none.clone() }, vec![20, 19, 18, 17, 16]),
        (Filter { node: Some("DB-01".into()), ..none.clone() }, vec![]),
        (Filter { src_ip: Some("2001:db8::1".parse().unwrap()), ..none.clone() }, vec![20, 15, 10, 5]),
        (Filter { since: Some(START + 19_000), ..none.clone() }, vec![20, 19]),
        (Filter { until: Some(START + 3_000), ..none.clone() }, vec![2, 1]),
        (Filter { service: Some("ftp".into()), ..none.clone() }, vec![]),
        (Filter { session: Some("nothing".into()), ..none.clone() }, vec![]),
        (
            Filter { kind: Some("command".into()), node: Some("db-01".into()), ..none.clone() },
            vec![20, 18, 16],
        ),
        (
            Filter { class: Some(Class::Interaction), since: Some(START + 17_000), ..none.clone() },
            vec![20, 18],
        ),
    ] {
        assert_eq!(ids(&store, &filter, Page::newest(50)).await, expected, "{filter:?}");
    }
}

async fn text_is_found_as_shown(store: Store) {
    fill(&store).await;
    for (text, found) in [
        ("STEP 7 ", 1),
        ("100%_\\\\ \\x0a", 20),
        ("\"quoted\"", 20),
        ("1_0", 0),
        ("%", 20),
        ("!", 0),
        ("'", 0),
    ] {
        let filter = Filter { text: Some(text.into()), ..Filter::default() };
        assert_eq!(ids(&store, &filter, Page::newest(50)).await.len(), found, "{text}");
    }
}

async fn text_is_looked_for_in_values_alone(store: Store) {
    fill(&store).await;
    let more: Vec<_> = (21..=1500)
        .map(|number| {
            let command = if number == 30 { "un café, Ünïcode" } else { "no" };
            line(number, "command").with(field::COMMAND, command)
        })
        .collect();
    ingest(&store, &more).await;
    for (text, found) in [
        ("src_port", vec![]),
        ("session", vec![]),
        ("command=", vec![]),
        ("_", vec![20, 19, 18]),
        ("CAFÉ", vec![30]),
        ("cafe", vec![]),
        ("ünÏCODE", vec![30]),
        ("é", vec![30]),
        ("step 3 ", vec![3]),
    ] {
        let filter = Filter { text: Some(text.into()), ..Filter::default() };
        assert_eq!(ids(&store, &filter, Page::newest(3)).await, found, "{text}");
        let mut oldest = ids(&store, &filter, Page::after(0, 3)).await;
        oldest.truncate(1);
        assert_eq!(
            oldest,
            found.last().map(|last| if *last == 18 { 1 } else { *last }).into_iter().collect::<Vec<_>>()
        );
    }
}

async fn probes_of_our_own_are_marked(store: Store) {
    let login = |number: u64, peer: &str| {
        line(number, "auth_attempt")
            .peer(peer)
            .with(field::SESSION, format!("{number:016x}"))
            .with(field::SECRET_B64, "YQ==")
    };
    let kept = line(4, "file_captured").peer("169.254.213.1").with(field::SHA256, "ab".repeat(32));
    let kept = kept.with(field::SESSION, format!("{:016x}", 4));
    ingest(&store, &[login(1, "127.255.0.1"), login(2, "169.254.213.1"), login(3, "192.0.2.7"), kept]).await;
    let (all, without) = (Filter::default(), Filter { without_probes: true, ..Filter::default() });
    let page = Page::newest(10);
    assert_eq!(ids(&store, &all, page).await, [4, 3, 2, 1]);
    assert_eq!(ids(&store, &without, page).await, [3]);
    let events = store.event_list(&all, page).await.unwrap();
    assert_eq!(events.iter().map(|row| row.probe).collect::<Vec<_>>(), [true, false, true, true]);
    for (filter, sessions, credentials, sightings) in [(&all, 4, 3, 1), (&without, 1, 1, 0)] {
        assert_eq!(store.session_list(filter, page).await.unwrap().len(), sessions);
        assert_eq!(store.credential_list(filter, page).await.unwrap().len(), credentials);
        assert_eq!(store.sighting_list(filter, page).await.unwrap().len(), sightings);
    }
    let of_kind = Filter { secret_kind: Some("publickey".into()), ..all };
    assert_eq!(store.credential_list(&of_kind, page).await.unwrap().len(), 0);
}

async fn names_are_known(store: Store) {
    fill(&store).await;
    let known = store.known(Some("00000000000000aa")).await.unwrap();
    assert_eq!(known.deckies.into_iter().collect::<Vec<_>>(), ["db-01", "web-01"]);
    assert_eq!(known.services.into_iter().collect::<Vec<_>>(), ["ssh"]);
    assert_eq!(known.sessions.len(), 1);
    assert!(store.known(Some("00000000000000")).await.unwrap().sessions.is_empty());
    assert_eq!(store.session_find("0000").await.unwrap().len(), 1);
    assert!(store.session_find("1").await.unwrap().is_empty());
}

async fn tallies_count(store: Store) {
    fill(&store).await;
    let tallies = store.tally_list(Some("db-01")).await.unwrap();
    let seen: Vec<_> = tallies.iter().map(|tally| (tally.kind.as_str(), tally.events)).collect();
    assert_eq!(seen, [("command", 3), ("connect", 2)]);
    assert_eq!(store.tally_list(None).await.unwrap().iter().map(|tally| tally.events).sum::<u64>(), 20);
}
