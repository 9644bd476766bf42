//! Keys as keyboards number them (scan codes, set 1), as text on a keyboard of the United States.

/// Letters of the rows from 0x02 on, without and with shift; NUL where a key writes nothing.
const PLAIN: &[u8] = b"1234567890-=\0\0qwertyuiop[]\0\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
const SHIFTED: &[u8] = b"!@#$%^&*()_+\0\0QWERTYUIOP{}\0\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
const FIRST: u8 = 0x02;
/// The digits' own keys from 0x47 on.
const PAD: &[u8] = b"789-456+1230.";

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Letter(char),
    Enter,
    Back,
    /// One that changes what others write.
    Shift,
    Capitals,
    /// Another, with its name where it says what somebody wants.
    Other(Option<&'static str>),
}

/// The key of a scan code, while shift is held, or capitals are locked.
pub(super) fn key(code: u8, extended: bool, shift: bool, capitals: bool) -> Key {
    let letter = |list: &[u8], first: u8| {
        let byte = code.checked_sub(first).and_then(|at| list.get(usize::from(at)));
        byte.filter(|byte| **byte != 0).map(|byte| char::from(*byte))
    };
    match (code, extended) {
        (0x1c, _) => return Key::Enter,
        (0x0e, false) => return Key::Back,
        (0x2a | 0x36, false) => return Key::Shift,
        (0x3a, false) => return Key::Capitals,
        (0x35, true) => return Key::Letter('/'),
        (_, true) => return Key::Other(extended_name(code)),
        _ => {}
    }
    let typed = letter(PLAIN, FIRST).map(|plain| {
        let shift = shift ^ (capitals && plain.is_ascii_alphabetic());
        if shift { letter(SHIFTED, FIRST).unwrap_or(plain) } else { plain }
    });
    typed.or_else(|| letter(PAD, 0x47)).map_or(Key::Other(name(code)), Key::Letter)
}

fn name(code: u8) -> Option<&'static str> {
    Some(match code {
        0x01 => "<Esc>",
        0x0f => "<Tab>",
        0x1d => "<Ctrl>",
        0x38 => "<Alt>",
        0x3c => "<F2>",
        _ => return None,
    })
}

fn extended_name(code: u8) -> Option<&'static str> {
    Some(match code {
        0x53 => "<Del>",
        0x5b | 0x5c => "<Win>",
        0x1d => "<Ctrl>",
        0x38 => "<Alt>",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_write_what_stands_on_them() {
        for (code, extended, shift, capitals, expected) in [
            (0x02, false, false, false, Key::Letter('1')),
            (0x02, false, true, true, Key::Letter('!')),
            (0x10, false, false, false, Key::Letter('q')),
            (0x10, false, true, false, Key::Letter('Q')),
            (0x10, false, false, true, Key::Letter('Q')),
            (0x1e, false, false, false, Key::Letter('a')),
            (0x2b, false, true, false, Key::Letter('|')),
            (0x2c, false, false, false, Key::Letter('z')),
            (0x35, false, true, false, Key::Letter('?')),
            (0x39, false, false, false, Key::Letter(' ')),
            (0x52, false, false, false, Key::Letter('0')),
            (0x1c, true, false, false, Key::Enter),
            (0x0f, false, false, false, Key::Other(Some("<Tab>"))),
            (0x53, true, false, false, Key::Other(Some("<Del>"))),
            (0xff, false, false, false, Key::Other(None)),
        ] {
            assert_eq!(key(code, extended, shift, capitals), expected, "{code:x}");
        }
    }
}
