//! Reading requests: arrays of bulk strings, or inline commands as telnet users type them.

/// Longest inline request (PROTO_INLINE_MAX_SIZE of the server).
const INLINE: usize = 64 * 1024;
/// Longest argument; the server's own limit is 512 MB, which no peer of ours needs.
const BULK: i64 = 8 << 20;
/// Most arguments of one request.
const ARGUMENTS: i64 = 1024 * 1024;
/// Most bytes of one request.
const REQUEST: usize = 16 << 20;
/// Most bytes and arguments before a client has authenticated are the server's business; ours are these.
const KEPT: usize = REQUEST + INLINE;

/// One request: its arguments, the command's name first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request(pub Vec<Vec<u8>>);

/// Collects bytes into requests.
#[derive(Debug, Default)]
pub(super) struct Reader {
    buffer: Vec<u8>,
    /// Bytes at the front that are used up.
    used: usize,
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

    /// The next whole request, `None` when more bytes are needed.
    ///
    /// # Errors
    /// The text of the server's protocol error.
    pub(super) fn next(&mut self) -> Result<Option<Request>, String> {
        loop {
            if KEPT < self.rest().len() || REQUEST < self.held {
                return Err("too big mbulk count string".to_owned());
            }
            let step = match (self.missing, self.length) {
                (None, _) => self.begin()?,
                (Some(0), _) => {
                    self.missing = None;
                    self.held = 0;
                    return Ok(Some(Request(std::mem::take(&mut self.arguments))));
                }
                (Some(_), None) => self.header()?,
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

    fn line(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        let rest = self.rest();
        let length = rest.windows(end.len()).position(|window| window == end)?;
        let line = rest.get(..length).unwrap_or_default().to_vec();
        self.used += length + end.len();
        Some(line)
    }

    fn begin(&mut self) -> Result<Step, String> {
        match self.rest().first() {
            None => Ok(Step::More),
            Some(b'*') => {
                let Some(line) = self.line(b"\r\n") else {
                    return self.too_long("too big mbulk count string");
                };
                let count = number(&line).filter(|count| *count <= ARGUMENTS);
                let count = count.ok_or_else(|| "invalid multibulk length".to_owned())?;
                self.missing = (count > 0).then_some(count);
                Ok(Step::Again)
            }
            Some(_) => {
                let Some(mut line) = self.line(b"\n") else { return self.too_long("too big inline request") };
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                let arguments = split(&line).ok_or_else(|| "unbalanced quotes in request".to_owned())?;
                Ok(Step::Done(Request(arguments)))
            }
        }
    }

    fn header(&mut self) -> Result<Step, String> {
        match self.rest().first() {
            None => return Ok(Step::More),
            Some(b'$') => {}
            Some(&other) => return Err(format!("expected '$', got '{}'", char::from(other))),
        }
        let Some(line) = self.line(b"\r\n") else { return self.too_long("too big bulk count string") };
        let length = number(&line).filter(|length| (0..=BULK).contains(length));
        let length = length.and_then(|length| usize::try_from(length).ok());
        self.length = Some(length.ok_or_else(|| "invalid bulk length".to_owned())?);
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
    std::str::from_utf8(line.get(1..)?).ok()?.parse().ok()
}

/// Splits an inline command into words; `None` when a quote is not closed.
fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut bytes = line.iter().copied().peekable();
    loop {
        while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
        let Some(&first) = bytes.peek() else { return Some(words) };
        let mut word = Vec::new();
        match first {
            quote @ (b'"' | b'\'') => {
                bytes.next();
                loop {
                    match bytes.next()? {
                        b'\\' if quote == b'"' => word.push(escaped(bytes.next()?)),
                        byte if byte == quote => break,
                        byte => word.push(byte),
                    }
                }
                if bytes.peek().is_some_and(|byte| !byte.is_ascii_whitespace()) {
                    return None;
                }
            }
            _ => {
                while let Some(byte) = bytes.next_if(|byte| !byte.is_ascii_whitespace()) {
                    word.push(byte);
                }
            }
        }
        words.push(word);
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
        while let Ok(Some(Request(words))) = reader.next() {
            all.push(words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect());
        }
        all
    }

    #[test]
    fn arrays_and_inline_commands_mix() {
        assert_eq!(
            read(b"*2\r\n$4\r\nECHO\r\n$5\r\na\r\nbc\r\nset k \"a \\n b\"\r\n*0\r\nPING\n"),
            [vec!["ECHO", "a\r\nbc"], vec!["set", "k", "a \n b"], vec!["PING"]]
        );
    }

    #[test]
    fn what_breaks_the_protocol_says_what_the_server_says() {
        for (bytes, reason) in [
            (&b"*1\r\n:1\r\n"[..], "expected '$', got ':'"),
            (b"*x\r\n", "invalid multibulk length"),
            (b"*1\r\n$-5\r\n", "invalid bulk length"),
            (b"set \"a\r\n", "unbalanced quotes in request"),
        ] {
            let mut reader = Reader::default();
            reader.push(bytes);
            assert_eq!(reader.next(), Err(reason.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            read(&bytes);
        }
    }
}
