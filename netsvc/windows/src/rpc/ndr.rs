//! NDR 2.0 (C706 chapter 14): values at places that their size divides, what pointers lead to behind them.

use crate::wire::{Put, Reader, count, short, text, utf16};

/// Longest text that is read.
const LONGEST: u32 = 4096;

/// A value that is written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    out: Vec<u8>,
    pointers: u32,
}

impl Written {
    pub(crate) fn new() -> Self {
        Written::default()
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.out.u8(value);
        self
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.out.pad(2).u16(value);
        self
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.out.pad(4).u32(value);
        self
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.out.pad(8).u64(value);
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.bytes(bytes);
        self
    }

    /// A pointer to something, or to nothing.
    pub(crate) fn pointer(&mut self, something: bool) -> &mut Self {
        if !something {
            return self.u32(0);
        }
        self.pointers += 1;
        let referent = 0x0002_0000 + 4 * (self.pointers - 1);
        self.u32(referent)
    }

    /// A text that ends with a zero, where a pointer to it leads.
    pub(crate) fn string(&mut self, text: &str) -> &mut Self {
        let units = utf16(&format!("{text}\0"));
        let length = count(units.len() / 2);
        self.u32(length).u32(0).u32(length).bytes(&units)
    }

    /// A counted text's lengths and its pointer; [`Written::counted`] is where that leads.
    pub(crate) fn unicode(&mut self, text: &str) -> &mut Self {
        let length = short(utf16(text).len());
        self.u16(length).u16(length).pointer(true)
    }

    /// What the pointer of a counted text leads to.
    pub(crate) fn counted(&mut self, text: &str) -> &mut Self {
        let units = utf16(text);
        let length = count(units.len() / 2);
        self.u32(length).u32(0).u32(length).bytes(&units)
    }

    /// An identifier of an account or a domain, where a pointer to it leads: `S-1-authority-numbers`.
    pub(crate) fn sid(&mut self, authority: u8, numbers: &[u32]) -> &mut Self {
        let length = count(numbers.len());
        self.u32(length).u8(1).u8(u8::try_from(length).unwrap_or(0)).bytes(&[0, 0, 0, 0, 0, authority]);
        for number in numbers {
            self.u32(*number);
        }
        self
    }

    /// Goes on where a structure of such values begins.
    pub(crate) fn align(&mut self, size: usize) -> &mut Self {
        self.out.pad(size);
        self
    }

    pub(crate) fn done(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}

/// A value that is read.
pub(crate) struct Read<'a>(Reader<'a>);

impl<'a> Read<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Read(Reader::new(bytes))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.0.align(4)?;
        self.0.u32()
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.0.align(2)?;
        self.0.u16()
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        self.0.take(count)
    }

    /// The fixed part of a counted text.
    pub(crate) fn unicode(&mut self) -> Option<()> {
        self.u16()?;
        self.u16()?;
        self.u32().map(drop)
    }

    /// An identifier: its authority and its numbers.
    pub(crate) fn sid(&mut self) -> Option<(u8, Vec<u32>)> {
        let length = self.u32().filter(|length| *length <= 15)?;
        let authority = *self.0.take(8)?.last()?;
        let numbers = (0..length).map(|_| self.u32()).collect::<Option<Vec<u32>>>()?;
        Some((authority, numbers))
    }

    /// A text; without the zero at its end.
    pub(crate) fn string(&mut self) -> Option<String> {
        self.u32()?;
        self.u32()?;
        let length = self.u32().filter(|length| *length <= LONGEST)?;
        let units = self.0.take(usize::try_from(length).ok()? * 2)?;
        Some(text(units).trim_end_matches('\0').to_owned())
    }

    /// A text where a pointer leads to one.
    pub(crate) fn maybe_string(&mut self) -> Option<Option<String>> {
        if self.u32()? == 0 {
            return Some(None);
        }
        self.string().map(Some)
    }
}

/// A handle for something of this kind: what it is stands in it, so that nothing has to be kept for it.
pub(crate) fn handle(kind: u32, number: u32) -> [u8; 20] {
    let mut out = vec![0, 0, 0, 0];
    // The rest of what looks like a GUID.
    out.u32(kind ^ MASK).u32(number ^ MASK).bytes(&[0x8d, 0x46, 0xb5, 0x1e, 0xe2, 0x09, 0x7c, 0x93]);
    out.try_into().unwrap_or([0; 20])
}

/// Kind and number of what a handle is for.
pub(crate) fn handled(handle: &[u8]) -> Option<(u32, u32)> {
    let mut reader = Reader::new(handle.get(4..20)?);
    Some((reader.u32()? ^ MASK, reader.u32()? ^ MASK))
}

/// What numbers in handles are mixed with.
const MASK: u32 = 0x9b1f_4ce3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut written = Written::new();
        written.pointer(true).string("a").pointer(false).u8(7).u32(5);
        let bytes = written.done();
        let mut read = Read::new(&bytes);
        assert_eq!(read.maybe_string(), Some(Some("a".to_owned())));
        assert_eq!(read.maybe_string(), Some(None));
        assert_eq!(read.take(1), Some(&[7][..]));
        assert_eq!(read.u32(), Some(5));
        assert_eq!(Read::new(&[0xff; 12]).string(), None);
        let bytes = Written::new().sid(5, &[21, 7, 9]).done();
        assert_eq!((bytes.len(), Read::new(&bytes).sid()), (24, Some((5, vec![21, 7, 9]))));
        assert_eq!(handled(&handle(3, 500)), Some((3, 500)));
    }
}
