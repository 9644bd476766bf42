//! Words: quotes, parameters and substitutions.

use super::{Operation, Parameter, ParseError, Parser, Part, Word};

const SPECIAL: &str = "@*#?-$!0123456789";
/// Longest index of an array. A bracket that nobody closes is looked for again behind each name.
const INDEX: usize = 1024;

impl Parser {
    /// A word up to a character that ends words.
    pub(super) fn word(&mut self) -> Result<Word, ParseError> {
        self.word_until(&[' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')'])
    }

    pub(super) fn word_until(&mut self, ends: &[char]) -> Result<Word, ParseError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        while let Some(character) = self.peek() {
            if matches!(character, '<' | '>')
                && self.peek_at(1) == Some('(')
                && self.dialect.is_bash()
                && parts.is_empty()
                && literal.is_empty()
                && !ends.is_empty()
            {
                self.at += 2;
                parts.push(Part::Process(self.bracketed(')')?));
                continue;
            }
            if ends.contains(&character) {
                break;
            }
            self.at += 1;
            let part = match character {
                '\\' => match self.next() {
                    Some('\n') => continue,
                    Some(escaped) => Part::Quoted(escaped.to_string()),
                    None if self.last => Part::Quoted("\\".into()),
                    None => return Err(ParseError::Incomplete('\\', "")),
                },
                '\'' => Part::Quoted(self.single_quoted()?),
                '"' => Part::Double(self.deeper(|parser| parser.double_quoted(false))?),
                '`' => Part::Command(self.backquoted(false)?),
                '$' => match self.deeper(|parser| parser.dollar(false))? {
                    Some(part) => part,
                    None => {
                        literal.push('$');
                        continue;
                    }
                },
                other => {
                    literal.push(other);
                    continue;
                }
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(part);
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Word { parts })
    }

    fn single_quoted(&mut self) -> Result<String, ParseError> {
        let start = self.line();
        let mut out = String::new();
        loop {
            match self.next() {
                Some('\'') => return Ok(out),
                Some(other) => out.push(other),
                None => {
                    self.error_line = Some(start);
                    return Err(ParseError::Incomplete('\'', ""));
                }
            }
        }
    }

    /// The inside of double quotes up to the closing one, or the whole text of a here-document.
    pub(super) fn double_quoted(&mut self, document: bool) -> Result<Vec<Part>, ParseError> {
        let start = self.line();
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            let part = match self.next() {
                None if document => break,
                None => {
                    self.error_line = Some(start);
                    return Err(ParseError::Incomplete('"', ""));
                }
                Some('"') if !document => break,
                Some('\\') => {
                    match self.next() {
                        Some('\n') => {}
                        Some('"') if document => text.push_str("\\\""),
                        Some(escaped @ ('$' | '`' | '"' | '\\')) => text.push(escaped),
                        Some(other) => text.extend(['\\', other]),
                        None if document => text.push('\\'),
                        None => return Err(ParseError::Incomplete('"', "")),
                    }
                    continue;
                }
                Some('`') => Part::Command(self.backquoted(!document)?),
                Some('$') => match self.deeper(|parser| parser.dollar(true))? {
                    Some(part) => part,
                    None => {
                        text.push('$');
                        continue;
                    }
                },
                Some(other) => {
                    text.push(other);
                    continue;
                }
            };
            if !text.is_empty() {
                parts.push(Part::Quoted(std::mem::take(&mut text)));
            }
            parts.push(part);
        }
        if !text.is_empty() {
            parts.push(Part::Quoted(text));
        }
        Ok(parts)
    }

    /// What a `$` begins; `None`: it stands for itself.
    fn dollar(&mut self, quoted: bool) -> Result<Option<Part>, ParseError> {
        let Some(character) = self.peek() else { return Ok(None) };
        if character == '(' && self.peek_at(1) == Some('(') {
            let start = self.at;
            self.at += 2;
            let inside = self.bracketed(')')?;
            if self.peek() == Some(')') {
                self.at += 1;
                return Ok(Some(Part::Arithmetic(inside)));
            }
            self.at = start;
        }
        Ok(match character {
            '(' => {
                self.at += 1;
                Some(Part::Command(self.bracketed(')')?))
            }
            '[' if self.dialect.is_bash() => {
                let end = self.characters.get(self.at..).and_then(|rest| rest.iter().position(|c| *c == ']'));
                let Some(end) = end else { return Ok(None) };
                let text = self.characters.get(self.at + 1..self.at + end).unwrap_or(&[]).iter().collect();
                self.at += end + 1;
                Some(Part::Arithmetic(text))
            }
            '{' => {
                self.at += 1;
                Some(Part::Parameter(self.braced()?))
            }
            '\'' if !quoted && self.dialect.has_extensions() => {
                self.at += 1;
                Some(Part::Quoted(self.c_quoted()?))
            }
            '"' if !quoted && self.dialect.is_bash() => {
                self.at += 1;
                Some(Part::Double(self.double_quoted(false)?))
            }
            _ if SPECIAL.contains(character) => {
                self.at += 1;
                Some(plain(character.to_string()))
            }
            _ => self.name().map(plain),
        })
    }

    /// A variable name, if one is at hand.
    pub(super) fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        while let Some(character) = self.peek() {
            let fits = character == '_'
                || character.is_ascii_alphabetic()
                || (!name.is_empty() && character.is_ascii_digit());
            if !fits {
                break;
            }
            name.push(character);
            self.at += 1;
        }
        (!name.is_empty()).then_some(name)
    }

    fn c_quoted(&mut self) -> Result<String, ParseError> {
        let mut raw = String::new();
        loop {
            match self.next().ok_or(ParseError::Incomplete('\'', ""))? {
                '\'' => break,
                '\\' => raw.extend(['\\', self.next().ok_or(ParseError::Incomplete('\'', ""))?]),
                other => raw.push(other),
            }
        }
        Ok(crate::commands::unescape(&raw, true).0)
    }

    /// `${…}`, the brace already read.
    fn braced(&mut self) -> Result<Parameter, ParseError> {
        let start = self.at;
        let source = self.bracketed('}')?;
        let end = self.at;
        self.at = start;
        let bad =
            || Parameter { name: String::new(), index: None, operation: Operation::Bad(source.clone()) };
        let prefix = match (self.peek(), self.peek_at(1)) {
            (Some(sign @ ('#' | '!')), Some(next))
                if next != '}'
                    && (sign == '#' || self.dialect.is_bash())
                    && !(":-=+?%#".contains(next) && self.peek_at(2) != Some('}')) =>
            {
                self.at += 1;
                Some(sign)
            }
            _ => None,
        };
        let name = match self.name() {
            Some(name) => name,
            None => {
                let digits: String =
                    std::iter::from_fn(|| self.peek().filter(char::is_ascii_digit).inspect(|_| self.at += 1))
                        .collect();
                match self.peek() {
                    _ if !digits.is_empty() => digits,
                    Some(special) if SPECIAL.contains(special) => {
                        self.at += 1;
                        special.to_string()
                    }
                    _ => {
                        self.at = end;
                        return Ok(bad());
                    }
                }
            }
        };
        let index = if self.peek() == Some('[') && self.dialect.is_bash() {
            self.at += 1;
            let Some(text) = self.subscript() else {
                self.at = end;
                return Ok(bad());
            };
            Some(text)
        } else {
            None
        };
        let operation = match prefix {
            Some('!') if index.is_none() && matches!(self.peek(), Some('*' | '@')) => Some(Operation::Names),
            Some('#') => Some(Operation::Length),
            Some(_) => Some(Operation::Indirect),
            None => self.operation(end)?,
        };
        self.at = end;
        Ok(operation.map_or_else(bad, |operation| Parameter { name, index, operation }))
    }

    /// Text up to the square bracket that closes the one just read, which is consumed too; `None`: there is none.
    pub(super) fn subscript(&mut self) -> Option<String> {
        let start = self.at;
        let mut open = 1;
        while let Some(character) = self.next() {
            if start + INDEX < self.at {
                return None;
            }
            match character {
                '\\' => {
                    self.next();
                }
                quote @ ('\'' | '"') => {
                    let rest = self.characters.get(self.at..)?;
                    self.at += rest.iter().position(|character| *character == quote)? + 1;
                }
                '$' if self.peek() == Some('(') => {
                    self.at += 1;
                    self.bracketed(')').ok()?;
                }
                '$' if self.peek() == Some('{') => {
                    self.at += 1;
                    self.bracketed('}').ok()?;
                }
                '[' => open += 1,
                ']' => open -= 1,
                '\n' => return None,
                _ => {}
            }
            if open == 0 {
                return Some(self.characters.get(start..self.at - 1)?.iter().collect());
            }
        }
        None
    }

    /// The operation after a name in braces; `end` is the position after the closing brace.
    fn operation(&mut self, end: usize) -> Result<Option<Operation>, ParseError> {
        let Some(sign) = self.next() else { return Ok(None) };
        let rest = |parser: &mut Parser| -> Result<Word, ParseError> {
            let text: String = parser.characters.get(parser.at..end - 1).unwrap_or(&[]).iter().collect();
            parser.sub_word(&text)
        };
        Ok(Some(match sign {
            '}' => Operation::Plain,
            ':' if self.peek().is_some_and(|sign| "-=?+".contains(sign)) => {
                let sign = self.next().unwrap_or('-');
                Operation::Default(sign, true, rest(self)?)
            }
            '-' | '=' | '?' | '+' => Operation::Default(sign, false, rest(self)?),
            '#' | '%' => {
                let longest = self.eat(&sign.to_string());
                Operation::Strip { suffix: sign == '%', longest, pattern: rest(self)? }
            }
            '^' | ',' if self.dialect.is_bash() => {
                Operation::Case { upper: sign == '^', all: self.eat(&sign.to_string()) }
            }
            '@' if self.dialect.is_bash() => {
                let letter = self.next().filter(|letter| "QUuLE".contains(*letter));
                return Ok(letter.filter(|_| self.at + 1 == end).map(Operation::Transform));
            }
            ':' if self.dialect.has_extensions() => {
                let text: String = self.characters.get(self.at..end - 1).unwrap_or(&[]).iter().collect();
                match text.split_once(':') {
                    Some((start, length)) => Operation::Slice(start.into(), Some(length.into())),
                    None => Operation::Slice(text, None),
                }
            }
            '/' if self.dialect.has_extensions() => {
                let kind = match self.peek() {
                    Some(kind @ ('/' | '#' | '%')) if kind == '/' || self.dialect.is_bash() => {
                        self.at += 1;
                        kind
                    }
                    _ => ' ',
                };
                let text: String = self.characters.get(self.at..end - 1).unwrap_or(&[]).iter().collect();
                let (pattern, replacement) = split_replacement(&text);
                Operation::Replace {
                    kind,
                    pattern: self.sub_word(&pattern)?,
                    replacement: self.sub_word(&replacement)?,
                }
            }
            _ => return Ok(None),
        }))
    }

    fn sub_word(&mut self, text: &str) -> Result<Word, ParseError> {
        let (depth, dialect) = (self.depth, self.dialect);
        self.deeper(|_| {
            let mut inner = Parser::new(text, dialect, 1, true);
            inner.depth = depth + 1;
            inner.word_until(&[])
        })
    }
}

fn plain(name: String) -> Part {
    Part::Parameter(Parameter { name, index: None, operation: Operation::Plain })
}

/// Splits at the first slash that no backslash protects.
fn split_replacement(text: &str) -> (String, String) {
    let mut pattern = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                pattern.push('\\');
                pattern.extend(characters.next());
            }
            '/' => return (pattern, characters.collect()),
            other => pattern.push(other),
        }
    }
    (pattern, String::new())
}
