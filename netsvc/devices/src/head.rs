//! Heads of requests as HTTP and RTSP have them: a start line, and fields (RFC 9112, 2; RFC 2326, 4).

/// Longest head that is read.
pub(crate) const HEAD: usize = 16 * 1024;
/// Fields of a head that are read.
const FIELDS: usize = 64;

/// A head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: String,
    /// Names in lower case, and values.
    fields: Vec<(String, String)>,
}

impl Head {
    /// Reads a head without the empty line behind it; `None`: it is none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Head> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let mut words = lines.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let token = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
        if words.next().is_some() || !(1..=20).contains(&method.len()) || !method.bytes().all(token) {
            return None;
        }
        let mut fields = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':')?;
            if FIELDS <= fields.len() {
                return None;
            }
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        let own = str::to_owned;
        Some(Head { method: own(method), target: own(target), version: own(version), fields })
    }

    /// The first field called `name`.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All fields as lines.
    pub(crate) fn lines(&self) -> String {
        let lines: Vec<_> = self.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_its_parts() {
        let head = Head::read(b"DESCRIBE rtsp://h/1 RTSP/1.0\r\nCSeq: 2\r\nAccept:application/sdp").unwrap();
        assert_eq!((head.method.as_str(), head.target.as_str()), ("DESCRIBE", "rtsp://h/1"));
        assert_eq!((head.field("cseq"), head.field("accept")), (Some("2"), Some("application/sdp")));
        for none in [&b"GET /"[..], b"get / HTTP/1.1", b"GET / HTTP/1.1\r\nno colon", b"\0 / x", b""] {
            assert_eq!(Head::read(none), None);
        }
    }
}
