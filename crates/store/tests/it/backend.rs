//! One test body, every backend.

use decnet_store::Store;
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::future::Future;

/// Declares a module for each backend with one test for each function named.
macro_rules! on_every_backend {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { crate::backend::on_sqlite(super::$name).await; })*
        }
        mod mysql {
            $(#[tokio::test] async fn $name() {
                crate::backend::on_mysql(concat!(module_path!(), "_", stringify!($name)), super::$name).await;
            })*
        }
    };
}
pub(crate) use on_every_backend;

pub(crate) async fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Store) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    test(Store::open(path.to_str().unwrap()).await.unwrap()).await;
}

pub(crate) async fn on_mysql<F: Future<Output = ()>>(name: &str, test: impl FnOnce(Store) -> F) {
    let Ok(url) = std::env::var("DECNET_TEST_MYSQL_URL") else {
        assert!(std::env::var_os("CI").is_none(), "DECNET_TEST_MYSQL_URL is not set");
        return println!("skipped: DECNET_TEST_MYSQL_URL is not set");
    };
    // A database's name has at most 64 characters.
    let name: String = name.replace("::", "_").chars().rev().take(60).collect();
    let name = format!("t_{}", name.chars().rev().collect::<String>());
    let mut server = sqlx::MySqlConnection::connect(&url).await.unwrap();
    for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        server.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let (server_url, _) = url.rsplit_once('/').unwrap();
    let store = Store::open(&format!("{server_url}/{name}")).await.unwrap();
    test(store.clone()).await;
    store.close().await;
    server.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await.unwrap();
}
