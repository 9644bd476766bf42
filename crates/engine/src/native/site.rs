//! The namespaces and devices that `netd` builds once, before any runtime exists.
//!
//! ```text
//!  segment (where netd was started)      middle             engine: one /32 per node, all listeners
//!   interface ◄── raw socket ──┐    ┌── far end ════════════ gate0 (no ARP)
//!                              gate ┤
//!                                   └── far end ════════════ eth0   probe: one address, for our own probes
//! ```
//!
//! None of the three namespaces has a name, and nothing is put into the segment's: when `netd` and its
//! children are gone, in whatever way, the kernel takes it all away.

use super::{
    config::{Device, NetdConfig},
    filter, namespace, packet,
};
use crate::netlink::{End, Link, Netlink};
use netsvc_persona::stage::GateSpec;
use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr},
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
};

/// Engine side of the device; `lo` and this are all that the namespace has.
const ENGINE_DEVICE: &str = "gate0";
/// Far ends, in the namespace between.
const ENGINE_FAR: &str = "engine0";
const PROBE_FAR: &str = "probe0";
/// MACs of the devices that only the gate sees.
const ENGINE_MAC: [u8; 6] = [0x02, 0, 0, 0, 0x10, 0x01];
const ENGINE_FAR_MAC: [u8; 6] = [0x02, 0, 0, 0, 0x10, 0x02];
const PROBE_MAC: [u8; 6] = [0x02, 0, 0, 0, 0x20, 0x01];
const PROBE_FAR_MAC: [u8; 6] = [0x02, 0, 0, 0, 0x20, 0x02];
/// Table for what the engine side itself sends: everything out to the gate.
pub(super) const OUTWARD_TABLE: u8 = 101;
const OUTWARD_PRIORITY: u32 = 5;
const LOCAL_PRIORITY: u32 = 10;

/// Settings of the engine namespace.
const SETTINGS: &[(&str, &str)] = &[
    // Nodes talk to each other through the gate, so packets come in from addresses that are ours.
    ("ipv4/conf/all/accept_local", "1"),
    ("ipv4/conf/default/accept_local", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/default/send_redirects", "0"),
    // One clock for all connections: the gate shifts it to each node's own uptime.
    ("ipv4/tcp_timestamps", "2"),
    ("ipv4/tcp_ecn", "1"),
    ("ipv4/tcp_max_syn_backlog", "4096"),
    ("core/somaxconn", "4096"),
    ("ipv4/ip_local_port_range", "32768 60999"),
    // Receive buffers may grow as far as the largest window scale of a face needs.
    ("ipv4/tcp_rmem", "4096 131072 33554432"),
    // The gate answers pings and closed ports, and limits them as each system does.
    ("ipv4/icmp_ratelimit", "0"),
    ("ipv4/icmp_ratemask", "0"),
];

/// What was built.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) link: Link,
    /// Our own addresses on the segment; no node may have one.
    pub(super) own: BTreeSet<Ipv4Addr>,
    pub(super) segment: Arc<OwnedFd>,
    pub(super) arp: OwnedFd,
    pub(super) middle: OwnedFd,
    pub(super) engine: OwnedFd,
    pub(super) probe: OwnedFd,
    pub(super) engine_port: Arc<OwnedFd>,
    pub(super) probe_port: Arc<OwnedFd>,
    pub(super) gate: GateSpec,
    /// Open in the engine namespace.
    pub(super) netlink: Netlink,
    pub(super) loopback: u32,
}

impl Site {
    /// Builds everything; afterwards the calling thread is in the engine namespace for good.
    ///
    /// # Errors
    /// What was attempted, with the kernel's reason.
    pub(super) fn build(config: &NetdConfig) -> io::Result<Self> {
        let link = segment_link(&config.interface)?;
        let own = own_addresses(&config.interface)?;
        let nobody = filter::program(&BTreeSet::new());
        let segment =
            attempt("open a raw socket on the segment", packet::open(link.index, true, Some(&nobody)))?;
        let arp = attempt("open an ARP socket on the segment", packet::open_arp(link.index))?;

        let middle = attempt("make a network namespace", namespace::create())?;
        let probe = attempt("make the probe namespace", namespace::create())?;
        attempt("set up the probe host", build_probe(&middle, config.probe, link.mtu))?;
        let engine = attempt("make the engine namespace", namespace::create())?;
        attempt("set up the engine namespace", tune())?;
        let mut netlink = Netlink::open()?;
        let tun =
            attempt("make the engine device", build_engine(&mut netlink, &middle, config.device, link.mtu))?;

        namespace::enter(&middle)?;
        let probe_port = attempt("open the probe port", far_port(PROBE_FAR))?;
        let engine_port = match tun {
            Some(tun) => tun,
            None => attempt("open the engine port", far_port(ENGINE_FAR))?,
        };
        namespace::enter(&engine)?;
        let loopback = netlink.existing("lo")?.index;
        let ethernet = config.device == Device::Veth;
        let gate = GateSpec {
            engine_mac: ethernet.then(|| text(ENGINE_FAR_MAC)),
            engine_peer_mac: ethernet.then(|| text(ENGINE_MAC)),
            probe: true,
            probe_ip: Some(IpAddr::V4(config.probe)),
            mtu: link.mtu,
        };
        let (segment, engine_port, probe_port) =
            (Arc::new(segment), Arc::new(engine_port), Arc::new(probe_port));
        Ok(Site {
            link,
            own,
            segment,
            arp,
            middle,
            engine,
            probe,
            engine_port,
            probe_port,
            gate,
            netlink,
            loopback,
        })
    }
}

fn segment_link(interface: &str) -> io::Result<Link> {
    let link = Netlink::open()?.existing(interface)?;
    if link.loopback {
        return Err(io::Error::other(format!(
            "{interface} is the loopback interface: nodes need an Ethernet segment"
        )));
    }
    if !link.up {
        return Err(io::Error::other(format!("the interface {interface} is down")));
    }
    Ok(link)
}

fn own_addresses(interface: &str) -> io::Result<BTreeSet<Ipv4Addr>> {
    let addresses = nix::ifaddrs::getifaddrs()?
        .filter(|entry| entry.interface_name == interface)
        .filter_map(|entry| Some(entry.address?.as_sockaddr_in()?.ip()));
    Ok(addresses.collect())
}

fn build_probe(middle: &OwnedFd, address: Ipv4Addr, mtu: u32) -> io::Result<()> {
    let mut netlink = Netlink::open()?;
    let near = End { name: "eth0", mac: PROBE_MAC, namespace: None };
    let far = End { name: PROBE_FAR, mac: PROBE_FAR_MAC, namespace: Some(middle.as_fd()) };
    netlink.add_veth(near, far, mtu)?;
    let link = netlink.existing("eth0")?;
    netlink.add_address(link.index, address, 32)?;
    netlink.bring_up(link.index, false)?;
    netlink.add_default(libc::RT_TABLE_MAIN, link.index, None)
}

/// Makes the engine's device and its routes; returns the TUN where that is the device.
fn build_engine(
    netlink: &mut Netlink,
    middle: &OwnedFd,
    device: Device,
    mtu: u32,
) -> io::Result<Option<OwnedFd>> {
    let tun = match device {
        Device::Tun => Some(packet::open_tun(ENGINE_DEVICE)?),
        Device::Veth => {
            let near = End { name: ENGINE_DEVICE, mac: ENGINE_MAC, namespace: None };
            let far = End { name: ENGINE_FAR, mac: ENGINE_FAR_MAC, namespace: Some(middle.as_fd()) };
            netlink.add_veth(near, far, mtu)?;
            None
        }
    };
    let link = netlink.existing(ENGINE_DEVICE)?;
    netlink.bring_up(link.index, device == Device::Veth)?;
    netlink.add_default(libc::RT_TABLE_MAIN, link.index, None)?;
    netlink.add_default(OUTWARD_TABLE, link.index, None)?;
    // What our own sockets send goes to the gate, even to another node; only what comes in is local.
    netlink.add_rule(OUTWARD_PRIORITY, Some("lo"), OUTWARD_TABLE)?;
    netlink.add_rule(LOCAL_PRIORITY, None, libc::RT_TABLE_LOCAL)?;
    netlink.remove_rule(0, libc::RT_TABLE_LOCAL)?;
    Ok(tun)
}

fn tune() -> io::Result<()> {
    for (name, value) in SETTINGS {
        namespace::write_setting(name, value)?;
    }
    Ok(())
}

/// The gate's socket on a far end. The namespace between has no addresses and answers nothing.
fn far_port(name: &str) -> io::Result<OwnedFd> {
    let mut netlink = Netlink::open()?;
    let link = netlink.existing(name)?;
    netlink.bring_up(link.index, true)?;
    packet::open(link.index, true, None)
}

fn attempt<T>(what: &str, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{what}: {error}")))
}

/// A MAC as text.
pub(super) fn text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
