//! Reading and writing of variables.

use super::super::{device::Site, peer::Peer, plant::Space};
use crate::bytes::{Reader, length};

/// Codes of an item.
const DONE: u8 = 0xff;
const NO_ADDRESS: u8 = 0x05;
const NO_TYPE: u8 = 0x06;
const NO_OBJECT: u8 = 0x0a;

/// Data blocks that the program has, with their lengths.
pub(super) const BLOCKS: [(u16, u16); 4] = [(1, 64), (2, 256), (10, 120), (20, 40)];
/// Bytes of marks, inputs and outputs.
const MARKS: u16 = 256;
const IMAGE: u16 = 128;

/// An item of a request: what is wanted, and how it is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Kind of the values: 1 bit, 2 byte, 4 word, ….
    kind: u8,
    count: u16,
    block: u16,
    area: u8,
    /// In bits.
    at: u32,
}

impl Item {
    /// Reads an item; `None`: it is not of the kind that is addressed so.
    fn read(reader: &mut Reader<'_>) -> Option<Option<Item>> {
        let (marker, size) = (reader.byte()?, reader.byte()?);
        let mut item = Reader::new(reader.take(size.into())?);
        if marker != 0x12 || item.byte()? != 0x10 {
            return Some(None);
        }
        let (kind, count, block) = (item.byte()?, item.word()?, item.word()?);
        Some(Some(Item { kind, count, block, area: item.byte()?, at: item.number(3)? }))
    }

    /// All items of a request; `None` where there are not as many as it says.
    pub(super) fn all(parameters: &[u8]) -> Option<Vec<Option<Item>>> {
        let mut reader = Reader::new(parameters);
        let (_, count) = (reader.byte()?, reader.byte()?);
        (0..count).map(|_| Item::read(&mut reader)).collect()
    }

    /// The bytes of its values.
    fn size(&self) -> Option<usize> {
        let width = match self.kind {
            1..=3 => 1,
            4 | 5 | 0x1c | 0x1d => 2,
            6..=8 => 4,
            _ => return None,
        };
        Some(usize::from(self.count) * width)
    }

    /// Where it is, or why it is not.
    fn place(&self) -> Result<(Space, u16, usize), u8> {
        let size = self.size().filter(|size| *size > 0).ok_or(NO_TYPE)?;
        let (space, there) = match self.area {
            0x81 => (Space::Inputs, IMAGE),
            0x82 => (Space::Outputs, IMAGE),
            0x83 => (Space::Marks, MARKS),
            // Timers and counters are counted in twos.
            0x1c | 0x1d => (Space::Block(u16::from(self.area)), 512),
            0x84 => {
                let known = BLOCKS.iter().find(|(number, _)| *number == self.block);
                let (number, there) = known.copied().ok_or(NO_OBJECT)?;
                (if number == 1 { Space::Process } else { Space::Block(number) }, there)
            }
            _ => return Err(NO_OBJECT),
        };
        let at = if matches!(self.area, 0x1c | 0x1d) { self.at * 2 } else { self.at / 8 };
        let at = u16::try_from(at).map_err(|_| NO_ADDRESS)?;
        let fits = usize::from(at) + size <= usize::from(there);
        if fits { Ok((space, at, size)) } else { Err(NO_ADDRESS) }
    }

    /// What it is called, for the record.
    pub(super) fn name(&self) -> String {
        let area = match self.area {
            0x81 => "I".to_owned(),
            0x82 => "Q".to_owned(),
            0x83 => "M".to_owned(),
            0x84 => format!("DB{}", self.block),
            0x1c => "C".to_owned(),
            0x1d => "T".to_owned(),
            other => format!("area{other:02x}"),
        };
        format!("{area}.{}.{} type {} count {}", self.at / 8, self.at % 8, self.kind, self.count)
    }

    /// The answer to its being read.
    pub(super) fn get(&self, peer: &Peer, site: &Site) -> Vec<u8> {
        let (space, at, size) = match self.place() {
            Ok(place) => place,
            Err(code) => return vec![code, 0, 0, 0],
        };
        let bytes: Vec<u8> = peer.look(site, |plant, second, deeds| {
            (at..).take(size).map(|at| plant.byte(space, at, second, deeds)).collect()
        });
        match self.kind {
            1 => {
                let byte = bytes.first().copied().unwrap_or_default();
                vec![DONE, 3, 0, 1, byte >> (self.at % 8) & 1]
            }
            // Reals and octets are counted in bytes, all others in bits.
            8 | 0x1c | 0x1d => [&[DONE, 9][..], &length(&bytes), &bytes].concat(),
            _ => {
                let bits = u16::try_from(bytes.len() * 8).unwrap_or(u16::MAX).to_be_bytes();
                [&[DONE, 4][..], &bits, &bytes].concat()
            }
        }
    }

    /// Writes `values` to it; the code that answers that.
    pub(super) fn set(&self, peer: &Peer, site: &Site, values: &[u8]) -> u8 {
        let (space, at, size) = match self.place() {
            Ok(place) => place,
            Err(code) => return code,
        };
        if values.len() != size || (self.kind == 1 && self.count != 1) {
            return 0x07;
        }
        if self.kind == 1 {
            let on = values.first().is_some_and(|value| value & 1 == 1);
            let bit = at.saturating_mul(8).saturating_add(u16::try_from(self.at % 8).unwrap_or_default());
            return if peer.set_bit(site, space, bit, on) { DONE } else { 0x03 };
        }
        if peer.write(site, space, at, values) { DONE } else { 0x03 }
    }
}

/// The values that a request to write brings, one for each item.
pub(super) fn values(data: &[u8], count: usize) -> Option<Vec<Vec<u8>>> {
    let mut reader = Reader::new(data);
    let mut all = Vec::new();
    for _ in 0..count {
        let (_, kind, length) = (reader.byte()?, reader.byte()?, usize::from(reader.word()?));
        let size = if matches!(kind, 4 | 5) { length.div_ceil(8) } else { length };
        all.push(reader.take(size)?.to_vec());
        // Each but the last is filled up to an even length.
        if size % 2 == 1 && !reader.is_empty() {
            reader.take(1)?;
        }
    }
    Some(all)
}
