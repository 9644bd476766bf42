//! Numbers and frames as rsync writes them (`io.c` of rsync 3: varint, varlong, vstring, indexes, messages).

/// Number of the tag of data; other messages stand around it.
const BASE: u32 = 7;
/// Most bytes of one frame.
const FRAME: usize = 32 * 1024;
/// Index that says that a phase is over.
pub(super) const DONE: i64 = -1;
/// Index that is followed by how much was deleted.
pub(super) const DELETED: i64 = -3;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Part of the stream.
    Data = 0,
    /// An error with one file.
    Failed = 1,
    /// Something to be shown.
    Info = 2,
    /// An error.
    Error = 3,
    /// The end, with an exit code.
    Exit = 86,
    /// A file that cannot be sent, with its index.
    Missing = 102,
}

/// A frame of `content`, which is short.
pub(super) fn message(tag: Tag, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(0).min(0x00ff_ffff);
    let head = (BASE + tag as u32) << 24 | length;
    [&head.to_le_bytes(), content].concat()
}

/// `data` in frames.
pub(super) fn framed(data: &[u8]) -> Vec<u8> {
    data.chunks(FRAME).flat_map(|piece| message(Tag::Data, piece)).collect()
}

/// Tag and length of the frame that begins with these four bytes; `None`: it is none.
pub(super) fn frame(head: [u8; 4]) -> Option<(u32, usize)> {
    let head = u32::from_le_bytes(head);
    let tag = (head >> 24).checked_sub(BASE)?;
    Some((tag, usize::try_from(head & 0x00ff_ffff).unwrap_or_default()))
}

/// A number of at most four bytes, the fewer the smaller it is.
pub(super) fn varint(number: u32) -> Vec<u8> {
    variable(u64::from(number), 1, 4)
}

/// A number of at most eight bytes, `least` or more of them.
pub(super) fn varlong(number: u64, least: usize) -> Vec<u8> {
    variable(number, least, 8)
}

/// The first byte says in its upper bits how many bytes follow beyond the `least`; its lower ones are the number's
/// highest.
fn variable(number: u64, least: usize, most: usize) -> Vec<u8> {
    let bytes = number.to_le_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let mut count = most;
    while least < count && at(count - 1) == 0 {
        count -= 1;
    }
    let bit = 1_u8.checked_shl(u32::try_from(7 + least - count).unwrap_or_default()).unwrap_or_default();
    let mut out = Vec::with_capacity(count + 1);
    if bit <= at(count - 1) {
        out.push(!(bit.wrapping_sub(1)));
        out.extend(bytes.iter().take(count));
    } else {
        let marks = if least < count { !(bit.wrapping_mul(2).wrapping_sub(1)) } else { 0 };
        out.push(at(count - 1) | marks);
        out.extend(bytes.iter().take(count - 1));
    }
    out
}

/// A text with its length.
pub(super) fn vstring(text: &str) -> Vec<u8> {
    let length = text.len().min(0x7fff);
    let mut out = Vec::with_capacity(length + 2);
    if 0x7f < length {
        out.push(u8::try_from(length >> 8).unwrap_or(0x7f) | 0x80);
    }
    out.push((length & 0xff) as u8);
    out.extend(text.bytes().take(length));
    out
}

/// Bytes that are read as far as they are there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their beginning.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn read(&self) -> usize {
        self.at
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A number of two bytes.
    pub(super) fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// A number of four bytes.
    pub(super) fn int(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    /// See [`varint`].
    pub(super) fn varint(&mut self) -> Option<u32> {
        self.variable(1, 4).map(|number| (number & 0xffff_ffff) as u32)
    }

    /// See [`varlong`].
    pub(super) fn varlong(&mut self, least: usize) -> Option<u64> {
        self.variable(least, 8)
    }

    fn variable(&mut self, least: usize, most: usize) -> Option<u64> {
        let first = self.byte()?;
        // As many ones as bytes follow beyond the least.
        let extra = usize::try_from(first.leading_ones().min(6)).unwrap_or_default();
        let rest = self.take(least - 1 + extra)?;
        let high = first & (0xff_u8 >> extra);
        let mut bytes = [0; 8];
        let all = rest.iter().copied().chain([high]).take(most.min(8));
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        Some(u64::from_le_bytes(bytes))
    }

    /// See [`vstring`].
    pub(super) fn vstring(&mut self) -> Option<&'a [u8]> {
        let first = self.byte()?;
        let length = if first & 0x80 == 0 {
            usize::from(first)
        } else {
            usize::from(first & 0x7f) << 8 | usize::from(self.byte()?)
        };
        self.take(length)
    }
}

/// Indexes as one side writes them: each as the distance from the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indexes {
    positive: i64,
    negative: i64,
}

impl Default for Indexes {
    fn default() -> Self {
        Indexes { positive: -1, negative: 1 }
    }
}

impl Indexes {
    /// Writes `index`.
    pub(super) fn write(&mut self, index: i64) -> Vec<u8> {
        if index == DONE {
            return vec![0];
        }
        let mut out = Vec::new();
        let (last, number) =
            if index < 0 { (&mut self.negative, -index) } else { (&mut self.positive, index) };
        if index < 0 {
            out.push(0xff);
        }
        let distance = number - *last;
        *last = number;
        match u8::try_from(distance) {
            Ok(near) if near != 0 && near < 0xfe => out.push(near),
            _ if (0..0x8000).contains(&distance) => {
                out.push(0xfe);
                out.extend(((distance & 0x7fff) as u16).to_be_bytes());
            }
            _ => {
                let [low, second, third, high] = ((number & 0x7fff_ffff) as u32).to_le_bytes();
                out.extend([0xfe, high | 0x80, low, second, third]);
            }
        }
        out
    }

    /// Reads an index.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>) -> Option<i64> {
        let first = reader.byte()?;
        if first == 0 {
            return Some(DONE);
        }
        let is_negative = first == 0xff;
        let near = if is_negative { reader.byte()? } else { first };
        let last = if is_negative { self.negative } else { self.positive };
        let number = if near == 0xfe {
            let [high, low] = reader.array::<2>()?;
            if high & 0x80 == 0 {
                i64::from(u16::from_be_bytes([high, low])).saturating_add(last)
            } else {
                let [second, third] = reader.array::<2>()?;
                i64::from(u32::from_le_bytes([low, second, third, high & 0x7f]))
            }
        } else {
            i64::from(near).saturating_add(last)
        };
        if is_negative {
            self.negative = number;
        } else {
            self.positive = number;
        }
        Some(if is_negative { -number } else { number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_those_of_recorded_sessions() {
        assert_eq!((varint(0x1ff), varint(0x1fe), varint(0)), (vec![0x81, 0xff], vec![0x81, 0xfe], vec![0]));
        // A folder of 4096 bytes, and a time of the year 2026.
        assert_eq!(varlong(4096, 3), [0, 0, 0x10]);
        assert_eq!(Reader::new(&[0x6b, 0x1f, 0xf7, 0x0c]).varlong(4), Some(0x6b0c_f71f));
        assert_eq!(Reader::new(&[0xac, 0x01]).varint(), Some(0x2c01));
        assert_eq!(Reader::new(&[0xe6, 0x7e, 0xe7, 0x96]).varint(), Some(0x0696_e77e));
        assert_eq!(Reader::new(&[0xe6, 0x7e, 0xe7]).varint(), None);
        assert_eq!(message(Tag::Exit, &[1, 0, 0, 0]), b"\x04\0\0]\x01\0\0\0");
    }

    proptest! {
        #[test]
        fn numbers_come_back(small: u32, large in 0..(1_u64 << 62), least in 3..5_usize) {
            prop_assert_eq!(Reader::new(&varint(small)).varint(), Some(small));
            prop_assert_eq!(Reader::new(&varlong(large, least)).varlong(least), Some(large));
        }

        #[test]
        fn indexes_come_back(indexes in proptest::collection::vec(-5..200_000_i64, 0..40)) {
            let (mut writes, mut reads) = (Indexes::default(), Indexes::default());
            let bytes: Vec<u8> = indexes.iter().flat_map(|index| writes.write(*index)).collect();
            let mut reader = Reader::new(&bytes);
            for index in indexes {
                prop_assert_eq!(reads.read(&mut reader), Some(index));
            }
            prop_assert_eq!(reader.read(), bytes.len());
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            let mut indexes = Indexes::default();
            while reader.varint().is_some() && reader.varlong(3).is_some() && reader.vstring().is_some() {
                let _ = indexes.read(&mut reader);
            }
        }
    }
}
