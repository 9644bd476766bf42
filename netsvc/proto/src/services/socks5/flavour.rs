//! What each proxy says. Both were asked: Dante 1.4.2 and microsocks 1.0.3 of Debian 12.

use super::request::{Read, Request};
use netsvc_kit::Host;
use rand_core::RngCore;
use std::net::{IpAddr, Ipv4Addr};

/// Which proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// Inferno Nettverk's Dante.
    Dante,
    /// microsocks, which knows SOCKS 5 only.
    Microsocks,
}

/// What became of a request (RFC 1928, 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is a connection.
    Connected,
    /// Its name is not known.
    NoName,
    /// The port is closed.
    Refused,
    /// Nobody has the address.
    NoHost,
    /// Nobody answered in time.
    Late,
    /// The command is not allowed.
    Forbidden,
    /// There is no way to such an address.
    NoWay,
}

impl Flavour {
    /// That of `host`.
    pub(super) fn of(host: &Host) -> Self {
        let is_small = host.product().is_some_and(|product| product.name.eq_ignore_ascii_case("microsocks"));
        if is_small { Flavour::Microsocks } else { Flavour::Dante }
    }

    /// What a peer gets who begins with anything but 5, or 4 where that is known.
    pub(super) fn to_stranger(self) -> &'static [u8] {
        match self {
            Flavour::Dante => b"",
            Flavour::Microsocks => b"\x05\xff",
        }
    }

    /// The answer to a wrong password, or to a message of another version.
    pub(super) fn to_password(self, version: u8) -> &'static [u8] {
        match self {
            Flavour::Dante if version != 1 => b"",
            Flavour::Dante => b"\x01\x01",
            Flavour::Microsocks if version != 1 => b"\x01\x01",
            Flavour::Microsocks => b"\x01\x02",
        }
    }

    /// The answer to what is no request.
    pub(super) fn to_nonsense(self, read: &Read) -> Option<&'static [u8]> {
        match (self, read) {
            // It waits for what it can understand.
            (Flavour::Dante, Read::Version) => None,
            (Flavour::Dante, _) => Some(b""),
            (Flavour::Microsocks, Read::Address) => Some(b"\x05\x08\0\x01\0\0\0\0\0\0"),
            (Flavour::Microsocks, _) => Some(b"\x05\x01\0\x01\0\0\0\0\0\0"),
        }
    }

    /// Whether it looks at the reserved byte.
    pub(super) fn is_strict(self) -> bool {
        self == Flavour::Microsocks
    }

    /// The answer to a request; nothing: it hangs up.
    pub(super) fn answer(self, host: &Host, session: &str, request: &Request, outcome: Outcome) -> Vec<u8> {
        match self {
            Flavour::Microsocks => {
                let code = match outcome {
                    Outcome::Connected => 0,
                    Outcome::NoName => 1,
                    Outcome::Refused => 5,
                    Outcome::NoHost => 4,
                    Outcome::Late => 6,
                    Outcome::NoWay => 3,
                    Outcome::Forbidden => 7,
                };
                vec![5, code, 0, 1, 0, 0, 0, 0, 0, 0]
            }
            Flavour::Dante if request.version == 4 => {
                let code = if outcome == Outcome::Connected { 0x5a } else { 0x5b };
                let end = if outcome == Outcome::Forbidden {
                    request.written.clone()
                } else {
                    let (port, address) = own(host, session);
                    [port.to_be_bytes().as_slice(), &address.octets()].concat()
                };
                [&[0, code], end.as_slice()].concat()
            }
            Flavour::Dante => {
                let code = match outcome {
                    Outcome::Connected => 0,
                    Outcome::NoName | Outcome::NoHost => 4,
                    Outcome::Refused => 5,
                    Outcome::Late => 6,
                    Outcome::NoWay => 8,
                    Outcome::Forbidden if !(1..=3).contains(&request.command) => return Vec::new(),
                    Outcome::Forbidden => 2,
                };
                let end = if matches!(
                    outcome,
                    Outcome::Connected | Outcome::Refused | Outcome::Late | Outcome::NoHost
                ) {
                    let (port, address) = own(host, session);
                    [&[1], address.octets().as_slice(), &port.to_be_bytes()].concat()
                } else {
                    // What was asked for comes back.
                    request.written.clone()
                };
                [&[5, code, 0], end.as_slice()].concat()
            }
        }
    }
}

/// The end of the connection beyond: a port of the system's for clients, and the host's address.
fn own(host: &Host, session: &str) -> (u16, Ipv4Addr) {
    let drawn = host.generator(&format!("port {session}")).next_u32() % 28_232;
    let address = match host.persona().ip {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    (u16::try_from(32_768 + drawn).unwrap_or(32_768), address)
}
