//! MySQL and MariaDB: handshake with TLS and both password plugins, then a query loop.
//!
//! Source: MySQL Client/Server Protocol documentation; greetings recorded from mariadbd 10.11 and
//! the documented ones of MySQL 5.7 and 8.0.

mod auth;
mod commands;
mod faults;
mod flavour;
mod packet;
mod parameters;
mod products;
mod rows;
mod server;
mod talks;
mod techniques;
mod worlds;

use auth::{First, Response};
use flavour::{CACHING, Flavour, NATIVE, capability};
use netsvc_kit::{
    Beyond, Credential, Def, Full, Host, Input, Link, Machine, Out, Port, Serve, Setting, SettingKind,
};
use netsvc_persona::service::Look;
use netsvc_wire::{Kind, field};
use packet::Reader;
use parking_lot::Mutex;
use rand_core::RngCore;
use std::{sync::Arc, time::Duration};

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
    talks: talks::TALKS,
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
/// Wrong passwords cost the server nothing; it answers at once. This is the pause of its network thread.
const PAUSE: Duration = Duration::from_millis(2);

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
        statements: commands::Statements::default(),
        multiple: false,
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
    /// The client was asked for the password itself (caching_sha2_password over TLS).
    Full,
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
    statements: commands::Statements,
    /// Several statements may stand in one query.
    multiple: bool,
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
            Input::Eof => out.close(),
        }
    }
}

impl Connection {
    fn packets(&mut self, out: &mut Out) {
        while !out.closing() && !out.full() && !out.starting_tls() {
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
            State::Query => {}
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

    fn first(&mut self, payload: &[u8], out: &mut Out) {
        match auth::first(payload) {
            Some(First::Tls) if self.flavour.capabilities & capability::SSL != 0 && !self.secure => {
                // The client goes on without an answer: its hello may be here already.
                out.start_tls(self.reader.take_all());
            }
            Some(First::Response(response)) => {
                self.response = *response;
                let extended = self.response.extended & self.flavour.extended;
                self.multiple = self.response.capabilities & capability::MULTI_STATEMENTS != 0;
                self.form = rows::Form {
                    deprecate_eof: self.response.capabilities & capability::DEPRECATE_EOF != 0,
                    extended: extended & capability::EXTENDED_METADATA != 0,
                    cached: extended & capability::CACHE_METADATA != 0,
                    optional: !self.flavour.mariadb
                        && self.response.capabilities & capability::OPTIONAL_METADATA != 0,
                };
                self.fingerprint(out);
                self.choose(out);
            }
            _ => {
                out.record(Kind::Malformed, vec![(field::REASON, b"bad handshake".to_vec())]);
                self.error(out, 1043, "08S01", "Bad handshake");
                out.close();
            }
        }
    }

    fn fingerprint(&self, out: &mut Out) {
        let capabilities = format!("{:08x}", self.response.capabilities).into_bytes();
        out.record(
            Kind::ClientFingerprint,
            vec![
                (field::CLIENT_VERSION, capabilities),
                (field::CLIENT_NAME, self.response.attributes.clone()),
                (field::METHOD_NAME, self.response.plugin.clone()),
                (field::DATABASE, self.response.database.clone()),
            ],
        );
    }

    /// Takes the answer as it is, or asks for one by the server's own plugin.
    fn choose(&mut self, out: &mut Out) {
        let offered = self.response.plugin.as_slice();
        let matching = offered.is_empty() || offered == self.flavour.plugin.as_bytes();
        let native = offered == NATIVE.as_bytes() || offered.is_empty();
        if matching || (native && self.flavour.plugin == NATIVE) {
            return self.answered(out);
        }
        let mut body = vec![0xfe];
        body.extend_from_slice(self.flavour.plugin.as_bytes());
        body.push(0);
        body.extend_from_slice(&self.salt);
        body.push(0);
        self.send(out, &body);
        self.state = State::Switched;
    }

    fn answered(&mut self, out: &mut Out) {
        if self.flavour.plugin == NATIVE || self.response.answer.is_empty() {
            return self.decide_by_answer(out, auth::native_matches, "mysql_native_password");
        }
        // A cache that has not seen the account asks for the password itself: over TLS it comes in clear.
        if self.secure {
            self.send(out, &[1, 4]);
            self.state = State::Full;
            return;
        }
        self.decide_by_answer(out, auth::caching_matches, "mysql_caching_sha2");
    }

    fn decide_by_answer(
        &mut self,
        out: &mut Out,
        matches: fn(&[u8], &[u8], &[u8]) -> bool,
        kind: &'static str,
    ) {
        let answer = self.response.answer.clone();
        let fits = |password: &[u8]| matches(&self.salt, &answer, password);
        let known = self.host.password_of(&self.link, &self.response.user, fits);
        // Without the password itself, a policy that counts attempts can only know the account.
        let secret = known.unwrap_or_else(|| if answer.is_empty() { Vec::new() } else { b"\0".to_vec() });
        let accepted = self.host.login(&self.link, &self.response.user, &secret);
        let crack_line =
            if kind == "mysql_native_password" { auth::native_crack_line(&self.salt, &answer) } else { None };
        out.credential(Credential {
            principal: self.response.user.clone(),
            kind: if answer.is_empty() { "plaintext" } else { kind },
            secret: answer.clone(),
            challenge: (!answer.is_empty()).then(|| self.salt.to_vec()),
            crack_line,
            method: self.flavour.plugin,
            accepted,
        });
        self.decided(accepted, !answer.is_empty(), out);
    }

    fn full(&mut self, payload: &[u8], out: &mut Out) {
        let password = payload.strip_suffix(&[0]).unwrap_or(payload).to_vec();
        let accepted = self.host.login(&self.link, &self.response.user, &password);
        out.credential(Credential::plaintext(&self.response.user, &password, CACHING, accepted));
        self.decided(accepted, !password.is_empty(), out);
    }

    fn decided(&mut self, accepted: bool, with_password: bool, out: &mut Out) {
        if self.host.natural_delays() {
            out.wait(PAUSE);
        }
        if !accepted {
            let user = String::from_utf8_lossy(&self.response.user).into_owned();
            let using = if with_password { "YES" } else { "NO" };
            let text = format!(
                "Access denied for user '{user}'@'{}' (using password: {using})",
                self.link.peer.ip()
            );
            self.error(out, 1045, "28000", &text);
            return out.close();
        }
        let database = String::from_utf8_lossy(&self.response.database).into_owned();
        if !database.is_empty()
            && let Err((code, state, text)) = self.choose_database(&database)
        {
            self.error(out, code, state, &text);
            return out.close();
        }
        out.record(Kind::SessionStart, vec![(field::PRINCIPAL, self.response.user.clone())]);
        self.send(out, &rows::ok(0, 0, rows::AUTOCOMMIT, 0));
        self.state = State::Query;
    }

    fn statistics(&mut self) -> Vec<u8> {
        let uptime = (self.host.clock() - self.host.persona().booted_at).max(0) / 1_000_000;
        let text = format!(
            "Uptime: {uptime}  Threads: 1  Questions: {}  Slow queries: 0  Opens: 33  Open tables: 26  \
             Queries per second avg: 0.004",
            self.thread * 7
        );
        let mut bytes = Vec::new();
        packet::append(&mut bytes, &mut self.sequence, text.as_bytes());
        bytes
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
        out.send(bytes);
    }
}
