//! One connection: bytes in, commands out of them, answers.

use super::{
    binary, classic, deeds,
    step::{Asked, ERROR, Pending, Step},
    store::Store,
};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use parking_lot::Mutex;
use std::sync::Arc;

/// Bytes without a line end after which a connection that does not ask for many keys is closed.
const LINE: usize = 2048;
/// Longest line at all.
const LONG_LINE: usize = 64 * 1024;
/// Most bytes that wait: a value and a line.
const KEPT: usize = super::store::LONGEST + 2 + LONG_LINE;
/// Longest value that an event has whole; longer ones are kept as payloads.
const SHOWN: usize = 512;

#[derive(Debug)]
enum State {
    Begin,
    Lines,
    Binary,
    Value(Pending),
    Swallow(usize),
    Get(Asked),
}

pub(super) struct Connection {
    host: Arc<Host>,
    link: Link,
    store: Arc<Mutex<Store>>,
    reader: Gathered,
    state: State,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.store.lock().connections -= 1;
    }
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(bytes) => {
                // In pieces, so that what nobody wants is gone before more comes.
                for piece in bytes.chunks(LONG_LINE / 4).chain(bytes.is_empty().then_some(bytes)) {
                    if self.reader.push(piece).is_err() {
                        return out.close();
                    }
                    while !out.closing() && !out.full() && self.turn(out) {}
                }
            }
        }
    }
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link, store: Arc<Mutex<Store>>) -> Self {
        {
            let mut store = store.lock();
            store.connections += 1;
            store.counters.total_connections += 1;
        }
        let reader = Gathered::new(KEPT);
        Connection { host: host.clone(), link: *link, store, reader, state: State::Begin }
    }

    /// Does one thing; false when more bytes are needed for the next.
    fn turn(&mut self, out: &mut Out) -> bool {
        match std::mem::replace(&mut self.state, State::Lines) {
            State::Begin => match self.reader.bytes().first() {
                Some(&binary::REQUEST) => self.state = State::Binary,
                Some(_) => {}
                None => self.state = State::Begin,
            },
            State::Lines => return self.line(out),
            State::Binary => {
                self.state = State::Binary;
                return self.packet(out);
            }
            State::Value(pending) if self.reader.len() < pending.length + 2 => {
                self.state = State::Value(pending);
                return false;
            }
            State::Value(pending) => self.value(&pending, out),
            State::Swallow(length) => {
                let count = length.min(self.reader.len());
                self.reader.skip(count);
                self.used(count);
                if count < length {
                    self.state = State::Swallow(length - count);
                    return false;
                }
            }
            State::Get(asked) => self.get(asked, out),
        }
        !self.reader.is_empty() || matches!(self.state, State::Get(_))
    }

    fn line(&mut self, out: &mut Out) -> bool {
        let Some(end) = self.reader.find(b"\n") else {
            let waits = self.reader.bytes();
            let many = waits.starts_with(b"get ") || waits.starts_with(b"gets ");
            if LONG_LINE < waits.len() || LINE < waits.len() && !many {
                out.record(Kind::Malformed, vec![(field::REASON, b"line too long".to_vec())]);
                out.close();
            }
            return false;
        };
        let mut line = self.reader.take(end + 1);
        self.used(line.len());
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let now = self.now();
        let step = classic::run(&self.host, &self.link, &mut self.store.lock(), &line, now);
        if !matches!(step, Step::Value(_)) && !line.is_empty() {
            let unknown = matches!(&step, Step::Say(answer) if answer == ERROR);
            let kind = if unknown { Kind::UnknownCommand } else { Kind::Command };
            out.record(kind, vec![(field::COMMAND, line)]);
        }
        match step {
            Step::Say(answer) => self.say(&answer, out),
            Step::Value(pending) => self.state = State::Value(pending),
            Step::Swallow(length, answer) => {
                self.say(&answer, out);
                self.state = State::Swallow(length);
            }
            Step::Get(asked) => self.state = State::Get(asked),
            Step::Close => out.close(),
        }
        true
    }

    /// Stores the value that has come.
    fn value(&mut self, pending: &Pending, out: &mut Out) {
        let value = self.reader.take(pending.length);
        let end = self.reader.take(2);
        self.used(value.len() + end.len());
        told(pending.line.clone(), &pending.key, &value, out);
        let answer = if end == b"\r\n" {
            classic::store(&mut self.store.lock(), pending, value, self.now())
        } else {
            b"CLIENT_ERROR bad data chunk\r\n".to_vec()
        };
        if !pending.quiet {
            self.say(&answer, out);
        }
    }

    /// Answers keys, as many as may wait to be sent.
    fn get(&mut self, mut asked: Asked, out: &mut Out) {
        let now = self.now();
        while let Some(key) = asked.keys.get(asked.next) {
            if out.full() {
                self.state = State::Get(asked);
                return;
            }
            let found = {
                let mut store = self.store.lock();
                deeds::fetch(&mut store, key, asked.touch, now)
            };
            if let Some(item) = found {
                let cas = if asked.cas { format!(" {}", item.cas) } else { String::new() };
                let head = format!(" {} {}{cas}\r\n", item.flags, item.value.len());
                self.say(&[&b"VALUE "[..], key, head.as_bytes(), &item.value, b"\r\n"].concat(), out);
            }
            asked.next += 1;
        }
        self.say(b"END\r\n", out);
    }

    /// One packet of the binary protocol.
    fn packet(&mut self, out: &mut Out) -> bool {
        let before = self.reader.len();
        let Some(packet) = binary::take(&mut self.reader) else {
            return false;
        };
        self.used(before - self.reader.len());
        let now = self.now();
        let Ok(packet) = packet else {
            out.close();
            return false;
        };
        let line = [packet.name().as_bytes(), &packet.key].join(&b' ');
        told(line.trim_ascii_end().to_vec(), &packet.key, &packet.value, out);
        if let Some(credential) = packet.credential() {
            out.credential(credential);
        }
        let answered = binary::answer(&self.host, &self.link, &mut self.store.lock(), &packet, now);
        self.say(&answered.bytes, out);
        if answered.close {
            out.close();
        }
        true
    }

    /// Counts bytes when they are used, not when they come, so that no answer depends on the pieces they came in.
    fn used(&self, count: usize) {
        self.store.lock().counters.bytes_read += count as u64;
    }

    fn say(&self, answer: &[u8], out: &mut Out) {
        self.store.lock().counters.bytes_written += answer.len() as u64;
        out.send(answer);
    }

    fn now(&self) -> i64 {
        self.host.clock() / 1_000_000
    }
}

/// The event of a command: its line, and its value if it has one.
fn told(mut line: Vec<u8>, key: &[u8], value: &[u8], out: &mut Out) {
    if SHOWN < value.len() {
        let fields = vec![(field::PATH, key.to_vec()), (field::ORIGIN, b"upload".to_vec())];
        out.capture(Kind::FileCaptured, fields, value.to_vec());
    } else if !value.is_empty() {
        line.push(b' ');
        line.extend_from_slice(value);
    }
    out.record(Kind::Command, vec![(field::COMMAND, line)]);
}
