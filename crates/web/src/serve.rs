//! Serving on a socket until told to stop, within bounds on what peers may hold.

use crate::{
    ApiState,
    hall::{Busy, Hall, Seat},
    patience::Patient,
    router,
};
use axum::{Router, body::Body, extract::ConnectInfo};
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
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tower::ServiceExt;

/// Answer to a peer that comes when every connection is at work.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What peers may hold of this process.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections. When there are more, the one that has waited longest without a request goes.
    pub connections: usize,
    /// Longest wait for the head of a request, from the first moment of the connection or the end of
    /// the request before.
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

/// Serves the interface on `listener` until `stop` is ready; open requests are finished, event streams
/// are ended.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    state: ApiState,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let tail = tokio::spawn({
        let state = state.clone();
        async move { state.tail().await }
    });
    hold(listener, router(state.clone()), limits, stop, || state.stop()).await;
    // It ends by itself; a failure inside it has been reported by the runtime.
    let _ = tail.await;
    Ok(())
}

/// Serves `router` until `stop` is ready; then `stopping` ends what would go on for ever, and open requests are
/// finished.
pub(crate) async fn hold(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
    stopping: impl FnOnce() + Send,
) {
    let desk = Desk { router, hall: Hall::new(limits.connections), limits };
    let end = watch::Sender::new(false);
    let mut open = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = open.join_next(), if !open.is_empty() => continue,
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
    hall: Hall,
    limits: Limits,
}

impl Desk {
    /// Gives a new connection its place, or turns it away.
    fn welcome(
        &self,
        socket: TcpStream,
        peer: SocketAddr,
        open: &mut JoinSet<()>,
        end: &watch::Sender<bool>,
    ) {
        let Some(seat) = self.hall.seat() else {
            // As much as the socket takes at once; nobody waits for it.
            let _ = socket.try_write(FULL);
            return;
        };
        // An event is sent at once, however little it is.
        let _ = socket.set_nodelay(true);
        let seat = Arc::new(seat);
        let (router, limits, end) = (self.router.clone(), self.limits, end.subscribe());
        open.spawn(async move {
            tokio::select! {
                () = seat.evicted() => {}
                () = converse(socket, peer, router, Arc::clone(&seat), limits, end) => {}
            }
        });
    }
}

/// One connection to its end.
async fn converse(
    socket: TcpStream,
    peer: SocketAddr,
    router: Router,
    seat: Arc<Seat>,
    limits: Limits,
    mut end: watch::Receiver<bool>,
) {
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
    let io = TokioIo::new(Patient::new(socket, limits.reading));
    let mut connection = pin!(builder.serve_connection(io, answer));
    tokio::select! {
        // A peer's failure is its own affair.
        _ = &mut connection => return,
        _ = end.wait_for(|end| *end) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
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
