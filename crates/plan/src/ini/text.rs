//! Values of INI files: lists, numbers, names and addresses.

/// The items of a comma-separated list; `None` when one is empty.
pub(super) fn list(text: &str) -> Option<Vec<&str>> {
    let items: Vec<_> = text.split(',').map(str::trim).collect();
    items.iter().all(|item| !item.is_empty()).then_some(items)
}

/// A whole number from 1 to `most`.
pub(super) fn number(text: &str, most: u32) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (1..=most).contains(number))
}

/// Whether `text` can be a host name: one label of RFC 1123 §2.1.
pub(super) fn is_hostname(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether `text` can be a domain: labels with dots between them, 190 bytes at most so that a host
/// name before it stays within the 253 of RFC 1035 §2.3.4.
pub(super) fn is_domain(text: &str) -> bool {
    text.len() <= 189 && text.split('.').all(is_hostname)
}

/// Whether `text` can be an interface of Linux: 1 to 15 bytes, no white space, no `/` or `:`.
pub(super) fn is_interface(text: &str) -> bool {
    (1..=15).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b':'))
        && !matches!(text, "." | "..")
}

/// A MAC in lower case with colons, or what would be one.
pub(super) fn mac(text: &str) -> Result<String, &'static str> {
    let simple = text.to_ascii_lowercase().replace('-', ":");
    let octets: Option<Vec<u8>> = simple
        .split(':')
        .map(|part| {
            let hex = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            u8::from_str_radix(part, 16).ok().filter(|_| hex)
        })
        .collect();
    match octets.as_deref() {
        Some([0, 0, 0, 0, 0, 0]) => Err("is nobody's; write one as 52:54:00:12:34:56"),
        Some([first, _, _, _, _, _]) if first & 1 == 1 => {
            Err("is a group's (multicast bit); the first octet has to be even")
        }
        Some([_, _, _, _, _, _]) => Ok(simple),
        _ => Err("is no MAC; write one as 52:54:00:12:34:56"),
    }
}
