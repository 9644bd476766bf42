//! Connections of commands: how they are made, and as descriptors (`exec 3<>/dev/tcp/HOST/PORT`).

use super::{Flow, Shell};
use crate::{
    event::ShellEvent,
    reach::{NoWay, Received, Wire},
    text,
};
use parking_lot::Mutex;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// Steps that a connection costs.
const COST: u64 = 20;
/// How long something that reads a connection waits for more before it is taken for all that comes.
const IDLE: Duration = Duration::from_millis(1_500);
/// How long a program stays that waits for the other end to close.
const SILENT: Duration = Duration::from_secs(60);
/// How long something is read that never ends: whoever waits for it has a thread meanwhile.
const LONGEST: Duration = Duration::from_secs(120);
/// What is read of a connection at most.
const MOST: usize = 4 << 20;
/// How long a system tries to connect (`tcp_syn_retries` = 6).
const SYN_RETRIES: Duration = Duration::from_secs(131);
/// How long it asks who has an address (three questions, one a second).
const ARP_RETRIES: Duration = Duration::from_millis(3_060);

/// What a command's attempt to connect gave.
pub(crate) type Connected = Result<Box<dyn Wire>, NoWay>;

/// A connection that copies of a descriptor share.
#[derive(Clone)]
pub(crate) struct Socket(Arc<Mutex<Inner>>);

struct Inner {
    wire: Box<dyn Wire>,
    /// Come and not yet read.
    pending: Vec<u8>,
    closed: bool,
}

impl fmt::Debug for Socket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Socket({} pending)", self.0.lock().pending.len())
    }
}

impl Socket {
    pub(crate) fn new(wire: Box<dyn Wire>) -> Socket {
        Socket(Arc::new(Mutex::new(Inner { wire, pending: Vec::new(), closed: false })))
    }

    /// Sends bytes; false when the connection is gone.
    pub(crate) fn send(&self, bytes: &[u8]) -> bool {
        self.0.lock().wire.send(bytes)
    }

    /// Sends no more.
    pub(crate) fn end(&self) {
        self.0.lock().wire.end();
    }

    /// Status of what ran at the other end.
    pub(crate) fn status(&self) -> Option<i32> {
        self.0.lock().wire.status()
    }

    /// Reads until what is there is `enough`, the other end has closed, nothing comes for `idle`, or it takes longer
    /// than `longest`: false then.
    fn fill(&self, idle: Duration, longest: Duration, enough: impl Fn(&[u8]) -> bool) -> bool {
        let begun = Instant::now();
        let mut inner = self.0.lock();
        while !inner.closed && !enough(&inner.pending) && inner.pending.len() < MOST {
            let left = longest.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return false;
            }
            match inner.wire.receive(idle.min(left)) {
                Received::Bytes(bytes) => inner.pending.extend(bytes),
                Received::Closed => inner.closed = true,
                Received::Nothing => return false,
            }
        }
        true
    }

    fn take(&self, count: usize) -> Vec<u8> {
        let mut inner = self.0.lock();
        let count = count.min(inner.pending.len());
        inner.pending.drain(..count).collect()
    }
}

impl Shell {
    /// Connects to a port of `target`, as long as a way of the node leads there, and waits `patience` at most; the
    /// session's clock shows what a system takes for it.
    pub(crate) fn connect(
        &mut self,
        target: &str,
        port: u16,
        patience: Option<Duration>,
    ) -> Result<Connected, Flow> {
        self.spend(COST)?;
        let waited = self.outward.waiting(|way, _| way.connect(target, port));
        let connected = waited.unwrap_or(Err(NoWay::Silence));
        self.passed(target, connected, patience)
    }

    /// As [`Shell::connect`], with TLS; nothing inside the error where it is not spoken.
    pub(crate) fn secure(
        &mut self,
        target: &str,
        port: u16,
        patience: Option<Duration>,
    ) -> Result<Result<Box<dyn Wire>, Option<NoWay>>, Flow> {
        self.spend(COST)?;
        let waited = self.outward.waiting(|way, _| way.secure(target, port));
        let connected = match waited.unwrap_or(Err(Some(NoWay::Silence))) {
            Ok(wire) => Ok(wire),
            Err(Some(why)) => Err(why),
            Err(None) => return Ok(Err(None)),
        };
        Ok(self.passed(target, connected, patience)?.map_err(Some))
    }

    /// Lets the time pass that a connection takes, or its failure.
    fn passed(
        &mut self,
        target: &str,
        connected: Connected,
        patience: Option<Duration>,
    ) -> Result<Connected, Flow> {
        let patience = patience.unwrap_or(SYN_RETRIES);
        let takes = match &connected {
            Ok(_) | Err(NoWay::Refused) => Duration::from_millis(1),
            Err(NoWay::Nobody) => ARP_RETRIES,
            Err(NoWay::Silence) => SYN_RETRIES,
        };
        if matches!(connected, Ok(_) | Err(NoWay::Refused)) {
            self.meet(target);
        }
        self.wait(takes.min(patience))?;
        Ok(if takes <= patience { connected } else { Err(NoWay::Silence) })
    }

    /// Notes that `target` has been talked to.
    pub(crate) fn meet(&self, target: &str) {
        if let Some(found) = self.outward.way.find(target).filter(|found| found.hops == 0) {
            self.live.meet(found.address);
        }
    }

    /// Reads a connection until it is `enough` ([`Socket::fill`]).
    fn fill(&mut self, socket: &Socket, idle: Duration, enough: impl Fn(&[u8]) -> bool) -> bool {
        let filled = self.outward.waiting(|_, left| socket.fill(idle, left.min(LONGEST), enough));
        filled.unwrap_or(false)
    }

    /// What is left of a connection: until the other end closes it or says nothing more.
    pub(crate) fn drain(&mut self, socket: &Socket) -> Result<Vec<u8>, Flow> {
        self.fill(socket, IDLE, |_| false);
        let bytes = socket.take(MOST);
        self.spend(1 + bytes.len() as u64 / 2_048)?;
        Ok(bytes)
    }

    /// What a connection brings until it is `enough`, the other end closes it, or nothing comes for `idle`.
    pub(crate) fn receive(
        &mut self,
        socket: &Socket,
        idle: Duration,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<u8>, Flow> {
        self.fill(socket, idle, enough);
        let bytes = socket.take(MOST);
        self.spend(1 + bytes.len() as u64 / 2_048)?;
        Ok(bytes)
    }

    /// Writes what is left of a connection to the output, and stays until it is closed or nothing comes for `idle`.
    pub(crate) fn show_rest(&mut self, socket: &Socket, idle: Option<Duration>) -> Result<(), Flow> {
        let silent = idle.unwrap_or(SILENT);
        let closed = self.fill(socket, silent.min(IDLE), |_| false);
        let bytes = socket.take(MOST);
        self.write(1, &bytes)?;
        if !closed {
            self.wait(silent.saturating_sub(IDLE))?;
        }
        Ok(())
    }

    /// Up to `count` bytes of a connection.
    pub(super) fn take_of(&mut self, socket: &Socket, count: usize) -> Result<Vec<u8>, Flow> {
        self.spend(1)?;
        self.fill(socket, IDLE, |pending| count <= pending.len());
        Ok(socket.take(count))
    }

    /// The next line of a connection; `None` at its end.
    pub(super) fn line_of(&mut self, socket: &Socket) -> Result<Option<String>, Flow> {
        self.spend(1)?;
        self.fill(socket, IDLE, |pending| pending.contains(&b'\n'));
        let end = socket.0.lock().pending.iter().position(|byte| *byte == b'\n');
        let line = socket.take(end.map_or(MOST, |end| end + 1));
        Ok((!line.is_empty()).then(|| text::decode(&line)))
    }

    /// `/dev/tcp/host/port`. Where no way leads no connection is ever made: it is refused.
    pub(super) fn device(&mut self, address: &str, stream: bool) -> Result<Result<Socket, String>, Flow> {
        let (host, port) = address.split_once('/').unwrap_or((address, "0"));
        let url = format!("tcp://{host}:{port}");
        let command = self.line.clone();
        self.events.push(ShellEvent::DownloadAttempt { url, command });
        let known = port.parse::<u16>().ok().filter(|_| stream && self.outward.way.find(host).is_some());
        let failed = match known {
            Some(number) => match self.connect(host, number, None)? {
                Ok(wire) => return Ok(Ok(Socket::new(wire))),
                Err(why) => why,
            },
            None => {
                self.wait(Duration::from_millis(1_040))?;
                NoWay::Refused
            }
        };
        let (name, reason) = (self.own_name(), failed.text());
        self.err(&format!("{name}: connect: {reason}\n"))?;
        let kind = if stream { "tcp" } else { "udp" };
        Ok(Err(format!("/dev/{kind}/{host}/{port}: {reason}")))
    }
}
