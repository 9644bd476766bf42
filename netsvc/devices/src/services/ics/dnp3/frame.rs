//! Frames of the link layer: a header with its check, and blocks of data with theirs.

use crate::bytes::Reader;

/// What every frame begins with.
pub(super) const START: [u8; 2] = [0x05, 0x64];
/// Bytes of a header with its check.
const HEADER: usize = 10;
/// Bytes of a block of data without its check.
const BLOCK: usize = 16;
/// Most data of a frame.
const DATA: usize = 250;
/// Longest frame.
pub(super) const LONGEST: usize = 292;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) control: u8,
    pub(super) to: u16,
    pub(super) from: u16,
    pub(super) data: Vec<u8>,
}

/// What bytes that begin with [`START`] are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The beginning of a frame.
    More,
    /// A frame of so many bytes.
    Frame(Frame, usize),
    /// None: a check is wrong.
    Broken,
}

/// The check of IEEE 1815, 9.2.4.3.
fn check(bytes: &[u8]) -> [u8; 2] {
    let crc = bytes.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 })
    });
    (!crc).to_le_bytes()
}

impl Frame {
    /// Reads a frame.
    pub(super) fn read(bytes: &[u8]) -> Found {
        let mut reader = Reader::new(bytes);
        let Some(header) = reader.take(HEADER) else { return Found::More };
        let Some((known, sum)) = header.split_at_checked(HEADER - 2) else { return Found::More };
        let mut fields = Reader::new(known);
        let (Some(_), Some(length), Some(control), Some(to), Some(from)) =
            (fields.word(), fields.byte(), fields.byte(), fields.word_le(), fields.word_le())
        else {
            return Found::More;
        };
        let Some(mut left) = usize::from(length).checked_sub(5).filter(|_| check(known) == sum) else {
            return Found::Broken;
        };
        let mut data = Vec::with_capacity(left);
        while left > 0 {
            let count = left.min(BLOCK);
            let (Some(block), Some(sum)) = (reader.take(count), reader.take(2)) else { return Found::More };
            if check(block) != sum {
                return Found::Broken;
            }
            data.extend(block);
            left -= count;
        }
        Found::Frame(Frame { control, to, from, data }, bytes.len() - reader.len())
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let data = self.data.get(..DATA).unwrap_or(&self.data);
        let length = u8::try_from(data.len() + 5).unwrap_or(u8::MAX);
        let mut bytes = vec![START[0], START[1], length, self.control];
        bytes.extend([self.to, self.from].map(u16::to_le_bytes).concat());
        bytes.extend(check(&bytes));
        for block in data.chunks(BLOCK) {
            bytes.extend(block);
            bytes.extend(check(block));
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_its_checks_are_looked_at() {
        // Request link status, from 1 to 3.
        let asked = hex::decode("056405c90300010039ed").unwrap();
        let Found::Frame(frame, 10) = Frame::read(&asked) else { panic!("{:?}", Frame::read(&asked)) };
        assert_eq!((frame.control, frame.to, frame.from), (0xc9, 3, 1));
        let long = Frame { control: 0x44, to: 1, from: 3, data: (0..40).collect() };
        let bytes = long.write();
        assert_eq!(Frame::read(&bytes), Found::Frame(long, bytes.len()));
        for at in 2..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(!matches!(Frame::read(&changed), Found::Frame(..)), "{at}");
            assert_eq!(Frame::read(&bytes[..at]), Found::More);
        }
    }
}
