//! A call that somebody sets up: it rings, and nobody answers.

use netsvc_kit::Out;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Time until it rings, and until nobody has answered.
const RINGS: Duration = Duration::from_millis(700);
const GIVES_UP: Duration = Duration::from_secs(32);

/// A call that is being set up.
#[derive(Debug)]
pub(super) struct Call {
    /// Identifies it, with the number of its request.
    pub(super) id: (String, String),
    /// Answers, without their start line: what repeats in each.
    pub(super) ringing: Vec<u8>,
    pub(super) busy: Vec<u8>,
    pub(super) cancelled: Vec<u8>,
    /// Whether it has rung.
    rung: bool,
    next: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Call {
    pub(super) fn new(id: (String, String), ringing: Vec<u8>, busy: Vec<u8>, cancelled: Vec<u8>) -> Self {
        Call { id, ringing, busy, cancelled, rung: false, next: Instant::now() + RINGS, timer: None }
    }

    /// Ready when the next answer is due.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.next)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(())
    }

    /// Sends the next answer if it is due; false when it was the last.
    pub(super) fn go_on(&mut self, datagrams: bool, out: &mut Out) -> bool {
        if Instant::now() < self.next {
            return true;
        }
        let answer = if self.rung { &self.busy } else { &self.ringing };
        send(answer.clone(), datagrams, out);
        self.timer = None;
        self.next += GIVES_UP;
        !std::mem::replace(&mut self.rung, true)
    }
}

/// Sends a message as the transport has it.
pub(super) fn send(message: Vec<u8>, datagrams: bool, out: &mut Out) {
    if datagrams {
        out.datagram(message);
    } else {
        out.send(message);
    }
}
