//! The host's way to deckies on a segment.
//!
//! The kernel lets a host reach its own macvlan and ipvlan devices only through another one beside them. It gets a
//! route for each decky's address and for nothing else, so that the host's traffic to its real neighbours goes as
//! before. What was made is written down first, and removed by that.

use super::place::write;
use crate::netlink::Netlink;
use decnet_compose::Carrier;
use nix::ifaddrs::getifaddrs;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fs, io, net::Ipv4Addr, path::Path};

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    /// The device.
    link: String,
    /// Addresses that are reached through it.
    routes: BTreeSet<Ipv4Addr>,
}

/// Makes device and routes what they should be. Blocks.
///
/// # Errors
/// What the kernel says.
pub(super) fn sync(
    record: &Path,
    site: &str,
    carrier: Carrier,
    parent: &str,
    wanted: &BTreeSet<Ipv4Addr>,
) -> io::Result<()> {
    if wanted.is_empty() {
        return remove(record);
    }
    // A device's name has at most 15 bytes.
    let link = format!("dshim-{site}");
    let made = read(record).filter(|made| made.link == link).unwrap_or_default();
    let both = Made { link: link.clone(), routes: made.routes.union(wanted).copied().collect() };
    write(record, &serde_json::to_vec(&both).map_err(io::Error::other)?, 0o600)?;
    let mut netlink = Netlink::open()?;
    let parent_link = netlink.existing(parent)?;
    if netlink.link(&link)?.is_none() {
        netlink.add_over(&link, parent_link.index, carrier.name(), carrier == Carrier::Ipvlan)?;
    }
    let index = netlink.existing(&link)?.index;
    netlink.bring_up(index, false)?;
    let source = own_address(parent);
    for &address in wanted {
        netlink.add_host_route(address, index, source)?;
    }
    for &address in made.routes.difference(wanted) {
        netlink.remove_host_route(address, index)?;
    }
    let now = Made { link, routes: wanted.clone() };
    write(record, &serde_json::to_vec(&now).map_err(io::Error::other)?, 0o600)
}

/// Removes what was made, if anything was. Routes go with their device. Blocks.
///
/// # Errors
/// What the kernel says.
pub(super) fn remove(record: &Path) -> io::Result<()> {
    let Some(made) = read(record) else { return Ok(()) };
    let mut netlink = Netlink::open()?;
    if let Some(link) = netlink.link(&made.link)? {
        netlink.remove_link(link.index)?;
    }
    fs::remove_file(record)
}

fn read(record: &Path) -> Option<Made> {
    serde_json::from_slice(&fs::read(record).ok()?).ok()
}

/// The host's own address on the segment: it answers to what deckies ask of it.
fn own_address(interface: &str) -> Option<Ipv4Addr> {
    let ours = getifaddrs().ok()?.filter(|entry| entry.interface_name == interface);
    ours.filter_map(|entry| entry.address)
        .find_map(|address| address.as_sockaddr_in().map(|address| address.ip()))
}
