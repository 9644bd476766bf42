//! What a TLS server shows: how it answers, and its certificate (RFC 5246). An offer of version 1.2 makes it
//! show the certificate in the clear.

use md5::Md5;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
/// Longest record, and longest series of messages that is read.
const RECORD: usize = 18_432;
const MESSAGES: usize = 65_536;
const CIPHERS: &[u16] = &[
    0xc02f, 0xc030, 0xc02b, 0xc02c, 0xcca8, 0xcca9, 0xc013, 0xc014, 0xc009, 0xc00a, 0x009c, 0x009d, 0x002f,
    0x0035,
];
/// Groups x25519, P-256, P-384; uncompressed points; signatures; a renegotiation that is empty.
const EXTENSIONS: &[(u16, &[u8])] = &[
    (10, &[0, 6, 0, 29, 0, 23, 0, 24]),
    (11, &[1, 0]),
    (13, &[0, 18, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1, 2, 1]),
    (0xff01, &[0]),
];

/// What was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tls {
    /// JA3S.
    pub(super) answer: Option<String>,
    /// SHA-256 of the first certificate, hex.
    pub(super) certificate: Option<String>,
}

/// Asks for it.
///
/// # Errors
/// When the peer does not speak TLS.
pub(super) fn look(mut stream: impl Read + Write) -> io::Result<Tls> {
    stream.write_all(&hello())?;
    let mut messages = Vec::new();
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [kind, _, _, high, low] = head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if kind != HANDSHAKE || length > RECORD || messages.len() > MESSAGES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no handshake of TLS"));
        }
        let mut record = vec![0; length];
        stream.read_exact(&mut record)?;
        messages.append(&mut record);
        let seen = read(&messages);
        if seen.certificate.is_some() {
            return Ok(seen);
        }
    }
}

fn hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend_from_slice(&[0x5a; 32]);
    body.push(0);
    body.extend(prefixed(&CIPHERS.iter().flat_map(|cipher| cipher.to_be_bytes()).collect::<Vec<u8>>()));
    body.extend_from_slice(&[1, 0]);
    let one =
        |(kind, value): &(u16, &[u8])| [kind.to_be_bytes().as_slice(), prefixed(value).as_slice()].concat();
    body.extend(prefixed(&EXTENSIONS.iter().flat_map(one).collect::<Vec<u8>>()));
    let message = [[CLIENT_HELLO, 0].as_slice(), prefixed(&body).as_slice()].concat();
    [[HANDSHAKE, 3, 1].as_slice(), prefixed(&message).as_slice()].concat()
}

/// With the length before it, in two bytes.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or_default();
    [length.to_be_bytes().as_slice(), bytes].concat()
}

/// What the messages so far say.
fn read(mut messages: &[u8]) -> Tls {
    let mut seen = Tls::default();
    while let Some(([kind, length @ ..], rest)) = messages.split_first_chunk::<4>() {
        let Some((body, after)) = rest.split_at_checked(number(length)) else { break };
        match *kind {
            SERVER_HELLO => seen.answer = answer(body),
            CERTIFICATE => seen.certificate = certificate(body),
            _ => {}
        }
        messages = after;
    }
    seen
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte))
}

/// Version, cipher and extensions, as JA3S has them.
fn answer(body: &[u8]) -> Option<String> {
    let version = number(body.get(..2)?);
    let session = usize::from(*body.get(34)?);
    let rest = body.get(35 + session..)?;
    let cipher = number(rest.get(..2)?);
    let mut extensions = rest.get(5..).unwrap_or_default();
    let mut kinds = Vec::new();
    while let Some(([high, low, length @ ..], after)) = extensions.split_first_chunk::<4>() {
        kinds.push(u16::from_be_bytes([*high, *low]).to_string());
        extensions = after.get(number(length)..).unwrap_or_default();
    }
    Some(hex::encode(Md5::digest(format!("{version},{cipher},{}", kinds.join("-")))))
}

fn certificate(body: &[u8]) -> Option<String> {
    let length = number(body.get(3..6)?);
    Some(hex::encode(Sha256::digest(body.get(6..6 + length)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hello_is_whole() {
        let hello = hello();
        assert_eq!(usize::from(u16::from_be_bytes([hello[3], hello[4]])), hello.len() - 5);
        assert_eq!(number(&hello[6..9]), hello.len() - 9);
    }

    #[test]
    fn an_answer_in_pieces_is_read_when_it_is_whole() {
        let mut server = vec![SERVER_HELLO, 0, 0, 44, 3, 3];
        server.extend_from_slice(&[1; 32]);
        server.extend_from_slice(&[0, 0xc0, 0x2f, 0, 0, 4, 0xff, 0x01, 0, 0]);
        let both = [server.as_slice(), &[CERTIFICATE, 0, 0, 9, 0, 0, 6, 0, 0, 3, 1, 2, 3]].concat();
        for cut in 0..both.len() {
            assert_eq!(read(&both[..cut]).certificate, None);
        }
        let seen = read(&both);
        assert_eq!(seen.answer, Some(hex::encode(Md5::digest("771,49199,65281"))));
        assert_eq!(seen.certificate, Some(hex::encode(Sha256::digest([1, 2, 3]))));
        // Lengths that lie.
        assert_eq!(read(&[CERTIFICATE, 0, 0, 6, 0, 0, 6, 255, 255, 255]), Tls::default());
    }
}
