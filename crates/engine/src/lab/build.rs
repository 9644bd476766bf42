//! Building a lab: a bridge in a namespace of its own, and a namespace with one interface for each host.
//!
//! ```text
//!  segment eth0 ──┐
//!  router  eth0 ──┼── bridge
//!  attackers eth0 ┘
//! ```

use super::state::{LabConfig, LabError, LabHost, LabState};
use crate::{
    native::namespace,
    netlink::{End, Netlink},
    process::Process,
};
use std::{
    io,
    net::Ipv4Addr,
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

const INTERFACE: &str = "eth0";
const BRIDGE: &str = "br0";
const MTU: u32 = 1500;
/// Vendors of the interfaces: a hypervisor's NIC for hosts, a router maker's for the router.
const HOST_VENDOR: [u8; 3] = [0x52, 0x54, 0x00];
const ROUTER_VENDOR: [u8; 3] = [0x00, 0x1a, 0xa1];
const ATTACKERS_MAX: u8 = 16;

/// A lab and the descriptors that keep its namespaces.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) state: LabState,
    _namespaces: Vec<OwnedFd>,
}

/// Builds everything. The calling thread ends in one of the lab's namespaces.
pub(super) fn build(config: &LabConfig, rootless: bool) -> Result<Built, LabError> {
    let addresses = addresses(config)?;
    let holder = Process::of(std::process::id());
    let holder = holder.ok_or_else(|| LabError::failed("read /proc")(io::ErrorKind::NotFound.into()))?;
    let failed = LabError::failed("make the switch");
    let switch = namespace::create().map_err(&failed)?;
    let mut netlink = Netlink::open().map_err(&failed)?;
    netlink.add_bridge(BRIDGE).map_err(&failed)?;
    let bridge = netlink.existing(BRIDGE).map_err(&failed)?.index;
    netlink.bring_up(bridge, false).map_err(&failed)?;
    let mut site = Site { switch, netlink, bridge, hosts: 0, namespaces: Vec::new() };

    let failed = LabError::failed("make a host of the lab");
    let segment = site.host(None, config, addresses.gateway, HOST_VENDOR).map_err(&failed)?;
    let router =
        site.host(Some(addresses.gateway), config, addresses.gateway, ROUTER_VENDOR).map_err(&failed)?;
    let router = LabHost { address: addresses.gateway, namespace: router };
    let mut attackers = Vec::new();
    for address in addresses.attackers {
        let namespace = site.host(Some(address), config, addresses.gateway, HOST_VENDOR).map_err(&failed)?;
        attackers.push(LabHost { address, namespace });
    }
    let mut namespaces = site.namespaces;
    namespaces.push(site.switch);
    let (network, prefix) = (addresses.network, config.prefix);
    let interface = INTERFACE.to_owned();
    let state = LabState { holder, rootless, network, prefix, interface, segment, router, attackers };
    Ok(Built { state, _namespaces: namespaces })
}

struct Site {
    switch: OwnedFd,
    /// Open in the switch's namespace.
    netlink: Netlink,
    bridge: u32,
    hosts: u8,
    namespaces: Vec<OwnedFd>,
}

impl Site {
    /// Makes a host; returns the number of its namespace's descriptor. The segment's has no address.
    fn host(
        &mut self,
        address: Option<Ipv4Addr>,
        config: &LabConfig,
        gateway: Ipv4Addr,
        vendor: [u8; 3],
    ) -> io::Result<i32> {
        self.hosts += 1;
        let number = self.hosts;
        let host = namespace::create()?;
        let mut netlink = Netlink::open()?;
        let port = format!("port{number}");
        let [a, b, c] = vendor;
        let near = End { name: INTERFACE, mac: [a, b, c, 0x1c, 0x40, number], namespace: None };
        let mac = [0x02, 0, 0, 0, 0x30, number];
        let far = End { name: &port, mac, namespace: Some(self.switch.as_fd()) };
        netlink.add_veth(near, far, MTU)?;
        let index = netlink.existing(INTERFACE)?.index;
        if let Some(address) = address {
            netlink.add_address(index, address, config.prefix)?;
        }
        netlink.bring_up(index, false)?;
        let far = self.netlink.existing(&port)?.index;
        self.netlink.join_bridge(far, self.bridge)?;
        self.netlink.bring_up(far, false)?;
        if address.is_some_and(|address| address != gateway) {
            netlink.add_default(libc::RT_TABLE_MAIN, index, Some(gateway))?;
        }
        let descriptor = host.as_raw_fd();
        self.namespaces.push(host);
        Ok(descriptor)
    }
}

struct Addresses {
    network: Ipv4Addr,
    gateway: Ipv4Addr,
    attackers: Vec<Ipv4Addr>,
}

/// The first address is the gateway's; the last ones are the attackers'.
fn addresses(config: &LabConfig) -> Result<Addresses, LabError> {
    if !(8..=29).contains(&config.prefix) {
        return Err(LabError::Config(format!("a lab's prefix is 8 to 29, not {}", config.prefix)));
    }
    let size = 1u32 << (32 - config.prefix);
    let network = u32::from(config.network);
    if network % size != 0 {
        return Err(LabError::Config(format!("{}/{} is not a network", config.network, config.prefix)));
    }
    let room = size - 4;
    if config.attackers == 0 || config.attackers > ATTACKERS_MAX || u32::from(config.attackers) > room {
        return Err(LabError::Config(format!("a lab has 1 to {} attackers", room.min(ATTACKERS_MAX.into()))));
    }
    let attackers =
        (0..u32::from(config.attackers)).map(|number| Ipv4Addr::from(network + size - 2 - number));
    Ok(Addresses {
        network: config.network,
        gateway: Ipv4Addr::from(network + 1),
        attackers: attackers.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_ends_of_the_network() {
        let mut config = LabConfig::new("run");
        config.attackers = 2;
        let found = addresses(&config).unwrap();
        assert_eq!(found.gateway, Ipv4Addr::new(10, 66, 0, 1));
        assert_eq!(found.attackers, [Ipv4Addr::new(10, 66, 7, 254), Ipv4Addr::new(10, 66, 7, 253)]);
    }

    #[test]
    fn wrong_settings_are_named() {
        let cases: [(fn(&mut LabConfig), &str); 4] = [
            (|config| config.prefix = 30, "a lab's prefix is 8 to 29, not 30"),
            (|config| config.network = Ipv4Addr::new(10, 66, 1, 0), "10.66.1.0/21 is not a network"),
            (|config| config.attackers = 0, "a lab has 1 to 16 attackers"),
            (|config| (config.prefix, config.attackers) = (29, 5), "a lab has 1 to 4 attackers"),
        ];
        for (change, message) in cases {
            let mut config = LabConfig::new("run");
            change(&mut config);
            assert_eq!(addresses(&config).err().map(|error| error.to_string()).as_deref(), Some(message));
        }
    }
}
