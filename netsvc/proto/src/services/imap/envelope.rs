//! ENVELOPE (RFC 3501 §7.4.2), and strings as answers have them.

use super::{
    address::{self, Address},
    part,
};

/// A string as an answer has it: in quotes, or as a literal where those would not do.
pub(super) fn string(text: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | b'\r' | b'\n' | 0 | 0x80..);
    if text.iter().all(plain) { [b"\"", text, b"\""].concat() } else { literal(text) }
}

/// A literal.
pub(super) fn literal(text: &[u8]) -> Vec<u8> {
    [format!("{{{}}}\r\n", text.len()).as_bytes(), text].concat()
}

/// A string, or NIL.
pub(super) fn nstring(text: Option<&[u8]>) -> Vec<u8> {
    text.map_or_else(|| b"NIL".to_vec(), string)
}

/// The envelope of the mail with this header.
pub(super) fn envelope(header: &[u8]) -> Vec<u8> {
    let flat = |name: &str| part::field(header, name);
    // Runs of space in a subject count as one.
    let single = |text: Vec<u8>| {
        text.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(&b' ')
    };
    let from = flat("From").map(|value| address::read(&value)).unwrap_or_default();
    let or_from = |name: &str| match flat(name).map(|value| address::read(&value)) {
        Some(found) if !found.is_empty() => found,
        _ => from.clone(),
    };
    let list = |name: &str| flat(name).map(|value| address::read(&value)).unwrap_or_default();
    let mut all = vec![nstring(flat("Date").as_deref()), nstring(flat("Subject").map(single).as_deref())];
    let lists = [from.clone(), or_from("Sender"), or_from("Reply-To"), list("To"), list("Cc"), list("Bcc")];
    all.extend(lists.iter().map(|list| addresses(list)));
    all.push(nstring(flat("In-Reply-To").as_deref()));
    all.push(nstring(flat("Message-ID").as_deref()));
    [b"(", all.join(&b' ').as_slice(), b")"].concat()
}

fn addresses(list: &[Address]) -> Vec<u8> {
    if list.is_empty() {
        return b"NIL".to_vec();
    }
    let one = |address: &Address| {
        let Address { name, user, host } = address;
        let (name, user, host) =
            (nstring(name.as_deref()), nstring(user.as_deref()), nstring(host.as_deref()));
        [b"(", name.as_slice(), b" NIL ", &user, b" ", &host, b")"].concat()
    };
    let all: Vec<u8> = list.iter().flat_map(one).collect();
    [b"(", all.as_slice(), b")"].concat()
}
