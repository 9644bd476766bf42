//! The other end of `netd`'s socket, and starting `netd`.

use super::{
    config::NetdConfig,
    protocol::{LINE_MAX, NetdStatus, Reply, Request},
};
use crate::{
    lab::Lab,
    node::{NodeSpec, Post},
};
use netsvc_persona::stage::Transport;
use nix::{
    cmsg_space,
    sys::socket::{ControlMessageOwned, MsgFlags, recvmsg},
};
use std::{
    fs,
    io::{self, IoSliceMut, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncWriteExt, Interest},
    net::{TcpSocket, UnixStream},
    time::{Instant, sleep, timeout},
};

/// Time that `netd` gets to set up and start the stage.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Bytes of its log shown when it fails to start.
const LOG_SHOWN: usize = 2000;
const CHUNK: usize = 64 * 1024;

/// Why `netd` did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// It cannot be started.
    #[error("start netd")]
    Start(#[source] io::Error),
    /// What it left cannot be removed.
    #[error("clear the run folder of netd")]
    Clear(#[source] io::Error),
    /// It ended while starting.
    #[error("netd did not start: {0}")]
    Ended(String),
    /// It is not there, or hung up.
    #[error("talk to netd on {socket}")]
    Unreachable {
        /// Its socket.
        socket: String,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// It refused.
    #[error("netd refuses: {0}")]
    Refused(String),
    /// A probe's connection failed.
    #[error("connect to {address} from the probe host")]
    Probe {
        /// Where to.
        address: SocketAddr,
        /// What happened.
        #[source]
        source: io::Error,
    },
}

/// Gives orders to `netd`. Each call is a connection of its own, so a client outlives a restart.
#[derive(Clone, Debug)]
pub struct NetdClient {
    socket: PathBuf,
}

impl NetdClient {
    /// A client for the `netd` that listens on `socket`.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        NetdClient { socket: socket.into() }
    }

    /// The socket that `netd` listens on.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Makes nodes exist, all or none.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the reason, or that `netd` is not there.
    pub async fn add(&self, nodes: Vec<NodeSpec>) -> Result<(), ClientError> {
        self.done(Request::Add { nodes }).await
    }

    /// Makes nodes vanish.
    ///
    /// # Errors
    /// As for [`NetdClient::add`].
    pub async fn remove(&self, names: Vec<String>) -> Result<(), ClientError> {
        self.done(Request::Remove { names }).await
    }

    /// Puts letters into the mailboxes of nodes, in the place of those that were there.
    ///
    /// # Errors
    /// As for [`NetdClient::add`].
    pub async fn post(&self, post: Vec<Post>) -> Result<(), ClientError> {
        self.done(Request::Post { post }).await
    }

    /// The nodes that exist.
    ///
    /// # Errors
    /// As for [`NetdClient::add`].
    pub async fn list(&self) -> Result<Vec<NodeSpec>, ClientError> {
        match self.ask(&Request::List).await?.0 {
            Reply::Nodes { nodes } => Ok(nodes),
            other => Err(self.unexpected(&other)),
        }
    }

    /// How `netd` and its processes do.
    ///
    /// # Errors
    /// As for [`NetdClient::add`].
    pub async fn status(&self) -> Result<NetdStatus, ClientError> {
        match self.ask(&Request::Status).await?.0 {
            Reply::Status { status } => Ok(*status),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Ends `netd` and its processes; everything that it made vanishes. Returns when its socket is gone.
    ///
    /// # Errors
    /// As for [`NetdClient::add`].
    pub async fn stop(&self) -> Result<(), ClientError> {
        let pid = self.status().await?.pid;
        let process = crate::process::Process::of(pid);
        self.done(Request::Stop).await?;
        let end = Instant::now() + START_LIMIT;
        // From inside a user namespace `netd` has the same number as from outside: only its network is its own.
        while process.is_some_and(|process| process.alive()) && Instant::now() < end {
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// A TCP connection from the probe host, within `limit`.
    ///
    /// # Errors
    /// [`ClientError::Probe`] when the connection fails.
    pub async fn probe_tcp(&self, address: SocketAddr, limit: Duration) -> Result<TcpStream, ClientError> {
        let probe = |source| ClientError::Probe { address, source };
        let socket = TcpSocket::from_std_stream(TcpStream::from(self.probe_socket(Transport::Tcp).await?));
        let stream = timeout(limit, socket.connect(address))
            .await
            .map_err(|_| probe(io::ErrorKind::TimedOut.into()))?
            .map_err(probe)?;
        stream.into_std().map_err(probe)
    }

    /// A UDP socket of the probe host, connected to nothing: some services answer from another port. Non-blocking.
    ///
    /// # Errors
    /// When `netd` cannot be asked, or has none.
    pub async fn probe_udp(&self) -> Result<UdpSocket, ClientError> {
        Ok(UdpSocket::from(self.probe_socket(Transport::Udp).await?))
    }

    async fn probe_socket(&self, transport: Transport) -> Result<OwnedFd, ClientError> {
        match self.ask(&Request::Probe { transport }).await? {
            (Reply::Done, Some(socket)) => Ok(socket),
            (other, _) => Err(self.unexpected(&other)),
        }
    }

    async fn done(&self, request: Request) -> Result<(), ClientError> {
        match self.ask(&request).await?.0 {
            Reply::Done => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    async fn ask(&self, request: &Request) -> Result<(Reply, Option<OwnedFd>), ClientError> {
        let (reply, socket) = self.exchange(request).await.map_err(|source| self.unreachable(source))?;
        match reply {
            Reply::Refused { reason } => Err(ClientError::Refused(reason)),
            other => Ok((other, socket)),
        }
    }

    async fn exchange(&self, request: &Request) -> io::Result<(Reply, Option<OwnedFd>)> {
        let mut stream = UnixStream::connect(&self.socket).await?;
        let mut text = serde_json::to_vec(request).map_err(io::Error::other)?;
        text.push(b'\n');
        stream.write_all(&text).await?;
        let mut line = Vec::new();
        let mut socket = None;
        while line.last() != Some(&b'\n') {
            let received =
                stream.async_io(Interest::READABLE, || receive(stream.as_raw_fd(), &mut line)).await?;
            socket = received.or(socket);
            if line.len() > LINE_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok((serde_json::from_slice(&line).map_err(io::Error::other)?, socket))
    }

    fn unreachable(&self, source: io::Error) -> ClientError {
        ClientError::Unreachable { socket: self.socket.display().to_string(), source }
    }

    fn unexpected(&self, reply: &Reply) -> ClientError {
        let source = io::Error::new(io::ErrorKind::InvalidData, format!("unexpected reply {reply:?}"));
        self.unreachable(source)
    }
}

/// Appends what there is to `line`; returns a descriptor that came with it.
fn receive(stream: RawFd, line: &mut Vec<u8>) -> io::Result<Option<OwnedFd>> {
    let mut buffer = vec![0; CHUNK];
    let mut space = cmsg_space!([RawFd; 1]);
    let mut slices = [IoSliceMut::new(&mut buffer)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(stream, &mut slices, Some(&mut space), flags)?;
    let mut socket = None;
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            for number in numbers {
                #[expect(unsafe_code, reason = "the kernel hands descriptors over as numbers")]
                // SAFETY: SCM_RIGHTS made this descriptor for us in this call; nobody else has it.
                socket.replace(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
    }
    let length = message.bytes;
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.extend_from_slice(buffer.get(..length).unwrap_or_default());
    Ok(socket)
}

/// Starts `program netd` with `config` on its standard input, on the lab's segment if a `lab` is given,
/// and waits until it answers. What it says goes to `netd.log` in its run folder.
///
/// # Errors
/// [`ClientError::Start`], or [`ClientError::Ended`] with the end of its log.
pub async fn spawn_netd(
    program: &Path,
    config: &NetdConfig,
    lab: Option<&Lab>,
) -> Result<(Child, NetdClient), ClientError> {
    fs::create_dir_all(&config.run).map_err(ClientError::Start)?;
    let path = config.run.join("netd.log");
    let log = crate::process::own_file(&path).map_err(ClientError::Start)?;
    let mut command = match lab {
        Some(lab) => lab.segment_command(program).map_err(ClientError::Start)?,
        None => Command::new(program),
    };
    command.arg("netd").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).process_group(0);
    let mut child = command.spawn().map_err(ClientError::Start)?;
    let text = serde_json::to_vec(config).map_err(|error| ClientError::Start(error.into()))?;
    // Settings are far shorter than a pipe's 64 KiB, so writing cannot block.
    let sent = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(&text));
    let client = NetdClient::new(&config.socket);
    let end = Instant::now() + START_LIMIT;
    while sent.is_ok() && Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
        if client.status().await.is_ok_and(|status| status.pid == child.id()) {
            return Ok((child, client));
        }
        sleep(Duration::from_millis(5)).await;
    }
    let _ = child.kill();
    let _ = child.wait();
    let log = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).trim().to_owned();
    let shown = log.char_indices().rev().nth(LOG_SHOWN).map_or(0, |(start, _)| start);
    Err(ClientError::Ended(log.get(shown..).unwrap_or_default().to_owned()))
}
