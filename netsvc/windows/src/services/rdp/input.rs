//! What a client does with keyboard and mouse ([MS-RDPBCGR] §2.2.8.1.1.3 and §2.2.8.1.2).

use super::text;

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A key by its scan code.
    Key {
        code: u8,
        extended: bool,
        up: bool,
    },
    /// A unit of UTF-16.
    Unit {
        unit: u16,
        up: bool,
    },
    /// The pointer, and whether a button changed.
    Pointer {
        x: u16,
        y: u16,
        button: bool,
    },
    Other,
}

/// Flags of keys and of the pointer, as the slow path has them.
const UP: u16 = 0x8000;
const EXTENDED: u16 = 0x0100;
const BUTTONS: u16 = 0x7000;

fn pointer(flags: u16, x: u16, y: u16) -> Event {
    Event::Pointer { x, y, button: flags & BUTTONS != 0 }
}

/// Events of an input message of the slow path.
pub(super) fn slow(body: &[u8]) -> impl Iterator<Item = Event> {
    let count = usize::from(text::short(body, 0).unwrap_or_default());
    let list = body.get(4..).unwrap_or_default().chunks_exact(12).take(count);
    list.map(|event| {
        let short = |at| text::short(event, at).unwrap_or_default();
        let flags = short(6);
        match short(4) {
            4 => Event::Key {
                code: short(8).to_le_bytes()[0],
                extended: flags & EXTENDED != 0,
                up: flags & UP != 0,
            },
            5 => Event::Unit { unit: short(8), up: flags & UP != 0 },
            0x8001 => pointer(flags, short(8), short(10)),
            _ => Event::Other,
        }
    })
}

/// What a message of the fast path holds behind its head: how many events, and those.
pub(super) fn fast_body(message: &[u8]) -> Option<(u8, &[u8])> {
    let (head, length) = (message.first()?, message.get(1)?);
    let body = message.get(if length & 0x80 == 0 { 2 } else { 3 }..)?;
    Some((*head, body))
}

/// Events of a message of the fast path, `head` being its first byte and `body` what follows the length, in clear.
pub(super) fn fast(head: u8, body: &[u8]) -> impl Iterator<Item = Event> {
    let told = head >> 2 & 0xf;
    let (count, mut rest) = match (told, body.split_first()) {
        (0, Some((count, rest))) => (*count, rest),
        _ => (told, body),
    };
    let mut left = count;
    std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        let (head, after) = rest.split_first()?;
        let (flags, code) = (head & 0x1f, head >> 5);
        let length = match code {
            0 => 1,
            1 | 2 | 5 => 6,
            4 => 2,
            6 => 4,
            _ => 0,
        };
        let (data, after) = after.split_at_checked(length)?;
        rest = after;
        let short = |at| text::short(data, at).unwrap_or_default();
        Some(match code {
            0 => Event::Key { code: *data.first()?, extended: flags & 2 != 0, up: flags & 1 != 0 },
            1 => pointer(short(0), short(2), short(4)),
            4 => Event::Unit { unit: short(0), up: flags & 1 != 0 },
            _ => Event::Other,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_paths_tell_the_same() {
        let key = Event::Key { code: 0x1e, extended: false, up: false };
        let pointer = Event::Pointer { x: 16, y: 32, button: true };
        let message = b"\x08\x0b\x00\x1e\x20\x00\x90\x10\x00\x20\x00";
        let (head, body) = fast_body(message).unwrap();
        assert_eq!(fast(head, body).collect::<Vec<_>>(), [key, pointer]);
        let slowly = b"\x02\0\0\0\0\0\0\0\x04\0\0\0\x1e\0\0\0\0\0\0\0\x01\x80\0\x90\x10\0\x20\0";
        assert_eq!(slow(slowly).collect::<Vec<_>>(), [key, pointer]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, head: u8) {
            let _ = (slow(&bytes).count(), fast(head, &bytes).count(), fast_body(&bytes));
        }
    }
}
