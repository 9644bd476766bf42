//! From the greeting to the description of the screen (RFC 6143 §7.1 to §7.3; rfbproto for TightVNC's and VeNCrypt).

use super::{
    apple::{self, Exchange},
    auth::{self, CHALLENGE},
    connection::{Connection, State, counted},
    flavour::{APPLE, Lock, NONE, PASSWORD, TIGHT, VENCRYPT},
};
use netsvc_kit::{Accounts, Credential, Out};
use netsvc_wire::{Kind, field};
use std::time::Duration;
use tokio::time::Instant;

/// Bytes of a version.
const VERSION: usize = 12;
/// What a wrong password costs.
const PAUSE: Duration = Duration::from_millis(40);
/// VeNCrypt's kinds: none and a password, within TLS with a certificate.
const X509_NONE: u32 = 260;
const X509_PASSWORD: u32 = 261;
/// Capabilities that TightVNC tells after its description: encodings.
const CAPABILITIES: &[(i32, &[u8; 12])] = &[
    (1, b"STDVCOPYRECT"),
    (2, b"STDVRRE_____"),
    (4, b"STDVCORRE___"),
    (5, b"STDVHEXTILE_"),
    (6, b"TRDVZLIB____"),
    (7, b"TGHTTIGHT___"),
    (-256, b"TGHTCOMPRLVL"),
    (-32, b"TGHTJPEGQLVL"),
    (-240, b"TGHTX11CURSR"),
    (-239, b"TGHTRCHCURSR"),
    (-232, b"TGHTPOINTPOS"),
    (-224, b"TGHTLASTRECT"),
];

impl Connection {
    pub(super) fn version(&mut self, out: &mut Out) -> bool {
        if self.input.len() < VERSION {
            return false;
        }
        let told = self.input.take(VERSION);
        let Some((major, minor)) = numbers(&told) else {
            return broken("version", told, out);
        };
        let shown = told.trim_ascii_end().to_vec();
        out.record(Kind::ClientFingerprint, vec![(field::CLIENT_VERSION, shown)]);
        if major != 3 {
            if self.flavour.tells_versions {
                let text = format!("Client needs protocol version {major}.{minor}, server has 3.8");
                out.send([0]);
                out.send(counted(&text));
            }
            out.close();
            return false;
        }
        // What is none of the three is the oldest (RFC 6143 §7.1.1); later ones are the newest.
        self.minor = match minor {
            7 => 7,
            8.. => 8,
            _ => 3,
        };
        if let Lock::Passwords { after, .. } = self.lock()
            && !self.flavour.is_open()
            && self.failures.is_locked(self.link.source(), Instant::now())
        {
            out.send(if self.minor == 3 { vec![0, 0, 0, 0] } else { vec![0] });
            out.send(counted(after));
            out.close();
            return false;
        }
        if self.minor == 3 {
            let kind = if self.flavour.is_open() { NONE } else { PASSWORD };
            out.send([0, 0, 0, kind]);
            self.chosen(kind, out);
        } else {
            out.send([u8::try_from(self.flavour.kinds.len()).unwrap_or(1)]);
            out.send(&self.flavour.kinds);
            self.state = State::Kind;
        }
        true
    }

    pub(super) fn kind(&mut self, out: &mut Out) -> bool {
        let Some(kind) = self.input.bytes().first().copied() else { return false };
        self.input.skip(1);
        if !self.flavour.kinds.contains(&kind) {
            return broken("security type", vec![kind], out);
        }
        let open = self.flavour.is_open();
        match kind {
            TIGHT => {
                self.tight = true;
                // No tunnels; then kinds of authentication, of which there are none where nobody is asked.
                out.send([0, 0, 0, 0]);
                if open {
                    out.send([0, 0, 0, 0]);
                    self.chosen(NONE, out);
                } else {
                    out.send(b"\0\0\0\x01\0\0\0\x02STDVVNCAUTH_");
                    self.state = State::TightKind;
                }
            }
            VENCRYPT => {
                out.send([0, 2]);
                self.state = State::VeNCryptVersion;
            }
            _ => self.chosen(kind, out),
        }
        !out.closing()
    }

    pub(super) fn tight_kind(&mut self, out: &mut Out) -> bool {
        if self.input.len() < 4 {
            return false;
        }
        if self.input.take(4) != [0, 0, 0, PASSWORD] {
            out.close();
            return false;
        }
        self.chosen(PASSWORD, out);
        true
    }

    pub(super) fn vencrypt_version(&mut self, out: &mut Out) -> bool {
        if self.input.len() < 2 {
            return false;
        }
        if self.input.take(2) != [0, 2] {
            out.send([0xff]);
            return self.fail("The client cannot support the server's VeNCrypt version", out);
        }
        let (within, without) = self.vencrypt_kinds();
        out.send([0, 2]);
        out.send(within.to_be_bytes());
        out.send([0, 0, 0, without]);
        self.state = State::VeNCryptKind;
        true
    }

    pub(super) fn vencrypt_kind(&mut self, out: &mut Out) -> bool {
        if self.input.len() < 4 {
            return false;
        }
        let wanted = self.input.take(4);
        let (within, without) = self.vencrypt_kinds();
        if wanted == [0, 0, 0, without] {
            self.chosen(without, out);
            return !out.closing();
        }
        if wanted != within.to_be_bytes() {
            return self.fail("No valid VeNCrypt sub-type", out);
        }
        out.send([1]);
        self.state = State::Securing;
        let early = self.input.take(self.input.len());
        out.start_tls(early);
        false
    }

    /// What VeNCrypt offers: a kind within TLS, and the same without.
    fn vencrypt_kinds(&self) -> (u32, u8) {
        if self.flavour.is_open() { (X509_NONE, NONE) } else { (X509_PASSWORD, PASSWORD) }
    }

    /// Authentication came to nothing, which has a reason. Always false.
    fn fail(&self, reason: &str, out: &mut Out) -> bool {
        out.send([0, 0, 0, 1]);
        if self.minor == 8 {
            out.send(counted(&format!("{}: {reason}", self.flavour.wrong)));
        }
        out.close();
        false
    }

    /// TLS stands.
    pub(super) fn secured(&mut self, out: &mut Out) {
        self.chosen(if self.flavour.is_open() { NONE } else { PASSWORD }, out);
    }

    /// A kind of authentication was agreed on.
    fn chosen(&mut self, kind: u8, out: &mut Out) {
        match kind {
            PASSWORD => {
                out.send(self.challenge);
                self.state = State::Answer;
            }
            APPLE => {
                let exchange = Exchange::new(&Self::key(&self.host), &self.link.session.to_string());
                match exchange.and_then(|exchange| Ok((exchange.offer()?, exchange))) {
                    Ok((offer, exchange)) => {
                        out.send(offer);
                        self.state = State::Apple(exchange);
                    }
                    Err(_) => out.close(),
                }
            }
            NONE => {
                // Before 3.8 nothing is said to those who were not asked.
                if self.minor == 8 {
                    out.send([0, 0, 0, 0]);
                }
                self.enter_session("None", b"", out);
            }
            _ => out.close(),
        }
    }

    pub(super) fn answer(&mut self, out: &mut Out) -> bool {
        if self.input.len() < CHALLENGE {
            return false;
        }
        let answer = self.input.take(CHALLENGE);
        let credential = auth::judge(&self.host, &self.link, &self.challenge, &answer);
        self.judged(credential, out)
    }

    pub(super) fn apple_answer(&mut self, out: &mut Out) -> bool {
        if self.input.len() < apple::ANSWER {
            return false;
        }
        let answer = self.input.take(apple::ANSWER);
        let State::Apple(exchange) = &self.state else { return false };
        let Some((user, secret)) = exchange.open(&answer) else {
            return broken("security answer", answer, out);
        };
        let accepted = self.host.login(&self.link, Accounts::System, &user, &secret);
        self.judged(Credential::plaintext(&user, &secret, "Diffie-Hellman", accepted), out)
    }

    fn judged(&mut self, credential: Credential, out: &mut Out) -> bool {
        let (accepted, method, user) = (credential.accepted, credential.method, credential.principal.clone());
        out.credential(credential);
        let source = self.link.source();
        if accepted {
            self.failures.clear(source);
            out.send([0, 0, 0, 0]);
            self.enter_session(method, &user, out);
            return true;
        }
        let text = match self.lock() {
            Lock::Passwords { last, .. } if self.failures.add(source, Instant::now()) => last,
            _ => self.flavour.wrong,
        };
        if self.host.natural_delays() {
            out.wait(PAUSE);
        }
        out.send([0, 0, 0, 1]);
        if self.minor == 8 {
            out.send(counted(text));
        }
        out.close();
        false
    }

    fn enter_session(&mut self, method: &str, user: &[u8], out: &mut Out) {
        self.failures.clear(self.link.source());
        let fields =
            vec![(field::PRINCIPAL, user.to_vec()), (field::METHOD_NAME, method.as_bytes().to_vec())];
        out.record(Kind::SessionStart, fields);
        self.state = State::Init;
    }

    /// The client says whether it shares the screen, and is told what there is.
    pub(super) fn init(&mut self, out: &mut Out) -> bool {
        if self.input.is_empty() {
            return false;
        }
        self.input.skip(1);
        let (width, height) = self.flavour.size;
        out.send(width.to_be_bytes());
        out.send(height.to_be_bytes());
        out.send(self.format.write());
        out.send(counted(&self.flavour.desktop));
        if self.tight {
            let count = u16::try_from(CAPABILITIES.len()).unwrap_or_default();
            out.send([&[0, 0, 0, 0][..], &count.to_be_bytes(), &[0, 0]].concat());
            for (code, name) in CAPABILITIES {
                out.send(code.to_be_bytes());
                out.send(name);
            }
        }
        self.state = State::Messages;
        true
    }
}

/// Major and minor of `RFB xxx.yyy\n`.
fn numbers(version: &[u8]) -> Option<(u16, u16)> {
    let text = std::str::from_utf8(version).ok()?.strip_prefix("RFB ")?.strip_suffix('\n')?;
    let (major, minor) = text.split_once('.')?;
    let digits = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(major) && digits(minor)).then_some(())?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Ends a conversation that is none. Always false.
fn broken(what: &str, data: Vec<u8>, out: &mut Out) -> bool {
    out.record(Kind::Malformed, vec![(field::REASON, what.as_bytes().to_vec()), (field::DATA, data)]);
    out.close();
    false
}
