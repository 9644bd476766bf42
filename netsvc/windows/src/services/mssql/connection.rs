//! One connection: what it has come to, what is encrypted, and who is in.

use super::{
    login::Login,
    packet::{self, Read, Reader},
    prelogin::{self, Asked},
    procedure::Exec,
    release::Release,
    reply::Reply,
    rpc::{self, Call},
    settings::Settings,
    tokens::{self, DONE, DONE_PROCEDURE, Said},
};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out, tls::Piped};
use netsvc_sql::{Dialect, Session};
use netsvc_wire::{Kind, field};
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// Most bytes that wait, in clear and not.
const KEPT: usize = 192 * 1024;
/// Bytes that are looked at together.
pub(super) const PIECE: usize = 2048;
/// Sizes of packets.
const PACKET: u32 = 4096;
const LARGEST_PACKET: u32 = 32_767;
/// Bytes before a TLS record, and the kind of those that carry data.
const RECORD: usize = 5;
const TLS_DATA: u8 = 0x17;
/// First version of the protocol whose counts have eight bytes (7.2).
const WIDE_COUNTS: u32 = 0x7209_0002;

type Making = Pin<Box<dyn Future<Output = io::Result<Piped>> + Send>>;

/// What is encrypted.
enum Tls {
    /// Nothing.
    Off,
    /// The key is being made, for a client that has begun with this.
    Making(Making, Vec<u8>),
    Shaking(Box<Piped>),
    /// The login, or everything.
    On(Box<Piped>),
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Prelogin,
    Login,
    /// The answer to what was asked on behalf of Windows.
    Sspi,
    Batches,
}

/// A client.
pub(super) struct Connection {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) release: Release,
    input: Gathered,
    plain: Gathered,
    reader: Reader,
    pub(super) state: State,
    tls: Tls,
    /// The beginning of a client's handshake, once there is a key.
    begun: Vec<u8>,
    /// What was agreed on: whether the login is encrypted, or all.
    encryption: u8,
    packet: usize,
    pub(super) login: Login,
    /// Who is in, by Windows.
    pub(super) account: String,
    pub(super) nonce: [u8; 8],
    pub(super) spid: u16,
    pub(super) session: Session,
    pub(super) settings: Settings,
    /// Statements that were prepared.
    prepared: Vec<String>,
    pub(super) last: (u64, i32),
}

impl Connection {
    /// A client of the server of `host`.
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let drawn = host.generator(&format!("login {}", link.session));
        let nonce = super::nonce(drawn);
        let mut session = Session::default();
        session.dialect = Dialect::Tsql;
        "master".clone_into(&mut session.database);
        Connection {
            host: host.clone(),
            link: *link,
            release: Release::of(host),
            input: Gathered::new(KEPT),
            plain: Gathered::new(KEPT),
            reader: Reader::new(),
            state: State::Prelogin,
            tls: Tls::Off,
            begun: Vec::new(),
            encryption: prelogin::NOT_SUPPORTED,
            packet: usize::try_from(PACKET).unwrap_or_default(),
            login: Login::default(),
            account: String::new(),
            nonce,
            spid: 51 + u16::from(nonce.first().copied().unwrap_or_default() % 20),
            session,
            settings: Settings::default(),
            prepared: Vec::new(),
            last: (0, 0),
        }
    }

    /// Whether the client speaks a version whose counts have four bytes.
    pub(super) fn old(&self) -> bool {
        self.login.version < WIDE_COUNTS
    }

    /// Who is logged in.
    pub(super) fn login_name(&self) -> String {
        if self.account.is_empty() { self.login.user.clone() } else { self.account.clone() }
    }

    /// Sends a message.
    pub(super) fn send(&mut self, kind: u8, message: &[u8], out: &mut Out) {
        let spid = if self.state == State::Prelogin { 0 } else { self.spid };
        let bytes = packet::packets(kind, message, self.packet, spid);
        match &mut self.tls {
            Tls::On(piped) if self.encryption == prelogin::ON => match piped.seal(&bytes) {
                Ok(sealed) => out.send(sealed),
                Err(_) => out.close(),
            },
            _ => out.send(bytes),
        }
    }

    /// Sends an answer.
    pub(super) fn result(&mut self, tokens: &[u8], out: &mut Out) {
        self.send(packet::RESULT, tokens, out);
    }

    /// Sends an error, after which the connection ends.
    pub(super) fn refuse(&mut self, said: &Said, out: &mut Out) {
        let mut answer = tokens::said(said, &self.release.server(), self.old());
        answer.extend(tokens::done(DONE, tokens::ERROR, 0, 0, self.old()));
        self.result(&answer, out);
        out.close();
    }

    /// Ends a conversation that is none.
    fn broken(&mut self, what: &'static str, out: &mut Out) {
        let data = self.input.take(self.input.len().min(PIECE));
        out.record(Kind::Malformed, vec![(field::REASON, what.as_bytes().to_vec()), (field::DATA, data)]);
        out.close();
    }

    /// Brings what came in clear to where messages are read; false when it waits for something else than bytes.
    fn uncover(&mut self, out: &mut Out) -> bool {
        match &mut self.tls {
            Tls::Making(..) => return false,
            Tls::Off | Tls::Shaking(_) => {}
            Tls::On(piped) => {
                let came = if self.encryption == prelogin::ON {
                    self.input.take_all()
                } else {
                    // Of a login alone, records end where packets in clear begin.
                    let Some([TLS_DATA, _, _, high, low]) =
                        self.input.bytes().first_chunk::<RECORD>().copied()
                    else {
                        return true;
                    };
                    let length = RECORD + usize::from(u16::from_be_bytes([high, low]));
                    if self.input.len() < length { Vec::new() } else { self.input.take(length) }
                };
                if came.is_empty() {
                    return true;
                }
                let Ok(opened) = piped.open(&came) else {
                    out.close();
                    return false;
                };
                if self.plain.push(&opened).is_err() {
                    out.close();
                    return false;
                }
            }
        }
        true
    }

    /// Does one thing; false when more bytes are needed for the next.
    fn turn(&mut self, out: &mut Out) -> bool {
        if !self.uncover(out) {
            return false;
        }
        let covered = matches!(self.tls, Tls::On(_));
        let read = self.reader.next(if covered { &mut self.plain } else { &mut self.input });
        match read {
            Read::Message(kind, message) => {
                self.message(kind, &message, out);
                !out.closing()
            }
            // There may be one more record.
            Read::Wait => covered && self.encryption != prelogin::ON && self.is_record(),
            Read::Broken => {
                self.broken("packet", out);
                false
            }
        }
    }

    fn is_record(&self) -> bool {
        let head = self.input.bytes().first_chunk::<RECORD>();
        head.is_some_and(|[kind, _, _, high, low]| {
            *kind == TLS_DATA && RECORD + usize::from(u16::from_be_bytes([*high, *low])) <= self.input.len()
        })
    }

    fn turns(&mut self, out: &mut Out) {
        while !out.closing() && !out.full() && self.turn(out) {}
    }

    fn message(&mut self, kind: u8, message: &[u8], out: &mut Out) {
        match (self.state, kind) {
            (State::Prelogin, packet::PRELOGIN) => self.agree(message, out),
            (State::Login, packet::PRELOGIN) if self.encryption != prelogin::NOT_SUPPORTED => {
                self.shake(message, out)
            }
            (State::Prelogin | State::Login, packet::LOGIN) => self.logs_in(message, out),
            (State::Prelogin | State::Login, packet::OLD_LOGIN) => self.refuse_old(message, out),
            (State::Sspi, packet::SSPI) => self.proves(message, out),
            (State::Batches, packet::BATCH) => match rpc::behind_headers(message, self.old()) {
                Some(text) => {
                    let text = super::login::wide(text);
                    self.query(&text, out);
                    self.batch(&text, out);
                }
                None => self.broken("batch", out),
            },
            (State::Batches, packet::RPC) => self.call(message, out),
            (State::Batches, packet::ATTENTION) => {
                let done = tokens::done(DONE, tokens::ATTENTION, 0, 0, self.old());
                self.result(&done, out);
            }
            (State::Batches, packet::TRANSACTION | packet::BULK) => {
                let done = tokens::done(DONE, 0, 0, 0, self.old());
                self.result(&done, out);
            }
            _ => self.broken("message", out),
        }
    }

    fn agree(&mut self, message: &[u8], out: &mut Out) {
        let Some(asked) = Asked::read(message) else { return self.broken("prelogin", out) };
        self.encryption = asked.encryption(self.host.flag("encrypt", false));
        let mut fields = vec![(field::CLIENT_VERSION, hex::encode(asked.version).into_bytes())];
        if !asked.instance.is_empty() {
            fields.push((field::NAME, asked.instance.clone().into_bytes()));
        }
        out.record(Kind::ClientFingerprint, fields);
        let known = asked.instance.is_empty() || asked.instance.eq_ignore_ascii_case(&self.release.instance);
        let answer =
            asked.answer(self.release.version(), self.encryption, known || self.release.is_default());
        self.send(packet::RESULT, &answer, out);
        if self.encryption == prelogin::REQUIRED {
            self.encryption = prelogin::ON;
        }
        self.state = State::Login;
    }

    /// A part of a TLS handshake, which travels in packets.
    fn shake(&mut self, message: &[u8], out: &mut Out) {
        match std::mem::replace(&mut self.tls, Tls::Off) {
            Tls::Off => {
                let host = self.host.clone();
                self.tls =
                    Tls::Making(Box::pin(async move { Piped::new(&host.tls().await?) }), message.to_vec());
            }
            Tls::Shaking(piped) => self.shaken(piped, message, out),
            other => {
                self.tls = other;
                self.broken("handshake", out);
            }
        }
    }

    fn shaken(&mut self, mut piped: Box<Piped>, message: &[u8], out: &mut Out) {
        let (sent, told) = piped.shake(message);
        if !sent.is_empty() {
            out.send(packet::packets(packet::PRELOGIN, &sent, self.packet, 0));
        }
        match told {
            None => self.tls = Tls::Shaking(piped),
            Some(fields) => {
                out.record(Kind::TlsHandshake, fields);
                if piped.is_done() {
                    self.tls = Tls::On(piped);
                } else {
                    out.close();
                }
            }
        }
    }

    /// A login is read: where only that is encrypted, nothing is from now on.
    pub(super) fn uncovered(&mut self) {
        if self.encryption != prelogin::ON {
            self.tls = Tls::Off;
        }
        self.packet = usize::try_from(match self.login.packet {
            0 => PACKET,
            size => size.clamp(512, LARGEST_PACKET),
        })
        .unwrap_or(4096);
    }

    /// Bytes of a packet.
    pub(super) fn packet_size(&self) -> usize {
        self.packet
    }

    /// The client is in.
    pub(super) fn entered(&mut self) {
        self.reader.trust();
        self.state = State::Batches;
    }

    /// Writes a query down.
    fn query(&self, text: &str, out: &mut Out) {
        super::techniques::record(text, &self.session.database, out);
    }

    fn call(&mut self, message: &[u8], out: &mut Out) {
        let Some(call) = Call::read(message, self.old()) else { return self.broken("rpc", out) };
        let mut reply = Reply::default();
        let name = call.procedure.rsplit('.').next().unwrap_or_default().to_lowercase();
        let text = match name.as_str() {
            "sp_executesql" => call.text(0).map(|text| (text, 2)),
            "sp_prepexec" => call.text(2).map(|text| (text, 3)),
            "sp_prepare" => {
                let text = call.text(2).unwrap_or_default();
                if self.prepared.len() < 256 {
                    self.prepared.push(text);
                }
                reply.bytes.extend(tokens::handle(self.prepared.len()));
                None
            }
            "sp_execute" => {
                let handle = call.parameters.first().map(|(_, value)| value.integer()).unwrap_or_default();
                let at = usize::try_from(handle - 1).unwrap_or(usize::MAX);
                self.prepared.get(at).cloned().map(|text| (text, 1))
            }
            _ => None,
        };
        match text {
            Some((text, first)) => {
                for (name, value) in call.parameters.iter().skip(first) {
                    self.session.assign(name, value.clone());
                }
                self.query(&text, out);
                self.statements(&text, &mut reply, out);
                if name == "sp_prepexec" {
                    if self.prepared.len() < 256 {
                        self.prepared.push(text);
                    }
                    reply.bytes.extend(tokens::handle(self.prepared.len()));
                }
                reply.bytes.extend(tokens::status(0));
            }
            None if matches!(name.as_str(), "sp_prepare" | "sp_unprepare") => {
                reply.bytes.extend(tokens::status(0))
            }
            None => {
                let arguments =
                    call.parameters.iter().map(|(name, value)| (name.clone(), value.string())).collect();
                self.query(&format!("EXEC {}", call.procedure), out);
                let exec = Exec { name, arguments, text: None };
                if let Some(said) = self.execute(&exec, &mut reply, out) {
                    reply.bytes.extend(tokens::said(&said, &self.release.server(), self.old()));
                    reply.failed = true;
                }
            }
        }
        self.answer(reply, DONE_PROCEDURE, out);
    }
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(bytes) = input else { return };
        if self.input.push(bytes).is_err() {
            return out.close();
        }
        self.turns(out);
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Tls::Making(making, begun) = &mut self.tls else { return Poll::Pending };
        let made = ready!(making.as_mut().poll(context));
        let begun = std::mem::take(begun);
        self.tls = match made {
            // What has begun is given to it when the machine is woken.
            Ok(piped) => Tls::Shaking(Box::new(piped)),
            Err(_) => Tls::Off,
        };
        self.begun = begun;
        Poll::Ready(())
    }

    fn woken(&mut self, out: &mut Out) {
        match std::mem::replace(&mut self.tls, Tls::Off) {
            Tls::Shaking(piped) => {
                let begun = std::mem::take(&mut self.begun);
                self.shaken(piped, &begun, out);
                self.turns(out);
            }
            _ => out.close(),
        }
    }
}
