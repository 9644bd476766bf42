//! A shell's connections to other nodes: the same ways that the secure shell's forwards go, told of in the same words.

use netsvc_kit::{Host, Link, Passage, work::aside};
use netsvc_shell::{
    Shell,
    reach::{Found, Login, Near, NoWay, Reach, Received, Wire},
};
use netsvc_wire::{Kind, field};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Handle,
    time::timeout,
};

/// Connections of a session at a time, and in all.
const OPEN: usize = 16;
const MADE: usize = 8_192;
/// What a connection may bring.
const MOST: usize = 64 << 20;
/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;
/// How long a wait lasts before it is looked whether anybody waits for it.
const STEP: Duration = Duration::from_millis(250);
/// How often sending waits for a peer that takes nothing.
const TRIES: usize = 40;

/// Writes down what a client wished to reach.
pub fn told(host: &Host, link: &Link, target: String, outcome: &str) {
    let fields = vec![(field::TARGET, target.into_bytes()), (field::OUTCOME, outcome.into())];
    host.record(link, Kind::ForwardRequest, fields);
}

/// Gives the shell of the peer of `link` the ways that its node has. Must be called inside a tokio runtime.
pub fn lead(host: &Arc<Host>, link: &Link, shell: &mut Shell) {
    if !host.reaches() {
        return;
    }
    let Ok(runtime) = Handle::try_current() else { return };
    let (open, made) = (Arc::new(()), AtomicUsize::new(0));
    shell.set_reach(Arc::new(Onward { host: host.clone(), link: *link, runtime, open, made }));
}

/// The ways of a node for one session.
struct Onward {
    host: Arc<Host>,
    link: Link,
    runtime: Handle,
    /// A copy for each connection that is open.
    open: Arc<()>,
    made: AtomicUsize,
}

impl Onward {
    /// Connects to a port of `target`, and tells of it.
    fn passage(&self, target: &str, port: u16) -> Result<Carried, NoWay> {
        let enough =
            OPEN < Arc::strong_count(&self.open) || MADE <= self.made.fetch_add(1, Ordering::Relaxed);
        if enough {
            return Err(NoWay::Silence);
        }
        let mut passing = std::pin::pin!(self.host.pass(&self.link, target, port));
        let step = || self.runtime.block_on(async { timeout(STEP, passing.as_mut()).await }).ok();
        let passage = aside(step).unwrap_or(Err(netsvc_kit::NoWay::Silence));
        let outcome = if passage.is_ok() { "accepted" } else { "failed" };
        told(&self.host, &self.link, format!("tcp://{target}:{port}"), outcome);
        let passage = passage.map_err(|why| match why {
            netsvc_kit::NoWay::Refused => NoWay::Refused,
            netsvc_kit::NoWay::Nobody => NoWay::Nobody,
            netsvc_kit::NoWay::Name | netsvc_kit::NoWay::Silence => NoWay::Silence,
        })?;
        let (runtime, place) = (self.runtime.clone(), self.open.clone());
        Ok(Carried { passage, runtime, left: MOST, _place: place })
    }
}

impl Reach for Onward {
    fn find(&self, target: &str) -> Option<Found> {
        let netsvc_kit::Found { address, hops, ttl } = self.host.look(target)?;
        Some(Found { address, hops, ttl })
    }

    fn near(&self) -> Vec<Near> {
        let near = |near: netsvc_kit::Near| Near { address: near.address, name: near.name, mac: near.mac };
        self.host.near().into_iter().map(near).collect()
    }

    fn connect(&self, target: &str, port: u16) -> Result<Box<dyn Wire>, NoWay> {
        Ok(Box::new(self.passage(target, port)?))
    }

    fn log_in(&self, target: &str, port: u16, _user: &[u8]) -> Result<Box<dyn Login>, Option<NoWay>> {
        self.passage(target, port)?;
        Err(None)
    }
}

/// A connection of a shell. The kernel keeps what neither side has taken yet, so nothing piles up here.
struct Carried {
    passage: Passage,
    runtime: Handle,
    /// Bytes that it may still bring.
    left: usize,
    _place: Arc<()>,
}

impl Carried {
    fn came(&mut self, bytes: Vec<u8>) -> Received {
        self.left = self.left.saturating_sub(bytes.len());
        if bytes.is_empty() || self.left == 0 { Received::Closed } else { Received::Bytes(bytes) }
    }
}

impl Wire for Carried {
    fn send(&mut self, bytes: &[u8]) -> bool {
        let (stream, runtime) = (&mut self.passage.stream, &self.runtime);
        let mut sent = stream.try_write(bytes).unwrap_or(0);
        if sent == bytes.len() {
            return true;
        }
        let mut tries = 0;
        let step = || {
            let rest = bytes.get(sent..).unwrap_or_default();
            match runtime.block_on(async { timeout(STEP, stream.write(rest)).await }) {
                Ok(Ok(0) | Err(_)) => return Some(false),
                Ok(Ok(count)) => sent += count,
                Err(_) => tries += 1,
            }
            if sent == bytes.len() { Some(true) } else { (TRIES <= tries).then_some(false) }
        };
        aside(step).unwrap_or(false)
    }

    fn end(&mut self) {
        let stream = &mut self.passage.stream;
        // Shutting a TCP socket down does not wait; one that is gone needs none.
        let _ = self.runtime.block_on(async { stream.shutdown().await });
    }

    fn receive(&mut self, wait: Duration) -> Received {
        let mut piece = vec![0; PIECE];
        if let Ok(count) = self.passage.stream.try_read(&mut piece) {
            piece.truncate(count);
            return self.came(piece);
        }
        if wait.is_zero() {
            return Received::Nothing;
        }
        let (stream, runtime) = (&mut self.passage.stream, &self.runtime);
        let steps = wait.as_millis().div_ceil(STEP.as_millis());
        let mut step = 0;
        let read = aside(|| {
            step += 1;
            match runtime.block_on(async { timeout(STEP.min(wait), stream.read(&mut piece)).await }) {
                Ok(read) => Some(read.ok()),
                Err(_) => (steps <= step).then_some(Some(usize::MAX)),
            }
        });
        match read.flatten() {
            Some(usize::MAX) => Received::Nothing,
            Some(count) => {
                piece.truncate(count);
                self.came(piece)
            }
            None => Received::Closed,
        }
    }
}
