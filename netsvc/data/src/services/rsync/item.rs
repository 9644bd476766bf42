//! What both sides say of one file: what is to be done with it, and which blocks of an old one there are (`rsync.h`).

use super::wire::{Reader, vstring};

/// Its content is transferred.
pub(super) const TRANSFER: u16 = 1 << 15;
/// It is changed where it is.
pub(super) const LOCAL: u16 = 1 << 14;
/// It was not there before.
pub(super) const NEW: u16 = 1 << 13;
const NAMED: u16 = 1 << 12;
const BASIS: u16 = 1 << 11;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// Flags.
    pub(super) flags: u16,
    /// Which kind of old file there is.
    basis: Option<u8>,
    /// Its name.
    name: Option<Vec<u8>>,
    /// Number of blocks, their length, the length of their checksums, the length of the last block.
    pub(super) head: [i32; 4],
}

impl Item {
    /// Something that is done.
    pub(super) fn new(flags: u16) -> Item {
        Item { flags, ..Item::default() }
    }

    /// Reads one behind its index; `dry`: nothing is transferred. `None`: it is not there as a whole.
    pub(super) fn read(reader: &mut Reader<'_>, dry: bool) -> Option<Item> {
        let mut item = Item::new(reader.short()?);
        if item.flags & BASIS != 0 {
            item.basis = Some(reader.byte()?);
        }
        if item.flags & NAMED != 0 {
            item.name = Some(reader.vstring()?.to_vec());
        }
        if item.flags & TRANSFER != 0 && !dry {
            for number in &mut item.head {
                *number = reader.int()?;
            }
        }
        Some(item)
    }

    /// The item on the wire; with numbers of blocks where it is transferred.
    pub(super) fn written(&self) -> Vec<u8> {
        let mut out = self.flags.to_le_bytes().to_vec();
        out.extend(self.basis);
        if let Some(name) = &self.name {
            out.extend(vstring(&String::from_utf8_lossy(name)));
        }
        if self.flags & TRANSFER != 0 {
            out.extend(self.head.iter().flat_map(|number| number.to_le_bytes()));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_back() {
        let bytes = b"\x00\xb8\x83\x02ab\x01\0\0\0\xbc\x02\0\0\x02\0\0\0\x06\0\0\0";
        let mut reader = Reader::new(bytes);
        let item = Item::read(&mut reader, false).unwrap();
        assert_eq!((item.head, reader.read()), ([1, 700, 2, 6], bytes.len()));
        assert_eq!(item.written(), bytes);
        assert_eq!(Item::read(&mut Reader::new(b"\x00\x80\x01"), false), None);
        assert_eq!(Item::read(&mut Reader::new(b"\x00\x80"), true), Some(Item::new(TRANSFER)));
    }
}
