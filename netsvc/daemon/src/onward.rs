//! A shell's connections to other nodes: the same ways that the secure shell's forwards go, told of in the same words.

use netsvc_kit::{Host, Link, Passage, tls::Secured, work::aside};
use netsvc_shell::{
    Shell,
    reach::{Asked, Found, Login, Near, NoWay, Reach, Received, Tried, Wire},
};
use netsvc_ssh::client::{Client, Down, Up};
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
    sync::mpsc,
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
/// Steps that a handshake may take.
const WAITS: usize = 120;
/// Messages that wait to be sent, and to be read.
const UNSENT: usize = 4;
const UNREAD: usize = 16;
/// Bytes that wait for their message, and so many after which no more should be given.
const WAITING: usize = 8 << 20;
const ENOUGH: usize = 64 * 1024;
/// Status of a program whose connection was lost (ssh(1)).
const LOST: i32 = 255;
/// How often sending waits for a peer that takes nothing.
const TRIES: usize = 40;

/// Writes down what a client wished to reach.
pub fn told(host: &Host, link: &Link, target: String, outcome: &str) {
    let fields = vec![(field::TARGET, target.into_bytes()), (field::OUTCOME, outcome.into())];
    host.record(link, Kind::ForwardRequest, fields);
}

/// Gives the shell of the peer of `link` the ways that its node has. Must be called inside a tokio runtime.
pub fn lead(host: &Arc<Host>, link: &Link, shell: &mut Shell) {
    if !host.leads() {
        return;
    }
    let Ok(runtime) = Handle::try_current() else { return };
    let (open, made) = (Arc::new(()), AtomicUsize::new(0));
    let (host, inside) = (host.clone(), shell.is_inside());
    shell.set_reach(Arc::new(Onward { host, link: *link, runtime, inside, open, made }));
}

/// The ways of a node for one session.
struct Onward {
    host: Arc<Host>,
    link: Link,
    runtime: Handle,
    /// Whether the shell is that of a container.
    inside: bool,
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
        let passing = self.host.pass(&self.link, target, port);
        let passage = waited(&self.runtime, passing).unwrap_or(Err(netsvc_kit::NoWay::Silence));
        let outcome = if passage.is_ok() { "accepted" } else { "failed" };
        told(&self.host, &self.link, format!("tcp://{target}:{port}"), outcome);
        let passage = passage.map_err(|why| match why {
            netsvc_kit::NoWay::Refused => NoWay::Refused,
            netsvc_kit::NoWay::Nobody => NoWay::Nobody,
            netsvc_kit::NoWay::Name | netsvc_kit::NoWay::Silence => NoWay::Silence,
        })?;
        let (runtime, place) = (self.runtime.clone(), self.open.clone());
        Ok(Carried { passage, runtime, left: MOST, place })
    }
}

impl Reach for Onward {
    fn find(&self, target: &str) -> Option<Found> {
        if let Some(netsvc_kit::Found { address, hops, ttl }) = self.host.look(target) {
            return Some(Found { address, hops, ttl });
        }
        // Inside a container the loopback network is the container's.
        let address = self.host.own(target).filter(|own| !(self.inside && own.is_loopback()))?;
        Some(Found { address, hops: 0, ttl: Some(self.host.persona().os.ttl) })
    }

    fn near(&self) -> Vec<Near> {
        let near = |near: netsvc_kit::Near| Near { address: near.address, name: near.name, mac: near.mac };
        self.host.near().into_iter().map(near).collect()
    }

    fn connect(&self, target: &str, port: u16) -> Result<Box<dyn Wire>, NoWay> {
        Ok(Box::new(self.passage(target, port)?))
    }

    fn secure(&self, target: &str, port: u16) -> Result<Box<dyn Wire>, Option<NoWay>> {
        let Carried { passage, runtime, place, .. } = self.passage(target, port)?;
        let secured = waited(&runtime, passage.secured(target));
        let stream = secured.and_then(Result::ok).ok_or(None::<NoWay>)?;
        Ok(Box::new(Sealed { stream, runtime, left: MOST, _place: place }))
    }

    fn log_in(&self, target: &str, port: u16, user: &[u8]) -> Result<Box<dyn Login>, Option<NoWay>> {
        let Carried { passage, runtime, place, .. } = self.passage(target, port)?;
        let product = self.host.persona().products.get("ssh");
        let banner = match product.map(|product| (&product.version, product.packaging.as_str())) {
            Some((version, "")) => format!("SSH-2.0-OpenSSH_{version}"),
            Some((version, packaging)) => format!("SSH-2.0-OpenSSH_{version} {packaging}"),
            None => "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7".to_owned(),
        };
        let connected = waited(&runtime, Client::connect(passage, &banner, user));
        let client = connected.and_then(Result::ok).ok_or(None::<NoWay>)?;
        Ok(Box::new(Entering { client, runtime, place }))
    }
}

/// Whether this thread serves connections: such a one never waits here.
fn serves() -> bool {
    Handle::try_current().is_ok()
}

/// What comes of `future`, if it does in time and somebody waits for it. Others have the turn meanwhile.
fn waited<F: Future>(runtime: &Handle, future: F) -> Option<F::Output> {
    if serves() {
        return None;
    }
    let mut future = std::pin::pin!(future);
    let mut left = WAITS;
    let step = || match runtime.block_on(async { timeout(STEP, future.as_mut()).await }) {
        Ok(done) => Some(Some(done)),
        Err(_) => {
            left -= 1;
            (left == 0).then_some(None)
        }
    };
    aside(step).flatten()
}

/// A connection of the secure shell before the login.
struct Entering {
    client: Client<Passage>,
    runtime: Handle,
    place: Arc<()>,
}

impl Login for Entering {
    fn host_key(&self) -> (String, Vec<u8>) {
        let key = self.client.host_key();
        // The kind is the first string of it (RFC 4253, section 6.6).
        let length = key.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        let length = usize::try_from(length).unwrap_or(0);
        let kind = key.get(4..).and_then(|rest| rest.get(..length)).unwrap_or_default();
        (String::from_utf8_lossy(kind).into_owned(), key.to_vec())
    }

    fn password(&mut self, password: &[u8]) -> Tried {
        match waited(&self.runtime, self.client.password(password)) {
            Some(Ok(true)) => Tried::In,
            Some(Ok(false)) => Tried::Again,
            Some(Err(_)) | None => Tried::Gone,
        }
    }

    fn open(self: Box<Self>, command: Option<&[u8]>, terminal: Option<Asked>) -> Option<Box<dyn Wire>> {
        let Entering { client, runtime, place } = *self;
        let (up, sent) = mpsc::channel(UNSENT);
        let (down, came) = mpsc::channel(UNREAD);
        let raw = terminal.is_some();
        let asked = terminal.map(|asked| netsvc_ssh::client::Asked {
            name: asked.name.into_bytes(),
            columns: asked.size.0,
            rows: asked.size.1,
        });
        let command = command.map(<[u8]>::to_vec);
        runtime.spawn(async move {
            // How it ends shows in what came.
            let _ = client.run(command, asked, sent, down).await;
            drop(place);
        });
        Some(Box::new(Remote {
            up,
            came,
            runtime,
            raw,
            left: MOST,
            status: None,
            unsent: Vec::new(),
            ends: false,
        }))
    }
}

/// What runs at the other end of the secure shell. It ends when this is dropped.
struct Remote {
    up: mpsc::Sender<Up>,
    came: mpsc::Receiver<Down>,
    runtime: Handle,
    raw: bool,
    /// Bytes that it may still bring.
    left: usize,
    status: Option<i32>,
    /// Bytes that wait until there is room for a message, and whether the end waits behind them.
    unsent: Vec<u8>,
    ends: bool,
}

impl Remote {
    /// Hands over what waits, as far as there is room; false when nobody takes it any more.
    fn push(&mut self) -> bool {
        if !self.unsent.is_empty() {
            match self.up.try_send(Up::Data(std::mem::take(&mut self.unsent))) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(Up::Data(bytes))) => self.unsent = bytes,
                Err(_) => return false,
            }
        }
        if self.ends && self.unsent.is_empty() && self.up.try_send(Up::End).is_ok() {
            self.ends = false;
        }
        true
    }

    fn came(&mut self, what: Option<Down>) -> Option<Received> {
        match what {
            Some(Down::Data(bytes) | Down::Errors(bytes)) => {
                self.left = self.left.saturating_sub(bytes.len());
                if self.left == 0 {
                    return Some(Received::Closed);
                }
                (!bytes.is_empty()).then_some(Received::Bytes(bytes))
            }
            Some(Down::Status(status)) => {
                self.status = Some(status);
                None
            }
            None => Some(Received::Closed),
        }
    }
}

impl Wire for Remote {
    fn send(&mut self, bytes: &[u8]) -> bool {
        if WAITING < self.unsent.len() + bytes.len() {
            return false;
        }
        self.unsent.extend_from_slice(bytes);
        self.push()
    }

    fn takes(&self) -> bool {
        self.unsent.len() < ENOUGH
    }

    fn end(&mut self) {
        self.ends = true;
        // Whoever is gone needs no end.
        self.push();
    }

    fn receive(&mut self, wait: Duration) -> Received {
        // Whoever is gone shows in what came.
        self.push();
        loop {
            let what = match self.came.try_recv() {
                Ok(what) => Some(what),
                Err(mpsc::error::TryRecvError::Disconnected) => None,
                Err(mpsc::error::TryRecvError::Empty) => break,
            };
            if let Some(received) = self.came(what) {
                return received;
            }
        }
        if wait.is_zero() || serves() {
            return Received::Nothing;
        }
        let steps = wait.as_millis().div_ceil(STEP.as_millis());
        let mut step = 0;
        loop {
            let (runtime, came) = (&self.runtime, &mut self.came);
            let next = aside(|| {
                step += 1;
                match runtime.block_on(async { timeout(STEP.min(wait), came.recv()).await }) {
                    Ok(what) => Some(Some(what)),
                    Err(_) => (steps <= step).then_some(None),
                }
            });
            match next {
                None => return Received::Closed,
                Some(None) => return Received::Nothing,
                Some(Some(what)) => {
                    if let Some(received) = self.came(what) {
                        return received;
                    }
                }
            }
        }
    }

    fn is_raw(&self) -> bool {
        self.raw
    }

    fn resize(&mut self, columns: u32, rows: u32) {
        // The next size comes all the same.
        let _ = self.up.try_send(Up::Resize(columns, rows));
    }

    fn status(&self) -> Option<i32> {
        // Without a status the connection was lost.
        Some(self.status.unwrap_or(LOST))
    }
}

/// A connection with TLS.
struct Sealed {
    stream: Secured,
    runtime: Handle,
    /// Bytes that it may still bring.
    left: usize,
    _place: Arc<()>,
}

impl Wire for Sealed {
    fn send(&mut self, bytes: &[u8]) -> bool {
        let stream = &mut self.stream;
        let sending = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        matches!(waited(&self.runtime, sending), Some(Ok(())))
    }

    fn end(&mut self) {
        // One that is gone needs no end.
        let _ = waited(&self.runtime, self.stream.shutdown());
    }

    fn receive(&mut self, wait: Duration) -> Received {
        if serves() {
            return Received::Nothing;
        }
        let mut piece = vec![0; PIECE];
        let (stream, runtime) = (&mut self.stream, &self.runtime);
        let steps = wait.as_millis().div_ceil(STEP.as_millis());
        let limit = STEP.min(wait).max(Duration::from_millis(1));
        let mut step = 0;
        let read = aside(|| {
            step += 1;
            match runtime.block_on(async { timeout(limit, stream.read(&mut piece)).await }) {
                Ok(read) => Some(Some(read.unwrap_or(0))),
                Err(_) => (steps <= step).then_some(None),
            }
        });
        let Some(count) = read.unwrap_or(Some(0)) else { return Received::Nothing };
        self.left = self.left.saturating_sub(count);
        if count == 0 || self.left == 0 {
            return Received::Closed;
        }
        piece.truncate(count);
        Received::Bytes(piece)
    }
}

/// A connection of a shell. The kernel keeps what neither side has taken yet, so nothing piles up here.
struct Carried {
    passage: Passage,
    runtime: Handle,
    /// Bytes that it may still bring.
    left: usize,
    place: Arc<()>,
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
        if sent == bytes.len() || serves() {
            return sent == bytes.len();
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
        if serves() {
            return;
        }
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
        if wait.is_zero() || serves() {
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

#[cfg(test)]
mod tests;
