//! PostgreSQL: TLS and GSS requests, passwords by SCRAM-SHA-256, MD5 and in clear, then queries in the simple and the
//! extended form over databases that every attacker has for himself.
//!
//! Source: PostgreSQL documentation, "Frontend/Backend Protocol"; answers recorded from the releases that
//! `data/places.tsv` names, places in their source among them.

mod catalogue;
mod copy;
mod daemons;
mod faults;
mod flavour;
mod login;
mod message;
mod places;
mod products;
mod query;
mod refusal;
mod rows;
mod scram;
mod server;
mod session;
mod startup;
mod statements;
mod talks;
mod techniques;
mod worlds;

use copy::{Incoming, Program};
use flavour::Flavour;
use message::{LONGEST, TOKEN, Taken};
use netsvc_kit::{
    Beyond, Def, Full, Gathered, Host, Input, Link, Machine, Out, Port, Serve, Setting, SettingKind,
};
use netsvc_persona::service::Look;
use netsvc_wire::{Kind, field};
use query::Prepared;
use rand_core::RngCore;
use refusal::{Refusal, Severity};
use scram::Exchange;
use session::Session;
use startup::{Request, Start};
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
    Kind::ExploitAttempt,
    Kind::Command,
    Kind::UnknownCommand,
    Kind::DownloadAttempt,
    Kind::FileRead,
    Kind::FileCaptured,
];
/// What it leaves out.
const LIMITS: &[&str] = &[
    "There are no window functions, common table expressions, views, `RETURNING` or stored programs.",
    "Where a login is let in after some attempts, the proof of any password is taken then, if it is one of MD5.",
    "Encryption by GSSAPI is refused.",
];

/// The service.
pub static SERVICE: Def = Def {
    slug: "postgres",
    about: "PostgreSQL database",
    ports: &[Port::tcp(5432)],
    settings: &[
        Setting {
            key: "auth",
            kind: SettingKind::Enum(&["scram-sha-256", "md5", "password"]),
            default: "",
            help: "how passwords are asked for; empty: as the release does, or md5 where any password gets in",
        },
        Setting {
            key: "databases",
            kind: SettingKind::Text,
            default: "",
            help: "names of further databases that a login sees, comma-separated",
        },
    ],
    products: products::PRODUCTS,
    daemons: daemons::DAEMONS,
    talks: talks::TALKS,
    records: RECORDS,
    limits: LIMITS,
    look: Look::Nothing,
    command_line: false,
    idle: Def::IDLE,
    total: Def::TOTAL,
    full: |host| {
        let flavour = Flavour::of(host);
        Full::of(CONNECTIONS, Beyond::Say(Refusal::too_many().encoded(&flavour)))
    },
    serve: Serve::Machine(open),
};

/// `max_connections`.
const CONNECTIONS: usize = 100;

fn open(host: &Arc<Host>, link: &Link) -> Box<dyn Machine> {
    Box::new(Connection::new(host, link))
}

/// Longest token of GSS (`PQ_GSS_RECV_BUFFER_SIZE`).
const GSS: usize = 16_384;
/// Types of messages that a client may send, of large and of small ones (`SocketBackend`).
const LARGE: &[u8] = b"QFBPdcf";
const SMALL: &[u8] = b"XEDCHS";

/// What is due next.
#[derive(Debug)]
enum State {
    /// A request, or the start-up packet.
    Start,
    /// A token of GSS, which nobody here can read.
    Gss,
    /// A password or its hash.
    Password,
    /// The name of a mechanism of SASL.
    Mechanism,
    /// The first message of SCRAM, which did not come with the mechanism; whether the channel is bound.
    First(bool),
    /// The last message of SCRAM.
    Proof(Box<Exchange>),
    /// Statements.
    Ready,
    /// Rows of a COPY.
    Copy(Box<Incoming>),
    /// Nothing, until a program has ended.
    Program(Box<Program>),
}

struct Connection {
    host: Arc<Host>,
    link: Link,
    flavour: Flavour,
    reader: Gathered,
    state: State,
    secure: bool,
    /// Whether the client asked for encryption by GSS already.
    gss: bool,
    /// For MD5, other bytes for each connection.
    salt: [u8; 4],
    start: Start,
    /// Number of the process, and what a request to cancel has to name.
    process: (u32, u32),
    /// Once the client is in.
    session: Option<Session>,
    prepared: Prepared,
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            // The second one is that of a finished TLS handshake.
            Input::Open => {}
            Input::Eof => out.close(),
            Input::Bytes(bytes) => {
                if self.reader.push(bytes).is_err() {
                    return out.close();
                }
                self.messages(out);
            }
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.state {
            State::Program(program) => program.poll(context),
            _ => Poll::Pending,
        }
    }

    fn woken(&mut self, out: &mut Out) {
        if let State::Program(program) = std::mem::replace(&mut self.state, State::Ready) {
            self.program_ended(*program, out);
        }
        self.messages(out);
    }
}

impl Connection {
    fn new(host: &Arc<Host>, link: &Link) -> Self {
        let mut generator = host.generator(&format!("connection {}", link.session));
        let mut salt = [0; 4];
        generator.fill_bytes(&mut salt);
        Connection {
            flavour: Flavour::of(host),
            host: host.clone(),
            link: *link,
            reader: Gathered::new(LONGEST + 64 * 1024),
            state: State::Start,
            secure: link.tls,
            gss: false,
            salt,
            start: Start::default(),
            process: (900 + generator.next_u32() % 30_000, generator.next_u32()),
            session: None,
            prepared: Prepared::default(),
        }
    }

    fn messages(&mut self, out: &mut Out) {
        while !out.closing() && !out.full() && !out.starting_tls() {
            let taken = match self.state {
                State::Start => message::startup(&mut self.reader),
                State::Gss => return self.token(out),
                State::Program(_) => return,
                State::Ready | State::Copy(_) => match self.wanted(out) {
                    Some(longest) => message::next(&mut self.reader, longest),
                    None => return,
                },
                _ => match self.reader.bytes().first() {
                    Some(&kind) if kind != b'p' => Taken::Message(kind, Vec::new()),
                    _ => message::next(&mut self.reader, TOKEN),
                },
            };
            match taken {
                Taken::Wanting => return,
                Taken::BadLength => {
                    out.record(Kind::Malformed, vec![(field::REASON, b"length of a message".to_vec())]);
                    out.close();
                }
                Taken::Message(kind, body) => match &self.state {
                    State::Start => self.first_packet(&body, out),
                    State::Ready => self.command(kind, &body, out),
                    State::Copy(_) => {
                        if let State::Copy(incoming) = std::mem::replace(&mut self.state, State::Ready) {
                            self.copied(incoming, kind, &body, out);
                        }
                    }
                    _ => self.answer(kind, &body, out),
                },
            }
        }
    }

    /// How long the message may be that begins; `None` where none may, or nothing is there.
    fn wanted(&mut self, out: &mut Out) -> Option<usize> {
        let kind = *self.reader.bytes().first()?;
        if LARGE.contains(&kind) {
            return Some(LONGEST);
        }
        if SMALL.contains(&kind) {
            return Some(10_000);
        }
        let text = format!("invalid frontend message type {kind}");
        self.refuse(&Refusal::fatal("bad_message", "08P01", text), out);
        None
    }

    fn first_packet(&mut self, packet: &[u8], out: &mut Out) {
        match startup::read(packet, self.flavour.major) {
            Ok(Request::Tls) if !self.secure => {
                if self.flavour.tls {
                    out.send(b"S");
                    self.secure = true;
                    out.start_tls(self.reader.take_all());
                } else {
                    out.send(b"N");
                }
            }
            Ok(Request::Gss) if !self.secure && !self.gss => {
                self.gss = true;
                out.send(b"G");
                self.state = State::Gss;
            }
            Ok(Request::Tls | Request::Gss) => {
                let version = message::Fields(packet).long().unwrap_or(0);
                let (major, minor) = (version >> 16, version & 0xffff);
                let oldest = if self.flavour.major < 14 { "2.0" } else { "3.0" };
                let text =
                    format!("unsupported frontend protocol {major}.{minor}: server supports {oldest} to 3.0");
                self.refuse(&Refusal::fatal("bad_protocol", "0A000", text), out);
            }
            Ok(Request::Cancel(process, key)) => {
                let command = format!("cancel {process} {key:08x}").into_bytes();
                out.record(Kind::Command, vec![(field::COMMAND, command)]);
                out.close();
            }
            Ok(Request::Session(start)) => self.begin(*start, out),
            Err(refusal) if startup::is_old(packet) => {
                out.record(Kind::Malformed, vec![(field::REASON, refusal.text.clone().into_bytes())]);
                out.send(refusal.old());
                out.close();
            }
            Err(refusal) => self.refuse(&refusal, out),
        }
    }

    /// Without a key table no token is taken: the server only logs that, and hangs up.
    fn token(&mut self, out: &mut Out) {
        let bytes = self.reader.bytes();
        let length = bytes.first_chunk::<4>().map(|four| u32::from_be_bytes(*four));
        let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else { return };
        if GSS < length || length + 4 <= bytes.len() {
            out.record(Kind::Malformed, vec![(field::REASON, b"a token of GSS".to_vec())]);
            out.close();
        }
    }

    /// Sends an error or a notice; what is fatal ends the connection.
    fn refuse(&mut self, refusal: &Refusal, out: &mut Out) {
        out.send(refusal.encoded(&self.flavour));
        if refusal.severity == Severity::Fatal {
            if refusal.code == "08P01" || refusal.code == "0A000" {
                out.record(Kind::Malformed, vec![(field::REASON, refusal.text.clone().into_bytes())]);
            }
            out.close();
        }
    }
}
