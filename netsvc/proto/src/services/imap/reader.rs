//! Bytes into commands: lines, and the literals in them (RFC 3501 §4.3, RFC 7888).

use netsvc_kit::Gathered;

/// Longest literal of a mail.
const MAIL: usize = 512 * 1024;
/// Longest literal of anything else.
const WORD: usize = 65_536;
/// Longest line after the login.
const LINE: usize = 128 * 1024;
/// Longest line and literal before (`LOGIN_MAX_INBUF_SIZE`).
const LOGIN_LINE: usize = 4096;
/// Pieces of a command.
const PIECES: usize = 200;

/// A piece of a command.
#[derive(Debug)]
pub(super) enum Piece {
    /// A line without its end, and without the marker of the literal that follows it.
    Text(Vec<u8>),
    /// A literal.
    Literal(Vec<u8>),
}

/// What the bytes that came are.
#[derive(Debug)]
pub(super) enum Read {
    /// Not enough for anything.
    Nothing,
    /// A whole command.
    Command(Vec<Piece>),
    /// The text so far; a literal of the given size follows as soon as the client is told to go on.
    Asks(usize),
    /// A marker of a literal without a number, in this line.
    BadLiteral(Vec<u8>),
    /// A literal that is too large.
    LargeLiteral,
    /// A line that is too long.
    LongLine,
}

/// Received bytes.
#[derive(Debug)]
pub(super) struct Reader {
    buffer: Gathered,
    pieces: Vec<Piece>,
    /// Bytes of the pieces.
    held: usize,
    /// Size of the literal that comes.
    literal: Option<usize>,
    /// Whether the login is over.
    pub(super) inside: bool,
}

impl Reader {
    pub(super) fn new() -> Self {
        Reader {
            buffer: Gathered::new(MAIL + LINE * 2),
            pieces: Vec::new(),
            held: 0,
            literal: None,
            inside: false,
        }
    }

    /// Adds bytes; false when there is no room.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        self.buffer.push(bytes).is_ok()
    }

    /// Throws away what is not read yet.
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.forget();
    }

    /// Throws the command away that was begun.
    pub(super) fn forget(&mut self) {
        self.pieces.clear();
        self.held = 0;
        self.literal = None;
    }

    /// The pieces so far.
    pub(super) fn so_far(&self) -> &[Piece] {
        &self.pieces
    }

    /// A line as it is, for conversations that are no commands; `Err` when it is too long.
    pub(super) fn line(&mut self) -> Result<Option<Vec<u8>>, ()> {
        let limit = if self.inside { LINE } else { LOGIN_LINE };
        let end = self.buffer.find(b"\n");
        if limit <= end.unwrap_or(self.buffer.len()) {
            return Err(());
        }
        let Some(end) = end else { return Ok(None) };
        let mut line = self.buffer.take(end + 1);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    /// What comes next.
    pub(super) fn next(&mut self) -> Read {
        loop {
            if let Some(size) = self.literal {
                if self.buffer.len() < size {
                    return Read::Nothing;
                }
                self.literal = None;
                let bytes = self.buffer.take(size);
                self.pieces.push(Piece::Literal(bytes));
            }
            let Ok(line) = self.line() else { return Read::LongLine };
            let Some(line) = line else { return Read::Nothing };
            let marked = marker(&line);
            let Some((start, size, plus)) = marked else {
                self.pieces.push(Piece::Text(line));
                self.held = 0;
                return Read::Command(std::mem::take(&mut self.pieces));
            };
            let Some(size) = size else {
                self.forget();
                return Read::BadLiteral(line);
            };
            let mut text = line;
            text.truncate(start);
            self.held = self.held.saturating_add(text.len()).saturating_add(size);
            self.pieces.push(Piece::Text(text));
            let most = if !self.inside {
                LOGIN_LINE
            } else if self.appends() {
                MAIL
            } else {
                WORD
            };
            if most < size || MAIL + LINE < self.held || PIECES < self.pieces.len() {
                return Read::LargeLiteral;
            }
            self.literal = Some(size);
            if !plus {
                return Read::Asks(size);
            }
        }
    }

    /// Whether the command that was begun is an APPEND.
    fn appends(&self) -> bool {
        let Some(Piece::Text(text)) = self.pieces.first() else { return false };
        let mut words = text.split(|&byte| byte == b' ').skip(1);
        words.next().is_some_and(|verb| verb.eq_ignore_ascii_case(b"APPEND"))
    }
}

/// Where the marker of a literal at the end of `line` begins, the size if it is one, and whether the client does not
/// wait.
fn marker(line: &[u8]) -> Option<(usize, Option<usize>, bool)> {
    let inner = line.strip_suffix(b"}")?;
    let start = inner.iter().rposition(|&byte| byte == b'{')?;
    // Within a quoted string it is none.
    let before = inner.get(..start)?;
    let quotes = before.iter().filter(|&&byte| byte == b'"').count();
    if quotes % 2 == 1 || !before.last().is_none_or(|byte| b" (".contains(byte)) {
        return None;
    }
    let number = inner.get(start + 1..)?;
    let (number, plus) = match number.strip_suffix(b"+") {
        Some(number) => (number, true),
        None => (number, false),
    };
    let digits = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(number).ok()?;
    let size = digits.then(|| text.parse().unwrap_or(usize::MAX));
    Some((start, size, plus))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markers_are_found_where_they_are() {
        assert_eq!(marker(b"a LOGIN {4}"), Some((8, Some(4), false)));
        assert_eq!(marker(b"a LOGIN {4+}"), Some((8, Some(4), true)));
        assert_eq!(marker(b"a LOGIN {x}"), Some((8, None, false)));
        assert_eq!(marker(b"a LOGIN \"{4}"), None);
        assert_eq!(marker(b"a LOGIN"), None);
        assert_eq!(marker(b"a LOGIN {99999999999999999999999}"), Some((8, Some(usize::MAX), false)));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            bytes in proptest::collection::vec(prop::sample::select(b"ab {1}+\r\n".to_vec()), 0..60)
        ) {
            let read = |step: usize| {
                let mut reader = Reader::new();
                let mut all = Vec::new();
                for piece in bytes.chunks(step) {
                    reader.push(piece);
                    loop {
                        match reader.next() {
                            Read::Nothing => break,
                            other => all.push(format!("{other:?}")),
                        }
                        if all.len() > 100 { break; }
                    }
                }
                all
            };
            prop_assert_eq!(read(1), read(60));
        }
    }
}
