//! Frames of WebSockets (RFC 6455) with the channels of the API server in them.

use base64::{Engine, engine::general_purpose::STANDARD};
use netsvc_daemon::http::request::Request;
use sha1::{Digest, Sha1};

/// What the server's answer to a key is made of (RFC 6455 §1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Longest frame.
const LONGEST: u64 = 256 * 1024;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Channels: what goes in and out of a program, how it ended, how large its terminal is, which channel is over.
pub(super) mod channel {
    pub(crate) const INPUT: u8 = 0;
    pub(crate) const OUTPUT: u8 = 1;
    pub(crate) const ERRORS: u8 = 2;
    pub(crate) const STATUS: u8 = 3;
    pub(crate) const SIZE: u8 = 4;
    pub(crate) const OVER: u8 = 255;
}

/// Protocols of channels, the best first; the first is spoken since 1.30.
pub(super) const PROTOCOLS: &[&str] =
    &["v5.channel.k8s.io", "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"];

/// The head that turns a connection into frames, and the protocol in them, which is one of `known`; `None`: it is not
/// asked for, or not in one of these.
pub(super) fn upgrade(request: &Request, known: &'static [&'static str]) -> Option<(Vec<u8>, &'static str)> {
    let wished = request.field("upgrade").is_some_and(|wish| wish.eq_ignore_ascii_case("websocket"));
    let key = request.field("sec-websocket-key").filter(|key| wished && key.len() < 64)?;
    let offered = request.field("sec-websocket-protocol").unwrap_or_default();
    let offered: Vec<&str> = offered.split(',').map(str::trim).collect();
    let protocol = known.iter().find(|known| offered.contains(known)).copied();
    if protocol.is_none() && offered.iter().any(|offer| !offer.is_empty()) {
        return None;
    }
    let protocol = protocol.unwrap_or_default();
    let proof = STANDARD.encode(Sha1::digest(format!("{key}{GUID}")));
    let mut head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \
            {proof}\r\n"
    );
    if !protocol.is_empty() {
        head.push_str(&format!("Sec-WebSocket-Protocol: {protocol}\r\n"));
    }
    head.push_str("\r\n");
    Some((head.into_bytes(), protocol))
}

/// What a peer sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Data(Vec<u8>),
    Ping(Vec<u8>),
    Close,
    Other,
}

/// The first frame of `bytes` and its length; `Ok(None)`: it is not whole.
///
/// # Errors
/// When it is none that a client may send.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Frame, usize)>, ()> {
    let (Some(&first), Some(&second)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
    // A client masks.
    if second & 0x80 == 0 {
        return Err(());
    }
    let (length, head) = match second & 0x7f {
        126 => {
            let Some(long) = bytes.get(2..4).and_then(|long| long.try_into().ok()) else { return Ok(None) };
            (u64::from(u16::from_be_bytes(long)), 4)
        }
        127 => {
            let Some(long) = bytes.get(2..10).and_then(|long| long.try_into().ok()) else { return Ok(None) };
            (u64::from_be_bytes(long), 10)
        }
        short => (u64::from(short), 2),
    };
    let length = usize::try_from(length).ok().filter(|length| *length as u64 <= LONGEST).ok_or(())?;
    let end = head + 4 + length;
    let (Some(mask), Some(content)) = (bytes.get(head..head + 4), bytes.get(head + 4..end)) else {
        return Ok(None);
    };
    let plain: Vec<u8> = content.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    let frame = match first & 0x0f {
        0..=2 => Frame::Data(plain),
        CLOSE => Frame::Close,
        PING => Frame::Ping(plain),
        _ => Frame::Other,
    };
    Ok(Some((frame, end)))
}

fn frame(kind: u8, parts: [&[u8]; 2]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = vec![0x80 | kind];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => bytes.push(short),
        (_, Ok(long)) => {
            bytes.push(126);
            bytes.extend(long.to_be_bytes());
        }
        _ => {
            bytes.push(127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

/// Bytes on a channel.
pub(super) fn on(channel: u8, bytes: &[u8]) -> Vec<u8> {
    frame(BINARY, [&[channel], bytes])
}

/// The answer to a ping.
pub(super) fn pong(bytes: &[u8]) -> Vec<u8> {
    frame(PONG, [bytes.get(..bytes.len().min(125)).unwrap_or_default(), &[]])
}

/// The end, as usual.
pub(super) fn close() -> Vec<u8> {
    frame(CLOSE, [&1000_u16.to_be_bytes(), &[]])
}

#[cfg(test)]
mod unit {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_answered_as_the_rfc_shows() {
        let head = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                     Sec-WebSocket-Protocol: v5.channel.k8s.io,v4.channel.k8s.io\r\n\r\n";
        let (said, protocol) = upgrade(&Request::read(head), PROTOCOLS).unwrap();
        assert!(
            String::from_utf8(said)
                .unwrap()
                .contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
        );
        assert_eq!(protocol, "v5.channel.k8s.io");
        let other = String::from_utf8_lossy(head).replace("channel", "other");
        assert_eq!(
            upgrade(&Request::read(other.as_bytes()), PROTOCOLS),
            None,
            "in no protocol that is known"
        );
    }

    #[test]
    fn frames_are_read_without_their_mask() {
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(read(&hello), Ok(Some((Frame::Data(b"Hello".to_vec()), 11))));
        assert_eq!(read(&hello[..7]), Ok(None));
        assert_eq!(read(&[0x81, 0x05, 1]), Err(()));
        assert_eq!(on(1, b"ab"), [0x82, 3, 1, b'a', b'b']);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
