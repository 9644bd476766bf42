//! One connection: what it has come to, and what is waited for.

use super::{
    credssp::{Credssp, Turn},
    flavour::Flavour,
    frame::{self, Frame},
    identity, mcs,
    negotiation::{Choice, Request},
    protocol,
    screen::{self, Screen},
    standard::{self, Cipher},
};
use netsvc_daemon::der;
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use rsa::RsaPrivateKey;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// First byte of a client that begins with TLS.
const TLS_HANDSHAKE: u8 = 0x16;
/// Most bytes that wait: the longest message.
const KEPT: usize = 66 * 1024;
/// Bytes that are looked at together.
const PIECE: usize = 2048;
/// The server's half of RDSTLS: that it takes version 1, and that nobody gets in ([MS-RDPBCGR] §2.2.17).
const RDSTLS_OFFER: [u8; 8] = [1, 0, 1, 0, 1, 0, 1, 0];
const RDSTLS_REFUSAL: [u8; 10] = [1, 0, 4, 0, 1, 0, 0x2e, 5, 0, 0];

/// What comes next.
#[derive(Debug)]
pub(super) enum State {
    /// A connection request.
    Request,
    /// The TLS handshake is going on, for this protocol.
    Securing(u32),
    /// As [`State::Securing`], with a client that did not say for which protocol.
    Unnegotiated,
    /// What such a client says first within TLS tells.
    Guessing,
    Credssp(Box<Credssp>),
    Rdstls,
    /// The connect-initial.
    Initial,
    /// Our key, to answer the connect-initial of a client that is encrypted by it.
    Key(Box<Making>),
    /// Users and channels, up to the client info.
    Domain,
    /// What the client can do, and that it is ready.
    Activating,
    Active,
}

/// A key that is being made, and for which method of encryption it is wanted.
pub(super) struct Making {
    pub(super) method: u32,
    key: Pin<Box<dyn Future<Output = io::Result<Arc<RsaPrivateKey>>> + Send>>,
    made: Option<io::Result<Arc<RsaPrivateKey>>>,
}

impl Making {
    /// Begins to make the key of the desktop of `host`.
    pub(super) fn new(host: &Arc<Host>, method: u32) -> Making {
        let host = host.clone();
        let key = async move { host.node.stage.rsa().get(host.persona(), identity::KEY, 2048).await };
        Making { method, key: Box::pin(key), made: None }
    }
}

impl std::fmt::Debug for Making {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Making")
    }
}

/// What encrypts a session without TLS.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// The method, our random number and key, until the client has sent its own.
    pub(super) offered: Option<(u32, [u8; standard::RANDOM], Arc<RsaPrivateKey>)>,
    pub(super) cipher: Option<Box<Cipher>>,
}

/// A client.
pub(super) struct Connection {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) flavour: Flavour,
    pub(super) input: Gathered,
    pub(super) state: State,
    pub(super) request: Request,
    pub(super) protocol: u32,
    /// Whether all that comes is within TLS.
    within_tls: bool,
    pub(super) client: mcs::Client,
    /// Users that are attached.
    pub(super) users: u16,
    /// Who authenticated before the session.
    pub(super) account: Option<String>,
    pub(super) screen: Option<Screen>,
    pub(super) secrets: Secrets,
}

impl Connection {
    /// A client of the desktop of `host`.
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Connection {
            host: host.clone(),
            link: *link,
            flavour: Flavour::of(host),
            input: Gathered::new(KEPT),
            state: State::Request,
            request: Request::default(),
            protocol: protocol::RDP,
            within_tls: false,
            client: mcs::Client::default(),
            users: 0,
            account: None,
            screen: None,
            secrets: Secrets::default(),
        }
    }

    /// Does one thing; false when more bytes are needed for the next.
    fn turn(&mut self, out: &mut Out) -> bool {
        if self.paint(out) {
            return true;
        }
        match &self.state {
            State::Securing(_) | State::Unnegotiated | State::Key(_) => false,
            State::Request if self.input.bytes().first() == Some(&TLS_HANDSHAKE) => {
                self.state = State::Unnegotiated;
                let early = self.input.take_all();
                out.start_tls(early);
                false
            }
            State::Guessing => self.guess(),
            State::Rdstls => {
                if !self.input.is_empty() {
                    out.send(RDSTLS_REFUSAL);
                    out.close();
                }
                false
            }
            State::Credssp(_) => match frame::next_request(&mut self.input) {
                Frame::Slow(message) => self.credssp(&message, out),
                Frame::Wait => false,
                Frame::Fast(_) | Frame::Broken => self.broken("credssp", out),
            },
            _ => match frame::next(&mut self.input) {
                Frame::Slow(tpdu) => self.tpdu(&tpdu, out),
                Frame::Fast(message) => self.fast(&message, out),
                Frame::Wait => false,
                Frame::Broken => self.broken("tpkt", out),
            },
        }
    }

    /// Ends a conversation that is none. Always false.
    pub(super) fn broken(&mut self, what: &'static str, out: &mut Out) -> bool {
        let data = self.input.take(self.input.len().min(PIECE));
        out.record(Kind::Malformed, vec![(field::REASON, what.as_bytes().to_vec()), (field::DATA, data)]);
        out.close();
        false
    }

    fn tpdu(&mut self, tpdu: &[u8], out: &mut Out) -> bool {
        if matches!(self.state, State::Request) {
            return self.requested(tpdu, out);
        }
        match tpdu.strip_prefix(&[2, 0xf0, 0x80]) {
            Some(data) => self.data(data, out),
            None => self.broken("x.224", out),
        }
    }

    fn requested(&mut self, tpdu: &[u8], out: &mut Out) -> bool {
        let Some(request) = Request::read(tpdu) else { return self.broken("connection request", out) };
        let mut fields = vec![(field::METHOD_NAME, request.named().into_bytes())];
        if !request.cookie.is_empty() {
            fields.push((field::PRINCIPAL, request.cookie.clone()));
        }
        out.record(Kind::ClientFingerprint, fields);
        let choice = request.choose(&self.flavour);
        out.send(request.confirm(&self.flavour, choice));
        self.request = request;
        match choice {
            Choice::Failure(_) => out.close(),
            Choice::Protocol(protocol::RDP) => self.state = State::Initial,
            Choice::Protocol(protocol) if self.within_tls => {
                self.protocol = protocol;
                self.secured(protocol, out);
            }
            Choice::Protocol(protocol) => {
                self.protocol = protocol;
                self.state = State::Securing(protocol);
                let early = self.input.take_all();
                out.start_tls(early);
            }
        }
        true
    }

    /// A client that began with TLS goes on with CredSSP, or asks what it could have asked before.
    fn guess(&mut self) -> bool {
        let Some(first) = self.input.bytes().first() else { return false };
        self.state = if *first == der::SEQUENCE { self.before_session() } else { State::Request };
        true
    }

    /// Whether all that comes is within TLS.
    pub(super) fn is_within_tls(&self) -> bool {
        self.within_tls
    }

    fn before_session(&self) -> State {
        let key = self.host.public_key().unwrap_or_default();
        State::Credssp(Box::new(Credssp::new(&self.host, &self.link, key)))
    }

    /// TLS stands.
    fn secured(&mut self, protocol: u32, out: &mut Out) {
        self.state = match protocol {
            protocol::CREDSSP | protocol::CREDSSP_EARLY => self.before_session(),
            protocol::RDSTLS => {
                out.send(RDSTLS_OFFER);
                State::Rdstls
            }
            _ => State::Initial,
        };
    }

    fn credssp(&mut self, message: &[u8], out: &mut Out) -> bool {
        let State::Credssp(credssp) = &mut self.state else { return false };
        match credssp.take(&self.host, &self.link, message) {
            Turn::Say(said) => out.send(said),
            Turn::Answered { judged, answer, said } => {
                let accepted = judged.session_key.is_some();
                let mut fields = judged.credential.fields();
                for (name, text) in
                    [(field::REALM, &answer.domain), (field::CLIENT_NAME, &answer.workstation)]
                {
                    if !text.is_empty() {
                        fields.push((name, text.clone().into_bytes()));
                    }
                }
                out.record(Kind::AuthAttempt, fields);
                out.send(said);
                if !accepted {
                    out.close();
                }
                self.account = accepted.then_some(judged.account);
            }
            Turn::Entered(told) => self.entered(&told, out),
            Turn::Broken => return self.broken("credssp", out),
        }
        !out.closing()
    }

    /// The client is in, and sent what it would log on with: its password in clear.
    fn entered(&mut self, told: &super::credssp::Credentials, out: &mut Out) {
        let account = self.account.clone().unwrap_or_default();
        if !told.password.is_empty() {
            let secret = told.password.as_bytes();
            let credential = netsvc_kit::Credential::plaintext(told.user.as_bytes(), secret, "CredSSP", true);
            let mut fields = credential.fields();
            if !told.domain.is_empty() {
                fields.push((field::REALM, told.domain.clone().into_bytes()));
            }
            out.record(Kind::AuthAttempt, fields);
        }
        out.record(Kind::SessionStart, screen::session(&account, "CredSSP"));
        if self.protocol == protocol::CREDSSP_EARLY {
            // The early user authorisation result: success.
            out.send([0; 4]);
        }
        self.state = State::Initial;
    }

    fn turns(&mut self, out: &mut Out) {
        while !out.closing() && !out.starting_tls() && !out.full() && self.turn(out) {}
    }
}

impl Machine for Connection {
    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let State::Key(making) = &mut self.state else { return Poll::Pending };
        making.made = Some(ready!(making.key.as_mut().poll(context)));
        Poll::Ready(())
    }

    fn woken(&mut self, out: &mut Out) {
        let State::Key(making) = std::mem::replace(&mut self.state, State::Domain) else { return };
        match making.made {
            Some(Ok(key)) => self.encrypted(making.method, key, out),
            Some(Err(_)) | None => return out.close(),
        }
        self.turns(out);
    }

    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {
                self.within_tls |= matches!(self.state, State::Securing(_) | State::Unnegotiated);
                match self.state {
                    State::Securing(protocol) => self.secured(protocol, out),
                    State::Unnegotiated => self.state = State::Guessing,
                    _ => {}
                }
            }
            Input::Eof => {
                if let Some(screen) = &mut self.screen {
                    screen.leave(out);
                }
            }
            Input::Bytes(bytes) => {
                // In pieces, so that what is used up is gone before more comes.
                for piece in bytes.chunks(PIECE).chain(bytes.is_empty().then_some(bytes)) {
                    if self.input.push(piece).is_err() {
                        return out.close();
                    }
                    self.turns(out);
                }
            }
        }
    }
}
