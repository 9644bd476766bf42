//! One connection: a stream that counts, limits and records what passes through it.
//!
//! `connect` is written when the session begins, `first_bytes` when the peer's first turn is over and
//! `disconnect` when it is dropped, however that comes about.

use crate::{
    Fields, Gathered, Host, alpn,
    budget::{Account, Patience, Place},
    drip::Drip,
    network,
    primed::Primed,
    recorder,
};
use netsvc_fingerprint::{Carrier, ClientHello};
use netsvc_wire::{Kind, field};
use openssl::ssl::{Ssl, SslRef};
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};
use tokio_openssl::SslStream;

/// Most of the first bytes that is kept.
pub(crate) const FIRST_BYTES: usize = 4096;
/// Longest TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// Looks at the first bytes of a peer who sends fewer than tell what he means, and the time between them.
const PEEKS: usize = 100;
const PEEK: Duration = Duration::from_millis(20);
/// Bytes that a connection reads at most before others have their turn.
const TURN: usize = 64 * 1024;

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The peer.
    pub peer: SocketAddr,
    /// The node's end as bound.
    pub local: SocketAddr,
    /// Port that the peer addressed; differs from the bound one where ports are offset.
    pub port: u16,
    /// Whether TLS begins with the first byte.
    pub tls: bool,
    /// Joins the events of the connection.
    pub session: SessionId,
    /// Who is behind the peer, where the peer is a node that passes somebody on.
    pub behind: Option<Behind>,
}

/// Who is behind a connection from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The peer who came first: no node.
    pub peer: SocketAddr,
    /// The connection to the node that passes him on.
    pub session: SessionId,
}

impl Link {
    /// Who came first: the peer, or who is behind him.
    pub fn origin(&self) -> SocketAddr {
        self.behind.map_or(self.peer, |behind| behind.peer)
    }

    /// The source that is held to account for the connection: what is counted
    /// and kept by source is his by this.
    pub fn source(&self) -> IpAddr {
        network(self.origin().ip())
    }
}

/// Identifies a connection, 16 hex digits in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<SslStream<Primed>>),
    /// Between two states of a start-TLS.
    Gone,
}

/// A connection to a service.
pub struct Session {
    stream: Stream,
    host: Arc<Host>,
    link: Link,
    begun: Instant,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    bytes_in: u64,
    bytes_out: u64,
    reason: &'static str,
    place: Option<Place>,
    account: Account,
    /// The wait for memory, while there is one.
    patience: Patience,
    /// Bytes read in this turn.
    turn: usize,
    /// The first bytes from the peer, until they are written down.
    first: Option<Gathered>,
    /// What can be agreed on in the handshake.
    choice: Option<alpn::Choice>,
    /// How the peer is kept waiting, if he is.
    drip: Option<Drip>,
}

impl Session {
    /// Begins a session on an accepted connection and records `connect`.
    pub fn begin(
        stream: TcpStream,
        host: Arc<Host>,
        link: Link,
        idle: Duration,
        place: Option<Place>,
    ) -> Self {
        host.record(&link, Kind::Connect, vec![(field::TRANSPORT, b"tcp".to_vec())]);
        let account = place.as_ref().map(Place::account).unwrap_or_default();
        let drip = Drip::of(host.persona(), host.app.as_str(), link.origin().ip());
        Session {
            stream: Stream::Plain(stream),
            drip,
            host,
            link,
            begun: Instant::now(),
            idle,
            timer: Box::pin(tokio::time::sleep(idle)),
            bytes_in: 0,
            bytes_out: 0,
            reason: "closed",
            place,
            first: Some(Gathered::on(account.clone(), FIRST_BYTES)),
            account,
            patience: Patience::default(),
            turn: 0,
            choice: None,
        }
    }

    /// The service on its node.
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// The ends of the connection.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Whom memory is charged to.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whether the stream is inside TLS now.
    pub fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// Writes an event of this connection.
    pub fn record(&self, kind: Kind, fields: Fields) {
        self.host.record(&self.link, kind, fields);
    }

    /// Stores `content` and writes an event with its hash.
    pub fn capture(&self, kind: Kind, fields: Fields, content: &[u8]) {
        self.host.capture(&self.link, kind, fields, content);
    }

    /// Sends everything and says that no more will come.
    ///
    /// # Errors
    /// When the peer is gone already.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        tokio::io::AsyncWriteExt::shutdown(self).await
    }

    fn touch(&self) {
        if let Some(place) = &self.place {
            place.touch();
        }
    }

    fn record_first(&mut self) {
        if let Some(mut first) = self.first.take().filter(|first| !first.is_empty()) {
            self.record(Kind::FirstBytes, vec![(field::DATA, first.take_all())]);
        }
    }

    /// Why the connection ends, for its `disconnect`.
    pub fn set_reason(&mut self, reason: &'static str) {
        self.reason = reason;
    }

    /// Lets the handshake to come agree on a protocol.
    pub(crate) fn choose(&mut self, choice: alpn::Choice) {
        self.choice = Some(choice);
    }

    /// The protocol that the handshake agreed on.
    pub fn protocol(&self) -> Option<&[u8]> {
        match &self.stream {
            Stream::Tls(stream) => stream.ssl().selected_alpn_protocol(),
            Stream::Plain(_) | Stream::Gone => None,
        }
    }

    /// The first bytes that the peer sends, which are left where they are: as many as `room` takes or `enough` asks
    /// for, or what there is of them after some time.
    pub(crate) async fn first_of_all(&self, room: &mut [u8], enough: fn(&[u8]) -> bool) -> usize {
        let Stream::Plain(stream) = &self.stream else { return 0 };
        let mut seen = 0;
        let look = async {
            for _ in 0..PEEKS {
                seen = stream.peek(room).await.unwrap_or_default();
                if seen == room.len() || enough(room.get(..seen).unwrap_or_default()) {
                    return;
                }
                tokio::time::sleep(PEEK).await;
            }
        };
        let _ = tokio::time::timeout(HANDSHAKE, look).await;
        seen
    }

    /// Does the server's part of a TLS handshake and records it. `early` is what was read of it already, by a reader
    /// that takes more than the request to start TLS: where a client may send its hello without waiting for an answer,
    /// that is part of the handshake; where it may not, the caller gives nothing and answers as the real daemon does.
    ///
    /// # Errors
    /// When the handshake fails or takes too long.
    pub async fn start_tls(&mut self, early: Vec<u8>) -> io::Result<()> {
        let context = self.host.tls().await?;
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(io::Error::other("TLS inside TLS"));
        };
        let mut ssl = Ssl::new(&context).map_err(io::Error::other)?;
        if let Some(choice) = self.choice.take() {
            alpn::prepare(&mut ssl, choice).map_err(io::Error::other)?;
        }
        let mut stream = {
            let heard = Gathered::on(self.account.clone(), netsvc_fingerprint::MAX);
            SslStream::new(ssl, Primed::new(early, stream, heard)).map_err(io::Error::other)?
        };
        let done = tokio::time::timeout(HANDSHAKE, Pin::new(&mut stream).accept()).await;
        let outcome = match &done {
            Ok(Ok(())) => "completed",
            Ok(Err(_)) => "failed",
            Err(_) => "timeout",
        };
        let heard = stream.get_mut().forget();
        let hello = heard.and_then(|heard| ClientHello::read(heard.bytes()));
        self.record(Kind::TlsHandshake, handshake_fields(stream.ssl(), hello.as_ref(), outcome));
        match done {
            Ok(Ok(())) => {
                self.stream = Stream::Tls(Box::new(stream));
                Ok(())
            }
            _ => {
                self.reason = "tls handshake failed";
                Err(io::Error::other("TLS handshake"))
            }
        }
    }
}

/// What is told of a handshake: what the client's hello said, whether or not the server agreed, and what was chosen.
pub(crate) fn handshake_fields(ssl: &SslRef, hello: Option<&ClientHello>, outcome: &str) -> Fields {
    let mut fields: Fields = vec![(field::OUTCOME, outcome.as_bytes().to_vec())];
    if outcome == "completed" {
        fields.push((field::TLS_VERSION, ssl.version_str().as_bytes().to_vec()));
        if let Some(cipher) = ssl.current_cipher() {
            fields.push((field::CIPHER, cipher.name().as_bytes().to_vec()));
        }
    }
    if let Some(hello) = hello {
        fields.extend(hello.server_name.clone().map(|name| (field::SNI, name)));
        fields.push((field::JA3, hello.ja3().into_bytes()));
        fields.push((field::JA4, hello.ja4(Carrier::Tcp).into_bytes()));
        if !hello.protocols.is_empty() {
            fields.push((field::ALPN, hello.protocols.join(&b","[..])));
        }
    }
    fields
}

impl AsyncRead for Session {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if TURN <= this.turn {
            this.turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match this.patience.poll(&this.account, context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(starved)) => {
                this.reason = "memory";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::OutOfMemory, starved)));
            }
        }
        let before = buffer.filled().len();
        let polled = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
            Stream::Gone => Poll::Ready(Ok(())),
        };
        match polled {
            Poll::Pending => {
                this.turn = 0;
                if this.timer.as_mut().poll_deadline(context) {
                    this.reason = "idle";
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)));
                }
                Poll::Pending
            }
            Poll::Ready(result) => {
                let fresh = buffer.filled().get(before..).unwrap_or_default();
                if let Some(first) = &mut this.first {
                    // Full: the rest is not wanted. While memory is short, less must do.
                    let full = first.push(fresh).is_err() || FIRST_BYTES <= first.len();
                    if full || !first.is_empty() && !this.account.roomy() {
                        this.record_first();
                    }
                }
                this.turn += fresh.len();
                this.bytes_in += fresh.len() as u64;
                this.touch();
                let deadline = Instant::now() + this.idle;
                this.timer.as_mut().reset(deadline);
                Poll::Ready(result)
            }
        }
    }
}

/// The fields of a `disconnect`.
pub(crate) fn closing(begun: Instant, bytes_in: u64, bytes_out: u64, reason: &str) -> Fields {
    vec![
        (field::DURATION_MS, begun.elapsed().as_millis().to_string().into_bytes()),
        (field::BYTES_IN, bytes_in.to_string().into_bytes()),
        (field::BYTES_OUT, bytes_out.to_string().into_bytes()),
        (field::REASON, reason.as_bytes().to_vec()),
    ]
}

/// A timer that can be asked whether it is over.
trait Deadline {
    fn poll_deadline(self, context: &mut Context<'_>) -> bool;
}

impl Deadline for Pin<&mut Sleep> {
    fn poll_deadline(self, context: &mut Context<'_>) -> bool {
        Future::poll(self, context).is_ready()
    }
}

impl AsyncWrite for Session {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let bytes = match &mut this.drip {
            Some(drip) => std::task::ready!(drip.poll(context, bytes)),
            None => bytes,
        };
        let polled = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
            Stream::Gone => Poll::Ready(Err(io::Error::from(io::ErrorKind::NotConnected))),
        };
        match &polled {
            Poll::Ready(Ok(count)) => {
                if let Some(drip) = &mut this.drip {
                    drip.fell();
                }
                // An answer ends the peer's first turn, however many pieces it came in.
                if this.first.as_ref().is_some_and(|first| !first.is_empty()) {
                    this.record_first();
                }
                this.bytes_out += *count as u64;
                this.touch();
                let deadline = Instant::now() + this.idle;
                this.timer.as_mut().reset(deadline);
            }
            // A peer that never reads must not hold a connection for ever.
            Poll::Pending if this.timer.as_mut().poll_deadline(context) => {
                this.reason = "idle";
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)));
            }
            _ => {}
        }
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
            Stream::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
            Stream::Gone => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Stream::Tls(stream) = &mut self.stream {
            // The end of TLS is said as far as it goes out at once; after an orderly end this says nothing new.
            let mut context = Context::from_waker(std::task::Waker::noop());
            let _ = Pin::new(stream.as_mut()).poll_shutdown(&mut context);
        }
        let ended = self.place.take().and_then(|place| place.ended());
        self.record_first();
        let reason = if std::thread::panicking() { "fault" } else { ended.unwrap_or(self.reason) };
        self.record(Kind::Disconnect, closing(self.begun, self.bytes_in, self.bytes_out, reason));
    }
}

impl SessionId {
    /// A new id: time and a counter, mixed so that it says neither.
    pub fn fresh() -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let count = NEXT.fetch_add(1, Ordering::Relaxed);
        let time = u64::try_from(recorder::now()).unwrap_or_default();
        // SplitMix64's finaliser is a bijection, so ids of one process never repeat.
        let mut mixed =
            time.wrapping_shl(12).wrapping_add(count).wrapping_add(u64::from(std::process::id()) << 48);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        SessionId(mixed ^ (mixed >> 31))
    }
}
