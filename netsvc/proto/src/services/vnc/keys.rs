//! Keys as X11 numbers them (`keysymdef.h`), as text.

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// It writes this.
    Letter(char),
    Enter,
    Back,
    /// It is another, or one that changes what others do.
    Other,
}

/// The key with this number.
pub(super) fn key(number: u32) -> Key {
    match number {
        0xff0d | 0xff8d => Key::Enter,
        0xff08 => Key::Back,
        0xff80 => Key::Letter(' '),
        0xffb0..=0xffb9 => Key::Letter(char::from_digit(number - 0xffb0, 10).unwrap_or('0')),
        0x20..=0x7e | 0xa0..=0xff => char::from_u32(number).map_or(Key::Other, Key::Letter),
        0x0100_0100..=0x0110_ffff => char::from_u32(number - 0x0100_0000).map_or(Key::Other, Key::Letter),
        _ => Key::Other,
    }
}

/// Name of a key that writes nothing, where it says what somebody wants.
pub(super) fn name(number: u32) -> Option<&'static str> {
    Some(match number {
        0xff1b => "<Esc>",
        0xff09 => "<Tab>",
        0xffff => "<Del>",
        0xffeb | 0xffec => "<Super>",
        0xffe3 | 0xffe4 => "<Ctrl>",
        0xffe9 | 0xffea => "<Alt>",
        0xffbf => "<F2>",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_x11_calls_them() {
        for (number, expected) in [
            (0x61, Key::Letter('a')),
            (0xe4, Key::Letter('ä')),
            (0xffb5, Key::Letter('5')),
            (0x0100_20ac, Key::Letter('€')),
            (0xff0d, Key::Enter),
            (0xff08, Key::Back),
            (0xffe1, Key::Other),
            (u32::MAX, Key::Other),
        ] {
            assert_eq!(key(number), expected, "{number:x}");
        }
    }
}
