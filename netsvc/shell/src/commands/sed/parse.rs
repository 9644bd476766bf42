//! Scripts of sed.

use crate::commands::posix::expression;
use regex::Regex;

/// Commands of a script.
const MOST: usize = 10_000;

#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    /// `None`: the expression that was used last.
    Match(Option<Regex>),
    Step(usize, usize),
    /// `,+N`.
    After(usize),
    /// `,~N`.
    Multiple(usize),
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) from: Option<Address>,
    pub(super) to: Option<Address>,
    pub(super) negated: bool,
    pub(super) action: Action,
    /// In a range: the line with which it ends, where that is known.
    pub(super) active: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Substitution {
    pub(super) regex: Option<Regex>,
    pub(super) replacement: String,
    pub(super) all: bool,
    pub(super) print: bool,
    pub(super) number: usize,
    pub(super) file: Option<String>,
}

/// What a command does; places are indices of commands.
#[derive(Debug)]
pub(super) enum Action {
    Substitute(Box<Substitution>),
    Translate(Vec<(char, char)>),
    /// `d`, and `D` with `true`.
    Delete(bool),
    /// `p`, and `P` with `true`.
    Print(bool),
    /// `q`, and `Q` with `false`.
    Quit(bool, i32),
    Append(String),
    Insert(String),
    Change(String),
    /// `g`, and `G` with `true`.
    Get(bool),
    /// `h`, and `H` with `true`.
    Hold(bool),
    Exchange,
    LineNumber,
    List,
    Next,
    NextAppend,
    Read(String),
    Write(String),
    /// `b`, `t` and `T`: the label, and its place.
    Branch(char, String, usize),
    /// `{`: the place after its end.
    Block(usize),
}

/// Why a script is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A letter that is no command.
    Unknown(char),
    /// Addresses without a command.
    Missing,
    /// `s` or `y` without its end, with the delimiter.
    Unterminated(char, char),
    /// An address without its end, with the delimiter.
    Address(char),
    /// A letter after `s`.
    Flag,
    Label(String),
    Regex(String),
    Lengths,
    Extra,
    OpenBlock,
    CloseBlock,
    NoText,
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    extended: bool,
    /// Sets of `y` that are not of one length are taken as they are.
    lax: bool,
}

/// Parses a script; the error comes with the number of characters that were read.
pub(super) fn parse(script: &str, extended: bool, lax: bool) -> Result<Vec<Command>, (Wrong, usize)> {
    let mut parser = Parser { characters: script.chars().collect(), at: 0, extended, lax };
    let mut commands = Vec::new();
    let mut blocks = Vec::new();
    loop {
        parser.skip(" \t\n;");
        match parser.peek() {
            None => break,
            Some('#') => {
                parser.line();
                continue;
            }
            _ => {}
        }
        if commands.len() >= MOST {
            return Err((Wrong::Extra, parser.at));
        }
        let command = parser.command().map_err(|wrong| (wrong, parser.at))?;
        let Some(command) = command else {
            let Some(open) = blocks.pop() else { return Err((Wrong::CloseBlock, parser.at)) };
            let end = commands.len();
            if let Some(Command { action: Action::Block(place), .. }) = commands.get_mut(open) {
                *place = end;
            }
            continue;
        };
        if matches!(command.action, Action::Block(_)) {
            blocks.push(commands.len());
        }
        commands.push(command);
    }
    resolve(&mut commands, &parser)?;
    if blocks.is_empty() { Ok(commands) } else { Err((Wrong::OpenBlock, 0)) }
}

/// Finds the places of the labels.
fn resolve(commands: &mut [Command], parser: &Parser) -> Result<(), (Wrong, usize)> {
    let labels: Vec<(String, usize)> = commands
        .iter()
        .enumerate()
        .filter_map(|(place, command)| match &command.action {
            Action::Branch(':', label, _) => Some((label.clone(), place)),
            _ => None,
        })
        .collect();
    let end = commands.len();
    for command in commands {
        if let Action::Branch('b' | 't' | 'T', label, place) = &mut command.action {
            *place = match labels.iter().find(|(known, _)| known == label) {
                Some((_, place)) => *place,
                None if label.is_empty() => end,
                None => return Err((Wrong::Label(label.clone()), parser.at)),
            };
        }
    }
    Ok(())
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn skip(&mut self, set: &str) {
        while self.peek().is_some_and(|character| set.contains(character)) {
            self.at += 1;
        }
    }

    /// What is left of the line.
    fn line(&mut self) -> String {
        let text: String =
            self.characters.iter().skip(self.at).take_while(|character| **character != '\n').collect();
        self.at += text.chars().count();
        text
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.characters.get(start..self.at).unwrap_or(&[]).iter().collect();
        digits.parse().unwrap_or(0)
    }

    /// A text up to a delimiter; `None`: it is not there. `pattern`: a set hides the delimiter, and escapes stay.
    fn delimited(&mut self, delimiter: char, pattern: bool) -> Option<String> {
        let mut out = String::new();
        let mut set = 0;
        loop {
            match self.next()? {
                '\\' if set == 0 || !pattern => match self.next()? {
                    escaped if escaped == delimiter && delimiter != '|' => out.push(escaped),
                    'n' => out.push_str(if pattern { "\\n" } else { "\n" }),
                    escaped => out.extend(['\\', escaped]),
                },
                '[' if pattern && set == 0 => {
                    set = 1;
                    out.push('[');
                    if self.eat('^') {
                        out.push('^');
                    }
                    if self.eat(']') {
                        out.push(']');
                    }
                }
                ']' if set > 0 => {
                    set = 0;
                    out.push(']');
                }
                character if character == delimiter && set == 0 => return Some(out),
                other => out.push(other),
            }
        }
    }

    fn regex(&self, source: &str, fold: bool) -> Result<Option<Regex>, Wrong> {
        if source.is_empty() {
            return Ok(None);
        }
        expression(source, self.extended, fold).map(Some).ok_or_else(|| Wrong::Regex(source.to_owned()))
    }

    fn address(&mut self) -> Result<Option<Address>, Wrong> {
        let delimiter = match self.peek() {
            Some('$') => {
                self.at += 1;
                return Ok(Some(Address::Last));
            }
            Some('/') => '/',
            Some('\\') => {
                self.at += 1;
                self.peek().unwrap_or('/')
            }
            Some(digit) if digit.is_ascii_digit() => {
                let first = self.digits();
                return Ok(Some(if self.eat('~') {
                    Address::Step(first, self.digits())
                } else {
                    Address::Line(first)
                }));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        let source = self.delimited(delimiter, true).ok_or(Wrong::Address(delimiter))?;
        let fold = self.eat('I');
        Ok(Some(Address::Match(self.regex(&source, fold)?)))
    }

    /// A command; `None`: the end of a block.
    fn command(&mut self) -> Result<Option<Command>, Wrong> {
        let from = self.address()?;
        let mut to = None;
        self.skip(" \t");
        if from.is_some() && self.eat(',') {
            self.skip(" \t");
            to = if self.eat('+') {
                Some(Address::After(self.digits()))
            } else if self.eat('~') {
                Some(Address::Multiple(self.digits()))
            } else {
                Some(self.address()?.ok_or(Wrong::Missing)?)
            };
        }
        self.skip(" \t");
        let mut negated = false;
        while self.eat('!') {
            negated = true;
            self.skip(" \t");
        }
        let Some(letter) = self.next() else { return Err(Wrong::Missing) };
        if letter == '}' {
            self.ends()?;
            return Ok(None);
        }
        let action = self.action(letter)?;
        Ok(Some(Command { from, to, negated, action, active: None }))
    }

    fn action(&mut self, letter: char) -> Result<Action, Wrong> {
        let action = match letter {
            '{' => return Ok(Action::Block(0)),
            's' => self.substitute()?,
            'y' => self.translate()?,
            'd' | 'D' => Action::Delete(letter == 'D'),
            'p' | 'P' => Action::Print(letter == 'P'),
            'g' | 'G' => Action::Get(letter == 'G'),
            'h' | 'H' => Action::Hold(letter == 'H'),
            'x' => Action::Exchange,
            'n' => Action::Next,
            'N' => Action::NextAppend,
            '=' => Action::LineNumber,
            'l' => Action::List,
            'q' | 'Q' => {
                self.skip(" \t");
                Action::Quit(letter == 'q', i32::try_from(self.digits() & 255).unwrap_or(0))
            }
            'a' => return self.text().map(Action::Append),
            'i' => return self.text().map(Action::Insert),
            'c' => return self.text().map(Action::Change),
            'r' | 'w' => {
                self.skip(" \t");
                let path = self.line();
                return Ok(if letter == 'r' { Action::Read(path) } else { Action::Write(path) });
            }
            'b' | 't' | 'T' | ':' => {
                self.skip(" \t");
                let ends = |character: &&char| {
                    **character != '\n' && (letter == ':' || **character != ';' && **character != '}')
                };
                let label: String = self.characters.iter().skip(self.at).take_while(ends).collect();
                let label =
                    if letter == ':' { label.split(';').next().unwrap_or("").to_owned() } else { label };
                self.at += label.chars().count();
                return Ok(Action::Branch(letter, label.trim().to_owned(), 0));
            }
            other => return Err(Wrong::Unknown(other)),
        };
        self.ends()?;
        Ok(action)
    }

    /// Nothing may follow on the line but another command.
    fn ends(&mut self) -> Result<(), Wrong> {
        self.skip(" \t");
        match self.peek() {
            None | Some('\n' | ';' | '}' | '#') => Ok(()),
            Some(_) => {
                self.at += 1;
                Err(Wrong::Extra)
            }
        }
    }

    /// The text of `a`, `i` and `c`: on the same line or, after a backslash, on the next ones.
    fn text(&mut self) -> Result<String, Wrong> {
        self.skip(" \t");
        if self.eat('\\') {
            self.skip(" \t");
            if !self.eat('\n') {
                self.skip(" \t");
            }
        }
        if self.peek().is_none() {
            return Err(Wrong::NoText);
        }
        let mut out = String::new();
        while let Some(character) = self.peek() {
            self.at += 1;
            match character {
                '\n' => break,
                '\\' => out.extend(self.next()),
                other => out.push(other),
            }
        }
        Ok(out)
    }

    fn translate(&mut self) -> Result<Action, Wrong> {
        let delimiter = self.next().ok_or(Wrong::Unterminated('y', '/'))?;
        let unterminated = Wrong::Unterminated('y', delimiter);
        let (Some(left), Some(right)) = (self.delimited(delimiter, false), self.delimited(delimiter, false))
        else {
            return Err(unterminated);
        };
        let plain =
            |text: &str| text.replace("\\\\", "\\").replace("\\t", "\t").chars().collect::<Vec<char>>();
        let (left, right) = (plain(&left), plain(&right));
        if left.len() != right.len() && !self.lax {
            return Err(Wrong::Lengths);
        }
        Ok(Action::Translate(left.into_iter().zip(right).collect()))
    }

    fn substitute(&mut self) -> Result<Action, Wrong> {
        let delimiter = self.next().ok_or(Wrong::Unterminated('s', '/'))?;
        let unterminated = || Wrong::Unterminated('s', delimiter);
        let source = self.delimited(delimiter, true).ok_or_else(unterminated)?;
        let replacement = self.delimited(delimiter, false).ok_or_else(unterminated)?;
        let mut found =
            Substitution { regex: None, replacement, all: false, print: false, number: 1, file: None };
        let mut fold = false;
        while let Some(flag) = self.peek() {
            match flag {
                'g' => found.all = true,
                'p' => found.print = true,
                'i' | 'I' => fold = true,
                'm' | 'M' => {}
                'w' => {
                    self.at += 1;
                    self.skip(" \t");
                    found.file = Some(self.line());
                    continue;
                }
                digit if digit.is_ascii_digit() => {
                    found.number = self.digits().max(1);
                    continue;
                }
                ' ' | '\t' | '\n' | ';' | '}' | '#' => break,
                _ => {
                    self.at += 1;
                    return Err(Wrong::Flag);
                }
            }
            self.at += 1;
        }
        found.regex = self.regex(&source, fold)?;
        Ok(Action::Substitute(Box::new(found)))
    }
}
