//! The blocks of the program: how many there are, which, and what each is like.

use super::{super::device::Site, variables::BLOCKS};
use crate::bytes::Reader;

/// A kind of block: its letter, what it is written in, numbers.
type Kind = (u8, u8, &'static [u16]);

/// Kinds in the order in which they are counted. The CPU's own functions are those of a CPU 315.
const KINDS: [Kind; 6] = [
    (b'8', 1, &[1, 32, 35, 82, 86, 100, 122]),
    (b'E', 2, &[1, 2, 10]),
    (b'C', 1, &[1, 2, 3, 10, 11]),
    (b'B', 7, &[0, 1, 2, 3, 4, 999, 1000, 2000, 2001]),
    (
        b'D',
        8,
        &[
            0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 46, 47, 49, 50, 51,
            52, 64,
        ],
    ),
    (b'F', 8, &[0, 1, 2, 3, 4, 5, 32, 52, 53, 54, 75, 80, 81, 104]),
];
/// Data blocks: their letter, and what they are written in.
const DATA: (u8, u8) = (b'A', 5);
/// Days from the calendar's begin (1984) to when the program was last changed.
const CHANGED: u16 = 12_208;

/// What kinds there are, and how many blocks of each.
pub(super) fn counts() -> Vec<u8> {
    let mut all = Vec::new();
    let data = [(DATA.0, BLOCKS.len())];
    for (letter, count) in KINDS.iter().map(|(letter, _, numbers)| (*letter, numbers.len())).chain(data) {
        all.extend([b'0', letter]);
        all.extend(u16::try_from(count).unwrap_or_default().to_be_bytes());
    }
    all
}

/// The blocks of the kind `letter`, with what each is written in.
fn of(letter: u8) -> Vec<(u16, u8)> {
    if letter == DATA.0 {
        return BLOCKS.iter().map(|(number, _)| (*number, DATA.1)).collect();
    }
    let kind = KINDS.iter().find(|(known, ..)| *known == letter);
    kind.map(|(_, language, numbers)| numbers.iter().map(|number| (*number, *language)).collect())
        .unwrap_or_default()
}

/// The list of a kind; `None`: there are none.
pub(super) fn list(letter: u8) -> Option<Vec<u8>> {
    let all = of(letter);
    if all.is_empty() {
        return None;
    }
    Some(
        all.into_iter()
            .flat_map(|(number, language)| [number.to_be_bytes(), [0x22, language]].concat())
            .collect(),
    )
}

/// What the block is like that `wanted` names: `0A00001A` and the like. `None`: there is no such block.
pub(super) fn info(site: &Site, wanted: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(wanted);
    let (_, letter, digits) = (reader.byte()?, reader.byte()?, reader.take(5)?);
    let number: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (_, language) = of(letter).into_iter().find(|(known, _)| *known == number)?;
    let data = BLOCKS.iter().find(|(known, _)| letter == DATA.0 && *known == number);
    let code = data.map_or(120 + (number % 50) * 6, |(_, length)| *length);
    let own = matches!(letter, b'D' | b'F');
    let name = |text: &str| format!("{text:\0<8.8}").into_bytes();
    let mut answer = vec![1, letter, 0, 0x4a, 0, 0x22, b'p', b'p', 1, 0x25, language, sub(letter)];
    answer.extend(number.to_be_bytes());
    answer.extend((u32::from(code) + 118).to_be_bytes());
    answer.extend([0; 4]);
    let changed = site.device.number % 80_000_000;
    answer.extend(changed.to_be_bytes());
    answer.extend(CHANGED.to_be_bytes());
    answer.extend((changed / 2).to_be_bytes());
    answer.extend(CHANGED.to_be_bytes());
    for word in [20, 0, 0, code] {
        answer.extend(word.to_be_bytes());
    }
    answer.extend(name(if own { "SIMATIC" } else { "" }));
    answer.extend(name(if own { "SYSTEM" } else { "" }));
    answer.extend(name(""));
    answer.extend([1, 0]);
    answer.extend([language, letter]);
    answer.extend([0; 8]);
    Some(answer)
}

/// The kind of a block in its head.
fn sub(letter: u8) -> u8 {
    match letter {
        b'8' => 0x08,
        b'A' => 0x0a,
        b'B' => 0x0b,
        b'C' => 0x0c,
        b'D' => 0x0d,
        b'E' => 0x0e,
        _ => 0x0f,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_counted_and_listed() {
        assert_eq!(counts().len(), 7 * 4);
        assert!(counts().ends_with(&[b'0', b'A', 0, 4]));
        assert_eq!(list(b'A').unwrap().get(..8), Some(&[0, 1, 0x22, 5, 0, 2, 0x22, 5][..]));
        assert_eq!(list(b'x'), None);
    }
}
