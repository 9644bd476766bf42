//! Requests and responses (RFC 3261, 7).

/// Longest head, and longest body, of a message that is read.
pub(super) const HEAD: usize = 16 * 1024;
pub(super) const BODY: usize = 16 * 1024;
/// Fields of a message that are read.
const FIELDS: usize = 64;
/// Names of fields in one letter (RFC 3261, 7.3.3).
const SHORT: [(&str, &str); 9] = [
    ("v", "via"),
    ("f", "from"),
    ("t", "to"),
    ("i", "call-id"),
    ("m", "contact"),
    ("l", "content-length"),
    ("c", "content-type"),
    ("s", "subject"),
    ("k", "supported"),
];

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) uri: String,
    /// Names in lower case, and values.
    fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What is wrong with bytes that are no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("no start line of SIP")]
    Start,
    #[error("a response")]
    Response,
    #[error("a field without a colon")]
    Field,
    #[error("more fields than there may be")]
    Fields,
}

impl Request {
    /// Reads a head without the empty line behind it.
    pub(super) fn read(head: &[u8]) -> Result<Self, Malformed> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let mut start = lines.next().unwrap_or_default().split(' ');
        let (method, uri, version) = (start.next(), start.next(), start.next());
        if method == Some("SIP/2.0") {
            return Err(Malformed::Response);
        }
        let (Some(method), Some(uri), Some("SIP/2.0")) = (method, uri, version) else {
            return Err(Malformed::Start);
        };
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
        if method.is_empty() || 32 < method.len() || !method.bytes().all(token) {
            return Err(Malformed::Start);
        }
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), fields.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            if FIELDS <= fields.len() {
                return Err(Malformed::Fields);
            }
            let (name, value) = line.split_once(':').ok_or(Malformed::Field)?;
            let name = name.trim().to_ascii_lowercase();
            let name =
                SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| (*long).to_owned());
            fields.push((name, value.trim().to_owned()));
        }
        Ok(Request { method: method.to_owned(), uri: uri.to_owned(), fields, body: Vec::new() })
    }

    /// The first field called `name`.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All fields called `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The length of its body, as it says.
    pub(super) fn length(&self) -> Option<usize> {
        self.field("content-length").map(|text| text.parse().unwrap_or(usize::MAX))
    }

    /// Whether there is what every answer repeats (RFC 3261, 8.1.1).
    pub(super) fn is_whole(&self) -> bool {
        let needed = ["via", "from", "to", "call-id", "cseq"];
        needed.iter().all(|name| self.field(name).is_some_and(|value| !value.is_empty()))
    }

    /// What stands between `sip:` and `@` of an address: who is called, or calls.
    pub(super) fn user_of(address: &str) -> &str {
        let start = address.find("sip:").map_or(0, |at| at + 4);
        let rest = address.get(start..).unwrap_or_default();
        let end = rest.find(['@', '>', ';', ' ']).unwrap_or(rest.len());
        if rest.get(end..).is_some_and(|rest| rest.starts_with('@')) {
            rest.get(..end).unwrap_or_default()
        } else {
            ""
        }
    }

    /// The head as lines, for an event.
    pub(super) fn lines(&self) -> String {
        let lines: Vec<_> = self.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        lines.join("\n")
    }
}

/// A parameter of a field: what stands behind `;name=`.
pub(super) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|part| {
        let (known, value) = part.split_once('=').unwrap_or((part, ""));
        known.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_names_and_folded_lines_are_read() {
        let head = b"INVITE sip:9011@h SIP/2.0\r\nv: SIP/2.0/UDP 1.2.3.4\r\nFrom: \"x\"\r\n \
        <sip:100@h>;tag=1\r\nl: 5";
        let request = Request::read(head).unwrap();
        assert_eq!((request.field("via"), request.length()), (Some("SIP/2.0/UDP 1.2.3.4"), Some(5)));
        assert_eq!(Request::user_of(request.field("from").unwrap()), "100");
        assert_eq!(parameter(request.field("from").unwrap(), "tag"), Some("1"));
        assert_eq!(Request::user_of("sip:h"), "");
    }

    proptest! {
        #[test]
        fn any_head_is_read(head: Vec<u8>) {
            if let Ok(request) = Request::read(&head) {
                let _ = (request.is_whole(), request.length(), request.lines());
            }
        }
    }
}
