//! The bus behind a UNIX socket.
//!
//! A lock beside the socket makes a second server refuse to start while the first lives, so a live
//! socket is never taken over; a socket left by a dead server is replaced.

use crate::{
    clock,
    connection::{self, Outbox},
    queue::Queue,
    rights::Rights,
    router::{Router, TooManyPatterns},
};
use decnet_codec::{
    frame::{Frame, FrameError},
    topic::{Pattern, Topic},
    verb::{Envelope, Reply},
};
use nix::fcntl::{Flock, FlockArg};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
};

/// Connections at one time; more are closed at once and counted.
pub const MAX_CONNECTIONS: usize = 256;

/// How often the server publishes `system.bus.health` unless told otherwise.
pub const HEALTH_PERIOD: Duration = Duration::from_secs(10);

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who may publish what.
    pub rights: Rights,
    /// Group whose members may connect; the server's own without one.
    pub group: Option<u32>,
    /// How often it publishes `system.bus.health`.
    pub heartbeat: Duration,
}

impl Settings {
    /// The usual settings: root and our own user publish, our own group connects.
    pub fn own() -> Settings {
        Settings { rights: Rights::own(), group: None, heartbeat: HEALTH_PERIOD }
    }
}

impl From<Rights> for Settings {
    fn from(rights: Rights) -> Settings {
        Settings { rights, ..Settings::own() }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another server lives on this socket.
    #[error("serve the bus on {0}: another server is running")]
    Taken(PathBuf),
    /// The lock or the socket could not be made.
    #[error("{attempt} {path}")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

/// A server that holds its socket and its lock but does not accept yet.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    listener: UnixListener,
    hub: Arc<Hub>,
    heartbeat: Duration,
    // Held, not read: the kernel frees it when the process ends, however it ends.
    _lock: Flock<File>,
}

/// What a server has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServerCounters {
    /// Connections now.
    pub connections: usize,
    /// Subscriptions now.
    pub subscriptions: usize,
    /// Messages taken.
    pub published: u64,
    /// Messages put into queues of connections.
    pub delivered: u64,
    /// Messages dropped because a connection's queue was full.
    pub dropped: u64,
    /// Requests refused for want of rights or beyond a limit, connections beyond the limit included.
    pub refused: u64,
    /// Connections closed because of bytes that are not the protocol.
    pub protocol_errors: u64,
    /// Dropped messages by the name that a live connection gave itself.
    pub dropped_by_client: BTreeMap<String, u64>,
}

/// Binds and serves until `stop` is true.
///
/// # Errors
/// [`BindError`] when the server cannot start.
pub async fn serve(
    path: &Path,
    settings: impl Into<Settings>,
    stop: watch::Receiver<bool>,
) -> Result<(), BindError> {
    Server::bind(path, settings)?.run(stop).await;
    Ok(())
}

impl Server {
    /// Takes the lock and makes the socket with mode 0660. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`BindError::Taken`] when another server lives, [`BindError::Io`] otherwise.
    pub fn bind(path: &Path, settings: impl Into<Settings>) -> Result<Server, BindError> {
        let settings = settings.into();
        let lock = lock(path)?;
        // The lock is free, yet a server of another make may listen there.
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(BindError::Taken(path.to_owned()));
        }
        // Bound under another name and renamed, so that nobody connects before the mode is set.
        let fresh = path.with_extension(format!("{}.tmp", std::process::id()));
        let failed = |attempt, path: &Path| {
            let path = path.to_owned();
            move |source| BindError::Io { attempt, path, source }
        };
        if let Err(error) = fs::remove_file(&fresh)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed("remove", &fresh)(error));
        }
        let listener = UnixListener::bind(&fresh).map_err(failed("bind", &fresh))?;
        fs::set_permissions(&fresh, Permissions::from_mode(0o660)).map_err(failed("set mode of", &fresh))?;
        if let Some(group) = settings.group {
            chown(&fresh, None, Some(group)).map_err(failed("set group of", &fresh))?;
        }
        fs::rename(&fresh, path).map_err(failed("rename socket to", path))?;
        let hub = Arc::new(Hub::new(settings.rights));
        Ok(Server { path: path.to_owned(), listener, hub, heartbeat: settings.heartbeat, _lock: lock })
    }

    /// A handle on the counters that outlives [`Server::run`].
    pub fn counters(&self) -> impl Fn() -> ServerCounters + Send + Sync + use<> {
        let hub = self.hub.clone();
        move || hub.counters()
    }

    /// Accepts connections until `stop` is true or its sender is gone, then removes the socket.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let started = Instant::now();
        let mut connections = JoinSet::new();
        let mut health = tokio::time::interval(self.heartbeat);
        loop {
            tokio::select! {
                () = told(&mut stop) => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.take(stream, &mut connections),
                    Err(error) => {
                        // Out of descriptors: wait, or this loop would spin.
                        tracing::warn!(%error, "accept on the bus socket failed");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                _ = health.tick() => self.hub.publish_health(started.elapsed()),
            }
        }
        connections.shutdown().await;
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "bus socket was not removed");
        }
    }

    fn take(&self, stream: UnixStream, connections: &mut JoinSet<()>) {
        if connections.len() >= MAX_CONNECTIONS {
            self.hub.refuse();
            return;
        }
        connections.spawn(connection::serve(self.hub.clone(), stream));
    }
}

/// Waits until `stop` is true or nobody is left to set it.
pub(crate) async fn told(stop: &mut watch::Receiver<bool>) {
    // The value behind the result is borrowed from the channel and must not live across an await.
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}

fn lock(path: &Path) -> Result<Flock<File>, BindError> {
    let path_of_lock = path.with_extension("lock");
    let failed = |attempt, source| BindError::Io { attempt, path: path_of_lock.clone(), source };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path_of_lock)
        .map_err(|error| failed("open", error))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(lock),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Err(BindError::Taken(path.to_owned())),
        Err((_, errno)) => Err(failed("lock", errno.into())),
    }
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) rights: Rights,
    state: Mutex<State>,
    published: AtomicU64,
    delivered: AtomicU64,
    dropped: AtomicU64,
    refused: AtomicU64,
    protocol_errors: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    router: Router<u64>,
    outboxes: BTreeMap<u64, Arc<Outbox>>,
}

impl Hub {
    fn new(rights: Rights) -> Hub {
        Hub {
            rights,
            state: Mutex::default(),
            published: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            protocol_errors: AtomicU64::new(0),
        }
    }

    pub(crate) fn join(&self) -> (u64, Arc<Outbox>) {
        let outbox =
            Arc::new(Outbox { name: Mutex::new("-".to_owned()), frames: Queue::new(crate::queue::CAPACITY) });
        let mut state = self.state.lock();
        state.next += 1;
        let id = state.next;
        state.outboxes.insert(id, outbox.clone());
        (id, outbox)
    }

    pub(crate) fn leave(&self, id: u64) {
        let mut state = self.state.lock();
        state.router.remove(id);
        state.outboxes.remove(&id);
    }

    pub(crate) fn subscribe(&self, id: u64, pattern: Pattern) -> Result<(), TooManyPatterns> {
        self.state.lock().router.subscribe(id, pattern)
    }

    pub(crate) fn unsubscribe(&self, id: u64, pattern: &Pattern) {
        self.state.lock().router.unsubscribe(id, pattern);
    }

    /// Stamps an envelope and hands it to the subscribers of `topic` other than `from`.
    pub(crate) fn publish(
        &self,
        from: Option<u64>,
        topic: &Topic,
        mut envelope: Envelope,
    ) -> Result<(), FrameError> {
        envelope.v = 1;
        envelope.id = clock::message_id();
        envelope.ts = clock::now();
        envelope.topic = topic.to_string();
        envelope.kind.get_or_insert_with(|| topic.last_token().to_owned());
        let mut bytes = Vec::new();
        Frame { header: Reply::Event(topic.clone()).to_string(), body: envelope.to_body() }
            .encode(&mut bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        self.published.fetch_add(1, Ordering::Relaxed);
        let state = self.state.lock();
        for id in state.router.route(topic) {
            let Some(outbox) = state.outboxes.get(&id).filter(|_| Some(id) != from) else { continue };
            self.delivered.fetch_add(1, Ordering::Relaxed);
            if outbox.frames.push(bytes.clone()) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn protocol_error(&self) {
        self.protocol_errors.fetch_add(1, Ordering::Relaxed);
    }

    fn counters(&self) -> ServerCounters {
        let state = self.state.lock();
        let mut dropped_by_client = BTreeMap::new();
        for outbox in state.outboxes.values().filter(|outbox| outbox.frames.dropped() > 0) {
            *dropped_by_client.entry(outbox.name.lock().clone()).or_default() += outbox.frames.dropped();
        }
        ServerCounters {
            connections: state.outboxes.len(),
            subscriptions: state.router.len(),
            published: self.published.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            protocol_errors: self.protocol_errors.load(Ordering::Relaxed),
            dropped_by_client,
        }
    }

    fn publish_health(&self, uptime: Duration) {
        let Ok(topic) = "system.bus.health".parse::<Topic>() else { return };
        let mut payload = Map::new();
        payload.insert("worker".to_owned(), "bus".into());
        payload.insert("pid".to_owned(), std::process::id().into());
        payload.insert("uptime_sec".to_owned(), uptime.as_secs().into());
        payload.insert("ts".to_owned(), clock::now().into());
        payload.insert("extra".to_owned(), serde_json::to_value(self.counters()).unwrap_or(Value::Null));
        // A few hundred bytes: below every limit of a frame.
        let _ = self.publish(None, &topic, Envelope::new(&topic, payload));
    }
}
