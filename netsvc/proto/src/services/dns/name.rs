//! Domain names in the form of the wire (RFC 1035, 3.1), as they were written.

/// Longest name, its lengths and the root included.
const LONGEST: usize = 255;
/// Longest label.
const LABEL: usize = 63;
/// Pointers that one name may follow: more than it has labels say nothing.
const POINTERS: usize = 127;

/// A name: labels behind their lengths, and the root.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name(Vec<u8>);

/// Labels in small letters from the root down: in this order names are sorted (RFC 4034, 6.1), and what is below a
/// name begins as it does.
pub(super) type Key = Vec<Vec<u8>>;

/// Bytes that are no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoName;

impl Name {
    pub(super) fn root() -> Self {
        Name(vec![0])
    }

    /// The name that `text` writes with dots. Labels that are too long are cut.
    pub(super) fn of(text: &str) -> Self {
        let mut wire = Vec::with_capacity(text.len() + 2);
        for label in text.split('.').filter(|label| !label.is_empty()) {
            let label = label.as_bytes().get(..LABEL).unwrap_or(label.as_bytes());
            if LONGEST < wire.len() + label.len() + 2 {
                break;
            }
            wire.push(u8::try_from(label.len()).unwrap_or_default());
            wire.extend_from_slice(label);
        }
        wire.push(0);
        Name(wire)
    }

    /// `label` below this name.
    pub(super) fn below(&self, label: &str) -> Self {
        Name::of(&format!("{label}.{}", self.text()))
    }

    /// The name at `at` of a message, and where it ends there.
    pub(super) fn read(message: &[u8], at: usize) -> Result<(Name, usize), NoName> {
        let mut wire = Vec::new();
        let end = walk(message, at, |label| {
            wire.push(u8::try_from(label.len()).unwrap_or_default());
            wire.extend_from_slice(label);
        })?;
        wire.push(0);
        Ok((Name(wire), end))
    }

    /// Where the name at `at` of a message ends, if it is one.
    pub(super) fn skip(message: &[u8], at: usize) -> Result<usize, NoName> {
        walk(message, at, |_| {})
    }

    /// The form of the wire.
    pub(super) fn wire(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// Labels from the first on, without the root.
    pub(super) fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first()?;
            let (label, left) = after.split_at_checked(usize::from(*length))?;
            rest = left;
            (!label.is_empty()).then_some(label)
        })
    }

    /// What it is looked up by.
    pub(super) fn key(&self) -> Key {
        let mut key: Key = self.labels().map(<[u8]>::to_ascii_lowercase).collect();
        key.reverse();
        key
    }

    /// The name with this key.
    pub(super) fn of_key(key: &Key) -> Self {
        let mut wire = Vec::new();
        for label in key.iter().rev() {
            wire.push(u8::try_from(label.len()).unwrap_or_default());
            wire.extend_from_slice(label);
        }
        wire.push(0);
        Name(wire)
    }

    /// As master files write it (RFC 1035, 5.1), without the dot of the root.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for label in self.labels() {
            if !text.is_empty() {
                text.push('.');
            }
            for byte in label {
                match byte {
                    b'.' | b'\\' | b'"' | b';' | b'@' | b'$' | b'(' | b')' => {
                        text.extend(['\\', char::from(*byte)]);
                    }
                    b'!'..=b'~' => text.push(char::from(*byte)),
                    _ => text.push_str(&format!("\\{byte:03}")),
                }
            }
        }
        if text.is_empty() { ".".to_owned() } else { text }
    }

    /// Whether both are the same but for the case of letters (RFC 4343).
    pub(super) fn is(&self, other: &Name) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// Walks along the labels of a name; where it ends.
fn walk(message: &[u8], start: usize, mut take: impl FnMut(&[u8])) -> Result<usize, NoName> {
    let (mut at, mut end, mut lowest) = (start, None, start);
    let (mut length, mut followed) = (1, 0);
    loop {
        let first = *message.get(at).ok_or(NoName)?;
        match first {
            0 => return Ok(end.unwrap_or(at + 1)),
            1..=63 => {
                let label = message.get(at + 1..=at + usize::from(first)).ok_or(NoName)?;
                length += label.len() + 1;
                if LONGEST < length {
                    return Err(NoName);
                }
                take(label);
                at += label.len() + 1;
            }
            192.. => {
                let second = *message.get(at + 1).ok_or(NoName)?;
                let target = usize::from(first & 63) << 8 | usize::from(second);
                // Only backwards, so that it comes to an end.
                if lowest <= target || POINTERS <= followed {
                    return Err(NoName);
                }
                end = end.or(Some(at + 2));
                (at, lowest, followed) = (target, target, followed + 1);
            }
            _ => return Err(NoName),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let message = b"\x04corp\x07Example\0\x03www\xc0\0";
        let (name, end) = Name::read(message, 14).unwrap();
        assert_eq!((name.text().as_str(), end), ("www.corp.Example", message.len()));
        assert_eq!(name.key(), [b"example".to_vec(), b"corp".to_vec(), b"www".to_vec()]);
        assert!(name.is(&Name::of("WWW.corp.example")) && name != Name::of("www.corp.example"));
        assert_eq!(Name::of_key(&name.key()), Name::of("www.corp.example"));
        assert_eq!(Name::of("corp.example").below("a").text(), "a.corp.example");
        assert_eq!((Name::root().text().as_str(), Name::of("")), (".", Name::root()));
    }

    #[test]
    fn what_is_no_name_is_told_in_time() {
        let mut chain: Vec<u8> = vec![0];
        for number in 0..20_000_u16 {
            let target = if number == 0 { 0 } else { 1 + (number - 1) * 2 };
            chain.extend((0xc000 | target & 0x3fff).to_be_bytes());
        }
        let far = chain.len() - 2;
        for (message, at) in [
            (&b"\xc0\0"[..], 0),
            (b"\xc0\x02\0", 0),
            (b"\x05abc", 0),
            (b"", 0),
            (b"\x41a\0", 0),
            (b"\x80a\0", 0),
            (&[&[63; 64][..]; 5].concat(), 0),
            (&chain, far),
        ] {
            assert_eq!(Name::read(message, at), Err(NoName), "{message:?}");
        }
    }

    #[test]
    fn odd_bytes_are_shown_by_their_numbers() {
        let (name, _) = Name::read(b"\x04a.\0\xff\0", 0).unwrap();
        assert_eq!(name.text(), "a\\.\\000\\255");
    }
}
