//! What is said on `netd`'s socket: one JSON request per line, one JSON reply per line.
//!
//! The reply to [`Request::Probe`] carries the socket by SCM_RIGHTS.

use crate::{
    node::{NodeSpec, Post},
    stage::StageStatus,
};
use netsvc_persona::stage::{AbsentNode, Transport};
use serde::{Deserialize, Serialize};

/// Longest line in bytes: ten thousand nodes with room to spare.
pub const LINE_MAX: usize = 256 << 20;

/// A request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub enum Request {
    /// Make these nodes exist, all or none; those that exist just so already are left alone.
    Add {
        /// The nodes.
        nodes: Vec<NodeSpec>,
    },
    /// Make the nodes of these names vanish; unknown names are gone already.
    Remove {
        /// Their names.
        names: Vec<String>,
    },
    /// Have the mailboxes of nodes hold these letters, and nothing else.
    Post {
        /// All letters of each node.
        post: Vec<Post>,
    },
    /// Which nodes exist.
    List,
    /// How `netd` and its processes do.
    Status,
    /// A socket in the probe namespace, not yet connected.
    Probe {
        /// TCP or UDP.
        transport: Transport,
    },
    /// End: everything vanishes.
    Stop,
}

/// A reply.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum Reply {
    /// Done.
    Done,
    /// The nodes that exist.
    Nodes {
        /// The nodes.
        nodes: Vec<NodeSpec>,
    },
    /// How it goes.
    Status {
        /// How it goes.
        status: Box<NetdStatus>,
    },
    /// Not done; nothing has changed.
    Refused {
        /// Why.
        reason: String,
    },
}

/// How `netd` and its processes do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetdStatus {
    /// Always `native`.
    pub runtime: String,
    /// What carries the nodes: `gate`.
    pub carrier: String,
    /// How the gate reaches the engine side: `veth` or `tun`.
    pub device: String,
    /// The segment's interface.
    pub interface: String,
    /// Process of `netd`.
    pub pid: u32,
    /// User of `netd` as it sees itself.
    pub uid: u32,
    /// Whether `netd` is root of a user namespace only.
    pub rootless: bool,
    /// User of the stage's processes; `None`: that of `netd`.
    pub stage_uid: Option<u32>,
    /// `full`, or what is missing.
    pub isolation: String,
    /// The stage's processes.
    pub processes: Vec<StageStatus>,
    /// Nodes that exist.
    pub nodes: usize,
    /// Listeners that are bound.
    pub listeners: usize,
    /// Frames that the segment socket has seen.
    pub packets: u64,
    /// Frames lost because the gate did not read them in time.
    pub drops: u64,
    /// Nodes that the gate keeps away from the segment because somebody else has their address.
    #[serde(default)]
    pub absent: Vec<AbsentNode>,
}
