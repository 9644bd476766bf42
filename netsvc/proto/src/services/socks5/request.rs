//! What a client asks for: SOCKS 5 (RFC 1928) and 4 with its extension 4A.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name and user of SOCKS 4, which end with a zero.
const LONGEST: usize = 255;

/// Where a client wants to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An address.
    Address(IpAddr),
    /// A name, as it came.
    Name(Vec<u8>),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// 4 or 5.
    pub(super) version: u8,
    /// What is to be done: 1 connects, 2 waits for a connection, 3 passes on datagrams.
    pub(super) command: u8,
    /// Where to.
    pub(super) target: Target,
    /// Its port.
    pub(super) port: u16,
    /// The user that a client of SOCKS 4 names.
    pub(super) user: Vec<u8>,
    /// Target as the request has it: type of the address, address and port.
    pub(super) written: Vec<u8>,
}

/// What a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// One, and its length.
    Whole(Request, usize),
    /// There is no such version; kind of an address; the reserved byte is none.
    Version,
    Address,
    Reserved,
    /// A name or user has no end.
    Endless,
}

impl Target {
    /// The target with its port, as people write it.
    pub(super) fn with(&self, port: u16) -> Vec<u8> {
        let mut text = match self {
            Target::Address(IpAddr::V6(address)) => format!("[{address}]").into_bytes(),
            Target::Address(address) => address.to_string().into_bytes(),
            Target::Name(name) => name.clone(),
        };
        text.extend_from_slice(format!(":{port}").as_bytes());
        text
    }
}

/// Reads a request of SOCKS 5, and with `strict` looks at its reserved byte; `None`: it is not there as a whole.
pub(super) fn five(bytes: &[u8], strict: bool) -> Option<Read> {
    let (version, command) = (*bytes.first()?, *bytes.get(1)?);
    if version != 5 {
        return Some(Read::Version);
    }
    let (reserved, kind) = (*bytes.get(2)?, *bytes.get(3)?);
    if strict && reserved != 0 {
        return Some(Read::Reserved);
    }
    let (target, end) = match kind {
        1 => (Target::Address(IpAddr::from(array::<4>(bytes, 4)?)), 8),
        3 => {
            let length = usize::from(*bytes.get(4)?);
            (Target::Name(bytes.get(5..5 + length)?.to_vec()), 5 + length)
        }
        4 => (Target::Address(IpAddr::from(Ipv6Addr::from(array::<16>(bytes, 4)?))), 20),
        _ => return Some(Read::Address),
    };
    let port = u16::from_be_bytes(array(bytes, end)?);
    let written = bytes.get(3..end + 2)?.to_vec();
    Some(Read::Whole(Request { version, command, target, port, user: Vec::new(), written }, end + 2))
}

/// Reads a request of SOCKS 4 or 4A.
pub(super) fn four(bytes: &[u8]) -> Option<Read> {
    let command = *bytes.get(1)?;
    let port = u16::from_be_bytes(array(bytes, 2)?);
    let address = Ipv4Addr::from(array::<4>(bytes, 4)?);
    let (user, end) = match text(bytes, 8)? {
        Ok(found) => found,
        Err(read) => return Some(read),
    };
    // An address that no host has says that a name follows.
    let [a, b, c, d] = address.octets();
    let (target, end) = if [a, b, c] == [0; 3] && d != 0 {
        match text(bytes, end)? {
            Ok((name, end)) => (Target::Name(name), end),
            Err(read) => return Some(read),
        }
    } else {
        (Target::Address(address.into()), end)
    };
    let written = bytes.get(2..8)?.to_vec();
    Some(Read::Whole(Request { version: 4, command, target, port, user, written }, end))
}

/// The text from `at` to a zero, and where what follows begins.
fn text(bytes: &[u8], at: usize) -> Option<Result<(Vec<u8>, usize), Read>> {
    let rest = bytes.get(at..)?;
    match rest.iter().take(LONGEST + 1).position(|byte| *byte == 0) {
        Some(length) => Some(Ok((rest.get(..length)?.to_vec(), at + length + 1))),
        None if LONGEST < rest.len() => Some(Err(Read::Endless)),
        None => None,
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], target: &str, length: usize) {
        let read = if bytes.first() == Some(&4) { four(bytes) } else { five(bytes, true) };
        let Some(Read::Whole(request, read)) = read else { panic!("{bytes:?}") };
        let shown = String::from_utf8_lossy(&request.target.with(request.port)).into_owned();
        assert_eq!((shown.as_str(), read), (target, length));
    }

    #[test]
    fn requests_are_read() {
        check(b"\x05\x01\0\x01\x7f\0\0\x01\0\x50rest", "127.0.0.1:80", 10);
        check(b"\x05\x01\0\x03\x03a.b\x01\xbb", "a.b:443", 10);
        check(b"\x05\x01\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50", "[2001:db8::1]:80", 22);
        check(b"\x04\x01\0\x50\x0a\0\0\x01me\0", "10.0.0.1:80", 11);
        check(b"\x04\x01\0\x50\0\0\0\x01me\0a.b\0GET", "a.b:80", 15);
        assert_eq!(five(b"\x05\x01\0\x09", true), Some(Read::Address));
        assert_eq!(five(b"\x05\x01\x01\x01", true), Some(Read::Reserved));
        assert_eq!(five(b"\x04\x01", true), Some(Read::Version));
        assert_eq!(four(&[&b"\x04\x01\0\x50\x0a\0\0\x01"[..], &[b'a'; 300]].concat()), Some(Read::Endless));
        assert_eq!(five(b"\x05\x01\0\x03\x09abc", true), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            for read in [five(&bytes, false), four(&bytes)] {
                if let Some(Read::Whole(_, length)) = read {
                    prop_assert!(length <= bytes.len());
                }
            }
        }
    }
}
