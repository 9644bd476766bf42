//! Finding the end of a bracketed piece of text without parsing it.

use super::{ParseError, Parser};

enum Inside {
    Parenthesis,
    Brace,
    Double,
}

impl Parser {
    /// Text up to the bracket that closes the one just read, which is consumed too.
    pub(super) fn bracketed(&mut self, close: char) -> Result<String, ParseError> {
        let start = self.at;
        let mut stack = vec![if close == ')' { Inside::Parenthesis } else { Inside::Brace }];
        while let Some(character) = self.next() {
            let double = matches!(stack.last(), Some(Inside::Double));
            match character {
                '\\' => {
                    self.next();
                }
                '\'' if !double => while self.next().ok_or(ParseError::Incomplete('\'', ""))? != '\'' {},
                '"' if double => {
                    stack.pop();
                }
                '"' => stack.push(Inside::Double),
                '`' => self.skip_backquoted()?,
                '$' if self.peek() == Some('(') => {
                    self.at += 1;
                    stack.push(Inside::Parenthesis);
                }
                '$' if self.peek() == Some('{') => {
                    self.at += 1;
                    stack.push(Inside::Brace);
                }
                '#' if !double
                    && self.starts_comment(start)
                    && matches!(stack.last(), Some(Inside::Parenthesis)) =>
                {
                    while self.peek().is_some_and(|character| character != '\n') {
                        self.at += 1;
                    }
                }
                '(' if matches!(stack.last(), Some(Inside::Parenthesis)) => stack.push(Inside::Parenthesis),
                ')' if matches!(stack.last(), Some(Inside::Parenthesis)) => {
                    stack.pop();
                }
                '}' if matches!(stack.last(), Some(Inside::Brace)) => {
                    stack.pop();
                }
                _ => {}
            }
            if stack.is_empty() {
                return Ok(self.characters.get(start..self.at - 1).unwrap_or(&[]).iter().collect());
            }
        }
        Err(ParseError::Incomplete(close, ""))
    }

    fn starts_comment(&self, start: usize) -> bool {
        match self.at.checked_sub(2).filter(|before| *before >= start) {
            None => true,
            Some(before) => self.characters.get(before).is_none_or(|before| " \t\n;".contains(*before)),
        }
    }

    fn skip_backquoted(&mut self) -> Result<(), ParseError> {
        loop {
            match self.next().ok_or(ParseError::Incomplete('`', ""))? {
                '`' => return Ok(()),
                '\\' => {
                    self.next();
                }
                _ => {}
            }
        }
    }

    /// The source of a backquoted command, without the escapes that the quotes need.
    pub(super) fn backquoted(&mut self, in_double: bool) -> Result<String, ParseError> {
        let mut out = String::new();
        loop {
            match self.next().ok_or(ParseError::Incomplete('`', ""))? {
                '`' => return Ok(out),
                '\\' => match self.next().ok_or(ParseError::Incomplete('`', ""))? {
                    escaped @ ('`' | '\\' | '$') => out.push(escaped),
                    '"' if in_double => out.push('"'),
                    other => out.extend(['\\', other]),
                },
                other => out.push(other),
            }
        }
    }

    /// The body of a here-document: taken out of the lines after the current one.
    pub(super) fn here_document(&mut self, delimiter: &str, strip_tabs: bool) -> Result<String, ParseError> {
        let rest = self.characters.get(self.at..).unwrap_or(&[]);
        let Some(line_end) = rest.iter().position(|character| *character == '\n') else {
            if !self.last {
                return Err(ParseError::Incomplete('<', ""));
            }
            let line = self.line();
            self.open_documents.push((line, line, delimiter.to_owned()));
            return Ok(String::new());
        };
        let start = self.at + line_end + 1;
        let mut body = String::new();
        let mut at = start;
        let mut closed = false;
        let open_end = self.characters.last() != Some(&'\n');
        while at < self.characters.len() {
            let line: String =
                self.characters.get(at..).unwrap_or(&[]).iter().take_while(|c| **c != '\n').collect();
            at += line.chars().count() + 1;
            let text = if strip_tabs { line.trim_start_matches('\t') } else { line.as_str() };
            if text == delimiter {
                closed = true;
                break;
            }
            body.push_str(text);
            body.push('\n');
        }
        if !closed && !self.last {
            return Err(ParseError::Incomplete('<', ""));
        }
        let operator = self.line();
        let end = at.min(self.characters.len());
        let lines = self.characters.get(start..end).unwrap_or(&[]).iter().filter(|c| **c == '\n').count();
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        self.characters.drain(start..end);
        self.taken_out.push((start, lines));
        if !closed {
            let ends = operator + lines + u32::from(end > start && open_end);
            self.open_documents.push((ends, operator, delimiter.to_owned()));
            if open_end && !self.dialect.is_bash() {
                body.pop();
            }
        }
        Ok(body)
    }
}

/// Splits the inside of `for ((…; …; …))`.
pub(crate) fn split_arithmetic(text: &str) -> Option<[String; 3]> {
    let mut parts = text.split(';').map(|part| part.trim().to_owned());
    let found = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(found)
}
