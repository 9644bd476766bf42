//! What a server needs to be told and what it reports: implemented by whoever runs it.

use crate::{
    channel_io::ChannelIo,
    files::FileSystem,
    kex::negotiation::Offer,
    terms::{Exit, WindowSize},
};
use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

/// Takes a number of bytes.
pub type Meter = Box<dyn FnMut(usize) + Send + Sync>;

/// What the client showed of itself before it authenticated.
#[derive(Clone, Debug)]
pub struct ClientFacts {
    /// Identification line without its end.
    pub banner: Vec<u8>,
    /// The lists of its KEXINIT.
    pub offer: Offer,
    /// MD5 of [`Offer::hassh_text`] in hex.
    pub hassh: String,
}

/// A password as a client sent it.
#[derive(Clone, Copy, Debug)]
pub struct PasswordAttempt<'a> {
    /// User name.
    pub user: &'a [u8],
    /// Password.
    pub password: &'a [u8],
    /// `password` or `keyboard-interactive`.
    pub method: &'static str,
}

/// A public key that a client offered.
#[derive(Clone, Copy, Debug)]
pub struct KeyOffer<'a> {
    /// User name.
    pub user: &'a [u8],
    /// Signature algorithm.
    pub algorithm: &'a [u8],
    /// The key in its wire form.
    pub key: &'a [u8],
    /// Whether the offer came with a signature that proves the key, rather than as a question.
    pub signed: bool,
}

/// A terminal as `pty-req` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Value of TERM.
    pub name: Vec<u8>,
    /// Size.
    pub size: WindowSize,
    /// Encoded modes of RFC 4254 §8.
    pub modes: Vec<u8>,
}

/// What is to run on a session channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramKind {
    /// The user's login shell.
    Shell,
    /// A command line for the user's shell.
    Command(Vec<u8>),
    /// The SFTP subsystem. By default the server of this crate answers it.
    Sftp,
}

/// A program to be started.
#[derive(Clone, Debug)]
pub struct Program {
    /// Number of the channel, unique among the open ones of a connection.
    pub channel: u32,
    /// User who logged in.
    pub user: Vec<u8>,
    /// What to run.
    pub kind: ProgramKind,
    /// Environment variables that the client sent and the configuration admits.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// Terminal, where one was asked for.
    pub terminal: Option<Terminal>,
    /// Whether the client asked for agent forwarding on the channel.
    pub agent: bool,
}

/// A running program.
pub type Running = Pin<Box<dyn Future<Output = Exit> + Send + 'static>>;

/// A wish to forward connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forward {
    /// Connect to a TCP address on the client's behalf (`direct-tcpip`).
    Tcp {
        /// Host to connect to.
        host: Vec<u8>,
        /// Port to connect to.
        port: u32,
        /// Where the client says the connection comes from.
        origin: Vec<u8>,
        /// Its port.
        origin_port: u32,
    },
    /// Connect to a socket of the file system.
    Socket(Vec<u8>),
    /// Listen on a TCP address (`tcpip-forward`).
    Listen {
        /// Address to bind.
        address: Vec<u8>,
        /// Port to bind; 0: any.
        port: u32,
    },
    /// Listen on a socket of the file system.
    ListenSocket(Vec<u8>),
    /// A tunnel device.
    Tunnel,
    /// X11 forwarding of a session.
    X11,
}

/// Answer to a [`Forward`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardAnswer {
    /// `AllowTcpForwarding no`: "open failed: administratively prohibited".
    Prohibited,
    /// Tried, and failed with this text of the system after this time: `Connection refused`.
    Failed(&'static str, std::time::Duration),
    /// Accepted: a listener that nobody will connect to. Other wishes are refused instead.
    Accepted,
}

/// Carries a forwarded connection on its channel, to its end.
pub type Way = Box<dyn FnOnce(ChannelIo) -> Running + Send>;

/// What came of a wish to connect.
pub enum Reached {
    /// Nothing.
    Not(ForwardAnswer),
    /// A connection, which this carries.
    Open(Way),
}

/// One connection's side of the program that runs the server.
pub trait Handler: Send {
    /// Address of the client, for limits by source.
    fn source(&self) -> Option<IpAddr> {
        None
    }

    /// Takes note of how many bytes the connection holds in buffers, whenever that changes.
    fn meter(&self) -> Option<Meter> {
        None
    }

    /// The client identified itself and sent its lists.
    fn client(&mut self, facts: &ClientFacts) {
        let _ = facts;
    }

    /// An authentication method without credentials was tried (`none`, `hostbased`, `gssapi-with-mic`, …).
    fn method(&mut self, user: &[u8], method: &[u8]) {
        let _ = (user, method);
    }

    /// A password came: whether it lets the user in. The delay of a refusal is added by the server.
    fn password(&mut self, attempt: PasswordAttempt<'_>) -> impl Future<Output = bool> + Send;

    /// A key was offered: whether it lets the user in.
    fn key(&mut self, offer: KeyOffer<'_>) -> bool {
        let _ = offer;
        false
    }

    /// A user logged in by `method`.
    fn logged_in(&mut self, user: &[u8], method: &str) {
        let _ = (user, method);
    }

    /// Starts a program. The future runs on the runtime beside the connection and is dropped with it.
    fn start(&mut self, program: Program, io: ChannelIo) -> Running;

    /// A terminal was given to a session. OpenSSH sets TCP_NODELAY at this moment and not before, which shows in
    /// how its answers to bad peers are cut into segments; whoever owns the socket should do the same.
    fn interactive(&mut self) {}

    /// Decides on forwarding.
    fn forward(&mut self, forward: &Forward) -> ForwardAnswer {
        let _ = forward;
        ForwardAnswer::Prohibited
    }

    /// Connects on the client's behalf, where there is somebody to connect to.
    fn reach(&mut self, forward: &Forward) -> impl Future<Output = Reached> + Send {
        let answer = self.forward(forward);
        async move { Reached::Not(answer) }
    }

    /// The files that SFTP shows `user`; `None`: there is no such subsystem.
    fn files(&mut self, user: &[u8]) -> Option<Arc<dyn FileSystem>>;
}
