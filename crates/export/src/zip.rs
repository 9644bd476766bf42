//! A file in a ZIP archive with a password, as analysts hand malware to each other: no scanner on the way opens it, and
//! nobody runs it by a click.
//!
//! The encryption is the traditional one (ZipCrypto; APPNOTE 6.3, section 6.1), which every tool opens, those of
//! Windows among them. It is no protection: whoever has the archive reads it, and the password is known to everybody.

use rand_core::{OsRng, RngCore};

/// The password that analysts try first.
pub const PASSWORD: &str = "infected";

/// Bytes before the content: drawn ones, and one by which a wrong password is told.
const HEADER: usize = 12;

/// An archive of the file `name` with `content`, not packed, with the [`PASSWORD`]. `None`: it is too long for the
/// format, 4 GiB.
#[must_use]
pub fn sealed(name: &str, content: &[u8]) -> Option<Vec<u8>> {
    let mut salt = [0; HEADER - 1];
    OsRng.fill_bytes(&mut salt);
    archive(name, content, salt)
}

fn archive(name: &str, content: &[u8], salt: [u8; HEADER - 1]) -> Option<Vec<u8>> {
    let mut keys = Keys::new();
    PASSWORD.bytes().for_each(|byte| keys.update(byte));
    let sum = !content.iter().fold(u32::MAX, |sum, byte| keys.step(sum, *byte));
    let [check, ..] = sum.to_be_bytes();
    let (length, packed) = (u32::try_from(content.len()).ok()?, content.len().checked_add(HEADER)?);
    let mut common = Vec::new();
    // Version 2.0; encrypted; stored; midnight of the first day of DOS.
    for field in [20_u16, 1, 0, 0, 0x21] {
        common.extend_from_slice(&field.to_le_bytes());
    }
    for field in [sum, u32::try_from(packed).ok()?, length] {
        common.extend_from_slice(&field.to_le_bytes());
    }
    common.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
    common.extend_from_slice(&[0, 0]);
    let mut out = b"PK\x03\x04".to_vec();
    out.extend_from_slice(&common);
    out.extend_from_slice(name.as_bytes());
    let plain = salt.iter().chain([&check]).chain(content);
    out.extend(plain.map(|byte| keys.encrypt(*byte)));
    let at = u32::try_from(out.len()).ok()?;
    let mut directory = b"PK\x01\x02\x14\x00".to_vec();
    directory.extend_from_slice(&common);
    directory.extend_from_slice(&[0; 6]);
    directory.extend_from_slice(&0x20_u32.to_le_bytes());
    directory.extend_from_slice(&0_u32.to_le_bytes());
    directory.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend_from_slice(&u32::try_from(directory.len()).ok()?.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    Some(out)
}

/// The three keys of the cipher, and the table of CRC-32 that they go by.
struct Keys {
    table: [u32; 256],
    keys: [u32; 3],
}

impl Keys {
    fn new() -> Keys {
        let entry = |index: usize| {
            let start = u32::try_from(index).unwrap_or_default();
            (0..8).fold(start, |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
        };
        Keys { table: std::array::from_fn(entry), keys: [0x1234_5678, 0x2345_6789, 0x3456_7890] }
    }

    /// One step of CRC-32.
    fn step(&self, sum: u32, byte: u8) -> u32 {
        let [low, ..] = sum.to_le_bytes();
        let entry = self.table.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        (sum >> 8) ^ entry
    }

    /// Takes a byte of what is encrypted into account.
    fn update(&mut self, byte: u8) {
        let [first, second, third] = self.keys;
        let first = self.step(first, byte);
        let second = second.wrapping_add(first & 0xff).wrapping_mul(134_775_813).wrapping_add(1);
        let [top, ..] = second.to_be_bytes();
        self.keys = [first, second, self.step(third, top)];
    }

    fn encrypt(&mut self, byte: u8) -> u8 {
        let [.., third] = self.keys;
        let seed = (third | 2) & 0xffff;
        let [_, mask, ..] = seed.wrapping_mul(seed ^ 1).to_le_bytes();
        self.update(byte);
        byte ^ mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Python's `zipfile` and Info-ZIP's `unzip -P infected` open as `MZ\x90hello`.
    const KNOWN: &str = "504b03041400010000000000210074f94bbd140000000800000002000000616203473a0edbcf7351\
                         b0588e8d81b9bf6159e34266504b010214001400010000000000210074f94bbd1400000008000000\
                         0200000000000000000020000000000000006162504b050600000000010001003000000034000000\
                         0000";

    #[test]
    fn an_archive_is_as_other_tools_read_it() {
        let made = archive("ab", b"MZ\x90hello", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).unwrap();
        assert_eq!(hex::encode(made), KNOWN);
    }

    #[test]
    fn no_two_archives_are_the_same_and_none_shows_its_content() {
        let content = b"X5O!P%@AP and more than a few bytes";
        let (one, two) = (sealed("a", content).unwrap(), sealed("a", content).unwrap());
        assert_ne!(one, two);
        assert!(!one.windows(8).any(|part| content.starts_with(part)));
        assert!(sealed("a", b"").is_some_and(|empty| empty.starts_with(b"PK\x03\x04")));
    }
}
