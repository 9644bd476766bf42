//! From a command line to a tree. The language is that of bash, as far as lines sent to servers use it.
//!
//! Nesting is bounded by [`MAX_DEPTH`], so neither parsing nor running nor dropping a tree can use up the stack.

mod command;
mod redirect;
mod scan;
mod tree;
mod word;

pub(crate) use scan::split_arithmetic;
pub(crate) use tree::*;

/// Deepest nesting of compound commands and words.
pub(crate) const MAX_DEPTH: usize = 24;
/// Longest script in bytes.
pub(crate) const MAX_SOURCE: usize = 1 << 20;

/// Why a text is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    /// More lines are needed.
    Incomplete(char),
    /// A token stands where it cannot.
    Unexpected(String),
    /// Nested or long beyond the limits.
    TooComplex,
}

/// Parses a whole program. With `last`, no more lines can follow: an open here-document ends with the text.
pub(crate) fn parse(source: &str, last: bool) -> Result<List, ParseError> {
    if source.len() > MAX_SOURCE {
        return Err(ParseError::TooComplex);
    }
    let mut parser = Parser { characters: source.chars().collect(), at: 0, depth: 0, last };
    let list = parser.list(&[])?;
    match parser.peek() {
        None => Ok(list),
        Some(_) => Err(parser.unexpected()),
    }
}

/// Parses `text` as the inside of a word in double quotes, as here-documents and prompts are read.
pub(crate) fn parse_quoted(text: &str) -> Result<Word, ParseError> {
    let mut parser = Parser { characters: text.chars().collect(), at: 0, depth: 0, last: true };
    let parts = parser.double_quoted(true)?;
    Ok(Word { parts: vec![Part::Double(parts)] })
}

pub(crate) struct Parser {
    characters: Vec<char>,
    at: usize,
    depth: usize,
    last: bool,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn peek_at(&self, offset: usize) -> Option<char> {
        self.characters.get(self.at + offset).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek();
        self.at += usize::from(character.is_some());
        character
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(offset, wanted)| self.peek_at(offset) == Some(wanted));
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Parser) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        if self.depth >= MAX_DEPTH {
            return Err(ParseError::TooComplex);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// The error for the token at hand.
    fn unexpected(&mut self) -> ParseError {
        for operator in ["&&", "||", ";;", "<<", ">>", ";", "&", "|", "(", ")", "<", ">", "}"] {
            if self.eat(operator) {
                return ParseError::Unexpected(operator.to_owned());
            }
        }
        match self.peek() {
            None => ParseError::Incomplete(' '),
            Some('\n') => ParseError::Unexpected("newline".into()),
            Some(_) => {
                let token: String = std::iter::from_fn(|| {
                    let character = self.peek().filter(|character| !" \t\n;&|()<>".contains(*character))?;
                    self.at += 1;
                    Some(character)
                })
                .take(200)
                .collect();
                ParseError::Unexpected(token)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_constructs_ask_for_more() {
        for line in [
            "if true; then",
            "echo 'a",
            "echo \"a",
            "for x in a; do echo",
            "f() {",
            "cat <<E\nx",
            "echo $(ls",
            "a &&",
            "case x in",
            "echo \\",
        ] {
            assert!(
                matches!(parse(line, false), Err(ParseError::Incomplete(_))),
                "{line}: {:?}",
                parse(line, false)
            );
        }
    }

    #[test]
    fn misplaced_tokens_are_named() {
        for (line, token) in [
            ("a || || b", "||"),
            (") x", ")"),
            ("echo a; ; b", ";"),
            ("for x do in", ""),
            ("fi", "fi"),
            ("a | ; b", ";"),
            ("( )", ")"),
        ] {
            match parse(line, true) {
                Err(ParseError::Unexpected(found)) => {
                    assert!(token.is_empty() || found == token, "{line}: {found}")
                }
                other => assert!(token.is_empty(), "{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn depth_is_bounded() {
        for open in ["(", "{ ", "if ", "$(", "\"$(", "${x:-", "f() "] {
            let _ = parse(&open.repeat(5_000), true);
        }
        assert_eq!(parse(&"( ".repeat(5_000), true), Err(ParseError::TooComplex));
    }
}
