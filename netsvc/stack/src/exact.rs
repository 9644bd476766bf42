//! Options word for word: what a system's answers to nmap's probes have in them, whatever was offered.

use crate::options::{END, MSS, NOP, SACK, SCALE, TIME};

/// Bytes that a header has for options.
const ROOM: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Size(u16),
    Scale(u8),
    Sack,
    Nothing,
    End,
    /// An option that the header has no room for.
    Cut,
    /// Whether its value, and its echo, are not 0.
    Time(bool, bool),
}

/// A list of options with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exact(Vec<Item>);

impl Exact {
    /// Reads options in nmap's letters: `M5B4NW8ST11` is a segment size of 1460, nothing, a scale of 8, selective
    /// acknowledgements, a timestamp whose halves are not 0; `L` ends the list, `X` is an
    /// option that is cut off; `-` is none at all.
    pub(crate) fn parse(text: &str) -> Option<Exact> {
        if text == "-" {
            return Some(Exact::default());
        }
        let mut letters = text.chars().peekable();
        let (mut items, mut length) = (Vec::new(), 0);
        while let Some(letter) = letters.next() {
            let mut digits = String::new();
            while let Some(digit) = letters.next_if(char::is_ascii_hexdigit) {
                digits.push(digit);
            }
            let (item, size) = match (letter, digits.as_str()) {
                ('M', digits) => (Item::Size(u16::from_str_radix(digits, 16).ok()?), 4),
                ('W', digits) => (Item::Scale(u8::from_str_radix(digits, 16).ok()?), 3),
                ('T', "00") => (Item::Time(false, false), 10),
                ('T', "01") => (Item::Time(false, true), 10),
                ('T', "10") => (Item::Time(true, false), 10),
                ('T', "11") => (Item::Time(true, true), 10),
                ('S', "") => (Item::Sack, 2),
                ('N', "") => (Item::Nothing, 1),
                ('L', "") => (Item::End, 1),
                ('X', "") => (Item::Cut, 2),
                _ => return None,
            };
            items.push(item);
            length += size;
        }
        (length <= ROOM).then_some(Exact(items))
    }

    /// The options as bytes, padded to a multiple of four.
    pub(crate) fn write(&self, time: u32, echo: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ROOM);
        for item in &self.0 {
            match *item {
                Item::Size(size) => {
                    bytes.extend_from_slice(&[MSS, 4]);
                    bytes.extend_from_slice(&size.to_be_bytes());
                }
                Item::Scale(scale) => bytes.extend_from_slice(&[SCALE, 3, scale]),
                Item::Sack => bytes.extend_from_slice(&[SACK, 2]),
                Item::Nothing => bytes.push(NOP),
                Item::End => bytes.push(END),
                Item::Cut => bytes.extend_from_slice(&[MSS, 4]),
                Item::Time(value, answer) => {
                    let shown = |told: bool, number: u32| if told { number.max(1) } else { 0 };
                    bytes.extend_from_slice(&[TIME, 10]);
                    bytes.extend_from_slice(&shown(value, time).to_be_bytes());
                    bytes.extend_from_slice(&shown(answer, echo).to_be_bytes());
                }
            }
        }
        while !bytes.len().is_multiple_of(4) {
            bytes.push(END);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_written_word_for_word() {
        let bytes = Exact::parse("M5B4NW8T01").unwrap().write(7, 9);
        assert_eq!(bytes, [2, 4, 5, 0xb4, 1, 3, 3, 8, 8, 10, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0]);
        assert_eq!(Exact::parse("SLLLLLL").unwrap().write(0, 0), [4, 2, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            Exact::parse("T10").unwrap().write(0, 9)[2..6],
            [0, 0, 0, 1],
            "what is to be told is not 0"
        );
        assert!(Exact::parse("-").unwrap().write(1, 1).is_empty());
    }

    #[test]
    fn what_no_header_has_room_for_is_refused() {
        for text in ["T11T11T11T11T11", "Y", "T1", "M", "W100", "S1", "M12345", ""] {
            assert_eq!(Exact::parse(text).is_some(), text.is_empty(), "{text:?}");
        }
    }
}
