//! Conditions, loops and `case`.

use super::{CaseArm, CommandBody, Falls, List, ParseError, Parser, Word, split_arithmetic};

impl Parser {
    pub(super) fn conditional(&mut self) -> Result<CommandBody, ParseError> {
        let mut arms = Vec::new();
        loop {
            let condition = self.body("then")?;
            let body = self.list(&["elif", "else", "fi"], "fi")?;
            if body.is_empty() {
                return Err(self.unexpected());
            }
            arms.push((condition, body));
            if self.eat("elif") {
                continue;
            }
            let otherwise = if self.eat("else") {
                self.body("fi")?
            } else {
                self.eat("fi");
                Vec::new()
            };
            return Ok(CommandBody::If { arms, otherwise });
        }
    }

    pub(super) fn for_loop(&mut self) -> Result<CommandBody, ParseError> {
        self.skip_blanks();
        if self.dialect.is_bash() && self.eat("((") {
            let text = self.bracketed(')')?;
            self.expect(")")?;
            let parts = split_arithmetic(&text).ok_or_else(|| self.unexpected())?;
            self.skip_separators();
            let body = self.loop_body()?;
            return Ok(CommandBody::CountedFor { parts, body });
        }
        let (name, words) = self.loop_head()?;
        let body = self.loop_body()?;
        Ok(CommandBody::For { name, words, body })
    }

    pub(super) fn select_loop(&mut self) -> Result<CommandBody, ParseError> {
        self.skip_blanks();
        let (name, words) = self.loop_head()?;
        let body = self.loop_body()?;
        Ok(CommandBody::Select { name, words, body })
    }

    /// Name and words of `for` and `select`, and what separates them from the body.
    fn loop_head(&mut self) -> Result<(String, Option<Vec<Word>>), ParseError> {
        let Some(name) = self.name() else {
            return Err(if self.dialect.is_bash() {
                self.unexpected()
            } else {
                ParseError::Refused("bad for loop variable")
            });
        };
        self.skip_lines();
        let mut words = None;
        if self.reserved(&["in"]).is_some() {
            self.at += 2;
            let list = words.insert(Vec::new());
            loop {
                self.skip_blanks();
                match self.peek() {
                    None => return Err(ParseError::Incomplete(' ', "do")),
                    Some(';' | '\n') => break,
                    Some('&' | '|' | '(' | ')' | '<' | '>') => return Err(self.unexpected()),
                    Some(_) => list.push(self.word()?),
                }
            }
        }
        self.skip_separators();
        Ok((name, words))
    }

    fn loop_body(&mut self) -> Result<List, ParseError> {
        if self.peek().is_none() {
            return Err(ParseError::Incomplete(' ', "do"));
        }
        if self.dialect.is_bash() && self.reserved(&["{"]).is_some() {
            self.at += 1;
            return self.body("}");
        }
        if self.reserved(&["do"]).is_none() {
            return Err(self.instead_of("do"));
        }
        self.at += 2;
        self.body("done")
    }

    pub(super) fn case(&mut self) -> Result<CommandBody, ParseError> {
        self.skip_blanks();
        let word = self.word()?;
        if word.parts.is_empty() {
            return Err(self.unexpected());
        }
        self.skip_lines();
        if self.peek().is_none() {
            return Err(ParseError::Incomplete(' ', "in"));
        }
        if self.reserved(&["in"]).is_none() {
            return Err(self.instead_of("in"));
        }
        self.at += 2;
        let mut arms = Vec::new();
        loop {
            self.skip_lines();
            if self.peek().is_none() {
                return Err(ParseError::Incomplete(' ', ")"));
            }
            if self.reserved(&["esac"]).is_some() {
                self.at += 4;
                return Ok(CommandBody::Case { word, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                let pattern = self.word()?;
                if pattern.parts.is_empty() {
                    return Err(self.unexpected());
                }
                patterns.push(pattern);
                self.skip_blanks();
                if self.peek().is_none() {
                    return Err(ParseError::Incomplete(' ', ")"));
                }
                if !self.eat("|") {
                    break;
                }
            }
            self.expect(")")?;
            let body = self.list(&[";;", "esac"], ";;")?;
            let falls = self.falls()?;
            arms.push(CaseArm { patterns, body, falls });
        }
    }

    /// What ends an arm.
    fn falls(&mut self) -> Result<Falls, ParseError> {
        if self.dialect.is_bash() && self.eat(";;&") {
            return Ok(Falls::Testing);
        }
        if self.dialect.is_bash() && self.eat(";&") {
            return Ok(Falls::Through);
        }
        if !self.eat(";;") && self.peek() == Some(';') {
            self.at += 1;
            return Err(self.unexpected());
        }
        Ok(Falls::No)
    }
}
