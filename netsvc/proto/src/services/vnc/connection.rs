//! One connection: what it has come to, and what is waited for.

use super::{
    apple::Exchange,
    auth::CHALLENGE,
    failures::Failures,
    flavour::{Flavour, Lock},
    pace::Pace,
    paint::Painting,
    picture::{Area, Picture},
    pixel::Format,
};
use netsvc_kit::{Gathered, Host, Input, Link, Machine, Out};
use netsvc_persona::subkey;
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::time::{Instant, Sleep};

/// Most bytes that wait: what is read at once, while the picture is sent.
const KEPT: usize = 32 * 1024;
/// Bytes that are looked at together.
const PIECE: usize = 1024;

/// What comes next.
pub(super) enum State {
    Version,
    Kind,
    TightKind,
    VeNCryptVersion,
    VeNCryptKind,
    /// The TLS handshake is going on.
    Securing,
    Answer,
    Apple(Exchange),
    Init,
    Messages,
    /// Bytes of a clipboard to come, and what of it is kept.
    Clipboard(usize, Vec<u8>),
}

/// A client.
pub(super) struct Connection {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
    pub(super) flavour: Flavour,
    pub(super) input: Gathered,
    pub(super) state: State,
    /// Minor version that is spoken: 3, 7 or 8.
    pub(super) minor: u8,
    /// Whether TightVNC's kind of authentication was chosen.
    pub(super) tight: bool,
    pub(super) challenge: [u8; CHALLENGE],
    pub(super) failures: Arc<Failures>,
    pub(super) picture: Picture,
    pub(super) format: Format,
    pub(super) hextile: bool,
    pub(super) painting: Option<Painting>,
    /// What is sent as soon as the pace lets it.
    pub(super) wanted: Option<Area>,
    pub(super) pace: Pace,
    timer: Option<Pin<Box<Sleep>>>,
    /// What has changed since the client was last sent it, and whether it waits for that.
    pub(super) changed: Option<Area>,
    pub(super) waits: bool,
    pub(super) typed: String,
    /// Presses and releases of buttons so far, and where the last was.
    pub(super) clicks: u32,
    pub(super) buttons: u8,
    pub(super) place: (u16, u16),
}

impl Connection {
    /// A client of the server of `host`.
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let flavour = Flavour::of(host);
        let drawn = subkey::bytes(&Self::key(host), &["vnc challenge", &link.session.to_string()]);
        let picture = Picture::login(host.persona(), flavour.size);
        Connection {
            host: host.clone(),
            link: *link,
            input: Gathered::new(KEPT),
            state: State::Version,
            minor: 8,
            tight: false,
            challenge: drawn.first_chunk().copied().unwrap_or_default(),
            failures: host.node.shared(Failures::default),
            picture,
            format: Format::usual(flavour.truth),
            flavour,
            hextile: false,
            painting: None,
            wanted: None,
            pace: Pace::new(Instant::now()),
            timer: None,
            changed: None,
            waits: false,
            typed: String::new(),
            clicks: 0,
            buttons: 0,
            place: (0, 0),
        }
    }

    /// What secrets of the node are drawn from.
    pub(super) fn key(host: &Host) -> Vec<u8> {
        host.persona().subkey.hex_bytes().unwrap_or_default()
    }

    /// The server's rule for those who fail, where it costs anybody time.
    pub(super) fn lock(&self) -> Lock {
        if self.host.natural_delays() { self.flavour.lock } else { Lock::Never }
    }

    fn open(&mut self, out: &mut Out) {
        match (&self.state, self.lock()) {
            (State::Securing, _) => self.secured(out),
            (_, Lock::Connections { after })
                if !self.failures.connects(self.link.source(), Instant::now()) =>
            {
                out.send(b"RFB 003.003\n\0\0\0\0");
                out.send(counted(after));
                out.close();
            }
            _ => out.send(self.flavour.greeting),
        }
    }

    /// Does one thing; false when more bytes are needed for the next.
    fn turn(&mut self, out: &mut Out) -> bool {
        if let Some(painting) = &mut self.painting {
            if !painting.go_on(&self.picture, self.format, out) {
                return false;
            }
            self.painting = None;
        }
        match &self.state {
            State::Version => self.version(out),
            State::Kind => self.kind(out),
            State::TightKind => self.tight_kind(out),
            State::VeNCryptVersion => self.vencrypt_version(out),
            State::VeNCryptKind => self.vencrypt_kind(out),
            State::Securing => false,
            State::Answer => self.answer(out),
            State::Apple(_) => self.apple_answer(out),
            State::Init => self.init(out),
            State::Messages => self.message(out),
            State::Clipboard(..) => self.clipboard(out),
        }
    }

    fn turns(&mut self, out: &mut Out) {
        while !out.closing() && !out.starting_tls() && !out.full() && self.turn(out) {}
    }
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => self.open(out),
            Input::Eof => self.leave(out),
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

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(area) = self.wanted else { return Poll::Pending };
        let due = self.pace.due(self.cost(area));
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        ready!(Future::poll(timer.as_mut(), context));
        self.timer = None;
        Poll::Ready(())
    }

    fn woken(&mut self, out: &mut Out) {
        if let Some(area) = self.wanted.take() {
            self.paint(area, out);
        }
        self.turns(out);
    }
}

/// A text after its length.
pub(super) fn counted(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap_or_default().to_be_bytes()[..], text.as_bytes()].concat()
}
