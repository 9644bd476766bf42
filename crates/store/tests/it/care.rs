//! Copies, checks, and beginning anew.

use crate::{
    backend::{on_every_backend, on_sqlite},
    ingest::ingest,
    lines::{With, line},
    users::login,
};
use decnet_model::{access::Role, worker::Worker};
use decnet_store::{
    DumpError, Store,
    record::{Change, DeckyIntent, Filter, NewAuditEntry, Page, User, View},
};
use netsvc_wire::field;
use std::collections::BTreeMap;

on_every_backend!(
    a_copy_fills_another_store,
    a_store_that_is_emptied_can_be_used,
    a_sound_store_has_nothing_wrong,
    a_damaged_copy_is_told,
);

async fn fill(store: &Store) {
    let batch: Vec<_> = (1..=2500)
        .map(|number| match number % 50 {
            0 => line(number, "auth_attempt")
                .with(field::PRINCIPAL, &b"ro\xffot"[..])
                .with(field::SECRET_B64, format!("YW{number:02}").as_bytes()),
            1 => line(number, "file_captured").with(field::SHA256, format!("{number:064x}")),
            _ => line(number, "command").with(field::COMMAND, format!("echo {number} \u{1f980}")),
        })
        .collect();
    ingest(store, &batch).await;
    let intent = DeckyIntent { name: "a".into(), ip: None, services: vec!["ssh".into()], plan: "{}".into() };
    store.fleet_put("{}", &[intent], 5).await.unwrap();
    let user = User {
        name: "admin".into(),
        password_hash: "x".into(),
        role: Role::Admin,
        must_change: true,
        created_at: 1,
    };
    store.user_put(&user).await.unwrap();
    store.token_put(&login("t", "admin")).await.unwrap();
    let entry = NewAuditEntry {
        at: 7,
        actor: "admin".into(),
        via: "login",
        address: "192.0.2.1".parse().ok(),
        action: "session.create",
        target: String::new(),
        outcome: 200,
    };
    store.audit_put(&entry).await.unwrap();
    let fence = store.lease_take(Worker::Correlator).await.unwrap();
    store.project(&fence, &Change::Words(vec![(3, "zzecho".into())]), 0, 2500).await.unwrap();
    store.project(&fence, &Change::Timeline(BTreeMap::new()), 0, 2500).await.unwrap();
}

async fn dump(store: &Store) -> Vec<u8> {
    let mut out = Vec::new();
    store.dump(&mut out).await.unwrap();
    out
}

async fn a_copy_fills_another_store(store: Store) {
    fill(&store).await;
    let copy = dump(&store).await;
    on_sqlite(async |other: Store| {
        let rows = other.fill(&mut copy.as_slice()).await.unwrap();
        assert_eq!(Store::look_through(&mut copy.as_slice()).unwrap(), rows);
        assert!(rows > 2500);
        assert_eq!(other.check().await.unwrap(), [""; 0]);
        let page = Page::after(0, 5000);
        let (all, none) = (Filter::default(), DumpError::NotEmpty.to_string());
        assert_eq!(other.event_list(&all, page).await.unwrap(), store.event_list(&all, page).await.unwrap());
        assert_eq!(
            other.credential_list(&all, page).await.unwrap(),
            store.credential_list(&all, page).await.unwrap()
        );
        assert_eq!(other.totals().await.unwrap(), store.totals().await.unwrap());
        assert_eq!(other.decky_list().await.unwrap(), store.decky_list().await.unwrap());
        assert_eq!(other.token_user("t", 15).await.unwrap().unwrap().0.name, "admin");
        assert_eq!(other.audit_list(page).await.unwrap(), store.audit_list(page).await.unwrap());
        assert_eq!(other.audit_list(page).await.unwrap().len(), 1);
        assert_eq!(other.position().await.unwrap(), store.position().await.unwrap());
        assert_eq!(other.cursor(View::Timeline).await.unwrap(), 2500);
        assert_eq!(other.cursor(View::Words).await.unwrap(), 0, "words are made anew");
        assert_eq!(other.fill(&mut copy.as_slice()).await.unwrap_err().to_string(), none);
        let again = ingest(&other, &[line(2500, "command"), line(2501, "command")]).await;
        assert_eq!((again.doubles, again.rows, again.last_id), (1, 1, 2501));
    })
    .await;
}

async fn a_store_that_is_emptied_can_be_used(store: Store) {
    fill(&store).await;
    let copy = dump(&store).await;
    store.reset().await.unwrap();
    assert!(store.is_empty().await.unwrap());
    assert_eq!(store.totals().await.unwrap(), Default::default());
    assert!(
        store.sizes().await.unwrap().iter().all(|size| size.rows == u64::from(size.table == "log_position"))
    );
    assert_eq!(ingest(&store, &[line(1, "connect")]).await.last_id, 1);
    store.reset().await.unwrap();
    store.fill(&mut copy.as_slice()).await.unwrap();
    assert_eq!(dump(&store).await, without_words(&copy));
    // Its tables may stay, and nothing else is different.
    store.truncate().await.unwrap();
    assert!(store.is_empty().await.unwrap());
    assert_eq!(store.totals().await.unwrap(), Default::default());
    assert_eq!(store.check().await.unwrap(), [""; 0]);
    assert_eq!(ingest(&store, &[line(1, "connect")]).await.last_id, 1);
    store.truncate().await.unwrap();
    store.fill(&mut copy.as_slice()).await.unwrap();
    assert_eq!(dump(&store).await, without_words(&copy));
}

/// A copy without the cursor of the words, which is not kept.
fn without_words(copy: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(copy.to_vec()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("[\"words\","));
    let count = |line: &str| match line.strip_prefix("{\"rows\":") {
        Some(rest) => format!("{{\"rows\":{}}}\n", rest.trim_end_matches('}').parse::<u64>().unwrap() - 1),
        None => format!("{line}\n"),
    };
    lines.map(count).collect::<String>().into_bytes()
}

async fn a_sound_store_has_nothing_wrong(store: Store) {
    fill(&store).await;
    assert_eq!(store.check().await.unwrap(), [""; 0]);
    assert_eq!(store.sizes().await.unwrap().iter().find(|size| size.table == "events").unwrap().rows, 2500);
}

async fn a_damaged_copy_is_told(store: Store) {
    ingest(&store, &[line(1, "connect")]).await;
    let copy = String::from_utf8(dump(&store).await).unwrap();
    for (damaged, told) in [
        (copy.replace("decnet-store", "other"), "line 1"),
        (copy.replace("\"version\":", "\"version\":9"), "newer release"),
        (copy.replace("\"src_port\"", "\"src_part\""), "no column src_port"),
        (copy.replace("\"table\":\"sessions\"", "\"table\":\"nothing\""), "no table"),
        (copy.lines().take(12).map(|line| format!("{line}\n")).collect(), "ends too soon"),
        (copy.replace("{\"rows\":", "{\"rows\":1"), "rows are missing"),
        (String::new(), "no copy"),
        ("[".repeat(100_000), "line 1"),
    ] {
        let error = Store::look_through(&mut damaged.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(told), "{error}: {told}");
    }
    // What an earlier release wrote has no columns that came since.
    let older = copy.replace(&format!("\"version\":{}", Store::VERSION), "\"version\":1");
    let older = older.replace("\"src_port\"", "\"src_part\"");
    assert!(Store::look_through(&mut older.as_bytes()).is_ok());
    store.reset().await.unwrap();
    let short = copy.replace("{\"rows\":", "{\"rows\":1");
    let error = store.fill(&mut short.as_bytes()).await.unwrap_err().to_string();
    assert!(error.contains("rows are missing"), "{error}");
}

#[tokio::test]
async fn a_step_that_another_branch_has_not_seen_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let place = path.to_str().unwrap();
    Store::open(place).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    for sql in
        ["DROP TABLE retired", "DELETE FROM schema_version WHERE version IN (3, 6)", "DROP TABLE holdings"]
    {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
    }
    sqlx::query("INSERT INTO schema_version (version) VALUES (6)").execute(&pool).await.unwrap();
    pool.close().await;
    let store = Store::open(place).await.unwrap();
    let wrong = store.check().await.unwrap();
    assert_eq!(
        wrong,
        ["table holdings is missing", "retired.bytes is missing"],
        "step 3 was run, step 6 not"
    );
}

#[tokio::test]
async fn a_column_that_is_missing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let place = path.to_str().unwrap();
    Store::open(place).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    for sql in
        ["ALTER TABLE tallies DROP COLUMN last_at", "DROP TABLE retired", "ALTER TABLE gaps ADD COLUMN x"]
    {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
    }
    pool.close().await;
    assert_eq!(Store::version(place, None).await.unwrap(), Some(Store::VERSION));
    let wrong = Store::open(place).await.unwrap().check().await.unwrap();
    assert_eq!(
        wrong,
        ["gaps.x is unknown to this release", "tallies.last_at is missing", "table retired is missing"]
    );
}
