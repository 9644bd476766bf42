//! What the connections of a server share: who is there, who wants what, and a queue to each.

use crate::{
    clock,
    counters::ServerCounters,
    queue::{CAPACITY, Queue},
    rights::Rights,
    router::{Router, TooManyPatterns},
};
use decnet_codec::{
    frame::{Frame, FrameError},
    subject::Subject,
    topic::{Pattern, Topic},
    verb::{Envelope, Reply},
};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Messages on their way to one client.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// What the client calls itself; for counters only.
    pub(crate) name: Mutex<String>,
    /// Encoded `EVT` frames, shared between connections.
    pub(crate) frames: Queue<Arc<[u8]>>,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) rights: Rights,
    state: Mutex<State>,
    published: AtomicU64,
    delivered: AtomicU64,
    dropped: AtomicU64,
    refused: AtomicU64,
    protocol_errors: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    router: Router<u64>,
    outboxes: BTreeMap<u64, Arc<Outbox>>,
}

impl Hub {
    pub(crate) fn new(rights: Rights) -> Hub {
        Hub {
            rights,
            state: Mutex::default(),
            published: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            protocol_errors: AtomicU64::new(0),
        }
    }

    pub(crate) fn join(&self) -> (u64, Arc<Outbox>) {
        let outbox = Arc::new(Outbox { name: Mutex::new("-".to_owned()), frames: Queue::new(CAPACITY) });
        let mut state = self.state.lock();
        state.next += 1;
        let id = state.next;
        state.outboxes.insert(id, outbox.clone());
        (id, outbox)
    }

    pub(crate) fn leave(&self, id: u64) {
        let mut state = self.state.lock();
        state.router.remove(id);
        state.outboxes.remove(&id);
    }

    pub(crate) fn subscribe(&self, id: u64, pattern: Pattern) -> Result<(), TooManyPatterns> {
        self.state.lock().router.subscribe(id, pattern)
    }

    pub(crate) fn unsubscribe(&self, id: u64, pattern: &Pattern) {
        self.state.lock().router.unsubscribe(id, pattern);
    }

    /// Stamps an envelope and hands it to the subscribers of `topic` other than `from`.
    pub(crate) fn publish(
        &self,
        from: Option<u64>,
        topic: &Topic,
        mut envelope: Envelope,
    ) -> Result<(), FrameError> {
        envelope.v = 1;
        envelope.id = clock::message_id();
        envelope.ts = clock::now();
        envelope.topic = topic.to_string();
        envelope.kind.get_or_insert_with(|| topic.last_token().to_owned());
        let mut bytes = Vec::new();
        Frame { header: Reply::Event(topic.clone()).to_string(), body: envelope.to_body() }
            .encode(&mut bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        self.published.fetch_add(1, Ordering::Relaxed);
        let state = self.state.lock();
        for id in state.router.route(topic) {
            let Some(outbox) = state.outboxes.get(&id).filter(|_| Some(id) != from) else { continue };
            self.delivered.fetch_add(1, Ordering::Relaxed);
            if outbox.frames.push(bytes.clone()) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn protocol_error(&self) {
        self.protocol_errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counters(&self) -> ServerCounters {
        let state = self.state.lock();
        let mut dropped_by_client = BTreeMap::new();
        for outbox in state.outboxes.values().filter(|outbox| outbox.frames.dropped() > 0) {
            *dropped_by_client.entry(outbox.name.lock().clone()).or_default() += outbox.frames.dropped();
        }
        ServerCounters {
            connections: state.outboxes.len(),
            subscriptions: state.router.len(),
            published: self.published.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            protocol_errors: self.protocol_errors.load(Ordering::Relaxed),
            dropped_by_client,
        }
    }

    pub(crate) fn publish_health(&self, uptime: Duration) {
        let topic = Subject::Health("bus").topic();
        let mut payload = Map::new();
        payload.insert("worker".to_owned(), "bus".into());
        payload.insert("pid".to_owned(), std::process::id().into());
        payload.insert("uptime_sec".to_owned(), uptime.as_secs().into());
        payload.insert("ts".to_owned(), clock::now().into());
        payload.insert("extra".to_owned(), serde_json::to_value(self.counters()).unwrap_or(Value::Null));
        // A few hundred bytes: below every limit of a frame.
        let _ = self.publish(None, &topic, Envelope::new(&topic, payload));
    }
}
