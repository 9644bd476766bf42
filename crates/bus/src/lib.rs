//! The bus: wakes workers up, at most once, on one host. The store is the truth; a lost message costs
//! one tick.
//!
//! One pure [`router`] under two transports: a UNIX socket ([`server`], [`Bus::unix`]) and the
//! in-process bus ([`Bus::local`]). [`Bus::off`] takes everything and delivers nothing.

mod client;
mod clock;
mod connection;
mod counters;
mod hub;
mod inbox;
mod local;
pub mod queue;
pub mod rights;
pub mod router;
pub mod server;
mod stop;

pub use counters::{ClientCounters, ServerCounters};
pub use decnet_codec::{
    subject::Subject,
    topic::{BadTopic, Pattern, Topic},
};
pub use inbox::{Inbox, Message};
pub use rights::Rights;
pub use server::{BindError, Server, Settings, serve};

use serde::Serialize;
use serde_json::{Map, Value};
use std::{path::PathBuf, sync::Arc};

/// The bus as workers see it. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Bus {
    /// A server behind a socket; reconnects by itself.
    Unix(Arc<client::Client>),
    /// This process only.
    Local(Arc<local::Local>),
    /// Nobody: publishing does nothing, inboxes stay empty.
    Off,
}

impl Bus {
    /// A client of the server at `socket`, which need not be up yet. `name` is for people.
    ///
    /// Must be called inside a tokio runtime; the connection lives until the last clone is dropped.
    pub fn unix(socket: impl Into<PathBuf>, name: &str) -> Bus {
        Bus::Unix(client::Client::start(socket.into(), name))
    }

    /// A bus inside this process.
    pub fn local() -> Bus {
        Bus::Local(Arc::new(local::Local::default()))
    }

    /// The bus that does nothing.
    pub fn off() -> Bus {
        Bus::Off
    }

    /// Sends `payload` to the subscribers of `topic`. Never fails and never waits: what cannot be
    /// sent now is queued up to a limit, then the oldest is dropped and counted.
    pub fn publish(&self, topic: &Topic, payload: &impl Serialize) {
        if let Bus::Off = self {
            return;
        }
        let Some(payload) = object(payload) else {
            tracing::error!(%topic, "bus payload cannot be written as JSON");
            return;
        };
        match self {
            Bus::Unix(client) => client.publish(topic, payload),
            Bus::Local(local) => local.publish(topic, payload),
            Bus::Off => {}
        }
    }

    /// Messages that match `pattern`, from now on. The inbox ends its subscription when dropped.
    pub fn subscribe(&self, pattern: Pattern) -> Inbox {
        match self {
            Bus::Unix(client) => client.subscribe(pattern),
            Bus::Local(local) => local.subscribe(pattern),
            Bus::Off => Inbox::off(),
        }
    }

    /// What this handle's connection has done, for a worker's heartbeat.
    pub fn counters(&self) -> ClientCounters {
        match self {
            Bus::Unix(client) => client.counters(),
            Bus::Local(local) => local.counters(),
            Bus::Off => ClientCounters::default(),
        }
    }
}

/// A payload as the envelope wants it: an object; anything else becomes its `value`.
fn object(payload: &impl Serialize) -> Option<Map<String, Value>> {
    match serde_json::to_value(payload).ok()? {
        Value::Object(map) => Some(map),
        Value::Null => Some(Map::new()),
        other => Some(Map::from_iter([("value".to_owned(), other)])),
    }
}
