//! Redirections and here-documents.

use super::{ParseError, Parser, Part, Redirect, RedirectKind, Word, parse_quoted};

impl Parser {
    pub(super) fn redirect(&mut self) -> Result<Option<Redirect>, ParseError> {
        self.skip_blanks();
        let start = self.at;
        let digits: String =
            std::iter::from_fn(|| self.peek().filter(char::is_ascii_digit).inspect(|_| self.at += 1))
                .collect();
        let process = matches!(self.peek(), Some('<' | '>')) && self.peek_at(1) == Some('(');
        let table = [
            ("&>>", RedirectKind::BothAppend),
            ("&>", RedirectKind::Both),
            ("<<<", RedirectKind::Text),
            ("<<", RedirectKind::Text),
            ("<>", RedirectKind::ReadWrite),
            ("<&", RedirectKind::DuplicateIn),
            ("<", RedirectKind::Read),
            (">>", RedirectKind::Append),
            (">&", RedirectKind::DuplicateOut),
            (">|", RedirectKind::Force),
            (">", RedirectKind::Write),
        ];
        let process = process && self.dialect.is_bash();
        let bash = self.dialect.is_bash();
        let known = |sign: &str, parser: &Parser| match sign {
            "<<<" => bash,
            "&>" | "&>>" => parser.dialect.has_extensions() && digits.is_empty(),
            _ => true,
        };
        let found = if process {
            None
        } else {
            table.into_iter().find(|(sign, _)| known(sign, self) && self.eat(sign))
        };
        let Some((sign, kind)) = found else {
            self.at = start;
            return Ok(None);
        };
        let descriptor = digits.parse().ok();
        let dash = sign == "<<" && self.eat("-");
        self.skip_blanks();
        let word = self.word()?;
        if word.parts.is_empty() {
            return Err(self.unexpected());
        }
        let target = self.target(sign, word, dash)?;
        Ok(Some(Redirect { descriptor, kind, target }))
    }

    /// What `sign` reads or writes: here-documents and here-strings carry their own text.
    fn target(&mut self, sign: &str, mut word: Word, dash: bool) -> Result<Word, ParseError> {
        match sign {
            "<<" => {
                let quoted = word.parts.iter().any(|part| matches!(part, Part::Quoted(_) | Part::Double(_)));
                let delimiter: String = word.parts.iter().map(plain_text).collect();
                let body = self.here_document(&delimiter, dash)?;
                if quoted {
                    Ok(Word { parts: vec![Part::Quoted(body)] })
                } else {
                    parse_quoted(&body, self.dialect)
                }
            }
            "<<<" => {
                word.parts.push(Part::Quoted("\n".into()));
                Ok(word)
            }
            _ => Ok(word),
        }
    }
}

fn plain_text(part: &Part) -> String {
    match part {
        Part::Literal(text) | Part::Quoted(text) => text.clone(),
        Part::Double(parts) => {
            parts.iter().map(|part| if let Part::Quoted(text) = part { text.as_str() } else { "" }).collect()
        }
        _ => String::new(),
    }
}
