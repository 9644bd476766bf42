//! The runtime without privileges: every node is an address in 127.0.0.0/8.
//!
//! The same stage process serves it as anywhere else; what is missing is what needs a segment:
//! hardware addresses, stacks of other systems, scans of closed ports. Ports are served
//! [`LoopbackConfig::offset`] higher, because we may not bind the low ones and real servers may have others.

use crate::{
    native::limits,
    node::{self, NodeSpec, Nodes, Post},
    plan::{Backend, Error, Step},
    sockets::bind_port,
    stage::{Keeper, Kept, Role, StageConfig, StageStatus},
};
use async_trait::async_trait;
use decnet_model::runtime::Runtime;
use netsvc_persona::stage::{PortSpec, Transport};
use std::{collections::BTreeMap, io, net::SocketAddr, os::fd::OwnedFd, sync::Arc};
use tokio::sync::Mutex;

/// Name of the runtime.
pub const NAME: &str = Runtime::Loopback.name();
/// What is added to a port, unless configured.
pub const OFFSET: u16 = 10_000;
/// Connections that there must be room for: an ordinary user's limit need not hold as many as configured.
const CONNECTIONS_LEAST: usize = 256;
/// First port that needs no privilege.
const UNPRIVILEGED: u16 = 1024;

/// Settings of the runtime.
#[derive(Clone, Debug)]
pub struct LoopbackConfig {
    /// The stage process.
    pub stage: StageConfig,
    /// What is added to ports that are moved.
    pub offset: u16,
    /// Whether ports below 1024 are tried as they are first.
    pub low_ports: bool,
    /// Whether every port is moved, because real servers of the host may have the others.
    pub every_port: bool,
}

/// A socket that a node is reached at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The node.
    pub node: String,
    /// The service.
    pub slug: String,
    /// TCP or UDP.
    pub transport: Transport,
    /// Port that the node claims.
    pub port: u16,
    /// Where it really is.
    pub address: SocketAddr,
}

/// Nodes on loopback addresses, served by one process that lives as long as this value.
#[derive(Debug)]
pub struct Loopback {
    config: LoopbackConfig,
    keeper: Keeper,
    // Held over a whole step, so that two steps cannot interleave.
    nodes: Mutex<BTreeMap<String, (Arc<NodeSpec>, Vec<Endpoint>)>>,
}

impl Loopback {
    /// Starts the stage process.
    ///
    /// # Errors
    /// [`Error::Stage`] when it cannot be started.
    pub async fn start(config: LoopbackConfig) -> Result<Self, Error> {
        // Where it cannot be raised, the check before listeners are bound says so.
        let _ = limits::raise_open_files();
        let keeper =
            Keeper::start(config.stage.launch("serve", None), Role::Serve).await.map_err(Error::Stage)?;
        Ok(Loopback { config, keeper, nodes: Mutex::default() })
    }

    /// Where every port is reached.
    pub async fn endpoints(&self) -> Vec<Endpoint> {
        self.nodes.lock().await.values().flat_map(|(_, endpoints)| endpoints.iter().cloned()).collect()
    }

    /// How the stage process does.
    ///
    /// # Errors
    /// [`Error::Stage`] when it has been stopped.
    pub async fn status(&self) -> Result<StageStatus, Error> {
        self.keeper.status().await.map_err(Error::Stage)
    }

    /// Lets the stage process write out everything and end.
    pub async fn stop(&self) {
        self.keeper.stop().await;
    }

    async fn add(&self, wanted: &[NodeSpec]) -> Result<(), Error> {
        let mut nodes = self.nodes.lock().await;
        let new: Vec<NodeSpec> = wanted
            .iter()
            .filter(|node| nodes.get(node.name()).is_none_or(|(there, _)| there.as_ref() != *node))
            .cloned()
            .collect();
        node::check(nodes.values().map(|(node, _)| node.as_ref()), &new)
            .map_err(|conflict| refused(conflict.to_string()))?;
        let listeners = nodes.values().map(|(node, _)| node.ports.len()).sum::<usize>();
        let listeners = listeners + new.iter().map(|node| node.ports.len()).sum::<usize>();
        limits::check_open_files(listeners, CONNECTIONS_LEAST).map_err(refused)?;
        let mut kept = Vec::new();
        let mut entries = Vec::new();
        for node in new.into_iter().map(Arc::new) {
            let (sockets, endpoints) = self.bind(&node)?;
            entries.push((node.name().to_owned(), (Arc::clone(&node), endpoints)));
            kept.push(Kept { node, sockets });
        }
        self.keeper.add(kept).await.map_err(Error::Stage)?;
        nodes.extend(entries);
        Ok(())
    }

    async fn remove(&self, unwanted: &[NodeSpec]) -> Result<(), Error> {
        let mut nodes = self.nodes.lock().await;
        let names =
            unwanted.iter().map(|node| node.name().to_owned()).filter(|name| nodes.contains_key(name));
        let names: Vec<String> = names.collect();
        self.keeper.remove(names.clone()).await.map_err(Error::Stage)?;
        nodes.retain(|name, _| !names.contains(name));
        Ok(())
    }

    fn bind(&self, node: &NodeSpec) -> Result<(Vec<OwnedFd>, Vec<Endpoint>), Error> {
        if !node.persona.ip.is_loopback() {
            let reason = format!("{} of {} is not in 127.0.0.0/8", node.persona.ip, node.name());
            return Err(refused(reason));
        }
        let mut sockets = Vec::new();
        let mut endpoints = Vec::new();
        for port in &node.ports {
            let (socket, address) = self.bind_one(node, port)?;
            sockets.push(socket);
            endpoints.push(Endpoint {
                node: node.name().to_owned(),
                slug: port.slug.clone(),
                transport: port.transport,
                port: port.port,
                address,
            });
        }
        Ok((sockets, endpoints))
    }

    fn bind_one(&self, node: &NodeSpec, port: &PortSpec) -> Result<(OwnedFd, SocketAddr), Error> {
        let low = port.port < UNPRIVILEGED;
        let mut number = port.port;
        if self.config.every_port || (low && !self.config.low_ports) {
            number = port.port.saturating_add(self.config.offset);
        }
        loop {
            let address = SocketAddr::new(node.persona.ip, number);
            match bind_port(port, address, None) {
                Ok(socket) => return Ok((socket, address)),
                Err(error) if low && number == port.port && may_move(&error) => {
                    number = port.port.saturating_add(self.config.offset);
                }
                Err(source) => {
                    let (node, transport) = (node.name().to_owned(), port.transport.name());
                    return Err(Error::Bind { node, transport, address, source });
                }
            }
        }
    }
}

/// Whether another port number may succeed: we may not bind this one, or the host's own daemon has it.
fn may_move(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::AddrInUse)
}

fn refused(reason: String) -> Error {
    Error::Refused { backend: NAME, reason }
}

#[async_trait]
impl Backend for Loopback {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn observe(&self) -> Result<Nodes, Error> {
        let nodes = self.nodes.lock().await;
        Ok(nodes.iter().map(|(name, (node, _))| (name.clone(), node.as_ref().clone())).collect())
    }

    async fn apply(&self, step: &Step) -> Result<(), Error> {
        match step {
            Step::Add(nodes) => self.add(nodes).await,
            Step::Remove(nodes) => self.remove(nodes).await,
        }
    }

    async fn post(&self, post: Vec<Post>) -> Result<(), Error> {
        self.keeper.post(post).await.map_err(Error::Stage)
    }
}
