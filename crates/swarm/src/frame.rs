//! Frames of RFC 5425 §4.3: `MSG-LEN SP SYSLOG-MSG`. A message that begins with `<` is a line of an event log; the
//! others are between our own two ends, and only where both have agreed to acknowledge.

use std::str::FromStr;

/// Bytes of the longest message: a piece of an artefact with what names it.
pub const MOST: usize = PIECE + 256;
/// Bytes of an artefact in one message.
pub const PIECE: usize = 128 * 1024;
/// Digits of a length.
const DIGITS: usize = 6;

/// A frame is none.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadFrame {
    /// The length is no number, begins with 0, or has no space behind it.
    #[error("a frame without a length")]
    Length,
    /// The message is too long.
    #[error("a frame of more than {MOST} bytes")]
    Long,
    /// The message is none that is known.
    #[error("a frame that says nothing that is known")]
    Unknown,
}

/// Adds a frame with `message`.
pub fn put(out: &mut Vec<u8>, message: &[u8]) {
    out.extend_from_slice(message.len().to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(message);
}

/// The first frame of `bytes`: its message, and how long it is with its length. `None`: there is more to come.
///
/// # Errors
/// [`BadFrame`]; what follows cannot be read either.
pub fn first(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, BadFrame> {
    let head = bytes.get(..=DIGITS).unwrap_or(bytes);
    let Some(space) = head.iter().position(|&byte| byte == b' ') else {
        let digits = head.iter().all(u8::is_ascii_digit) && head.first() != Some(&b'0');
        return if digits && head.len() <= DIGITS { Ok(None) } else { Err(BadFrame::Length) };
    };
    let digits = head.get(..space).unwrap_or_default();
    if digits.is_empty() || digits.first() == Some(&b'0') || !digits.iter().all(u8::is_ascii_digit) {
        return Err(BadFrame::Length);
    }
    let length = std::str::from_utf8(digits).ok().and_then(|text| text.parse::<usize>().ok());
    let length = length.ok_or(BadFrame::Length)?;
    if MOST < length {
        return Err(BadFrame::Long);
    }
    let (begin, end) = (space + 1, space + 1 + length);
    Ok(bytes.get(begin..end).map(|message| (message, end)))
}

/// A place in the log of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Segment.
    pub segment: u64,
    /// Byte in it.
    pub offset: u64,
}

/// What an agent says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// A line of its event log.
    Line(&'a [u8]),
    /// All lines before this place have been sent.
    Sent(Place),
    /// Does the master have this artefact?
    Have(&'a str),
    /// A piece of it: its name, where the piece begins, whether it is the last.
    Piece(&'a str, u64, bool, &'a [u8]),
}

/// What the master says to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// All lines before this place are on its medium.
    Kept(Place),
    /// It has the artefact.
    Has(String),
    /// It does not, and wants it from this byte on.
    Wants(String, u64),
}

impl<'a> Said<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// [`BadFrame::Unknown`].
    pub fn read(message: &'a [u8]) -> Result<Said<'a>, BadFrame> {
        match message.split_first() {
            Some((b'<', _)) if !message.contains(&b'\n') => Ok(Said::Line(message)),
            Some((b'S', rest)) => Ok(Said::Sent(place(rest).ok_or(BadFrame::Unknown)?)),
            Some((b'Q', rest)) => Ok(Said::Have(name(rest).ok_or(BadFrame::Unknown)?)),
            Some((b'B', rest)) => piece(rest).ok_or(BadFrame::Unknown),
            _ => Err(BadFrame::Unknown),
        }
    }

    /// Writes it as a frame.
    pub fn put(&self, out: &mut Vec<u8>) {
        match self {
            Said::Line(line) => put(out, line),
            Said::Sent(Place { segment, offset }) => put(out, format!("S{segment} {offset}").as_bytes()),
            Said::Have(name) => put(out, format!("Q{name}").as_bytes()),
            Said::Piece(name, offset, last, bytes) => {
                let mut message = format!("B{name} {offset} {} ", u8::from(*last)).into_bytes();
                message.extend_from_slice(bytes);
                put(out, &message);
            }
        }
    }
}

impl Heard {
    /// Reads a message.
    ///
    /// # Errors
    /// [`BadFrame::Unknown`].
    pub fn read(message: &[u8]) -> Result<Heard, BadFrame> {
        let read = match message.split_first() {
            Some((b'A', rest)) => place(rest).map(Heard::Kept),
            Some((b'H', rest)) => name(rest).map(|name| Heard::Has(name.to_owned())),
            Some((b'W', rest)) => {
                let text = std::str::from_utf8(rest).ok();
                text.and_then(|text| text.split_once(' ')).and_then(|(of, from)| {
                    Some(Heard::Wants(name(of.as_bytes())?.to_owned(), from.parse().ok()?))
                })
            }
            _ => None,
        };
        read.ok_or(BadFrame::Unknown)
    }

    /// Writes it as a frame.
    pub fn put(&self, out: &mut Vec<u8>) {
        let text = match self {
            Heard::Kept(Place { segment, offset }) => format!("A{segment} {offset}"),
            Heard::Has(name) => format!("H{name}"),
            Heard::Wants(name, from) => format!("W{name} {from}"),
        };
        put(out, text.as_bytes());
    }
}

fn place(bytes: &[u8]) -> Option<Place> {
    let (segment, offset) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
    Some(Place { segment: number(segment)?, offset: number(offset)? })
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A SHA-256 in lower-case hex, fit to be a file's name.
fn name(bytes: &[u8]) -> Option<&str> {
    let fits = bytes.len() == 64 && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| std::str::from_utf8(bytes).ok()).flatten()
}

fn piece(bytes: &[u8]) -> Option<Said<'_>> {
    let mut parts = bytes.splitn(4, |&byte| byte == b' ');
    let of = name(parts.next()?)?;
    let offset = number(std::str::from_utf8(parts.next()?).ok()?)?;
    let last = match parts.next()? {
        b"0" => false,
        b"1" => true,
        _ => return None,
    };
    Some(Said::Piece(of, offset, last, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash() -> impl Strategy<Value = String> {
        "[0-9a-f]{64}"
    }

    #[test]
    fn a_length_that_is_none_ends_the_reading() {
        for (bytes, wanted) in [
            (&b""[..], Ok(None)),
            (b"12", Ok(None)),
            (b"3 ab", Ok(None)),
            (b"3 abc9", Ok(Some((&b"abc"[..], 5)))),
            (b"0 ", Err(BadFrame::Length)),
            (b"01 a", Err(BadFrame::Length)),
            (b" a", Err(BadFrame::Length)),
            (b"x", Err(BadFrame::Length)),
            (b"1234567", Err(BadFrame::Length)),
            (b"999999 a", Err(BadFrame::Long)),
        ] {
            assert_eq!(first(bytes), wanted, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_said_is_heard(
            of in hash(), segment: u64, offset: u64, last: bool,
            bytes in proptest::collection::vec(any::<u8>(), 0..300), line in "<[ -~]{0,200}",
        ) {
            let at = Place { segment, offset };
            for said in [
                Said::Line(line.as_bytes()), Said::Sent(at), Said::Have(&of), Said::Piece(&of, offset, last, &bytes),
            ] {
                let mut out = Vec::new();
                said.put(&mut out);
                let (message, length) = first(&out).unwrap().unwrap();
                prop_assert_eq!((Said::read(message), length), (Ok(said), out.len()));
            }
            for heard in [Heard::Kept(at), Heard::Has(of.clone()), Heard::Wants(of.clone(), offset)] {
                let mut out = Vec::new();
                heard.put(&mut out);
                let (message, _) = first(&out).unwrap().unwrap();
                prop_assert_eq!(Heard::read(message), Ok(heard));
            }
        }

        #[test]
        fn no_bytes_break_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(Some((message, length))) = first(&bytes) {
                prop_assert!(length <= bytes.len() && message.len() < length);
            }
            let _ = (Said::read(&bytes), Heard::read(&bytes));
        }
    }
}
