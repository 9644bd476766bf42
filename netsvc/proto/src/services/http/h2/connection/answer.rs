//! Requests and what is answered to them, stream by stream.

use super::{
    super::{
        fields::Verdict,
        frame::{Code, flag, frame, kind},
        stream::Stream,
    },
    Connection,
};
use crate::services::http::{
    apps,
    form::Form,
    product::Family,
    request::{Fault, Request},
    response::Response,
    site,
    writer::{self, Moment},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};
use std::time::Duration;

/// Requests after which a connection ends (`keepalive_requests`).
const REQUESTS: u32 = 1000;

/// Time between an answer and the end of a stream whose request is not wanted whole.
const APART: Duration = Duration::from_millis(1);

impl Connection {
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
        let at_once = self.dialect.nginx && !end && !apps::is_dynamic(self.site.app, &request.path);
        let large = !end && announced.is_some_and(|length| self.site.server.body_limit() < length);
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
            let verdict = self.site.judge(&request, out);
            let response = self.site.answer(&request, &Form::default(), &verdict, out);
            self.send(number, &request, &response, out);
        }
        if self.served == REQUESTS {
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
        let response = self.site.server.fault(fault);
        let status = self.send(number, &request, &response, out);
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
            let form = self.site.evidence(&request, out);
            let status = match answered {
                Some(status) => Some(status),
                None if short && !self.dialect.nginx => {
                    out.send(frame(kind::RST_STREAM, 0, number, &(Code::Protocol as u32).to_be_bytes()));
                    self.streams.remove(&number);
                    None
                }
                None if short => {
                    let response = self.site.server.fault(Fault::Length);
                    Some(self.send(number, &request, &response, out))
                }
                None => {
                    let verdict = self.site.judge(&request, out);
                    let response = self.site.answer(&request, &form, &verdict, out);
                    Some(self.send(number, &request, &response, out))
                }
            };
            site::record(&request, status, out);
        }
        if self.streams.get(&number).is_some_and(Stream::is_done) {
            self.streams.remove(&number);
        }
    }

    /// Sends an answer, as far as it is taken; its status.
    pub(super) fn send(&mut self, number: u32, request: &Request, response: &Response, out: &mut Out) -> u16 {
        let moment =
            Moment { clock: self.site.host.clock(), port: self.site.link.port, served: 0, keep: true };
        let composed = writer::compose(&self.site.server, request, response, moment);
        let mut fields = vec![(":status".to_owned(), composed.status.to_string())];
        let given = composed.fields.into_iter();
        fields.extend(given.map(|(name, value)| (name.to_ascii_lowercase(), value)));
        self.arrange(&mut fields);
        let block = self.encoder.encode(&fields);
        let end = if composed.body.is_empty() { flag::END_STREAM } else { 0 };
        let most = self.most.max(1);
        let mut pieces = block.chunks(most).peekable();
        let mut what = (kind::HEADERS, end);
        while let Some(piece) = pieces.next() {
            let last = if pieces.peek().is_none() { flag::END_HEADERS } else { 0 };
            out.send(frame(what.0, what.1 | last, number, piece));
            what = (kind::CONTINUATION, 0);
        }
        if let Some(stream) = self.streams.get_mut(&number) {
            stream.answered = Some(composed.status);
            stream.give(composed.body);
        }
        self.flush_one(number, out);
        composed.status
    }

    /// Puts the fields where the server has them: httpd adds two of them last, HTTP.sys one first.
    pub(super) fn arrange(&self, fields: &mut [(String, String)]) {
        let family = self.site.server.family;
        let (first, last): (&[&str], &[&str]) = match family {
            Family::Apache => (&[], &["date", "server"]),
            Family::Iis => (&["content-length"], &[]),
            _ => (&[], &[]),
        };
        let rank = |name: &str| match (first.contains(&name), last.contains(&name)) {
            _ if name == ":status" => 0,
            (true, _) => 1,
            (_, false) => 2,
            (_, true) => 3,
        };
        fields.sort_by_key(|(name, _)| rank(name));
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
        let idle = |stream: &Stream| stream.answered.is_some() && !stream.waits();
        let found = self.streams.iter().find(|(_, stream)| idle(stream)).map(|(number, _)| *number);
        let Some(mut stream) = found.and_then(|number| self.streams.remove(&number)) else { return false };
        self.abandon(&mut stream, out);
        true
    }

    /// Records a request that the peer did not finish.
    pub(super) fn abandon(&self, stream: &mut Stream, out: &mut Out) {
        if let Some(request) = stream.whole() {
            self.site.evidence(&request, out);
            site::record(&request, stream.answered, out);
        }
    }
}
