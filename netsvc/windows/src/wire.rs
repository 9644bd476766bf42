//! Little-endian fields of messages, read within bounds and written.

/// Seconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600;

/// Fields of a message, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// Where the next field is.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(drop)
    }

    /// Goes on where `count` divides the place.
    pub(crate) fn align(&mut self, count: usize) -> Option<()> {
        self.skip(self.at.next_multiple_of(count) - self.at)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

/// `length` bytes of `bytes` from `offset` on.
pub(crate) fn piece(bytes: &[u8], offset: usize, length: usize) -> Option<&[u8]> {
    bytes.get(offset..offset.checked_add(length)?)
}

/// UTF-16 as text; what is none becomes U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes(pair.try_into().unwrap_or_default()));
    char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()
}

/// `text` as UTF-16.
pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A length as messages have it.
pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// As [`count`], in two bytes.
pub(crate) fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// µs since 1970 as the tenths of them since 1601; 0 stays 0.
pub(crate) fn filetime(micros: i64) -> u64 {
    if micros == 0 {
        return 0;
    }
    u64::try_from(micros.saturating_add(EPOCH * 1_000_000).saturating_mul(10)).unwrap_or(0)
}

/// [`filetime`] the other way round.
pub(crate) fn micros(filetime: u64) -> i64 {
    i64::try_from(filetime / 10).unwrap_or(i64::MAX).saturating_sub(EPOCH * 1_000_000)
}

/// Writing of fields.
pub(crate) trait Put {
    fn u8(&mut self, value: u8) -> &mut Self;
    fn u16(&mut self, value: u16) -> &mut Self;
    fn u32(&mut self, value: u32) -> &mut Self;
    fn u64(&mut self, value: u64) -> &mut Self;
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self;
    /// Zeros up to where `count` divides the length.
    fn pad(&mut self, count: usize) -> &mut Self;
    /// `text` as UTF-16.
    fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(&utf16(text))
    }
    /// Writes `value` over what stands at `place`.
    fn patch(&mut self, place: usize, value: &[u8]);
}

impl Put for Vec<u8> {
    fn u8(&mut self, value: u8) -> &mut Self {
        self.push(value);
        self
    }

    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.extend_from_slice(bytes);
        self
    }

    fn pad(&mut self, count: usize) -> &mut Self {
        self.resize(self.len().next_multiple_of(count), 0);
        self
    }

    fn patch(&mut self, place: usize, value: &[u8]) {
        let target = self.iter_mut().skip(place);
        target.zip(value).for_each(|(to, from)| *to = *from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_they_are_written() {
        let mut out = Vec::new();
        out.u8(1).u16(2).pad(4).u32(3).u64(4).text("é");
        let mut reader = Reader::new(&out);
        assert_eq!((reader.u8(), reader.u16()), (Some(1), Some(2)));
        reader.align(4).unwrap();
        assert_eq!((reader.u32(), reader.u64(), text(reader.rest())), (Some(3), Some(4), "é".to_owned()));
        assert_eq!(reader.take(3), None);
        out.patch(0, &[9, 9]);
        assert_eq!(out.first(), Some(&9));
        assert_eq!(filetime(0), 0);
        assert_eq!(filetime(1_000_000), 116_444_736_010_000_000);
        assert_eq!(micros(filetime(1_795_238_403_000_000)), 1_795_238_403_000_000);
    }
}
