//! Passwords that come in requests other than binds: of Password Modify, and as values of attributes that hold one.
//! Whether the request is granted or not, they are what somebody uses elsewhere, too.

use super::super::message::Operation;
use netsvc_daemon::ber::{Reader, SEQUENCE};
use netsvc_kit::{Credential, Out};

/// Attributes whose values are passwords, in lower case: RFC 4519 §2.41, and [MS-ADTS] §3.1.1.3.1.5.
const ATTRIBUTES: &[&str] = &["userpassword", "unicodepwd"];
/// Passwords of one request that are written down.
const MOST: usize = 16;

/// A password, whose, and whether it is the one to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Secret {
    principal: Vec<u8>,
    secret: Vec<u8>,
    is_new: bool,
}

impl Secret {
    fn of(principal: &[u8], secret: &[u8], is_new: bool) -> Self {
        Secret { principal: principal.to_vec(), secret: secret.to_vec(), is_new }
    }

    /// Whose password it is from now on, and what it is; `None`: it was so far.
    pub(super) fn is_next(&self) -> Option<(&[u8], &[u8])> {
        self.is_new.then_some((&self.principal, &self.secret))
    }

    fn tell(self, method: &'static str, accepted: bool, out: &mut Out) {
        let hash = self.secret.first() == Some(&b'{');
        let line = hash.then(|| String::from_utf8(self.secret.clone()).ok()).flatten();
        let mut credential = Credential::plaintext(&self.principal, &self.secret, method, accepted);
        if self.is_new {
            credential.kind = "password_set";
        }
        // hashcat and john take what RFC 2307 §5.3 writes as it is.
        credential.crack_line = line.filter(|line| line.bytes().all(|byte| byte.is_ascii_graphic()));
        out.credential(credential);
    }
}

/// Those of a Password Modify request (RFC 3062 §2), by name or of `own`.
pub(super) fn of_request(value: &[u8], own: &str) -> Vec<Secret> {
    let Ok(mut parts) = Reader::new(value).inside(SEQUENCE) else { return Vec::new() };
    let own = own.split_once(':').map_or(own, |(_, name)| name);
    let (mut principal, mut found) = (own.as_bytes().to_vec(), Vec::new());
    while let Ok(part) = parts.value() {
        match part.tag {
            0x80 => principal = part.content.to_vec(),
            0x81 | 0x82 => found.push(Secret::of(&principal, part.content, part.tag == 0x82)),
            _ => {}
        }
        if MOST <= found.len() {
            break;
        }
    }
    found
}

/// Those of a change or a comparison.
pub(super) fn of_operation(operation: &Operation) -> Vec<Secret> {
    let is_secret = |name: &str| {
        let name = name.split(';').next().unwrap_or_default().to_ascii_lowercase();
        ATTRIBUTES.contains(&name.as_str())
    };
    let mut found = Vec::new();
    match operation {
        Operation::Modify { name, changes } => {
            for (how, _, values) in changes.iter().filter(|(_, attribute, _)| is_secret(attribute)) {
                found.extend(values.iter().map(|value| Secret::of(name, &plain(value), *how != 1)));
            }
        }
        Operation::Add { name, attributes } => {
            for (_, values) in attributes.iter().filter(|(attribute, _)| is_secret(attribute)) {
                found.extend(values.iter().map(|value| Secret::of(name, &plain(value), true)));
            }
        }
        Operation::Compare { name, attribute, value } if is_secret(attribute) => {
            found.push(Secret::of(name, &plain(value), false));
        }
        _ => {}
    }
    found.truncate(MOST);
    found
}

/// Writes them down.
pub(super) fn tell(secrets: Vec<Secret>, method: &'static str, accepted: bool, out: &mut Out) {
    for secret in secrets.into_iter().filter(|secret| !secret.secret.is_empty()) {
        secret.tell(method, accepted, out);
    }
}

/// A password as somebody would type it: Active Directory has it in UTF-16 and between quotes.
fn plain(value: &[u8]) -> Vec<u8> {
    let Some(inside) = value.strip_prefix(b"\"\0").and_then(|rest| rest.strip_suffix(b"\"\0")) else {
        return value.to_vec();
    };
    let units = inside.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    let read: Result<String, _> = char::decode_utf16(units).collect();
    read.map_or_else(|_| value.to_vec(), String::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_request_names_an_account_or_means_its_own_and_has_two_passwords() {
        let whole = b"\x30\x14\x80\x04cn=a\x81\x05old-1\x82\x05new-1";
        assert_eq!(
            of_request(whole, "dn:cn=b"),
            [Secret::of(b"cn=a", b"old-1", false), Secret::of(b"cn=a", b"new-1", true)]
        );
        assert_eq!(of_request(b"\x30\x07\x82\x05new-1", "dn:cn=b"), [Secret::of(b"cn=b", b"new-1", true)]);
        for broken in [&b""[..], b"\x30", b"\x30\x02\x82\x05", b"\x04\x01a"] {
            assert_eq!(of_request(broken, ""), []);
        }
    }

    #[test]
    fn values_of_password_attributes_are_read_as_they_are_typed() {
        let changes = vec![
            (1, "unicodePwd".to_owned(), vec![utf16("\"Winter\u{e4}1\"")]),
            (0, "unicodePwd".to_owned(), vec![utf16("\"Summer2\"")]),
            (2, "userPassword;x".to_owned(), vec![b"{SSHA}AAAA".to_vec(), b"clear".to_vec()]),
            (2, "description".to_owned(), vec![b"no secret".to_vec()]),
        ];
        let found = of_operation(&Operation::Modify { name: b"cn=a".to_vec(), changes });
        let wanted = [
            ("Winter\u{e4}1".as_bytes(), false),
            (b"Summer2", true),
            (b"{SSHA}AAAA", true),
            (b"clear", true),
        ];
        assert_eq!(found, wanted.map(|(secret, is_new)| Secret::of(b"cn=a", secret, is_new)));
        assert_eq!(plain(b"\"\0a"), b"\"\0a");
    }
}
