//! The bus inside one process: the router with inboxes around it.

use crate::{
    clock,
    counters::ClientCounters,
    inbox::{Inbox, Message, Slot, Subscriptions},
    queue::CAPACITY,
    router::Router,
};
use decnet_codec::topic::{Pattern, Topic};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Shared state of the in-process bus.
#[derive(Debug, Default)]
pub struct Local {
    state: Mutex<State>,
    published: AtomicU64,
    received: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    router: Router<u64>,
    slots: BTreeMap<u64, Arc<Slot>>,
}

impl Local {
    pub(crate) fn publish(&self, topic: &Topic, payload: Map<String, Value>) {
        self.published.fetch_add(1, Ordering::Relaxed);
        let message = Arc::new(Message {
            topic: topic.clone(),
            id: clock::message_id(),
            kind: topic.last_token().to_owned(),
            ts: clock::now(),
            payload,
        });
        let state = self.state.lock();
        for slot in state.router.route(topic).iter().filter_map(|id| state.slots.get(id)) {
            self.received.fetch_add(1, Ordering::Relaxed);
            if slot.queue.push(message.clone()) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn subscribe(self: &Arc<Self>, pattern: Pattern) -> Inbox {
        let slot = Slot::new(CAPACITY);
        slot.ready.send_replace(true);
        let mut state = self.state.lock();
        state.next += 1;
        let id = state.next;
        // One pattern per inbox is below any limit of the router.
        if state.router.subscribe(id, pattern).is_ok() {
            state.slots.insert(id, slot.clone());
        }
        Inbox::new(id, slot, Arc::<Self>::downgrade(self))
    }

    pub(crate) fn counters(&self) -> ClientCounters {
        ClientCounters {
            connected: true,
            published: self.published.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            dropped_in: self.dropped.load(Ordering::Relaxed),
            ..ClientCounters::default()
        }
    }
}

impl Subscriptions for Local {
    fn unsubscribe(&self, id: u64) {
        let mut state = self.state.lock();
        state.router.remove(id);
        state.slots.remove(&id);
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        for slot in self.state.get_mut().slots.values() {
            slot.queue.close();
        }
    }
}
