//! Commands: lists, pipelines, compound commands and redirections.

use super::{
    Assignment, Chain, Command, CommandBody, Item, Joint, List, ParseError, Parser, Part, Pipeline, Redirect,
    RedirectKind, Word,
};
use std::sync::Arc;

/// Words that end a list where a command would begin.
const CLOSERS: [&str; 9] = ["then", "else", "elif", "fi", "do", "done", "esac", "}", ";;"];

impl Parser {
    /// The commands of one line, which may go on over several. `Ok(false)`: the text has ended.
    pub(super) fn top_line(&mut self, list: &mut List) -> Result<bool, ParseError> {
        self.skip_lines();
        while let Some(character) = self.peek() {
            if character == ')' || self.reserved(&CLOSERS).is_some() {
                return Err(self.unexpected());
            }
            let ended = self.item(list, &[])? == Some('\n');
            self.skip_blanks();
            if ended || self.eat("\n") || self.peek().is_none() {
                list.iter_mut().next_back().into_iter().for_each(|item| item.ends_line = true);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Commands up to one of `ends`, which is not consumed. `wanted` is what would end it.
    pub(super) fn list(&mut self, ends: &[&str], wanted: &'static str) -> Result<List, ParseError> {
        let mut list = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                None => return Err(ParseError::Incomplete(' ', wanted)),
                Some(')') if ends.contains(&")") => return Ok(list),
                Some(')') => return Err(self.misplaced(&list, wanted)),
                Some(';') if ends.contains(&";;") && matches!(self.peek_at(1), Some(';' | '&')) => {
                    return Ok(list);
                }
                _ => {}
            }
            if let Some(word) = self.reserved(&CLOSERS) {
                return if ends.contains(&word) { Ok(list) } else { Err(self.misplaced(&list, wanted)) };
            }
            self.item(&mut list, ends)?;
        }
    }

    /// A word that ends another list than this one.
    fn misplaced(&mut self, list: &List, wanted: &'static str) -> ParseError {
        if list.is_empty() { self.unexpected() } else { self.instead_of(wanted) }
    }

    /// One chain with what ends it, and gives what ended it.
    fn item(&mut self, list: &mut List, ends: &[&str]) -> Result<Option<char>, ParseError> {
        let start = self.at;
        let chain = self.chain()?;
        let source: String = self.characters.get(start..self.at).unwrap_or(&[]).iter().collect();
        self.skip_blanks();
        let background = self.peek() == Some('&') && self.peek_at(1) != Some('&');
        list.push(Item { chain, background, ends_line: false, source: source.trim().into() });
        let end = self.peek();
        match end {
            Some('&') if background => self.at += 1,
            Some(';') if matches!(self.peek_at(1), Some(';' | '&')) && !ends.contains(&";;") => {
                return Err(self.unexpected());
            }
            Some(';') if matches!(self.peek_at(1), Some(';' | '&')) => {}
            Some(';' | '\n') => self.at += 1,
            Some(')') if ends.contains(&")") || ends.contains(&";;") => {}
            None => {}
            Some(_) => return Err(self.unexpected()),
        }
        Ok(end)
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
            } else if self.dialect.is_bash() && self.reserved(&["time"]).is_some() {
                self.at += 4;
                self.skip_blanks();
                if self.reserved(&["-p"]).is_some() {
                    self.at += 2;
                }
                pipeline.timed = true;
            } else {
                break;
            }
        }
        loop {
            self.skip_blanks();
            let mut command = self.command()?;
            self.skip_blanks();
            let both = self.dialect.is_bash() && self.peek() == Some('|') && self.peek_at(1) == Some('&');
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

    pub(super) fn command(&mut self) -> Result<Command, ParseError> {
        self.deeper(|parser| {
            let line = parser.line();
            let bash = parser.dialect.is_bash();
            let body = match parser.peek() {
                None => return Err(ParseError::Incomplete(' ', "")),
                Some('(') if bash && parser.eat("((") => match parser.arithmetic_command()? {
                    Some(text) => CommandBody::Arithmetic(text),
                    None => parser.subshell()?,
                },
                Some('(') => {
                    parser.at += 1;
                    parser.subshell()?
                }
                _ => match parser.reserved(parser.openers()) {
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
            Ok(Command { body, redirects, line })
        })
    }

    /// Words that begin a compound command.
    fn openers(&self) -> &'static [&'static str] {
        if self.dialect.is_bash() {
            &["{", "if", "for", "while", "until", "case", "function", "[[", "select"]
        } else if self.dialect.has_extensions() {
            &["{", "if", "for", "while", "until", "case", "function", "[["]
        } else {
            &["{", "if", "for", "while", "until", "case"]
        }
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
        let list = self.list(&[")"], ")")?;
        if list.is_empty() {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(CommandBody::Subshell(list))
    }

    fn compound(&mut self, word: &str) -> Result<CommandBody, ParseError> {
        match word {
            "{" => {
                let list = self.body("}")?;
                Ok(CommandBody::Group(list))
            }
            "if" => self.conditional(),
            "for" => self.for_loop(),
            "select" => self.select_loop(),
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
                let condition = self.body("do")?;
                let body = self.body("done")?;
                Ok(CommandBody::While { until: word == "until", condition, body })
            }
        }
    }

    /// A list that ends with the word `end`, which is consumed, and must hold a command.
    pub(super) fn body(&mut self, end: &'static str) -> Result<List, ParseError> {
        let list = self.list(&[end], end)?;
        if list.is_empty() {
            return Err(self.unexpected());
        }
        self.at += end.len();
        Ok(list)
    }

    fn condition(&mut self) -> Result<CommandBody, ParseError> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return Err(ParseError::Incomplete(' ', "")),
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
        if self.peek().is_none() {
            return Err(ParseError::Incomplete(' ', ""));
        }
        if self.dialect.is_bash()
            && self.reserved(&["{", "if", "for", "while", "until", "case", "[["]).is_none()
            && self.peek() != Some('(')
        {
            return Err(self.unexpected());
        }
        let body = Arc::new(self.command()?);
        Ok(CommandBody::Function { name, body })
    }

    fn simple(&mut self) -> Result<Command, ParseError> {
        let line = self.line();
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
                    let (1, Some(name), true) = (words.len(), name, assignments.is_empty()) else {
                        return Err(self.unexpected());
                    };
                    self.at += 1;
                    self.skip_blanks();
                    self.expect(")")?;
                    return Ok(Command { body: self.function(name)?, redirects, line });
                }
                _ => {}
            }
            if words.is_empty()
                && let Some(assignment) = self.assignment()?
            {
                assignments.push(assignment);
                continue;
            }
            if let Some(word) = self.list_argument(&words)? {
                words.push(word);
                continue;
            }
            words.push(self.word()?);
        }
        if words.is_empty() && assignments.is_empty() && redirects.is_empty() {
            if self.peek().is_none() {
                return Err(ParseError::Incomplete(' ', ""));
            }
            return Err(self.unexpected());
        }
        Ok(Command { body: CommandBody::Simple { assignments, words }, redirects, line })
    }

    /// `name=(…)` as an argument of a built-in that declares, kept as the text that it is.
    fn list_argument(&mut self, words: &[Word]) -> Result<Option<Word>, ParseError> {
        let declares = ["declare", "typeset", "local", "export", "readonly"];
        let first = words.first().and_then(Word::literal);
        if !self.dialect.is_bash() || !first.is_some_and(|first| declares.contains(&first)) {
            return Ok(None);
        }
        let start = self.at;
        let named = self.name().is_some() && (self.eat("+=(") || self.eat("=("));
        if !named {
            self.at = start;
            return Ok(None);
        }
        self.bracketed(')')?;
        let text: String = self.characters.get(start..self.at).unwrap_or(&[]).iter().collect();
        Ok(Some(Word { parts: vec![Part::Quoted(text)] }))
    }

    fn assignment(&mut self) -> Result<Option<Assignment>, ParseError> {
        let start = self.at;
        let found = self.name().and_then(|name| {
            let index = if self.peek() == Some('[') && self.dialect.is_bash() {
                self.at += 1;
                Some(self.subscript()?)
            } else {
                None
            };
            let append = self.dialect.is_bash() && self.eat("+=");
            (append || self.eat("=")).then_some((name, index, append))
        });
        let Some((name, index, append)) = found else {
            self.at = start;
            return Ok(None);
        };
        if self.peek() == Some('(') && !self.dialect.is_bash() {
            return Err(self.unexpected());
        }
        if !self.eat("(") {
            let value = self.word()?;
            return Ok(Some(Assignment { name, index, append, value, list: None }));
        }
        let mut list = Vec::new();
        loop {
            self.skip_lines();
            match self.peek() {
                None => return Err(ParseError::Incomplete(' ', "")),
                Some(')') => break,
                Some(';' | '&' | '|' | '(' | '<' | '>') => return Err(self.unexpected()),
                Some(_) => list.push(self.word()?),
            }
        }
        self.at += 1;
        Ok(Some(Assignment { name, index, append, value: Word::default(), list: Some(list) }))
    }

    pub(super) fn expect(&mut self, text: &'static str) -> Result<(), ParseError> {
        if self.eat(text) { Ok(()) } else { Err(self.instead_of(text)) }
    }

    /// The reserved word at hand, if it is one of `words`; it is not consumed.
    pub(super) fn reserved<'a>(&self, words: &[&'a str]) -> Option<&'a str> {
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

    pub(super) fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if self.peek() != Some('\n') {
                return;
            }
            self.at += 1;
        }
    }

    pub(super) fn skip_separators(&mut self) {
        self.skip_blanks();
        self.eat(";");
        self.skip_lines();
    }
}
