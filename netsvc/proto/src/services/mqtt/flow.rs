//! What is under way on a connection: messages without an acknowledgement, both ways.

use super::message::{Content, Message};
use netsvc_kit::Charge;
use std::collections::BTreeMap;

/// Messages of a client that wait to be released, and their bytes.
const UNRELEASED: usize = 100;
const UNRELEASED_BYTES: usize = 128 * 1024;

/// A message on its way to the client.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) number: u16,
    /// Whether the client has it, and only the end of the exchange is to come.
    pub(super) received: bool,
    pub(super) message: Message,
}

/// What is under way on a connection.
#[derive(Debug)]
pub(super) struct Flow {
    most: usize,
    next: u16,
    pub(super) sent: Vec<Sent>,
    /// Messages that the client has not released, by their numbers.
    unreleased: BTreeMap<u16, (Content, bool)>,
    unreleased_bytes: usize,
    /// Topics by their aliases.
    pub(super) aliases: BTreeMap<u16, Vec<u8>>,
    charge: Charge,
}

impl Flow {
    pub(super) fn new(most: u16) -> Self {
        Flow {
            most: usize::from(most.max(1)),
            next: 0,
            sent: Vec::new(),
            unreleased: BTreeMap::new(),
            unreleased_bytes: 0,
            aliases: BTreeMap::new(),
            charge: Charge::current(0),
        }
    }

    /// Whether one more message can be under way.
    pub(super) fn has_room(&self) -> bool {
        self.sent.len() < self.most
    }

    /// Messages that the client may not have got.
    pub(super) fn take_unanswered(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.sent).into_iter().map(|sent| sent.message).collect()
    }

    /// A number for one more message.
    pub(super) fn number(&mut self) -> u16 {
        self.next = self.next.checked_add(1).unwrap_or(1);
        self.next
    }

    /// Keeps a message until it is released; `false` when there is no room.
    pub(super) fn hold(&mut self, number: u16, content: Content, keep: bool) -> bool {
        self.release(number);
        let size = content.size();
        if UNRELEASED <= self.unreleased.len() || UNRELEASED_BYTES < self.unreleased_bytes + size {
            return false;
        }
        self.unreleased_bytes += size;
        self.charge.set(self.unreleased_bytes);
        self.unreleased.insert(number, (content, keep));
        true
    }

    /// The message that the client releases now.
    pub(super) fn release(&mut self, number: u16) -> Option<(Content, bool)> {
        let (content, keep) = self.unreleased.remove(&number)?;
        self.unreleased_bytes = self.unreleased_bytes.saturating_sub(content.size());
        self.charge.set(self.unreleased_bytes);
        Some((content, keep))
    }
}
