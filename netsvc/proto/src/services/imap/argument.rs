//! A command's words: atoms, strings and lists (RFC 3501 §4).

use super::reader::Piece;

/// Deepest nesting of lists.
const DEPTH: usize = 32;

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// A word without quotes.
    Atom(Vec<u8>),
    /// A quoted string.
    Text(Vec<u8>),
    /// A literal.
    Literal(Vec<u8>),
    /// A list.
    List(Vec<Argument>),
}

impl Argument {
    /// What a word or string says; a list says nothing.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Argument::Atom(bytes) | Argument::Text(bytes) | Argument::Literal(bytes) => Some(bytes),
            Argument::List(_) => None,
        }
    }

    /// As [`Argument::bytes`], as text.
    pub(super) fn text(&self) -> Option<String> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// An atom in upper case; others are none.
    pub(super) fn keyword(&self) -> Option<String> {
        match self {
            Argument::Atom(bytes) => Some(String::from_utf8_lossy(bytes).to_ascii_uppercase()),
            _ => None,
        }
    }

    /// What stands in a list.
    pub(super) fn list(&self) -> Option<&[Argument]> {
        match self {
            Argument::List(list) => Some(list),
            _ => None,
        }
    }
}

/// A line's first word, and what stands behind the space after it.
pub(super) fn split(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|&byte| byte == b' ').and_then(|at| line.split_at_checked(at)) {
        Some((word, rest)) => (word, rest.get(1..).unwrap_or_default()),
        None => (line, &[]),
    }
}

/// Whether this can be a tag (RFC 3501 §9).
pub(super) fn is_tag(tag: &[u8]) -> bool {
    !tag.is_empty() && tag.iter().all(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\+".contains(byte))
}

/// Reads the arguments in `pieces`, from the byte `start` of the first.
///
/// # Errors
/// What Dovecot says.
pub(super) fn read(pieces: &[Piece], start: usize) -> Result<Vec<Argument>, &'static str> {
    let mut open: Vec<Vec<Argument>> = vec![Vec::new()];
    for (number, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal(bytes) => add(&mut open, Argument::Literal(bytes.clone())),
            Piece::Text(text) => {
                let from = if number == 0 { start } else { 0 };
                words(text.get(from..).unwrap_or_default(), &mut open)?;
            }
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(all), true) => Ok(all),
        _ => Err("Missing ')'"),
    }
}

fn add(open: &mut [Vec<Argument>], argument: Argument) {
    if let Some(list) = open.last_mut() {
        list.push(argument);
    }
}

fn words(mut rest: &[u8], open: &mut Vec<Vec<Argument>>) -> Result<(), &'static str> {
    while let Some((&first, tail)) = rest.split_first() {
        match first {
            b' ' => rest = tail,
            b'(' if DEPTH <= open.len() => return Err("Too many '('"),
            b'(' => {
                open.push(Vec::new());
                rest = tail;
            }
            b')' => {
                let list = if open.len() < 2 { None } else { open.pop() };
                add(open, Argument::List(list.ok_or("Unexpected ')'")?));
                rest = tail;
            }
            b'"' => {
                let (text, after) = quoted(tail)?;
                add(open, Argument::Text(text));
                rest = after;
            }
            _ => {
                let end = rest.iter().position(|byte| b" ()".contains(byte)).unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                add(open, Argument::Atom(word.to_vec()));
                rest = after;
            }
        }
    }
    Ok(())
}

/// A string up to its closing quote, and what follows.
fn quoted(text: &[u8]) -> Result<(Vec<u8>, &[u8]), &'static str> {
    let mut said = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return Ok((said, text.get(at + 1..).unwrap_or_default())),
            b'\\' => {
                said.extend(text.get(at + 1));
                at += 2;
            }
            _ => {
                said.push(byte);
                at += 1;
            }
        }
    }
    Err("Missing '\"'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_strings_and_lists_are_told_apart() {
        let pieces = [
            Piece::Text(b"a X one \"t\\\"w\" (x (y) ".to_vec()),
            Piece::Literal(b"z".to_vec()),
            Piece::Text(b")".to_vec()),
        ];
        let atom = |text: &str| Argument::Atom(text.as_bytes().to_vec());
        let text = |text: &str| Argument::Text(text.as_bytes().to_vec());
        let wanted = vec![
            atom("one"),
            text("t\"w"),
            Argument::List(vec![
                atom("x"),
                Argument::List(vec![atom("y")]),
                Argument::Literal(b"z".to_vec()),
            ]),
        ];
        assert_eq!(read(&pieces, 4).unwrap(), wanted);
        for (line, error) in [("(", "Missing ')'"), (")", "Unexpected ')'"), ("\"", "Missing '\"'")] {
            assert_eq!(read(&[Piece::Text(line.into())], 0), Err(error));
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(line in "[ab()\" \\\\]{0,60}") {
            let _ = read(&[Piece::Text(line.into_bytes())], 0);
        }
    }
}
