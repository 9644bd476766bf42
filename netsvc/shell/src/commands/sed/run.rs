//! A script of sed at work on lines.

use super::parse::{Action, Address, Command, Substitution};
use regex::Regex;
use std::collections::BTreeMap;

/// Commands that are carried out at most; a script that goes on has a loop without an end.
const MOST_STEPS: usize = 600_000;
/// Bytes that a command may go through for the price of one step.
const STEP_BYTES: usize = 256;
/// Bytes of output and spaces together.
const MOST_BYTES: usize = 2 << 20;

/// What a run gave.
#[derive(Default)]
pub(super) struct Ran {
    pub(super) out: String,
    /// What `w` wrote, by file.
    pub(super) written: BTreeMap<String, String>,
    pub(super) status: i32,
    /// It would have gone on for ever.
    pub(super) endless: bool,
}

/// Runs a script on a text. `files` has what `r` reads.
pub(super) fn run(
    commands: &mut [Command],
    text: &str,
    quiet: bool,
    files: &BTreeMap<String, String>,
) -> Ran {
    let mut cycle = Cycle {
        all: crate::text::lines(text).collect(),
        at: 0,
        quiet,
        files,
        space: String::new(),
        hold: String::new(),
        after: String::new(),
        last: None,
        replaced: false,
        steps: 0,
        stored: 0,
        ran: Ran::default(),
    };
    let ended = text.ends_with('\n');
    let mut again = false;
    while cycle.at < cycle.all.len() {
        if !std::mem::take(&mut again) {
            cycle.space = cycle.all.get(cycle.at).copied().unwrap_or("").to_owned();
        }
        cycle.replaced = false;
        let outcome = cycle.run(commands);
        let printed = matches!(outcome, Outcome::Done | Outcome::Quit(true));
        if printed && !quiet {
            cycle.ran.out.push_str(&cycle.space);
            if cycle.at + 1 < cycle.all.len() || ended || !cycle.after.is_empty() {
                cycle.ran.out.push('\n');
            }
        }
        cycle.ran.out.push_str(&std::mem::take(&mut cycle.after));
        match outcome {
            Outcome::Quit(_) => break,
            Outcome::Restart => {
                again = true;
                continue;
            }
            _ => {}
        }
        if cycle.ran.endless || cycle.ran.out.len() > MOST_BYTES {
            break;
        }
        cycle.at += 1;
    }
    cycle.ran
}

/// How the script ended for a line.
enum Outcome {
    Done,
    Deleted,
    /// `D`: the script begins again with what is left of the space.
    Restart,
    /// Whether the space is printed.
    Quit(bool),
}

/// The script at work on a line.
struct Cycle<'a> {
    all: Vec<&'a str>,
    at: usize,
    quiet: bool,
    files: &'a BTreeMap<String, String>,
    /// The pattern space.
    space: String,
    hold: String,
    /// What is printed after the pattern space.
    after: String,
    /// The expression that was used last.
    last: Option<Regex>,
    /// Whether something was substituted, for `t`.
    replaced: bool,
    steps: usize,
    /// Bytes for files.
    stored: usize,
    ran: Ran,
}

impl Cycle<'_> {
    fn run(&mut self, commands: &mut [Command]) -> Outcome {
        let mut place = 0;
        while let Some(command) = commands.get_mut(place) {
            place += 1;
            self.steps += 1 + self.cost(&command.action) / STEP_BYTES;
            if self.steps > MOST_STEPS {
                self.ran.endless = true;
                return Outcome::Quit(false);
            }
            let chosen = self.selected(command) != command.negated;
            match &command.action {
                Action::Block(end) if !chosen => place = *end,
                _ if !chosen => {}
                Action::Branch('b', _, to) => place = *to,
                Action::Branch(letter @ ('t' | 'T'), _, to) => {
                    if std::mem::take(&mut self.replaced) == (*letter == 't') {
                        place = *to;
                    }
                }
                Action::Change(text) => {
                    // Of a range the text is printed once, at its end.
                    if command.to.is_none() || command.negated || command.active.is_none() {
                        self.ran.out.push_str(&format!("{text}\n"));
                    }
                    return Outcome::Deleted;
                }
                action => match self.perform(action) {
                    Outcome::Done if MOST_BYTES < self.made() => return Outcome::Quit(true),
                    Outcome::Done => {}
                    end => return end,
                },
            }
        }
        Outcome::Done
    }

    /// Bytes that a command goes through.
    fn cost(&self, action: &Action) -> usize {
        match action {
            Action::Translate(map) => self.space.len().saturating_mul(map.len()),
            Action::Hold(_) | Action::Get(_) => self.space.len() + self.hold.len(),
            _ => self.space.len(),
        }
    }

    /// Bytes that the script has made.
    fn made(&self) -> usize {
        self.space.len() + self.hold.len() + self.after.len() + self.ran.out.len() + self.stored
    }

    fn perform(&mut self, action: &Action) -> Outcome {
        match action {
            Action::Substitute(what) => self.substitute(what),
            Action::Translate(map) => self.space = translated(&self.space, map),
            Action::Delete(true) => match self.space.split_once('\n') {
                Some((_, rest)) => {
                    self.space = rest.to_owned();
                    return Outcome::Restart;
                }
                None => return Outcome::Deleted,
            },
            Action::Delete(false) => return Outcome::Deleted,
            Action::Print(first) => {
                let text = if *first { self.space.split('\n').next().unwrap_or("") } else { &self.space };
                self.ran.out.push_str(&format!("{text}\n"));
            }
            Action::Quit(prints, status) => {
                self.ran.status = *status;
                return Outcome::Quit(*prints);
            }
            Action::Append(text) => self.after.push_str(&format!("{text}\n")),
            Action::Insert(text) => self.ran.out.push_str(&format!("{text}\n")),
            Action::Get(_) | Action::Hold(_) | Action::Exchange => self.move_between(action),
            Action::LineNumber => self.ran.out.push_str(&format!("{}\n", self.at + 1)),
            Action::List => {
                let line = listed(&self.space);
                self.ran.out.push_str(&line);
            }
            Action::NextAppend => match self.next() {
                Some(next) => {
                    self.space.push('\n');
                    self.space.push_str(&next);
                }
                // GNU's and BusyBox's print what they have.
                None => return Outcome::Quit(true),
            },
            Action::Next => match self.next() {
                Some(next) => {
                    if !self.quiet {
                        self.ran.out.push_str(&format!("{}\n", self.space));
                    }
                    self.space = next;
                }
                None => return Outcome::Quit(true),
            },
            Action::Read(path) => {
                if let Some(text) = self.files.get(path) {
                    self.after.push_str(text);
                }
            }
            Action::Write(path) => {
                let line = format!("{}\n", self.space);
                self.write(path, &line);
            }
            Action::Branch(..) | Action::Block(_) | Action::Change(_) => {}
        }
        Outcome::Done
    }

    /// `g`, `G`, `h`, `H` and `x`.
    fn move_between(&mut self, action: &Action) {
        match action {
            Action::Get(false) => self.space.clone_from(&self.hold),
            Action::Get(true) => self.space = format!("{}\n{}", self.space, self.hold),
            Action::Hold(false) => self.hold.clone_from(&self.space),
            Action::Hold(true) => self.hold = format!("{}\n{}", self.hold, self.space),
            _ => std::mem::swap(&mut self.space, &mut self.hold),
        }
    }

    fn write(&mut self, path: &str, text: &str) {
        if path == "/dev/stdout" {
            self.ran.out.push_str(text);
        } else {
            self.stored += text.len();
            self.ran.written.entry(path.to_owned()).or_default().push_str(text);
        }
    }

    fn substitute(&mut self, what: &Substitution) {
        let Some(regex) = what.regex.clone().or_else(|| self.last.clone()) else { return };
        if let Some(changed) = replaced(&self.space, &regex, what) {
            self.space = changed;
            self.replaced = true;
            if what.print {
                self.ran.out.push_str(&format!("{}\n", self.space));
            }
            if let Some(path) = &what.file {
                let line = format!("{}\n", self.space);
                self.write(path, &line);
            }
        }
        self.last = Some(regex);
    }

    /// Goes on to the next line, if there is one.
    fn next(&mut self) -> Option<String> {
        let next = (*self.all.get(self.at + 1)?).to_owned();
        self.at += 1;
        let after = std::mem::take(&mut self.after);
        self.ran.out.push_str(&after);
        Some(next)
    }

    fn fits(&mut self, address: &Address) -> bool {
        let (line, total) = (self.at + 1, self.all.len());
        match address {
            Address::Line(number) => *number == line,
            Address::Last => line == total,
            Address::Match(given) => {
                let Some(regex) = given.clone().or_else(|| self.last.clone()) else { return false };
                let found = regex.is_match(&self.space);
                self.last = Some(regex);
                found
            }
            Address::Step(first, 0) => line == *first,
            Address::Step(first, step) => line >= *first && (line - first).is_multiple_of(*step),
            Address::After(_) | Address::Multiple(_) => false,
        }
    }

    fn selected(&mut self, command: &mut Command) -> bool {
        let Some(from) = &command.from else { return true };
        let Some(to) = &command.to else { return self.fits(from) };
        let line = self.at + 1;
        if let Some(end) = command.active {
            let past = line > end;
            let over = past || line == end || end == usize::MAX && self.fits(to);
            if over {
                command.active = None;
            }
            // A line that is past the range may begin another one.
            if !past {
                return true;
            }
        }
        // `0,/re/` begins before the first line.
        let begins = match from {
            Address::Line(0) => line == 1,
            from => self.fits(from),
        };
        if !begins {
            return false;
        }
        let end = match to {
            Address::Line(number) => *number,
            Address::Last => self.all.len(),
            Address::After(count) => line + count,
            Address::Multiple(step) => line.next_multiple_of((*step).max(1)),
            _ => usize::MAX,
        };
        let zero = matches!(from, Address::Line(0)) && self.fits(to);
        command.active = (end > line && !zero).then_some(end);
        true
    }
}

/// `y`.
fn translated(space: &str, map: &[(char, char)]) -> String {
    let other =
        |character: char| map.iter().find(|(from, _)| *from == character).map_or(character, |(_, to)| *to);
    space.chars().map(other).collect()
}

/// `l`: what cannot be seen as escapes.
fn listed(space: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for character in space.chars() {
        let piece = match character {
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\t' => "\\t".to_owned(),
            ' '..='~' => character.to_string(),
            other => format!("\\{:03o}", u32::from(other)),
        };
        if width + piece.len() > 69 {
            out.push_str("\\\n");
            width = 0;
        }
        width += piece.len();
        out.push_str(&piece);
    }
    out + "$\n"
}

fn replaced(space: &str, regex: &Regex, what: &Substitution) -> Option<String> {
    let mut out = String::new();
    let mut end = 0;
    let mut changed = false;
    let marks = what.replacement.matches(['&', '\\']).count();
    for (index, captures) in regex.captures_iter(space).enumerate() {
        if index + 1 < what.number || !what.all && index + 1 > what.number {
            continue;
        }
        let Some(whole) = captures.get(0) else { continue };
        // A script names the match as often as it likes.
        let added = marks.saturating_mul(whole.len()).saturating_add(what.replacement.len());
        if MOST_BYTES < out.len().saturating_add(added) {
            break;
        }
        out.push_str(space.get(end..whole.start()).unwrap_or(""));
        let group = |group| captures.get(group).map_or("", |found| found.as_str());
        out.push_str(&fill(&what.replacement, group));
        end = whole.end();
        changed = true;
        if !what.all {
            break;
        }
    }
    out.push_str(space.get(end..).unwrap_or(""));
    changed.then_some(out)
}

fn fill<'a>(replacement: &str, group: impl Fn(usize) -> &'a str) -> String {
    let mut out = String::new();
    let mut characters = replacement.chars();
    // The case that all characters get, and the one that the next gets.
    let (mut case, mut once) = (' ', ' ');
    while let Some(character) = characters.next() {
        let text = match character {
            '&' => group(0).to_owned(),
            '\\' => match characters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    group(digit.to_digit(10).unwrap_or(0) as usize).to_owned()
                }
                Some('t') => "\t".into(),
                Some('n') => "\n".into(),
                Some(mark @ ('U' | 'L' | 'E')) => {
                    case = mark;
                    continue;
                }
                Some(mark @ ('u' | 'l')) => {
                    once = mark;
                    continue;
                }
                Some(other) => other.to_string(),
                None => String::new(),
            },
            other => other.to_string(),
        };
        for character in text.chars() {
            let how = match std::mem::replace(&mut once, ' ') {
                ' ' => case,
                mark => mark,
            };
            out.push(match how {
                'U' | 'u' => character.to_ascii_uppercase(),
                'L' | 'l' => character.to_ascii_lowercase(),
                _ => character,
            });
        }
    }
    out
}
