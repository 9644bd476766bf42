//! What all connections to one node's server share, and what one command is answered with.

use super::{
    bson::{Doc, Value},
    effort::Effort,
    fault::Fault,
    login::Login,
    release::Release,
    story,
    world::World,
};
use netsvc_daemon::kept::Kept;
use netsvc_kit::{Host, Link, Out};
use parking_lot::Mutex;
use rand_core::RngCore;
use std::sync::{
    Arc,
    atomic::{AtomicI32, AtomicU64, Ordering},
};

/// Attackers whose writes are kept; who came longest ago is forgotten first.
const ATTACKERS: usize = 32;

/// The server of a node.
pub(super) struct Server {
    pub release: Release,
    /// Whether commands need a login.
    pub locked: bool,
    /// Id of the process, by which clients know that it is still the same one.
    pub process: [u8; 12],
    worlds: Kept<World, ATTACKERS>,
    found: Mutex<Option<Arc<World>>>,
    connections: AtomicI32,
    open: AtomicI32,
    messages: AtomicI32,
    pub counts: Counts,
}

/// What the server counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub insert: AtomicU64,
    pub query: AtomicU64,
    pub update: AtomicU64,
    pub delete: AtomicU64,
    pub getmore: AtomicU64,
    pub command: AtomicU64,
    pub bytes_in: AtomicU64,
    pub bytes_out: AtomicU64,
}

impl Server {
    pub(super) fn new(host: &Host) -> Self {
        let mut process = [0; 12];
        host.generator("process").fill_bytes(&mut process);
        let started = u32::try_from(host.persona().booted_at / 1_000_000 + 14).unwrap_or(0).to_be_bytes();
        process.iter_mut().zip(started).for_each(|(to, from)| *to = from);
        let locked = host.setting("auth") == Some("on");
        Server {
            release: Release::of(host),
            locked,
            process,
            worlds: Kept::default(),
            found: Mutex::default(),
            connections: AtomicI32::new(0),
            open: AtomicI32::new(0),
            messages: AtomicI32::new(0),
            counts: Counts::default(),
        }
    }

    /// A connection begins; its number.
    pub(super) fn begin(&self) -> i32 {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn end(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Connections that are open, and all that ever were.
    pub(super) fn connections(&self) -> (i32, i32) {
        (self.open.load(Ordering::Relaxed).max(1), self.connections.load(Ordering::Relaxed))
    }

    /// Number of the next message of the server.
    pub(super) fn number(&self) -> i32 {
        self.messages.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// What the server keeps for the peer of `link`, made when he asks for it first.
    pub(super) fn world(&self, host: &Host, link: &Link) -> Arc<Mutex<World>> {
        self.worlds.of(link.source(), || {
            let mut found = self.found.lock();
            let found = found.get_or_insert_with(|| Arc::new(story::world(host, &self.release)));
            World::clone(found)
        })
    }
}

/// One command.
pub(super) struct Ask<'a> {
    pub host: &'a Host,
    pub link: &'a Link,
    pub server: &'a Server,
    pub login: &'a mut Login,
    /// Number of the connection.
    pub connection: i32,
    /// Name of the command.
    pub name: &'a str,
    /// The database that it is given to.
    pub database: &'a str,
    pub body: &'a Doc,
    pub sequences: &'a [(String, Vec<&'a [u8]>)],
    /// Milliseconds since the epoch.
    pub now: i64,
    pub effort: Effort,
    pub out: &'a mut Out,
}

/// A document that a command has in its body, or beside it, where it is read when it is its turn: read, documents take
/// many times their bytes, and one message is full of them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<'a> {
    Inside(&'a Value),
    Beside(&'a [u8]),
}

impl Given<'_> {
    /// The document; `None`: it is none.
    pub(super) fn doc(self) -> Option<Doc> {
        match self {
            Given::Inside(value) => value.doc().cloned(),
            Given::Beside(bytes) => Doc::read(bytes).ok(),
        }
    }
}

impl<'a> Ask<'a> {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::text)
    }

    pub(super) fn doc(&self, name: &str) -> Doc {
        self.body.get(name).and_then(Value::doc).cloned().unwrap_or_default()
    }

    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        self.body.get(name).and_then(Value::whole)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.body.get(name).is_some_and(Value::truth)
    }

    /// The collection that the command names first.
    pub(super) fn collection(&self) -> Result<String, Fault> {
        let named = self.body.0.first().map(|(_, value)| value);
        match named {
            Some(Value::Text(text)) if !text.is_empty() => Ok(text.clone()),
            Some(Value::Text(_)) => {
                Err(Fault::new(73, format!("Invalid namespace specified '{}.'", self.database)))
            }
            other => {
                let kind = other.map_or("missing", Value::type_name);
                Err(Fault::new(73, format!("collection name has invalid type {kind}")))
            }
        }
    }

    /// The documents of the field `name`, in the body or beside it.
    pub(super) fn documents(&self, name: &str) -> Vec<Given<'a>> {
        let (body, sequences) = (self.body, self.sequences);
        let beside = sequences.iter().filter(|(known, _)| known == name).flat_map(|(_, documents)| documents);
        let inside = body.get(name).and_then(Value::array).unwrap_or_default();
        inside.iter().map(Given::Inside).chain(beside.map(|&bytes| Given::Beside(bytes))).collect()
    }
}
