//! The loop of a connection: head, body, answer, and again while the connection is kept.

use super::{
    apps::{self, Visit, welcome},
    body::Body,
    credentials::{self, Verdict},
    exploit,
    form::Form,
    product::{Family, Server},
    request::{Fault, Request, WAITING},
    response::{Content, Response},
    writer::{self, Moment},
};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Bodies up to this size stand in the event; longer ones become blobs as well.
const SMALL: usize = 1024;
/// Most bytes of the head in an event.
const HEAD: usize = 4096;

/// A connection.
pub struct Http {
    host: Arc<Host>,
    link: Link,
    server: Server,
    app: &'static str,
    buffer: Gathered,
    pending: Option<(Request, Body)>,
    nonce: Option<[u8; 8]>,
    served: u32,
}

impl Http {
    /// A fresh connection.
    pub fn new(host: &Arc<Host>, link: &Link) -> Self {
        let server = Server::of(host);
        Http {
            host: host.clone(),
            link: *link,
            app: apps::choose(host, &server),
            server,
            buffer: Gathered::new(WAITING),
            pending: None,
            nonce: None,
            served: 0,
        }
    }

    /// Takes one unit of input; `false` when there is not enough.
    fn advance(&mut self, out: &mut Out) -> bool {
        let Some((request, mut body)) = self.pending.take() else {
            let Some(request) = Request::take(&mut self.buffer) else { return self.early(out) };
            self.begin(request, out);
            return true;
        };
        match body.take(&mut self.buffer) {
            Ok(()) if body.complete() => {
                self.finish(Request { body: body.content.take_all(), ..request }, out);
                true
            }
            Ok(()) if body.size > self.server.body_limit() => {
                self.refuse(request, Fault::Large, out);
                true
            }
            Ok(()) => {
                self.pending = Some((request, body));
                false
            }
            Err(fault) => {
                self.refuse(Request { body: body.content.take_all(), ..request }, fault, out);
                true
            }
        }
    }

    /// nginx does not wait for a line that can be no request.
    fn early(&mut self, out: &mut Out) -> bool {
        let Some(first) = self.buffer.bytes().first().copied() else { return false };
        let odd = !first.is_ascii_alphabetic() && !matches!(first, b'\r' | b'\n' | b'_' | b'-');
        if self.server.family != Family::Nginx || !odd {
            return false;
        }
        let request = Request { head: vec![first], version: (1, 1), ..Request::default() };
        self.buffer.clear();
        self.refuse(request, Fault::Line, out);
        true
    }

    fn begin(&mut self, request: Request, out: &mut Out) {
        let server = &self.server;
        if let Some(&fault) = request.faults.iter().find(|fault| server.minds(&request, **fault)) {
            return self.refuse(request, fault, out);
        }
        let body = match Body::of(&request) {
            Ok(body) if body.announced() > server.body_limit() => {
                return self.refuse(request, Fault::Large, out);
            }
            Ok(body) => body,
            Err(fault) => return self.refuse(request, fault, out),
        };
        if let Some(wish) = request.field("expect").filter(|_| request.version >= (1, 1)) {
            if !wish.eq_ignore_ascii_case("100-continue") {
                if self.server.minds(&request, Fault::Expectation) {
                    return self.refuse(request, Fault::Expectation, out);
                }
            } else if !body.complete() && self.buffer.is_empty() && self.continues(&request) {
                out.send("HTTP/1.1 100 Continue\r\n\r\n");
            }
        }
        self.pending = Some((request, body));
    }

    fn continues(&self, request: &Request) -> bool {
        self.server.family == Family::Apache || apps::is_dynamic(self.app, &request.path)
    }

    /// Answers a broken request and closes.
    fn refuse(&mut self, mut request: Request, fault: Fault, out: &mut Out) {
        let head = request.head.get(..HEAD).unwrap_or(&request.head).to_vec();
        let reason = format!("{fault:?}").to_lowercase().into_bytes();
        out.record(Kind::Malformed, vec![(field::REASON, reason), (field::DATA, head)]);
        if request.version < (1, 0) {
            request.version = if self.server.family == Family::Lighttpd { (1, 0) } else { (1, 1) };
        }
        request.faults.push(fault);
        let response = self.server.fault(fault);
        self.send(&request, &response, out);
    }

    /// Answers a whole request.
    fn finish(&mut self, request: Request, out: &mut Out) {
        exploit::record(&request, out);
        let form = if request.body.is_empty() {
            Form::default()
        } else {
            Form::read(request.field("content-type").unwrap_or_default(), &request.body)
        };
        self.keep_payloads(&request, &form, out);
        let verdict = credentials::judge(&self.host, &self.link, &request, &mut self.nonce, out);
        let response = self.answer(&request, &form, &verdict, out);
        self.send(&request, &response, out);
    }

    fn answer(&self, request: &Request, form: &Form, verdict: &Verdict, out: &mut Out) -> Response {
        let visit =
            Visit { host: &self.host, link: &self.link, server: &self.server, request, verdict, form };
        if let Some(response) = self.by_server(&visit) {
            return response;
        }
        match apps::answer(self.app, &visit, out) {
            Some(response) => response,
            None if visit.is_read() || visit.is_post() => Response::standard(404),
            None => welcome::refusal(&visit),
        }
    }

    /// What the server answers itself, whatever is behind it.
    fn by_server(&self, visit: &Visit<'_>) -> Option<Response> {
        let request = visit.request;
        let static_site = matches!(self.app, "default" | "iis");
        Some(match (request.method.as_str(), self.server.family) {
            ("OPTIONS", Family::Apache) if request.path == "*" => Response::empty(200),
            ("OPTIONS", Family::Apache) if static_site => {
                Response::empty(200).with("Allow", "HEAD,GET,POST,OPTIONS,TRACE")
            }
            ("OPTIONS", Family::Lighttpd) => Response::empty(200).with("Allow", "OPTIONS, GET, HEAD, POST"),
            ("OPTIONS", Family::Iis) => Response::empty(200)
                .with("Allow", "OPTIONS, TRACE, GET, HEAD, POST")
                .with("Public", "OPTIONS, TRACE, GET, HEAD, POST"),
            ("OPTIONS", Family::Nginx) if request.path == "*" => Response::standard(400).closing(),
            ("TRACE", Family::Apache) => {
                Response { content: Content::Echo(request.head.clone()), ..Response::standard(200) }
            }
            ("TRACE", Family::Nginx) => Response::standard(405),
            ("TRACE", _) => Response::standard(501),
            ("OPTIONS" | "PUT" | "DELETE", Family::Device) => welcome::refusal(visit),
            ("CONNECT", Family::Apache) => welcome::refusal(visit),
            ("CONNECT", _) => Response::standard(400).closing(),
            ("POST" | "PUT", Family::Iis | Family::Lighttpd)
                if request.field("content-length").is_none()
                    && request.field("transfer-encoding").is_none() =>
            {
                Response::standard(411).closing()
            }
            _ => return None,
        })
    }

    fn keep_payloads(&self, request: &Request, form: &Form, out: &mut Out) {
        let path = request.path.as_bytes();
        for (name, content) in &form.files {
            let fields = vec![
                (field::ORIGIN, b"upload".to_vec()),
                (field::PATH, path.to_vec()),
                (field::NAME, name.as_bytes().to_vec()),
            ];
            out.capture(Kind::FileCaptured, fields, content.clone());
        }
        if request.body.len() > SMALL || request.method == "PUT" && !request.body.is_empty() {
            let fields = vec![(field::ORIGIN, b"body".to_vec()), (field::PATH, path.to_vec())];
            out.capture(Kind::FileCaptured, fields, request.body.clone());
        }
    }

    fn send(&mut self, request: &Request, response: &Response, out: &mut Out) {
        let keep = request.keeps_alive() && !response.close && self.served < 1000;
        let moment = Moment { clock: self.host.clock(), port: self.link.port, served: self.served, keep };
        let (status, bytes) = writer::write(&self.server, request, response, moment);
        self.record(request, status, out);
        out.send(bytes);
        self.served += 1;
        if !keep {
            out.close();
        }
    }

    fn record(&self, request: &Request, status: u16, out: &mut Out) {
        let names: Vec<&str> = request.fields.iter().map(|(name, _)| name.as_str()).collect();
        let order = names.join(",");
        let hash = hex::encode(Sha256::digest(order.as_bytes()));
        let head = request.head.get(..HEAD).unwrap_or(&request.head);
        let mut fields = vec![
            (field::METHOD, request.method.clone().into_bytes()),
            (field::TARGET, request.target.clone().into_bytes()),
            (field::STATUS, status.to_string().into_bytes()),
            (field::HEADER_ORDER, order.into_bytes()),
            (field::HEADER_HASH, hash.get(..16).unwrap_or_default().as_bytes().to_vec()),
            (field::HEADERS, head.to_vec()),
        ];
        for (name, header) in [(field::HOST, "host"), (field::USER_AGENT, "user-agent")] {
            fields.extend(request.field(header).map(|value| (name, value.as_bytes().to_vec())));
        }
        if !request.body.is_empty() && request.body.len() <= SMALL {
            fields.push((field::DATA, request.body.clone()));
        }
        out.record(Kind::Request, fields);
    }
}

impl Machine for Http {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        if let Input::Bytes(bytes) = input {
            // What waits is taken in larger pieces than it comes in.
            if self.buffer.push(bytes).is_err() {
                out.close();
            }
            while !out.closing() && !out.full() && self.advance(out) {}
        }
    }
}
