//! A terminal session: line editing, history, completion, prompts, and output in its time.
//!
//! Sans-IO: bytes of the peer go in with [`Terminal::input`], bytes for the peer come out, and
//! [`TerminalOutput::wake_at`] says when [`Terminal::poll`] has more.

use crate::{
    event::{Emit, Outcome, ShellEvent, Waits},
    flavour::Flavour,
    interpret::Shell,
    live::{Arrival, Login, logins, motd, strftime},
    text,
};
use std::collections::VecDeque;

mod edit;
mod paste;
mod relay;

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
    /// Text that is being pasted.
    pasted: Option<paste::Pasted>,
    /// Where in the line the text is that was pasted last, as long as it is marked.
    marked: Option<(usize, usize)>,
    last_return: bool,
    queue: VecDeque<(i64, Vec<u8>)>,
    /// Whether the window has changed and nothing was told of it.
    resized: bool,
    busy_until: i64,
    ahead: VecDeque<u8>,
    waits: Option<Waits>,
    closing: bool,
    prompt_due: bool,
    /// What a line that never ends writes again and again.
    repeats: Vec<u8>,
    /// The connection that a program has handed the terminal over to.
    relay: Option<relay::Relay>,
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
            pasted: None,
            marked: None,
            last_return: false,
            queue: VecDeque::new(),
            resized: false,
            busy_until: 0,
            ahead: VecDeque::new(),
            waits: None,
            closing: false,
            prompt_due: false,
            repeats: Vec::new(),
            relay: None,
            output: TerminalOutput::default(),
        }
    }

    /// The terminal has this many columns and rows; 0 is one that does not say.
    ///
    /// What runs at the terminal is told (`SIGWINCH`): call [`Terminal::poll`] afterwards.
    pub fn resize(&mut self, columns: u32, rows: u32) {
        let before = self.shell.tty.window;
        self.shell.set_window(columns, rows);
        self.tell_relay();
        // While a program runs it is told, and not the shell that waits for it.
        let reads = self.queue.is_empty() && !self.closing && !self.prompt_due && self.waits.is_none();
        self.resized |= before != self.shell.tty.window && reads;
    }

    /// What the shell does at a change of its window while it reads: readline draws the line anew and bash runs its
    /// trap; the others run theirs once the line is there.
    fn note_resize(&mut self, now: i64, entered: bool) {
        let bash = self.shell.dialect().is_bash();
        if !self.resized || now < self.busy_until || bash == entered {
            return;
        }
        self.resized = false;
        if bash {
            self.show(b"\r\x1b[K\r");
            self.show_prompt();
            let line: String = self.line.iter().collect();
            self.echo(&line);
        }
        if let Some(outcome) = self.shell.run_trap("WINCH") {
            self.play_at_prompt(outcome, now);
        }
    }

    /// Shows what a trap did that ran while the shell reads a line; the line stays as it is.
    fn play_at_prompt(&mut self, outcome: Outcome, now: i64) {
        let (prompt_due, waits) = (self.prompt_due, self.waits);
        self.play(outcome, now);
        if !self.closing && self.waits.is_none() {
            (self.prompt_due, self.waits) = (prompt_due, waits);
        }
    }

    /// Exit status of the session's shell.
    pub fn status(&self) -> i32 {
        self.shell.status
    }

    /// The shell, for its file system and facts.
    pub fn shell(&mut self) -> &mut Shell {
        &mut self.shell
    }

    /// What a login shows first: message of the day, last login, prompt. Where nobody logs in, the prompt alone.
    pub fn start(&mut self, now: i64) -> TerminalOutput {
        self.resized = false;
        if self.shell.live.facts.arrival == Arrival::Container {
            self.prompt();
            return self.finish(now);
        }
        let live = &self.shell.live;
        let mut greeting = motd(live);
        // The one before this one, of the same account.
        let own = |login: &Login| login.end.is_none() && Some(&login.tty) == live.facts.tty.as_ref();
        let last = logins(live).into_iter().find(|login| login.user == live.user && !own(login));
        if let Some(login) = last.filter(|_| live.flavour != Flavour::Busybox) {
            let at = strftime("%a %b %e %H:%M:%S %Y", login.start, &live.persona.zone);
            greeting.push_str(&if live.facts.arrival == Arrival::Login {
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
            self.note_resize(now, false);
            if now < self.busy_until || !self.queue.is_empty() || self.closing {
                return;
            }
            if self.prompt_due {
                self.prompt_due = false;
                self.prompt();
            }
            if self.relay.is_some() {
                if self.carry(now) {
                    continue;
                }
                return;
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
            None => self.relay.as_ref().map(|relay| relay.due(now)),
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
        if self.relay.take().is_some() {
            // What was about to have the terminal is gone with what it said first.
            self.waits = None;
            let events = self.shell.interrupt();
            self.output.events.extend(events);
        }
    }

    /// Sends bytes with line ends as a terminal in cooked mode makes them.
    fn show(&mut self, bytes: &[u8]) {
        let returns = self.shell.tty.has("opost") && self.shell.tty.has("onlcr");
        for byte in bytes {
            if *byte == b'\n' && returns {
                self.output.bytes.push(b'\r');
            }
            self.output.bytes.push(*byte);
        }
    }

    fn show_text(&mut self, text: &str) {
        self.show(&text::encode(text));
    }

    /// Asks for a line: what became of jobs, then the prompt.
    fn prompt(&mut self) {
        if self.pending.is_empty() {
            let notices = self.shell.job_notices();
            self.show_text(&notices);
        }
        self.shell.note_window();
        if self.brackets() {
            self.show(paste::BEGIN_BRACKETS);
        }
        self.show_prompt();
    }

    fn show_prompt(&mut self) {
        let prompt = self.shell.prompt(!self.pending.is_empty());
        self.show_text(&prompt);
    }

    fn key(&mut self, byte: u8, now: i64) {
        if self.pasted.is_some() {
            return self.paste(byte);
        }
        self.unmark();
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
            3 => self.give_up(),
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
                self.show_prompt();
                let line: String = self.line.iter().collect();
                self.echo(&line);
            }
            27 => self.escape = Escape::Started,
            0..32 => {}
            other => self.insert(char::from(other)),
        }
    }

    /// `^C` at a prompt, or at a question of a program.
    fn give_up(&mut self) {
        let reads_line = self.waits.is_none();
        self.show(b"^C");
        if reads_line && self.brackets() {
            // The line is redrawn once more before it is given up (readline 8.2).
            self.show(paste::END_BRACKETS);
            self.show(paste::BEGIN_BRACKETS);
            self.show(paste::END_BRACKETS);
        }
        self.show(b"\n");
        self.clear_line();
        self.pending.clear();
        self.shell.status = 130;
        if self.waits.take().is_some() {
            let events = self.shell.interrupt();
            self.output.events.extend(events);
        }
        self.prompt();
    }

    fn echoes(&self) -> bool {
        self.waits != Some(Waits::Secret) && self.shell.tty.has("echo")
    }

    fn echo(&mut self, text: &str) {
        if self.echoes() {
            self.show_text(text);
        }
    }

    fn clear_line(&mut self) -> String {
        self.cursor = 0;
        self.line.drain(..).collect()
    }

    fn enter(&mut self, now: i64) {
        if self.waits.is_none() {
            self.end_line();
        } else if self.shell.tty.has("echo") {
            self.show(b"\n");
        }
        let line = self.clear_line();
        if self.waits.is_some() {
            self.waits = None;
            let outcome = self.shell.feed_line(Some(&line));
            self.play(outcome, now);
            return;
        }
        let whole = if self.pending.is_empty() { line } else { format!("{}\n{line}", self.pending) };
        if whole.trim().is_empty() {
            self.shell.pass_blank_lines(&whole);
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
        self.note_resize(now, true);
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
        if self.brackets() {
            self.show(paste::END_BRACKETS);
        }
        if self.brackets() || !self.shell.dialect().is_bash() {
            self.show(b"\n");
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
        self.begin_relay();
        self.release(now);
    }
}
