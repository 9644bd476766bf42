//! The transport below: TPKT (RFC 1006, 6) with COTP of class 0 (RFC 905, 13).

use crate::bytes::Reader;

/// Bytes of a TPKT's head.
pub(super) const HEAD: usize = 4;
/// Longest packet: the largest TPDU with its head.
pub(super) const LONGEST: usize = 8192 + 16;

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// A connection is asked for: the peer's reference, the calling and the called end, and the exponent of
    /// the
    /// size of TPDUs.
    Connect {
        reference: u16,
        calling: Vec<u8>,
        called: Vec<u8>,
        size: u8,
    },
    /// Data; whether more of it follows.
    Data(Vec<u8>, bool),
    Disconnect,
    /// None of these.
    Other,
}

/// The length of the packet that `bytes` begin, as far as it is known; an error where they begin none.
pub(super) fn whole(bytes: &[u8]) -> Result<Option<usize>, ()> {
    let mut reader = Reader::new(bytes);
    match reader.byte() {
        None => return Ok(None),
        Some(3) => {}
        Some(_) => return Err(()),
    }
    let (Some(_), Some(length)) = (reader.byte(), reader.word()) else { return Ok(None) };
    let length = usize::from(length);
    if (HEAD + 3..=LONGEST).contains(&length) { Ok(Some(length)) } else { Err(()) }
}

impl Packet {
    /// Reads what is behind the head of a TPKT.
    pub(super) fn read(body: &[u8]) -> Option<Packet> {
        let mut reader = Reader::new(body);
        let header = reader.byte()?;
        let mut header = Reader::new(reader.take(usize::from(header))?);
        match header.byte()? & 0xf0 {
            0xe0 => {
                let (_, reference, _) = (header.word()?, header.word()?, header.byte()?);
                let (mut calling, mut called, mut size) = (Vec::new(), Vec::new(), 10);
                while let (Some(code), Some(length)) = (header.byte(), header.byte()) {
                    let value = header.take(usize::from(length))?;
                    match (code, value) {
                        (0xc1, _) => calling = value.to_vec(),
                        (0xc2, _) => called = value.to_vec(),
                        (0xc0, [exponent]) => size = *exponent,
                        _ => {}
                    }
                }
                Some(Packet::Connect { reference, calling, called, size })
            }
            0xf0 => {
                let number = header.byte()?;
                Some(Packet::Data(reader.rest().to_vec(), number & 0x80 == 0))
            }
            0x80 => Some(Packet::Disconnect),
            _ => Some(Packet::Other),
        }
    }
}

/// A TPKT around `body`.
fn packet(body: &[u8]) -> Vec<u8> {
    let all = u16::try_from(body.len() + HEAD).unwrap_or(u16::MAX).to_be_bytes();
    [&[3, 0][..], &all, body].concat()
}

/// The connection is granted.
pub(super) fn confirm(reference: u16, calling: &[u8], called: &[u8], size: u8) -> Vec<u8> {
    let mut header = vec![0xd0];
    header.extend(reference.to_be_bytes());
    header.extend([0, 3, 0, 0xc0, 1, size.min(10)]);
    for (code, value) in [(0xc1, calling), (0xc2, called)] {
        header.extend([code, u8::try_from(value.len()).unwrap_or_default()]);
        header.extend(value);
    }
    packet(&[&[u8::try_from(header.len()).unwrap_or_default()][..], &header].concat())
}

/// The connection is refused.
pub(super) fn refuse(reference: u16) -> Vec<u8> {
    let [high, low] = reference.to_be_bytes();
    // The reason: address unknown.
    packet(&[6, 0x80, high, low, 0, 0, 3])
}

/// Data in one piece.
pub(super) fn data(bytes: &[u8]) -> Vec<u8> {
    packet(&[&[2, 0xf0, 0x80][..], bytes].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_read_and_granted() {
        let asked = hex::decode("0300001611e00000001400c1020100c2020102c0010a").unwrap();
        assert_eq!(whole(&asked), Ok(Some(22)));
        let packet = Packet::read(&asked[HEAD..]).unwrap();
        let connect = Packet::Connect { reference: 20, calling: vec![1, 0], called: vec![1, 2], size: 10 };
        assert_eq!(packet, connect);
        let granted = confirm(20, &[1, 0], &[1, 2], 10);
        assert_eq!(hex::encode(granted), "0300001611d00014000300c0010ac1020100c2020102");
        assert_eq!(whole(b"\x03\0"), Ok(None));
        assert_eq!((whole(b"GET "), whole(b"\x03\0\0\x04")), (Err(()), Err(())));
        assert_eq!(Packet::read(&[2, 0xf0, 0x80, 9]), Some(Packet::Data(vec![9], false)));
        assert_eq!(Packet::read(&[9, 0xe0]), None);
    }
}
