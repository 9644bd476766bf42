//! Users, their logins, links and tokens, and the audit log.

use crate::backend::on_every_backend;
use decnet_model::access::Role;
use decnet_store::{
    Store,
    record::{ApiToken, Login, LoginLink, NewAuditEntry, Page, User, UserChange},
};

on_every_backend!(
    a_login_works_until_revoked_or_expired,
    a_user_is_replaced_by_name,
    the_last_administrator_stays,
    a_password_is_changed_of_who_is_there_and_nothing_else_of_him,
    a_link_works_once,
    a_token_for_programs_works_until_revoked_or_expired,
    the_audit_log_has_pages,
);

fn user(name: &str, hash: &str, role: Role) -> User {
    User { name: name.into(), password_hash: hash.into(), role, must_change: false, created_at: 1 }
}

/// A login from 10 to 20.
pub(crate) fn login(id: &str, user: &str) -> Login {
    Login {
        id: id.into(),
        user_name: user.into(),
        issued_at: 10,
        expires_at: 20,
        revoked_at: None,
        kind: "password".into(),
        address: "192.0.2.1".parse().ok(),
        agent: "curl\u{1b}".into(),
    }
}

async fn a_login_works_until_revoked_or_expired(store: Store) {
    let admin = user("admin", "h", Role::Admin);
    store.user_put(&admin).await.unwrap();
    for id in ["one", "two", "three"] {
        store.token_put(&login(id, "admin")).await.unwrap();
    }
    assert_eq!(store.token_user("one", 19).await.unwrap(), Some((admin, "password".to_owned())));
    assert_eq!(store.token_user("one", 20).await.unwrap(), None);
    store.token_revoke("one", 11).await.unwrap();
    assert_eq!(store.token_user("one", 12).await.unwrap(), None);
    assert!(store.token_user("two", 12).await.unwrap().is_some());
    let listed = store.token_list("admin", 12).await.unwrap();
    assert_eq!(listed, [login("three", "admin"), login("two", "admin")]);
    store.token_revoke_all("admin", 13).await.unwrap();
    assert_eq!(store.token_user("two", 14).await.unwrap(), None);
    assert!(store.token_put(&login("four", "nobody")).await.is_err(), "foreign keys are on");
}

async fn a_user_is_replaced_by_name(store: Store) {
    store.user_put(&user("admin", "old", Role::Admin)).await.unwrap();
    store.user_put(&user("admin", "new", Role::Viewer)).await.unwrap();
    assert_eq!(store.user_list().await.unwrap(), [user("admin", "new", Role::Viewer)]);
    assert_eq!(store.user_get("Admin").await.unwrap(), None);
}

async fn the_last_administrator_stays(store: Store) {
    store.user_put(&user("a", "h", Role::Admin)).await.unwrap();
    store.user_put(&user("b", "h", Role::Viewer)).await.unwrap();
    assert_eq!(store.user_remove("a").await.unwrap(), UserChange::LastAdmin);
    assert_eq!(store.user_role_set("a", Role::Analyst).await.unwrap(), UserChange::LastAdmin);
    assert_eq!(store.user_role_set("b", Role::Admin).await.unwrap(), UserChange::Done);
    store.token_put(&login("one", "a")).await.unwrap();
    assert_eq!(store.user_remove("a").await.unwrap(), UserChange::Done);
    assert_eq!(store.token_get("one").await.unwrap(), None, "his logins go with him");
    assert_eq!(store.user_remove("a").await.unwrap(), UserChange::Absent);
    assert_eq!(store.user_remove("b").await.unwrap(), UserChange::LastAdmin);
}

async fn a_password_is_changed_of_who_is_there_and_nothing_else_of_him(store: Store) {
    for (name, hash) in [("admin", "h"), ("eve", "old")] {
        store.user_put(&user(name, hash, Role::Admin)).await.unwrap();
    }
    store.token_put(&login("one", "eve")).await.unwrap();
    store.user_role_set("eve", Role::Viewer).await.unwrap();
    assert!(store.user_password_set("eve", "new", false, Some("old"), 12).await.unwrap());
    assert_eq!(store.user_get("eve").await.unwrap(), Some(user("eve", "new", Role::Viewer)));
    assert_eq!(store.token_user("one", 13).await.unwrap(), None, "his logins end");
    assert!(!store.user_password_set("eve", "late", false, Some("old"), 14).await.unwrap());
    store.user_remove("eve").await.unwrap();
    assert!(!store.user_password_set("eve", "late", true, None, 15).await.unwrap());
    assert_eq!(store.user_get("eve").await.unwrap(), None, "who was removed stays so");
}

async fn a_link_works_once(store: Store) {
    store.user_put(&user("admin", "h", Role::Admin)).await.unwrap();
    let link = |hash: &str| LoginLink { hash: hash.into(), user_name: "admin".into(), expires_at: 20 };
    store.link_put(&link("one"), 10).await.unwrap();
    store.link_put(&link("two"), 10).await.unwrap();
    assert_eq!(store.link_take("one", 20).await.unwrap(), None, "expired");
    assert!(store.link_take("two", 19).await.unwrap().is_some());
    assert_eq!(store.link_take("two", 19).await.unwrap(), None);
}

async fn a_token_for_programs_works_until_revoked_or_expired(store: Store) {
    store.user_put(&user("eve", "h", Role::Analyst)).await.unwrap();
    let token = |id: &str| ApiToken {
        id: id.into(),
        user_name: "eve".into(),
        name: "siem".into(),
        hash: format!("hash of {id}"),
        scopes: "read".into(),
        created_at: 10,
        expires_at: 20,
        used_at: None,
        revoked_at: None,
    };
    store.api_token_put(&token("one")).await.unwrap();
    let (found, owner) = store.api_token_use("hash of one", 15).await.unwrap().unwrap();
    assert_eq!((found, owner.role), (token("one"), Role::Analyst));
    assert_eq!(store.api_token_list(None).await.unwrap()[0].used_at, Some(15));
    assert_eq!(store.api_token_use("hash of one", 20).await.unwrap(), None);
    assert!(!store.api_token_revoke("one", Some("admin"), 16).await.unwrap(), "somebody else's");
    assert!(store.api_token_revoke("one", Some("eve"), 16).await.unwrap());
    assert_eq!(store.api_token_use("hash of one", 17).await.unwrap(), None);
    assert_eq!(store.api_token_list(Some("admin")).await.unwrap(), []);
}

async fn the_audit_log_has_pages(store: Store) {
    for outcome in 200..210 {
        let entry = NewAuditEntry {
            at: i64::from(outcome),
            actor: "eve\0\u{202e}".into(),
            via: "session",
            address: "2001:db8::1".parse().ok(),
            action: "user.delete",
            target: "/users/x".into(),
            outcome,
        };
        store.audit_put(&entry).await.unwrap();
    }
    let newest = store.audit_list(Page::newest(3)).await.unwrap();
    assert_eq!(newest.iter().map(|entry| entry.outcome).collect::<Vec<_>>(), [209, 208, 207]);
    let older = store.audit_list(Page::before(newest[2].id, 2)).await.unwrap();
    assert_eq!((older[0].outcome, older[0].actor.as_str()), (206, "eve\0\u{202e}"));
}
