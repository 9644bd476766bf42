//! Packets: their length, and reading what is in them (MQTT 5.0 §2).

/// Kinds of packets.
pub(super) mod kind {
    pub(in super::super) const CONNECT: u8 = 1;
    pub(in super::super) const CONNACK: u8 = 2;
    pub(in super::super) const PUBLISH: u8 = 3;
    pub(in super::super) const PUBACK: u8 = 4;
    pub(in super::super) const PUBREC: u8 = 5;
    pub(in super::super) const PUBREL: u8 = 6;
    pub(in super::super) const PUBCOMP: u8 = 7;
    pub(in super::super) const SUBSCRIBE: u8 = 8;
    pub(in super::super) const SUBACK: u8 = 9;
    pub(in super::super) const UNSUBSCRIBE: u8 = 10;
    pub(in super::super) const UNSUBACK: u8 = 11;
    pub(in super::super) const PINGREQ: u8 = 12;
    pub(in super::super) const PINGRESP: u8 = 13;
    pub(in super::super) const DISCONNECT: u8 = 14;
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// With this reason, which version 5 is told.
    Told(u8),
    /// Without a word.
    Silent,
}

/// The packet is not what it should be.
pub(super) const MALFORMED: Fault = Fault::Told(0x81);
/// It should not have come.
pub(super) const PROTOCOL: Fault = Fault::Told(0x82);

/// The head of a packet: its first byte, and how long head and rest are; `None` while that is not known.
pub(super) fn head(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>, Fault> {
    let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
    match number(rest) {
        Some((length, taken)) => Ok(Some((*first, 1 + taken, length))),
        None if rest.len() < 4 => Ok(None),
        None => Err(Fault::Silent),
    }
}

/// A number of one to four bytes, the lowest seven bits first, and how many bytes it took.
fn number(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

/// Appends such a number.
pub(super) fn put_number(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let more = if 0x7f < value { 0x80 } else { 0 };
        out.push((value & 0x7f) as u8 | more);
        value >>= 7;
        if value == 0 {
            return;
        }
    }
}

/// Appends `bytes` after their length in two bytes.
pub(super) fn put_text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A packet.
pub(super) fn packet(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind << 4 | flags];
    put_number(&mut packet, body.len());
    packet.extend_from_slice(body);
    packet
}

/// What is left of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.bytes(1)?.first().copied().unwrap_or_default())
    }

    pub(super) fn short(&mut self) -> Result<u16, Fault> {
        Ok(self.bytes(2)?.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes)))
    }

    pub(super) fn long(&mut self) -> Result<u32, Fault> {
        Ok(self.bytes(4)?.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)))
    }

    pub(super) fn number(&mut self) -> Result<usize, Fault> {
        let (value, taken) = number(self.0).ok_or(MALFORMED)?;
        self.bytes(taken)?;
        Ok(value)
    }

    /// Bytes after their length.
    pub(super) fn data(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.short()?;
        self.bytes(usize::from(length))
    }

    /// The same, as text: no control characters of ASCII, and no other code than UTF-8.
    pub(super) fn text(&mut self) -> Result<&'a [u8], Fault> {
        let data = self.data()?;
        let text = std::str::from_utf8(data).map_err(|_| MALFORMED)?;
        if text.chars().any(char::is_control) { Err(MALFORMED) } else { Ok(data) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_they_come() {
        for (bytes, expected) in [
            (&b""[..], Ok(None)),
            (b"\x10", Ok(None)),
            (b"\x10\x05", Ok(Some((0x10, 2, 5)))),
            (b"\x10\xff", Ok(None)),
            (b"\x10\xff\xff\xff\x7f", Ok(Some((0x10, 5, 268_435_455)))),
            (b"\x10\xff\xff\xff\xff\x7f", Err(Fault::Silent)),
        ] {
            assert_eq!(head(bytes), expected, "{bytes:x?}");
        }
        for value in [0, 127, 128, 16_383, 16_384] {
            let mut out = Vec::new();
            put_number(&mut out, value);
            assert_eq!(number(&out), Some((value, out.len())));
        }
    }
}
