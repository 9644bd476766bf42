//! What peers who want it all leave for the others: answers at another node while one is flooded, and memory.

use crate::{correlate::mebi, node, place::Place, processes, table::Row};
use anyhow::{Context as _, Result, ensure};
use decnet_engine::{
    loopback::{Loopback, LoopbackConfig, OFFSET},
    plan::{Backend, Step},
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

/// The flooded node, the other one, and who asks there.
const FLOODED: Ipv4Addr = Ipv4Addr::new(127, 78, 10, 10);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 78, 10, 11);
const ASKER: Ipv4Addr = Ipv4Addr::new(127, 78, 11, 1);
const PORTS: [(&str, u16); 5] = [("smtp", 25), ("redis", 6379), ("mysql", 3306), ("http", 80), ("ssh", 22)];
/// Addresses of the flood, and connections of each.
const SOURCES: u8 = 8;
const CONNECTIONS: u64 = 2_000;
/// Descriptors of this process that are no connections of the flood.
const SPARE: u64 = 512;
/// Peers that send without an end, and how much each sends at most.
const PEERS: u8 = 240;
const SENT: usize = 30 << 20;
/// Questions at the other node for each figure, and the pause between them.
const ASKED: usize = 200;
const PAUSE: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(10);
/// What opens each conversation without an end.
const ENDLESS: [(&str, u16, &[u8]); 4] = [
    ("one http header line", 80, b"GET / HTTP/1.1\r\nHost: x\r\nX: "),
    ("http bodies of 8 MB", 80, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8388000\r\n\r\n"),
    ("redis bulks of 8 MB", 6379, b"*2\r\n$3\r\nGET\r\n$8388000\r\n"),
    ("mysql packets", 3306, b"\xff\xff\x0f\x01"),
];

/// Measures every kind of abuse.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    let each = CONNECTIONS.min(hard.saturating_sub(SPARE) / u64::from(SOURCES));
    let folder = place.folder("abuse")?;
    let stage = node::stage(place.netsvcd(), &folder)?;
    let config = LoopbackConfig { stage, offset: OFFSET, low_ports: false, every_port: true };
    let backend = Loopback::start(config).await.context("start the loopback runtime")?;
    let nodes = vec![node::node("debian12", FLOODED, 8, &PORTS)?, node::node("debian11", OTHER, 8, &PORTS)?];
    backend.apply(&Step::Add(nodes)).await.context("add nodes")?;
    let pid = backend.status().await?.pid.context("no service process")?;
    let endpoints = backend.endpoints().await;
    let at = |address: Ipv4Addr, port: u16| {
        let found = endpoints.iter().find(|end| end.address.ip() == address && end.port == port);
        found.map(|end| end.address).context("no such port")
    };
    let asked = [
        (at(OTHER, 6379)?, &b"PING\r\n"[..]),
        (at(OTHER, 80)?, b"GET / HTTP/1.0\r\n\r\n"),
        (at(OTHER, 22)?, b""),
    ];
    ask(&asked).await?;
    let mut rows = shown("nobody", ask(&asked).await?, pid);
    for port in [80, 6379, 22] {
        let mut held = Vec::new();
        for source in 1..=SOURCES {
            for _ in 0..each {
                held.extend(connect(source, at(FLOODED, port)?).await);
            }
        }
        let name = format!("{} idle connections to port {port} of another node", held.len());
        rows.extend(shown(&name, ask(&asked).await?, pid));
    }
    for (name, port, head) in ENDLESS {
        let over = Arc::new(AtomicBool::new(false));
        let mut peers = JoinSet::new();
        for peer in 0..PEERS {
            peers.spawn(endless(peer % SOURCES + 1, at(FLOODED, port)?, head, over.clone()));
        }
        sleep(PAUSE * 50).await;
        let times = ask(&asked).await?;
        rows.extend(shown(&format!("{PEERS} peers send {name} without an end"), times, pid));
        over.store(true, Ordering::Relaxed);
        peers.shutdown().await;
    }
    ensure!(backend.status().await?.pid == Some(pid), "the service process died on the way");
    backend.stop().await;
    Ok(rows)
}

fn shown(while_: &str, mut times: Vec<Duration>, pid: u32) -> Vec<Row> {
    times.sort_unstable();
    let at =
        |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
    let last = times.last().copied().unwrap_or_default().as_secs_f64() * 1e3;
    let note = format!("p50 {:.2}, max {last:.1}; redis, http and ssh in turn", at(50));
    vec![
        Row::cost(format!("p99 of an answer while {while_}"), "ms", at(99)).note(note),
        Row::cost(format!("PSS of serve while {while_}"), "MiB", mebi(processes::pss(pid).unwrap_or(0))),
    ]
}

/// Times of answers, each from connecting to its first bytes.
async fn ask(asked: &[(SocketAddr, &[u8])]) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for (address, question) in asked.iter().cycle().take(ASKED) {
        let begun = Instant::now();
        let answer = async {
            let mut stream = from(ASKER, *address).await?;
            stream.write_all(question).await?;
            stream.read_u8().await
        };
        timeout(PATIENCE, answer).await.context("an answer in time")?.context("an answer")?;
        times.push(begun.elapsed());
        sleep(PAUSE).await;
    }
    Ok(times)
}

async fn from(source: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((source, 0).into())?;
    socket.connect(to).await
}

/// A connection of the flood; none when the node does not take it.
async fn connect(source: u8, to: SocketAddr) -> Option<TcpStream> {
    timeout(PATIENCE, from(Ipv4Addr::new(127, 78, 12, source), to)).await.ok()?.ok()
}

async fn endless(source: u8, to: SocketAddr, head: &[u8], over: Arc<AtomicBool>) {
    let Some(mut stream) = connect(source, to).await else { return };
    let piece = vec![b'A'; 64 * 1024];
    let mut sent = 0;
    let mut next = head;
    while sent < SENT && !over.load(Ordering::Relaxed) && stream.write_all(next).await.is_ok() {
        sent += next.len();
        next = &piece;
    }
    while !over.load(Ordering::Relaxed) {
        sleep(PAUSE).await;
    }
}
