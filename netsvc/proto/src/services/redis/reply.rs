//! Replies, in RESP2 or RESP3.

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// `+…`.
    Simple(&'static str),
    /// `-…`.
    Error(String),
    /// `:…`.
    Integer(i64),
    /// `$…`.
    Bulk(Vec<u8>),
    /// No value: `$-1` or `_`.
    Null,
    /// `*…`.
    Array(Vec<Reply>),
    /// Pairs: `%…`, or a flat array in RESP2.
    Map(Vec<(Reply, Reply)>),
}

impl Reply {
    /// `+OK`.
    pub(super) fn ok() -> Self {
        Reply::Simple("OK")
    }

    /// An error with its code.
    pub(super) fn error(text: impl Into<String>) -> Self {
        Reply::Error(text.into())
    }

    /// A text.
    pub(super) fn bulk(text: impl AsRef<[u8]>) -> Self {
        Reply::Bulk(text.as_ref().to_vec())
    }

    /// A text, or no value.
    pub(super) fn maybe(text: Option<Vec<u8>>) -> Self {
        text.map_or(Reply::Null, Reply::Bulk)
    }

    /// A list of texts.
    pub(super) fn list<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Self {
        Reply::Array(texts.into_iter().map(Reply::bulk).collect())
    }

    /// The kind of error for a key of another type.
    pub(super) fn wrong_type() -> Self {
        Reply::error("WRONGTYPE Operation against a key holding the wrong kind of value")
    }

    /// The reply as bytes.
    pub(super) fn encode(&self, third: bool) -> Vec<u8> {
        let mut out = Vec::new();
        self.append(third, &mut out);
        out
    }

    fn append(&self, third: bool, out: &mut Vec<u8>) {
        match self {
            Reply::Simple(text) => line(b'+', text.as_bytes(), out),
            Reply::Error(text) => line(b'-', text.as_bytes(), out),
            Reply::Integer(number) => line(b':', number.to_string().as_bytes(), out),
            Reply::Bulk(bytes) => {
                line(b'$', bytes.len().to_string().as_bytes(), out);
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Reply::Null if third => out.extend_from_slice(b"_\r\n"),
            Reply::Null => out.extend_from_slice(b"$-1\r\n"),
            Reply::Array(items) => {
                line(b'*', items.len().to_string().as_bytes(), out);
                for item in items {
                    item.append(third, out);
                }
            }
            Reply::Map(pairs) => {
                let (mark, count) = if third { (b'%', pairs.len()) } else { (b'*', pairs.len() * 2) };
                line(mark, count.to_string().as_bytes(), out);
                for (key, value) in pairs {
                    key.append(third, out);
                    value.append(third, out);
                }
            }
        }
    }
}

/// A line; bytes that would end it are blanked, as the server does with errors.
fn line(mark: u8, text: &[u8], out: &mut Vec<u8>) {
    out.push(mark);
    out.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
}
