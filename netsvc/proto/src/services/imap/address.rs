//! Addresses of a header field (RFC 5322 §3.4) as ENVELOPE shows them.

/// Most addresses that are shown of one field.
const MOST: usize = 500;

/// An address as ENVELOPE has it; a group begins with one without a host and ends with an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) name: Option<Vec<u8>>,
    pub(super) user: Option<Vec<u8>>,
    pub(super) host: Option<Vec<u8>>,
}

/// Reads a field's value.
pub(super) fn read(value: &[u8]) -> Vec<Address> {
    let mut found = Vec::new();
    let mut word = Word::default();
    let mut rest = value;
    while let Some((&byte, tail)) = rest.split_first() {
        if MOST <= found.len() {
            break;
        }
        rest = tail;
        match byte {
            b'"' => rest = word.quoted(tail),
            b'(' => rest = word.comment(tail),
            b'<' => {
                let end = tail.iter().position(|&byte| byte == b'>').unwrap_or(tail.len());
                word.address = Some(tail.get(..end).unwrap_or_default().to_vec());
                rest = tail.get(end + 1..).unwrap_or_default();
            }
            b',' => word.finish(&mut found),
            b':' if word.address.is_none() => {
                let user = Some(word.text.trim_ascii().to_vec());
                found.push(Address { user, ..Address::default() });
                word = Word::default();
                word.group = true;
            }
            b';' if word.group => {
                word.finish(&mut found);
                found.push(Address::default());
                word.group = false;
            }
            _ => word.text.push(byte),
        }
    }
    word.finish(&mut found);
    if word.group {
        found.push(Address::default());
    }
    found
}

/// An address that is being read.
#[derive(Debug, Default)]
struct Word {
    text: Vec<u8>,
    comment: Option<Vec<u8>>,
    address: Option<Vec<u8>>,
    group: bool,
}

impl Word {
    /// Takes a quoted string up to its end; what follows.
    fn quoted<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let mut at = 0;
        while let Some(&byte) = rest.get(at) {
            match byte {
                b'"' => return rest.get(at + 1..).unwrap_or_default(),
                b'\\' => {
                    self.text.extend(rest.get(at + 1));
                    at += 2;
                }
                _ => {
                    self.text.push(byte);
                    at += 1;
                }
            }
        }
        &[]
    }

    /// Takes a comment up to its end; what follows.
    fn comment<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let end = rest.iter().position(|&byte| byte == b')').unwrap_or(rest.len());
        self.comment = Some(rest.get(..end).unwrap_or_default().to_vec());
        rest.get(end + 1..).unwrap_or_default()
    }

    /// Adds the address that was read, if there is one.
    fn finish(&mut self, found: &mut Vec<Address>) {
        let done = std::mem::take(self);
        self.group = done.group;
        let text = done.text.trim_ascii();
        let (address, name) = match done.address {
            Some(address) => (address, Some(text.to_vec()).filter(|name| !name.is_empty()).or(done.comment)),
            None if text.is_empty() => return,
            None => (text.to_vec(), done.comment),
        };
        let at = address.iter().rposition(|&byte| byte == b'@');
        let (user, host) = match at.and_then(|at| address.split_at_checked(at)) {
            Some((user, host)) => (user.to_vec(), host.get(1..).unwrap_or_default().to_vec()),
            None => (address, b"MISSING_DOMAIN".to_vec()),
        };
        found.push(Address { name, user: Some(user), host: Some(host) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(value: &str) -> Vec<String> {
        let text = |part: &Option<Vec<u8>>| {
            part.as_ref().map_or("-".to_owned(), |text| String::from_utf8_lossy(text).into_owned())
        };
        let line = |address: &Address| {
            format!("{}|{}|{}", text(&address.name), text(&address.user), text(&address.host))
        };
        read(value.as_bytes()).iter().map(line).collect()
    }

    #[test]
    fn addresses_are_read_in_all_their_forms() {
        assert_eq!(shown("\"A \\\"B\\\" C\" <a@b.c>, d@e"), ["A \"B\" C|a|b.c", "-|d|e"]);
        assert_eq!(shown("x@y (The X)"), ["The X|x|y"]);
        assert_eq!(shown("G: a@b, c@d;, e@f"), ["-|G|-", "-|a|b", "-|c|d", "-|-|-", "-|e|f"]);
        assert_eq!(shown(""), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_panic(value in "[a@<>(),:;\"\\\\ ]{0,40}") {
            shown(&value);
        }
    }
}
