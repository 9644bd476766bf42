//! The loop of a program that answers whole requests: head, body, answer, and again while the connection is kept.

use super::{
    body::Body,
    family::Family,
    head::Reader,
    record::{self, HEAD},
    request::{Fault, Request},
};
use netsvc_kit::{Input, Machine, Out};
use netsvc_wire::{Kind, field};

/// What lets a peer send the body that it announced.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What answers the requests of one connection.
pub trait Program: Send {
    /// Longest body that it takes; a longer one is refused with [`Fault::Large`].
    fn longest(&self) -> u64;

    /// Whether a fault of a request's head keeps it from being answered.
    fn minds(&self, _fault: Fault) -> bool {
        true
    }

    /// Answers `request` and records it; whether the connection is kept.
    fn answer(&mut self, request: &Request, out: &mut Out) -> bool;

    /// Answers what is no request, and records it; the connection ends.
    fn refuse(&mut self, request: &Request, fault: Fault, out: &mut Out);
}

/// A connection to a program.
pub struct Served<P> {
    program: P,
    reader: Reader,
    pending: Option<(Request, Body)>,
}

impl<P: Program> Served<P> {
    /// A fresh connection to `program`.
    pub fn new(program: P) -> Self {
        Served { program, reader: Reader::default(), pending: None }
    }

    /// Takes one unit of input; `false` when there is not enough.
    fn advance(&mut self, out: &mut Out) -> bool {
        let Some((request, mut body)) = self.pending.take() else {
            let Some(request) = self.reader.take(Family::Device) else { return false };
            self.begin(request, out);
            return true;
        };
        let taken = body.take(self.reader.rest());
        let fault = taken.err().or((self.program.longest() < body.size).then_some(Fault::Large));
        match fault {
            Some(fault) => self.refuse(whole(request, body), fault, out),
            None if body.complete() => {
                if !self.program.answer(&whole(request, body), out) {
                    out.close();
                }
            }
            None => {
                self.pending = Some((request, body));
                return false;
            }
        }
        true
    }

    fn begin(&mut self, mut request: Request, out: &mut Out) {
        request.faults.retain(|fault| self.program.minds(*fault));
        if let Some(fault) = request.faults.first().copied() {
            return self.refuse(request, fault, out);
        }
        let body = match Body::of(&request, Family::Device) {
            Ok(body) if self.program.longest() < body.announced() => {
                return self.refuse(request, Fault::Large, out);
            }
            Ok(body) => body,
            Err(fault) => return self.refuse(request, fault, out),
        };
        let continues = request.field("expect").is_some_and(|wish| wish.eq_ignore_ascii_case("100-continue"));
        if continues && !body.complete() && self.reader.is_empty() {
            out.send(CONTINUE);
        }
        self.pending = Some((request, body));
    }

    fn refuse(&mut self, request: Request, fault: Fault, out: &mut Out) {
        let head = request.head.get(..HEAD).unwrap_or(&request.head).to_vec();
        let reason = format!("{fault:?}").to_lowercase().into_bytes();
        out.record(Kind::Malformed, vec![(field::REASON, reason), (field::DATA, head)]);
        self.program.refuse(&request, fault, out);
        out.close();
    }

    /// Records what came of a request that the peer did not finish.
    fn abandon(&mut self, out: &mut Out) {
        if let Some((request, body)) = self.pending.take() {
            record::record(&whole(request, body), None, out);
        } else if !self.reader.is_empty() {
            let rest = self.reader.rest().take(HEAD);
            out.record(Kind::Malformed, vec![(field::REASON, b"unfinished".to_vec()), (field::DATA, rest)]);
        }
    }
}

/// The request with what was kept of its body.
fn whole(request: Request, mut body: Body) -> Request {
    Request { body: body.take_content(), ..request }
}

impl<P: Program> Machine for Served<P> {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Bytes(bytes) => {
                // Whatever is no unfinished head is used up before more is read.
                if !self.reader.push(bytes) {
                    out.close();
                }
                while !out.closing() && !out.full() && self.advance(out) {}
            }
            Input::Eof => self.abandon(out),
        }
    }
}
