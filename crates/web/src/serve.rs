//! Serving on a socket until told to stop, within bounds on what peers may hold.

use crate::{
    ApiState, Hosts, Secure,
    hall::{Busy, Hall, Seat},
    patience::Patient,
    router, tls,
};
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, header::STRICT_TRANSPORT_SECURITY},
    middleware,
};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt;

/// Answer to a peer that comes when every connection is at work.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Time between two looks whether the files of a certificate have changed.
const LOOK: Duration = Duration::from_secs(2);
/// How long browsers come by TLS alone to who has shown a certificate of his own, in seconds: a year (RFC 6797).
const BY_TLS_ALONE: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Where peers come in.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    secure: Option<Secure>,
}

impl Door {
    /// A socket on which TLS is spoken.
    pub fn secured(listener: TcpListener, secure: Secure) -> Self {
        Door { listener, secure: Some(secure) }
    }
}

impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Door { listener, secure: None }
    }
}

/// What peers may hold of this process.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections. When there are more, the one that has waited longest without a request goes.
    pub connections: usize,
    /// Longest wait for the head of a request, from the first moment of the connection or the end of
    /// the request before; and for the handshake of TLS before it.
    pub head: Duration,
    /// Bytes of a head.
    pub head_bytes: usize,
    /// A peer that takes less than 16 KiB of its answer in this time is dropped.
    pub reading: Duration,
    /// Time that open requests get at the end.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 1024,
            head: Duration::from_secs(10),
            head_bytes: 32 * 1024,
            reading: Duration::from_secs(20),
            grace: Duration::from_secs(5),
        }
    }
}

/// Serves the interface at `door` until `stop` is ready; open requests are finished, event streams
/// are ended.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    door: impl Into<Door> + Send,
    state: ApiState,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let tail = tokio::spawn({
        let state = state.clone();
        async move { state.tail().await }
    });
    let hosts = state.hosts().clone();
    let stopping = state.clone();
    let router = router(state);
    hold(door.into(), router, hosts, limits, Box::pin(stop), Box::new(move || stopping.stop())).await;
    // It ends by itself; a failure inside it has been reported by the runtime.
    let _ = tail.await;
    Ok(())
}

/// Serves `router` until `stop` is ready; then `stopping` ends what would go on for ever, and open requests are
/// finished. Neither generic nor `async` itself: it would be compiled anew, with all of HTTP, in each crate that
/// serves.
pub(crate) fn hold<'a>(
    door: Door,
    router: Router,
    hosts: Hosts,
    limits: Limits,
    stop: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    stopping: Box<dyn FnOnce() + Send + 'a>,
) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    Box::pin(holding(door, router, hosts, limits, stop, stopping))
}

async fn holding(
    door: Door,
    router: Router,
    hosts: Hosts,
    limits: Limits,
    mut stop: Pin<Box<dyn Future<Output = ()> + Send + '_>>,
    stopping: Box<dyn FnOnce() + Send + '_>,
) {
    let Door { listener, secure } = door;
    let desk = Desk::new(router, hosts, secure.as_ref(), limits);
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = watch::Sender::new(false);
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = open.join_next(), if !open.is_empty() => continue,
            _ = look.tick(), if secure.is_some() => {
                if let Some(secure) = secure.clone() {
                    // Files may be slow, and nobody waits for them.
                    drop(spawn_blocking(move || secure.look(netsvc_wire::stamp::now())));
                }
                continue;
            }
            () = &mut stop => break,
        };
        match accepted {
            Ok((socket, peer)) => desk.welcome(socket, peer, &mut open, &end),
            Err(error) => pause(&error).await,
        }
    }
    stopping();
    end.send_replace(true);
    let ended = timeout(limits.grace, async { while open.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::debug!(connections = open.len(), "connections are cut off at the end");
    }
}

/// Waits after a failure to accept that is not one peer's: descriptors or memory are short.
async fn pause(error: &io::Error) {
    let ones = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !ones.contains(&error.kind()) {
        tracing::warn!(%error, "a connection to the interface cannot be accepted");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

struct Desk {
    router: Router,
    secured: Option<Secured>,
    hall: Hall,
    limits: Limits,
}

/// What is needed where TLS is spoken.
#[derive(Clone)]
struct Secured {
    acceptor: TlsAcceptor,
    /// Answers those who do not speak it.
    plain: Router,
}

impl Desk {
    fn new(router: Router, hosts: Hosts, secure: Option<&Secure>, limits: Limits) -> Self {
        // With a certificate that browsers have to be talked into, they could not come any more once it is another.
        let own = secure.is_some_and(Secure::is_own);
        let router = if own { router.layer(middleware::map_response(by_tls_alone)) } else { router };
        let secured =
            secure.map(|secure| Secured { acceptor: secure.acceptor(), plain: tls::plain_answers(hosts) });
        Desk { router, secured, hall: Hall::new(limits.connections), limits }
    }

    /// Gives a new connection its place, or turns it away.
    fn welcome(
        &self,
        socket: TcpStream,
        peer: SocketAddr,
        open: &mut JoinSet<()>,
        end: &watch::Sender<bool>,
    ) {
        let Some(seat) = self.hall.seat() else {
            if self.secured.is_none() {
                // As much as the socket takes at once; nobody waits for it.
                let _ = socket.try_write(FULL);
            }
            return;
        };
        // An event is sent at once, however little it is.
        let _ = socket.set_nodelay(true);
        let seat = Arc::new(seat);
        let talk = Talk { peer, seat: Arc::clone(&seat), limits: self.limits, end: end.subscribe() };
        let (router, secured) = (self.router.clone(), self.secured.clone());
        open.spawn(async move {
            tokio::select! {
                () = seat.evicted() => {}
                () = talk.begin(socket, router, secured) => {}
            }
        });
    }
}

async fn by_tls_alone(mut response: axum::response::Response) -> axum::response::Response {
    response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, BY_TLS_ALONE);
    response
}

/// What a connection begins with where TLS is spoken.
enum Begun {
    Secure(Box<TlsStream<Patient<TcpStream>>>),
    Plain(Patient<TcpStream>),
}

/// One connection.
struct Talk {
    peer: SocketAddr,
    seat: Arc<Seat>,
    limits: Limits,
    end: watch::Receiver<bool>,
}

impl Talk {
    async fn begin(mut self, socket: TcpStream, router: Router, secured: Option<Secured>) {
        let Some(Secured { acceptor, plain }) = secured else {
            let io = Patient::new(socket, self.limits.reading);
            return self.converse(io, router).await;
        };
        let begun = tokio::select! {
            begun = timeout(self.limits.head, shake(socket, &acceptor, self.limits.reading)) => begun,
            _ = self.end.wait_for(|end| *end) => return,
        };
        match begun {
            Ok(Ok(Begun::Secure(io))) => self.converse(io, router).await,
            Ok(Ok(Begun::Plain(io))) => self.converse(io, plain).await,
            // A peer's failure is its own affair; whoever looks for the reason of it finds it.
            Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "no TLS was agreed on"),
            Err(_) => tracing::debug!(peer = %self.peer, "no TLS was agreed on in time"),
        }
    }

    /// From the first request to the end.
    async fn converse(self, io: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
        let Talk { peer, seat, limits, mut end } = self;
        let answer = service_fn(move |request: Request<Incoming>| {
            let busy = seat.busy();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answered = router.clone().oneshot(request);
            async move {
                let Ok(response) = answered.await;
                Ok::<Response<Held>, Infallible>(response.map(|body| Held { body, _busy: busy }))
            }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(limits.head_bytes);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(io), answer));
        tokio::select! {
            // A peer's failure is its own affair.
            _ = &mut connection => return,
            _ = end.wait_for(|end| *end) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// The handshake of who begins one.
async fn shake(socket: TcpStream, acceptor: &TlsAcceptor, reading: Duration) -> io::Result<Begun> {
    let mut first = [0];
    if socket.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // Below TLS, so that who does not read is noticed while records wait for him.
    let io = Patient::new(socket, reading);
    if first != [tls::HANDSHAKE] {
        return Ok(Begun::Plain(io));
    }
    Ok(Begun::Secure(Box::new(acceptor.accept(io).await?)))
}

/// The body of an answer, which keeps its connection at work until it is sent.
struct Held {
    body: Body,
    _busy: Busy,
}

impl http_body::Body for Held {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
