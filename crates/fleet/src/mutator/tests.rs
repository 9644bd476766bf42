//! The worker over days that a test makes.

use super::*;
use decnet_model::{
    paths::Paths,
    record::{Filter, Page, PageFrom},
    runtime::Runtime,
};
use decnet_plan::plan::{self, Request};
use netsvc_persona::stage::Limits;
use std::collections::BTreeSet;

const SECRET: [u8; 32] = [7; 32];
const START: Micros = 1_767_225_600_000_000;

async fn site(folder: &std::path::Path, count: u32, minutes: u32) -> (Config, Store) {
    let config = Config {
        paths: Paths::new(folder),
        program: None,
        stage_binary: None,
        sd_id: "a@1".to_owned(),
        limits: Limits::default(),
    };
    let store = Store::open(&folder.join("s.db").display().to_string()).await.unwrap();
    let network = "192.0.2.0/24".parse().unwrap();
    let request = Request::plain(count, &["ssh", "http"], Runtime::Native, network);
    let fleet = plan::fleet(&request).unwrap();
    let fleet = Fleet { mutate_interval: Some(minutes), ..fleet };
    intent::put(&config, &store, &fleet, START).await.unwrap();
    crate::personas::nodes(&store, &SECRET, &fleet, START).await.unwrap();
    (config, store)
}

/// Every pass of `days` days.
async fn live(config: &Config, store: &Store, days: i64) -> Vec<Micros> {
    let mut moments = Vec::new();
    let tick = 5 * MINUTE;
    for step in 0..days * 288 {
        let now = START + step * tick;
        for _ in 0..pass(config, store, now).await.unwrap() {
            moments.push(now);
        }
        // What the worker `fleet` does with it.
        if moments.last() == Some(&now) {
            let fleet = intent::read(store).await.unwrap().unwrap();
            crate::personas::nodes(store, &SECRET, &fleet, now).await.unwrap();
        }
    }
    moments
}

#[tokio::test(flavor = "multi_thread")]
async fn days_pass_and_deckies_change_without_a_metronome() {
    let folder = tempfile::tempdir().unwrap();
    let (config, store) = site(folder.path(), 4, 240).await;
    let hosts = |store: &Store| {
        let store = store.clone();
        async move {
            let rows = store.decky_list().await.unwrap();
            rows.iter()
                .map(|row| {
                    serde_json::from_str::<netsvc_persona::Persona>(row.persona.as_ref().unwrap()).unwrap()
                })
                .map(|persona| (persona.hostname, persona.mac, persona.subkey))
                .collect::<Vec<_>>()
        }
    };
    let before = hosts(&store).await;
    let moments = live(&config, &store, 3).await;
    assert!((20..140).contains(&moments.len()), "{}", moments.len());
    // Never two at once in so small a fleet, and pauses of many lengths.
    let pauses: Vec<_> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.iter().all(|pause| *pause > 0), "{pauses:?}");
    assert!(pauses.iter().collect::<BTreeSet<_>>().len() > 5, "{pauses:?}");
    // The same machines.
    assert_eq!(before, hosts(&store).await);
    let page = Page { from: PageFrom::Newest, limit: 1000 };
    let rows = store.mutation_list(&Filter::default(), page).await.unwrap();
    assert_eq!(rows.len(), moments.len());
    for decky in ["decky-01", "decky-02", "decky-03", "decky-04"] {
        let own: Vec<_> = rows.iter().filter(|row| row.node == decky).collect();
        let pauses: Vec<_> = own.windows(2).map(|pair| pair[0].at - pair[1].at).collect();
        assert!(pauses.iter().all(|pause| (110..=370).contains(&(pause / MINUTE))), "{pauses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_without_an_interval_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (config, store) = site(folder.path(), 2, 60).await;
    let fleet = intent::read(&store).await.unwrap().unwrap();
    let fleet = Fleet { mutate_interval: None, ..fleet };
    intent::put(&config, &store, &fleet, START).await.unwrap();
    assert_eq!(live(&config, &store, 1).await, Vec::<Micros>::new());
}
