//! The fleet, its personas, settings.

use crate::backend::on_every_backend;
use decnet_model::worker::Worker;
use decnet_store::{
    Store,
    record::{DeckyActual, DeckyDesired, DeckyIntent, DeckyState},
};

on_every_backend!(
    a_fleet_is_replaced_but_its_personas_stay,
    the_first_persona_wins,
    state_is_kept_across_deploys,
    settings_are_kept,
    writers_in_opposite_order_all_succeed,
    nobody_puts_a_fleet_over_one_that_he_has_not_read,
);

fn intent(name: &str, ip: &str) -> DeckyIntent {
    DeckyIntent {
        name: name.into(),
        ip: Some(ip.parse().unwrap()),
        services: vec!["ssh".into(), "http".into()],
        plan: "{\"a\": 1}".into(),
    }
}

async fn a_fleet_is_replaced_but_its_personas_stay(store: Store) {
    assert_eq!(store.fleet_get().await.unwrap(), None);
    let document = "{ \"b\": 1,\n \"a\": \"ü\" }";
    store.fleet_put(document, &[intent("b", "192.0.2.2"), intent("a", "192.0.2.1")], 5).await.unwrap();
    store.persona_put("a", "{\"v\":1}", 6).await.unwrap();
    store.fleet_put("{}", &[intent("b", "192.0.2.3")], 7).await.unwrap();
    assert_eq!(store.fleet_get().await.unwrap().as_deref(), Some("{}"));
    let rows = store.decky_list().await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.desired)).collect();
    assert_eq!(seen, [("a", DeckyDesired::Absent), ("b", DeckyDesired::Running)]);
    assert_eq!(rows[1].ip, Some("192.0.2.3".parse().unwrap()));
    assert_eq!(rows[1].services, ["ssh", "http"]);
    assert_eq!(store.persona_get("a").await.unwrap().as_deref(), Some("{\"v\":1}"));
}

async fn nobody_puts_a_fleet_over_one_that_he_has_not_read(store: Store) {
    let (a, b) = ([intent("a", "192.0.2.1")], [intent("b", "192.0.2.2")]);
    assert!(!store.fleet_put_over(Some("{}"), "[1]", &a, 1).await.unwrap(), "there is none");
    assert!(store.fleet_put_over(None, "[1]", &a, 1).await.unwrap());
    assert!(!store.fleet_put_over(None, "[2]", &b, 2).await.unwrap());
    assert_eq!(store.fleet_get().await.unwrap().as_deref(), Some("[1]"));
    assert_eq!(store.decky_list().await.unwrap().len(), 1);
    assert!(store.fleet_put_over(Some("[1]"), "[2]", &b, 2).await.unwrap());
    let rows = store.decky_list().await.unwrap();
    let desired: Vec<_> = rows.iter().map(|row| row.desired).collect();
    assert_eq!(desired, [DeckyDesired::Absent, DeckyDesired::Running]);
    // Of two who have read the same one comes first.
    let both = tokio::join!(
        store.fleet_put_over(Some("[2]"), "[3]", &a, 3),
        store.fleet_put_over(Some("[2]"), "[4]", &b, 3),
    );
    assert_ne!(both.0.unwrap(), both.1.unwrap());
}

async fn the_first_persona_wins(store: Store) {
    let first = "{\n  \"x\" : \"\u{1f980}\" }";
    assert_eq!(store.persona_put("a", first, 1).await.unwrap(), first);
    assert_eq!(store.persona_put("a", "{}", 2).await.unwrap(), first);
    store.fleet_put("{}", &[intent("a", "192.0.2.1")], 3).await.unwrap();
    assert_eq!(store.persona_get("a").await.unwrap().as_deref(), Some(first));
    assert!(store.persona_reset("a", 4).await.unwrap());
    assert_eq!(store.persona_get("a").await.unwrap(), None);
    assert_eq!(store.persona_put("a", "{}", 5).await.unwrap(), "{}");
    let many: Vec<_> = (0..1200).map(|number| (format!("d-{number}"), "{}".to_owned())).collect();
    store.personas_put(&[("a".into(), "[]".into()), ("b".into(), "[1]".into())], 6).await.unwrap();
    store.personas_put(&many, 6).await.unwrap();
    assert_eq!(store.persona_get("a").await.unwrap().as_deref(), Some("{}"));
    assert_eq!(store.persona_get("b").await.unwrap().as_deref(), Some("[1]"));
    assert_eq!(store.decky_list().await.unwrap().len(), 1202);
}

fn state(name: &str, actual: DeckyActual) -> DeckyState {
    DeckyState { name: name.into(), actual, reason: String::new() }
}

async fn state_is_kept_across_deploys(store: Store) {
    store.fleet_put("{}", &[intent("a", "192.0.2.1")], 1).await.unwrap();
    let fence = store.lease_take(Worker::Fleet).await.unwrap();
    assert!(store.decky_state_set(Some(&fence), "a", DeckyActual::Failed, "address taken", 2).await.unwrap());
    assert!(!store.decky_state_set(None, "nobody", DeckyActual::Running, "", 2).await.unwrap());
    store.fleet_put("{}", &[intent("a", "192.0.2.1")], 3).await.unwrap();
    let decky = store.decky_get("a").await.unwrap().unwrap();
    assert_eq!((decky.actual, decky.reason.as_str()), (DeckyActual::Failed, "address taken"));
    let states = [state("a", DeckyActual::Running), state("nobody", DeckyActual::Running)];
    store.decky_states_set(Some(&fence), &states, 4).await.unwrap();
    assert_eq!(store.decky_get("a").await.unwrap().unwrap().actual, DeckyActual::Running);
    store.lease_take(Worker::Fleet).await.unwrap();
    assert!(store.decky_state_set(Some(&fence), "a", DeckyActual::Running, "", 5).await.is_err());
    assert!(store.decky_states_set(Some(&fence), &states, 5).await.is_err());
}

async fn settings_are_kept(store: Store) {
    assert_eq!(store.setting_default("secret", "one").await.unwrap(), "one");
    assert_eq!(store.setting_default("secret", "two").await.unwrap(), "one");
    store.setting_put("secret", "three").await.unwrap();
    assert_eq!(store.setting_get("secret").await.unwrap().as_deref(), Some("three"));
    assert_eq!(store.setting_get("other").await.unwrap(), None);
}

async fn writers_in_opposite_order_all_succeed(store: Store) {
    let forth: Vec<_> = (0..60).map(|number| intent(&format!("d-{number:02}"), "192.0.2.1")).collect();
    let back: Vec<_> = forth.iter().rev().cloned().collect();
    for round in 0..8 {
        let (one, two, three) = tokio::join!(
            store.fleet_put("{}", &forth, round),
            store.fleet_put("{}", &back, round),
            store.persona_put("d-30", "{}", round),
        );
        one.unwrap();
        two.unwrap();
        three.unwrap();
    }
    assert_eq!(store.decky_list().await.unwrap().len(), 60);
}
