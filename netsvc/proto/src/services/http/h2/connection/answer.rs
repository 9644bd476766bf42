//! Requests and what is answered to them, stream by stream.

use super::{
    super::{
        fields::Verdict,
        frame::{Code, flag, frame, kind},
        program::{Answer, Given, Program},
        stream::Stream,
    },
    Connection,
};
use crate::services::http::{
    request::{Fault, Request},
    site,
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};
use std::time::Duration;

/// Time between an answer and the end of a stream whose request is not wanted whole.
const APART: Duration = Duration::from_millis(1);

impl<P: Program> Connection<P> {
    /// Begins with a request.
    pub(super) fn begin(
        &mut self,
        number: u32,
        request: Request,
        verdict: Verdict,
        end: bool,
        out: &mut Out,
    ) {
        self.served += 1;
        if verdict == Verdict::Reset {
            let data = request.head.get(..site::HEAD).unwrap_or(&request.head).to_vec();
            out.record(Kind::Malformed, vec![(field::REASON, b"field".to_vec()), (field::DATA, data)]);
            out.send(frame(kind::RST_STREAM, 0, number, &(Code::Protocol as u32).to_be_bytes()));
            return;
        }
        let announced = request.field("content-length").and_then(|length| length.parse::<u64>().ok());
        let at_once = self.dialect.nginx && !end && self.program.at_once(&request);
        let large = !end && announced.is_some_and(|length| self.program.body_limit() < length);
        let first = (at_once && verdict == Verdict::Good && !large).then(|| request.clone());
        let mut stream = Stream::new(request, self.initial);
        stream.ended = end;
        self.streams.insert(number, stream);
        match verdict {
            Verdict::Bad(fault) => self.refuse(number, fault, out),
            _ if large => self.refuse(number, Fault::Large, out),
            _ if end => self.complete(number, out),
            _ => {}
        }
        if let Some(request) = first {
            self.give(number, &request, false, out);
        }
        if Some(self.served) == self.dialect.requests {
            self.go_away(Code::None as u32, "", out);
        }
    }

    /// Answers a broken request.
    pub(super) fn refuse(&mut self, number: u32, fault: Fault, out: &mut Out) {
        let Some(mut request) = self.streams.get_mut(&number).and_then(Stream::whole) else { return };
        let head = request.head.get(..site::HEAD).unwrap_or(&request.head).to_vec();
        let reason = format!("{fault:?}").to_lowercase().into_bytes();
        out.record(Kind::Malformed, vec![(field::REASON, reason), (field::DATA, head)]);
        request.faults.push(fault);
        let answer = self.program.refuse(&request, fault);
        let status = self.send(number, answer, out);
        site::record(&request, Some(status), out);
    }

    /// The peer has sent all of a request.
    pub(super) fn complete(&mut self, number: u32, out: &mut Out) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        stream.ended = true;
        let (size, answered) = (stream.size, stream.answered);
        if let Some(request) = stream.whole() {
            let announced = request.field("content-length").and_then(|length| length.parse::<u64>().ok());
            let short = answered.is_none() && announced.is_some_and(|length| length != size);
            let status = match answered {
                Some(status) => {
                    self.program.seen(&request, out);
                    Some(status)
                }
                None if short && !self.dialect.nginx => {
                    self.program.seen(&request, out);
                    out.send(frame(kind::RST_STREAM, 0, number, &(Code::Protocol as u32).to_be_bytes()));
                    self.streams.remove(&number);
                    None
                }
                None if short => {
                    self.program.seen(&request, out);
                    let answer = self.program.refuse(&request, Fault::Length);
                    Some(self.send(number, answer, out))
                }
                None => Some(self.give(number, &request, true, out)),
            };
            site::record(&request, status, out);
        }
        if self.streams.get(&number).is_some_and(Stream::is_done) {
            self.streams.remove(&number);
        }
    }

    /// Gives what the program answers to a request, or lets its stream wait; its status.
    fn give(&mut self, number: u32, request: &Request, whole: bool, out: &mut Out) -> u16 {
        match self.program.answer(number, request, whole, out) {
            Given::Now(answer) => self.send(number, answer, out),
            Given::Later(status) => {
                if let Some(stream) = self.streams.get_mut(&number) {
                    (stream.answered, stream.open) = (Some(status), true);
                }
                status
            }
        }
    }

    /// Sends an answer, as far as it is taken; its status.
    pub(super) fn send(&mut self, number: u32, answer: Answer, out: &mut Out) -> u16 {
        let block = self.encoder.encode(&answer.fields);
        let end = if answer.body.is_empty() && !answer.open { flag::END_STREAM } else { 0 };
        let most = self.most.max(1);
        let mut pieces = block.chunks(most).peekable();
        let mut what = (kind::HEADERS, end);
        while let Some(piece) = pieces.next() {
            let last = if pieces.peek().is_none() { flag::END_HEADERS } else { 0 };
            out.send(frame(what.0, what.1 | last, number, piece));
            what = (kind::CONTINUATION, 0);
        }
        if let Some(stream) = self.streams.get_mut(&number) {
            (stream.answered, stream.open) = (Some(answer.status), answer.open);
            stream.give(answer.body);
        }
        self.flush_one(number, out);
        answer.status
    }

    /// Sends a piece of an answer that comes piece by piece; a peer who does not take them gets no more.
    pub(super) fn add(&mut self, number: u32, bytes: &[u8], end: bool, out: &mut Out) {
        let Some(stream) = self.streams.get_mut(&number) else { return self.program.gone(number) };
        let fits = stream.add(bytes);
        if end || !fits {
            stream.open = false;
            if !stream.waits() {
                out.send(frame(kind::DATA, flag::END_STREAM, number, &[]));
            }
            self.program.gone(number);
        }
        self.flush_one(number, out);
    }

    pub(super) fn flush_one(&mut self, number: u32, out: &mut Out) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        let waited = stream.waits();
        stream.send(number, &self.dialect, self.most, &mut self.window, out);
        if stream.is_done() {
            self.streams.remove(&number);
        } else if self.dialect.nginx
            && !stream.ended
            && stream.answered.is_some()
            && waited
            && !stream.waits()
        {
            // nginx lets the peer know that it need not send the rest, in a record of its own: clients that get both at
            // once take the answer for broken off.
            out.wait(APART);
            out.send(frame(kind::RST_STREAM, 0, number, &(Code::None as u32).to_be_bytes()));
        }
    }

    /// Sends what waits, as far as windows and `out` let it.
    pub(super) fn flush(&mut self, out: &mut Out) {
        let waiting: Vec<u32> =
            self.streams.iter().filter(|(_, stream)| stream.waits()).map(|(number, _)| *number).collect();
        for number in waiting {
            if out.full() || self.window <= 0 {
                return;
            }
            self.flush_one(number, out);
        }
    }

    /// Gives up a stream that was answered and whose rest nobody needs.
    pub(super) fn forget_one(&mut self, out: &mut Out) -> bool {
        let idle = |stream: &Stream| stream.answered.is_some() && !stream.waits() && !stream.open;
        let found = self.streams.iter().find(|(_, stream)| idle(stream)).map(|(number, _)| *number);
        let Some(number) = found else { return false };
        if let Some(mut stream) = self.streams.remove(&number) {
            self.abandon(number, &mut stream, out);
        }
        true
    }

    /// Records a request that the peer did not finish; nobody waits for its answer.
    pub(super) fn abandon(&mut self, number: u32, stream: &mut Stream, out: &mut Out) {
        self.program.gone(number);
        if let Some(request) = stream.whole() {
            self.program.seen(&request, out);
            site::record(&request, stream.answered, out);
        }
    }
}
