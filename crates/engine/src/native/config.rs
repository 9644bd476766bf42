//! What `netd` is told once, as JSON on its standard input.

use crate::stage::StageConfig;
use serde::{Deserialize, Serialize};
use std::{net::Ipv4Addr, path::PathBuf};

/// User of the stage's processes: outside every range that `useradd` and systemd give out.
pub const STAGE_USER: u32 = 64_999;

/// Address of the probe host unless configured: link-local (RFC 3927), so that it cannot be an address of
/// the segment's own plan.
pub const PROBE_ADDRESS: Ipv4Addr = decnet_model::probe::SEGMENT;

/// Name of the socket on which copies of frames are handed out.
pub(super) const FRAMES: &str = "netd.frames.sock";

/// Settings of `netd`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetdConfig {
    /// Folder of its lock and its record of processes.
    pub run: PathBuf,
    /// Socket on which it takes orders.
    pub socket: PathBuf,
    /// Interface of the segment, in the namespace that `netd` is started in.
    pub interface: String,
    /// How the gate reaches the engine namespace.
    #[serde(default)]
    pub device: Device,
    /// The stage's processes. A user that does not exist in our user namespace is not become.
    pub stage: StageConfig,
    /// Address of the probe host, on the gate's second port; never seen on the segment.
    #[serde(default = "probe_address")]
    pub probe: Ipv4Addr,
    /// How long answers to ARP probes are waited for before an address is taken, in milliseconds; 0: no
    /// probing.
    #[serde(default = "probe_wait")]
    pub arp_wait: u64,
}

/// How the gate reaches the engine namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// A raw socket on one end of a veth whose other end is in there. Works without `/dev/net/tun`.
    #[default]
    Veth,
    /// A TUN device.
    Tun,
}

impl Device {
    /// `veth` or `tun`.
    pub fn name(self) -> &'static str {
        match self {
            Device::Veth => "veth",
            Device::Tun => "tun",
        }
    }
}

impl NetdConfig {
    /// The usual settings for nodes on `interface`, served by `stage`, with run files in `run`.
    pub fn new(run: PathBuf, interface: impl Into<String>, stage: StageConfig) -> Self {
        NetdConfig {
            socket: run.join("netd.sock"),
            run,
            interface: interface.into(),
            device: Device::default(),
            stage,
            probe: PROBE_ADDRESS,
            arp_wait: probe_wait(),
        }
    }

    /// Socket on which copies of frames are handed out, beside that for orders.
    pub fn frames(&self) -> PathBuf {
        self.socket.with_file_name(FRAMES)
    }
}

fn probe_address() -> Ipv4Addr {
    PROBE_ADDRESS
}

fn probe_wait() -> u64 {
    200
}
