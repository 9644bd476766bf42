//! Opening and opening again.

use crate::{ingest::ingest, lines::line};
use decnet_store::{Error, Store};
use sqlx::Connection;
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn a_store_is_private_and_keeps_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let place = path.to_str().unwrap();
    let store = Store::open(place).await.unwrap();
    ingest(&store, &[line(1, "connect")]).await;
    for side in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{place}{side}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{side}");
    }
    let second = Store::open(&format!("sqlite://{place}")).await.unwrap();
    assert_eq!(second.event_last().await.unwrap(), 1);
    store.close().await;
    second.close().await;
    assert_eq!(Store::open(place).await.unwrap().event_last().await.unwrap(), 1);
}

#[tokio::test]
async fn a_store_of_a_newer_release_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let place = path.to_str().unwrap();
    Store::open(place).await.unwrap().close().await;
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{place}")).await.unwrap();
    sqlx::query("INSERT INTO schema_version (version) VALUES (99)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert!(matches!(Store::open(place).await, Err(Error::Newer { found: 99, .. })));
}

/// Steps that broke off on a server whose DDL is in no transaction are run again.
#[tokio::test]
async fn steps_can_be_run_again() {
    crate::backend::on_mysql("steps_can_be_run_again", |store| async move {
        ingest(&store, &[line(1, "connect")]).await;
        let url = std::env::var("DECNET_TEST_MYSQL_URL").unwrap();
        let place = format!("{}/t_steps_can_be_run_again", url.rsplit_once('/').unwrap().0);
        let mut connection = sqlx::MySqlConnection::connect(&place).await.unwrap();
        sqlx::query("DELETE FROM schema_version WHERE version > 1").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let again = Store::open(&place).await.unwrap();
        assert_eq!(again.event_last().await.unwrap(), 1);
        again.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_place_that_cannot_be_is_an_error() {
    assert!(matches!(Store::open("/nowhere/at/all.db").await, Err(Error::Create { .. })));
}

#[tokio::test]
async fn processes_may_open_a_new_store_at_the_same_time() {
    for _ in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("store.db").to_str().unwrap().to_owned();
        let open = |_| {
            let place = place.clone();
            tokio::spawn(async move { Store::open(&place).await })
        };
        let opened: Vec<_> = (0..16).map(open).collect();
        for store in opened {
            let store = store.await.unwrap();
            assert_eq!(store.unwrap().event_last().await.unwrap(), 0);
        }
    }
}
