//! Who may see the frames of the segment: copies of them, from the gate, over a socket that nothing is read from.
//!
//! A watcher connects, says what it wants in one packet of JSON, is told whether it gets it, and from then on each
//! packet is a frame with the offload header before it (`struct virtio_net_hdr`). It holds no right of any kind: it
//! cannot send a frame, and what it misses because it is slow is lost to it alone. When the gate is started again, the
//! socket ends.

use super::engine::Engine;
use crate::{plan::chain, sockets::watch};
use nix::{
    errno::Errno,
    sys::{
        socket::{
            AddressFamily, Backlog, MsgFlags, Shutdown, SockFlag, SockType, UnixAddr, accept4, bind, connect,
            getsockopt, listen, recv, send, setsockopt, shutdown, socket, sockopt,
        },
        stat::{Mode, fchmod, umask},
        time::{TimeVal, TimeValLike},
    },
    unistd::Uid,
};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{io::unix::AsyncFd, sync::Mutex, time::timeout};

/// Longest packet: a frame that a device would cut, and its headers.
pub const FRAME_MAX: usize = 70_000;
/// Bytes of a request, and of its answer.
const REQUEST: usize = 1024;
/// Time in which a watcher has to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of frames that wait for a watcher.
const WAITING: usize = 8 << 20;

/// What a watcher wants.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Wanted {
    /// The node whose frames it wants; without one, those of all.
    #[serde(default)]
    node: Option<String>,
}

/// What it is told.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// Why it gets nothing.
    refused: Option<String>,
}

/// Where watchers come.
#[derive(Debug)]
pub(super) struct Watchers {
    listener: AsyncFd<OwnedFd>,
    /// Beside root and our own user, he whose folder it is may watch.
    owner: u32,
}

/// One that has come.
#[derive(Debug)]
pub(super) struct Watcher {
    socket: OwnedFd,
    owner: u32,
}

impl Watchers {
    pub(super) fn listen(path: &Path) -> io::Result<Self> {
        let owner = path.parent().map_or(Ok(0), |folder| fs::metadata(folder).map(|data| data.uid()))?;
        let _ = fs::remove_file(path);
        let listener = packets(SockFlag::SOCK_NONBLOCK)?;
        // Anybody may knock; who is let in is decided by who he is.
        fchmod(&listener, Mode::from_bits_truncate(0o666))?;
        let usual = umask(Mode::empty());
        let bound = bind(listener.as_raw_fd(), &UnixAddr::new(path)?);
        umask(usual);
        bound?;
        listen(&listener, Backlog::new(16)?)?;
        Ok(Watchers { listener: watch(listener)?, owner })
    }

    /// The next that comes.
    pub(super) async fn next(&self) -> Watcher {
        loop {
            let Ok(mut ready) = self.listener.readable().await else { return std::future::pending().await };
            let accepted =
                accept4(self.listener.as_raw_fd(), SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK);
            match accepted {
                Ok(number) => {
                    #[expect(unsafe_code, reason = "the kernel hands descriptors over as numbers")]
                    // SAFETY: accept made this descriptor for us in this call; nobody else has it.
                    let socket = unsafe { OwnedFd::from_raw_fd(number) };
                    return Watcher { socket, owner: self.owner };
                }
                Err(Errno::EAGAIN) => ready.clear_ready(),
                // Too many open files, or one that has left already.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Watcher {
    /// Hears what it wants and gives it, or says why not.
    pub(super) async fn admit(self, engine: Arc<Mutex<Engine>>) {
        if let Err(reason) = self.give(&engine).await {
            tracing::warn!(reason, "somebody who wants to see frames was turned away");
            self.tell(Some(reason));
        }
    }

    async fn give(&self, engine: &Mutex<Engine>) -> Result<(), String> {
        let wanted = self.wanted().await.map_err(|error| error.to_string())?;
        let into = self.socket.try_clone().map_err(|error| error.to_string())?;
        let _ = shutdown(into.as_raw_fd(), Shutdown::Read);
        let engine = engine.lock().await;
        let mac = engine.mac(wanted.node.as_deref()).map_err(|error| chain(&error))?;
        // Frames follow the answer: it has to be on its way before the gate has the socket. Who gets none after it
        // finds that the socket has ended.
        self.tell(None);
        if let Err(error) = engine.mirror(into, mac).await {
            tracing::warn!(error = chain(&error), "the gate shows nobody its frames");
        }
        Ok(())
    }

    async fn wanted(&self) -> io::Result<Wanted> {
        let peer = getsockopt(&self.socket, sockopt::PeerCredentials)?.uid();
        if ![0, Uid::effective().as_raw(), self.owner].contains(&peer) {
            let reason = format!("user {peer} may not see frames");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
        }
        let forced = setsockopt(&self.socket, sockopt::SndBufForce, &WAITING);
        forced.or_else(|_| setsockopt(&self.socket, sockopt::SndBuf, &WAITING))?;
        let watched = watch(self.socket.try_clone()?)?;
        let mut request = vec![0; REQUEST];
        let length = timeout(PATIENCE, async {
            loop {
                let mut ready = watched.readable().await?;
                match recv(self.socket.as_raw_fd(), &mut request, MsgFlags::MSG_DONTWAIT) {
                    Err(Errno::EAGAIN) => ready.clear_ready(),
                    other => return other.map_err(io::Error::from),
                }
            }
        })
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        serde_json::from_slice(request.get(..length).unwrap_or_default()).map_err(io::Error::other)
    }

    fn tell(&self, refused: Option<String>) {
        let text = serde_json::to_vec(&Told { refused }).unwrap_or_default();
        let _ = send(self.socket.as_raw_fd(), &text, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
    }
}

/// Copies of frames, as they come.
#[derive(Debug)]
pub struct Frames {
    socket: OwnedFd,
}

/// Why there are no frames.
#[derive(Debug, thiserror::Error)]
pub enum FramesError {
    /// Nobody hands any out.
    #[error("ask for frames on {socket}")]
    Unreachable {
        /// The socket.
        socket: String,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// They are not for us.
    #[error("no frames are given: {0}")]
    Refused(String),
}

impl Frames {
    /// Asks on `path` for copies of the frames of the node called `node`, or of all. `patience` is how long
    /// [`Frames::next_frame`] waits.
    ///
    /// # Errors
    /// [`FramesError`].
    pub fn open(path: &Path, node: Option<&str>, patience: Duration) -> Result<Self, FramesError> {
        let opened = ask(path, node, patience)
            .map_err(|source| FramesError::Unreachable { socket: path.display().to_string(), source })?;
        match opened {
            (frames, Told { refused: None }) => Ok(frames),
            (_, Told { refused: Some(reason) }) => Err(FramesError::Refused(reason)),
        }
    }

    /// The next frame, without the offload header that it comes with, in `buffer`; `None`: none came in time.
    ///
    /// # Errors
    /// When no more will come, or the socket fails.
    pub fn next_frame<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        let length = match recv(self.socket.as_raw_fd(), buffer, MsgFlags::empty()) {
            Ok(length) => length,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(buffer.get(netsvc_stack::OFFLOAD..length).unwrap_or_default()))
    }
}

fn ask(path: &Path, node: Option<&str>, patience: Duration) -> io::Result<(Frames, Told)> {
    let socket = packets(SockFlag::empty())?;
    let wait = |time: Duration| {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::microseconds(micros))
    };
    wait(PATIENCE)?;
    connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    let wanted = serde_json::to_vec(&Wanted { node: node.map(str::to_owned) }).map_err(io::Error::other)?;
    send(socket.as_raw_fd(), &wanted, MsgFlags::MSG_NOSIGNAL)?;
    let mut answer = vec![0; REQUEST];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    let told = serde_json::from_slice(answer.get(..length).unwrap_or_default()).map_err(io::Error::other)?;
    wait(patience)?;
    Ok((Frames { socket }, told))
}

fn packets(flags: SockFlag) -> nix::Result<OwnedFd> {
    socket(AddressFamily::Unix, SockType::SeqPacket, flags | SockFlag::SOCK_CLOEXEC, None)
}
