//! The bus behind a UNIX socket.
//!
//! A lock beside the socket makes a second server refuse to start while the first lives, so a live
//! socket is never taken over; a socket left by a dead server is replaced.

use crate::{connection, counters::ServerCounters, hub::Hub, rights::Rights, stop::told};
use nix::fcntl::{Flock, FlockArg};
use std::{
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    sync::Arc,
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
        let made = fs::symlink_metadata(&fresh).map_err(failed("look at", &fresh))?;
        // Who is in that group already need not be allowed to give anything away: a unit of systemd is not.
        if let Some(group) = settings.group.filter(|group| *group != made.gid()) {
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
