//! Files of `/proc/net` and what the node listens on.

use super::{Live, activity::Traffic};
use crate::reach::Near;
use netsvc_persona::{Attached, stage::Transport};
use std::net::{IpAddr, Ipv4Addr};

/// Hosts that the kernel keeps in mind.
const MET: usize = 256;

/// A file of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Devices,
    Arp,
    Route,
    Tcp,
    Udp,
    Nothing,
}

/// A listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) transport: Transport,
    pub(crate) port: u16,
    pub(crate) pid: u32,
    pub(crate) program: &'static str,
    pub(crate) uid: u32,
}

/// Sockets that listen, from the services that are open.
pub(crate) fn listeners(live: &Live) -> Vec<Listener> {
    let mut out = Vec::new();
    for (service, daemon) in live.daemons() {
        let listener = |transport, port| Listener {
            transport,
            port,
            pid: live.service_pid(&service.slug),
            program: daemon.program(),
            uid: daemon.uid,
        };
        let entrance = (Transport::Tcp, live.facts.local_port);
        if service.slug == live.facts.service && !service.ports.contains(&entrance) {
            // It was told to listen elsewhere.
            out.push(listener(entrance.0, entrance.1));
        } else {
            out.extend(service.ports.iter().map(|(transport, port)| listener(*transport, *port)));
        }
    }
    out.sort_by_key(|listener| listener.port);
    out
}

/// Netmask of a prefix length.
pub(crate) fn netmask(prefix: u8) -> Ipv4Addr {
    let bits = u32::from(prefix.min(32));
    Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - bits).unwrap_or(0))
}

/// Network and broadcast address of the node's segment.
pub(crate) fn network_address(live: &Live) -> (Ipv4Addr, Ipv4Addr) {
    network_of(v4(live.persona.ip), live.persona.prefix)
}

/// Network and broadcast address of the network that `ip` is in.
pub(crate) fn network_of(ip: Ipv4Addr, prefix: u8) -> (Ipv4Addr, Ipv4Addr) {
    let (ip, mask) = (ip.to_bits(), netmask(prefix).to_bits());
    (Ipv4Addr::from_bits(ip & mask), Ipv4Addr::from_bits(ip | !mask))
}

pub(crate) fn v4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) => address.to_ipv4_mapped().unwrap_or(Ipv4Addr::UNSPECIFIED),
    }
}

/// The name of a card so many slots after the one called `first`: eth1 after eth0, ens19 after ens18, enp4s0 after
/// enp3s0.
pub(crate) fn next_card(first: &str, more: u32) -> String {
    let (stem, end) = match first.strip_suffix("s0") {
        Some(stem) => (stem, "s0"),
        None => (first, ""),
    };
    let name = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = stem.strip_prefix(name).and_then(|digits| digits.parse().ok()).unwrap_or(0_u32);
    format!("{name}{}{end}", number.saturating_add(more))
}

/// Address as `/proc/net` has it: bytes of the wire read as a little-endian number.
fn hexadecimal(address: Ipv4Addr) -> String {
    format!("{:08X}", address.to_bits().swap_bytes())
}

impl Live {
    /// Notes which hosts the networks that the node is in have.
    pub(crate) fn set_near(&self, near: Vec<Near>) {
        *self.near.lock() = near;
    }

    /// The hosts of those networks.
    pub(crate) fn near(&self) -> Vec<Near> {
        self.near.lock().clone()
    }

    /// The session has talked to a host.
    pub(crate) fn meet(&self, address: Ipv4Addr) {
        let mut met = self.met.lock();
        if met.len() < MET && !met.contains(&address) {
            met.push(address);
        }
    }

    /// Neighbours in further networks that the kernel has met: address, hardware address and card.
    pub(crate) fn met(&self) -> Vec<(Ipv4Addr, String, String)> {
        let met = self.met.lock().clone();
        let near = self.near.lock();
        met.into_iter()
            .filter_map(|address| {
                let found = near.iter().find(|near| near.address == address)?;
                Some((address, found.mac.clone(), self.card(address)))
            })
            .collect()
    }

    /// The card that an address is reached by.
    fn card(&self, address: Ipv4Addr) -> String {
        let first = &self.persona.hardware.interface;
        let mut further = self.persona.place.addresses.iter().zip(1_u32..);
        let found =
            further.find(|(own, _)| network_of(own.ip, own.prefix) == network_of(address, own.prefix));
        found.map_or_else(|| first.clone(), |(_, more)| next_card(first, more))
    }

    /// Neighbours as the kernel knows them: gateway and, on the same segment, the peer.
    pub(crate) fn neighbours(&self) -> Vec<(IpAddr, String)> {
        let mut out = Vec::new();
        let (network, _) = network_address(self);
        let mask = netmask(self.persona.prefix).to_bits();
        let peer = self.facts.peer_ip;
        for address in self.persona.gateway.into_iter().chain([peer]) {
            let near = v4(address).to_bits() & mask == network.to_bits();
            if near && !out.iter().any(|(known, _)| *known == address) {
                let tail = self.fixed(&["neighbour", &address.to_string()]);
                let oui = ["00:1b:21", "3c:fd:fe", "00:25:90", "d8:9e:f3"];
                let prefix = oui.get(usize::try_from(tail % 4).unwrap_or(0)).copied().unwrap_or("00:1b:21");
                out.push((
                    address,
                    format!(
                        "{prefix}:{:02x}:{:02x}:{:02x}",
                        tail >> 8 & 255,
                        tail >> 16 & 255,
                        tail >> 24 & 255
                    ),
                ));
            }
        }
        out
    }

    pub(super) fn network_file(&self, item: Item) -> String {
        let interface = &self.persona.hardware.interface;
        match item {
            Item::Nothing => String::new(),
            Item::Devices => {
                let Traffic { received, packets_in, sent, packets_out } = self.traffic();
                let (local, packets) = self.loopback();
                format!(
                    "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    lo: {local:>7} {packets:>7}    0    0    0     0          0         0 {local:>8} {packets:>7}    0    0    0     0       0          0\n{interface:>6}: {received:>7} {packets_in:>7}    0    0    0     0          0         0 {sent:>8} {packets_out:>7}    0    0    0     0       0          0\n"
                )
            }
            Item::Arp => {
                let mut out = String::from(
                    "IP address       HW type     Flags       HW address            Mask     Device\n",
                );
                for (address, mac, card) in self.met() {
                    out.push_str(&format!(
                        "{:<16} 0x1         0x2         {mac}     *        {card}\n",
                        address.to_string()
                    ));
                }
                for (address, mac) in self.neighbours() {
                    out.push_str(&format!(
                        "{:<16} 0x1         0x2         {mac}     *        {interface}\n",
                        address.to_string()
                    ));
                }
                out
            }
            Item::Route => {
                let mut out = String::from(
                    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n",
                );
                let row = |destination: Ipv4Addr, gateway: Ipv4Addr, flags: &str, mask: Ipv4Addr| {
                    format!(
                        "{interface}\t{}\t{}\t{flags}\t0\t0\t0\t{}\t0\t0\t0                                                                               \n",
                        hexadecimal(destination),
                        hexadecimal(gateway),
                        hexadecimal(mask)
                    )
                };
                let none = Ipv4Addr::UNSPECIFIED;
                if let Some(gateway) = self.persona.gateway {
                    out.push_str(&row(none, v4(gateway), "0003", none));
                }
                out + &row(network_address(self).0, none, "0001", netmask(self.persona.prefix))
            }
            Item::Tcp => self.tcp_table(),
            Item::Udp => self.udp_table(),
        }
    }

    /// The node's own end of the session's connection: its address in the network that the peer is in.
    pub(crate) fn own_end(&self) -> IpAddr {
        let IpAddr::V4(peer) = self.facts.peer_ip else { return self.persona.ip };
        let near = |own: &&Attached| network_of(own.ip, own.prefix).0 == network_of(peer, own.prefix).0;
        let own = self.persona.place.addresses.iter().find(near);
        own.map_or(self.persona.ip, |own| IpAddr::V4(own.ip))
    }

    fn tcp_table(&self) -> String {
        let mut out = String::from(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n",
        );
        let mut number = 0;
        let mut row = |local: String, remote: String, state: &str, uid: u32, inode: u64| {
            let line = format!(
                "{number:>4}: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {uid:>5}        0 {inode} 1 0000000000000000 100 0 0 10 0"
            );
            number += 1;
            out.push_str(&format!("{line:<149}\n"));
        };
        for listener in listeners(self).iter().filter(|listener| listener.transport == Transport::Tcp) {
            let inode = self.inode(listener);
            row(format!("00000000:{:04X}", listener.port), "00000000:0000".into(), "0A", listener.uid, inode);
        }
        let local = format!("{}:{:04X}", hexadecimal(v4(self.own_end())), self.facts.local_port);
        let remote = format!("{}:{:04X}", hexadecimal(v4(self.facts.peer_ip)), self.facts.peer_port);
        row(local, remote, "01", 0, 31_000 + u64::from(self.shell_pid));
        for colleague in self.colleagues() {
            let local = format!("{}:{:04X}", hexadecimal(v4(self.persona.ip)), 22);
            let remote = format!("{}:{:04X}", hexadecimal(v4(colleague.from)), colleague.port);
            row(local, remote, "01", 0, 31_000 + u64::from(self.pid_at(colleague.start)));
        }
        out
    }

    fn udp_table(&self) -> String {
        let mut out = String::from(
            "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             \n",
        );
        for listener in listeners(self).iter().filter(|listener| listener.transport == Transport::Udp) {
            let line = format!(
                "{:>5}: 00000000:{:04X} 00000000:0000 07 00000000:00000000 00:00000000 00000000 {:>5}        0 {} 2 0000000000000000 0",
                listener.port,
                listener.port,
                listener.uid,
                self.inode(listener)
            );
            out.push_str(&format!("{line:<127}\n"));
        }
        out
    }

    fn inode(&self, listener: &Listener) -> u64 {
        14_000 + self.fixed(&["inode", listener.transport.name(), &listener.port.to_string()]) % 9_000
    }
}
