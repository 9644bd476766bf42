//! sed: the commands that one-liners use.

use super::{
    Run,
    options::{inputs, options},
    posix::expression,
};
use crate::{
    interpret::{Shell, Status},
    text::{decode, encode, lines},
};
use regex::Regex;

pub(super) const COMMANDS: &[(&str, Run)] = &[("sed", sed)];

/// Most bytes of what a script makes, of one line or in all.
const LONGEST: usize = 2 << 20;

#[derive(Clone)]
enum Address {
    Line(usize),
    Last,
    Match(Regex),
    Step(usize, usize),
}

struct Command {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    action: Action,
    active: bool,
}

enum Action {
    Substitute { regex: Regex, replacement: String, all: bool, print: bool, number: usize },
    Translate(Vec<(char, char)>),
    Delete,
    Print,
    Quit,
    Append(String),
    Insert(String),
    Change(String),
    LineNumber,
    NextAppend,
    Next,
    Nothing,
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    extended: bool,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek();
        self.at += 1;
        character
    }

    fn skip(&mut self, set: &str) {
        while self.peek().is_some_and(|character| set.contains(character)) {
            self.at += 1;
        }
    }

    fn delimited(&mut self, delimiter: char, keep: bool) -> Option<String> {
        let mut out = String::new();
        let mut set = false;
        loop {
            match self.next()? {
                '\\' => match self.next()? {
                    escaped if escaped == delimiter && !keep => out.push(escaped),
                    'n' => out.push_str(if keep { "\\n" } else { "\n" }),
                    escaped => out.extend(['\\', escaped]),
                },
                '[' if keep && !set => {
                    set = true;
                    out.push('[');
                }
                ']' if set => {
                    set = false;
                    out.push(']');
                }
                character if character == delimiter && !set => return Some(out),
                other => out.push(other),
            }
        }
    }

    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
            self.at += 1;
        }
        self.characters.get(start..self.at)?.iter().collect::<String>().parse().ok()
    }

    fn address(&mut self) -> Option<Address> {
        match self.peek()? {
            '$' => {
                self.at += 1;
                Some(Address::Last)
            }
            '/' => {
                self.at += 1;
                let source = self.delimited('/', true)?.replace("\\/", "/");
                let fold = self.peek() == Some('I');
                self.at += usize::from(fold);
                expression(&source, self.extended, fold).map(Address::Match)
            }
            digit if digit.is_ascii_digit() => {
                let first = self.digits()?;
                if self.peek() == Some('~') {
                    self.at += 1;
                    return Some(Address::Step(first, self.digits()?.max(1)));
                }
                Some(Address::Line(first))
            }
            _ => None,
        }
    }

    fn text(&mut self) -> String {
        self.skip(" \t");
        if self.peek() == Some('\\') {
            self.at += 1;
            self.skip("\n ");
        }
        let text: String =
            self.characters.iter().skip(self.at).take_while(|character| **character != '\n').collect();
        self.at += text.chars().count();
        text
    }

    fn command(&mut self) -> Option<Command> {
        let from = self.address();
        let mut to = None;
        if self.peek() == Some(',') {
            self.at += 1;
            if self.peek() == Some('+') {
                self.at += 1;
                let count = self.digits()?;
                to = match &from {
                    Some(Address::Line(line)) => Some(Address::Line(line + count)),
                    _ => Some(Address::Last),
                };
            } else {
                to = Some(self.address()?);
            }
        }
        self.skip(" \t");
        let negated = self.peek() == Some('!');
        self.at += usize::from(negated);
        self.skip(" \t");
        let action = match self.next()? {
            's' => self.substitute()?,
            'y' => {
                let delimiter = self.next()?;
                let (left, right) = (self.delimited(delimiter, false)?, self.delimited(delimiter, false)?);
                Action::Translate(left.chars().zip(right.chars()).collect())
            }
            'd' | 'D' => Action::Delete,
            'p' | 'P' => Action::Print,
            'q' | 'Q' => Action::Quit,
            'n' => Action::Next,
            'N' => Action::NextAppend,
            '=' => Action::LineNumber,
            'a' => Action::Append(self.text()),
            'i' => Action::Insert(self.text()),
            'c' => Action::Change(self.text()),
            '}' | '{' | ':' | 'b' | 't' => Action::Nothing,
            _ => return None,
        };
        Some(Command { from, to, negated, action, active: false })
    }

    fn substitute(&mut self) -> Option<Action> {
        let delimiter = self.next()?;
        let mut source = self.delimited(delimiter, true)?;
        if delimiter != '|' && !delimiter.is_alphanumeric() {
            source = source.replace(&format!("\\{delimiter}"), &delimiter.to_string());
        }
        let replacement = self.delimited(delimiter, false)?;
        let (mut all, mut print, mut fold, mut number) = (false, false, false, 1);
        while let Some(flag) = self.peek() {
            match flag {
                'g' => all = true,
                'p' => print = true,
                'i' | 'I' => fold = true,
                digit if digit.is_ascii_digit() => {
                    number = self.digits()?;
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        let regex = expression(&source, self.extended, fold)?;
        Some(Action::Substitute { regex, replacement, all, print, number })
    }
}

fn parse(script: &str, extended: bool) -> Option<Vec<Command>> {
    let mut parser = Parser { characters: script.chars().collect(), at: 0, extended };
    let mut commands = Vec::new();
    loop {
        parser.skip(" \t\n;");
        if parser.peek().is_none() {
            return Some(commands);
        }
        commands.push(parser.command()?);
        parser.skip(" \t");
        if parser.peek().is_some_and(|next| !";\n}".contains(next)) {
            return None;
        }
    }
}

/// What is said of a script that is none.
fn not_understood(shell: &Shell, script: &str) -> String {
    match script.strip_prefix('s').and_then(|rest| rest.chars().next()) {
        Some(sign) if shell.flavour().busybox() => format!("sed: unmatched '{sign}'\n"),
        _ if shell.flavour().busybox() => format!("sed: unsupported command {script}\n"),
        _ => format!("sed: -e expression #1, char {}: unknown command\n", script.chars().count()),
    }
}

fn sed(shell: &mut Shell, arguments: &[String]) -> Status {
    // -i takes its suffix only when attached, which getopt's letters cannot say.
    let mut in_place = false;
    let words: Vec<String> = arguments
        .iter()
        .filter(|word| {
            let found = word.starts_with("-i") || word.starts_with("--in-place");
            in_place |= found;
            !found
        })
        .cloned()
        .collect();
    let Some(options) = options(
        shell,
        &words,
        "nEre:f:suz",
        &[("quiet", 'n'), ("regexp-extended", 'E'), ("expression", 'e')],
    )?
    else {
        return Ok(1);
    };
    let mut operands = options.operands.clone();
    let mut script: String = options.values('e').collect::<Vec<_>>().join("\n");
    if let Some(path) = options.value('f') {
        script = decode(&shell.fs.read_file(path).unwrap_or_default());
    } else if script.is_empty() {
        if operands.is_empty() {
            if shell.flavour().busybox() {
                return super::help::usage(shell, "sed").map(|()| 1);
            }
            shell.err("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n")?;
            return Ok(1);
        }
        script = operands.remove(0);
    }
    let Some(mut commands) = parse(&script, options.has('E') || options.has('r')) else {
        let text = not_understood(shell, &script);
        shell.err(&text)?;
        return Ok(1);
    };
    let (contents, good) = inputs(shell, "sed", &operands)?;
    if in_place {
        for (name, bytes) in contents {
            let out = run(&mut commands, &decode(&bytes), options.has('n'));
            if let Err(error) = shell.fs.write_file(&name, &encode(&out), 0o644) {
                shell.err(&format!("sed: couldn't open temporary file {name}: {error}\n"))?;
                return Ok(4);
            }
        }
        return Ok(if good { 0 } else { 2 });
    }
    let text: String = contents.iter().map(|(_, bytes)| decode(bytes)).collect();
    shell.spend(1 + text.len() as u64 / 128)?;
    let out = run(&mut commands, &text, options.has('n'));
    shell.out(&out)?;
    Ok(if good { 0 } else { 2 })
}

fn run(commands: &mut [Command], text: &str, quiet: bool) -> String {
    let mut cycle = Cycle {
        all: lines(text).collect(),
        at: 0,
        quiet,
        space: String::new(),
        after: String::new(),
        out: String::new(),
    };
    let ended = text.ends_with('\n');
    while let Some(line) = cycle.all.get(cycle.at) {
        cycle.space = (*line).to_owned();
        let outcome = cycle.run(commands);
        if !matches!(outcome, Outcome::Deleted) && !quiet {
            cycle.out.push_str(&cycle.space);
            if cycle.at + 1 < cycle.all.len() || ended || !cycle.after.is_empty() {
                cycle.out.push('\n');
            }
        }
        cycle.out.push_str(&std::mem::take(&mut cycle.after));
        if matches!(outcome, Outcome::Quit) || cycle.out.len() > LONGEST {
            break;
        }
        cycle.at += 1;
    }
    cycle.out
}

/// How the script ended for a line.
enum Outcome {
    Done,
    Deleted,
    Quit,
}

/// The script at work on a line.
struct Cycle<'a> {
    all: Vec<&'a str>,
    at: usize,
    quiet: bool,
    /// The pattern space.
    space: String,
    /// What is printed after the pattern space.
    after: String,
    out: String,
}

impl Cycle<'_> {
    fn run(&mut self, commands: &mut [Command]) -> Outcome {
        for command in commands {
            if selected(command, self.at + 1, self.all.len(), &self.space) == command.negated {
                continue;
            }
            match self.perform(&command.action) {
                Outcome::Done if LONGEST < self.space.len() + self.after.len() + self.out.len() => {
                    return Outcome::Quit;
                }
                Outcome::Done => {}
                end => return end,
            }
        }
        Outcome::Done
    }

    fn perform(&mut self, action: &Action) -> Outcome {
        match action {
            Action::Substitute { regex, replacement, all, print, number } => {
                if let Some(changed) = substitute(&self.space, regex, replacement, *all, *number) {
                    self.space = changed;
                    if *print {
                        self.print();
                    }
                }
            }
            Action::Translate(map) => {
                let translate = |character: char| {
                    map.iter().find(|(from, _)| *from == character).map_or(character, |(_, to)| *to)
                };
                self.space = self.space.chars().map(translate).collect();
            }
            Action::Delete => return Outcome::Deleted,
            Action::Change(text) => {
                self.out.push_str(&format!("{text}\n"));
                return Outcome::Deleted;
            }
            Action::Print => self.print(),
            Action::Quit => return Outcome::Quit,
            Action::Append(text) => self.after.push_str(&format!("{text}\n")),
            Action::Insert(text) => self.out.push_str(&format!("{text}\n")),
            Action::LineNumber => self.out.push_str(&format!("{}\n", self.at + 1)),
            Action::NextAppend => {
                if let Some(next) = self.next() {
                    self.space = format!("{}\n{next}", self.space);
                }
            }
            Action::Next => {
                if let Some(next) = self.next() {
                    if !self.quiet {
                        self.print();
                    }
                    self.space = next;
                }
            }
            Action::Nothing => {}
        }
        Outcome::Done
    }

    fn print(&mut self) {
        self.out.push_str(&format!("{}\n", self.space));
    }

    /// Goes on to the next line, if there is one.
    fn next(&mut self) -> Option<String> {
        let next = (*self.all.get(self.at + 1)?).to_owned();
        self.at += 1;
        Some(next)
    }
}

fn fits(address: &Address, line: usize, total: usize, space: &str) -> bool {
    match address {
        Address::Line(number) => *number == line,
        Address::Last => line == total,
        Address::Match(regex) => regex.is_match(space),
        Address::Step(first, step) => line >= *first && (line - first).is_multiple_of(*step),
    }
}

fn selected(command: &mut Command, line: usize, total: usize, space: &str) -> bool {
    let Some(from) = &command.from else { return true };
    let Some(to) = &command.to else { return fits(from, line, total, space) };
    if command.active {
        let past = matches!(to, Address::Line(number) if line > *number);
        command.active = !past && !fits(to, line, total, space);
        return !past;
    }
    if !fits(from, line, total, space) {
        return false;
    }
    let ends = match to {
        Address::Line(number) => *number <= line,
        Address::Last => line == total,
        _ => false,
    };
    command.active = !ends;
    true
}

fn substitute(space: &str, regex: &Regex, replacement: &str, all: bool, number: usize) -> Option<String> {
    let mut out = String::new();
    let mut end = 0;
    let mut changed = false;
    let marks = replacement.matches(['&', '\\']).count();
    for (index, captures) in regex.captures_iter(space).enumerate() {
        if index + 1 < number || !all && index + 1 > number {
            continue;
        }
        let Some(whole) = captures.get(0) else { continue };
        // A script names the match as often as it likes.
        let added = marks.saturating_mul(whole.len()).saturating_add(replacement.len());
        if LONGEST < out.len().saturating_add(added) {
            break;
        }
        out.push_str(space.get(end..whole.start()).unwrap_or(""));
        out.push_str(&fill(replacement, |group| captures.get(group).map_or("", |found| found.as_str())));
        end = whole.end();
        changed = true;
    }
    out.push_str(space.get(end..).unwrap_or(""));
    changed.then_some(out)
}

fn fill<'a>(replacement: &str, group: impl Fn(usize) -> &'a str) -> String {
    let mut out = String::new();
    let mut characters = replacement.chars();
    let mut case = ' ';
    while let Some(character) = characters.next() {
        let text = match character {
            '&' => group(0).to_owned(),
            '\\' => match characters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    group(digit.to_digit(10).unwrap_or(0) as usize).to_owned()
                }
                Some('t') => "\t".into(),
                Some('n') => "\n".into(),
                Some(mark @ ('U' | 'L' | 'E' | 'u' | 'l')) => {
                    case = mark;
                    continue;
                }
                Some(other) => other.to_string(),
                None => String::new(),
            },
            other => other.to_string(),
        };
        out.push_str(&match case {
            'U' | 'u' => text.to_ascii_uppercase(),
            'L' | 'l' => text.to_ascii_lowercase(),
            _ => text,
        });
    }
    out
}
