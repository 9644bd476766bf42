//! What can go wrong.

use crate::refusal::Refusal;
use std::{io, path::PathBuf};

/// Why something of the swarm could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the swarm's.
    #[error("{attempt} {path}")]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A key or certificate.
    #[error("{0}")]
    Certificate(&'static str, #[source] rcgen::Error),
    /// Something that is no certificate or key of ours.
    #[error("{0}")]
    Unfit(&'static str),
    /// The configuration of TLS.
    #[error("set up TLS")]
    Tls(#[from] rustls::Error),
    /// The network.
    #[error("{0}")]
    Network(String, #[source] io::Error),
    /// The peer is not believed, or does not believe us.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// An answer that means no.
    #[error("the master says: {0}")]
    Answer(String),
    /// Something that the peer said is none of what it may say.
    #[error("the peer said something that is not understood: {0}")]
    Garbled(String),
    /// The store.
    #[error("{0}")]
    Store(&'static str, #[source] decnet_store::Error),
    /// The fleet.
    #[error(transparent)]
    Fleet(#[from] decnet_fleet::Error),
    /// The event log.
    #[error("use the event log")]
    Log(#[from] decnet_pipeline::eventlog::LogError),
    /// Work in the background was lost.
    #[error("work in the background")]
    Background(#[from] tokio::task::JoinError),
    /// There is no swarm here.
    #[error("there is no swarm here yet: `decnet swarm enroll --name NAME` begins one")]
    NoSwarm,
    /// This host has not joined.
    #[error(
        "this host has joined no swarm: `decnet swarm enroll --name NAME` on the master prints the command"
    )]
    NotJoined,
    /// Something that an operator asked for cannot be.
    #[error("{0}")]
    Wrong(String),
}

/// For `map_err`: the store failed at `what`.
pub(crate) fn stored(what: &'static str) -> impl FnOnce(decnet_store::Error) -> Error {
    move |error| Error::Store(what, error)
}

/// For `map_err`: the network failed at `what`, or TLS refused somebody.
pub(crate) fn network(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    let what = what.into();
    move |error| match Refusal::of(&error) {
        Some(refusal) => Error::Refused(refusal),
        None => Error::Network(what, error),
    }
}
