//! A bounded queue that drops its oldest entry rather than wait, and counts what it dropped.

use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// Entries that a queue of the bus holds, frames or messages.
pub const CAPACITY: usize = 1024;

/// The queue. Any number of senders, one receiver.
#[derive(Debug)]
pub struct Queue<T> {
    entries: Mutex<VecDeque<T>>,
    capacity: usize,
    dropped: AtomicU64,
    closed: AtomicBool,
    wake: Notify,
}

impl<T> Queue<T> {
    /// An empty queue for `capacity` entries, at least one.
    pub fn new(capacity: usize) -> Self {
        Queue {
            entries: Mutex::new(VecDeque::new()),
            capacity: capacity.max(1),
            dropped: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// Adds an entry; returns whether the oldest had to go. After [`Queue::close`] nothing is added.
    pub fn push(&self, entry: T) -> bool {
        if self.closed.load(Ordering::Acquire) {
            return false;
        }
        let full = {
            let mut entries = self.entries.lock();
            let full = entries.len() >= self.capacity;
            if full {
                entries.pop_front();
            }
            entries.push_back(entry);
            full
        };
        if full {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.wake.notify_one();
        full
    }

    /// The oldest entry, if there is one.
    pub fn pop(&self) -> Option<T> {
        self.entries.lock().pop_front()
    }

    /// Waits for the oldest entry; `None` when the queue is closed and empty. Safe to cancel.
    pub async fn next(&self) -> Option<T> {
        loop {
            if let Some(entry) = self.pop() {
                return Some(entry);
            }
            if self.closed.load(Ordering::Acquire) {
                return None;
            }
            // One permit is kept, so a push between the look above and this wait is not missed.
            self.wake.notified().await;
        }
    }

    /// Ends the queue. The end is not an entry, so a full queue cannot lose it.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Entries dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Entries waiting.
    pub fn len(&self) -> usize {
        self.entries.lock().len()
    }

    /// Is nothing waiting?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_is_counted() {
        let queue = Queue::new(2);
        assert_eq!([1, 2, 3].map(|entry| queue.push(entry)), [false, false, true]);
        assert_eq!((queue.dropped(), queue.pop(), queue.pop(), queue.pop()), (1, Some(2), Some(3), None));
    }

    #[tokio::test]
    async fn a_full_queue_still_ends() {
        let queue = Queue::new(1);
        queue.push(1);
        queue.close();
        queue.push(2);
        assert_eq!((queue.next().await, queue.next().await, queue.next().await), (Some(1), None, None));
    }
}
