//! The dashboard at an address of its own: files out of this program, and `/api/` and `/taxii2/` handed on
//! to an interface that may be elsewhere.
//!
//! Answers are handed on piece by piece as they come, and there is no limit on how long one goes on: an event stream
//! is as live here as there. A connection to the interface ends with the answer that it carries.

use crate::{
    Believed, Door, Hosts, Limits, Problem, auth::Peer, host::is_for_us, origin::FORWARDED,
    router::with_headers, serve::hold, site, taxii,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    middleware,
    response::{IntoResponse, Response},
    routing::any,
};
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    task::AbortHandle,
    time::timeout,
};

/// Longest wait for a connection to the interface.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Longest wait until its answer begins: longer than it takes itself.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Headers that are about one connection (RFC 9110 §7.6.1).
const OF_A_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
];

/// Where the dashboard's requests go, and who may ask. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Front(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Name or address, and port, of the interface.
    api: (String, u16),
    /// The same as a `Host`.
    authority: HeaderValue,
    /// Where it speaks TLS: its name there, and how it is known.
    secure: Option<(ServerName<'static>, Believed)>,
    hosts: Hosts,
    stopping: watch::Sender<bool>,
}

impl Front {
    /// A front of the interface at `host` and `port`; `hosts` are the names by which it is spoken to itself. `None`
    /// when the host is no name and no address.
    pub fn new(host: &str, port: u16, hosts: Hosts) -> Option<Self> {
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let authority = HeaderValue::try_from(format!("{shown}:{port}")).ok()?;
        let api = (host.to_owned(), port);
        let stopping = watch::Sender::new(false);
        Some(Front(Arc::new(Inner { api, authority, secure: None, hosts, stopping })))
    }

    /// A front of the same interface, which speaks TLS and is `believed`. `None` when TLS cannot call it by its name.
    pub fn over_tls(self, believed: Believed) -> Option<Self> {
        let Inner { api, authority, hosts, .. } = self.0.as_ref();
        let secure = Some((ServerName::try_from(api.0.clone()).ok()?, believed));
        let (api, authority, hosts) = (api.clone(), authority.clone(), hosts.clone());
        let stopping = watch::Sender::new(false);
        Some(Front(Arc::new(Inner { api, authority, secure, hosts, stopping })))
    }

    /// The routes of it.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/api", any(hand_on))
            .route("/api/", any(hand_on))
            .route("/api/{*rest}", any(hand_on))
            .route(taxii::PATH, any(hand_on))
            .route(&format!("{}{{*rest}}", taxii::PATH), any(hand_on))
            .fallback(|request: Request| async move { site::answer(&request) })
            .layer(middleware::from_fn_with_state(self.0.hosts.clone(), is_for_us))
            .layer(middleware::from_fn(with_headers))
            .with_state(self.clone())
    }
}

/// Serves the dashboard at `door` until `stop` is ready; streams that are handed on are ended.
///
/// # Errors
/// When the socket fails.
pub async fn serve_front(
    door: impl Into<Door> + Send,
    front: Front,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let (router, hosts) = (front.router(), front.0.hosts.clone());
    let stopping = Box::new(move || {
        front.0.stopping.send_replace(true);
    });
    hold(door.into(), router, hosts, limits, Box::pin(stop), stopping).await;
    Ok(())
}

/// Hands a request on, and its answer back.
async fn hand_on(State(front): State<Front>, request: Request) -> Result<Response, Problem> {
    let request = front.translated(request)?;
    let socket = front.connected().await?;
    let (answer, connection) = match &front.0.secure {
        None => asked(socket, request).await?,
        Some((name, believed)) => {
            let connector = believed.connector().map_err(|error| away(&error.to_string()))?;
            let shaken = timeout(CONNECT_TIME, connector.connect(name.clone(), socket)).await;
            let io =
                shaken.map_err(|_| away("it takes too long"))?.map_err(|error| away(&error.to_string()))?;
            asked(io, request).await?
        }
    };
    let (mut parts, body) = answer.into_parts();
    without_hops(&mut parts.headers);
    let stopping = front.0.stopping.subscribe();
    let live = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    let stop = live.then(|| Box::pin(told(stopping)) as Pin<Box<dyn Future<Output = ()> + Send>>);
    Ok(Response::from_parts(parts, Body::new(HandedOn { body, stop, _connection: connection }))
        .into_response())
}

/// Asks over a connection that ends with the answer.
async fn asked(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request,
) -> Result<(Response<Incoming>, Ends), Problem> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(io)).await.map_err(|error| away(&error.to_string()))?;
    let connection = Ends(
        tokio::spawn(async move {
            // How it ended is told by the answer.
            let _ = connection.await;
        })
        .abort_handle(),
    );
    let answer = timeout(ANSWER_TIME, sender.send_request(request)).await;
    let answer = answer.map_err(|_| away("no answer begins"))?.map_err(|error| away(&error.to_string()))?;
    Ok((answer, connection))
}

fn away(why: &str) -> Problem {
    tracing::warn!(why, "the interface cannot be reached");
    Problem::Away
}

async fn told(mut stopping: watch::Receiver<bool>) {
    // The sender lives as long as anything that is served.
    let _ = stopping.wait_for(|stopping| *stopping).await.is_ok();
}

impl Front {
    /// A connection to the interface.
    async fn connected(&self) -> Result<TcpStream, Problem> {
        let (host, port) = &self.0.api;
        let connected = timeout(CONNECT_TIME, TcpStream::connect((host.as_str(), *port))).await;
        let socket =
            connected.map_err(|_| away("it takes too long"))?.map_err(|error| away(&error.to_string()))?;
        // What comes is handed on at once, however little it is.
        let _ = socket.set_nodelay(true);
        Ok(socket)
    }

    /// The request as the interface gets it.
    fn translated(&self, request: Request) -> Result<Request, Problem> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse::<Uri>().map_err(|_| Problem::NotFound)?;
        let Peer(peer) = self.0.hosts.proxies().origin(&parts.extensions, &parts.headers);
        without_hops(&mut parts.headers);
        parts.headers.insert(header::HOST, self.0.authority.clone());
        parts.headers.remove(FORWARDED);
        if let Some(value) = peer.and_then(|peer| HeaderValue::try_from(peer.to_string()).ok()) {
            parts.headers.insert(FORWARDED, value);
        }
        parts.extensions.clear();
        Ok(Request::from_parts(parts, body))
    }
}

/// Takes away what is about one connection only.
fn without_hops(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = (headers.get_all(header::CONNECTION).iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in OF_A_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
}

/// Ends the connection to the interface when nobody reads its answer any more.
struct Ends(AbortHandle);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The body of an answer, piece by piece as it comes.
struct HandedOn {
    body: Incoming,
    /// Ready when a stream has to end.
    stop: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    _connection: Ends,
}

impl http_body::Body for HandedOn {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if self.stop.as_mut().is_some_and(|stop| stop.as_mut().poll(task).is_ready()) {
            self.stop = None;
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
