//! Port 631: IPP in HTTP/1.1 (RFC 8010, 4).

use super::{
    ipp::{Answer, Desk, Question},
    job::Job,
    model::Printer,
};
use crate::head::{HEAD, Head};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out, Pieces};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Longest operation: what stands before the data of a job.
const OPERATION: usize = 64 * 1024;
/// Longest line of a chunk's size.
const SIZE: usize = 64;

/// Where in a request it is.
enum State {
    Head,
    /// In a body of which so much is to come.
    Body(u64),
    /// Before a chunk, in one, behind one, and behind the last.
    Size,
    Chunk(u64),
    Behind,
    Trailer,
}

/// A connection.
struct Stream {
    host: Arc<Host>,
    link: Link,
    printer: Arc<Printer>,
    input: Gathered,
    state: State,
    head: Option<Head>,
    /// Bytes of the operation, until it is whole, and how many there have to be before it is looked at again: who sends
    /// it byte by byte has it read a few times, and not as often.
    operation: Gathered,
    looked: usize,
    question: Option<Question>,
    job: Job,
}

/// A connection's machine.
pub(super) fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Pieces::of(HEAD / 4, Stream::new(host, link)))
}

impl Stream {
    fn new(host: &Arc<Host>, link: &Link) -> Stream {
        Stream {
            host: host.clone(),
            link: *link,
            printer: Printer::of(host),
            input: Gathered::new(HEAD + SIZE),
            state: State::Head,
            head: None,
            operation: Gathered::new(OPERATION),
            looked: 0,
            question: None,
            job: Job::new(),
        }
    }

    fn turn(&mut self, out: &mut Out) -> bool {
        match self.state {
            State::Head => self.head(out),
            State::Body(left) => {
                let piece = self.piece(left);
                let left = left - piece;
                self.state = State::Body(left);
                if left == 0 {
                    self.finish(out);
                }
                piece > 0 || left == 0
            }
            State::Size => {
                let Some(line) = self.line(SIZE, out) else { return false };
                let text = String::from_utf8_lossy(&line).into_owned();
                match u64::from_str_radix(text.split(';').next().unwrap_or_default().trim(), 16) {
                    Ok(0) => self.state = State::Trailer,
                    Ok(size) => self.state = State::Chunk(size),
                    Err(_) => self.refuse("400 Bad Request", out),
                }
                true
            }
            State::Chunk(left) => {
                let piece = self.piece(left);
                let left = left - piece;
                self.state = if left == 0 { State::Behind } else { State::Chunk(left) };
                piece > 0
            }
            State::Behind => {
                let more = self.line(SIZE, out).is_some();
                if more {
                    self.state = State::Size;
                }
                more
            }
            State::Trailer => {
                let Some(line) = self.line(HEAD, out) else { return false };
                if line.trim_ascii().is_empty() {
                    self.finish(out);
                }
                true
            }
        }
    }

    /// The next line; with more than `most` bytes of none it is refused.
    fn line(&mut self, most: usize, out: &mut Out) -> Option<Vec<u8>> {
        match self.input.find(b"\n") {
            Some(end) => Some(self.input.take(end + 1)),
            None => {
                if most < self.input.len() {
                    self.refuse("400 Bad Request", out);
                }
                None
            }
        }
    }

    fn head(&mut self, out: &mut Out) -> bool {
        while self.input.bytes().starts_with(b"\r\n") {
            self.input.skip(2);
        }
        let Some(end) = self.input.find(b"\r\n\r\n") else {
            if HEAD < self.input.len() {
                self.refuse("400 Bad Request", out);
            }
            return false;
        };
        let bytes = self.input.take(end + 4);
        let read = Head::read(bytes.get(..end).unwrap_or_default());
        let Some(head) = read.filter(|head| head.version.starts_with("HTTP/1.")) else {
            self.refuse("400 Bad Request", out);
            return false;
        };
        let chunked =
            head.field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        let length = head.field("content-length").map_or(Some(0), |text| text.parse().ok());
        let Some(length) = length else {
            self.refuse("400 Bad Request", out);
            return false;
        };
        if head.field("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            out.send("HTTP/1.1 100 Continue\r\n\r\n");
        }
        self.state = if chunked { State::Size } else { State::Body(length) };
        self.head = Some(head);
        true
    }

    /// Takes up to `most` bytes of the body: of the operation while that is not whole, then of the job.
    fn piece(&mut self, most: u64) -> u64 {
        let bytes = self.input.take(usize::try_from(most).unwrap_or(usize::MAX));
        if self.question.is_some() {
            self.job.add(&bytes);
        } else if self.operation.push(&bytes).is_ok() && self.looked <= self.operation.len() {
            self.ask();
        }
        bytes.len() as u64
    }

    /// Looks whether the operation is whole; what stands behind it is the job's.
    fn ask(&mut self) {
        let Some((question, length)) = Question::read(self.operation.bytes()) else {
            self.looked = self.operation.len() + self.operation.len() / 2 + 16;
            return;
        };
        self.operation.skip(length);
        let rest = self.operation.take_all();
        self.job.add(&rest);
        self.question = Some(question);
    }

    /// The request is whole.
    fn finish(&mut self, out: &mut Out) {
        self.state = State::Head;
        if self.question.is_none() && !self.operation.bytes().is_empty() {
            self.ask();
        }
        self.operation.clear();
        self.looked = 0;
        let (head, question) = (self.head.take(), self.question.take());
        let Some(head) = head else { return };
        let mut status = "200 OK";
        let (mut kind, mut body) = ("application/ipp", Vec::new());
        match question {
            Some(question) if head.method == "POST" => {
                let desk = Desk { host: &self.host, link: &self.link, printer: &self.printer };
                let Answer { told, bytes } = desk.answer(&question, &mut self.job, out);
                out.record(Kind::Command, vec![(field::COMMAND, told.into_bytes())]);
                body = bytes;
            }
            _ => {
                status = if head.method == "POST" { "400 Bad Request" } else { "404 Not Found" };
                kind = "text/html";
                body.extend(format!("<html><body><h1>{status}</h1></body></html>\r\n").into_bytes());
            }
        }
        self.job = Job::new();
        self.record(&head, status, out);
        let close = head.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
            || head.version == "HTTP/1.0";
        self.reply(status, kind, &body, close, out);
        if close {
            out.close();
        }
    }

    fn record(&self, head: &Head, status: &str, out: &mut Out) {
        let own = |text: &str| text.as_bytes().to_vec();
        let code = status.split(' ').next().unwrap_or_default();
        out.record(
            Kind::Request,
            vec![
                (field::METHOD, own(&head.method)),
                (field::TARGET, own(&head.target)),
                (field::STATUS, own(code)),
                (field::USER_AGENT, own(head.field("user-agent").unwrap_or_default())),
                (field::HOST, own(head.field("host").unwrap_or_default())),
                (field::HEADERS, own(head.lines().get(..4096).unwrap_or(&head.lines()))),
            ],
        );
    }

    fn reply(&self, status: &str, kind: &str, body: &[u8], close: bool, out: &mut Out) {
        let server = &self.printer.model.server;
        let mut head = format!("HTTP/1.1 {status}\r\n");
        if !server.is_empty() {
            head += &format!("Server: {server}\r\n");
        }
        head +=
            &format!("Content-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\n", body.len());
        if close {
            head += "Connection: close\r\n";
        }
        out.send(head + "\r\n");
        out.send(body);
    }

    fn refuse(&self, status: &str, out: &mut Out) {
        let data = self.input.bytes();
        let data = data.get(..512).unwrap_or(data).to_vec();
        out.record(Kind::Malformed, vec![(field::REASON, b"request".to_vec()), (field::DATA, data)]);
        self.reply(status, "text/html", b"", true, out);
        out.close();
    }
}

impl Machine for Stream {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(piece) => {
                if self.input.push(piece).is_err() {
                    return self.refuse("400 Bad Request", out);
                }
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }
}
