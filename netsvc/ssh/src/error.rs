//! Why a connection ended.

use crate::codec::Malformed;
use thiserror::Error;

/// Why a connection ended before both sides were done.
#[derive(Debug, Error)]
pub enum Error {
    /// The socket failed.
    #[error("exchange bytes with the peer")]
    Io(#[source] std::io::Error),
    /// The peer closed the connection.
    #[error("read from a peer that had closed")]
    Closed,
    /// The peer sent a disconnect message.
    #[error("read from a peer that disconnected: {text}")]
    PeerDisconnected {
        /// Reason code.
        reason: u32,
        /// Text of the peer, at most 256 bytes of it.
        text: String,
    },
    /// We sent a disconnect message.
    #[error("disconnected the peer: {0}")]
    Disconnected(String),
    /// The peer's bytes made no sense, and OpenSSH says nothing in that case.
    #[error("understand the peer")]
    Malformed(#[source] Malformed),
    /// The peer's bytes made no sense after the first keys, and so many more are swallowed first.
    #[error("open a packet of the peer")]
    Broken {
        /// Bytes to swallow.
        swallow: usize,
    },
    /// The identification was not that of an SSH-2 client.
    #[error("recognise the peer as an SSH client")]
    Identification,
    /// No common algorithm.
    #[error("agree on algorithms with the peer")]
    NoCommonAlgorithm,
    /// Authentication took longer than it may.
    #[error("wait for the peer to log in")]
    GraceTimeOver,
    /// Too many connections were waiting to log in.
    #[error("find a place for another connection")]
    TurnedAway,
    /// Something that cannot fail did.
    #[error("use a key of the server")]
    Key,
}

impl From<Malformed> for Error {
    fn from(source: Malformed) -> Self {
        Error::Malformed(source)
    }
}
