//! The receiving end of a subscription.

use crate::queue::Queue;
use decnet_codec::topic::Topic;
use serde_json::{Map, Value};
use std::sync::{Arc, Weak};
use tokio::sync::watch;

/// A message as a subscriber gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Where it was published.
    pub topic: Topic,
    /// Id that the server gave it.
    pub id: String,
    /// What the payload is; the last token of the topic unless the publisher said otherwise.
    pub kind: String,
    /// Seconds since the epoch when the server took it.
    pub ts: f64,
    /// The message itself.
    pub payload: Map<String, Value>,
}

/// What an inbox and its bus share.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) queue: Queue<Arc<Message>>,
    /// True while the other side knows of the subscription.
    pub(crate) ready: watch::Sender<bool>,
}

impl Slot {
    pub(crate) fn new(capacity: usize) -> Arc<Slot> {
        Arc::new(Slot { queue: Queue::new(capacity), ready: watch::Sender::new(false) })
    }
}

/// Messages of one subscription, oldest first. When it is full the oldest is dropped and counted.
#[derive(Debug)]
pub struct Inbox {
    id: u64,
    slot: Option<Arc<Slot>>,
    /// Whom to tell when the inbox is dropped; `None`: nobody.
    owner: Option<Weak<dyn Subscriptions>>,
}

/// Where an inbox is subscribed.
pub(crate) trait Subscriptions: std::fmt::Debug + Send + Sync {
    /// The inbox with this id is gone.
    fn unsubscribe(&self, id: u64);
}

impl Inbox {
    pub(crate) fn new(id: u64, slot: Arc<Slot>, owner: Weak<dyn Subscriptions>) -> Inbox {
        Inbox { id, slot: Some(slot), owner: Some(owner) }
    }

    pub(crate) fn off() -> Inbox {
        Inbox { id: 0, slot: None, owner: None }
    }

    /// Waits for the next message. `None` when the bus is gone for good; never on [`crate::Bus::Off`],
    /// where it waits for ever. Safe to cancel.
    pub async fn next(&mut self) -> Option<Arc<Message>> {
        match &self.slot {
            Some(slot) => slot.queue.next().await,
            None => std::future::pending().await,
        }
    }

    /// The next message if one is here already.
    pub fn try_next(&mut self) -> Option<Arc<Message>> {
        self.slot.as_ref()?.queue.pop()
    }

    /// Throws away what is waiting: one wake-up is as good as many.
    pub fn clear(&mut self) {
        while self.try_next().is_some() {}
    }

    /// Waits until the server has acknowledged the subscription, so that nothing published from now
    /// on is missed. Returns at once on the in-process bus and on [`crate::Bus::Off`].
    pub async fn ready(&self) {
        let Some(slot) = &self.slot else { return };
        let mut ready = slot.ready.subscribe();
        // The sender is in the slot we hold, so the wait cannot fail.
        let _ = ready.wait_for(|ready| *ready).await;
    }

    /// Messages dropped because this inbox was full.
    pub fn dropped(&self) -> u64 {
        self.slot.as_ref().map_or(0, |slot| slot.queue.dropped())
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        if let Some(owner) = self.owner.as_ref().and_then(Weak::upgrade) {
            owner.unsubscribe(self.id);
        }
    }
}
