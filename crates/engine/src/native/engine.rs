//! What `netd` does once it is set up: nodes come and go.

use super::{
    arp::{Prober, Taken},
    config::NetdConfig,
    filter, limits, namespace, packet,
    protocol::NetdStatus,
    site::{OUTWARD_TABLE, Site, text},
};
use crate::{
    node::{self, Conflict, NodeSpec, Post},
    sockets::bind_port,
    stage::{GateLink, Keeper, Kept, Role, StageError},
};
use netsvc_persona::stage::{AbsentNode, Transport};
use netsvc_stack::Face;
use nix::{
    sys::socket::{AddressFamily, SockFlag, SockType, socket},
    unistd::Uid,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;

/// Longest wait for what the gate says of itself: whoever asks how it goes waits meanwhile.
const GATE_LIMIT: Duration = Duration::from_secs(2);

/// Why nodes could not be added or removed.
#[derive(Debug, thiserror::Error)]
pub(super) enum EngineError {
    #[error("{0}")]
    Conflict(Conflict),
    #[error("{node} cannot have {what}: {reason}")]
    Unfit { node: String, what: String, reason: &'static str },
    #[error("{node} cannot have {}: the host with hardware address {} has it", taken.address, text(taken.mac))]
    Taken { node: String, taken: Taken },
    #[error("there is no node {0:?}")]
    Unknown(String),
    #[error("{0}")]
    Files(String),
    #[error("{what}")]
    Kernel {
        what: &'static str,
        #[source]
        source: io::Error,
    },
    #[error("bind {transport} {address} for {node}")]
    Bind {
        node: String,
        transport: &'static str,
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("hand nodes to the {process} process")]
    Stage {
        process: &'static str,
        #[source]
        source: StageError,
    },
}

/// A node as it stands in the engine namespace.
#[derive(Clone, Debug)]
struct Placed {
    node: Arc<NodeSpec>,
    address: Ipv4Addr,
    mac: [u8; 6],
}

impl Placed {
    /// Whether the segment hears nothing of it: neither its gate nor its filter know it.
    fn is_inner(&self) -> bool {
        self.node.persona.place.inner
    }

    /// All its addresses, that of the segment first.
    fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        let further = self.node.persona.place.addresses.iter().map(|attached| attached.ip);
        std::iter::once(self.address).chain(further)
    }

    /// Those that no frame of the segment comes to or goes from: the kernel carries what is between them.
    fn behind(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.addresses().skip(usize::from(!self.is_inner()))
    }
}

/// Addresses of some nodes.
fn all(nodes: &[Placed]) -> Vec<Ipv4Addr> {
    nodes.iter().flat_map(Placed::addresses).collect()
}

/// Their addresses off the segment.
fn behind(nodes: &[Placed]) -> Vec<Ipv4Addr> {
    nodes.iter().flat_map(Placed::behind).collect()
}

/// The nodes of a host and what carries them. Its thread is in the engine namespace.
#[derive(Debug)]
pub(super) struct Engine {
    config: NetdConfig,
    site: Site,
    prober: Prober,
    serve: Keeper,
    gate: Keeper,
    nodes: BTreeMap<String, Placed>,
    counts: packet::Counts,
    /// Nodes that were off the segment when the gate was asked last.
    absent: Vec<AbsentNode>,
}

impl Engine {
    /// Starts both stage processes. Needs a runtime that runs on this thread only.
    pub(super) async fn start(mut config: NetdConfig, mut site: Site) -> Result<Self, EngineError> {
        config.stage.user = limits::existing_user(config.stage.user);
        let kernel = |what| move |source| EngineError::Kernel { what, source };
        let arp = site.arp.try_clone().map_err(kernel("copy the ARP socket"))?;
        let prober = Prober::new(arp).map_err(kernel("watch the ARP socket"))?;
        let link = GateLink {
            spec: site.gate.clone(),
            segment: Arc::clone(&site.segment),
            engine: Arc::clone(&site.engine_port),
            probe: Some(Arc::clone(&site.probe_port)),
        };
        let stage = |process| move |source| EngineError::Stage { process, source };
        let engine_namespace = site.engine.try_clone().map_err(kernel("copy a namespace"))?;
        let serve = config.stage.launch("serve", Some(engine_namespace));
        let serve = Keeper::start(serve, Role::Serve).await.map_err(stage("serve"))?;
        // The gate needs no network of its own: the namespace between has none.
        let middle = site.middle.try_clone().map_err(kernel("copy a namespace"))?;
        let gate = config.stage.launch("gate", Some(middle));
        let gate = Keeper::start(gate, Role::Gate(link)).await.map_err(stage("gate"))?;
        // Addresses that the interface got since are no concern; the gateway answers ARP.
        site.own.insert(config.probe);
        Ok(Engine {
            config,
            site,
            prober,
            serve,
            gate,
            nodes: BTreeMap::new(),
            counts: packet::Counts::default(),
            absent: Vec::new(),
        })
    }

    /// The nodes that exist.
    pub(super) fn list(&self) -> Vec<NodeSpec> {
        self.nodes.values().map(|placed| placed.node.as_ref().clone()).collect()
    }

    /// Makes nodes exist, all or none.
    pub(super) async fn add(&mut self, wanted: Vec<NodeSpec>) -> Result<(), EngineError> {
        let unlike = |node: &NodeSpec| self.nodes.get(node.name()).is_none_or(|placed| *placed.node != *node);
        let new: Vec<NodeSpec> = wanted.into_iter().filter(unlike).collect();
        if new.is_empty() {
            return Ok(());
        }
        node::check(self.nodes.values().map(|placed| placed.node.as_ref()), &new)
            .map_err(EngineError::Conflict)?;
        let placed = new.into_iter().map(|node| self.place(node)).collect::<Result<Vec<_>, _>>()?;
        self.check_files(&placed)?;
        self.check_segment(&placed).await?;
        let result = self.install(&placed).await;
        if result.is_err() {
            self.withdraw(&placed).await;
        }
        result
    }

    /// Makes nodes vanish.
    pub(super) async fn remove(&mut self, names: &[String]) -> Result<(), EngineError> {
        let gone: Vec<Placed> = names.iter().filter_map(|name| self.nodes.remove(name)).collect();
        self.withdraw(&gone).await;
        Ok(())
    }

    /// Puts letters into the mailboxes of nodes.
    pub(super) async fn post(&mut self, post: Vec<Post>) -> Result<(), EngineError> {
        self.serve.post(post).await.map_err(|source| EngineError::Stage { process: "serve", source })
    }

    /// A socket in the probe namespace.
    pub(super) fn probe_socket(&self, transport: Transport) -> io::Result<OwnedFd> {
        let kind = match transport {
            Transport::Tcp => SockType::Stream,
            Transport::Udp => SockType::Datagram,
        };
        namespace::enter(&self.site.probe)?;
        let made = socket(AddressFamily::Inet, kind, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None);
        if namespace::enter(&self.site.engine).is_err() {
            // Everything bound from here on would be in the wrong place; the next start begins clean.
            std::process::abort();
        }
        Ok(made?)
    }

    /// Hardware address of the node called `node`; `None`: of no one in particular.
    ///
    /// # Errors
    /// [`EngineError::Unknown`] when there is no such node.
    pub(super) fn mac(&self, node: Option<&str>) -> Result<Option<String>, EngineError> {
        let Some(name) = node else { return Ok(None) };
        let placed = self.nodes.get(name).ok_or_else(|| EngineError::Unknown(name.to_owned()))?;
        Ok(Some(text(placed.mac)))
    }

    /// Has the gate copy frames into `into`: those of the hardware address `mac`, or all.
    ///
    /// # Errors
    /// [`EngineError::Stage`] when the gate refuses, or is down.
    pub(super) async fn mirror(&self, into: OwnedFd, mac: Option<String>) -> Result<(), EngineError> {
        self.gate.mirror(into, mac).await.map_err(|source| EngineError::Stage { process: "gate", source })
    }

    /// How everything does.
    pub(super) async fn status(&mut self) -> NetdStatus {
        let mut processes = Vec::new();
        for (verb, keeper) in [("gate", &self.gate), ("serve", &self.serve)] {
            let mut status = keeper.status().await.unwrap_or_default();
            status.verb = verb.to_owned();
            processes.push(status);
        }
        if let Ok(counts) = packet::counts(&self.site.segment) {
            self.counts.packets += counts.packets;
            self.counts.drops += counts.drops;
        }
        let rootless = limits::in_user_namespace();
        let mut missing: Vec<String> = processes
            .iter()
            .filter(|process| process.isolation != "full")
            .map(|process| format!("{}: {}", process.verb, process.isolation))
            .collect();
        if self.config.stage.user.is_none() {
            missing.insert(0, "isolation reduced: the stage runs as our own user".to_owned());
        }
        NetdStatus {
            runtime: super::NAME.to_owned(),
            carrier: "gate".to_owned(),
            device: self.config.device.name().to_owned(),
            interface: self.config.interface.clone(),
            pid: std::process::id(),
            uid: Uid::effective().as_raw(),
            rootless,
            stage_uid: self.config.stage.user,
            isolation: if missing.is_empty() { "full".to_owned() } else { missing.join("; ") },
            processes,
            nodes: self.nodes.len(),
            listeners: self.nodes.values().map(|placed| placed.node.listeners().count()).sum(),
            packets: self.counts.packets,
            drops: self.counts.drops,
            absent: Vec::new(),
        }
    }

    /// Which nodes the gate keeps away from the segment because somebody else has their address; while it does not
    /// answer, as it said last.
    pub(super) async fn absent(&mut self) -> Vec<AbsentNode> {
        if let Ok(Ok(absent)) = timeout(GATE_LIMIT, self.gate.absent()).await {
            self.absent = absent;
        }
        self.absent.clone()
    }

    /// Lets both processes write out everything and end.
    pub(super) async fn stop(&mut self) {
        self.gate.stop().await;
        self.serve.stop().await;
    }

    fn place(&self, node: NodeSpec) -> Result<Placed, EngineError> {
        let unfit = |what: String, reason| EngineError::Unfit { node: node.name().to_owned(), what, reason };
        let IpAddr::V4(address) = node.persona.ip else {
            return Err(unfit(node.persona.ip.to_string(), "the stage speaks IPv4 only"));
        };
        if address.is_unspecified()
            || address.is_loopback()
            || address.is_multicast()
            || address.is_broadcast()
        {
            return Err(unfit(address.to_string(), "no host can have it"));
        }
        let inner = node.persona.place.inner;
        if !inner && self.site.own.contains(&address) || node.persona.gateway == Some(IpAddr::V4(address)) {
            return Err(unfit(address.to_string(), "it is this host's own, the gateway's or the probe's"));
        }
        let mac = node.persona.mac_bytes().filter(|mac| mac.first().is_some_and(|byte| byte & 1 == 0));
        let Some(mac) = mac.filter(|mac| *mac != [0; 6] && *mac != self.site.link.mac) else {
            return Err(unfit(node.persona.mac.clone(), "it is no unicast hardware address of its own"));
        };
        Ok(Placed { node: Arc::new(node), address, mac })
    }

    fn check_files(&self, new: &[Placed]) -> Result<(), EngineError> {
        let listeners = self.nodes.values().chain(new).map(|placed| placed.node.listeners().count()).sum();
        limits::check_open_files(listeners, self.config.stage.limits.connections).map_err(EngineError::Files)
    }

    async fn check_segment(&self, new: &[Placed]) -> Result<(), EngineError> {
        if self.config.arp_wait == 0 {
            return Ok(());
        }
        let shown = new.iter().filter(|placed| !placed.is_inner());
        let wanted = shown.map(|placed| (placed.address, placed.mac)).collect();
        let found = self.prober.taken(&wanted, Duration::from_millis(self.config.arp_wait)).await;
        let found = found.map_err(|source| EngineError::Kernel { what: "probe the segment", source })?;
        let Some(taken) = found else { return Ok(()) };
        let node = new.iter().find(|placed| placed.address == taken.address);
        Err(EngineError::Taken {
            node: node.map_or_else(String::new, |placed| placed.node.name().to_owned()),
            taken,
        })
    }

    async fn install(&mut self, new: &[Placed]) -> Result<(), EngineError> {
        let kernel = |what| move |source| EngineError::Kernel { what, source };
        let (netlink, loopback) = (&mut self.site.netlink, self.site.loopback);
        netlink
            .add_locals(libc::RT_TABLE_LOCAL, &all(new), loopback)
            .and_then(|()| netlink.add_locals(OUTWARD_TABLE, &behind(new), loopback))
            .map_err(kernel("make addresses local to the engine namespace"))?;
        let mut served = Vec::new();
        for placed in new {
            served.push(Kept { node: Arc::clone(&placed.node), sockets: bind(placed)? });
        }
        let stage = |process| move |source| EngineError::Stage { process, source };
        self.serve.add(served).await.map_err(stage("serve"))?;
        // Listeners and filter first: the gate announces a node as soon as it has it.
        let entries = new.iter().map(|placed| (placed.node.name().to_owned(), placed.clone()));
        self.nodes.extend(entries);
        self.update_filter().map_err(kernel("update the filter of the segment socket"))?;
        let shown = new.iter().filter(|placed| !placed.is_inner());
        let shown = shown.map(|placed| Kept { node: Arc::clone(&placed.node), sockets: Vec::new() });
        self.gate.add(shown.collect()).await.map_err(stage("gate"))
    }

    /// Takes nodes away as far as they are there: first from sight, then from service.
    async fn withdraw(&mut self, gone: &[Placed]) {
        let names: Vec<String> = gone.iter().map(|placed| placed.node.name().to_owned()).collect();
        for name in &names {
            self.nodes.remove(name);
        }
        for (process, keeper) in [("gate", &self.gate), ("serve", &self.serve)] {
            if let Err(error) = keeper.remove(names.clone()).await {
                // The process is being started again, without these nodes.
                tracing::warn!(process, %error, "nodes were removed from a process that is down");
            }
        }
        if let Err(error) = self.update_filter() {
            tracing::warn!(%error, "the filter of the segment socket still lets removed nodes through");
        }
        let (netlink, loopback) = (&mut self.site.netlink, self.site.loopback);
        let removed = netlink
            .remove_locals(OUTWARD_TABLE, &behind(gone), loopback)
            .and_then(|()| netlink.remove_locals(libc::RT_TABLE_LOCAL, &all(gone), loopback));
        if let Err(error) = removed {
            tracing::warn!(%error, "addresses of removed nodes are still local to the engine namespace");
        }
    }

    fn update_filter(&self) -> io::Result<()> {
        let shown = self.nodes.values().filter(|placed| !placed.is_inner());
        let macs: BTreeSet<[u8; 6]> = shown.map(|placed| placed.mac).collect();
        packet::set_filter(&self.site.segment, &filter::program(&macs))
    }
}

fn bind(placed: &Placed) -> Result<Vec<OwnedFd>, EngineError> {
    let mut sockets = Vec::new();
    // The scale that the node's system offers; a system without one never gets to offer it.
    let face = Face::of_persona(&placed.node.persona);
    let scale = face.and_then(|face| face.handshake.scale);
    let window = scale.map(|scale| u32::from(u16::MAX) << scale.min(14));
    // In the order of `listeners`, which is that in which the stage is told of them.
    for own in placed.addresses() {
        for port in &placed.node.ports {
            let address = SocketAddr::new(IpAddr::V4(own), port.port);
            let bound = bind_port(port, address, window).map_err(|source| EngineError::Bind {
                node: placed.node.name().to_owned(),
                transport: port.transport.name(),
                address,
                source,
            })?;
            sockets.push(bound);
        }
    }
    Ok(sockets)
}
