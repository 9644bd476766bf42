//! Devices beside another one on its segment, and routes to single hosts through them.

use super::{Message, NEW, Netlink, Route};
use std::{io, net::Ipv4Addr};

/// Attributes and modes of `linux/if_link.h`.
const IFLA_MACVLAN_MODE: u16 = 1;
const MACVLAN_MODE_BRIDGE: u32 = 4;
const IFLA_IPVLAN_MODE: u16 = 1;
const IPVLAN_MODE_L2: u16 = 0;

/// What asks for a device called `name` over the link `parent`.
fn over(name: &str, parent: u32, kind: &str, ipvlan: bool) -> Message {
    let mode = if ipvlan {
        Message::inner().attribute(IFLA_IPVLAN_MODE, &IPVLAN_MODE_L2.to_ne_bytes())
    } else {
        Message::inner().number(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE)
    };
    let info =
        Message::inner().attribute(libc::IFLA_INFO_KIND, kind.as_bytes()).nested(libc::IFLA_INFO_DATA, mode);
    Message::new(libc::RTM_NEWLINK, NEW)
        .link(0, 0, 0)
        .text(libc::IFLA_IFNAME, name)
        .number(libc::IFLA_LINK, parent)
        .nested(libc::IFLA_LINKINFO, info)
}

impl Netlink {
    /// Makes a device of `kind` (`macvlan`, or `ipvlan` with `ipvlan`) over the link `parent`.
    pub(crate) fn add_over(&mut self, name: &str, parent: u32, kind: &str, ipvlan: bool) -> io::Result<()> {
        self.request(over(name, parent, kind, ipvlan)).map(drop)
    }

    /// Removes a link.
    pub(crate) fn remove_link(&mut self, index: u32) -> io::Result<()> {
        self.request(Message::new(libc::RTM_DELLINK, 0).link(index, 0, 0)).map(drop)
    }

    /// One host is reached directly through `index`, from the address `source`. A route that is there stays.
    pub(crate) fn add_host_route(
        &mut self,
        host: Ipv4Addr,
        index: u32,
        source: Option<Ipv4Addr>,
    ) -> io::Result<()> {
        let flags = libc::NLM_F_CREATE | libc::NLM_F_REPLACE;
        let mut request = route(host).request(libc::RTM_NEWROUTE, flags).number(libc::RTA_OIF, index);
        if let Some(source) = source {
            request = request.attribute(libc::RTA_PREFSRC, &source.octets());
        }
        self.request(request).map(drop)
    }

    /// The route to one host goes; one that is gone is passed over.
    pub(crate) fn remove_host_route(&mut self, host: Ipv4Addr, index: u32) -> io::Result<()> {
        let request = route(host).request(libc::RTM_DELROUTE, 0).number(libc::RTA_OIF, index);
        match self.request(request) {
            Err(error) if error.raw_os_error() != Some(libc::ESRCH) => Err(error),
            _ => Ok(()),
        }
    }
}

fn route(destination: Ipv4Addr) -> Route {
    let (table, scope) = (libc::RT_TABLE_MAIN, libc::RT_SCOPE_LINK);
    Route { destination, prefix: 32, table, scope, kind: libc::RTN_UNICAST }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the kernel lacks a driver only the bytes can be judged.
    #[test]
    fn devices_are_asked_for_as_the_kernel_reads_it() {
        let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        for (kind, ipvlan, mode) in [
            (
                "macvlan",
                false,
                [&8_u16.to_ne_bytes()[..], &1_u16.to_ne_bytes(), &4_u32.to_ne_bytes()].concat(),
            ),
            ("ipvlan", true, [&6_u16.to_ne_bytes()[..], &1_u16.to_ne_bytes(), &0_u16.to_ne_bytes()].concat()),
        ] {
            let bytes = over("dshim-x", 7, kind, ipvlan).finish(1);
            let parent =
                [&8_u16.to_ne_bytes()[..], &libc::IFLA_LINK.to_ne_bytes(), &7_u32.to_ne_bytes()].concat();
            assert!(has(&bytes, kind.as_bytes()) && has(&bytes, b"dshim-x\0") && has(&bytes, &parent));
            assert!(has(&bytes, &mode), "{bytes:?}");
        }
    }
}
