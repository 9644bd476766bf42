//! MySQL and MariaDB: handshake with TLS and both password plugins, then a query loop.
//!
//! Source: MySQL Client/Server Protocol documentation; greetings recorded from mariadbd 10.11 and
//! the documented ones of MySQL 5.7 and 8.0.

mod auth;
mod caching;
mod commands;
mod compressed;
mod daemons;
mod faults;
mod flavour;
mod lists;
mod login;
mod packet;
mod parameters;
mod prepared;
mod products;
mod rows;
mod server;
mod talks;
mod techniques;
mod worlds;

use auth::Response;
use flavour::Flavour;
use netsvc_kit::{Beyond, Def, Full, Host, Input, Link, Machine, Out, Port, Serve, Setting, SettingKind};
use netsvc_persona::service::Look;
use netsvc_wire::{Kind, field};
use packet::Reader;
use parking_lot::Mutex;
use rand_core::RngCore;
use std::{
    sync::Arc,
    task::{Context, Poll},
};

/// Kinds of its events.
const RECORDS: &[Kind] = &[
    Kind::ClientFingerprint,
    Kind::AuthAttempt,
    Kind::SessionStart,
    Kind::Query,
    Kind::Command,
    Kind::ExploitAttempt,
    Kind::FileCaptured,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "There are no window functions, common table expressions, views, triggers or stored programs.",
    "Where a login is let in after some attempts, the proof of any password is taken then.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "mysql",
    about: "MySQL or MariaDB database",
    ports: &[Port::tcp(3306)],
    settings: &[Setting {
        key: "databases",
        kind: SettingKind::Text,
        default: "",
        help: "names of further databases that a login sees, comma-separated",
    }],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Def::IDLE,
    total: Def::TOTAL,
    full: |_| Full::of(CONNECTIONS, Beyond::Say(TOO_MANY.to_vec())),
    serve: Serve::Machine(open),
};

/// `max_connections`.
const CONNECTIONS: usize = 151;
/// Error 1040 in place of a greeting; before the client has said what it can, there is no SQL state.
const TOO_MANY: &[u8] = b"\x17\0\0\0\xff\x10\x04Too many connections";

/// Connections to one node's server so far; the thread id of the next is one more.
#[derive(Debug)]
struct Threads(Mutex<u32>);

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    let threads = host.node.shared(|| Threads(Mutex::new(8 + host.generator("threads").next_u32() % 900)));
    let thread = {
        let mut next = threads.0.lock();
        *next = next.wrapping_add(1);
        *next
    };
    Box::new(Connection {
        flavour: Flavour::of(host),
        host: host.clone(),
        link: *link,
        reader: Reader::default(),
        state: State::Greeting,
        salt: salt(host, link),
        sequence: 0,
        thread,
        response: Response::default(),
        secure: link.tls,
        form: rows::Form::default(),
        session: netsvc_sql::Session::default(),
        statements: prepared::Statements::default(),
        multiple: false,
        key: caching::Key::default(),
        changing: login::Changing::default(),
        compressed: None,
    })
}

/// Twenty printable bytes, as the server makes them: no NUL, no `$`. Other ones for each connection, and
/// nobody without the node's secret can tell which.
fn salt(host: &Host, link: &Link) -> [u8; 20] {
    let mut salt = [0; 20];
    host.generator(&link.session.to_string()).fill_bytes(&mut salt);
    for byte in &mut salt {
        *byte = 0x21 + *byte % 0x5d;
        if *byte == b'$' {
            *byte = b'%';
        }
    }
    salt
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Response,
    /// The client was asked to answer with another plugin.
    Switched,
    /// The client was asked for the password itself (caching_sha2_password).
    Full,
    /// The client asked for the public key, which is being made.
    Key,
    /// The client was given the public key to encrypt the password with.
    Sealed,
    Query,
}

struct Connection {
    flavour: Flavour,
    host: Arc<Host>,
    link: Link,
    reader: Reader,
    state: State,
    salt: [u8; 20],
    sequence: u8,
    thread: u32,
    response: Response,
    secure: bool,
    form: rows::Form,
    session: netsvc_sql::Session,
    /// Statements of the binary protocol.
    statements: prepared::Statements,
    /// Several statements may stand in one query.
    multiple: bool,
    /// The key pair for passwords without TLS, once a client asked for it.
    key: caching::Key,
    /// What a client that changes its user was before, and how often it failed to.
    changing: login::Changing,
    /// Packets travel compressed; the number of the next one of those.
    compressed: Option<u8>,
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open if self.state == State::Greeting => self.greet(out),
            Input::Open => self.secure = true,
            Input::Bytes(bytes) => {
                self.reader.push(bytes);
                self.packets(out);
            }
            Input::Eof => {
                self.gone(out);
                out.close();
            }
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.key.poll(context)
    }

    fn woken(&mut self, out: &mut Out) {
        self.key_made(out);
        self.packets(out);
    }
}

impl Connection {
    fn packets(&mut self, out: &mut Out) {
        while !out.closing() && !out.full() && !out.starting_tls() && self.state != State::Key {
            match self.reader.next(self.state == State::Query) {
                Ok(None) => return,
                Ok(Some((sequence, payload))) => self.packet(sequence, &payload, out),
                Err(packet::TooLong) => {
                    out.record(Kind::Malformed, vec![(field::REASON, b"packet too long".to_vec())]);
                    self.error(out, 1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes");
                    out.close();
                }
            }
        }
    }

    fn packet(&mut self, sequence: u8, payload: &[u8], out: &mut Out) {
        self.compressed = self.compressed.map(|_| self.reader.compressed_sequence().wrapping_add(1));
        if self.state == State::Query {
            self.sequence = 1;
            return self.command(payload, out);
        }
        if sequence != self.sequence {
            out.record(Kind::Malformed, vec![(field::REASON, b"packets out of order".to_vec())]);
            self.error(out, 1156, "08S01", "Got packets out of order");
            return out.close();
        }
        self.sequence = self.sequence.wrapping_add(1);
        match self.state {
            State::Greeting | State::Response => self.first(payload, out),
            State::Switched => {
                self.response.answer = payload.to_vec();
                self.answered(out);
            }
            State::Full => self.full(payload, out),
            State::Sealed => self.sealed(payload, out),
            State::Key | State::Query => {}
        }
    }

    fn greet(&mut self, out: &mut Out) {
        let flavour = &self.flavour;
        let mut body = vec![10];
        body.extend_from_slice(flavour.greeting.as_bytes());
        body.push(0);
        body.extend_from_slice(&self.thread.to_le_bytes());
        let (first, second) = self.salt.split_at(8);
        body.extend_from_slice(first);
        body.push(0);
        let [low, lower, upper, high] = flavour.capabilities.to_le_bytes();
        body.extend_from_slice(&[low, lower, flavour.charset, 2, 0, upper, high, 21]);
        body.extend_from_slice(&[0; 6]);
        body.extend_from_slice(&flavour.extended.to_le_bytes());
        body.extend_from_slice(second);
        body.push(0);
        body.extend_from_slice(flavour.plugin.as_bytes());
        body.push(0);
        self.send(out, &body);
        self.state = State::Response;
    }

    fn error(&mut self, out: &mut Out, code: u16, state: &str, text: &str) {
        let mut body = vec![0xff];
        body.extend_from_slice(&code.to_le_bytes());
        body.push(b'#');
        body.extend_from_slice(state.as_bytes());
        body.extend_from_slice(text.as_bytes());
        self.send(out, &body);
    }

    fn send(&mut self, out: &mut Out, payload: &[u8]) {
        let mut bytes = Vec::with_capacity(payload.len() + 4);
        packet::append(&mut bytes, &mut self.sequence, payload);
        self.emit(out, bytes);
    }

    /// Sends whole packets, in a compressed one if that was agreed on.
    fn emit(&mut self, out: &mut Out, bytes: Vec<u8>) {
        match &mut self.compressed {
            Some(sequence) => out.send(compressed::wrap(&bytes, sequence)),
            None => out.send(bytes),
        }
    }
}
