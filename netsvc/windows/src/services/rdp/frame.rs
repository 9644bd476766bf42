//! Where a message ends: TPKT (RFC 1006) around X.224, fast-path input ([MS-RDPBCGR] §2.2.8.1.2), and ASN.1 while
//! CredSSP is spoken.

use netsvc_daemon::der::{self, Length};
use netsvc_kit::Gathered;

/// Bytes before what TPKT carries.
const HEAD: usize = 4;
/// Longest message of CredSSP; NTLM's are some hundred bytes, Kerberos' tickets some thousand.
const CREDSSP: usize = 32 * 1024;

/// What waits to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// More bytes are needed.
    Wait,
    /// What TPKT carries.
    Slow(Vec<u8>),
    /// Fast-path input, whole.
    Fast(Vec<u8>),
    /// It is no message.
    Broken,
}

/// The next message.
pub(super) fn next(input: &mut Gathered) -> Frame {
    let bytes = input.bytes();
    let (Some(first), Some(second)) = (bytes.first(), bytes.get(1)) else { return Frame::Wait };
    let slow = match first {
        3 => true,
        first if first & 3 == 0 => false,
        _ => return Frame::Broken,
    };
    let long = u16::from_be_bytes([second & 0x7f, bytes.get(2).copied().unwrap_or_default()]);
    let length = match (slow, bytes.get(..HEAD), second & 0x80 != 0, bytes.len()) {
        (true, Some([_, _, high, low]), ..) => usize::from(u16::from_be_bytes([*high, *low])),
        (true, ..) | (false, _, true, 0..3) => return Frame::Wait,
        (false, _, true, _) => usize::from(long),
        (false, ..) => usize::from(*second),
    };
    if length < if slow { HEAD + 2 } else { 3 } {
        return Frame::Broken;
    }
    if bytes.len() < length {
        return Frame::Wait;
    }
    let mut whole = input.take(length);
    if slow { Frame::Slow(whole.split_off(HEAD)) } else { Frame::Fast(whole) }
}

/// The next message of CredSSP, which stands here as [`Frame::Slow`] does.
pub(super) fn next_request(input: &mut Gathered) -> Frame {
    match der::length(input.bytes()) {
        Length::Unknown => Frame::Wait,
        Length::Whole(length) if length <= CREDSSP => {
            if input.len() < length {
                Frame::Wait
            } else {
                Frame::Slow(input.take(length))
            }
        }
        Length::Whole(_) | Length::Invalid => Frame::Broken,
    }
}

/// `payload` within TPKT.
pub(super) fn tpkt(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + HEAD).unwrap_or(u16::MAX);
    [&[3, 0], &length.to_be_bytes()[..], payload].concat()
}

/// `payload` within a data TPDU of X.224.
pub(super) fn data(payload: &[u8]) -> Vec<u8> {
    tpkt(&[&[2, 0xf0, 0x80], payload].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(bytes: &[u8]) -> Gathered {
        let mut input = Gathered::new(1 << 17);
        input.push(bytes).unwrap();
        input
    }

    #[test]
    fn messages_end_where_they_say() {
        for (bytes, expected) in [
            (&b""[..], Frame::Wait),
            (b"\x03", Frame::Wait),
            (b"\x03\0\0\x08", Frame::Wait),
            (b"\x03\0\0\x08abcdef", Frame::Slow(b"abcd".to_vec())),
            (b"\x03\0\0\x05a", Frame::Broken),
            (b"\x44\x04\x1c\x10", Frame::Fast(b"\x44\x04\x1c\x10".to_vec())),
            (b"\x44\x80", Frame::Wait),
            (b"\x44\x80\x05\x1c\x10\x99", Frame::Fast(b"\x44\x80\x05\x1c\x10".to_vec())),
            (b"\x44\x02\x1c", Frame::Broken),
            (b"GET / HTTP/1.0\r\n", Frame::Broken),
        ] {
            assert_eq!(next(&mut gathered(bytes)), expected, "{bytes:?}");
        }
        assert_eq!(
            next_request(&mut gathered(b"\x30\x03\x02\x01\x06rest")),
            Frame::Slow(b"\x30\x03\x02\x01\x06".to_vec())
        );
        assert_eq!(next_request(&mut gathered(b"\x30\x84\x7f\0\0\0")), Frame::Broken);
        assert_eq!(data(b"x"), b"\x03\0\0\x08\x02\xf0\x80x");
    }
}
