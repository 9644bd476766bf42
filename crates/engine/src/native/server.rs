//! The life of `netd`: set up, take orders, clean up.

use super::{
    config::NetdConfig,
    engine::{Engine, EngineError},
    limits,
    protocol::{LINE_MAX, NetdStatus, Reply, Request},
    record::Record,
    site::Site,
    watch::Watchers,
};
use crate::plan::chain;
use nix::{
    sys::{
        socket::{ControlMessage, MsgFlags, sendmsg},
        stat::{Mode, fchmod},
    },
    unistd::Uid,
};
use std::{
    fs,
    io::{self, IoSlice},
    os::fd::{AsRawFd, OwnedFd, RawFd},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::{UnixListener, UnixSocket, UnixStream},
    signal::unix::{SignalKind, signal},
    sync::{Mutex, Notify},
    time::interval,
};

/// How often the record of processes is brought up to date.
const RECORD_TICK: Duration = Duration::from_secs(1);
/// Clients that wait to be let in.
const BACKLOG: u32 = 128;
/// Bytes read at once from a client.
const CHUNK: usize = 64 * 1024;

/// Why `netd` could not start or had to end.
#[derive(Debug, thiserror::Error)]
pub enum NetdError {
    /// It was called in a process that has other threads: they would stay in the wrong namespace.
    #[error("start netd in a process with {0} threads")]
    Threads(usize),
    /// The run folder cannot be used, or another `netd` has it.
    #[error("take the run folder {folder}")]
    Run {
        /// The folder.
        folder: String,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// Namespaces and devices cannot be made.
    #[error("set up the network")]
    Site(#[source] io::Error),
    /// The runtime or the socket failed.
    #[error("listen for orders")]
    Listen(#[source] io::Error),
    /// The stage's processes cannot be started.
    #[error("start the stage: {0}")]
    Stage(String),
}

/// Runs `netd` until it is told to stop, by order or by SIGTERM. To be called first thing in a process,
/// while it has one thread.
///
/// # Errors
/// [`NetdError`] when it cannot start.
pub fn netd_main(config: NetdConfig) -> Result<(), NetdError> {
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads != 1 {
        return Err(NetdError::Threads(threads));
    }
    let folder = config.run.display().to_string();
    let record = Record::take(&config.run).map_err(|source| NetdError::Run { folder, source })?;
    limits::raise_open_files().map_err(NetdError::Site)?;
    let site = Site::build(&config).map_err(NetdError::Site)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(NetdError::Listen)?;
    runtime.block_on(serve(config, site, record))
}

async fn serve(config: NetdConfig, site: Site, mut record: Record) -> Result<(), NetdError> {
    let (socket, watched) = (config.socket.clone(), config.frames());
    let mut terminate = signal(SignalKind::terminate()).map_err(NetdError::Listen)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(NetdError::Listen)?;
    let engine =
        Engine::start(config, site).await.map_err(|error: EngineError| NetdError::Stage(chain(&error)))?;
    let engine = Arc::new(Mutex::new(engine));
    let listener = listen(&socket).map_err(NetdError::Listen)?;
    let watchers = Watchers::listen(&watched).map_err(NetdError::Listen)?;
    let stop = Arc::new(Notify::new());
    let mut tick = interval(RECORD_TICK);
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                tokio::spawn(converse(stream, Arc::clone(&engine), Arc::clone(&stop)));
            }
            watcher = watchers.next() => {
                tokio::spawn(watcher.admit(Arc::clone(&engine)));
            }
            _ = tick.tick() => note(&engine, &mut record).await,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = stop.notified() => break,
        }
    }
    // No client finds us from here on; those that are being answered keep the engine until they are done.
    let _ = fs::remove_file(&socket);
    let _ = fs::remove_file(&watched);
    engine.lock().await.stop().await;
    Ok(())
}

fn listen(socket: &Path) -> io::Result<UnixListener> {
    // The lock says that nobody else listens on it.
    let _ = fs::remove_file(socket);
    let listener = UnixSocket::new_stream()?;
    // Before it has a name, which gets the socket's mode: the folder is another user's, who could put a link in the
    // name's place, and root would change the mode of whatever that leads to.
    fchmod(&listener, Mode::S_IRUSR | Mode::S_IWUSR)?;
    listener.bind(socket)?;
    listener.listen(BACKLOG)
}

async fn note(engine: &Mutex<Engine>, record: &mut Record) {
    // A long step holds the engine; the next tick will do.
    if let Ok(mut engine) = engine.try_lock() {
        let status = engine.status().await;
        let children = status.processes.iter().filter_map(|process| process.pid);
        let pids: Vec<u32> = std::iter::once(status.pid).chain(children).collect();
        record.write(&pids);
    }
}

/// Answers one client until it hangs up.
async fn converse(mut stream: UnixStream, engine: Arc<Mutex<Engine>>, stop: Arc<Notify>) {
    if let Err(error) = admitted(&stream) {
        tracing::warn!(%error, "a client was turned away");
        return;
    }
    let mut pending = Vec::new();
    while let Ok(Some(line)) = read_line(&mut stream, &mut pending).await {
        let (reply, socket) = match serde_json::from_slice(&line) {
            Ok(Request::Stop) => {
                let _ = send_reply(&mut stream, &Reply::Done, None).await;
                stop.notify_one();
                return;
            }
            Ok(request) => answer(&engine, request).await,
            Err(error) => (Reply::Refused { reason: format!("not a request: {error}") }, None),
        };
        if send_reply(&mut stream, &reply, socket).await.is_err() {
            return;
        }
    }
}

/// Only root and our own user give orders.
fn admitted(stream: &UnixStream) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer == 0 || peer == Uid::effective().as_raw() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("user {peer} may not give orders")))
}

async fn answer(engine: &Mutex<Engine>, request: Request) -> (Reply, Option<OwnedFd>) {
    let mut engine = engine.lock().await;
    let outcome = match request {
        Request::Add { nodes } => engine.add(nodes).await,
        Request::Remove { names } => engine.remove(&names).await,
        Request::Post { post } => engine.post(post).await,
        Request::List => return (Reply::Nodes { nodes: engine.list() }, None),
        Request::Status => {
            let absent = engine.absent().await;
            let status = NetdStatus { absent, ..engine.status().await };
            return (Reply::Status { status: Box::new(status) }, None);
        }
        Request::Probe { transport } => {
            return match engine.probe_socket(transport) {
                Ok(socket) => (Reply::Done, Some(socket)),
                Err(error) => (Reply::Refused { reason: format!("make a probe socket: {error}") }, None),
            };
        }
        Request::Stop => Ok(()),
    };
    match outcome {
        Ok(()) => (Reply::Done, None),
        Err(error) => (Reply::Refused { reason: chain(&error) }, None),
    }
}

/// The next line without its end; `None` when the client hung up or sends more than a line may have.
async fn read_line(stream: &mut UnixStream, pending: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    let mut searched = 0;
    loop {
        let end = pending.iter().skip(searched).position(|&byte| byte == b'\n').map(|found| found + searched);
        if let Some(end) = end {
            let mut line: Vec<u8> = pending.drain(..=end).collect();
            line.pop();
            return Ok(Some(line));
        }
        searched = pending.len();
        pending.reserve(CHUNK);
        if pending.len() > LINE_MAX || stream.read_buf(pending).await? == 0 {
            return Ok(None);
        }
    }
}

async fn send_reply(stream: &mut UnixStream, reply: &Reply, socket: Option<OwnedFd>) -> io::Result<()> {
    let mut text = serde_json::to_vec(reply).map_err(io::Error::other)?;
    text.push(b'\n');
    let Some(socket) = socket else { return stream.write_all(&text).await };
    // The descriptor travels with the first bytes; such replies are far shorter than the socket's buffer.
    let sent = stream
        .async_io(Interest::WRITABLE, || {
            let numbers: [RawFd; 1] = [socket.as_raw_fd()];
            let rights = [ControlMessage::ScmRights(&numbers)];
            let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
            Ok(sendmsg::<()>(stream.as_raw_fd(), &[IoSlice::new(&text)], &rights, flags, None)?)
        })
        .await?;
    stream.write_all(text.get(sent..).unwrap_or_default()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
        sync::atomic::{AtomicBool, Ordering},
    };

    #[tokio::test]
    async fn the_mode_of_what_somebody_puts_in_the_place_of_the_socket_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [socket, aside, theirs] = ["netd.sock", "aside", "theirs"].map(|name| folder.path().join(name));
        fs::write(&theirs, "").unwrap();
        fs::set_permissions(&theirs, fs::Permissions::from_mode(0o644)).unwrap();
        let made = listen(&socket).unwrap();
        assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
        drop(made);
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let is_socket =
                        fs::symlink_metadata(&socket).is_ok_and(|data| data.file_type().is_socket());
                    if is_socket && fs::rename(&socket, &aside).is_ok() {
                        let _ = symlink(&theirs, &socket);
                    }
                }
            });
            // Where the link was there first there is no socket.
            (0..2000).for_each(|_| drop(listen(&socket)));
            ended.store(true, Ordering::Relaxed);
        });
        assert_eq!(fs::metadata(&theirs).unwrap().permissions().mode() & 0o777, 0o644);
    }
}
