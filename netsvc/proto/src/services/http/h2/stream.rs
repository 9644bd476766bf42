//! One stream: a request whose body is still to come, an answer that is still to go, or both.

use super::{
    dialect::Dialect,
    frame::{flag, frame, kind},
};
use crate::services::http::{body, request::Request};
use netsvc_kit::{Charge, Gathered, Out};

/// Bytes of a body after which the peer is let send as many again.
const REFILL: u32 = 32 * 1024;
/// Bytes of an answer that comes piece by piece which wait for the peer.
const WAITING: usize = 256 * 1024;

/// A stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// The request, until it is recorded.
    pub(super) request: Option<Request>,
    /// What was kept of the body.
    content: Gathered,
    /// Bytes of the body that came.
    pub(super) size: u64,
    /// Status of the answer, once there is one.
    pub(super) answered: Option<u16>,
    /// Whether the peer has sent all of it.
    pub(super) ended: bool,
    /// Bytes of the answer that the peer takes.
    pub(super) window: i64,
    /// Whether more of the answer comes later.
    pub(super) open: bool,
    body: Vec<u8>,
    sent: usize,
    /// Bytes that came since the peer was let send more.
    taken: u32,
    charge: Charge,
}

impl Stream {
    pub(super) fn new(request: Request, window: i64) -> Self {
        let fields: usize = request.fields.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
        let charge = Charge::current(request.head.len() + fields);
        Stream {
            request: Some(request),
            content: Gathered::new(body::KEPT),
            size: 0,
            answered: None,
            ended: false,
            window,
            open: false,
            body: Vec::new(),
            sent: 0,
            taken: 0,
            charge,
        }
    }

    /// Takes a piece of the request's body; by how much the peer's window grows for it.
    pub(super) fn take(&mut self, piece: &[u8]) -> Option<u32> {
        self.size += piece.len() as u64;
        // What there is no room for is counted alone.
        let _ = self.content.push(piece);
        self.taken += u32::try_from(piece.len()).unwrap_or(REFILL);
        (REFILL <= self.taken).then(|| std::mem::take(&mut self.taken))
    }

    /// The request with what was kept of its body, once.
    pub(super) fn whole(&mut self) -> Option<Request> {
        let request = self.request.take()?;
        Some(Request { body: self.content.take_all(), ..request })
    }

    /// The body of the answer, which is still to go.
    pub(super) fn give(&mut self, body: Vec<u8>) {
        self.charge.set(body.len());
        self.body = body;
        self.sent = 0;
    }

    /// Adds a piece of the answer; whether there was room.
    pub(super) fn add(&mut self, piece: &[u8]) -> bool {
        let mut body = self.body.split_off(self.sent.min(self.body.len()));
        let fits = body.len() + piece.len() <= WAITING;
        if fits {
            body.extend_from_slice(piece);
        }
        self.give(body);
        fits
    }

    /// Whether there is something to send.
    pub(super) fn waits(&self) -> bool {
        self.sent < self.body.len()
    }

    /// Sends as much of the answer as both windows and `out` take.
    pub(super) fn send(
        &mut self,
        number: u32,
        dialect: &Dialect,
        most: usize,
        window: &mut i64,
        out: &mut Out,
    ) {
        while self.waits() && !out.full() {
            let open = usize::try_from(self.window.min(*window)).unwrap_or_default();
            let left = self.body.len() - self.sent;
            let count = left.min(open).min(dialect.chunk).min(most);
            let Some(piece) = self.body.get(self.sent..self.sent + count).filter(|piece| !piece.is_empty())
            else {
                return;
            };
            let flags = if count == left && !self.open { flag::END_STREAM } else { 0 };
            out.send(frame(kind::DATA, flags, number, piece));
            self.sent += count;
            let count = i64::try_from(count).unwrap_or_default();
            self.window -= count;
            *window -= count;
        }
        if !self.waits() && !self.body.is_empty() {
            self.give(Vec::new());
        }
    }

    /// Whether nothing more comes of it.
    pub(super) fn is_done(&self) -> bool {
        self.ended && self.answered.is_some() && !self.waits() && !self.open
    }
}
