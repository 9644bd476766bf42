//! Users and tokens.

use crate::backend::on_every_backend;
use decnet_store::{Store, record::User};

on_every_backend!(a_token_works_until_revoked_or_expired, a_user_is_replaced_by_name);

fn user(hash: &str) -> User {
    User { name: "admin".into(), password_hash: hash.into(), role: "admin".into(), created_at: 1 }
}

async fn a_token_works_until_revoked_or_expired(store: Store) {
    store.user_put(&user("h")).await.unwrap();
    for id in ["one", "two", "three"] {
        store.token_put(id, "admin", 10, 20).await.unwrap();
    }
    assert_eq!(store.token_user("one", 19).await.unwrap(), Some(user("h")));
    assert_eq!(store.token_user("one", 20).await.unwrap(), None);
    store.token_revoke("one", 11).await.unwrap();
    assert_eq!(store.token_user("one", 12).await.unwrap(), None);
    assert!(store.token_user("two", 12).await.unwrap().is_some());
    store.token_revoke_all("admin", 13).await.unwrap();
    assert_eq!(store.token_user("two", 14).await.unwrap(), None);
    assert!(store.token_put("four", "nobody", 10, 20).await.is_err(), "foreign keys are on");
}

async fn a_user_is_replaced_by_name(store: Store) {
    store.user_put(&user("old")).await.unwrap();
    store.user_put(&user("new")).await.unwrap();
    assert_eq!(store.user_list().await.unwrap(), [user("new")]);
    assert_eq!(store.user_get("Admin").await.unwrap(), None);
}
