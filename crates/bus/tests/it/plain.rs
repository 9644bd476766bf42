//! Clients that speak the plain format, byte by byte.

use crate::{Running, soon, wait_for};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

async fn connect(running: &Running) -> UnixStream {
    UnixStream::connect(running.path()).await.unwrap()
}

fn frame(header: &str, body: &str) -> Vec<u8> {
    let mut bytes = format!("{header}\n").into_bytes();
    bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

async fn read_frame(stream: &mut UnixStream) -> (String, serde_json::Value) {
    let mut header = Vec::new();
    loop {
        match stream.read_u8().await.unwrap() {
            b'\n' => break,
            byte => header.push(byte),
        }
    }
    let length = stream.read_u32().await.unwrap();
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.unwrap();
    (String::from_utf8(header).unwrap(), serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn a_plain_client_gets_events_and_no_acknowledgement() {
    let running = Running::start();
    let mut listener = connect(&running).await;
    listener.write_all(&frame("HELLO old", "")).await.unwrap();
    listener.write_all(&frame("SUB system.*.control", "")).await.unwrap();
    wait_for("it is subscribed", || (running.counters)().subscriptions == 1).await;
    let mut publisher = connect(&running).await;
    let body = json!({"v": 1, "id": "mine", "topic": "x", "type": "stop", "ts": 1.0, "payload": {"n": 1}});
    publisher.write_all(&frame("PUB system.api.control", &body.to_string())).await.unwrap();
    let (header, envelope) = soon(read_frame(&mut listener)).await;
    assert_eq!(header, "EVT system.api.control");
    assert_eq!(
        (&envelope["v"], &envelope["type"], &envelope["payload"]["n"]),
        (&1.into(), &"stop".into(), &1.into())
    );
    assert_eq!(envelope["topic"], "system.api.control");
    // The publisher's id and time are not believed.
    assert_ne!(envelope["id"], "mine");
    assert!(envelope["ts"].as_f64().unwrap() > 1_000_000_000.0);
}

#[tokio::test]
async fn an_empty_type_stays_empty_and_a_missing_one_is_the_topics_last_word() {
    let running = Running::start();
    let mut listener = connect(&running).await;
    listener.write_all(b"SUB a.>\r\n\0\0\0\0").await.unwrap();
    wait_for("it is subscribed", || (running.counters)().subscriptions == 1).await;
    let mut publisher = connect(&running).await;
    for (body, kind) in [(r#"{"type":"","payload":{}}"#, ""), (r#"{"payload":{}}"#, "b")] {
        publisher.write_all(&frame("PUB a.b", body)).await.unwrap();
        let (_, envelope) = soon(read_frame(&mut listener)).await;
        assert_eq!(envelope["type"], kind, "{body}");
    }
}

#[tokio::test]
async fn acknowledgements_come_to_those_who_ask_and_before_the_event() {
    let running = Running::start();
    let mut stream = connect(&running).await;
    stream.write_all(&frame("HELLO new ack=1", "")).await.unwrap();
    stream.write_all(&frame("SUB a.>", "")).await.unwrap();
    stream.write_all(&frame("PUB b.c", "")).await.unwrap();
    stream.write_all(&frame("UNSUB a.>", "")).await.unwrap();
    for wanted in ["ACK HELLO new", "ACK SUB a.>", "ACK PUB b.c", "ACK UNSUB a.>"] {
        assert_eq!(soon(read_frame(&mut stream)).await.0, wanted);
    }
}

#[tokio::test]
async fn a_publisher_does_not_hear_itself() {
    let running = Running::start();
    let mut stream = connect(&running).await;
    stream.write_all(&frame("HELLO new ack=1", "")).await.unwrap();
    stream.write_all(&frame("SUB a", "")).await.unwrap();
    stream.write_all(&frame("PUB a", "")).await.unwrap();
    stream.write_all(&frame("UNSUB a", "")).await.unwrap();
    for wanted in ["ACK HELLO new", "ACK SUB a", "ACK PUB a", "ACK UNSUB a"] {
        assert_eq!(soon(read_frame(&mut stream)).await.0, wanted);
    }
}

#[tokio::test]
async fn whoever_breaks_the_protocol_is_cut_off_alone() {
    let running = Running::start();
    let good = running.client("good");
    wait_for("the good client is there", || good.counters().connected).await;
    let long = "A".repeat(5000);
    let cases: [&[u8]; 5] = [
        b"NONSENSE\n\0\0\0\0",
        long.as_bytes(),
        b"PUB a\n\xff\xff\xff\xff",
        b"PUB a\n\0\0\0\x02[]",
        b"SUB a..b\n\0\0\0\0",
    ];
    for (index, bytes) in cases.into_iter().enumerate() {
        let mut stream = connect(&running).await;
        // The server may close before all of it is written.
        let _ = stream.write_all(bytes).await;
        let mut rest = Vec::new();
        let _ = soon(stream.read_to_end(&mut rest)).await;
        assert!(rest.is_empty());
        let wanted = u64::try_from(index).unwrap() + 1;
        wait_for("it is counted", || (running.counters)().protocol_errors == wanted).await;
    }
    assert!(good.counters().connected);
}

#[tokio::test]
async fn a_slow_subscriber_loses_the_oldest_and_the_loss_has_its_name() {
    let running = Running::start();
    let mut slow = connect(&running).await;
    slow.write_all(&frame("HELLO slow", "")).await.unwrap();
    slow.write_all(&frame("SUB big", "")).await.unwrap();
    wait_for("it is subscribed", || (running.counters)().subscriptions == 1).await;
    let mut publisher = connect(&running).await;
    publisher.write_all(&frame("HELLO fast ack=1", "")).await.unwrap();
    let body = json!({"payload": {"fill": "x".repeat(4000)}}).to_string();
    for _ in 0..2000 {
        publisher.write_all(&frame("PUB big", &body)).await.unwrap();
        soon(read_frame(&mut publisher)).await;
    }
    let counters = (running.counters)();
    assert!(counters.dropped > 0);
    assert_eq!(counters.dropped_by_client.get("slow"), Some(&counters.dropped));
    assert_eq!(soon(read_frame(&mut slow)).await.0, "EVT big");
}
