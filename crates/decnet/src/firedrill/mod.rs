//! `firedrill`: touches every declared port and finds each touch in the store.

pub mod talk;

use crate::commands::Context;
use anyhow::{Context as _, Result};
use decnet_engine::{loopback::OFFSET, native::NetdClient};
use decnet_fleet::placed;
use decnet_model::{fleet::Fleet, runtime::Runtime};
use decnet_store::Store;
use netsvc_persona::{
    exchange::NONCE_LENGTH,
    stage::{PortSpec, Transport},
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    num::NonZero,
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpSocket,
    sync::{Semaphore, watch},
    task::JoinSet,
};

/// Longest wait for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Touches at the same time.
const PARALLEL: usize = 32;
/// Longest wait for a row after the last touch.
const PATIENCE: Duration = Duration::from_secs(15);

/// One touch and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Touch {
    /// Decky.
    pub decky: String,
    /// Service.
    pub service: String,
    /// Port that a peer would address.
    pub port: u16,
    /// What the touch left behind.
    pub nonce: String,
    /// What went wrong in the exchange.
    pub error: Option<String>,
    /// Event that holds the nonce.
    pub event: Option<i64>,
    /// From the end of the exchange to the row, in milliseconds.
    pub latency_ms: Option<f64>,
    #[serde(skip)]
    at: Option<Instant>,
}

impl Touch {
    /// Whether the port is silent: the exchange failed, or the store does not know of it.
    pub fn silent(&self) -> bool {
        self.error.is_some() || self.event.is_none()
    }
}

/// How the deckies of a fleet are reached.
#[derive(Clone, Debug)]
pub enum Way {
    /// On loopback addresses, with ports offset, from this address.
    Loopback(IpAddr),
    /// From the probe host of `netd`, which attackers do not see.
    Probe(NetdClient),
    /// As every host of the segment reaches them.
    Segment,
}

impl Way {
    /// The way that suits the runtime of `fleet`; `source` is where touches on loopback come from.
    pub fn of(fleet: &Fleet, source: IpAddr, context: &Context) -> Self {
        match fleet.runtime {
            Runtime::Native => Way::Probe(NetdClient::new(context.paths().netd_socket())),
            Runtime::Loopback => Way::Loopback(source),
            // The host has a way of its own to each container.
            Runtime::Docker => Way::Segment,
        }
    }

    /// A connection to `port` of a decky.
    ///
    /// # Errors
    /// When nobody answers within five seconds.
    pub async fn connect(&self, ip: IpAddr, port: u16) -> std::io::Result<std::net::TcpStream> {
        let own_port = SocketAddr::new(ip, port);
        let stream = match self {
            Way::Loopback(source) => {
                connect(*source, SocketAddr::new(ip, port.saturating_add(OFFSET))).await?
            }
            Way::Segment => connect(Ipv4Addr::UNSPECIFIED.into(), own_port).await?,
            Way::Probe(client) => client
                .probe_tcp(own_port, CONNECT_LIMIT)
                .await
                .map_err(|error| std::io::Error::other(decnet_engine::plan::chain(&error)))?,
        };
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    /// A socket for datagrams to `port` of a decky, and the address that they go to. It is not connected: some services
    /// answer from another port.
    ///
    /// # Errors
    /// When there is no such socket.
    pub async fn datagrams(&self, ip: IpAddr, port: u16) -> std::io::Result<(UdpSocket, SocketAddr)> {
        let own_port = SocketAddr::new(ip, port);
        let (socket, address) = match self {
            Way::Loopback(source) => {
                (UdpSocket::bind((*source, 0))?, SocketAddr::new(ip, port.saturating_add(OFFSET)))
            }
            Way::Segment => (UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?, own_port),
            Way::Probe(client) => {
                let failed = |error| std::io::Error::other(decnet_engine::plan::chain(&error));
                (client.probe_udp().await.map_err(failed)?, own_port)
            }
        };
        socket.set_nonblocking(false)?;
        Ok((socket, address))
    }
}

/// Touches every port of `fleet` the `way` given and looks each touch up in the store.
///
/// # Errors
/// When the store cannot be read.
pub async fn run(
    context: &Context,
    fleet: &Fleet,
    way: &Way,
    progress: impl Fn(usize, usize),
) -> Result<Vec<Touch>> {
    let store = context.store().await?;
    let begun = store.event_last().await.context("read events")?;
    let (touched, all_touched) = watch::channel(None);
    let touch = async {
        let touches = touch_all(fleet, way, &progress).await;
        touched.send_replace(Some((touches.len(), Instant::now() + PATIENCE)));
        touches
    };
    let (mut touches, found) = tokio::join!(touch, find_all(&store, begun, all_touched));
    let found = found?;
    for touch in &mut touches {
        let Some((event, seen)) = found.get(&touch.nonce) else { continue };
        touch.event = Some(*event);
        touch.latency_ms = touch.at.map(|at| seen.saturating_duration_since(at).as_secs_f64() * 1000.0);
    }
    Ok(touches)
}

async fn touch_all(fleet: &Fleet, way: &Way, progress: &impl Fn(usize, usize)) -> Vec<Touch> {
    let mut wanted = Vec::new();
    // Nobody touches from the segment what is not on it.
    for decky in placed::seen(fleet).deckies.values() {
        for port in decky.ports() {
            wanted.push((decky.name.to_string(), IpAddr::from(decky.ip), port));
        }
    }
    let total = wanted.len();
    // A decky makes its key at the first handshake; more of them at a time than processors only makes all late.
    let handshakes = Arc::new(Semaphore::new(available_parallelism().map_or(1, NonZero::get)));
    let mut running = JoinSet::new();
    let mut done = Vec::with_capacity(total);
    for (index, (decky, ip, port)) in wanted.into_iter().enumerate() {
        if PARALLEL <= running.len()
            && let Some(Ok(touch)) = running.join_next().await
        {
            done.push(touch);
            progress(done.len(), total);
        }
        let nonce = nonce(index);
        let (way, handshakes) = (way.clone(), handshakes.clone());
        running.spawn(async move {
            let _turn = if port.tls { handshakes.acquire_owned().await.ok() } else { None };
            let exchanged = exchange(&way, ip, &port, nonce.clone()).await;
            let (service, port) = (port.slug, port.port);
            Touch {
                decky,
                service,
                port,
                nonce,
                error: exchanged.err(),
                event: None,
                latency_ms: None,
                at: Some(Instant::now()),
            }
        });
    }
    while let Some(joined) = running.join_next().await {
        done.extend(joined.ok());
        progress(done.len(), total);
    }
    done
}

async fn exchange(way: &Way, ip: IpAddr, port: &PortSpec, nonce: String) -> Result<(), String> {
    let failed = |error| format!("connect: {error}");
    let spec = port.clone();
    let talk = match port.transport {
        Transport::Tcp => {
            let stream = way.connect(ip, port.port).await.map_err(failed)?;
            tokio::task::spawn_blocking(move || talk::talk(&spec, stream, &nonce))
        }
        Transport::Udp => {
            let (socket, address) = way.datagrams(ip, port.port).await.map_err(failed)?;
            tokio::task::spawn_blocking(move || talk::talk_in_datagrams(&spec, socket, address, &nonce))
        }
    };
    talk.await.unwrap_or_else(|error| Err(error.to_string()))
}

/// A connection to `address` from `source`.
async fn connect(source: IpAddr, address: SocketAddr) -> std::io::Result<std::net::TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(source, 0))?;
    tokio::time::timeout(CONNECT_LIMIT, socket.connect(address)).await??.into_std()
}

/// Event and time of sight of each nonce in new events. Ends when as many are found as `wanted` says, or
/// at the time it says.
async fn find_all(
    store: &Store,
    begun: i64,
    wanted: watch::Receiver<Option<(usize, Instant)>>,
) -> Result<BTreeMap<String, (i64, Instant)>> {
    let mut found = BTreeMap::new();
    let mut last = begun;
    loop {
        let rows = store.event_after(last, 2000).await.context("read events")?;
        let now = Instant::now();
        for row in &rows {
            last = row.id;
            for value in row.fields.iter().map(|(_, value)| String::from_utf8_lossy(value)) {
                for nonce in nonces(&value) {
                    found.entry(nonce.to_owned()).or_insert((row.id, now));
                }
            }
        }
        let limit = *wanted.borrow();
        if limit.is_some_and(|(count, deadline)| count <= found.len() || deadline < now) {
            return Ok(found);
        }
        if rows.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// What the touch number `index` of this process leaves behind: 16 letters and digits.
fn nonce(index: usize) -> String {
    format!("fd{:08x}x{index:05x}", std::process::id())
}

/// Words of `text` that could be nonces.
fn nonces(text: &str) -> impl Iterator<Item = &str> {
    let fits = |word: &&str| {
        word.len() == NONCE_LENGTH && word.starts_with("fd") && word.as_bytes().get(10) == Some(&b'x')
    };
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(fits)
}

/// The latency below which `share` (0 to 1) of the touches stayed.
pub fn percentile(touches: &[Touch], share: f64) -> Option<f64> {
    let mut all: Vec<f64> = touches.iter().filter_map(|touch| touch.latency_ms).collect();
    all.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index within the list"
    )]
    let index = ((all.len().saturating_sub(1)) as f64 * share).round() as usize;
    all.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_found_inside_other_text() {
        let nonce = nonce(47);
        assert_eq!(nonce.len(), NONCE_LENGTH);
        assert_eq!(nonces(&format!("GET /{nonce} HTTP/1.1")).collect::<Vec<_>>(), [nonce.as_str()]);
        assert_eq!(nonces("fdonly fd1ax2f fd000000000000000").count(), 0);
    }
}
