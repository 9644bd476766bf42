//! Profiles, reused secrets, identities and campaigns: the same of the same events, however often work is interrupted.

use decnet_corpus::Corpus;
use decnet_model::{
    record::{Asked, EventRow, Level, Page, ProfileFilter, ReuseFilter},
    worker::Worker,
};
use decnet_pipeline::{
    clusterer::Clusterer,
    fold::{Folder, Profiles, Secrets},
    projection::Shared,
    why::why,
};
use decnet_store::{Position, Store};
use netsvc_wire::{Record, field};
use proptest::prelude::*;
use tempfile::TempDir;

/// A store in memory where there is such a folder.
async fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let store = Store::open(folder.path().join("store.db").to_str().unwrap()).await.unwrap();
    (folder, store)
}

fn record(row: &EventRow) -> Record {
    let source = row.src_ip.map(|address| (field::SRC_IP.to_owned(), address.to_string().into_bytes()));
    let session = row.session.clone().map(|id| (field::SESSION.to_owned(), id.into_bytes()));
    Record {
        at: row.at,
        priority: 134,
        node: row.node.clone(),
        app: row.service.clone(),
        kind: row.kind.clone(),
        writer: row.writer,
        number: row.number,
        fields: source.into_iter().chain(session).chain(row.fields.clone()).collect(),
    }
}

async fn ingest(store: &Store, records: &[Record]) {
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    for (index, batch) in records.chunks(500).enumerate() {
        let position = Position { segment: 1, offset: index as u64 + 1 };
        store.ingest(&fence, batch, &position).await.unwrap();
    }
}

/// Does all there is to do.
async fn catch_up(store: &Store) {
    let mut profiles = Folder::<Profiles>::open(store.clone()).await.unwrap();
    while profiles.step().await.unwrap() > 0 {}
    let mut secrets = Folder::<Secrets>::open(store.clone()).await.unwrap();
    while secrets.step().await.unwrap() > 0 {}
    for level in Level::ALL {
        let mut clusterer = Clusterer::open(store.clone(), *level).await.unwrap();
        while clusterer.step().await.unwrap() > 0 {}
    }
}

/// Everything that operators see.
async fn seen(store: &Store) -> String {
    let mut all = Vec::new();
    let profiles = store.profile_list(&ProfileFilter::default(), Page::newest(1000)).await.unwrap();
    all.extend(profiles.iter().map(|row| format!("{row:?}")));
    let filter = ReuseFilter { least: 0, ..ReuseFilter::default() };
    let secrets = store.reuse_list(&filter, Page::newest(1000)).await.unwrap();
    all.extend(secrets.iter().map(|row| format!("{row:?}")));
    for level in Level::ALL {
        let mut members = store.cluster_members_after(*level, -1).await.unwrap();
        members.sort_by_key(|row| row.member);
        for row in &members {
            all.push(format!("{level} {} {} {}", row.member, row.src_ip, row.cluster));
            if row.member == row.cluster {
                all.push(format!("{:?}", store.cluster_links(*level, row.cluster).await.unwrap()));
            }
        }
    }
    all.join("\n")
}

fn records(seed: u64, actors: usize) -> Vec<Record> {
    Corpus::new(seed, actors).events().map(|row| record(&row)).collect()
}

#[tokio::test]
async fn what_is_made_anew_from_the_first_event_is_the_same() {
    let (_folder, store) = store().await;
    ingest(&store, &records(11, 60)).await;
    catch_up(&store).await;
    let before = seen(&store).await;
    assert!(
        before.contains("identity") && before.contains("campaign") && before.contains("weight: "),
        "{before}"
    );
    let mut profiles = Folder::<Profiles>::open(store.clone()).await.unwrap();
    profiles.reset().await.unwrap();
    let mut secrets = Folder::<Secrets>::open(store.clone()).await.unwrap();
    secrets.reset().await.unwrap();
    assert_ne!(seen(&store).await, before);
    catch_up(&store).await;
    assert_eq!(seen(&store).await, before);
}

#[tokio::test]
async fn what_analysts_say_is_remembered_and_can_be_taken_back() {
    let (_folder, store) = store().await;
    ingest(&store, &records(12, 60)).await;
    catch_up(&store).await;
    let before = seen(&store).await;
    let filter = decnet_model::record::ClusterFilter { members: 2, risk: 0, since: None };
    let several = store.cluster_list(Level::Identity, &filter, 50).await.unwrap();
    let one = several[0].id;
    let addresses = store.cluster_addresses(Level::Identity, one).await.unwrap();
    let leaves = addresses.last().unwrap().clone();
    let split = Asked::Split(one, vec![leaves.src_ip.to_string()]);
    let decision =
        store.cluster_decide(Level::Identity, &split, "not he", ("eve", 1)).await.unwrap().unwrap();
    catch_up(&store).await;
    assert_eq!(store.identity_of(leaves.src_ip).await.unwrap(), Some(leaves.member));
    assert_eq!(store.cluster_now(Level::Identity, leaves.member).await.unwrap(), Some(leaves.member));
    // Profiles that are made anew change nothing about it.
    Folder::<Profiles>::open(store.clone()).await.unwrap().reset().await.unwrap();
    catch_up(&store).await;
    assert_eq!(store.identity_of(leaves.src_ip).await.unwrap(), Some(leaves.member));
    let link = why(&store, Level::Identity, one, leaves.member).await.unwrap().unwrap();
    assert!(!link.evidence.is_empty());
    let wrong = Asked::Split(one, vec!["203.0.113.250".into()]);
    assert!(store.cluster_decide(Level::Identity, &wrong, "", ("eve", 2)).await.unwrap().is_err());
    let missing = Asked::Merge(one, 1_000_000);
    assert!(store.cluster_decide(Level::Identity, &missing, "", ("eve", 2)).await.unwrap().is_err());
    assert!(store.decision_undo(Level::Identity, decision.id, "eve", 3).await.unwrap());
    assert!(!store.decision_undo(Level::Identity, decision.id, "eve", 3).await.unwrap());
    catch_up(&store).await;
    assert_eq!(seen(&store).await, before);
    // Merging says the contrary of a split, which then no longer holds.
    store.cluster_decide(Level::Identity, &split, "", ("eve", 4)).await.unwrap().unwrap();
    catch_up(&store).await;
    let merge = Asked::Merge(one, leaves.member);
    store.cluster_decide(Level::Identity, &merge, "", ("eve", 5)).await.unwrap().unwrap();
    catch_up(&store).await;
    assert_eq!(store.identity_of(leaves.src_ip).await.unwrap(), Some(one));
    assert_eq!(store.decision_list(Level::Identity, false).await.unwrap().len(), 1);
}

/// Does work in portions, and begins anew now and then, until all is done.
async fn interrupted(store: &Store, records: &[Record], steps: &[(u8, u32)]) {
    let mut given = 0;
    let mut steps = steps.iter().cycle();
    let mut quiet = 0;
    let mut profiles = Folder::<Profiles>::open(store.clone()).await.unwrap();
    let mut identities = Clusterer::open(store.clone(), Level::Identity).await.unwrap();
    let mut campaigns = Clusterer::open(store.clone(), Level::Campaign).await.unwrap();
    while quiet < 6 {
        let Some((what, size)) = steps.next() else { return };
        let done = match what {
            0 if given < records.len() => {
                let end = records.len().min(given + 20 * *size as usize);
                ingest_from(store, records, given, end).await;
                given = end;
                1
            }
            1 => profiles.step_of(*size * 7, &mut Shared::default()).await.unwrap(),
            2 => identities.step().await.unwrap(),
            3 => campaigns.step().await.unwrap(),
            4 => {
                profiles = Folder::open(store.clone()).await.unwrap();
                0
            }
            5 => {
                identities = Clusterer::open(store.clone(), Level::Identity).await.unwrap();
                0
            }
            6 => {
                campaigns = Clusterer::open(store.clone(), Level::Campaign).await.unwrap();
                0
            }
            _ => 0,
        };
        quiet = if done > 0 || given < records.len() { 0 } else { quiet + 1 };
    }
}

async fn ingest_from(store: &Store, records: &[Record], from: usize, to: usize) {
    let fence = store.lease_take(Worker::Ingester).await.unwrap();
    let position = Position { segment: 1, offset: to as u64 };
    store.ingest(&fence, records.get(from..to).unwrap(), &position).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn interruptions_change_nothing(
        seed in 0..1000_u64,
        steps in proptest::collection::vec((1..7_u8, 1..40_u32), 8..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let records = records(seed, 25);
        let steps: Vec<(u8, u32)> = [(0, 17), (1, 9), (2, 1)].into_iter().chain(steps).collect();
        let (one, two) = runtime.block_on(async {
            let (_folder, whole) = store().await;
            ingest(&whole, &records).await;
            catch_up(&whole).await;
            let (_other, parts) = store().await;
            interrupted(&parts, &records, &steps).await;
            catch_up(&parts).await;
            (seen(&whole).await, seen(&parts).await)
        });
        prop_assert_eq!(one, two);
    }
}
