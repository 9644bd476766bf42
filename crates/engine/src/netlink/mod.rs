//! A small rtnetlink client: links, addresses, routes, rules of one network namespace.
//!
//! It blocks and needs no runtime, because `netd` and the lab use it before one exists and the kernel
//! answers at once. The socket belongs to the namespace that its thread was in when it was opened.

mod message;
mod over;

use message::{Message, array, attributes, messages};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};
use std::{
    io,
    net::Ipv4Addr,
    os::fd::{AsRawFd, BorrowedFd, OwnedFd},
};

/// Routes sent before their acknowledgements are read; they fit the socket's buffer.
const BATCH: usize = 32;
/// Attribute of a veth's data that holds the peer (`VETH_INFO_PEER`).
const VETH_INFO_PEER: u16 = 1;
/// Actions and attributes of rules (`linux/fib_rules.h`).
const FR_ACT_TO_TBL: u8 = 1;
const FRA_IIFNAME: u16 = 3;
const FRA_PRIORITY: u16 = 6;
const FRA_TABLE: u16 = 15;

/// What there is to know of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) index: u32,
    pub(crate) mac: [u8; 6],
    pub(crate) mtu: u32,
    pub(crate) up: bool,
    pub(crate) loopback: bool,
}

/// One end of a veth to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    pub(crate) name: &'a str,
    pub(crate) mac: [u8; 6],
    /// Where it goes; `None`: here.
    pub(crate) namespace: Option<BorrowedFd<'a>>,
}

/// A connection to the kernel's routing part, in the namespace that it was opened in.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    /// Opens it in the calling thread's namespace.
    pub(crate) fn open() -> io::Result<Self> {
        let protocol = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        Ok(Netlink { socket, sequence: 0 })
    }

    /// The link called `name`; `None` when there is none.
    pub(crate) fn link(&mut self, name: &str) -> io::Result<Option<Link>> {
        let request = Message::new(libc::RTM_GETLINK, 0).link(0, 0, 0).text(libc::IFLA_IFNAME, name);
        match self.request(request) {
            Ok(replies) => Ok(replies.iter().find_map(|body| link(body))),
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The link called `name`, which must be there.
    pub(crate) fn existing(&mut self, name: &str) -> io::Result<Link> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("there is no interface {name}"));
        self.link(name)?.ok_or_else(missing)
    }

    /// Makes a pair of virtual Ethernet devices with `mtu`.
    pub(crate) fn add_veth(&mut self, one: End<'_>, other: End<'_>, mtu: u32) -> io::Result<()> {
        let peer = end(Message::inner().link(0, 0, 0), other, mtu);
        let data = Message::inner().nested(VETH_INFO_PEER, peer);
        let info =
            Message::inner().attribute(libc::IFLA_INFO_KIND, b"veth").nested(libc::IFLA_INFO_DATA, data);
        let request = Message::new(libc::RTM_NEWLINK, libc::NLM_F_CREATE | libc::NLM_F_EXCL).link(0, 0, 0);
        self.request(end(request, one, mtu).nested(libc::IFLA_LINKINFO, info)).map(drop)
    }

    /// Makes a bridge.
    pub(crate) fn add_bridge(&mut self, name: &str) -> io::Result<()> {
        let info = Message::inner().attribute(libc::IFLA_INFO_KIND, b"bridge");
        let request = Message::new(libc::RTM_NEWLINK, libc::NLM_F_CREATE | libc::NLM_F_EXCL).link(0, 0, 0);
        self.request(request.text(libc::IFLA_IFNAME, name).nested(libc::IFLA_LINKINFO, info)).map(drop)
    }

    /// Makes `index` a port of the bridge `bridge`.
    pub(crate) fn join_bridge(&mut self, index: u32, bridge: u32) -> io::Result<()> {
        let request = Message::new(libc::RTM_NEWLINK, 0).link(index, 0, 0);
        self.request(request.number(libc::IFLA_MASTER, bridge)).map(drop)
    }

    /// Brings a link up; `noarp`: and never asks for neighbours on it.
    pub(crate) fn bring_up(&mut self, index: u32, noarp: bool) -> io::Result<()> {
        let flags = libc::IFF_UP | if noarp { libc::IFF_NOARP } else { 0 };
        self.request(Message::new(libc::RTM_NEWLINK, 0).link(index, flags, flags)).map(drop)
    }

    /// Gives a link an address.
    pub(crate) fn add_address(&mut self, index: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
        let octets = address.octets();
        let mut request = Message::new(libc::RTM_NEWADDR, libc::NLM_F_CREATE | libc::NLM_F_EXCL)
            .raw(&[libc::AF_INET as u8, prefix, 0, 0])
            .raw(&index.to_ne_bytes())
            .attribute(libc::IFA_LOCAL, &octets)
            .attribute(libc::IFA_ADDRESS, &octets);
        if prefix < 31 {
            let broadcast = u32::from(address) | (u32::MAX >> prefix);
            request = request.attribute(libc::IFA_BROADCAST, &broadcast.to_be_bytes());
        }
        self.request(request).map(drop)
    }

    /// Everything of `table` goes out of `index`, directly or through `gateway`.
    pub(crate) fn add_default(&mut self, table: u8, index: u32, gateway: Option<Ipv4Addr>) -> io::Result<()> {
        let scope = if gateway.is_some() { libc::RT_SCOPE_UNIVERSE } else { libc::RT_SCOPE_LINK };
        let route =
            Route { destination: Ipv4Addr::UNSPECIFIED, prefix: 0, table, scope, kind: libc::RTN_UNICAST };
        let mut request = route.request(libc::RTM_NEWROUTE, NEW).number(libc::RTA_OIF, index);
        if let Some(gateway) = gateway {
            request = request.attribute(libc::RTA_GATEWAY, &gateway.octets());
        }
        self.request(request).map(drop)
    }

    /// Makes addresses local to this namespace in `table`. On failure, those before the failing one stay.
    pub(crate) fn add_locals(&mut self, table: u8, addresses: &[Ipv4Addr], loopback: u32) -> io::Result<()> {
        // Without EXCL: an address that is there already is what was wanted.
        let flags = libc::NLM_F_CREATE | libc::NLM_F_REPLACE;
        self.locals(table, addresses, loopback, libc::RTM_NEWROUTE, flags)
    }

    /// Makes addresses foreign again. Those that are so already are passed over.
    pub(crate) fn remove_locals(
        &mut self,
        table: u8,
        addresses: &[Ipv4Addr],
        loopback: u32,
    ) -> io::Result<()> {
        for address in addresses {
            match self.locals(table, std::slice::from_ref(address), loopback, libc::RTM_DELROUTE, 0) {
                Err(error) if error.raw_os_error() != Some(libc::ESRCH) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn locals(
        &mut self,
        table: u8,
        addresses: &[Ipv4Addr],
        loopback: u32,
        kind: u16,
        flags: i32,
    ) -> io::Result<()> {
        for batch in addresses.chunks(BATCH) {
            let first = self.sequence + 1;
            let mut bytes = Vec::new();
            for &destination in batch {
                self.sequence += 1;
                let scope = libc::RT_SCOPE_HOST;
                let route = Route { destination, prefix: 32, table, scope, kind: libc::RTN_LOCAL };
                bytes
                    .extend(route.request(kind, flags).number(libc::RTA_OIF, loopback).finish(self.sequence));
            }
            self.send(&bytes)?;
            let mut result = Ok(());
            for sequence in first..=self.sequence {
                let answer = self.acknowledged(sequence);
                result = result.and(answer.map(drop));
            }
            result?;
        }
        Ok(())
    }

    /// A routing rule: packets that come in on `from` (all if `None`) are looked up in `table`.
    pub(crate) fn add_rule(&mut self, priority: u32, from: Option<&str>, table: u8) -> io::Result<()> {
        self.rule(libc::RTM_NEWRULE, libc::NLM_F_CREATE | libc::NLM_F_EXCL, priority, from, table)
    }

    /// Removes the rule with `priority` that looks up `table`.
    pub(crate) fn remove_rule(&mut self, priority: u32, table: u8) -> io::Result<()> {
        self.rule(libc::RTM_DELRULE, 0, priority, None, table)
    }

    fn rule(
        &mut self,
        kind: u16,
        flags: i32,
        priority: u32,
        from: Option<&str>,
        table: u8,
    ) -> io::Result<()> {
        // struct fib_rule_hdr: family, lengths, tos, table, two reserved, action, flags.
        let header = [libc::AF_INET as u8, 0, 0, 0, table, 0, 0, FR_ACT_TO_TBL, 0, 0, 0, 0];
        let mut request = Message::new(kind, flags)
            .raw(&header)
            .number(FRA_PRIORITY, priority)
            .number(FRA_TABLE, u32::from(table));
        if let Some(from) = from {
            request = request.text(FRA_IIFNAME, from);
        }
        self.request(request).map(drop)
    }

    fn request(&mut self, message: Message) -> io::Result<Vec<Vec<u8>>> {
        self.sequence += 1;
        let bytes = message.finish(self.sequence);
        self.send(&bytes)?;
        self.acknowledged(self.sequence)
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        sendto(self.socket.as_raw_fd(), bytes, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
        Ok(())
    }

    /// Reads up to the acknowledgement of `sequence`; returns the bodies that came before it.
    fn acknowledged(&self, sequence: u32) -> io::Result<Vec<Vec<u8>>> {
        let mut bodies = Vec::new();
        let mut buffer = vec![0; 32 * 1024];
        loop {
            let length = recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
            for (kind, number, body) in messages(buffer.get(..length).unwrap_or_default()) {
                if number != sequence {
                    continue;
                }
                if i32::from(kind) != libc::NLMSG_ERROR {
                    bodies.push(body.to_vec());
                    continue;
                }
                return match array(body, 0).map_or(-libc::EBADMSG, i32::from_ne_bytes) {
                    0 => Ok(bodies),
                    error => Err(io::Error::from_raw_os_error(-error)),
                };
            }
        }
    }
}

const NEW: i32 = libc::NLM_F_CREATE | libc::NLM_F_EXCL;

struct Route {
    destination: Ipv4Addr,
    prefix: u8,
    table: u8,
    scope: u8,
    kind: u8,
}

impl Route {
    fn request(&self, kind: u16, flags: i32) -> Message {
        // struct rtmsg: family, dst and src length, tos, table, protocol, scope, type, flags.
        let family = libc::AF_INET as u8;
        let header =
            [family, self.prefix, 0, 0, self.table, libc::RTPROT_STATIC, self.scope, self.kind, 0, 0, 0, 0];
        let message = Message::new(kind, flags).raw(&header);
        if self.prefix == 0 { message } else { message.attribute(libc::RTA_DST, &self.destination.octets()) }
    }
}

fn end(message: Message, end: End<'_>, mtu: u32) -> Message {
    let message = message
        .text(libc::IFLA_IFNAME, end.name)
        .attribute(libc::IFLA_ADDRESS, &end.mac)
        .number(libc::IFLA_MTU, mtu);
    match end.namespace {
        Some(namespace) => message.number(libc::IFLA_NET_NS_FD, namespace.as_raw_fd().unsigned_abs()),
        None => message,
    }
}

fn link(body: &[u8]) -> Option<Link> {
    let index = u32::from_ne_bytes(array(body, 4)?);
    let flags = i32::from_ne_bytes(array(body, 8)?);
    let mut link = Link {
        index,
        mac: [0; 6],
        mtu: 0,
        up: flags & libc::IFF_UP != 0,
        loopback: flags & libc::IFF_LOOPBACK != 0,
    };
    for (kind, value) in attributes(body.get(16..)?) {
        match kind {
            libc::IFLA_ADDRESS => link.mac = array(value, 0)?,
            libc::IFLA_MTU => link.mtu = u32::from_ne_bytes(array(value, 0)?),
            _ => {}
        }
    }
    Some(link)
}
