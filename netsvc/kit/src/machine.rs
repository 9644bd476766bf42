//! A protocol as a state machine: bytes in, actions out, no input or output of its own.

use crate::{Credential, Session, budget::Charge};
use netsvc_wire::Kind;
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

/// Most bytes that one step is given.
pub(crate) const PIECE: usize = 16 * 1024;
/// As [`PIECE`] while memory is short.
const SHORT: usize = 1024;
/// Bytes to send after which a machine should stop and let them go.
const ENOUGH: usize = 256 * 1024;

/// Named values of an event.
pub type Fields = Vec<(&'static str, Vec<u8>)>;

/// What happens to a connection.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// It was accepted (again after a TLS handshake that [`Out::start_tls`] asked for).
    Open,
    /// The peer sent these bytes, in pieces of any size; none, when a machine that stopped because of [`Out::full`]
    /// is asked to go on.
    Bytes(&'a [u8]),
    /// The peer will send no more.
    Eof,
}

/// The protocol state of one connection. Fed the same bytes in other pieces, it must act the same.
pub trait Machine: Send {
    /// Takes `input` and says what to do.
    fn step(&mut self, input: Input<'_>, out: &mut Out);

    /// Asked while the peer is silent: ready when there is something to do that the peer did not ask for now, such
    /// as a message from another connection or a time that is over. [`Machine::woken`] follows.
    fn poll_woken(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    /// Does what [`Machine::poll_woken`] said there is to do.
    fn woken(&mut self, _out: &mut Out) {}
}

/// What to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send these bytes.
    Send(Vec<u8>),
    /// Send these bytes as a datagram of their own.
    Datagram(Vec<u8>),
    /// Go on from a port of its own, where the service speaks over datagrams.
    OwnPort,
    /// Wait before the next action, as the real daemon would.
    Wait(Duration),
    /// Write an event.
    Record(Kind, Fields),
    /// Store these bytes and write an event with their hash.
    Capture(Kind, Fields, Vec<u8>),
    /// Begin a TLS handshake, these bytes being the start of the peer's part.
    StartTls(Vec<u8>),
    /// Close the connection.
    Close,
}

/// Collects actions.
#[derive(Debug)]
pub struct Out {
    actions: Vec<Action>,
    /// Bytes in `actions`.
    size: usize,
    /// Bytes after which it is full.
    enough: usize,
}

impl Default for Out {
    fn default() -> Self {
        Out::until(ENOUGH)
    }
}

impl Out {
    /// One that is full after `enough` bytes.
    pub(crate) fn until(enough: usize) -> Self {
        Out { actions: Vec::new(), size: 0, enough }
    }

    /// Bytes that there are to send and to write down.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Sends `bytes`; joined to what was sent just before.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        if bytes.is_empty() {
            return;
        }
        self.size += bytes.len();
        if let Some(Action::Send(last)) = self.actions.last_mut() {
            last.extend_from_slice(bytes);
        } else {
            self.actions.push(Action::Send(bytes.to_vec()));
        }
    }

    /// Sends `bytes` as a datagram of their own, where the service speaks over datagrams.
    pub fn datagram(&mut self, bytes: Vec<u8>) {
        self.size += bytes.len();
        self.actions.push(Action::Datagram(bytes));
    }

    /// Goes on from a port of its own, where the service speaks over datagrams: what is sent comes from there, and what
    /// the peer sends there is the machine's. Whoever sends to the service's port begins anew. A peer that sends to the
    /// new port has proven that it is where its datagrams say.
    pub fn own_port(&mut self) {
        self.actions.push(Action::OwnPort);
    }

    /// Waits before the next action.
    pub fn wait(&mut self, time: Duration) {
        if !time.is_zero() {
            self.actions.push(Action::Wait(time));
        }
    }

    /// Writes an event.
    pub fn record(&mut self, kind: Kind, fields: Fields) {
        self.size += fields.iter().map(|(_, value)| value.len()).sum::<usize>();
        self.actions.push(Action::Record(kind, fields));
    }

    /// Writes an `auth_attempt`.
    pub fn credential(&mut self, credential: Credential) {
        self.record(Kind::AuthAttempt, credential.fields());
    }

    /// Stores `content` and writes an event with its hash.
    pub fn capture(&mut self, kind: Kind, fields: Fields, content: Vec<u8>) {
        self.size += content.len();
        self.actions.push(Action::Capture(kind, fields, content));
    }

    /// Begins a TLS handshake; the machine gets [`Input::Open`] again when it is done. `early`: what the machine has
    /// of it already, where the client may send its hello at once; otherwise nothing.
    pub fn start_tls(&mut self, early: Vec<u8>) {
        self.actions.push(Action::StartTls(early));
    }

    /// Closes the connection after what was asked for so far.
    pub fn close(&mut self) {
        self.actions.push(Action::Close);
    }

    /// Whether the connection is to be closed.
    pub fn closing(&self) -> bool {
        self.actions.contains(&Action::Close)
    }

    /// Whether a TLS handshake is to begin.
    pub fn starting_tls(&self) -> bool {
        matches!(self.actions.last(), Some(Action::StartTls(_)))
    }

    /// Whether there is so much to do that the machine should return, though it has more input: it is asked to go
    /// on with [`Input::Bytes`] of nothing when this is done. Whoever answers several requests of one piece looks
    /// at it between them, so that small requests with large answers cannot fill the memory.
    pub fn full(&self) -> bool {
        self.enough <= self.size
    }

    /// The actions so far; empties the list.
    pub fn take(&mut self) -> Vec<Action> {
        self.size = 0;
        std::mem::take(&mut self.actions)
    }
}

/// What a run of actions ended with.
enum Next {
    Read,
    Reopen,
    Close,
}

/// Drives `machine` over `session` to its end.
///
/// # Errors
/// When the connection fails; the session records its end in any case.
pub async fn drive(mut session: Session, mut machine: Box<dyn Machine>) -> io::Result<()> {
    let mut out = Out::default();
    machine.step(Input::Open, &mut out);
    loop {
        let full = out.full();
        match perform(&mut session, &mut out).await? {
            Next::Close => return session.shutdown().await,
            Next::Reopen => {
                machine.step(Input::Open, &mut out);
                continue;
            }
            Next::Read if full => {
                machine.step(Input::Bytes(&[]), &mut out);
                continue;
            }
            Next::Read => {}
        }
        let more = feed(&mut session, machine.as_mut(), &mut out).await;
        if more.is_err() {
            // What came of an unfinished turn is recorded, too, when the peer is silent or gone.
            machine.step(Input::Eof, &mut out);
            record(&session, &mut out);
        }
        if !more? {
            machine.step(Input::Eof, &mut out);
            perform(&mut session, &mut out).await?;
            return session.shutdown().await;
        }
    }
}

/// Gives `machine` the next bytes, or wakes it; false at their end. They stand on the stack, so that a connection
/// without any holds no buffer.
async fn feed(session: &mut Session, machine: &mut dyn Machine, out: &mut Out) -> io::Result<bool> {
    let most = if session.account().roomy() { PIECE } else { SHORT };
    poll_fn(|context| {
        let mut space = [std::mem::MaybeUninit::uninit(); PIECE];
        let mut buffer = ReadBuf::uninit(space.get_mut(..most).unwrap_or_default());
        match Pin::new(&mut *session).poll_read(context, &mut buffer) {
            Poll::Ready(outcome) => outcome?,
            Poll::Pending => {
                ready!(machine.poll_woken(context));
                machine.woken(out);
                return Poll::Ready(Ok(true));
            }
        }
        let bytes = buffer.filled();
        if !bytes.is_empty() {
            machine.step(Input::Bytes(bytes), out);
        }
        Poll::Ready(Ok(!bytes.is_empty()))
    })
    .await
}

/// Does what needs no peer.
fn record(session: &Session, out: &mut Out) {
    for action in out.take() {
        match action {
            Action::Record(kind, fields) => session.record(kind, fields),
            Action::Capture(kind, fields, content) => session.capture(kind, fields, &content),
            Action::Send(_)
            | Action::Wait(_)
            | Action::Datagram(_)
            | Action::OwnPort
            | Action::StartTls(_)
            | Action::Close => {}
        }
    }
}

async fn perform(session: &mut Session, out: &mut Out) -> io::Result<Next> {
    // A peer that does not read makes the answer wait here.
    let _held = Charge::new(session.account().clone(), out.size);
    for action in out.take() {
        match action {
            Action::Send(bytes) | Action::Datagram(bytes) => session.write_all(&bytes).await?,
            Action::Wait(time) => tokio::time::sleep(time).await,
            // A connection has its port.
            Action::OwnPort => {}
            Action::Record(kind, fields) => session.record(kind, fields),
            Action::Capture(kind, fields, content) => session.capture(kind, fields, &content),
            Action::StartTls(early) => {
                session.flush().await?;
                session.start_tls(early).await?;
                return Ok(Next::Reopen);
            }
            Action::Close => {
                session.flush().await?;
                return Ok(Next::Close);
            }
        }
    }
    session.flush().await?;
    Ok(Next::Read)
}
