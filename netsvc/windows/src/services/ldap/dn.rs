//! Names of entries (RFC 4514), in the one form in which they are compared.

/// `name` in small letters, without blanks between its parts, and with its escapes resolved; a comma within a value
/// stays escaped, so that commas part the parts. `None` when it is no name.
pub(super) fn normal(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    if name.trim().is_empty() {
        return Some(out);
    }
    for part in parts(name) {
        let (kind, value) = part.split_once('=')?;
        let kind = kind.trim();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
        if kind.is_empty() || !kind.chars().all(plain) {
            return None;
        }
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&kind.to_ascii_lowercase());
        out.push('=');
        let plain = unescaped(value.trim_start())?;
        let plain = plain.trim().to_lowercase();
        if plain.is_empty() {
            return None;
        }
        for letter in plain.chars() {
            match letter {
                ',' => out.push_str("\\2c"),
                ';' => out.push_str("\\3b"),
                '\\' => out.push_str("\\5c"),
                _ => out.push(letter),
            }
        }
    }
    Some(out)
}

/// The parts of a name, from the entry's own on.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    name.split(move |letter| {
        let ends = !escaped && (letter == ',' || letter == ';');
        escaped = !escaped && letter == '\\';
        ends
    })
}

/// `value` without its escapes.
fn unescaped(value: &str) -> Option<String> {
    if !value.contains('\\') {
        return Some(value.to_owned());
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let pair = after.get(..2).and_then(|pair| hex::decode(pair).ok());
        match (pair.as_deref(), after) {
            (Some([byte]), _) => {
                bytes.push(*byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (_, [byte, ..]) => {
                bytes.push(*byte);
                rest = after.get(1..).unwrap_or_default();
            }
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The key of what the entry with the key `key` is below.
pub(super) fn parent(key: &str) -> &str {
    key.split_once(',').map_or("", |(_, parent)| parent)
}

/// Whether the entry with the key `key` is `base` or below it.
pub(super) fn is_below(key: &str, base: &str) -> bool {
    base.is_empty() || key.strip_suffix(base).is_some_and(|above| above.is_empty() || above.ends_with(','))
}

/// `text` as the value of a part of a name.
pub(super) fn value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if ",+\"\\<>;=".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// The name of a domain's own entry: `DC=corp,DC=example`, with `kind` for `DC`.
pub(super) fn of_domain(kind: &str, domain: &str) -> String {
    let labels: Vec<_> = domain.split('.').map(|label| format!("{kind}={label}")).collect();
    labels.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_are_the_same_have_one_form() {
        for (name, wanted) in [
            ("DC=Corp,DC=Example", Some("dc=corp,dc=example")),
            (" cn = Lee\\, Ann , ou=x", Some("cn=lee\\2c ann,ou=x")),
            ("cn=a\\2cb", Some("cn=a\\2cb")),
            ("cn=a\\\\,dc=b", Some("cn=a\\5c,dc=b")),
            ("", Some("")),
            ("nonsense", None),
            ("cn=,dc=a", None),
            ("cn=a,", None),
        ] {
            assert_eq!(normal(name).as_deref(), wanted, "{name}");
        }
        assert!(is_below("cn=a,dc=b", "dc=b") && is_below("dc=b", "dc=b") && !is_below("xdc=b", "dc=b"));
        assert_eq!(parent("cn=lee\\2c ann,ou=x"), "ou=x");
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(name in ".{0,40}") {
            if let Some(form) = normal(&name) {
                prop_assert_eq!(normal(&form), Some(form));
            }
        }
    }
}
