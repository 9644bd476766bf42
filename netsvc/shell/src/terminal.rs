//! A terminal session: line editing, history, completion, prompts, and output in its time.
//!
//! Sans-IO: bytes of the peer go in with [`Terminal::input`], bytes for the peer come out, and
//! [`TerminalOutput::wake_at`] says when [`Terminal::poll`] has more.

use crate::{
    event::{Emit, Outcome, ShellEvent, Waits},
    flavour::Flavour,
    fs::join,
    interpret::Shell,
    live::{logins, motd, strftime},
    text,
};
use std::collections::VecDeque;

/// Longest line that can be typed.
const MAX_LINE: usize = 16_384;
/// Time between two pieces of output that never ends, in µs.
const TRICKLE: i64 = 5_000_000;
/// Bytes typed ahead that are kept.
const MAX_AHEAD: usize = 65_536;

/// What a terminal has for its caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalOutput {
    /// Bytes for the peer, with CR LF line ends.
    pub bytes: Vec<u8>,
    /// Events since the last call.
    pub events: Vec<ShellEvent>,
    /// When to call [`Terminal::poll`] again, in the clock of `now`; `None`: only after input.
    pub wake_at: Option<i64>,
    /// The session is over: send `bytes` and close.
    pub closed: bool,
}

enum Escape {
    None,
    Started,
    Sequence(String),
}

/// A shell with a terminal around it. `now` is µs of any steady clock.
pub struct Terminal {
    shell: Shell,
    line: Vec<char>,
    cursor: usize,
    /// Lines before the current one of an unfinished command.
    pending: String,
    recall: usize,
    escape: Escape,
    last_return: bool,
    queue: VecDeque<(i64, Vec<u8>)>,
    busy_until: i64,
    ahead: VecDeque<u8>,
    waits: Option<Waits>,
    closing: bool,
    prompt_due: bool,
    /// What a line that never ends writes again and again.
    repeats: Vec<u8>,
    output: TerminalOutput,
}

impl Terminal {
    /// A terminal for a shell that was logged in with a tty.
    pub fn new(shell: Shell) -> Terminal {
        Terminal {
            recall: shell.history.len(),
            shell,
            line: Vec::new(),
            cursor: 0,
            pending: String::new(),
            escape: Escape::None,
            last_return: false,
            queue: VecDeque::new(),
            busy_until: 0,
            ahead: VecDeque::new(),
            waits: None,
            closing: false,
            prompt_due: false,
            repeats: Vec::new(),
            output: TerminalOutput::default(),
        }
    }

    /// The terminal has this many columns and rows; 0 is one that does not say.
    pub fn resize(&mut self, columns: u32, rows: u32) {
        let known = |given: u32, usual: u32| if given == 0 || given > 10_000 { usual } else { given };
        self.shell.set_window(known(columns, 80), known(rows, 24));
    }

    /// Exit status of the session's shell.
    pub fn status(&self) -> i32 {
        self.shell.status
    }

    /// The shell, for its file system and facts.
    pub fn shell(&mut self) -> &mut Shell {
        &mut self.shell
    }

    /// What a login shows first: message of the day, last login, prompt.
    pub fn start(&mut self, now: i64) -> TerminalOutput {
        let live = &self.shell.live;
        let mut greeting = motd(live);
        let last = logins(live).into_iter().nth(1);
        if let Some(login) = last.filter(|_| live.flavour != Flavour::Busybox) {
            let at = strftime("%a %b %e %H:%M:%S %Y", login.start, &live.persona.zone);
            greeting.push_str(&if live.facts.local_port == 23 {
                format!("Last login: {at} from {} on {}\n", login.from, login.tty)
            } else {
                format!("Last login: {at} from {}\n", login.from)
            });
        }
        self.show(&text::encode(&greeting));
        self.prompt();
        self.finish(now)
    }

    /// Bytes that the peer typed.
    pub fn input(&mut self, bytes: &[u8], now: i64) -> TerminalOutput {
        self.release(now);
        for byte in bytes {
            if *byte == 3 && (now < self.busy_until || !self.queue.is_empty()) {
                self.interrupt(now);
            } else if self.ahead.len() < MAX_AHEAD {
                self.ahead.push_back(*byte);
            }
        }
        self.work(now);
        self.finish(now)
    }

    /// Lets time pass: gives the output that is due.
    pub fn poll(&mut self, now: i64) -> TerminalOutput {
        self.release(now);
        self.work(now);
        self.finish(now)
    }

    /// The connection ended without a logout: reports what is still open.
    pub fn hangup(&mut self) -> Vec<ShellEvent> {
        let mut events = self.shell.interrupt();
        events.extend(self.shell.finish());
        events
    }

    fn work(&mut self, now: i64) {
        while now >= self.busy_until && self.queue.is_empty() && !self.closing {
            if self.prompt_due {
                self.prompt_due = false;
                self.prompt();
            }
            let Some(byte) = self.ahead.pop_front() else { return };
            self.key(byte, now);
        }
    }

    fn release(&mut self, now: i64) {
        if self.queue.is_empty() && !self.repeats.is_empty() && now < self.busy_until {
            self.queue.push_back((now.saturating_add(TRICKLE), self.repeats.clone()));
        }
        while self.queue.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, bytes)) = self.queue.pop_front() {
                self.show(&bytes);
            }
        }
    }

    fn finish(&mut self, now: i64) -> TerminalOutput {
        self.release(now);
        let done = self.queue.is_empty() && now >= self.busy_until;
        if done && self.prompt_due && !self.closing {
            self.prompt_due = false;
            self.prompt();
        }
        let mut output = std::mem::take(&mut self.output);
        output.closed = self.closing && done;
        output.wake_at = match self.queue.front() {
            Some((at, _)) => Some(*at),
            None if self.busy_until == i64::MAX => None,
            None if now < self.busy_until => Some(self.busy_until),
            None => None,
        };
        output
    }

    fn interrupt(&mut self, now: i64) {
        self.queue.clear();
        self.ahead.clear();
        self.busy_until = now;
        self.repeats.clear();
        self.shell.status = 130;
        self.show(b"^C\n");
        self.prompt_due = true;
    }

    /// Sends bytes with line ends as a terminal in cooked mode makes them.
    fn show(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' {
                self.output.bytes.push(b'\r');
            }
            self.output.bytes.push(*byte);
        }
    }

    fn show_text(&mut self, text: &str) {
        self.show(&text::encode(text));
    }

    fn prompt(&mut self) {
        let prompt = self.shell.prompt(!self.pending.is_empty());
        self.show_text(&prompt);
    }

    fn key(&mut self, byte: u8, now: i64) {
        let after_return = std::mem::take(&mut self.last_return);
        match std::mem::replace(&mut self.escape, Escape::None) {
            Escape::Started if byte == b'[' || byte == b'O' => {
                self.escape = Escape::Sequence(String::new());
                return;
            }
            Escape::Sequence(mut sequence) => {
                sequence.push(char::from(byte));
                if byte.is_ascii_alphabetic() || byte == b'~' || sequence.len() > 16 {
                    self.sequence(&sequence);
                } else {
                    self.escape = Escape::Sequence(sequence);
                }
                return;
            }
            _ => {}
        }
        match byte {
            b'\n' | 0 if after_return => {}
            b'\r' | b'\n' => {
                self.last_return = byte == b'\r';
                self.enter(now);
            }
            3 => {
                self.show(b"^C\n");
                self.clear_line();
                self.pending.clear();
                if self.waits.take().is_some() {
                    let events = self.shell.interrupt();
                    self.output.events.extend(events);
                }
                self.prompt();
            }
            4 if self.line.is_empty() => self.end_of_input(now),
            4 => {}
            8 | 127 => self.erase(1),
            21 => self.erase(self.cursor),
            23 => {
                let before = self.line.get(..self.cursor).unwrap_or(&[]);
                let blanks = before.iter().rev().take_while(|character| **character == ' ').count();
                let word =
                    before.iter().rev().skip(blanks).take_while(|character| **character != ' ').count();
                self.erase(blanks + word);
            }
            1 => self.move_to(0),
            5 => self.move_to(self.line.len()),
            9 if self.waits.is_none() => self.complete(),
            12 => {
                self.show(b"\x1b[H\x1b[2J");
                self.prompt();
                let line: String = self.line.iter().collect();
                self.echo(&line);
            }
            27 => self.escape = Escape::Started,
            0..32 => {}
            other => self.insert(char::from(other)),
        }
    }

    fn echoes(&self) -> bool {
        self.waits != Some(Waits::Secret)
    }

    fn echo(&mut self, text: &str) {
        if self.echoes() {
            self.show_text(text);
        }
    }

    fn insert(&mut self, character: char) {
        if self.line.len() >= MAX_LINE {
            return;
        }
        self.line.insert(self.cursor.min(self.line.len()), character);
        self.cursor += 1;
        self.redraw_tail(character.to_string());
    }

    /// Writes `first`, what is right of the cursor, and goes back to the cursor.
    fn redraw_tail(&mut self, first: String) {
        let tail: String = self.line.iter().skip(self.cursor).collect();
        let back = "\x08".repeat(tail.chars().count());
        self.echo(&format!("{first}{tail}{back}"));
    }

    fn erase(&mut self, count: usize) {
        let count = count.min(self.cursor);
        if count == 0 {
            return;
        }
        self.cursor -= count;
        self.line.drain(self.cursor..self.cursor + count);
        let tail: String = self.line.iter().skip(self.cursor).collect();
        let width = tail.chars().count() + count;
        let text = format!("{}{tail}{}{}", "\x08".repeat(count), " ".repeat(count), "\x08".repeat(width));
        self.echo(&text);
    }

    fn move_to(&mut self, place: usize) {
        let place = place.min(self.line.len());
        let text: String = if place < self.cursor {
            "\x08".repeat(self.cursor - place)
        } else {
            self.line.iter().skip(self.cursor).take(place - self.cursor).collect()
        };
        self.cursor = place;
        self.echo(&text);
    }

    fn sequence(&mut self, sequence: &str) {
        match sequence {
            "A" => self.recall(self.recall.saturating_sub(1)),
            "B" => self.recall(self.recall + 1),
            "C" => self.move_to(self.cursor + 1),
            "D" => self.move_to(self.cursor.saturating_sub(1)),
            "H" | "1~" => self.move_to(0),
            "F" | "4~" => self.move_to(self.line.len()),
            "3~" if self.cursor < self.line.len() => {
                self.move_to(self.cursor + 1);
                self.erase(1);
            }
            // Brackets of pasted text and anything else change nothing.
            _ => {}
        }
    }

    fn recall(&mut self, index: usize) {
        if self.waits.is_some() || index > self.shell.history.len() {
            return;
        }
        self.recall = index;
        self.move_to(self.line.len());
        self.erase(self.line.len());
        let line = self.shell.history.get(index).cloned().unwrap_or_default();
        for character in line.chars() {
            self.insert(character);
        }
    }

    fn clear_line(&mut self) -> String {
        self.cursor = 0;
        self.line.drain(..).collect()
    }

    fn enter(&mut self, now: i64) {
        self.show(b"\n");
        let line = self.clear_line();
        if self.waits.is_some() {
            self.waits = None;
            let outcome = self.shell.feed_line(Some(&line));
            self.play(outcome, now);
            return;
        }
        let whole = if self.pending.is_empty() { line } else { format!("{}\n{line}", self.pending) };
        if whole.trim().is_empty() {
            self.pending.clear();
            self.prompt();
            return;
        }
        if whole.len() < MAX_LINE * 4 && !self.shell.is_complete(&whole) {
            self.pending = whole;
            self.prompt();
            return;
        }
        self.pending.clear();
        let outcome = self.shell.run_line(&whole);
        self.recall = self.shell.history.len();
        self.play(outcome, now);
    }

    fn end_of_input(&mut self, now: i64) {
        if self.waits.take().is_some() {
            let outcome = self.shell.feed_line(None);
            self.play(outcome, now);
            return;
        }
        let outcome = self.shell.run_line("exit");
        self.play(outcome, now);
    }

    fn play(&mut self, outcome: Outcome, now: i64) {
        let mut at = now;
        for Emit { after, bytes, .. } in outcome.chunks {
            at = at.saturating_add(i64::try_from(after.as_micros()).unwrap_or(i64::MAX));
            self.queue.push_back((at, bytes));
        }
        self.busy_until = at.saturating_add(i64::try_from(outcome.rest.as_micros()).unwrap_or(i64::MAX));
        if let Some(repeats) = outcome.goes_on {
            self.busy_until = i64::MAX;
            self.repeats = repeats;
        }
        self.output.events.extend(outcome.events);
        self.waits = outcome.waits;
        self.closing = outcome.exited;
        self.prompt_due = self.waits.is_none() && !self.closing;
        self.release(now);
    }

    fn complete(&mut self) {
        let before: String = self.line.iter().take(self.cursor).collect();
        let word = before.rsplit([' ', ';', '|', '&', '<', '>']).next().unwrap_or("").to_owned();
        let first = before.trim_start() == word;
        let (folder, prefix) = match word.rsplit_once('/') {
            Some((folder, prefix)) => {
                (if folder.is_empty() { "/" } else { folder }.to_owned(), prefix.to_owned())
            }
            None => (".".to_owned(), word.clone()),
        };
        let mut names = if first && !word.contains('/') {
            self.shell.command_names(&prefix)
        } else {
            self.shell
                .fs
                .readdir(&folder)
                .unwrap_or_default()
                .into_iter()
                .filter(|name| name.starts_with(&prefix) && (!prefix.is_empty() || !name.starts_with('.')))
                .collect()
        };
        names.sort();
        let Some(start) = names.first().cloned() else {
            self.show(b"\x07");
            return;
        };
        let common = names.iter().fold(start.clone(), |common, name| {
            common
                .chars()
                .zip(name.chars())
                .take_while(|(left, right)| left == right)
                .map(|(left, _)| left)
                .collect()
        });
        let added: String = common.chars().skip(prefix.chars().count()).collect();
        let only = names.len() == 1;
        for character in added.chars() {
            self.insert(character);
        }
        if only {
            let directory =
                (!first || word.contains('/')) && self.shell.fs.is_directory(&join(&folder, &start));
            self.insert(if directory { '/' } else { ' ' });
        } else if added.is_empty() && names.len() <= 100 {
            let list = names.join("  ");
            self.show_text(&format!("\n{list}\n"));
            self.prompt();
            let line: String = self.line.iter().collect();
            self.echo(&line);
        } else if added.is_empty() {
            self.show(b"\x07");
        }
    }
}
