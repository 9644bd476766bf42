//! Whom a node asks: servers that its settings name, on the segment or outside of it, else those of its
//! lease, else its gateway.

use crate::node::Node;
use netsvc_persona::Servers;
use std::net::Ipv4Addr;

/// Servers of a kind that a lease may name.
pub(crate) const LEASED: usize = 3;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Names,
    Time,
}

/// Addresses that a server's message names, at most [`LEASED`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    list: [u32; LEASED],
    count: u8,
}

impl Addresses {
    /// From the value of an option (RFC 2132, 3.8 and 8.3).
    pub(crate) fn parse(value: &[u8]) -> Self {
        let (all, _) = value.as_chunks::<4>();
        all.iter().map(|octets| Ipv4Addr::from(*octets)).collect()
    }

    fn iter(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        self.list.iter().take(usize::from(self.count)).map(|bits| Ipv4Addr::from_bits(*bits))
    }
}

impl FromIterator<Ipv4Addr> for Addresses {
    fn from_iter<I: IntoIterator<Item = Ipv4Addr>>(all: I) -> Self {
        let mut addresses = Addresses::default();
        for (place, address) in addresses.list.iter_mut().zip(all) {
            *place = address.to_bits();
            addresses.count += 1;
        }
        addresses
    }
}

/// The servers of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Those of its settings.
    names: Box<[Ipv4Addr]>,
    time: Box<[Ipv4Addr]>,
    /// Those of its lease that it may ask.
    leased_names: Addresses,
    leased_time: Addresses,
    gateway: Option<Ipv4Addr>,
}

impl Known {
    pub(crate) fn new(named: &Servers, gateway: Option<Ipv4Addr>) -> Self {
        Known {
            names: named.dns.iter().copied().take(Servers::MOST).collect(),
            time: named.ntp.iter().copied().take(Servers::MOST).collect(),
            gateway,
            ..Known::default()
        }
    }

    /// Takes what a lease names, as far as `node` may ask it: hosts of the segment, and what is allowed.
    pub(crate) fn lease(&mut self, node: &Node, names: &Addresses, time: &Addresses) {
        let may = |server: &Ipv4Addr| {
            let near = node.on_segment(*server) && !node.is_no_host(*server) && *server != node.address;
            near || self.allows(*server)
        };
        (self.leased_names, self.leased_time) =
            (names.iter().filter(may).collect(), time.iter().filter(may).collect());
    }

    /// Whether the settings name `server`, so that it may be asked wherever it is.
    pub(crate) fn allows(&self, server: Ipv4Addr) -> bool {
        self.names.contains(&server) || self.time.contains(&server)
    }

    /// Servers of a kind, in the order in which they are asked.
    fn of(&self, kind: Kind) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let (named, leased) = match kind {
            Kind::Names => (&self.names, &self.leased_names),
            Kind::Time => (&self.time, &self.leased_time),
        };
        let gateway = self.gateway.filter(|_| named.is_empty() && leased.count == 0);
        let leased = leased.iter().filter(|_| named.is_empty());
        named.iter().copied().chain(leased).chain(gateway)
    }

    /// How many servers of a kind there are.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.of(kind).count()
    }

    /// The server whose turn it is: all of them, one after the other.
    pub(crate) fn turn(&self, kind: Kind, number: usize) -> Option<Ipv4Addr> {
        let index = number.checked_rem(self.count(kind))?;
        self.of(kind).nth(index)
    }

    /// Whether `host` is a server of a kind.
    pub(crate) fn serves(&self, kind: Kind, host: Ipv4Addr) -> bool {
        self.of(kind).any(|server| server == host)
    }
}
