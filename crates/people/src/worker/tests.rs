//! The worker on a store, over days that a test makes.

use super::*;
use decnet_model::{
    people::derive,
    record::{DeckyIntent, PoolRow},
};
use std::collections::BTreeMap;

/// 2026-11-30, a Monday, at noon.
const NOW: Micros = 20_787 * clock::DAY + 12 * 3_600_000_000;

async fn store(folder: &std::path::Path, services: &[&str]) -> Store {
    let store = Store::open(folder.join("s.db").to_str().unwrap()).await.unwrap();
    let text = include_str!("../../../engine/tests/persona.json");
    let persona: Persona = serde_json::from_str(text).unwrap();
    let decky = DeckyIntent {
        name: "sample".to_owned(),
        ip: Some(persona.ip),
        services: services.iter().map(|slug| (*slug).to_owned()).collect(),
        plan: "{}".to_owned(),
    };
    store.fleet_put("{}", &[decky], NOW).await.unwrap();
    store.personas_put(&[("sample".to_owned(), text.to_owned())], NOW).await.unwrap();
    let pool = derive(&[3; 32], &persona.domain, &[&persona]);
    let row = PoolRow {
        domain: persona.domain,
        document: serde_json::to_string(&pool).unwrap(),
        by: String::new(),
        changed_at: NOW,
    };
    store.pool_put(&row).await.unwrap();
    store.setting_put(PEOPLE_SECRET, &"03".repeat(32)).await.unwrap();
    store
}

async fn letters(store: &Store) -> BTreeMap<String, Micros> {
    let rows = store.letter_list(&LetterFilter::default(), LETTERS).await.unwrap();
    rows.into_iter().map(|row| (row.id, row.at)).collect()
}

async fn write(store: &Store, now: Micros) -> Counters {
    let mut writer = Writer::new(store.clone(), Settings::default());
    let stop = watch::Sender::new(false);
    while writer.pass(now, &stop.subscribe()).await.unwrap() == Work::More {}
    writer.counters
}

#[tokio::test]
async fn weeks_are_written_once_and_then_day_after_day_ahead_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &["imap"]).await;
    let first = write(&store, NOW).await;
    let all = letters(&store).await;
    assert_eq!((first.letters, first.by_model), (all.len() as u64, 0));
    assert!(all.values().any(|at| NOW < *at) && all.values().any(|at| *at < NOW - 60 * clock::DAY));
    assert!(200 < all.len(), "{}", all.len());
    assert_eq!(write(&store, NOW).await.letters, 0, "whoever begins anew writes nothing twice");
    let later = write(&store, NOW + 7 * clock::DAY).await;
    let then = letters(&store).await;
    assert!(
        later.letters > 20 && all.iter().filter(|(id, _)| then.contains_key(*id)).count() > all.len() / 2
    );
    write(&store, NOW + 21 * clock::DAY).await;
    let gone = all.values().min().unwrap();
    assert!(letters(&store).await.values().min().unwrap() > gone, "what is old is forgotten");
}

#[tokio::test]
async fn people_who_are_others_write_anew_what_is_yet_to_come() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &["pop3"]).await;
    write(&store, NOW).await;
    let before = letters(&store).await;
    let people = store.pool_get("corp.example").await.unwrap().unwrap();
    store.pool_replace(&people, 0).await.unwrap();
    let kept = letters(&store).await;
    let begun = |all: &BTreeMap<String, Micros>| all.values().filter(|at| **at <= NOW).count();
    assert_eq!(begun(&kept), begun(&before), "what was sent stays");
    assert!(kept.len() < before.len());
    assert!(write(&store, NOW).await.letters > 10);
}

#[tokio::test]
async fn nobody_writes_where_there_are_no_mailboxes() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &["ssh"]).await;
    assert_eq!(write(&store, NOW).await, Counters::default());
    assert!(letters(&store).await.is_empty());
}

#[tokio::test]
async fn a_model_is_asked_no_more_often_than_it_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::new(store(folder.path(), &["imap"]).await, Settings::default());
    assert!(writer.may_ask(NOW, 2).await.unwrap() && writer.may_ask(NOW, 2).await.unwrap());
    assert!(!writer.may_ask(NOW, 2).await.unwrap());
    assert!(writer.may_ask(NOW + clock::DAY, 2).await.unwrap(), "another day");
}

#[tokio::test]
async fn who_is_to_stop_waits_for_no_model_and_leaves_no_day_in_part() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), &["imap"]).await;
    // It takes the question and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", silent.local_addr().unwrap());
    let model = Model::new(&url, "small", "", std::path::Path::new("/nonexistent")).unwrap();
    let mut writer = Writer::new(store.clone(), Settings { model: Some((model, 100)) });
    let (stop, told) = watch::channel(false);
    let begun = std::time::Instant::now();
    let (work, ()) = tokio::join!(writer.pass(NOW, &told), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        stop.send(true).unwrap();
    });
    assert_eq!(work.unwrap(), Work::Done);
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(writer.counters.letters, letters(&store).await.len() as u64);
    let day = store.setting_get(&format!("{LETTER_DAY}.corp.example")).await.unwrap();
    assert!(
        day.is_none_or(|day| day.parse::<i64>().unwrap() < NOW / clock::DAY),
        "the rest is yet to be written"
    );
}

#[tokio::test]
async fn a_model_that_says_what_is_unfit_is_not_silent() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(store(folder.path(), &["imap"]).await, Settings::default());
    for spoken in ["", "", "unfit", "", ""] {
        let spoken = match spoken {
            "" => Spoken::Nothing("no answer".to_owned()),
            why => Spoken::Unfit(why),
        };
        assert_eq!(writer.heard("hash", spoken, NOW).await.unwrap(), None);
    }
    assert_eq!((writer.failures, writer.paused), (2, 0), "never three in a row");
    writer.heard("hash", Spoken::Nothing("no answer".to_owned()), NOW).await.unwrap();
    assert_eq!(writer.paused, NOW + PAUSE);
}
