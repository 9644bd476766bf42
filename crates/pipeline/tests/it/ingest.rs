//! From the spool to rows.

use crate::collect::Site;
use decnet_analysis::technique::Rules;
use decnet_model::{
    paths::Paths,
    record::{By, Filter, Page, Span, Subject, TimelineFilter, View},
    worker::Worker,
};
use decnet_pipeline::{
    correlator::Correlator,
    disk::{Cut, Disk},
    eventlog::Durable,
    ingester::{IngestError, Ingester},
};
use decnet_store::Store;
use std::{collections::BTreeMap, sync::Arc, time::Instant};

pub(crate) async fn store(paths: &Paths) -> Store {
    Store::open(paths.database().to_str().unwrap()).await.unwrap()
}

/// Rows by writer, in the order of ids.
pub(crate) async fn rows(store: &Store) -> BTreeMap<u64, Vec<u64>> {
    let mut rows: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut after = 0;
    loop {
        let events = store.event_after(after, 1000).await.unwrap();
        let Some(last) = events.last() else { return rows };
        after = last.id;
        for event in events {
            rows.entry(event.writer.0).or_default().push(event.number);
        }
    }
}

pub(crate) async fn ingest_all(ingester: &mut Ingester) -> Result<(), IngestError> {
    while ingester.step().await? > 0 {}
    ingester.checkpoint().await
}

#[tokio::test]
async fn lines_become_rows_and_the_log_may_be_deleted_up_to_them() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    process.write(2500);
    let mut collector = site.collector();
    collector.pass(Instant::now()).unwrap();
    let store = store(&site.paths).await;
    let mut ingester = Ingester::open(store.clone(), &site.paths, Disk::default()).await.unwrap();
    ingest_all(&mut ingester).await.unwrap();
    assert_eq!(rows(&store).await[&1], (1..=2500).collect::<Vec<u64>>());
    let counters = ingester.counters();
    assert_eq!((counters.rows, counters.doubles, counters.last_id), (2500, 0, 2500));
    let durable = Durable::new(&site.paths.event_log(), Disk::default()).read();
    assert_eq!((durable, durable), (Some(counters.position), counters.durable));
    // Read again from the beginning by a second ingester after a third took over: the fence holds.
    let mut late = Ingester::open(store.clone(), &site.paths, Disk::default()).await.unwrap();
    process.write(1);
    collector.pass(Instant::now()).unwrap();
    assert!(ingester.step().await.is_err());
    assert_eq!(late.step().await.unwrap(), 1);
}

#[tokio::test]
async fn rows_equal_complete_lines_wherever_both_are_cut() {
    let site = Site::new();
    let store = store(&site.paths).await;
    let mut wanted: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut cuts = 0;
    for round in 0..60_u64 {
        // A service process that is killed in the middle of a line.
        let mut process = site.process("serve", round + 1);
        process.write(round % 9 + 1);
        process.raw(b"<132>1 2025-11-24T16:00:00.123456Z web-01 ss");
        wanted.insert(round + 1, (1..=round % 9 + 1).collect());
        let cut = Cut::after(round * 7 % 41);
        let disk = Disk::with_cut(cut.clone());
        if let Ok(mut collector) = site.open(disk.clone()) {
            let _ = collector.pass(Instant::now()).and_then(|_| collector.pass(Instant::now()));
        }
        let mut ingester = Ingester::open(store.clone(), &site.paths, disk).await.unwrap();
        if round % 3 != 0 {
            let _ = ingest_all(&mut ingester).await;
        }
        cuts += u32::from(cut.happened());
    }
    assert!(cuts >= 20, "only {cuts} cuts");
    site.collector().drain().unwrap();
    let mut ingester = Ingester::open(store.clone(), &site.paths, Disk::default()).await.unwrap();
    ingest_all(&mut ingester).await.unwrap();
    assert_eq!(rows(&store).await, wanted);
    assert!(store.gap_list(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_power_loss_that_shortens_the_log_loses_no_row_and_doubles_none() {
    let site = Site::new();
    let store = store(&site.paths).await;
    let mut process = site.process("serve", 1);
    for round in 0..12_usize {
        process.write(20);
        // The line was seen by the ingester before it was on the medium, and then the end was lost.
        let mut collector = site.open(Disk::default()).unwrap();
        let progress = collector.pass(Instant::now()).unwrap();
        if round % 2 == 0 {
            let mut ingester = Ingester::open(store.clone(), &site.paths, Disk::default()).await.unwrap();
            while ingester.step().await.unwrap() > 0 {}
        }
        drop(collector);
        let path = decnet_pipeline::eventlog::segment_path(&site.paths.event_log(), progress.end.segment);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_len(progress.end.offset.saturating_sub(round as u64 * 97)).unwrap();
    }
    site.collector().drain().unwrap();
    let mut ingester = Ingester::open(store.clone(), &site.paths, Disk::default()).await.unwrap();
    ingest_all(&mut ingester).await.unwrap();
    let mut found = rows(&store).await.remove(&1).unwrap();
    found.sort_unstable();
    assert_eq!(found, (1..=240).collect::<Vec<u64>>());
    assert!(store.gap_list(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_correlator_goes_on_at_its_cursor() {
    let site = Site::new();
    let store = store(&site.paths).await;
    let mut process = site.process("serve", 1);
    let mut collector = site.collector();
    for round in 1..=3_u64 {
        process.write(1100);
        collector.pass(Instant::now()).unwrap();
        let mut ingester = Ingester::open(store.clone(), &site.paths, Disk::default()).await.unwrap();
        ingest_all(&mut ingester).await.unwrap();
        let mut correlator = Correlator::open(store.clone(), rules()).await.unwrap();
        while correlator.step().await.unwrap() > 0 {}
        let attackers = store.attacker_list(&Filter::default(), Page::newest(10)).await.unwrap();
        assert_eq!(attackers.len(), 1);
        assert_eq!(attackers[0].counts.events, round * 1100);
    }
}

#[tokio::test]
async fn views_made_anew_from_the_first_event_are_the_same() {
    let site = Site::new();
    let store = store(&site.paths).await;
    let mut process = site.process("serve", 1);
    let mut collector = site.collector();
    process.write(2500);
    collector.pass(Instant::now()).unwrap();
    let mut ingester = Ingester::open(store.clone(), &site.paths, Disk::default()).await.unwrap();
    ingest_all(&mut ingester).await.unwrap();
    let mut correlator = Correlator::open(store.clone(), rules()).await.unwrap();
    while correlator.step().await.unwrap() > 0 {}
    let before = seen(&store).await;
    assert!(before.contains("events: 2500") && before.contains("192.0.2"), "{before}");
    for view in own() {
        assert_eq!(store.cursor(view).await.unwrap(), 2500);
        correlator.reset(view).await.unwrap();
    }
    assert_ne!(seen(&store).await, before);
    while correlator.step().await.unwrap() > 0 {}
    assert_eq!(seen(&store).await, before);
    assert_eq!(correlator.counters().views.len(), own().count());
}

/// The views that the correlator keeps.
fn own() -> impl Iterator<Item = View> {
    View::ALL.iter().copied().filter(|view| view.worker() == Worker::Correlator)
}

fn rules() -> Arc<Rules> {
    Arc::new(Rules::new(&[]).unwrap())
}

/// Everything that operators see of the views.
async fn seen(store: &Store) -> String {
    let newest = Page::newest(50);
    let timeline = TimelineFilter {
        span: Span::Minute,
        since: 0,
        until: i64::MAX,
        node: None,
        kind: None,
        by: By::Kind,
    };
    let mut all = vec![
        format!("{:?}", store.attacker_list(&Filter::default(), newest).await.unwrap()),
        format!("{:?}", store.traversal_list(2, None, newest).await.unwrap()),
        format!("{:?}", store.incident_list(&Filter::default(), newest).await.unwrap()),
        format!("{:?}", store.timeline(&timeline).await.unwrap()),
        format!(
            "{:?}",
            store.timeline(&TimelineFilter { span: Span::Hour, by: By::Node, ..timeline }).await.unwrap()
        ),
    ];
    for subject in Subject::ALL {
        all.push(format!("{:?}", store.ranking(*subject, None, 20).await.unwrap()));
        all.push(format!("{:?}", store.ranking(*subject, Some(0), 20).await.unwrap()));
    }
    let found = Filter { search: Some("7*".into()), ..Filter::default() };
    let ids: Vec<_> = store.event_list(&found, newest).await.unwrap().iter().map(|row| row.id).collect();
    all.push(format!("{ids:?}"));
    all.join("\n")
}
