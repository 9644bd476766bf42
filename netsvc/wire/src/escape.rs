//! The two layers of escaping between a captured value and the line that carries it.
//!
//! Layer (a) makes any bytes printable: `\` becomes `\\`, and every C0, DEL and C1 control, line and
//! paragraph separator, bidirectional control and byte that is not UTF-8 becomes `\xHH`, one escape
//! a byte. Layer (b) is RFC 5424 §6.3.3: `"`, `\` and `]` get a backslash. A syslog tool undoes (b)
//! and shows (a); our parser undoes both.

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
pub fn printable(value: &[u8]) -> String {
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
    text
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

/// Characters that would move the cursor, end a line, or turn text around on an operator's screen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
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
        ] {
            assert_eq!(printable(value), shown);
            assert_eq!(unprintable(shown).as_deref(), Some(value));
        }
    }

    proptest! {
        #[test]
        fn layer_a_round_trips(value: Vec<u8>) {
            let shown = printable(&value);
            prop_assert!(!shown.chars().any(is_hidden));
            prop_assert_eq!(unprintable(&shown), Some(value));
        }
    }
}
