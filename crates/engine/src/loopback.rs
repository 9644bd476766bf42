//! The loopback runtime: each decky is an address in 127.0.0.0/8, served by the same process as
//! everywhere. It needs no rights; it has no MAC, no OS face, and its ports are offset, because the
//! low ones are not free for everybody and the others may be taken by real servers of the host.

use crate::{Member, NodeSpec, Runtime, RuntimeError, StageProcess, Standing};
use netsvc_persona::stage::{MAX_DESCRIPTORS, Order, PortSpec, Settings};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    os::fd::{AsFd, BorrowedFd},
    path::PathBuf,
    time::Duration,
};

/// Added to every port of a decky.
pub const PORT_OFFSET: u16 = 10_000;

/// Longest wait for a connection of our own.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the runtime starts its process.
#[derive(Clone, Debug)]
pub struct Config {
    /// The service binary.
    pub program: PathBuf,
    /// Settings of the process.
    pub settings: Settings,
    /// File for its error output.
    pub log: PathBuf,
}

/// Deckies on loopback addresses.
#[derive(Debug)]
pub struct Loopback {
    config: Config,
    process: StageProcess,
    nodes: BTreeMap<String, Node>,
    restarts: u32,
}

#[derive(Debug)]
struct Node {
    spec: NodeSpec,
    /// Kept, so that a new process can be given the same listeners.
    listeners: Vec<TcpListener>,
}

impl Loopback {
    /// Starts the service process.
    ///
    /// # Errors
    /// [`RuntimeError::Process`] when it does not come up.
    pub fn start(config: Config) -> Result<Self, RuntimeError> {
        let process = StageProcess::start(&config.program, "serve", &config.settings, &config.log)?;
        Ok(Loopback { config, process, nodes: BTreeMap::new(), restarts: 0 })
    }
}

/// Where a port of a decky is bound.
fn bound(ip: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip, port.saturating_add(PORT_OFFSET))
}

fn bind(spec: &NodeSpec) -> Result<Vec<TcpListener>, RuntimeError> {
    let one = |port: &PortSpec| {
        let address = bound(spec.persona.ip, port.port);
        TcpListener::bind(address).map_err(|source| RuntimeError::Bind {
            node: spec.persona.node.clone(),
            service: port.slug.clone(),
            address,
            source,
        })
    };
    spec.ports.iter().map(one).collect()
}

/// Gives a node to a process, in as many orders as its descriptors need.
fn hand_over(process: &mut StageProcess, node: &Node) -> Result<(), RuntimeError> {
    let all: Vec<(&PortSpec, BorrowedFd<'_>)> =
        node.spec.ports.iter().zip(node.listeners.iter().map(AsFd::as_fd)).collect();
    let mut parts: Vec<&[(&PortSpec, BorrowedFd<'_>)]> = all.chunks(MAX_DESCRIPTORS).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    for part in parts {
        let ports: Vec<PortSpec> = part.iter().map(|(port, _)| (*port).clone()).collect();
        let fds: Vec<BorrowedFd<'_>> = part.iter().map(|(_, fd)| *fd).collect();
        let (persona, services) = (Box::new(node.spec.persona.clone()), node.spec.services.clone());
        process.order(|seq| Order::Node { seq, persona, services, ports }, &fds)?;
    }
    Ok(())
}

impl Runtime for Loopback {
    fn standing(&self) -> Standing {
        Standing {
            runtime: "loopback".to_owned(),
            carrier: "kernel".to_owned(),
            isolation: self.process.isolation().to_owned(),
            uid: self.config.settings.user.unwrap_or_else(|| nix::unistd::geteuid().as_raw()),
            processes: vec![self.process.id()],
            restarts: self.restarts,
        }
    }

    fn add(&mut self, spec: NodeSpec) -> Result<(), RuntimeError> {
        let name = spec.persona.node.clone();
        if self.nodes.contains_key(&name) {
            self.remove(&name)?;
        }
        let node = Node { listeners: bind(&spec)?, spec };
        if let Err(error) = hand_over(&mut self.process, &node) {
            // Whatever part was taken over goes again; if the process died, there is nothing to undo.
            let _ = self.process.order(|seq| Order::Remove { seq, node: name }, &[]);
            return Err(error);
        }
        self.nodes.insert(name, node);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), RuntimeError> {
        if self.nodes.remove(name).is_some() {
            self.process.order(|seq| Order::Remove { seq, node: name.to_owned() }, &[])?;
        }
        Ok(())
    }

    fn members(&self) -> Vec<Member> {
        let member = |(name, node): (&String, &Node)| Member {
            name: name.clone(),
            ip: node.spec.persona.ip,
            ports: node
                .spec
                .ports
                .iter()
                .map(|port| (port.clone(), bound(node.spec.persona.ip, port.port)))
                .collect(),
        };
        self.nodes.iter().map(member).collect()
    }

    fn revive(&mut self) -> Result<bool, RuntimeError> {
        if self.process.alive() {
            return Ok(false);
        }
        let Config { program, settings, log } = &self.config;
        self.process = StageProcess::start(program, "serve", settings, log)?;
        self.restarts += 1;
        for node in self.nodes.values() {
            hand_over(&mut self.process, node)?;
        }
        Ok(true)
    }

    fn connect(&self, ip: IpAddr, port: u16) -> Result<TcpStream, RuntimeError> {
        let address = bound(ip, port);
        TcpStream::connect_timeout(&address, PATIENCE)
            .map_err(|source| RuntimeError::Connect { address, source })
    }

    fn stop(&mut self) {
        self.process.stop();
        self.nodes.clear();
    }
}
