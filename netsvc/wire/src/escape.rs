//! The two layers of escaping between a captured value and the line that carries it.
//!
//! Layer (a) makes any bytes printable: `\` becomes `\\`, and every C0, DEL and C1 control, line and
//! paragraph separator, character without a glyph and byte that is not UTF-8 becomes `\xHH`, one escape
//! a byte. Layer (b) is RFC 5424 §6.3.3: `"`, `\` and `]` get a backslash. A syslog tool undoes (b)
//! and shows (a); our parser undoes both.

use std::fmt;

/// Captured text as it may be shown: what layer (a) made of bytes. Only [`printable`] makes one, and it
/// takes bytes, so that no text is escaped twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Shown(String);

impl Shown {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, for good.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// Appends `value` to `out`, escaped by layer (a) and then (b).
pub fn escape_value(value: &[u8], out: &mut Vec<u8>) {
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => out.extend_from_slice(b"\\\\\\\\"),
                '"' => out.extend_from_slice(b"\\\""),
                ']' => out.extend_from_slice(b"\\]"),
                c if is_hidden(c) => {
                    let mut buffer = [0; 4];
                    for byte in c.encode_utf8(&mut buffer).bytes() {
                        hex_escape(byte, out);
                    }
                }
                c => {
                    let mut buffer = [0; 4];
                    out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
                }
            }
        }
        for &byte in chunk.invalid() {
            hex_escape(byte, out);
        }
    }
}

/// Layer (a) alone, as text: how captured bytes are shown to a person.
pub fn printable(value: &[u8]) -> Shown {
    let mut text = String::with_capacity(value.len());
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                c if is_hidden(c) => {
                    let mut buffer = [0; 4];
                    for byte in c.encode_utf8(&mut buffer).bytes() {
                        push_hex(byte, &mut text);
                    }
                }
                c => text.push(c),
            }
        }
        for &byte in chunk.invalid() {
            push_hex(byte, &mut text);
        }
    }
    Shown(text)
}

/// Undoes layer (a). `None` when an escape is broken, which no encoder of ours writes.
pub fn unprintable(text: &str) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        match bytes.next()? {
            b'\\' => value.push(b'\\'),
            b'x' => {
                let high = hex_digit(bytes.next()?)?;
                let low = hex_digit(bytes.next()?)?;
                value.push(high << 4 | low);
            }
            _ => return None,
        }
    }
    Some(value)
}

/// Characters that would move the cursor, end a line, turn text around, or not be seen at all on an
/// operator's screen: controls, separators, and Unicode's `Default_Ignorable_Code_Point` (zero-width
/// spaces and joiners, bidirectional controls, fillers, variation selectors, tags) with the
/// interlinear annotations.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

fn hex_escape(byte: u8, out: &mut Vec<u8>) {
    // The backslash of layer (a) is itself escaped by layer (b).
    out.extend_from_slice(b"\\\\x");
    out.push(hex_character(byte >> 4));
    out.push(hex_character(byte & 0x0f));
}

fn push_hex(byte: u8, text: &mut String) {
    text.push_str("\\x");
    text.push(char::from(hex_character(byte >> 4)));
    text.push(char::from(hex_character(byte & 0x0f)));
}

fn hex_character(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + (nibble - 10),
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_end_a_record_or_forge_one_is_escaped() {
        for (value, shown) in [
            (&b"a\nb"[..], "a\\x0ab"),
            (b"back\\slash", "back\\\\slash"),
            (b"\xff\xfe", "\\xff\\xfe"),
            ("\u{202e}x\u{85}".as_bytes(), "\\xe2\\x80\\xaex\\xc2\\x85"),
            ("grün".as_bytes(), "grün"),
            ("ad\u{200b}min\u{feff}".as_bytes(), "ad\\xe2\\x80\\x8bmin\\xef\\xbb\\xbf"),
            ("\u{9b}2J\u{2060}\u{e0041}".as_bytes(), "\\xc2\\x9b2J\\xe2\\x81\\xa0\\xf3\\xa0\\x81\\x81"),
            (b"\x1b[2J\x07", "\\x1b[2J\\x07"),
        ] {
            assert_eq!(printable(value).as_str(), shown);
            assert_eq!(unprintable(shown).as_deref(), Some(value));
        }
    }

    proptest! {
        #[test]
        fn layer_a_round_trips(value: Vec<u8>) {
            let shown = printable(&value);
            prop_assert!(!shown.as_str().chars().any(is_hidden));
            prop_assert_eq!(unprintable(shown.as_str()), Some(value));
        }
    }
}
