//! What nginx takes for a request and what it refuses, as 1.22.1 reads it: byte by byte, so that it answers as soon
//! as a byte is wrong.

use super::request::{Fault, Request};

/// First buffer of a head, and the further ones.
const FIRST: usize = 1024;
const LARGE: usize = 8192;
/// Further buffers that a head may take.
const BUFFERS: usize = 4;

/// Fields that may stand once.
const UNIQUE: &[&str] = &[
    "host",
    "content-length",
    "transfer-encoding",
    "if-modified-since",
    "if-unmodified-since",
    "if-match",
    "if-none-match",
    "if-range",
    "expect",
    "authorization",
    "content-range",
    "depth",
    "destination",
    "overwrite",
];

/// The state of a request line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    state: State,
    /// Whether it has no version.
    simple: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Method,
    BeforeTarget,
    Scheme,
    /// Slashes that are still to come after the scheme.
    Slashes(u8),
    HostStart,
    Host,
    HostEnd,
    Literal,
    Port,
    Target,
    BeforeVersion,
    /// Letters of `HTTP/` that came.
    Name(usize),
    Major,
    MajorEnd,
    Minor,
    MinorMore(u16),
    AfterVersion,
    AfterReturn,
    Done,
}

impl Line {
    /// Takes a piece of `line`; whether it is complete and has no version.
    ///
    /// # Errors
    /// What the first wrong byte makes of it.
    pub fn take_all(&mut self, piece: &[u8], line: &[u8]) -> Result<bool, Fault> {
        for &byte in piece {
            self.state = self.next(byte)?;
        }
        if self.state == State::Done && self.simple && !line.trim_ascii_start().starts_with(b"GET ") {
            return Err(Fault::Simple);
        }
        Ok(self.state == State::Done && self.simple)
    }

    fn next(&mut self, byte: u8) -> Result<State, Fault> {
        let method = byte.is_ascii_uppercase() || byte == b'_' || byte == b'-';
        Ok(match (self.state, byte) {
            (State::Start, b'\r' | b'\n') => State::Start,
            (State::Start, _) if method => State::Method,
            (State::Method, _) if method => State::Method,
            (State::Method | State::BeforeTarget, b' ') => State::BeforeTarget,
            (State::BeforeTarget, b'/') => State::Target,
            (State::BeforeTarget, _) if byte.is_ascii_alphabetic() => State::Scheme,
            (State::Scheme, b':') => State::Slashes(2),
            (State::Scheme, _) if byte.is_ascii_alphanumeric() || b"+-.".contains(&byte) => State::Scheme,
            (State::Slashes(2), b'/') => State::Slashes(1),
            (State::Slashes(1), b'/') => State::HostStart,
            (State::HostStart, b'[') => State::Literal,
            (State::Literal, b']') => State::HostEnd,
            (State::Literal, _) if byte.is_ascii_alphanumeric() || b":-._~!$&'()*+,;=".contains(&byte) => {
                State::Literal
            }
            (State::HostStart | State::Host, _) if byte.is_ascii_alphanumeric() || b".-".contains(&byte) => {
                State::Host
            }
            (State::HostStart | State::Host | State::HostEnd, b':') => State::Port,
            (State::HostStart | State::Host | State::HostEnd | State::Port, b'/' | b'?') => State::Target,
            (State::HostStart | State::Host | State::HostEnd | State::Port, b' ') => State::BeforeVersion,
            (State::Port, b'0'..=b'9') => State::Port,
            (State::Target | State::BeforeVersion, b' ') => State::BeforeVersion,
            (State::Target | State::BeforeVersion, b'\r') => self.without_version(State::AfterReturn),
            (State::Target | State::BeforeVersion, b'\n') => self.without_version(State::Done),
            (State::Target, 0x20..) if byte != 0x7f => State::Target,
            _ => return self.version(byte),
        })
    }

    fn without_version(&mut self, next: State) -> State {
        self.simple = true;
        next
    }

    fn version(&self, byte: u8) -> Result<State, Fault> {
        Ok(match (self.state, byte) {
            (State::BeforeVersion, b'H') => State::Name(1),
            (State::Name(count), _) if b"HTTP/".get(count) == Some(&byte) => {
                if byte == b'/' {
                    State::Major
                } else {
                    State::Name(count + 1)
                }
            }
            (State::Major, b'1') => State::MajorEnd,
            (State::Major, b'2'..=b'9') | (State::MajorEnd, b'0'..=b'9') => return Err(Fault::Version),
            (State::MajorEnd, b'.') => State::Minor,
            (State::Minor, b'0'..=b'9') => State::MinorMore(u16::from(byte - b'0')),
            (State::MinorMore(minor @ ..=99), b'0'..=b'9') => {
                State::MinorMore(minor * 10 + u16::from(byte - b'0'))
            }
            (State::MinorMore(_) | State::AfterVersion, b' ') => State::AfterVersion,
            (State::MinorMore(_) | State::AfterVersion, b'\r') => State::AfterReturn,
            (State::MinorMore(_) | State::AfterVersion | State::AfterReturn, b'\n') => State::Done,
            _ => return Err(Fault::Line),
        })
    }
}

/// The buffers of a head.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    used: usize,
    size: usize,
    large: usize,
}

impl Default for Room {
    fn default() -> Self {
        Room { used: 0, size: FIRST, large: 0 }
    }
}

impl Room {
    /// Puts a line of `length` bytes where there is room; one that is not `whole` stays where it is.
    ///
    /// # Errors
    /// `fault`, when there is no room left.
    pub fn check(&mut self, length: usize, whole: bool, fault: Fault) -> Result<(), Fault> {
        let full = self.used + length > self.size;
        let most = if whole { LARGE } else { LARGE - 1 };
        if length > most || full && self.large == BUFFERS {
            return Err(fault);
        }
        if whole && full {
            *self = Room { used: 0, size: LARGE, large: self.large + 1 };
        }
        if whole {
            self.used += length;
        }
        Ok(())
    }
}

/// # Errors
/// When there is a zero in a piece of a field.
pub fn has_no_zero(piece: &[u8]) -> Result<(), Fault> {
    if piece.contains(&0) { Err(Fault::Field) } else { Ok(()) }
}

/// # Errors
/// When nginx refuses the field `line`, rather than ignoring it.
pub fn field(line: &[u8]) -> Result<(), Fault> {
    let end = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
    let name = line.get(..end).unwrap_or_default();
    let value = line.get(end..).unwrap_or_default();
    let control = name.iter().any(|&byte| byte <= 0x20 || byte == 0x7f);
    let returns = value.iter().rev().skip_while(|&&byte| byte == b'\r').any(|&byte| byte == b'\r');
    if name.is_empty() || control || returns { Err(Fault::Field) } else { Ok(()) }
}

/// What is wrong with the fields of `request`, in the order in which nginx sees it.
pub fn check(request: &Request) -> Option<Fault> {
    let mut seen: Vec<&str> = Vec::new();
    for (name, value) in &request.fields {
        let Some(unique) = UNIQUE.iter().find(|unique| name.eq_ignore_ascii_case(unique)) else { continue };
        if seen.contains(unique) {
            return Some(if *unique == "host" { Fault::Host } else { Fault::Twice });
        }
        seen.push(unique);
        if *unique == "host" && !is_host(value.as_bytes()) {
            return Some(Fault::Host);
        }
    }
    if request.authority.as_deref().is_some_and(|host| !is_host(host.as_bytes()))
        || request.version >= (1, 1) && !seen.contains(&"host")
    {
        return Some(Fault::Host);
    }
    if matches!(request.method.as_str(), "TRACE" | "CONNECT") {
        return Some(Fault::Banned);
    }
    let length = request.field("content-length");
    if length.is_some_and(|length| length.is_empty() || length.parse::<i64>().is_err() || !digits(length)) {
        return Some(Fault::Length);
    }
    let coding = request.field("transfer-encoding")?;
    if request.version < (1, 1) {
        return Some(Fault::Length);
    }
    if !coding.eq_ignore_ascii_case("chunked") {
        return Some(Fault::Coding);
    }
    length.map(|_| Fault::Length)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether nginx takes `value` for a host.
fn is_host(value: &[u8]) -> bool {
    let bad = |&byte: &u8| byte <= 0x20 || byte == 0x7f || byte == b'/';
    if value.iter().any(bad) || value.windows(2).any(|pair| pair == b"..") {
        return false;
    }
    let literal = value.starts_with(b"[");
    let end = value.iter().position(|&byte| byte == b':').filter(|_| !literal).unwrap_or(value.len());
    !matches!(value.get(..end), None | Some(b"" | b"."))
}
