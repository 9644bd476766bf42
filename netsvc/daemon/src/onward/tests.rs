//! Connections of a shell over the loopback network.

use super::*;
use crate::{account, away::away};
use netsvc_kit::testing;
use netsvc_persona::{Attached, Persona, Reach as Network};
use netsvc_shell::Stream;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

fn node(name: &str, ip: [u8; 4], inner: [u8; 4], network: [u8; 4]) -> Persona {
    let mut persona = testing::persona(name);
    (persona.hostname, persona.ip) = (name.to_owned(), Ipv4Addr::from(ip).into());
    persona.place.addresses = vec![Attached { ip: inner.into(), prefix: 24 }];
    persona.place.reach =
        vec![Network { network: network.into(), prefix: 24, from: inner.into(), ports: Vec::new(), hops: 0 }];
    persona
}

/// Says what it hears, once for each connection, at the port that it gives.
async fn echo(address: &str) -> u16 {
    let listener = TcpListener::bind(address).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut came = vec![0; 64];
            let count = stream.read(&mut came).await.unwrap_or(0);
            let heard = came.get(..count).unwrap_or_default().to_vec();
            let _ = stream.write_all(&[b"heard ", &heard[..]].concat()).await;
        }
    });
    port
}

#[tokio::test]
async fn a_shell_connects_where_its_node_does_and_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let stage = testing::stage(folder.path());
    let front = node("front", [127, 71, 0, 2], [127, 71, 1, 1], [127, 71, 1, 0]);
    let front = testing::host(&stage, front, "ssh", &[]);
    let back = node("back", [127, 71, 1, 7], [127, 71, 2, 1], [127, 71, 2, 0]);
    let _back = testing::host(&stage, back, "ssh", &[]);
    let port = echo("127.71.1.7:0").await;
    let own = echo("127.71.0.2:0").await;
    let link = testing::link(22);
    for (line, wanted) in [
        (format!("echo one | nc -w 3 back {port}"), "heard one\n"),
        (format!("exec 3<>/dev/tcp/127.71.1.7/{port}; echo two >&3; cat <&3"), "heard two\n"),
        (format!("echo three | nc -w 3 localhost {own}"), "heard three\n"),
        (format!("echo four | nc -w 3 127.71.0.2 {own}"), "heard four\n"),
        ("nc -z -w 1 127.71.1.9 22 || echo nobody".to_owned(), "nobody\n"),
    ] {
        let facts = account::facts(&front, &link, None);
        let mut shell = account::shell(&front).login("root", link.source(), facts);
        lead(&front, &link, &mut shell);
        let run = line.clone();
        let ran = away(&front, &link, shell, move |shell| shell.exec(&run, Some(b""))).await;
        let (_, outcome) = ran.unwrap();
        assert_eq!(String::from_utf8_lossy(&outcome.bytes(Stream::Out)), wanted, "{line}");
    }
    stage.settle();
    let told: Vec<_> = testing::records(folder.path())
        .into_iter()
        .filter(|record| record.kind == "forward_request")
        .map(|record| {
            let of =
                |name: &str| String::from_utf8_lossy(record.field(name).unwrap_or_default()).into_owned();
            (of("target"), of("outcome"))
        })
        .collect();
    let told_of = |target: String, outcome: &str| told.contains(&(target, outcome.to_owned()));
    assert!(told_of(format!("tcp://back:{port}"), "accepted"), "{told:?}");
    assert!(told_of("tcp://127.71.1.9:22".to_owned(), "failed"), "{told:?}");
}
