//! What every way to make deckies exist has in common.

use crate::ProcessError;
use netsvc_persona::{
    Persona,
    stage::{PortSpec, ServiceSpec},
};
use std::net::{IpAddr, SocketAddr, TcpStream};

/// A decky as a runtime needs it: finished persona, services, ports.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// The persona.
    pub persona: Persona,
    /// Its services with settings.
    pub services: Vec<ServiceSpec>,
    /// Its listeners.
    pub ports: Vec<PortSpec>,
}

/// A decky that is being served.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Name.
    pub name: String,
    /// Address.
    pub ip: IpAddr,
    /// Its ports, and where each is really bound.
    pub ports: Vec<(PortSpec, SocketAddr)>,
}

/// What a runtime says about itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// `loopback`, `native`, ….
    pub runtime: String,
    /// What carries packets: `gate`, `kernel`.
    pub carrier: String,
    /// `full`, or what the service process's sandbox lacks.
    pub isolation: String,
    /// User id that services run as.
    pub uid: u32,
    /// Process ids of stage processes.
    pub processes: Vec<u32>,
    /// Times that a dead stage process was started again.
    pub restarts: u32,
}

/// Why a runtime could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// A listener of a decky could not be bound.
    #[error("bind {address} for {node}/{service}")]
    Bind {
        /// Decky.
        node: String,
        /// Service.
        service: String,
        /// Address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// More descriptors are needed than the process may have.
    #[error("{needed} descriptors are needed, {allowed} are allowed; raise the hard limit (`ulimit -Hn`)")]
    Descriptors {
        /// Needed.
        needed: u64,
        /// Allowed.
        allowed: u64,
    },
    /// The stage process failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A connection to a decky could not be made.
    #[error("connect to {address}")]
    Connect {
        /// Address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No decky has this address and port.
    #[error("no decky serves {0}")]
    Unknown(SocketAddr),
}

/// A way to make deckies exist. Blocking: the caller gives it a thread.
pub trait Runtime: Send {
    /// What it is and how it stands.
    fn standing(&self) -> Standing;

    /// Serves `node` from now on; a node of the same name that is there already is replaced.
    ///
    /// # Errors
    /// [`RuntimeError`]; then the node is not served, and nothing of it is left.
    fn add(&mut self, node: NodeSpec) -> Result<(), RuntimeError>;

    /// Stops serving a node; one that is not there is no error.
    ///
    /// # Errors
    /// [`RuntimeError`] when the stage process fails.
    fn remove(&mut self, name: &str) -> Result<(), RuntimeError>;

    /// What is served, by name.
    fn members(&self) -> Vec<Member>;

    /// Starts what died again and gives it back its nodes. Returns whether something had died.
    ///
    /// # Errors
    /// [`RuntimeError`] when it cannot be started.
    fn revive(&mut self) -> Result<bool, RuntimeError>;

    /// A connection to a decky as a neighbour on its segment would make it.
    ///
    /// # Errors
    /// [`RuntimeError`] when nobody answers.
    fn connect(&self, ip: IpAddr, port: u16) -> Result<TcpStream, RuntimeError>;

    /// Ends everything: connections, listeners, processes.
    fn stop(&mut self);
}
