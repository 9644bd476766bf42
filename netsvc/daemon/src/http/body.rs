//! The body of a request: how long it is, and taking it off the buffer (RFC 9112 §6, §7.1).

use super::{
    family::Family,
    request::{Fault, Request},
};
use netsvc_kit::Gathered;

/// Most bytes of a body that are kept.
pub const KEPT: usize = 8 << 20;
/// Longest line that gives a chunk's size.
const SIZE_LINE: usize = 256;

/// A body being received.
#[derive(Debug)]
pub struct Body {
    /// What was kept.
    content: Gathered,
    /// How many bytes came.
    pub size: u64,
    state: State,
    /// Whether lines end with CR LF only.
    strict: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Done,
    Length(u64),
    Size,
    Chunk(u64),
    ChunkEnd,
    Trailer,
}

impl Default for Body {
    fn default() -> Self {
        Body { content: Gathered::new(KEPT), size: 0, state: State::default(), strict: false }
    }
}

impl Body {
    /// Takes out what was kept.
    pub fn take_content(&mut self) -> Vec<u8> {
        self.content.take_all()
    }

    /// The body that `request` announces to a server of `family`.
    ///
    /// # Errors
    /// What is wrong with the announcement.
    pub fn of(request: &Request, family: Family) -> Result<Self, Fault> {
        let strict = family == Family::Apache;
        let coding = request.field("transfer-encoding");
        if let Some(coding) = coding.filter(|_| strict || request.version >= (1, 1)) {
            let last = coding.rsplit(',').next().unwrap_or_default().trim();
            let coding = if strict { last } else { coding.trim() };
            return if coding.eq_ignore_ascii_case("chunked") {
                Ok(Body { state: State::Size, strict, ..Body::default() })
            } else {
                Err(Fault::Coding)
            };
        }
        let Some(length) = request.field("content-length") else { return Ok(Body::default()) };
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::Length);
        }
        match length.parse() {
            Ok(0) => Ok(Body::default()),
            Ok(length) => Ok(Body { state: State::Length(length), ..Body::default() }),
            Err(_) => Err(Fault::Large),
        }
    }

    /// Bytes announced, as far as that is known.
    pub fn announced(&self) -> u64 {
        match self.state {
            State::Length(length) => length,
            _ => 0,
        }
    }

    /// Whether nothing is missing.
    pub fn complete(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Takes what belongs to the body off `buffer`.
    ///
    /// # Errors
    /// When a chunk is broken.
    pub fn take(&mut self, buffer: &mut Gathered) -> Result<(), Fault> {
        loop {
            match self.state {
                State::Done => return Ok(()),
                State::Length(left) | State::Chunk(left) => {
                    let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                    self.keep(buffer.bytes().get(..count).unwrap_or_default());
                    buffer.skip(count);
                    let left = left - count as u64;
                    self.state = match (&self.state, left) {
                        (State::Chunk(_), 0) => State::ChunkEnd,
                        (_, 0) => State::Done,
                        (State::Chunk(_), left) => State::Chunk(left),
                        (_, left) => State::Length(left),
                    };
                    if left > 0 {
                        return Ok(());
                    }
                }
                State::Size | State::ChunkEnd | State::Trailer => {
                    let Some(line) = line(buffer, self.strict)? else { return Ok(()) };
                    self.state = self.after(&line)?;
                }
            }
        }
    }

    fn after(&self, line: &str) -> Result<State, Fault> {
        match self.state {
            State::Size => {
                let digits = line.split(';').next().unwrap_or_default().trim();
                let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                match u64::from_str_radix(digits, 16).ok().filter(|_| hex).unwrap_or(u64::MAX) {
                    u64::MAX if !hex => Err(Fault::Chunk),
                    0 => Ok(State::Trailer),
                    size if size > 1 << 40 => Err(Fault::Large),
                    size => Ok(State::Chunk(size)),
                }
            }
            State::ChunkEnd if line.is_empty() => Ok(State::Size),
            State::ChunkEnd => Err(Fault::Chunk),
            _ if line.is_empty() => Ok(State::Done),
            _ => Ok(State::Trailer),
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        // What there is no room for is counted alone.
        let _ = self.content.push(bytes);
    }
}

fn line(buffer: &mut Gathered, strict: bool) -> Result<Option<String>, Fault> {
    let Some(end) = buffer.find(b"\n").filter(|end| *end < SIZE_LINE) else {
        return if buffer.len() > SIZE_LINE { Err(Fault::Chunk) } else { Ok(None) };
    };
    let line = buffer.take(end + 1);
    if strict && !line.ends_with(b"\r\n") {
        return Err(Fault::Chunk);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunked() -> Body {
        Body { state: State::Size, ..Body::default() }
    }

    fn gathered(bytes: &[u8]) -> Gathered {
        let mut buffer = Gathered::new(1 << 20);
        buffer.push(bytes).unwrap();
        buffer
    }

    #[test]
    fn chunks_are_joined_and_the_rest_is_left() {
        let mut body = chunked();
        let mut buffer = gathered(b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\nGET");
        body.take(&mut buffer).unwrap();
        assert!(body.complete());
        assert_eq!((body.take_content().as_slice(), buffer.bytes()), (&b"abcde"[..], &b"GET"[..]));
        assert_eq!(chunked().take(&mut gathered(b"zz\r\n")), Err(Fault::Chunk));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = chunked().take(&mut gathered(&bytes));
        }
    }
}
