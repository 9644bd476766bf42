//! Reading requests: arrays of bulk strings, or inline commands as telnet users type them.
//!
//! Source: the behaviour of redis-server 7.0.15, which looks for line ends as C looks for characters in a
//! string: nothing is found behind a NUL.

/// Longest inline request and longest header line (PROTO_INLINE_MAX_SIZE of the server), bytes.
const INLINE: usize = 64 * 1024;
/// Longest argument; the server's own limit is 512 MB, which no peer of ours needs.
const BULK: i64 = 8 << 20;
/// Most arguments of one request.
const ARGUMENTS: i64 = 1024 * 1024;
/// Most bytes of one request.
const REQUEST: usize = 16 << 20;
/// Most bytes that wait to be read.
const KEPT: usize = REQUEST + INLINE;
/// Longest argument before a client has authenticated.
const UNKNOWN_BULK: i64 = 16_384;
/// Most arguments before a client has authenticated.
const UNKNOWN_ARGUMENTS: i64 = 10;

/// One request: its arguments, the command's name first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request(pub Vec<Vec<u8>>);

/// Collects bytes into requests.
#[derive(Debug, Default)]
pub(super) struct Reader {
    buffer: Vec<u8>,
    /// Bytes at the front that are used up.
    used: usize,
    /// Bytes behind `used` that were searched for a line end in vain.
    searched: usize,
    /// Arguments of the request that is being read.
    arguments: Vec<Vec<u8>>,
    /// Bytes in `arguments`.
    held: usize,
    /// Arguments still missing; `None` between requests.
    missing: Option<i64>,
    /// Length of the argument that is being read.
    length: Option<usize>,
}

impl Reader {
    /// Adds bytes from the peer.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.used > 0 {
            self.buffer.drain(..self.used);
            self.used = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole request, `None` when more bytes are needed. `known`: the client has authenticated.
    ///
    /// # Errors
    /// The text of the server's protocol error.
    pub(super) fn next(&mut self, known: bool) -> Result<Option<Request>, String> {
        loop {
            if KEPT < self.rest().len() || REQUEST < self.held {
                return Err("too big mbulk count string".to_owned());
            }
            let step = match (self.missing, self.length) {
                (None, _) => self.begin(known)?,
                (Some(0), _) => {
                    self.missing = None;
                    self.held = 0;
                    return Ok(Some(Request(std::mem::take(&mut self.arguments))));
                }
                (Some(_), None) => self.header(known)?,
                (Some(_), Some(length)) => self.argument(length),
            };
            match step {
                Step::Again => {}
                Step::More => return Ok(None),
                Step::Done(request) => return Ok(Some(request)),
            }
        }
    }

    /// Bytes that wait for the rest of a request.
    pub(super) fn waiting(&self) -> usize {
        self.buffer.capacity() + self.held
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.used..).unwrap_or_default()
    }

    /// The line up to `end`, which is not part of it. Bytes that were looked at before are not looked at
    /// again, and nothing is found behind a NUL.
    fn line(&mut self, end: u8) -> Option<Vec<u8>> {
        let fresh = self.rest().get(self.searched..).unwrap_or_default();
        let found = fresh.iter().position(|&byte| byte == end || byte == 0);
        let Some(at) = found.filter(|&at| fresh.get(at) == Some(&end)) else {
            self.searched += found.unwrap_or(fresh.len());
            return None;
        };
        let length = self.searched + at;
        // A header ends in CR LF; whatever stands where the LF should is skipped.
        let behind = if end == b'\r' { 2 } else { 1 };
        if self.rest().len() < length + behind {
            self.searched = length;
            return None;
        }
        let line = self.rest().get(..length).unwrap_or_default().to_vec();
        self.used += length + behind;
        self.searched = 0;
        Some(line)
    }

    fn begin(&mut self, known: bool) -> Result<Step, String> {
        match self.rest().first() {
            None => Ok(Step::More),
            Some(b'*') => {
                let Some(line) = self.line(b'\r') else {
                    return self.too_long("too big mbulk count string");
                };
                let count = number(&line).filter(|count| *count <= ARGUMENTS);
                let count = count.ok_or_else(|| "invalid multibulk length".to_owned())?;
                if !known && UNKNOWN_ARGUMENTS < count {
                    return Err("unauthenticated multibulk length".to_owned());
                }
                self.missing = (count > 0).then_some(count);
                Ok(Step::Again)
            }
            Some(_) => {
                let Some(mut line) = self.line(b'\n') else { return self.too_long("too big inline request") };
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                let arguments = split(&line).ok_or_else(|| "unbalanced quotes in request".to_owned())?;
                Ok(Step::Done(Request(arguments)))
            }
        }
    }

    fn header(&mut self, known: bool) -> Result<Step, String> {
        if self.rest().is_empty() {
            return Ok(Step::More);
        }
        let first = self.rest().first().copied().unwrap_or_default();
        let Some(line) = self.line(b'\r') else { return self.too_long("too big bulk count string") };
        if first != b'$' {
            return Err(format!("expected '$', got '{}'", char::from(first)));
        }
        let length = number(&line).filter(|length| (0..=BULK).contains(length));
        let length = length.ok_or_else(|| "invalid bulk length".to_owned())?;
        if !known && UNKNOWN_BULK < length {
            return Err("unauthenticated bulk length".to_owned());
        }
        self.length = usize::try_from(length).ok();
        Ok(Step::Again)
    }

    fn argument(&mut self, length: usize) -> Step {
        let rest = self.rest();
        let (Some(argument), true) = (rest.get(..length), length + 2 <= rest.len()) else {
            return Step::More;
        };
        let argument = argument.to_vec();
        self.held += argument.len() + size_of::<Vec<u8>>();
        self.arguments.push(argument);
        self.used += length + 2;
        self.length = None;
        self.missing = self.missing.map(|missing| missing - 1);
        Step::Again
    }

    fn too_long(&self, reason: &str) -> Result<Step, String> {
        if INLINE < self.rest().len() { Err(reason.to_owned()) } else { Ok(Step::More) }
    }
}

enum Step {
    Again,
    More,
    Done(Request),
}

/// A number after its type byte.
fn number(line: &[u8]) -> Option<i64> {
    integer(line.get(1..)?)
}

/// A decimal number of 64 bits, written as the server writes it: no plus sign, no zeros in front.
pub(super) fn integer(word: &[u8]) -> Option<i64> {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    let plain = match digits {
        [b'0'] => word.len() == 1,
        [b'1'..=b'9', ..] => true,
        _ => false,
    };
    if !plain || word.len() > 20 {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// White space as C's `isspace` knows it.
fn blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// Splits an inline command into words; `None` when a quote is not closed.
pub(super) fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        while let Some((&byte, after)) = rest.split_first().filter(|(byte, _)| blank(**byte)) {
            let _ = byte;
            rest = after;
        }
        if rest.is_empty() {
            return Some(words);
        }
        let mut word = Vec::new();
        rest = take_word(rest, &mut word)?;
        words.push(word);
    }
}

fn take_word<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (after, closed) = match rest {
            [] => return Some(rest),
            [b'"', after @ ..] => (double_quoted(after, word)?, true),
            [b'\'', after @ ..] => (single_quoted(after, word)?, true),
            [byte, after @ ..] if blank(*byte) => return Some(after),
            [byte, after @ ..] => {
                word.push(*byte);
                (after, false)
            }
        };
        rest = after;
        if closed {
            // A closing quote ends the word, and something else directly behind it is an error.
            return rest.first().is_none_or(|byte| blank(*byte)).then_some(rest);
        }
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0);
                word.push(u8::try_from(digit(*high) * 16 + digit(*low)).unwrap_or(0));
                after
            }
            [b'\\', byte, after @ ..] => {
                word.push(escaped(*byte));
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match rest {
            [] => return None,
            [b'\'', after @ ..] => return Some(after),
            [b'\\', b'\'', after @ ..] => {
                word.push(b'\'');
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

fn escaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let mut reader = Reader::default();
        reader.push(bytes);
        let mut all = Vec::new();
        while let Ok(Some(Request(words))) = reader.next(true) {
            all.push(words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect());
        }
        all
    }

    #[test]
    fn arrays_and_inline_commands_mix() {
        assert_eq!(
            read(b"*2\r\n$4\r\nECHO\r\n$5\r\na\r\nbc\r\nset k \"a \\n\\x41\" 'it\\'s' foo\"bar\"\r\n*0\r\nPING\n"),
            [vec!["ECHO", "a\r\nbc"], vec!["set", "k", "a \nA", "it's", "foobar"], vec!["PING"]]
        );
    }

    #[test]
    fn nothing_is_found_behind_a_nul() {
        assert!(read(b"\0\x1e\0\x06VERSION\x04BIND\r\n").is_empty());
    }

    #[test]
    fn what_breaks_the_protocol_says_what_the_server_says() {
        for (bytes, known, reason) in [
            (&b"*1\r\n:1\r\n"[..], true, "expected '$', got ':'"),
            (b"*x\r\n", true, "invalid multibulk length"),
            (b"*+1\r\n", true, "invalid multibulk length"),
            (b"*1\r\n$-5\r\n", true, "invalid bulk length"),
            (b"set \"a\r\n", true, "unbalanced quotes in request"),
            (b"set \"a\"b\r\n", true, "unbalanced quotes in request"),
            (b"*11\r\n", false, "unauthenticated multibulk length"),
            (b"*1\r\n$16385\r\n", false, "unauthenticated bulk length"),
        ] {
            let mut reader = Reader::default();
            reader.push(bytes);
            assert_eq!(reader.next(known), Err(reason.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            read(&bytes);
        }
    }
}
