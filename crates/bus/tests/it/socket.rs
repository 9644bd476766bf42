//! Our client against our server.

use crate::{Running, soon, wait_for};
use decnet_bus::{BindError, Bus, Rights, Server};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

#[tokio::test]
async fn a_message_reaches_subscribers_in_every_transport() {
    let running = Running::start();
    for (publisher, subscriber) in [
        (running.client("a"), running.client("b")),
        (running.client("c"), running.client("c")),
        {
            let local = Bus::local();
            (local.clone(), local)
        },
        {
            let same = running.client("d");
            (same.clone(), same)
        },
    ] {
        let mut inbox = subscriber.subscribe("log.*".parse().unwrap());
        let mut other = subscriber.subscribe("fleet.>".parse().unwrap());
        soon(inbox.ready()).await;
        publisher.publish(&"log.appended".parse().unwrap(), &json!({ "lines": 3 }));
        let message = soon(inbox.next()).await.unwrap();
        assert_eq!(message.topic.as_str(), "log.appended");
        assert_eq!((message.kind.as_str(), message.payload["lines"].as_u64()), ("appended", Some(3)));
        assert_eq!(message.id.len(), 32);
        assert!(other.try_next().is_none());
    }
}

#[tokio::test]
async fn one_handle_gets_its_own_message_once() {
    let running = Running::start();
    let bus = running.client("one");
    let mut inbox = bus.subscribe(">".parse().unwrap());
    soon(inbox.ready()).await;
    bus.publish(&"a.b".parse().unwrap(), &json!({}));
    wait_for("the server has it", || (running.counters)().published >= 2).await;
    let mut seen = Vec::new();
    while let Some(message) = inbox.try_next() {
        seen.push(message.topic.to_string());
    }
    assert_eq!(seen.iter().filter(|topic| *topic == "a.b").count(), 1);
}

#[tokio::test]
async fn clients_return_after_the_server_does_and_subscribe_again() {
    let running = Running::start();
    let (publisher, subscriber) = (running.client("a"), running.client("b"));
    let mut inbox = subscriber.subscribe("log.>".parse().unwrap());
    soon(inbox.ready()).await;
    let folder = running.stop().await;
    wait_for("both see the end", || !publisher.counters().connected && !subscriber.counters().connected)
        .await;
    let running = Running::with(folder, Rights::own());
    wait_for("both are back", || publisher.counters().connected && subscriber.counters().connected).await;
    soon(inbox.ready()).await;
    publisher.publish(&"log.appended".parse().unwrap(), &json!({}));
    assert!(soon(inbox.next()).await.is_some());
    assert_eq!(subscriber.counters().reconnects, 1);
    drop(running);
}

#[tokio::test]
async fn what_is_published_before_the_server_is_up_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let early = Bus::unix(folder.path().join("bus.sock"), "early");
    early.publish(&"log.appended".parse().unwrap(), &json!({}));
    let running = Running::with(folder, Rights::own());
    wait_for("it arrived", || (running.counters)().published >= 2).await;
}

#[tokio::test]
async fn a_second_server_does_not_start_while_the_first_lives() {
    let running = Running::start();
    assert!(matches!(Server::bind(&running.path(), Rights::own()), Err(BindError::Taken(_))));
    let mode = std::fs::metadata(running.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let bus = running.client("still");
    wait_for("the first still serves", || bus.counters().connected).await;
    let path = running.path();
    let folder = running.stop().await;
    assert!(!path.exists());
    // A socket file left behind by a killed server is no obstacle.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let running = Running::with(folder, Rights::own());
    let bus = running.client("next");
    wait_for("the next serves", || bus.counters().connected).await;
}

#[tokio::test]
async fn a_uid_without_rights_publishes_nothing_and_is_told() {
    let running = Running::with(tempfile::tempdir().unwrap(), Rights::none());
    let (publisher, subscriber) = (running.client("a"), running.client("b"));
    let mut inbox = subscriber.subscribe("system.*.control".parse().unwrap());
    soon(inbox.ready()).await;
    publisher.publish(&"system.api.control".parse().unwrap(), &json!({ "action": "stop" }));
    wait_for("the refusal came back", || publisher.counters().refused == 1).await;
    assert!(inbox.try_next().is_none());
    assert_eq!((running.counters)().refused, 1);
}

#[tokio::test]
async fn a_full_inbox_drops_its_oldest_and_says_so() {
    let bus = Bus::local();
    let mut inbox = bus.subscribe("a".parse().unwrap());
    let topic = "a".parse().unwrap();
    for number in 0..1030_u64 {
        bus.publish(&topic, &number);
    }
    assert_eq!((inbox.dropped(), bus.counters().dropped_in), (6, 6));
    assert_eq!(inbox.try_next().unwrap().payload["value"], 6);
}

#[tokio::test]
async fn the_bus_that_is_off_takes_everything_and_says_nothing() {
    let bus = Bus::off();
    let mut inbox = bus.subscribe(">".parse().unwrap());
    soon(inbox.ready()).await;
    bus.publish(&"a".parse().unwrap(), &json!({}));
    assert!(inbox.try_next().is_none());
    drop(inbox);
}

#[tokio::test]
async fn a_dropped_inbox_ends_its_subscription() {
    let running = Running::start();
    let bus = running.client("a");
    let (first, second) = (bus.subscribe("x.>".parse().unwrap()), bus.subscribe("x.>".parse().unwrap()));
    soon(async { tokio::join!(first.ready(), second.ready()) }).await;
    assert_eq!((running.counters)().subscriptions, 1);
    drop(first);
    drop(second);
    wait_for("the server forgot it", || (running.counters)().subscriptions == 0).await;
    drop(bus);
    wait_for("the connection is gone", || (running.counters)().connections == 0).await;
}

#[tokio::test]
async fn an_inbox_ends_with_its_bus() {
    let bus = Bus::local();
    let mut inbox = bus.subscribe(">".parse().unwrap());
    drop(bus);
    assert!(soon(inbox.next()).await.is_none());
}
