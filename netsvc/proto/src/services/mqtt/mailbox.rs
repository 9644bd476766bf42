//! The place where messages wait for a client, with its connection or without.

use super::message::Message;
use crate::room::{Held, Room};
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc, task::Waker};

/// Messages and bytes that wait for one client (`max_queued_messages` is 1000).
const WAITING: usize = 256;
const WAITING_BYTES: usize = 128 * 1024;

/// What came for a connection.
#[derive(Debug)]
struct Arrived {
    messages: VecDeque<Message>,
    /// Bytes of the messages.
    held: Held,
    /// Another connection has taken the client's name.
    replaced: bool,
    waker: Option<Waker>,
}

/// The place where messages wait for a client.
#[derive(Clone, Debug)]
pub(super) struct Mailbox(Arc<Mutex<Arrived>>);

impl Mailbox {
    pub(super) fn new(room: &Arc<Room>) -> Self {
        let (messages, held) = (VecDeque::new(), Held::of(room));
        Mailbox(Arc::new(Mutex::new(Arrived { messages, held, replaced: false, waker: None })))
    }

    pub(super) fn put(&self, message: Message) {
        let mut arrived = self.0.lock();
        let bytes = arrived.held.bytes() + message.content.size();
        // As the broker does with what goes beyond its limits.
        if WAITING <= arrived.messages.len() || WAITING_BYTES < bytes || !arrived.held.set(bytes) {
            return;
        }
        arrived.messages.push_back(message);
        if let Some(waker) = arrived.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn take(&self) -> Option<Message> {
        let mut arrived = self.0.lock();
        let message = arrived.messages.pop_front()?;
        let left = arrived.held.bytes().saturating_sub(message.content.size());
        arrived.held.set(left);
        Some(message)
    }

    /// Whether something is there; `waker` is woken when something comes.
    pub(super) fn waits(&self, waker: &Waker) -> bool {
        let mut arrived = self.0.lock();
        let waits = !arrived.messages.is_empty() || arrived.replaced;
        if !waits {
            arrived.waker = Some(waker.clone());
        }
        waits
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.0.lock().replaced
    }

    pub(super) fn replace(&self) {
        let mut arrived = self.0.lock();
        arrived.replaced = true;
        if let Some(waker) = arrived.waker.take() {
            waker.wake();
        }
    }

    /// Keeps only what must reach the client.
    pub(super) fn settle(&self) {
        let mut arrived = self.0.lock();
        arrived.messages.retain(|message| 0 < message.quality);
        let left = arrived.messages.iter().map(|message| message.content.size()).sum();
        arrived.held.set(left);
        arrived.waker = None;
    }
}
