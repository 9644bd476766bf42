//! The way to other nodes: what a session's commands connect through, if its node reaches any. The crate does no such
//! IO itself; whoever makes a session may give it a way.

use std::{fmt, net::Ipv4Addr, sync::Arc, time::Duration};

/// Why there is no connection, as a system says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// The port is closed.
    Refused,
    /// The node's own network has nobody there.
    Nobody,
    /// Nothing comes back.
    Silence,
}

impl NoWay {
    /// What the C library says of it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            NoWay::Refused => "Connection refused",
            NoWay::Nobody => "No route to host",
            NoWay::Silence => "Connection timed out",
        }
    }
}

/// A place that a way leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its address.
    pub address: Ipv4Addr,
    /// Routers on the way.
    pub hops: u8,
    /// Time to live of what comes from there; `None`: nobody is there.
    pub ttl: Option<u8>,
}

/// A host of a network that the node is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its address there.
    pub address: Ipv4Addr,
    /// Its host name.
    pub name: String,
    /// Its hardware address.
    pub mac: String,
}

/// What came over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Bytes, some at least.
    Bytes(Vec<u8>),
    /// Nothing in the time.
    Nothing,
    /// The other end has no more, or is gone.
    Closed,
}

/// A connection. It ends when it is dropped.
pub trait Wire: Send + Sync {
    /// Sends bytes; false when the connection is gone.
    fn send(&mut self, bytes: &[u8]) -> bool;

    /// Whether more should be sent now.
    fn takes(&self) -> bool {
        true
    }

    /// No more is sent; what comes is still read.
    fn end(&mut self);

    /// What comes within `wait`; with none, what is there.
    fn receive(&mut self, wait: Duration) -> Received;

    /// Whether the other end has a terminal of its own: what is typed goes there key by key and is not shown here.
    fn is_raw(&self) -> bool {
        false
    }

    /// The key at which the program here asks what to do, if it has one.
    fn escape(&self) -> Option<u8> {
        None
    }

    /// What a program says when its connection has ended.
    fn farewell(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The terminal here has this many columns and rows.
    fn resize(&mut self, _columns: u32, _rows: u32) {}

    /// Status of what ran at the other end, once it is closed.
    fn status(&self) -> Option<i32> {
        None
    }
}

/// A terminal that is asked for at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its kind: `xterm-256color`.
    pub name: String,
    /// Columns and rows.
    pub size: (u32, u32),
}

/// A connection of the secure shell before anybody has logged in.
pub trait Login: Send + Sync {
    /// Kind and key of the host, as `known_hosts` has them: the key is that of the wire.
    fn host_key(&self) -> (String, Vec<u8>);

    /// Tries a password.
    fn password(&mut self, password: &[u8]) -> Tried;

    /// Runs `command`, or a shell where there is none, at a terminal or without one.
    fn open(self: Box<Self>, command: Option<&[u8]>, terminal: Option<Asked>) -> Option<Box<dyn Wire>>;
}

/// What came of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The user is in.
    In,
    /// He may try again.
    Again,
    /// The other end has closed the connection.
    Gone,
}

/// A session's way to other nodes.
pub trait Reach: Send + Sync {
    /// Where `target`, an address or a name, is, if a way leads there. One leads to the node itself.
    fn find(&self, target: &str) -> Option<Found>;

    /// The hosts of the networks that the node is in.
    fn near(&self) -> Vec<Near>;

    /// Connects to a port of `target`, which was found.
    ///
    /// # Errors
    /// Why nobody answers there.
    fn connect(&self, target: &str, port: u16) -> Result<Box<dyn Wire>, NoWay>;

    /// Connects as [`Reach::connect`] does, and begins TLS.
    ///
    /// # Errors
    /// Why nobody answers there; nothing inside when it is no TLS.
    fn secure(&self, target: &str, port: u16) -> Result<Box<dyn Wire>, Option<NoWay>> {
        self.connect(target, port)?;
        Err(None)
    }

    /// Connects to the secure shell at a port of `target` for `user`.
    ///
    /// # Errors
    /// Why nobody answers there; nothing inside when it is no secure shell.
    fn log_in(&self, target: &str, port: u16, user: &[u8]) -> Result<Box<dyn Login>, Option<NoWay>>;
}

/// A session's way, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Way(Option<Arc<dyn Reach>>);

impl fmt::Debug for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Way({})", self.0.is_some())
    }
}

impl Way {
    pub(crate) fn new(reach: Arc<dyn Reach>) -> Way {
        Way(Some(reach))
    }

    /// Whether there is any.
    pub(crate) fn leads(&self) -> bool {
        self.0.is_some()
    }

    /// Where a target is, if a way leads there.
    pub(crate) fn find(&self, target: &str) -> Option<Found> {
        self.0.as_ref()?.find(target)
    }

    pub(crate) fn connect(&self, target: &str, port: u16) -> Result<Box<dyn Wire>, NoWay> {
        self.0.as_ref().ok_or(NoWay::Silence)?.connect(target, port)
    }

    pub(crate) fn secure(&self, target: &str, port: u16) -> Result<Box<dyn Wire>, Option<NoWay>> {
        self.0.as_ref().ok_or(Some(NoWay::Silence))?.secure(target, port)
    }

    pub(crate) fn log_in(
        &self,
        target: &str,
        port: u16,
        user: &[u8],
    ) -> Result<Box<dyn Login>, Option<NoWay>> {
        self.0.as_ref().ok_or(Some(NoWay::Silence))?.log_in(target, port, user)
    }
}
