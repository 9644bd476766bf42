//! Replies, in RESP2 or RESP3.
//!
//! Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

/// A reply, or the refusal that is sent in its place.
pub(super) type Outcome = Result<Reply, Reply>;

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// `+…`.
    Simple(String),
    /// `-…`.
    Error(String),
    /// `:…`.
    Integer(i64),
    /// `$…`.
    Bulk(Vec<u8>),
    /// No value: `$-1` or `_`.
    Null,
    /// No list: `*-1` or `_`.
    NullArray,
    /// `*…`.
    Array(Vec<Reply>),
    /// `~…`, or an array in RESP2.
    Set(Vec<Reply>),
    /// Pairs: `%…`, or a flat array in RESP2.
    Map(Vec<(Reply, Reply)>),
    /// A list of pairs in RESP3, a flat array in RESP2.
    Pairs(Vec<(Reply, Reply)>),
    /// `,…`, or a text in RESP2.
    Double(f64),
    /// Out of band: `>…`, or an array in RESP2.
    Push(Vec<Reply>),
    /// Replies of one command, one after the other.
    Several(Vec<Reply>),
}

impl Reply {
    /// `+OK`.
    pub(super) fn ok() -> Self {
        Reply::simple("OK")
    }

    /// A status.
    pub(super) fn simple(text: impl Into<String>) -> Self {
        Reply::Simple(text.into())
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

    /// A set of texts.
    pub(super) fn set<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Self {
        Reply::Set(texts.into_iter().map(Reply::bulk).collect())
    }

    /// How many.
    pub(super) fn count(number: usize) -> Self {
        Reply::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// One for true.
    pub(super) fn flag(value: bool) -> Self {
        Reply::Integer(i64::from(value))
    }

    /// Whether it is an error.
    pub(super) fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }

    /// The refusal of a key of another type.
    pub(super) fn wrong_type() -> Self {
        Reply::error("WRONGTYPE Operation against a key holding the wrong kind of value")
    }

    /// The refusal of a word that is no number of 64 bits.
    pub(super) fn not_integer() -> Self {
        Reply::error("ERR value is not an integer or out of range")
    }

    /// The refusal of an option that the command does not have.
    pub(super) fn syntax() -> Self {
        Reply::error("ERR syntax error")
    }

    /// The refusal of a key that must be there.
    pub(super) fn no_key() -> Self {
        Reply::error("ERR no such key")
    }

    /// The refusal of a value that does not fit into memory.
    pub(super) fn out_of_memory() -> Self {
        Reply::error("OOM command not allowed when used memory > 'maxmemory'.")
    }

    /// The refusal of the wrong number of words for `name`.
    pub(super) fn arity(name: &str) -> Self {
        Reply::error(format!("ERR wrong number of arguments for '{name}' command"))
    }

    /// What it takes in memory, bytes; rough.
    pub(super) fn size(&self) -> usize {
        let inner: usize = match self {
            Reply::Simple(text) | Reply::Error(text) => text.len(),
            Reply::Bulk(bytes) => bytes.len(),
            Reply::Array(items) | Reply::Set(items) | Reply::Push(items) | Reply::Several(items) => {
                items.iter().map(Reply::size).sum()
            }
            Reply::Map(pairs) | Reply::Pairs(pairs) => {
                pairs.iter().map(|(key, value)| key.size() + value.size()).sum()
            }
            Reply::Integer(_) | Reply::Null | Reply::NullArray | Reply::Double(_) => 0,
        };
        inner + size_of::<Reply>()
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
            Reply::Bulk(bytes) => bulk(bytes, out),
            Reply::Null | Reply::NullArray if third => out.extend_from_slice(b"_\r\n"),
            Reply::Null => out.extend_from_slice(b"$-1\r\n"),
            Reply::NullArray => out.extend_from_slice(b"*-1\r\n"),
            Reply::Array(items) => sequence(b'*', items, third, out),
            Reply::Set(items) => sequence(if third { b'~' } else { b'*' }, items, third, out),
            Reply::Push(items) => sequence(if third { b'>' } else { b'*' }, items, third, out),
            Reply::Several(items) => items.iter().for_each(|item| item.append(third, out)),
            Reply::Map(pairs) => {
                let (mark, count) = if third { (b'%', pairs.len()) } else { (b'*', pairs.len() * 2) };
                head(mark, count, out);
                flat(pairs, third, out);
            }
            Reply::Pairs(pairs) if third => {
                head(b'*', pairs.len(), out);
                for (key, value) in pairs {
                    head(b'*', 2, out);
                    key.append(third, out);
                    value.append(third, out);
                }
            }
            Reply::Pairs(pairs) => {
                head(b'*', pairs.len() * 2, out);
                flat(pairs, third, out);
            }
            Reply::Double(number) if third => line(b',', double(*number).as_bytes(), out),
            Reply::Double(number) => bulk(double(*number).as_bytes(), out),
        }
    }
}

fn flat(pairs: &[(Reply, Reply)], third: bool, out: &mut Vec<u8>) {
    for (key, value) in pairs {
        key.append(third, out);
        value.append(third, out);
    }
}

fn sequence(mark: u8, items: &[Reply], third: bool, out: &mut Vec<u8>) {
    head(mark, items.len(), out);
    items.iter().for_each(|item| item.append(third, out));
}

fn head(mark: u8, count: usize, out: &mut Vec<u8>) {
    line(mark, count.to_string().as_bytes(), out);
}

fn bulk(bytes: &[u8], out: &mut Vec<u8>) {
    head(b'$', bytes.len(), out);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// A line; bytes that would end it are blanked, as the server does with errors.
fn line(mark: u8, text: &[u8], out: &mut Vec<u8>) {
    out.push(mark);
    out.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    out.extend_from_slice(b"\r\n");
}

/// A number as C's `%.17g` prints it, which is how the server shows scores.
pub(super) fn double(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{number:.16e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..17).contains(&exponent) {
        let mantissa = trimmed(mantissa);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let decimals = usize::try_from(16 - exponent).unwrap_or(0);
    trimmed(&format!("{number:.decimals$}")).to_owned()
}

/// A decimal fraction without zeros at its end.
pub(super) fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_c_prints_them() {
        for (number, text) in [
            (1.0, "1"),
            (2.5, "2.5"),
            (0.1, "0.10000000000000001"),
            (1e20, "1e+20"),
            (1.5e-7, "1.4999999999999999e-07"),
            (f64::NEG_INFINITY, "-inf"),
            (-3.0, "-3"),
        ] {
            assert_eq!(double(number), text);
        }
    }
}
