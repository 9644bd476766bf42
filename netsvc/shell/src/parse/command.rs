//! Commands: lists, pipelines, compound commands and redirections.

use super::{
    Assignment, CaseArm, Chain, Command, CommandBody, Item, Joint, List, ParseError, Parser, Part, Pipeline,
    Redirect, RedirectKind, Word, split_arithmetic,
};
use std::sync::Arc;

/// Words that end a list where a command would begin.
const CLOSERS: [&str; 9] = ["then", "else", "elif", "fi", "do", "done", "esac", "}", ";;"];

impl Parser {
    /// Commands up to the end, `)` or one of `ends`.
    pub(super) fn list(&mut self, ends: &[&str]) -> Result<List, ParseError> {
        let mut list = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                None if ends.is_empty() => return Ok(list),
                None => return Err(ParseError::Incomplete(' ')),
                Some(')') => return if ends.contains(&")") { Ok(list) } else { Err(self.unexpected()) },
                Some(';') if ends.contains(&";;") && self.peek_at(1) == Some(';') => return Ok(list),
                _ => {}
            }
            if let Some(word) = self.reserved(&CLOSERS) {
                return if ends.contains(&word) { Ok(list) } else { Err(self.unexpected()) };
            }
            let start = self.at;
            let chain = self.chain()?;
            let source: String = self.characters.get(start..self.at).unwrap_or(&[]).iter().collect();
            self.skip_blanks();
            let background = self.peek() == Some('&') && self.peek_at(1) != Some('&');
            list.push(Item { chain, background, source: source.trim().into() });
            match self.peek() {
                Some('&') if background => self.at += 1,
                Some(';') if self.peek_at(1) == Some(';') => {
                    if !ends.contains(&";;") {
                        return Err(self.unexpected());
                    }
                }
                Some(';' | '\n') => self.at += 1,
                Some(')') | None => {}
                Some(_) => return Err(self.unexpected()),
            }
        }
    }

    fn chain(&mut self) -> Result<Chain, ParseError> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let joint = if self.eat("&&") {
                Joint::And
            } else if self.eat("||") {
                Joint::Or
            } else {
                return Ok(Chain { first, rest });
            };
            self.skip_lines();
            rest.push((joint, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, ParseError> {
        let mut pipeline = Pipeline::default();
        loop {
            self.skip_blanks();
            if self.reserved(&["!"]).is_some() {
                self.at += 1;
                pipeline.negated = !pipeline.negated;
            } else if self.reserved(&["time"]).is_some() {
                self.at += 4;
                pipeline.timed = true;
            } else {
                break;
            }
        }
        loop {
            self.skip_blanks();
            let mut command = self.command()?;
            self.skip_blanks();
            let both = self.peek() == Some('|') && self.peek_at(1) == Some('&');
            if both {
                let target = Word { parts: vec![Part::Literal("1".into())] };
                command.redirects.push(Redirect {
                    descriptor: Some(2),
                    kind: RedirectKind::DuplicateOut,
                    target,
                });
            }
            pipeline.commands.push(command);
            if self.peek() != Some('|') || self.peek_at(1) == Some('|') {
                return Ok(pipeline);
            }
            self.at += 1 + usize::from(both);
            self.skip_lines();
        }
    }

    fn command(&mut self) -> Result<Command, ParseError> {
        self.deeper(|parser| {
            let body = match parser.peek() {
                None => return Err(ParseError::Incomplete(' ')),
                Some('(') if parser.eat("((") => match parser.arithmetic_command()? {
                    Some(text) => CommandBody::Arithmetic(text),
                    None => parser.subshell()?,
                },
                Some('(') => {
                    parser.at += 1;
                    parser.subshell()?
                }
                _ => match parser.reserved(&["{", "if", "for", "while", "until", "case", "function", "[["]) {
                    Some(word) => {
                        parser.at += word.len();
                        parser.compound(word)?
                    }
                    None => return parser.simple(),
                },
            };
            let mut redirects = Vec::new();
            while let Some(redirect) = parser.redirect()? {
                redirects.push(redirect);
            }
            Ok(Command { body, redirects })
        })
    }

    fn arithmetic_command(&mut self) -> Result<Option<String>, ParseError> {
        let start = self.at;
        let text = self.bracketed(')')?;
        if self.eat(")") {
            return Ok(Some(text));
        }
        self.at = start - 1;
        Ok(None)
    }

    fn subshell(&mut self) -> Result<CommandBody, ParseError> {
        let list = self.list(&[")"])?;
        if list.is_empty() {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(CommandBody::Subshell(list))
    }

    fn compound(&mut self, word: &str) -> Result<CommandBody, ParseError> {
        match word {
            "{" => {
                let list = self.body(&["}"])?;
                Ok(CommandBody::Group(list))
            }
            "if" => self.conditional(),
            "for" => self.for_loop(),
            "case" => self.case(),
            "[[" => self.condition(),
            "function" => {
                self.skip_blanks();
                let name = self.word()?.literal().map(String::from).ok_or_else(|| self.unexpected())?;
                self.skip_blanks();
                if self.eat("(") {
                    self.skip_blanks();
                    self.expect(")")?;
                }
                self.function(name)
            }
            _ => {
                let condition = self.body(&["do"])?;
                let body = self.body(&["done"])?;
                Ok(CommandBody::While { until: word == "until", condition, body })
            }
        }
    }

    /// A list that ends with one of `ends`, which is consumed, and must hold a command.
    fn body(&mut self, ends: &[&str]) -> Result<List, ParseError> {
        let list = self.list(ends)?;
        if list.is_empty() {
            return Err(self.unexpected());
        }
        for end in ends {
            if self.reserved(&[end]).is_some() {
                self.at += end.len();
                break;
            }
        }
        Ok(list)
    }

    fn conditional(&mut self) -> Result<CommandBody, ParseError> {
        let mut arms = Vec::new();
        loop {
            let condition = self.body(&["then"])?;
            let body = self.list(&["elif", "else", "fi"])?;
            if body.is_empty() {
                return Err(self.unexpected());
            }
            arms.push((condition, body));
            if self.eat("elif") {
                continue;
            }
            let otherwise = if self.eat("else") {
                self.body(&["fi"])?
            } else {
                self.eat("fi");
                Vec::new()
            };
            return Ok(CommandBody::If { arms, otherwise });
        }
    }

    fn for_loop(&mut self) -> Result<CommandBody, ParseError> {
        self.skip_blanks();
        if self.eat("((") {
            let text = self.bracketed(')')?;
            self.expect(")")?;
            let parts = split_arithmetic(&text).ok_or_else(|| self.unexpected())?;
            self.skip_separators();
            let body = self.loop_body()?;
            return Ok(CommandBody::CountedFor { parts, body });
        }
        let name = self.name().ok_or_else(|| self.unexpected())?;
        self.skip_lines();
        let mut words = None;
        if self.reserved(&["in"]).is_some() {
            self.at += 2;
            let list = words.insert(Vec::new());
            loop {
                self.skip_blanks();
                match self.peek() {
                    None => return Err(ParseError::Incomplete(' ')),
                    Some(';' | '\n') => break,
                    Some('&' | '|' | '(' | ')' | '<' | '>') => return Err(self.unexpected()),
                    Some(_) => list.push(self.word()?),
                }
            }
        }
        self.skip_separators();
        let body = self.loop_body()?;
        Ok(CommandBody::For { name, words, body })
    }

    fn loop_body(&mut self) -> Result<List, ParseError> {
        if self.peek().is_none() {
            return Err(ParseError::Incomplete(' '));
        }
        if self.reserved(&["{"]).is_some() {
            self.at += 1;
            return self.body(&["}"]);
        }
        if self.reserved(&["do"]).is_none() {
            return Err(self.unexpected());
        }
        self.at += 2;
        self.body(&["done"])
    }

    fn case(&mut self) -> Result<CommandBody, ParseError> {
        self.skip_blanks();
        let word = self.word()?;
        self.skip_lines();
        if self.peek().is_none() {
            return Err(ParseError::Incomplete(' '));
        }
        if self.reserved(&["in"]).is_none() {
            return Err(self.unexpected());
        }
        self.at += 2;
        let mut arms = Vec::new();
        loop {
            self.skip_lines();
            if self.peek().is_none() {
                return Err(ParseError::Incomplete(' '));
            }
            if self.reserved(&["esac"]).is_some() {
                self.at += 4;
                return Ok(CommandBody::Case { word, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                patterns.push(self.word()?);
                self.skip_blanks();
                if !self.eat("|") {
                    break;
                }
            }
            self.expect(")")?;
            let body = self.list(&[";;", "esac"])?;
            let falls = self.eat(";;&") || self.eat(";&");
            if !falls {
                self.eat(";;");
            }
            arms.push(CaseArm { patterns, body, falls });
        }
    }

    fn condition(&mut self) -> Result<CommandBody, ParseError> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return Err(ParseError::Incomplete(' ')),
                Some('\n') => self.at += 1,
                _ => {}
            }
            if self.reserved(&["]]"]).is_some() {
                self.at += 2;
                return Ok(CommandBody::Condition(words));
            }
            let operator = ["&&", "||", "(", ")", "<", ">"].into_iter().find(|operator| self.eat(operator));
            match operator {
                Some(operator) => words.push(Word { parts: vec![Part::Literal(operator.into())] }),
                None if words.last().and_then(Word::literal) == Some("=~") => {
                    words.push(self.word_until(&[' ', '\t', '\n'])?);
                }
                None => {
                    let word = self.word()?;
                    if word.parts.is_empty() {
                        return Err(self.unexpected());
                    }
                    words.push(word);
                }
            }
        }
    }

    fn function(&mut self, name: String) -> Result<CommandBody, ParseError> {
        self.skip_lines();
        let body = Arc::new(self.command()?);
        Ok(CommandBody::Function { name, body })
    }

    fn simple(&mut self) -> Result<Command, ParseError> {
        let mut assignments = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            match self.peek() {
                None | Some('\n' | ';' | '&' | '|' | ')') => break,
                Some('(') => {
                    let name = words.first().and_then(Word::literal).map(String::from);
                    let (1, Some(name)) = (words.len(), name) else { return Err(self.unexpected()) };
                    self.at += 1;
                    self.skip_blanks();
                    self.expect(")")?;
                    return Ok(Command { body: self.function(name)?, redirects });
                }
                _ => {}
            }
            if words.is_empty()
                && let Some(assignment) = self.assignment()?
            {
                assignments.push(assignment);
                continue;
            }
            words.push(self.word()?);
        }
        if words.is_empty() && assignments.is_empty() && redirects.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Command { body: CommandBody::Simple { assignments, words }, redirects })
    }

    fn assignment(&mut self) -> Result<Option<Assignment>, ParseError> {
        let start = self.at;
        let found = self.name().and_then(|name| {
            let index = if self.peek() == Some('[') {
                self.at += 1;
                let text: String =
                    std::iter::from_fn(|| self.next().filter(|character| *character != ']')).collect();
                Some(text)
            } else {
                None
            };
            let append = self.eat("+=");
            (append || self.eat("=")).then_some((name, index, append))
        });
        let Some((name, index, append)) = found else {
            self.at = start;
            return Ok(None);
        };
        if !self.eat("(") {
            let value = self.word()?;
            return Ok(Some(Assignment { name, index, append, value, list: None }));
        }
        let mut list = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                None => return Err(ParseError::Incomplete(' ')),
                Some(')') => break,
                Some(';' | '&' | '|' | '(' | '<' | '>') => return Err(self.unexpected()),
                Some(_) => list.push(self.word()?),
            }
        }
        self.at += 1;
        Ok(Some(Assignment { name, index, append, value: Word::default(), list: Some(list) }))
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), ParseError> {
        if self.eat(text) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The reserved word at hand, if it is one of `words`; it is not consumed.
    fn reserved<'a>(&self, words: &[&'a str]) -> Option<&'a str> {
        words.iter().copied().find(|word| {
            let length = word.chars().count();
            word.chars().enumerate().all(|(offset, wanted)| self.peek_at(offset) == Some(wanted))
                && self.peek_at(length).is_none_or(|next| " \t\n;&|()<>".contains(next))
        })
    }

    pub(super) fn skip_blanks(&mut self) {
        loop {
            match (self.peek(), self.peek_at(1)) {
                (Some(' ' | '\t' | '\r'), _) => self.at += 1,
                (Some('\\'), Some('\n')) => self.at += 2,
                (Some('#'), _) => {
                    while self.peek().is_some_and(|character| character != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if self.peek() != Some('\n') {
                return;
            }
            self.at += 1;
        }
    }

    fn skip_separators(&mut self) {
        self.skip_blanks();
        self.eat(";");
        self.skip_lines();
    }
}
