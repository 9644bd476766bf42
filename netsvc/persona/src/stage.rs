//! The stage configuration and the descriptor protocol: the only things that cross the wall inwards.
//!
//! A stage process is started with two inherited descriptors and no arguments but its verb:
//! [`SETTINGS_FD`] holds one JSON [`Settings`] up to end of file; [`CONTROL_FD`] is a
//! `SOCK_SEQPACKET` socket pair that carries one JSON [`Order`] per message, with descriptors by
//! SCM_RIGHTS (at most [`MAX_DESCRIPTORS`] per message), and answers each with one [`Answer`].
//! When the control socket ends, the process drains its spool and exits.

use crate::{Letter, Persona};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

/// Inherited descriptor that holds the settings.
pub const SETTINGS_FD: i32 = 3;
/// Inherited descriptor that is the control socket.
pub const CONTROL_FD: i32 = 4;
/// Most descriptors in one message (the kernel refuses 254).
pub const MAX_DESCRIPTORS: usize = 200;
/// Longest control message in bytes.
pub const MAX_MESSAGE: usize = 128 * 1024;

/// What a stage process is told once, at start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Folder of this process: `lines/`, `blobs/`, `state/` below it are its only writable places.
    pub spool: PathBuf,
    /// SD-ID of event lines.
    pub sd_id: String,
    /// Quotas and connection limits.
    pub limits: Limits,
    /// User and group to become; `None`: stay.
    pub user: Option<u32>,
    /// Whether logins cost the time that the real daemon takes (switched off by benchmarks only).
    pub natural_delays: bool,
}

/// Limits of one stage process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Open connections in all.
    pub connections: usize,
    /// Open connections of one source address to one service of a node.
    pub connections_per_source: usize,
    /// Open connections of one node.
    pub connections_per_node: usize,
    /// Bytes that connections hold in memory, in all.
    pub memory: usize,
    /// Bytes that the connections of one source address hold in memory.
    pub memory_per_source: usize,
    /// Bytes of address space of the process that serves: what a leak ends at, far above what is ever needed.
    pub address_space: u64,
    /// Bytes of `lines/` before events are given up by class.
    pub spool_bytes: u64,
    /// Bytes of `blobs/`.
    pub blob_bytes: u64,
    /// Bytes of all overlays in `state/`.
    pub state_bytes: u64,
    /// Bytes of one blob; a longer one is cut and marked.
    pub blob_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 8192,
            connections_per_source: 1024,
            connections_per_node: 2048,
            memory: 64 << 20,
            memory_per_source: 32 << 20,
            address_space: 2 << 30,
            spool_bytes: 256 << 20,
            blob_bytes: 1 << 30,
            state_bytes: 256 << 20,
            blob_max: 64 << 20,
        }
    }
}

/// All that a process needs to serve one node without a supervisor: it binds the sockets itself, in the network
/// namespace that it finds itself in. One JSON document in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Single {
    /// The settings.
    pub settings: Settings,
    /// The node.
    pub persona: Persona,
    /// Its services.
    pub services: Vec<ServiceSpec>,
    /// Its listeners.
    pub ports: Vec<PortSpec>,
}

/// Longest [`Single`] in bytes.
pub const MAX_SINGLE: u64 = 4 << 20;

/// An order to a stage process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "order")]
pub enum Order {
    /// Serve this node from now on. Sent to both kinds of process; `serve` gets the listeners' descriptors
    /// with it, in the order of `ports`. A node with more ports than one message may carry descriptors comes
    /// in several orders with the same persona.
    Node {
        /// Number of the order; the answer repeats it.
        seq: u64,
        /// The node.
        persona: Box<Persona>,
        /// Its services.
        services: Vec<ServiceSpec>,
        /// The listeners in this message.
        ports: Vec<PortSpec>,
    },
    /// Stop serving a node: close its listeners and connections.
    Remove {
        /// Number of the order.
        seq: u64,
        /// Name of the node.
        node: String,
    },
    /// What the people of a node's organisation write to each other, all of it: what an earlier order said is no more.
    /// Letters that do not fit one message come in several.
    Letters {
        /// Number of the order.
        seq: u64,
        /// Name of the node in whose mailboxes they lie.
        node: String,
        /// Whether these are the first of them.
        first: bool,
        /// Whether these are the last of them: from then on they can be read.
        last: bool,
        /// Letters.
        letters: Vec<Letter>,
    },
    /// First message to a gate: its ports. Descriptors: segment socket, engine device, probe socket (optional).
    Gate {
        /// Number of the order.
        seq: u64,
        /// The segment and the engine side.
        gate: GateSpec,
    },
    /// To a gate: copy each frame of the segment that it takes or sends into this descriptor, until its peer is gone.
    Mirror {
        /// Number of the order.
        seq: u64,
        /// Hardware address whose frames are wanted, as `02:00:00:00:00:01`; `None`: all.
        mac: Option<String>,
    },
    /// To a gate: say which nodes are not there because somebody else has their address.
    Absent {
        /// Number of the order.
        seq: u64,
    },
    /// Write out everything and exit.
    Stop {
        /// Number of the order.
        seq: u64,
    },
}

/// A service of a node and its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// Slug of the service.
    pub slug: String,
    /// Settings as the operator wrote them; checked against the catalogue before they get here.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

/// TCP or UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// `tcp` or `udp`.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }
}

/// A bound socket of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortSpec {
    /// Service that serves it.
    pub slug: String,
    /// TCP or UDP.
    pub transport: Transport,
    /// Port that the peer sees. The bound port differs only where ports are offset (loopback).
    pub port: u16,
    /// TLS from the first byte.
    #[serde(default)]
    pub tls: bool,
}

/// What a gate stands between.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GateSpec {
    /// MAC of the engine device's far side, where the engine side is Ethernet; `None` for a TUN.
    pub engine_mac: Option<String>,
    /// MAC of the engine device itself, destination of frames to the kernel; `None` for a TUN.
    pub engine_peer_mac: Option<String>,
    /// Whether the third descriptor, the probe side, is there.
    pub probe: bool,
    /// Addresses of the probe host: traffic from them is passed but never counted as a scan.
    pub probe_ip: Option<IpAddr>,
    /// MTU of the segment.
    pub mtu: u32,
}

/// Answer to an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// Done.
    Done {
        /// Number of the order.
        seq: u64,
    },
    /// Refused; nothing of the order took effect.
    Refused {
        /// Number of the order.
        seq: u64,
        /// Why.
        reason: String,
    },
    /// Nodes that are not there because somebody else has their address.
    Absent {
        /// Number of the order.
        seq: u64,
        /// The nodes; a few hundred of them at most.
        nodes: Vec<AbsentNode>,
    },
    /// First message of a process, unasked: what its sandbox got.
    Ready {
        /// `full`, or what is missing: `landlock: not supported by this kernel`.
        isolation: String,
    },
}

/// A node that is not there because somebody else has its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsentNode {
    /// Its name.
    pub node: String,
    /// Hardware address of who has its address, as `02:00:00:00:00:01`.
    pub mac: String,
    /// Since when, µs since the epoch.
    pub since: i64,
}
