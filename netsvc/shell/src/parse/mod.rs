//! From a command line to a tree: the languages of bash, dash and BusyBox, as far as lines sent to servers use them.
//!
//! Nesting is bounded by [`MAX_DEPTH`], so neither parsing nor running nor dropping a tree can use up the stack.

mod command;
mod loops;
mod redirect;
mod scan;
mod tree;
mod word;

pub(crate) use scan::split_arithmetic;
pub(crate) use tree::*;

use crate::dialect::Dialect;

/// Deepest nesting of compound commands and words.
pub(crate) const MAX_DEPTH: usize = 24;
/// Longest script in bytes.
pub(crate) const MAX_SOURCE: usize = 1 << 20;

/// Why a text is no program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    /// More lines are needed: the quote or bracket that is open, a space for a command, and what would close it.
    Incomplete(char, &'static str),
    /// A token stands where it cannot; what should stand there instead, if that is only one thing.
    Unexpected(String, &'static str),
    /// What only one shell says, whole.
    Refused(&'static str),
    /// Nested or long beyond the limits.
    TooComplex,
}

/// A place where a text stopped to be a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: ParseError,
    /// Number of the line, from 1.
    pub(crate) line: u32,
    /// The line itself.
    pub(crate) text: String,
}

/// What a text is as a program: its commands up to the line that is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) list: List,
    pub(crate) failure: Option<Failure>,
    /// Here-documents that the end of the text ended: line of the end, line of the operator, delimiter.
    pub(crate) open_documents: Vec<(u32, u32, String)>,
}

/// Parses a text line by line, as shells read it: what comes before a wrong line still runs. With `last`, no more
/// lines can follow: an open here-document ends with the text. `first` is the number of its first line.
pub(crate) fn program(source: &str, dialect: Dialect, first: u32, last: bool) -> Program {
    let mut program = Program::default();
    if source.len() > MAX_SOURCE {
        program.failure = Some(Failure { error: ParseError::TooComplex, line: first, text: String::new() });
        return program;
    }
    let mut parser = Parser::new(source, dialect, first, last);
    loop {
        let items = program.list.len();
        match parser.top_line(&mut program.list) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                program.list.truncate(items);
                let at_end = !dialect.is_bash() && matches!(error, ParseError::Incomplete(..));
                let line = parser.error_line.filter(|_| !at_end).unwrap_or_else(|| parser.line());
                let text = source.split('\n').nth((line - first.min(line)) as usize).unwrap_or("").to_owned();
                program.failure = Some(Failure { error, line, text });
                break;
            }
        }
    }
    program.open_documents = parser.open_documents;
    program
}

/// Parses a text that must be a program as a whole.
#[cfg(test)]
pub(crate) fn parse(source: &str, last: bool) -> Result<List, ParseError> {
    let program = program(source, Dialect::Bash, 1, last);
    program.failure.map_or(Ok(program.list), |failure| Err(failure.error))
}

/// Parses `text` as the inside of a word in double quotes, as here-documents and prompts are read.
pub(crate) fn parse_quoted(text: &str, dialect: Dialect) -> Result<Word, ParseError> {
    let mut parser = Parser::new(text, dialect, 1, true);
    let parts = parser.double_quoted(true)?;
    Ok(Word { parts: vec![Part::Double(parts)] })
}

/// Parses `text` as one word, whatever is in it.
pub(crate) fn parse_word(text: &str, dialect: Dialect) -> Result<Word, ParseError> {
    Parser::new(text, dialect, 1, true).word_until(&[])
}

/// Parses `text` as one assignment.
pub(crate) fn parse_assignment(text: &str, dialect: Dialect) -> Option<Assignment> {
    let mut list = program(text, dialect, 1, true).list;
    let command = list.pop().filter(|_| list.is_empty())?.chain.first.commands.pop()?;
    match command.body {
        CommandBody::Simple { mut assignments, words } if words.is_empty() && assignments.len() == 1 => {
            assignments.pop()
        }
        _ => None,
    }
}

pub(crate) struct Parser {
    characters: Vec<char>,
    at: usize,
    depth: usize,
    last: bool,
    dialect: Dialect,
    /// Number of the line at `counted`.
    counted_line: u32,
    counted: usize,
    /// Lines of here-documents that were taken out: where, and how many.
    taken_out: Vec<(usize, u32)>,
    /// Where an error is that shows only later.
    error_line: Option<u32>,
    open_documents: Vec<(u32, u32, String)>,
}

impl Parser {
    fn new(source: &str, dialect: Dialect, first: u32, last: bool) -> Parser {
        Parser {
            characters: source.chars().collect(),
            at: 0,
            depth: 0,
            last,
            dialect,
            counted_line: first,
            counted: 0,
            taken_out: Vec::new(),
            error_line: None,
            open_documents: Vec::new(),
        }
    }

    /// Number of the line that is being read. Work is linear in what was read since the last question.
    fn line(&mut self) -> u32 {
        let at = self.at.min(self.characters.len());
        let (low, high) = (self.counted.min(at), self.counted.max(at));
        let ends = self.characters.get(low..high).unwrap_or(&[]).iter().filter(|c| **c == '\n').count();
        let lines = u32::try_from(ends).unwrap_or(u32::MAX)
            + self
                .taken_out
                .iter()
                .filter(|(place, _)| (low + 1..=high).contains(place))
                .map(|(_, n)| n)
                .sum::<u32>();
        self.counted_line = if at >= self.counted {
            self.counted_line.saturating_add(lines)
        } else {
            self.counted_line.saturating_sub(lines)
        };
        self.counted = at;
        self.counted_line
    }

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
        self.instead_of("")
    }

    /// The error for the token at hand, where only `wanted` can stand.
    fn instead_of(&mut self, wanted: &'static str) -> ParseError {
        self.skip_blanks();
        self.error_line = Some(self.line());
        for operator in ["&&", "||", ";;", "<<", ">>", "&>", ";", "&", "|", "(", ")", "<", ">", "}"] {
            if self.eat(operator) {
                return ParseError::Unexpected(operator.to_owned(), wanted);
            }
        }
        match self.peek() {
            None => ParseError::Unexpected(END.into(), wanted),
            Some('\n') => ParseError::Unexpected("newline".into(), wanted),
            Some(_) => {
                let token: String = std::iter::from_fn(|| {
                    let character = self.peek().filter(|character| !" \t\n;&|()<>".contains(*character))?;
                    self.at += 1;
                    Some(character)
                })
                .take(200)
                .collect();
                ParseError::Unexpected(token, wanted)
            }
        }
    }
}

/// The token after the last one.
pub(crate) const END: &str = "end of file";

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
                matches!(parse(line, false), Err(ParseError::Incomplete(..))),
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
            ("echo a >", END),
            ("echo a >>", END),
            ("cat <\n", "newline"),
            ("echo a 2>\nb", "newline"),
            ("cat <<", END),
            ("cat <<<", END),
            ("cat <<\nE", "newline"),
            ("for\n", "newline"),
        ] {
            match parse(line, true) {
                Err(ParseError::Unexpected(found, _)) => {
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
