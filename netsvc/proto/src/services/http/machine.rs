//! The loop of a connection: head, body, answer, and again while the connection is kept.

use super::{
    apps,
    body::Body,
    form::Form,
    head::Reader,
    product::Family,
    request::{Fault, Request},
    response::Response,
    site::{self, HEAD, Site},
    writer::{self, Moment},
};
use netsvc_kit::{Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// What lets a peer send the body that it announced.
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// A connection.
pub struct Http {
    site: Site,
    reader: Reader,
    pending: Option<Pending>,
    served: u32,
    /// Whether the peer speaks in clear where TLS is spoken.
    unsecured: bool,
}

/// A request whose body is still to come.
struct Pending {
    request: Request,
    body: Body,
    /// What was answered already, as servers do that need no body for it.
    answered: Option<Answered>,
}

/// An answer that was sent.
#[derive(Clone, Copy)]
struct Answered {
    status: u16,
    /// Whether the connection ends with it.
    close: bool,
}

impl Http {
    /// A fresh connection.
    pub fn new(host: &Arc<Host>, link: &Link) -> Self {
        Http {
            site: Site::new(host, link),
            reader: Reader::default(),
            pending: None,
            served: 0,
            unsecured: false,
        }
    }

    /// A fresh connection of a peer who speaks in clear where TLS is spoken.
    pub fn unsecured(host: &Arc<Host>, link: &Link) -> Self {
        Http { unsecured: true, ..Http::new(host, link) }
    }

    /// Takes one unit of input; `false` when there is not enough.
    fn advance(&mut self, out: &mut Out) -> bool {
        let Some(mut pending) = self.pending.take() else {
            let Some(request) = self.reader.take(self.site.server.family) else { return false };
            self.begin(request, out);
            return true;
        };
        let taken = pending.body.take(self.reader.rest());
        let large = pending.body.size > self.site.server.body_limit() && pending.answered.is_none();
        match taken {
            Ok(()) if pending.body.complete() => self.complete(pending, out),
            Ok(()) if large => self.refuse(whole(pending), Fault::Large, out),
            Ok(()) => {
                self.pending = Some(pending);
                return false;
            }
            Err(_) if pending.answered.is_some() => {
                self.complete(pending, out);
                out.close();
            }
            Err(fault) => self.refuse(whole(pending), fault, out),
        }
        true
    }

    fn begin(&mut self, request: Request, out: &mut Out) {
        let server = &self.site.server;
        if let Some(&fault) = request.faults.iter().find(|fault| server.minds(&request, **fault)) {
            return self.refuse(request, fault, out);
        }
        if self.unsecured {
            return self.refuse(request, Fault::Unsecured, out);
        }
        let body = match Body::of(&request, server.family) {
            Ok(body) if body.announced() > server.body_limit() => {
                if server.family == Family::Nginx {
                    let response = server.fault(Fault::Large);
                    return self.answer_first(request, body, &response, out);
                }
                return self.refuse(request, Fault::Large, out);
            }
            Ok(body) => body,
            Err(fault) => return self.refuse(request, fault, out),
        };
        let expects = request.field("expect").filter(|_| request.version >= (1, 1));
        let continues = expects.is_some_and(|wish| wish.eq_ignore_ascii_case("100-continue"));
        if expects.is_some() && !continues && server.minds(&request, Fault::Expectation) {
            return self.refuse(request, Fault::Expectation, out);
        }
        if server.family == Family::Nginx && !apps::is_dynamic(self.site.app, &request.path) {
            let verdict = self.site.judge(&request, out);
            let response = self.site.answer(&request, &Form::default(), &verdict, out);
            if continues && response.status < 400 {
                out.send(CONTINUE);
            }
            return self.answer_first(request, body, &response, out);
        }
        let waits = !body.complete() && (server.family == Family::Apache || self.reader.is_empty());
        if continues && (waits && self.continues(&request) || server.family == Family::Nginx) {
            out.send(CONTINUE);
        }
        self.pending = Some(Pending { request, body, answered: None });
    }

    fn continues(&self, request: &Request) -> bool {
        self.site.server.family == Family::Apache || apps::is_dynamic(self.site.app, &request.path)
    }

    /// Answers before the body has come, as nginx does where nothing needs it.
    fn answer_first(&mut self, request: Request, mut body: Body, response: &Response, out: &mut Out) {
        let taken = body.take(self.reader.rest());
        let mut response = response.clone();
        if taken.is_err() && response.status < 400 {
            response = self.site.server.fault(Fault::Chunk);
        }
        response.close |= taken.is_err();
        let answered = self.send(&request, &response, out);
        let pending = Pending { request, body, answered: Some(answered) };
        if taken.is_err() || pending.body.complete() {
            self.complete(pending, out);
            if taken.is_err() {
                out.close();
            }
        } else {
            self.pending = Some(pending);
        }
    }

    /// Answers a broken request and closes.
    fn refuse(&mut self, mut request: Request, fault: Fault, out: &mut Out) {
        let head = request.head.get(..HEAD).unwrap_or(&request.head).to_vec();
        let reason = format!("{fault:?}").to_lowercase().into_bytes();
        out.record(Kind::Malformed, vec![(field::REASON, reason), (field::DATA, head)]);
        if request.version < (1, 0) && fault != Fault::Simple {
            request.version = if self.site.server.family == Family::Lighttpd { (1, 0) } else { (1, 1) };
        }
        request.faults.push(fault);
        let response = self.site.server.fault(fault);
        let answered = self.send(&request, &response, out);
        site::record(&request, Some(answered.status), out);
        if answered.close {
            out.close();
        }
    }

    /// Goes on when a body is complete: answers, where that was not done, and records.
    fn complete(&mut self, mut pending: Pending, out: &mut Out) {
        let answered = pending.answered.take();
        let request = whole(pending);
        let form = self.site.evidence(&request, out);
        let answered = answered.unwrap_or_else(|| {
            let verdict = self.site.judge(&request, out);
            let response = self.site.answer(&request, &form, &verdict, out);
            self.send(&request, &response, out)
        });
        site::record(&request, Some(answered.status), out);
        if answered.close {
            out.close();
        }
    }

    /// Records what came of a request that the peer did not finish.
    fn abandon(&mut self, out: &mut Out) {
        if let Some(mut pending) = self.pending.take() {
            let status = pending.answered.take().map(|answered| answered.status);
            let request = whole(pending);
            self.site.evidence(&request, out);
            site::record(&request, status, out);
        } else if !self.reader.is_empty() {
            let rest = self.reader.rest().take(HEAD);
            out.record(Kind::Malformed, vec![(field::REASON, b"unfinished".to_vec()), (field::DATA, rest)]);
        }
    }

    fn send(&mut self, request: &Request, response: &Response, out: &mut Out) -> Answered {
        // httpd does not keep a connection on which a body was announced that it did not ask for.
        let unasked = self.site.server.family == Family::Apache
            && request.field("expect").is_some()
            && !request.faults.contains(&Fault::Expectation)
            && request.field("content-length").is_none()
            && request.field("transfer-encoding").is_none();
        let both = self.site.server.family == Family::Apache
            && request.field("content-length").is_some()
            && request.field("transfer-encoding").is_some();
        let single = self.site.server.make().closes();
        let keep =
            request.keeps_alive() && !response.close && self.served < 1000 && !unasked && !both && !single;
        // httpd has read no request by then, and takes itself for what it is by default.
        let port = if self.unsecured { 80 } else { self.site.link.port };
        let moment = Moment { clock: self.site.host.clock(), port, served: self.served, keep };
        let (status, bytes) = writer::write(&self.site.server, request, response, moment);
        out.send(bytes);
        self.served += 1;
        // Both say then that they would keep the connection, and close it.
        let failed = self.site.server.family == Family::Nginx && status == 412
            || self.site.server.family == Family::Apache && status == 417;
        Answered { status, close: !keep || failed }
    }
}

/// The request with what was kept of its body.
fn whole(mut pending: Pending) -> Request {
    Request { body: pending.body.take_content(), ..pending.request }
}

impl Machine for Http {
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
