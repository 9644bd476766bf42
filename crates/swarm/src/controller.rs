//! The controller: agents join, say how they stand, hear what is wanted, and get other certificates in time.
//!
//! Everything is by state and not by order: an agent says which number it has and gets what it lacks, so that an
//! answer that is lost, or comes twice, changes nothing.

use crate::{
    Error,
    authority::{self, Certificate},
    error::{network, stored},
    files::{self, Files},
    hand_out::HandOut,
    message::{self, Denied, Join, Joined, Orders, Renew, Renewed, Report},
    refusal::Refusal,
    tls,
    watch::{Watched, begun, watched},
};
use decnet_model::{
    record::{SwarmHost, SwarmReport},
    swarm::{Identity, Role},
};
use decnet_pipeline::runtime::{Running, WorkerContext, chain};
use decnet_store::{Store, SwarmJoined};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use netsvc_wire::stamp;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use tokio_rustls::TlsAcceptor;

/// Connections at once; more wait before they are accepted.
const CONNECTIONS: usize = 4096;
/// Longest time for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Longest time for a whole connection: the longest wait of an answer, and as much again.
const WHOLE: Duration = Duration::from_secs(60);
/// Longest wait for news.
const PATIENCE: Duration = Duration::from_secs(25);

/// How the controller works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub host: String,
    /// On which port.
    pub port: u16,
    /// Port of the listener, for those who join.
    pub syslog_port: u16,
    /// The release that this is.
    pub version: String,
    /// Seconds that a release has on an agent to prove itself.
    pub patience: u64,
}

/// What the controller has done, for its status.
#[derive(Debug, Default)]
struct Counters {
    reports: AtomicU64,
    joined: AtomicU64,
    refused: AtomicU64,
}

#[derive(Clone)]
struct Controller {
    store: Store,
    files: Files,
    watched: Watched,
    hand_out: HandOut,
    syslog_port: u16,
    counters: Arc<Counters>,
}

/// Who asks, over TLS.
#[derive(Clone)]
struct Peer {
    address: IpAddr,
    identity: Option<(Identity, Certificate)>,
}

/// Runs the controller until the worker is told to stop; it waits until there is a swarm.
///
/// # Errors
/// When it cannot listen.
pub fn run(worker: WorkerContext, store: Store, settings: Settings) -> Running<Error> {
    Box::pin(work(worker, store, settings))
}

async fn work(mut worker: WorkerContext, store: Store, settings: Settings) -> Result<(), Error> {
    let files = Files::new(&worker.paths);
    if !begun(&mut worker, &files).await {
        return Ok(());
    }
    let place = format!("{}:{}", settings.host, settings.port);
    let listener = TcpListener::bind(&place).await.map_err(network(format!("listen on {place}")))?;
    let watched = watched(&store, &files, true, true).await?;
    tracing::info!(place, "the controller listens");
    let counters = Arc::new(Counters::default());
    let hand_out = HandOut::new(&store, &worker.paths, settings.version, settings.patience);
    let controller = Controller {
        store,
        hand_out,
        files,
        watched,
        syslog_port: settings.syslog_port,
        counters: Arc::clone(&counters),
    };
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        worker.status.report(&serde_json::json!({
            "reports": count(&counters.reports), "joined": count(&counters.joined),
            "refused": count(&counters.refused),
        }));
        let place = tokio::select! {
            () = worker.stopped() => return Ok(()),
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { return Ok(()) };
        let accepted = tokio::select! {
            () = worker.stopped() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let controller = controller.clone();
        tokio::spawn(async move {
            let _place = place;
            let _ = timeout(WHOLE, controller.serve(stream, from)).await;
        });
    }
}

impl Controller {
    async fn serve(&self, stream: tokio::net::TcpStream, from: SocketAddr) {
        let acceptor = TlsAcceptor::from(self.watched.config());
        let stream = match timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                let reason = Refusal::of(&error).map_or_else(|| error.to_string(), |known| known.to_string());
                tracing::warn!(peer = %from.ip(), reason, "a connection to the controller is refused");
                return;
            }
            Err(_) => return,
        };
        let identity = match tls::peer(stream.get_ref().1) {
            Ok(identity) => identity,
            Err(error) => {
                tracing::warn!(peer = %from.ip(), %error, "a connection to the controller is refused");
                return;
            }
        };
        let peer = Peer { address: from.ip(), identity };
        let service = service_fn(|request| {
            let (controller, peer) = (self.clone(), peer.clone());
            async move { Ok::<_, Infallible>(controller.answer(request, peer).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HANDSHAKE)
            .max_buf_size(16 << 10)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = served.await {
            tracing::debug!(%error, "a connection to the controller broke off");
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let done = match (&method, path.as_str()) {
            (&Method::GET, message::HEALTH) => Ok(Bytes::from_static(b"{\"status\":\"ok\"}")),
            (&Method::POST, message::JOIN) => self.join(request, &peer).await,
            (&Method::POST, message::REPORT) => self.report(request, &peer).await,
            (&Method::POST, message::RENEW) => self.renew(request, &peer).await,
            (&Method::POST, message::PIECE) => self.piece(request, &peer).await,
            (&Method::POST, message::UPDATE) => self.update(request, &peer).await,
            _ => return told(StatusCode::NOT_FOUND, "there is no such route"),
        };
        match done {
            Ok(body) => with(StatusCode::OK, body),
            Err(Error::Refused(refusal)) => {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                let host = peer.identity.as_ref().map(|(identity, _)| identity.host.as_str());
                tracing::warn!(peer = %peer.address, host, path, reason = %refusal, "a request is refused");
                if let (Refusal::Revoked, Some(host)) = (refusal, host) {
                    self.told(host).await;
                }
                let status = match refusal {
                    Refusal::NoCertificate => StatusCode::UNAUTHORIZED,
                    _ => StatusCode::FORBIDDEN,
                };
                told(status, refusal.text())
            }
            Err(Error::Garbled(reason)) => told(StatusCode::BAD_REQUEST, &reason),
            Err(Error::Wrong(reason) | Error::Answer(reason)) => told(StatusCode::CONFLICT, &reason),
            Err(error @ (Error::Certificate(..) | Error::Unfit(_))) => {
                told(StatusCode::BAD_REQUEST, &error.to_string())
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), path, "a request could not be answered");
                told(StatusCode::INTERNAL_SERVER_ERROR, "the master could not do it; its log says why")
            }
        }
    }

    /// Notes that a host that left is told so by an answer: it may never come to show its certificate again.
    async fn told(&self, host: &str) {
        if let Err(error) = self.store.swarm_told(host, stamp::now()).await {
            tracing::warn!(error = %chain(&error), host, "that a host was told cannot be noted");
        }
    }

    /// Takes a host in that shows a token.
    async fn join(&self, request: Request<Incoming>, peer: &Peer) -> Result<Bytes, Error> {
        let wish: Join = read(request, message::SMALL).await?;
        let hash = token_hash(&wish.secret)?;
        let key = authority::request_key(&wish.request)?;
        let now = stamp::now();
        let token = self.store.swarm_token(&hash).await.map_err(stored("read a token"))?;
        let token = token.ok_or(Error::Refused(Refusal::NoToken))?;
        let id = format!("{}-{}", token.name, hex::encode(authority::random::<3>()));
        let host = SwarmHost {
            labels: token.labels.clone(),
            weight: token.weight,
            capacity: token.capacity,
            notes: token.notes.clone().unwrap_or_default(),
            ..SwarmHost::new(&id, &token.name, now)
        };
        let joined = self.store.swarm_join(&hash, &key, &host, now).await;
        let id = match joined.map_err(stored("take a host in"))? {
            SwarmJoined::New => {
                self.counters.joined.fetch_add(1, Ordering::Relaxed);
                tracing::info!(host = id, peer = %peer.address, "a host has joined");
                id
            }
            SwarmJoined::Again(id) => id,
            SwarmJoined::NoToken => return Err(Error::Refused(Refusal::NoToken)),
            SwarmJoined::Used => return Err(Error::Refused(Refusal::TokenUsed)),
            SwarmJoined::NameTaken => return Err(Error::Refused(Refusal::NameTaken)),
        };
        let certificate = self.sign(&wish.request, &id).await?;
        let authority = self.files.authority()?.certificate().to_owned();
        body(&Joined { host: id, name: token.name, certificate, authority, syslog_port: self.syslog_port })
    }

    async fn sign(&self, request: &str, host: &str) -> Result<String, Error> {
        let identity = Identity::agent(host);
        let signed = self.files.authority()?.sign(request, &identity, stamp::now())?;
        let row = files::row(&signed, &identity);
        // It may be leaving at this moment.
        let kept = self.store.swarm_certificate_renew(&row).await.map_err(stored("keep a certificate"))?;
        if kept { Ok(signed.pem) } else { Err(Error::Refused(Refusal::Revoked)) }
    }

    /// Who asks, if it is an agent that belongs to the swarm now. What TLS has seen may be over since.
    async fn agent<'a>(&self, peer: &'a Peer) -> Result<(&'a str, &'a Certificate), Error> {
        let refused = |refusal| Err(Error::Refused(refusal));
        let Some((identity, certificate)) = &peer.identity else { return refused(Refusal::NoCertificate) };
        if identity.role != Role::Agent {
            return refused(Refusal::Role);
        }
        let known = self.store.swarm_certificate(&certificate.fingerprint).await;
        match known.map_err(stored("read a certificate"))? {
            None => refused(Refusal::Unknown),
            Some(known) if known.revoked_at.is_some() => refused(Refusal::Revoked),
            Some(known) if known.host != identity.host => refused(Refusal::OtherHost),
            Some(_) if certificate.expires_at < stamp::now() => refused(Refusal::Expired),
            Some(_) => Ok((&identity.host, certificate)),
        }
    }

    /// Hears how a host stands, and says what is wanted as soon as it is something else.
    async fn report(&self, request: Request<Incoming>, peer: &Peer) -> Result<Bytes, Error> {
        let (host, _) = self.agent(peer).await?;
        let report: Report = read(request, message::LARGE).await?;
        if report.host != host {
            return Err(Error::Refused(Refusal::OtherHost));
        }
        self.counters.reports.fetch_add(1, Ordering::Relaxed);
        let row = row(&report, peer.address, stamp::now());
        self.store.swarm_report_put(&row).await.map_err(stored("keep what a host says"))?;
        let patience = Duration::from_millis(report.patience_ms).min(PATIENCE);
        let mut wishes = self.watched.wishes.clone();
        let news = wishes.wait_for(|wishes| {
            wishes
                .get(host)
                .is_none_or(|wish| (wish.generation, wish.pulse) != (report.generation, report.pulse))
        });
        // No news is an answer too. The value behind the result is borrowed and must not live on.
        let _ = timeout(patience, news).await.is_ok();
        // It may have been decommissioned while it waited.
        self.agent(peer).await?;
        let found = self.store.swarm_host(host).await.map_err(stored("read a host"))?;
        let found = found.filter(|found| found.left_at.is_none()).ok_or(Error::Refused(Refusal::Revoked))?;
        let other = found.generation != report.generation && !found.wanted.is_empty();
        let fleet = other.then(|| serde_json::from_str(&found.wanted)).transpose();
        let fleet = fleet.map_err(|error| Error::Wrong(format!("what is wanted cannot be read: {error}")))?;
        let update = self.hand_out.offer(host).await?;
        let certificates = self.store.swarm_certificates().await.map_err(stored("read certificates"))?;
        let masters = certificates.into_iter().filter(|row| row.role == Role::Master.name());
        body(&Orders {
            generation: if fleet.is_some() { found.generation } else { report.generation },
            fleet,
            pulse: found.pulse,
            name: found.name,
            revoked: masters.filter(|row| row.revoked_at.is_some()).map(|row| row.fingerprint).collect(),
            update,
        })
    }

    /// Hands out a piece of the release that the host is offered.
    async fn piece(&self, request: Request<Incoming>, peer: &Peer) -> Result<Bytes, Error> {
        let (host, _) = self.agent(peer).await?;
        body(&self.hand_out.piece(host, &read(request, message::SMALL).await?).await?)
    }

    /// Hears how far a host is with its update.
    async fn update(&self, request: Request<Incoming>, peer: &Peer) -> Result<Bytes, Error> {
        let (host, _) = self.agent(peer).await?;
        body(&self.hand_out.told(host, &read(request, message::SMALL).await?).await?)
    }

    /// Signs another key of the host; the certificate that it shows stays valid until it expires.
    async fn renew(&self, request: Request<Incoming>, peer: &Peer) -> Result<Bytes, Error> {
        let (host, _) = self.agent(peer).await?;
        let wish: Renew = read(request, message::SMALL).await?;
        let certificate = self.sign(&wish.request, host).await?;
        tracing::info!(host, "a host has another certificate");
        body(&Renewed { certificate })
    }
}

/// The hash of a token's secret, which stands in hex.
pub(crate) fn token_hash(secret: &str) -> Result<String, Error> {
    let bytes = hex::decode(secret).map_err(|_| Error::Refused(Refusal::NoToken))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// A report as the store keeps it.
fn row(report: &Report, address: IpAddr, now: i64) -> SwarmReport {
    let text = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
    let short = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    SwarmReport {
        host: report.host.clone(),
        at: now,
        address: Some(address),
        version: short(&report.version, 64),
        generation: report.generation,
        pulse: report.pulse,
        ground: text(serde_json::to_string(&report.ground)),
        deckies: text(serde_json::to_string(&report.deckies)),
        lag: text(serde_json::to_string(&report.lag)),
        trouble: short(&report.trouble, 500),
    }
}

async fn read<T: DeserializeOwned>(request: Request<Incoming>, most: usize) -> Result<T, Error> {
    let body = Limited::new(request.into_body(), most).collect().await;
    let body = body.map_err(|error| Error::Garbled(error.to_string()))?;
    serde_json::from_slice(&body.to_bytes()).map_err(|error| Error::Garbled(error.to_string()))
}

fn body<T: Serialize>(value: &T) -> Result<Bytes, Error> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| Error::Garbled(error.to_string()))
}

fn told(status: StatusCode, reason: &str) -> Response<Full<Bytes>> {
    let denied = Denied { reason: reason.to_owned() };
    with(status, serde_json::to_vec(&denied).unwrap_or_default().into())
}

fn with(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}
