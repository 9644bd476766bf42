//! The first messages of a TLS server: its hello (RFC 8446 §4.1.3), JA3S of it, and the certificates that older
//! versions show in the clear (RFC 5246 §7.4.2).
//!
//! Source of JA3S: <https://github.com/salesforce/ja3>.

use crate::client_hello::{FIXED, number, records, short, shorts, vector};
use md5::{Digest, Md5};

const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const VERSIONS: u16 = 43;
const ALPN: u16 = 16;
/// Certificates of one chain that are looked at.
const CHAIN: usize = 8;

/// What a server chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// The version outside of extensions.
    pub version: u16,
    /// The version that holds.
    pub chosen: u16,
    /// The cipher suite.
    pub cipher: u16,
    /// Extensions in the server's order.
    pub extensions: Vec<u16>,
    /// The protocol (`application_layer_protocol_negotiation`), where it is in the clear.
    pub protocol: Option<Vec<u8>>,
}

/// What a server says before everything is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFlight {
    /// Its hello.
    pub hello: Option<ServerHello>,
    /// Its certificates, the server's own first; `None`: they did not come, or not whole.
    pub certificates: Option<Vec<Vec<u8>>>,
}

impl ServerFlight {
    /// Reads as much as the records at the start of `stream` tell.
    pub fn read(stream: &[u8]) -> ServerFlight {
        let mut flight = ServerFlight::default();
        let message = records(stream);
        let mut rest = message.as_slice();
        while let Some(([kind, length @ ..], body)) = rest.split_first_chunk::<4>() {
            let Some((body, after)) = body.split_at_checked(number(length)) else { break };
            match *kind {
                SERVER_HELLO if flight.hello.is_none() => flight.hello = ServerHello::message(body),
                CERTIFICATE if flight.certificates.is_none() => flight.certificates = certificates(body),
                _ => {}
            }
            rest = after;
        }
        flight
    }
}

impl ServerHello {
    /// Reads the body of a hello's handshake message.
    pub fn message(body: &[u8]) -> Option<ServerHello> {
        let (fixed, rest) = body.split_at_checked(FIXED)?;
        let version = short(fixed.get(..2)?)?;
        let (_session, rest) = vector::<1>(rest)?;
        let (cipher, rest) = rest.split_at_checked(2)?;
        let (_compression, rest) = rest.split_at_checked(1)?;
        let mut hello =
            ServerHello { version, chosen: version, cipher: short(cipher)?, ..ServerHello::default() };
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

    fn extend(&mut self, kind: u16, value: &[u8]) {
        self.extensions.push(kind);
        match kind {
            VERSIONS => {
                self.chosen = shorts(value).and_then(|list| list.first().copied()).unwrap_or(self.chosen)
            }
            ALPN => {
                let names = vector::<2>(value).and_then(|(names, _)| vector::<1>(names));
                self.protocol = names.map(|(name, _)| name.to_vec());
            }
            _ => {}
        }
    }

    /// The text that JA3S is the MD5 of.
    pub fn ja3s_text(&self) -> String {
        let extensions: Vec<String> = self.extensions.iter().map(ToString::to_string).collect();
        format!("{},{},{}", self.version, self.cipher, extensions.join("-"))
    }

    /// JA3S: 32 hexadecimal digits.
    pub fn ja3s(&self) -> String {
        hex::encode(Md5::digest(self.ja3s_text()))
    }
}

fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut rest, _) = vector::<3>(body)?;
    let mut chain = Vec::new();
    while !rest.is_empty() && chain.len() < CHAIN {
        let (certificate, after) = vector::<3>(rest)?;
        chain.push(certificate.to_vec());
        rest = after;
    }
    Some(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counted<const N: usize>(bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len().to_be_bytes();
        [&length[length.len() - N..], bytes].concat()
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        [vec![kind], counted::<3>(body)].concat()
    }

    fn hello(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let all: Vec<u8> = extensions
            .iter()
            .flat_map(|(kind, value)| [kind.to_be_bytes().to_vec(), counted::<2>(value)].concat())
            .collect();
        let body = [&[3, 3][..], &[9; 32], &[0], &[0xc0, 0x2f, 0], &counted::<2>(&all)].concat();
        message(SERVER_HELLO, &body)
    }

    #[test]
    fn hello_and_certificates_are_read_however_many_records_carry_them() {
        let extensions =
            [(0xff01, vec![0]), (0, vec![]), (11, vec![1, 0]), (35, vec![]), (16, b"\0\x03\x02h2".to_vec())];
        let chain = [counted::<3>(b"own"), counted::<3>(b"above")].concat();
        let all =
            [hello(&extensions), message(CERTIFICATE, &counted::<3>(&chain)), message(14, &[])].concat();
        for size in [1, 5, 16_000] {
            let stream: Vec<u8> =
                all.chunks(size).flat_map(|piece| [vec![22, 3, 3], counted::<2>(piece)].concat()).collect();
            let flight = ServerFlight::read(&stream);
            let hello = flight.hello.unwrap();
            assert_eq!(hello.ja3s_text(), "771,49199,65281-0-11-35-16");
            assert_eq!((hello.chosen, hello.protocol.as_deref()), (0x0303, Some(&b"h2"[..])));
            assert_eq!(flight.certificates.unwrap(), [b"own".to_vec(), b"above".to_vec()]);
        }
    }

    #[test]
    fn the_version_that_holds_is_that_of_the_extension() {
        let stream = [vec![22, 3, 3], counted::<2>(&hello(&[(43, vec![3, 4]), (51, vec![0; 36])]))].concat();
        let hello = ServerFlight::read(&stream).hello.unwrap();
        assert_eq!((hello.version, hello.chosen), (0x0303, 0x0304));
        assert_eq!(hello.ja3s_text(), "771,49199,43-51");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = ServerFlight::read(&bytes);
            let _ = ServerHello::message(&bytes).map(|hello| hello.ja3s());
        }
    }
}
