//! A connection: a method, a login where one is wanted, a request, and then what is beyond.

use super::{
    beyond::Beyond,
    flavour::{Flavour, Outcome},
    request::{self, Read, Request},
};
use netsvc_kit::{Accounts, Action, Charge, Credential, Gathered, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

/// Bytes that wait: longer than any request.
const WAITING: usize = 64 * 1024;
/// First bytes of what passes that an event has.
const SHOWN: usize = 1024;
/// What a host beyond the proxy takes, in bytes.
const HOST: usize = 48 * 1024;
/// Time until nobody has answered for an address of the segment (three requests), and until a connection is given up.
const NO_HOST: Duration = Duration::from_secs(3);
const LATE: Duration = Duration::from_secs(30);
/// Methods (RFC 1928, 3).
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;

#[derive(Debug, PartialEq, Eq)]
enum State {
    Method,
    Login,
    Request,
    Passing,
    /// Whatever comes is taken and not answered.
    Silent,
}

/// See the module.
pub(super) struct Connection {
    host: Arc<Host>,
    link: Link,
    flavour: Flavour,
    state: State,
    /// Version of the protocol that the peer began with.
    version: u8,
    came: Gathered,
    beyond: Option<Box<dyn Machine>>,
    /// Whether what is beyond has more to say than it has said.
    stopped: bool,
    /// Whether the next [`Input::Open`] is the end of a TLS handshake with what is beyond.
    upgrading: bool,
    /// The target, what came first for it, and how many bytes passed each way.
    target: Vec<u8>,
    first: Vec<u8>,
    passed: (u64, u64),
    charge: Option<Charge>,
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        Connection {
            host: host.clone(),
            link: *link,
            flavour: Flavour::of(host),
            state: State::Method,
            version: 5,
            came: Gathered::new(WAITING),
            beyond: None,
            stopped: false,
            upgrading: false,
            target: Vec::new(),
            first: Vec::new(),
            passed: (0, 0),
            charge: None,
        }
    }

    /// Takes a step; false when there is not enough for one.
    fn advance(&mut self, out: &mut Out) -> bool {
        match self.state {
            State::Method => self.method(out),
            State::Login => self.login(out),
            State::Request => self.request(out),
            State::Passing => {
                if std::mem::take(&mut self.stopped) {
                    self.pass(Input::Bytes(&[]), out);
                    return true;
                }
                let bytes = self.came.take_all();
                let some = !bytes.is_empty();
                if some {
                    self.pass(Input::Bytes(&bytes), out);
                }
                some
            }
            State::Silent => {
                let bytes = self.came.take_all();
                self.note(&bytes);
                false
            }
        }
    }

    fn method(&mut self, out: &mut Out) -> bool {
        let bytes = self.came.bytes();
        let Some(version) = bytes.first().copied() else { return false };
        self.version = version;
        if version == 4 && self.flavour == Flavour::Dante {
            self.state = State::Request;
            return true;
        }
        if version != 5 {
            let data = bytes.iter().copied().take(256).collect();
            out.record(Kind::Malformed, vec![(field::REASON, b"no version".to_vec()), (field::DATA, data)]);
            return self.leave(self.flavour.to_stranger(), out);
        }
        let Some(count) = bytes.get(1).copied() else { return false };
        let Some(methods) = bytes.get(2..2 + usize::from(count)) else { return false };
        let wanted = if self.wants_login() { PASSWORD } else { NO_LOGIN };
        let is_offered = methods.contains(&wanted);
        let shown: Vec<String> = methods.iter().take(32).map(u8::to_string).collect();
        out.record(
            Kind::ClientFingerprint,
            vec![(field::CLIENT_VERSION, format!("SOCKS5 {}", shown.join(",")).into_bytes())],
        );
        self.came.skip(2 + usize::from(count));
        if !is_offered {
            return self.leave(b"\x05\xff", out);
        }
        out.send([5, wanted]);
        self.state = if wanted == PASSWORD { State::Login } else { State::Request };
        true
    }

    fn wants_login(&self) -> bool {
        self.host.setting("login") == Some("password")
    }

    /// Name and password (RFC 1929).
    fn login(&mut self, out: &mut Out) -> bool {
        let bytes = self.came.bytes();
        let Some(version) = bytes.first().copied() else { return false };
        if version != 1 {
            return self.leave(self.flavour.to_password(version), out);
        }
        let part = |at: usize| {
            let length = usize::from(*bytes.get(at)?);
            Some((bytes.get(at + 1..at + 1 + length)?, at + 1 + length))
        };
        let Some((user, next)) = part(1) else { return false };
        let Some((password, end)) = part(next) else { return false };
        let accepted = self.host.login(&self.link, Accounts::System, user, password);
        out.credential(Credential::plaintext(user, password, "username/password", accepted));
        self.came.skip(end);
        if !accepted {
            return self.leave(self.flavour.to_password(1), out);
        }
        out.send([1, 0]);
        self.state = State::Request;
        true
    }

    fn request(&mut self, out: &mut Out) -> bool {
        let bytes = self.came.bytes();
        // Dante reads each message as what it begins with.
        let older = self.flavour == Flavour::Dante && bytes.first() == Some(&4);
        let read = match self.version {
            5 if !older => request::five(bytes, self.flavour.is_strict()),
            _ => request::four(bytes),
        };
        let Some(read) = read else { return false };
        match read {
            Read::Whole(request, length) => {
                self.came.skip(length);
                self.carry_out(&request, out);
                true
            }
            nonsense => {
                let data = bytes.iter().copied().take(256).collect();
                out.record(
                    Kind::Malformed,
                    vec![(field::REASON, b"no request".to_vec()), (field::DATA, data)],
                );
                match self.flavour.to_nonsense(&nonsense) {
                    Some(answer) => self.leave(answer, out),
                    None => {
                        self.state = State::Silent;
                        true
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, request: &Request, out: &mut Out) {
        self.target = request.target.with(request.port);
        let is_closed = request.version == 4 && self.wants_login();
        let beyond = if request.command == 1 && !is_closed {
            Beyond::of(&self.host, &self.link, &request.target, request.port)
        } else {
            Beyond::nothing(Outcome::Forbidden)
        };
        let verb = match request.command {
            1 => "CONNECT",
            2 => "BIND",
            3 => "UDP ASSOCIATE",
            _ => "?",
        };
        let outcome = if beyond.outcome == Outcome::Connected { "accepted" } else { "rejected" };
        let mut fields = vec![
            (field::TARGET, self.target.clone()),
            (field::OUTCOME, outcome.as_bytes().to_vec()),
            (field::COMMAND, format!("SOCKS{} {verb}", request.version).into_bytes()),
        ];
        if !request.user.is_empty() {
            fields.push((field::PRINCIPAL, request.user.clone()));
        }
        out.record(Kind::ForwardRequest, fields);
        if self.host.natural_delays() {
            out.wait(match beyond.outcome {
                Outcome::NoHost => NO_HOST,
                Outcome::Late => LATE,
                _ => Duration::ZERO,
            });
        }
        let session = self.link.session.to_string();
        out.send(self.flavour.answer(&self.host, &session, request, beyond.outcome));
        if beyond.outcome != Outcome::Connected {
            return out.close();
        }
        self.charge = Some(Charge::current(HOST));
        out.send(&beyond.banner);
        self.state = if beyond.machine.is_some() { State::Passing } else { State::Silent };
        self.beyond = beyond.machine;
        if beyond.tls {
            self.upgrading = true;
            return out.start_tls(self.came.take_all());
        }
        self.pass(Input::Open, out);
    }

    /// Keeps the first bytes that came for the target.
    fn note(&mut self, bytes: &[u8]) {
        self.passed.0 += bytes.len() as u64;
        let room = SHOWN.saturating_sub(self.first.len());
        self.first.extend(bytes.iter().take(room));
    }

    /// Hands `input` to what is beyond.
    fn pass(&mut self, input: Input<'_>, out: &mut Out) {
        if let Input::Bytes(bytes) = input {
            self.note(bytes);
        }
        let Some(mut beyond) = self.beyond.take() else { return };
        let mut inner = Out::default();
        beyond.step(input, &mut inner);
        self.stopped = inner.full() && !inner.closing();
        self.beyond = Some(beyond);
        self.carry(&mut inner, out);
    }

    /// Does what a machine beyond wants done.
    fn carry(&mut self, inner: &mut Out, out: &mut Out) {
        for action in inner.take() {
            match action {
                Action::Send(bytes) | Action::Datagram(bytes) => {
                    self.passed.1 += bytes.len() as u64;
                    out.send(bytes);
                }
                Action::Wait(time) => out.wait(time),
                Action::Record(kind, fields) => out.record(kind, self.told(fields)),
                Action::Capture(kind, fields, content) => out.capture(kind, self.told(fields), content),
                Action::StartTls(early) => {
                    self.upgrading = true;
                    out.start_tls(early);
                }
                Action::Close => {
                    self.end(out);
                    out.close();
                }
                Action::OwnPort => {}
            }
        }
    }

    /// What is told of a target names it.
    fn told(&self, mut fields: netsvc_kit::Fields) -> netsvc_kit::Fields {
        if !fields.iter().any(|(name, _)| *name == field::TARGET) {
            fields.push((field::TARGET, self.target.clone()));
        }
        fields
    }

    /// Tells what has passed, once.
    fn end(&mut self, out: &mut Out) {
        if self.target.is_empty() || self.charge.take().is_none() {
            return;
        }
        let fields = vec![
            (field::TARGET, self.target.clone()),
            (field::OUTCOME, b"completed".to_vec()),
            (field::DATA, std::mem::take(&mut self.first)),
            (field::BYTES_IN, self.passed.0.to_string().into_bytes()),
            (field::BYTES_OUT, self.passed.1.to_string().into_bytes()),
        ];
        out.record(Kind::ForwardRequest, fields);
    }

    fn leave(&mut self, answer: &[u8], out: &mut Out) -> bool {
        out.send(answer);
        out.close();
        true
    }
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {
                if std::mem::take(&mut self.upgrading) {
                    self.pass(Input::Open, out);
                }
            }
            Input::Bytes(bytes) => {
                // What waits is part of a request, which is short.
                if self.came.push(bytes).is_err() {
                    return out.close();
                }
                while !self.upgrading && !out.closing() && !out.full() && self.advance(out) {}
            }
            Input::Eof => {
                self.pass(Input::Eof, out);
                self.end(out);
            }
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.beyond.as_mut().map_or(Poll::Pending, |beyond| beyond.poll_woken(context))
    }

    fn woken(&mut self, out: &mut Out) {
        let Some(mut beyond) = self.beyond.take() else { return };
        let mut inner = Out::default();
        beyond.woken(&mut inner);
        self.stopped |= inner.full() && !inner.closing();
        self.beyond = Some(beyond);
        self.carry(&mut inner, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing;

    /// Answers each byte with a hundred thousand of it.
    struct Loud(Vec<u8>);

    impl Machine for Loud {
        fn step(&mut self, input: Input<'_>, out: &mut Out) {
            if let Input::Bytes(bytes) = input {
                self.0.extend_from_slice(bytes);
                while !out.full() && !self.0.is_empty() {
                    let byte = self.0.remove(0);
                    out.send(vec![byte; 100_000]);
                }
            }
        }
    }

    #[test]
    fn what_is_beyond_stops_where_there_is_enough_to_send_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let persona = testing::persona_with(&super::super::SERVICE, "gw-01");
        let host = testing::host(&testing::stage(folder.path()), persona, "socks5", &[]);
        let mut connection = Connection::new(&host, &testing::link(1080));
        connection.state = State::Passing;
        connection.beyond = Some(Box::new(Loud(Vec::new())));
        let (mut out, mut said) = (Out::default(), 0);
        connection.step(Input::Bytes(b"0123456789"), &mut out);
        while out.full() {
            let done = testing::sent(&out.take()).len();
            assert!(done < 500_000, "{done} bytes wait");
            said += done;
            connection.step(Input::Bytes(&[]), &mut out);
        }
        said += testing::sent(&out.take()).len();
        assert_eq!(said, 1_000_000);
    }
}
