//! What a peer hears on connections that become something else, and in the frames of HTTP/2: TLS lies below, and is the
//! kit's.

use super::{
    SERVICE,
    framed::Framed,
    serve,
    spdy::testing::{self as spdy, Client},
};
use crate::services::http::h2;
use netsvc_kit::{
    Host, Input, Link, Machine, Out, Session,
    testing::{host, link, persona_with, records, sent, stage},
};
use netsvc_persona::{Attached, Reach};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Time in which everything is said.
const PATIENCE: Duration = Duration::from_secs(20);
const POD: &str =
    "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"nginx:1.25.3\"}]}}";

fn cluster(folder: &Path) -> Arc<Host> {
    host(&stage(folder), persona_with(&SERVICE, "k8s-01"), SERVICE.slug, &[])
}

/// All that a peer hears who says this, with a pod made before it.
async fn heard(host: &Arc<Host>, said: &[u8], more: bool) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, from) = listener.accept().await.unwrap();
    let link = Link { peer: from, local: stream.local_addr().unwrap(), ..link(6443) };
    let session = Session::begin(stream, host.clone(), link, SERVICE.idle, None);
    let serving = tokio::spawn(serve(session));
    let made = format!(
        "POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{POD}",
        POD.len()
    );
    peer.write_all(&[made.as_bytes(), said].concat()).await.unwrap();
    if !more {
        peer.shutdown().await.unwrap();
    }
    let mut heard = Vec::new();
    tokio::time::timeout(PATIENCE, peer.read_to_end(&mut heard)).await.unwrap().unwrap();
    drop(peer);
    let _ = serving.await;
    heard
}

/// What comes behind the head with which the connection changes.
fn behind(heard: &[u8]) -> &[u8] {
    let find = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).position(|window| window == wanted);
    let at = find(heard, b"101 Switching Protocols").unwrap_or_else(|| {
        panic!("{}", String::from_utf8_lossy(heard));
    });
    let rest = &heard[at..];
    &rest[find(rest, b"\r\n\r\n").unwrap() + 4..]
}

fn asked(path: &str, fields: &str) -> Vec<u8> {
    let head = format!(
        "POST /api/v1/namespaces/default/pods/p/{path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n{fields}\r\n"
    );
    head.into_bytes()
}

const STREAMS: &str = "Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\
                       X-Stream-Protocol-Version: channel.k8s.io\r\n";
const FRAMES: &str = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
                      dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n";

#[tokio::test]
async fn a_program_is_run_over_spdy_as_kubectl_does() {
    let folder = tempfile::tempdir().unwrap();
    let host = cluster(folder.path());
    let mut client = Client::new();
    let mut said = asked("exec?command=id&stdout=true&stderr=true", STREAMS);
    for (stream, name) in [(1, "error"), (3, "stdout"), (5, "stderr")] {
        said.extend(client.open(stream, &[("streamtype", name)]));
    }
    let heard = heard(&host, &said, true).await;
    let frames = spdy::read(behind(&heard));
    let on = |wanted: u32| -> String {
        frames.iter().filter(|(stream, ..)| *stream == wanted).map(|(_, text, _)| text.as_str()).collect()
    };
    assert!(on(3).starts_with("uid=0(root)"), "{frames:?}");
    assert!(on(1).contains("\"status\":\"Success\""), "{frames:?}");
    assert!([1, 3, 5].iter().all(|stream| frames.iter().any(|(known, _, end)| known == stream && *end)));
}

#[tokio::test]
async fn what_is_typed_over_spdy_reaches_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let host = cluster(folder.path());
    let mut client = Client::new();
    let mut said = asked("exec?command=cat&stdin=true&stdout=true", STREAMS);
    for (stream, name) in [(1, "error"), (3, "stdin"), (5, "stdout")] {
        said.extend(client.open(stream, &[("streamtype", name)]));
    }
    said.extend(super::spdy::ping(1));
    said.extend(super::spdy::data(3, b"hello\n", true));
    let heard = heard(&host, &said, true).await;
    let behind = behind(&heard);
    let frames = spdy::read(behind);
    assert!(frames.contains(&(5, "hello\n".to_owned(), false)), "{frames:?}");
    let ping = super::spdy::ping(1);
    assert!(behind.windows(ping.len()).any(|window| window == ping), "a ping comes back");
}

#[tokio::test]
async fn a_program_is_run_over_websockets_too() {
    let folder = tempfile::tempdir().unwrap();
    let host = cluster(folder.path());
    let said = asked("exec?command=nosuch&stdout=true", FRAMES);
    let text = String::from_utf8_lossy(&heard(&host, &said, true).await).into_owned();
    assert!(text.contains("exec: \\\"nosuch\\\": executable file not found in $PATH"), "{text}");
}

#[tokio::test]
async fn a_shell_at_a_terminal_goes_on_to_other_nodes() {
    let folder = tempfile::tempdir().unwrap();
    let stage = stage(folder.path());
    let inner = [127, 70, 9, 1].into();
    let mut front = persona_with(&SERVICE, "k8s-01");
    front.place.addresses = vec![Attached { ip: inner, prefix: 24 }];
    let network = [127, 70, 9, 0].into();
    front.place.reach = vec![Reach { network, prefix: 24, from: inner, ports: Vec::new(), hops: 0 }];
    let front = host(&stage, front, SERVICE.slug, &[]);
    let mut back = persona_with(&SERVICE, "back");
    (back.hostname, back.ip) = ("back".to_owned(), [127, 70, 9, 7].into());
    let _back = host(&stage, back, SERVICE.slug, &[]);
    let listener = TcpListener::bind("127.70.9.7:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { listener.accept().await.unwrap().0.write_all(b"220 back\r\n").await });
    let typed = format!("\0exec 3<>/dev/tcp/127.70.9.7/{port}; cat <&3; exit\n");
    let mut said = asked("exec?command=bash&stdin=true&stdout=true&tty=true", FRAMES);
    said.extend([0x82, 0x80 | u8::try_from(typed.len()).unwrap(), 0, 0, 0, 0]);
    said.extend(typed.as_bytes());
    let text = String::from_utf8_lossy(behind(&heard(&front, &said, true).await)).into_owned();
    assert!(text.contains("220 back") && text.contains("\"status\":\"Success\""), "{text}");
}

#[tokio::test]
async fn a_port_of_a_pod_answers_as_its_image_does() {
    let folder = tempfile::tempdir().unwrap();
    let host = cluster(folder.path());
    let mut client = Client::new();
    let fields = "Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n";
    let mut said = asked("portforward", fields);
    for (first, port, id) in [(1, "80", "0"), (5, "4444", "1")] {
        for (stream, kind) in [(first, "error"), (first + 2, "data")] {
            said.extend(client.open(stream, &[("streamtype", kind), ("port", port), ("requestid", id)]));
        }
    }
    said.extend(super::spdy::data(3, b"GET / HTTP/1.0\r\n\r\n", false));
    let heard = heard(&host, &said, false).await;
    let frames = spdy::read(behind(&heard));
    let on = |wanted: u32| -> String {
        frames.iter().filter(|(stream, ..)| *stream == wanted).map(|(_, text, _)| text.as_str()).collect()
    };
    assert!(on(3).starts_with("HTTP/1.1 200 OK\r\nServer: nginx/1.25.3\r\n"), "{frames:?}");
    assert!(on(5).contains("dial tcp4 127.0.0.1:4444: connect: connection refused"), "{frames:?}");
    let told = records(folder.path());
    let is = |record: &netsvc_wire::Record, kind: &str, target: &str| {
        record.kind == kind && record.text("target") == Some(target)
    };
    for (kind, target) in
        [("forward_request", "default/p:80"), ("forward_request", "default/p:4444"), ("request", "/")]
    {
        assert!(told.iter().any(|record| is(record, kind, target)), "{kind} {target}: {told:?}");
    }
}

#[tokio::test]
async fn channels_of_ports_begin_with_the_port() {
    let folder = tempfile::tempdir().unwrap();
    let host = cluster(folder.path());
    let heard = heard(&host, &asked("portforward?ports=80", FRAMES), false).await;
    assert_eq!(behind(&heard), [0x82, 3, 0, 80, 0, 0x82, 3, 1, 80, 0]);
}

#[tokio::test]
async fn requests_in_http2_are_answered_as_go_frames_them() {
    let folder = tempfile::tempdir().unwrap();
    let host = cluster(folder.path());
    let mut machine = h2::Connection::new(Framed::new(&host, &link(6443)));
    let mut out = Out::default();
    machine.step(Input::Open, &mut out);
    let greeting = sent(&out.take());
    assert_eq!(greeting.get(3), Some(&4));
    assert_eq!(greeting.get(9..15), Some(&[0, 5, 0, 4, 0, 0][..]), "frames of a quarter of a mebibyte");
    // Settings, and GET https /version of x.
    let said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
        \0\0\x0f\x01\x05\0\0\0\x01\x82\x87\x04\x08/version\x41\x01x";
    machine.step(Input::Bytes(said), &mut out);
    let told = out.take();
    let text = String::from_utf8_lossy(&sent(&told)).into_owned();
    assert!(text.contains("\"gitVersion\":\"v1."), "{text}");
    let kinds = told.iter().filter_map(|action| match action {
        netsvc_kit::Action::Record(kind, _) => Some(kind.name()),
        _ => None,
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["client_fingerprint", "request"]);
}
