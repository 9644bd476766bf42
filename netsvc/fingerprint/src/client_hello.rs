//! The first message of a TLS client (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2), read as far as fingerprints need it.

use crate::grease;

/// Most bytes of a stream that are looked at for a hello: one with post-quantum key shares and a ticket is a
/// twentieth of it.
pub const MAX: usize = 32 * 1024;

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// Longest fragment of a record, with what protection may add (RFC 5246 §6.2.3).
const RECORD: usize = (1 << 14) + 2048;
/// Version and random.
pub(crate) const FIXED: usize = 34;

const SERVER_NAME: u16 = 0;
const GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURES: u16 = 13;
const ALPN: u16 = 16;
const VERSIONS: u16 = 43;

/// What a client offers. Lists are in the client's order and hold its GREASE values (RFC 8701).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The version outside of extensions.
    pub version: u16,
    /// Cipher suites.
    pub ciphers: Vec<u16>,
    /// Extensions.
    pub extensions: Vec<Extension>,
    /// Groups (`supported_groups`).
    pub groups: Vec<u16>,
    /// Point formats (`ec_point_formats`).
    pub point_formats: Vec<u8>,
    /// Signature algorithms.
    pub signatures: Vec<u16>,
    /// Versions (`supported_versions`); empty: the client has no such extension.
    pub versions: Vec<u16>,
    /// Protocols (`application_layer_protocol_negotiation`).
    pub protocols: Vec<Vec<u8>>,
    /// The host name that is asked for, if one is.
    pub server_name: Option<Vec<u8>>,
}

/// The kind of an extension.
pub type Extension = u16;

impl ClientHello {
    /// Reads the hello that the records at the start of `stream` carry; `None`: there is none, or not all of it.
    pub fn read(stream: &[u8]) -> Option<ClientHello> {
        let stream = stream.get(..MAX.min(stream.len()))?;
        let mut message = Vec::new();
        let mut rest = stream;
        while let Some(([HANDSHAKE, 3, _, length @ ..], after)) = rest.split_first_chunk::<5>() {
            let length = number(length);
            if length == 0 || RECORD < length {
                return None;
            }
            let (fragment, after) = after.split_at_checked(length)?;
            message.extend_from_slice(fragment);
            if let Some(whole) = whole(&message) {
                return ClientHello::message(whole);
            }
            rest = after;
        }
        None
    }

    /// Reads the body of a hello's handshake message, as it is found in QUIC too.
    pub fn message(body: &[u8]) -> Option<ClientHello> {
        let (fixed, rest) = body.split_at_checked(FIXED)?;
        let mut hello = ClientHello { version: short(fixed.get(..2)?)?, ..ClientHello::default() };
        let (_session, rest) = vector::<1>(rest)?;
        let (ciphers, rest) = vector::<2>(rest)?;
        hello.ciphers = shorts(ciphers)?;
        let (_compressions, rest) = vector::<1>(rest)?;
        if !rest.is_empty() {
            let (mut extensions, _) = vector::<2>(rest)?;
            while !extensions.is_empty() {
                let (kind, after) = extensions.split_at_checked(2)?;
                let (value, after) = vector::<2>(after)?;
                hello.extend(short(kind)?, value);
                extensions = after;
            }
        }
        Some(hello)
    }

    /// Values that cannot be read are left out: the extension is there all the same.
    fn extend(&mut self, kind: u16, value: &[u8]) {
        self.extensions.push(kind);
        match kind {
            SERVER_NAME => self.server_name = host_name(value).map(<[u8]>::to_vec),
            GROUPS => self.groups = list(vector::<2>(value)),
            POINT_FORMATS => {
                self.point_formats = vector::<1>(value).map(|(list, _)| list.to_vec()).unwrap_or_default();
            }
            SIGNATURES => self.signatures = list(vector::<2>(value)),
            VERSIONS => self.versions = list(vector::<1>(value)),
            ALPN => self.protocols = protocols(value).unwrap_or_default(),
            _ => {}
        }
    }

    /// Cipher suites without GREASE.
    pub(crate) fn plain_ciphers(&self) -> Vec<u16> {
        without_grease(&self.ciphers)
    }

    /// Kinds of extensions without GREASE.
    pub(crate) fn plain_extensions(&self) -> Vec<Extension> {
        without_grease(&self.extensions)
    }
}

pub(crate) fn without_grease(values: &[u16]) -> Vec<u16> {
    values.iter().copied().filter(|value| !grease::is(*value)).collect()
}

/// The handshake messages that the records at the start of `stream` carry, up to the first that is something else or
/// is not whole.
pub(crate) fn records(stream: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    let mut rest = stream.get(..MAX.min(stream.len())).unwrap_or_default();
    while let Some(([HANDSHAKE, 3, _, length @ ..], after)) = rest.split_first_chunk::<5>() {
        let length = number(length);
        let Some((fragment, after)) =
            after.split_at_checked(length).filter(|_| 0 < length && length <= RECORD)
        else {
            break;
        };
        message.extend_from_slice(fragment);
        rest = after;
    }
    message
}

/// The body of the client's hello, once `message` holds all of it.
fn whole(message: &[u8]) -> Option<&[u8]> {
    let ([CLIENT_HELLO, length @ ..], body) = message.split_first_chunk::<4>()? else { return None };
    body.get(..number(length))
}

/// Splits off a vector with a length of `N` bytes before it.
pub(crate) fn vector<const N: usize>(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<N>()?;
    rest.split_at_checked(number(length))
}

fn list(vector: Option<(&[u8], &[u8])>) -> Vec<u16> {
    vector.and_then(|(list, _)| shorts(list)).unwrap_or_default()
}

/// RFC 6066 §3: a list of names, of which only the kind 0 is a host's.
fn host_name(value: &[u8]) -> Option<&[u8]> {
    let (names, _) = vector::<2>(value)?;
    let ([0], rest) = names.split_first_chunk::<1>()? else { return None };
    Some(vector::<2>(rest)?.0)
}

/// RFC 7301 §3.1.
fn protocols(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut names, _) = vector::<2>(value)?;
    let mut found = Vec::new();
    while !names.is_empty() {
        let (name, rest) = vector::<1>(names)?;
        found.push(name.to_vec());
        names = rest;
    }
    Some(found)
}

pub(crate) fn shorts(bytes: &[u8]) -> Option<Vec<u16>> {
    bytes.chunks(2).map(short).collect()
}

pub(crate) fn short(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

pub(crate) fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `bytes` with a length of `N` bytes before them.
    fn counted<const N: usize>(bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len().to_be_bytes();
        [&length[length.len() - N..], bytes].concat()
    }

    /// The stream of a client that offers this, in records of at most `size` bytes.
    pub(crate) fn stream(
        version: u16,
        ciphers: &[u16],
        extensions: &[(u16, Vec<u8>)],
        size: usize,
    ) -> Vec<u8> {
        let ciphers: Vec<u8> = ciphers.iter().flat_map(|cipher| cipher.to_be_bytes()).collect();
        let mut body = [&version.to_be_bytes()[..], &[7; 32], &[0]].concat();
        body.extend(counted::<2>(&ciphers));
        body.extend([1, 0]);
        if !extensions.is_empty() {
            let all = extensions
                .iter()
                .flat_map(|(kind, value)| [kind.to_be_bytes().to_vec(), counted::<2>(value)].concat());
            body.extend(counted::<2>(&all.collect::<Vec<u8>>()));
        }
        let message = [vec![1], counted::<3>(&body)].concat();
        let records = message.chunks(size).map(|piece| [vec![22, 3, 1], counted::<2>(piece)].concat());
        records.flatten().collect()
    }

    /// The value of an extension that is a list of numbers.
    pub(crate) fn numbers<const N: usize>(values: &[u16]) -> Vec<u8> {
        counted::<N>(&values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>())
    }

    pub(crate) fn names(protocols: &[&[u8]]) -> Vec<u8> {
        counted::<2>(&protocols.iter().flat_map(|name| counted::<1>(name)).collect::<Vec<u8>>())
    }

    pub(crate) fn host(name: &[u8]) -> Vec<u8> {
        counted::<2>(&[vec![0], counted::<2>(name)].concat())
    }

    #[test]
    fn all_that_is_offered_is_read_however_many_records_carry_it() {
        let extensions = [
            (0x1a1a, Vec::new()),
            (SERVER_NAME, host(b"mail.example")),
            (GROUPS, numbers::<2>(&[29, 23])),
            (POINT_FORMATS, vec![1, 0]),
            (SIGNATURES, numbers::<2>(&[0x0403, 0x0804])),
            (ALPN, names(&[b"h2", b"http/1.1"])),
            (VERSIONS, numbers::<1>(&[0x0304, 0x0303])),
        ];
        for size in [1, 7, 16_000] {
            let hello = ClientHello::read(&stream(0x0303, &[0x1301, 0xc02f], &extensions, size)).unwrap();
            assert_eq!((hello.version, &hello.ciphers[..]), (0x0303, &[0x1301, 0xc02f][..]));
            assert_eq!(hello.extensions, [0x1a1a, 0, 10, 11, 13, 16, 43]);
            assert_eq!((&hello.groups[..], &hello.point_formats[..]), (&[29, 23][..], &[0][..]));
            assert_eq!(
                (&hello.signatures[..], &hello.versions[..]),
                (&[0x0403, 0x0804][..], &[0x0304, 0x0303][..])
            );
            assert_eq!(hello.protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
            assert_eq!(hello.server_name.as_deref(), Some(&b"mail.example"[..]));
        }
    }

    #[test]
    fn what_is_no_hello_is_none() {
        let good = stream(0x0303, &[0x1301], &[], 16_000);
        assert!(ClientHello::read(&good).is_some());
        for cut in 0..good.len() {
            assert_eq!(ClientHello::read(&good[..cut]), None, "{cut}");
        }
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\x00\x00", b"\x16\x03\x01\xff\xff", b""] {
            assert_eq!(ClientHello::read(bytes), None);
        }
        let server = good.iter().enumerate().map(|(at, byte)| if at == 5 { 2 } else { *byte });
        assert_eq!(ClientHello::read(&server.collect::<Vec<u8>>()), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = ClientHello::read(&bytes);
            let _ = ClientHello::message(&bytes).map(|hello| (hello.ja3(), hello.ja4(crate::Carrier::Tcp)));
        }
    }
}
