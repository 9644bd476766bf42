//! A service over datagrams, by a test service that echoes: over UDP with a prefix, over TCP without.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case should fail")]

use netsvc_kit::{
    Beyond, Def, Full, Host, Input, Link, Machine, Out, Port, Serve, Talks,
    server::{Refused, Server},
    testing,
};
use netsvc_persona::{
    service::Look,
    stage::{PortSpec, ServiceSpec, Transport},
};
use std::{
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

static ECHO: Def = Def {
    slug: "echo",
    about: "answers with what it got",
    ports: &[Port::udp(7)],
    settings: &[],
    products: &[],
    daemons: &[],
    talks: Talks::NONE,
    records: &[],
    limits: &[],
    look: Look::Nothing,
    command_line: false,
    idle: Duration::from_millis(200),
    total: Duration::from_secs(5),
    full: |_| Full::of(10, Beyond::Close),
    serve: Serve::Datagrams(open),
};
static CATALOGUE: &[&Def] = &[&ECHO];

fn open(_: &Arc<Host>, _: &Link) -> Box<dyn Machine> {
    Box::new(Echo { count: 0, timer: None })
}

struct Echo {
    count: usize,
    timer: Option<std::pin::Pin<Box<tokio::time::Sleep>>>,
}

impl Machine for Echo {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Bytes(b"later") => {
                self.timer = Some(Box::pin(tokio::time::sleep(Duration::from_millis(20))));
            }
            Input::Bytes(b"close") => out.close(),
            Input::Bytes(b"twice") => {
                out.datagram(b"one".to_vec());
                out.datagram(b"two".to_vec());
            }
            Input::Bytes(b"own") => {
                out.own_port();
                out.datagram(b"here".to_vec());
            }
            Input::Bytes(b"long") => out.datagram(vec![b'l'; 1400]),
            Input::Bytes(bytes) => {
                self.count += 1;
                out.datagram([self.count.to_string().as_bytes(), b" ", bytes].concat());
            }
            Input::Open | Input::Eof => {}
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    fn woken(&mut self, out: &mut Out) {
        self.timer = None;
        out.datagram(b"woken".to_vec());
    }
}

fn spec(transport: Transport) -> PortSpec {
    PortSpec { slug: "echo".to_owned(), transport, port: 7, tls: false }
}

fn serve(server: &Server, transport: Transport) -> Result<SocketAddr, Refused> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let services = [ServiceSpec { slug: "echo".to_owned(), settings: Default::default() }];
    server.add(testing::persona("web-01"), &services, vec![(spec(transport), socket.into())])?;
    Ok(address)
}

async fn peer() -> tokio::net::UdpSocket {
    tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

async fn ask(peer: &tokio::net::UdpSocket, server: SocketAddr, bytes: &[u8]) -> String {
    peer.send_to(bytes, server).await.unwrap();
    next(peer).await
}

async fn next(peer: &tokio::net::UdpSocket) -> String {
    let mut buffer = [0; 2048];
    match tokio::time::timeout(Duration::from_secs(3), peer.recv(&mut buffer)).await {
        Ok(count) => String::from_utf8_lossy(buffer.get(..count.unwrap()).unwrap()).into_owned(),
        Err(_) => "nothing".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_have_sessions_of_their_own_that_are_recorded_as_connections() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(testing::stage(folder.path()), CATALOGUE);
    let address = serve(&server, Transport::Udp).unwrap();
    let (one, two) = (peer().await, peer().await);
    assert_eq!(ask(&one, address, b"a").await, "1 a");
    assert_eq!(ask(&one, address, b"b").await, "2 b");
    assert_eq!(ask(&two, address, b"c").await, "1 c");
    assert_eq!(ask(&two, address, b"later").await, "woken");
    assert_eq!((ask(&two, address, b"twice").await, next(&two).await), ("one".into(), "two".into()));
    one.send_to(b"close", address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(ask(&one, address, b"d").await, "1 d", "a session that is over begins anew");
    let records = testing::records(folder.path());
    let of = |kind: &str| records.iter().filter(|record| record.kind == kind).collect::<Vec<_>>();
    assert_eq!((of("connect").len(), of("first_bytes").len(), of("disconnect").len()), (3, 3, 2));
    assert!(of("connect").iter().all(|record| record.text("transport") == Some("udp")));
    assert_eq!(of("first_bytes").first().unwrap().text("data"), Some("a"));
    let mut reasons: Vec<_> = of("disconnect").iter().filter_map(|record| record.text("reason")).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["closed", "idle"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_from_a_port_of_its_own_and_its_peer_begins_anew_at_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(testing::stage(folder.path()), CATALOGUE);
    let address = serve(&server, Transport::Udp).unwrap();
    let (one, other) = (peer().await, peer().await);
    one.send_to(b"own", address).await.unwrap();
    let mut buffer = [0; 64];
    let (count, own) = one.recv_from(&mut buffer).await.unwrap();
    assert_eq!((buffer.get(..count).unwrap(), own.ip()), (&b"here"[..], address.ip()));
    assert_ne!(own.port(), address.port());
    other.send_to(b"from elsewhere", own).await.unwrap();
    assert_eq!(ask(&one, own, b"a").await, "1 a", "what another peer sends there is nobody's");
    assert_eq!(ask(&one, address, b"b").await, "1 b");
    assert_eq!(ask(&one, own, b"c").await, "2 c");
    // A peer that was there is answered as long as it likes, and one that may be anybody is not.
    let answered = |address| {
        let one = &one;
        async move {
            for number in 0..60 {
                one.send_to(b"long", address).await.unwrap();
                if tokio::time::timeout(Duration::from_secs(1), one.recv(&mut [0; 2048])).await.is_err() {
                    return number;
                }
            }
            60
        }
    };
    assert_eq!(answered(own).await, 60);
    assert!((30..60).contains(&answered(address).await));
    server.stage().settle();
    let records = testing::records(folder.path());
    assert!(records.iter().any(|record| record.text("limit") == Some("answers")));
}

#[tokio::test]
async fn a_transport_that_the_service_does_not_speak_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(testing::stage(folder.path()), CATALOGUE);
    assert!(matches!(serve(&server, Transport::Tcp), Err(Refused::Transport(slug, "tcp")) if slug == "echo"));
}
