//! A shell that reads its commands from the session's input, which is no terminal: `ssh host sh`, `bash -s`. Each
//! command runs as soon as it is whole, and what it reads itself is what follows it.

use super::{Flow, Shell, io::Input, level::Entry};
use crate::{
    dialect::Reading,
    event::{Outcome, Waits},
    parse::{ParseError, program},
};

/// Most input that waits to be read.
const LONGEST: usize = 8 << 20;
/// Up to so many bytes of a command each new line is looked at; beyond, when it has grown by a tenth.
const LINES: usize = 16 << 10;

/// The input of such shells.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// Come and not yet read.
    pending: Vec<u8>,
    /// Bytes of it that are known not to be a whole command.
    looked: usize,
    ended: bool,
}

impl Shell {
    /// Makes the login shell read its commands from the session's input, as sshd does where it is told none.
    pub fn read_commands(&mut self) -> Outcome {
        self.interactive = false;
        self.state_mut().reading = Reading::Input;
        self.script = Some(Script::default());
        Outcome { waits: Some(Waits::Input), ..Outcome::default() }
    }

    /// Begins a shell that does so; what the line has left of its input are the first of its commands.
    pub(crate) fn enter_script(&mut self, entry: Entry, arguments: Vec<String>, options: &[char]) -> Flow {
        let credentials = self.fs.credentials.clone();
        let flow = self.enter(entry, credentials);
        if flow != Flow::Enter {
            return flow;
        }
        let state = self.state_mut();
        state.reading = Reading::Input;
        state.positional = arguments;
        state.options = options.iter().copied().filter(|option| *option != 'P').collect();
        state.pipefail = options.contains(&'P');
        let ended = self.input_ended();
        let script = self.script.get_or_insert_default();
        script.ended |= ended;
        self.reclaim();
        flow
    }

    /// Gives back to the script what a command has not read of the session's input.
    fn reclaim(&mut self) {
        let rest = match self.streaming.take_input() {
            Some(input) => input.from(input.position()),
            None => self.collected.take().unwrap_or_default(),
        };
        let bash = self.dialect().is_bash();
        if let Some(script) = &mut self.script {
            // What the others have read in a block comes before what a command has left.
            let at = if bash { 0 } else { script.pending.len() };
            script.pending.splice(at..at, rest);
            script.looked = 0;
        }
    }

    /// Gives the commands of a script what they may read: bash leaves what follows the command, the others have read
    /// it already.
    pub(super) fn give_script(&mut self) {
        let bash = self.dialect().is_bash();
        let Some(script) = &mut self.script else { return };
        let rest = if bash { std::mem::take(&mut script.pending) } else { Vec::new() };
        let mut input = Input::new(rest);
        input.more = !script.ended;
        self.streaming.set_input(input);
    }

    /// The innermost shell that read a script is over: what it has not read is for the one that started it.
    pub(super) fn leave_script(&mut self, goes_on: bool, bash: bool) {
        self.reclaim();
        // What the others have read in a block is lost with them.
        if let Some(script) = self.script.as_mut().filter(|_| !bash) {
            script.pending.clear();
        }
        if goes_on {
            return self.give_script();
        }
        if let Some(script) = self.script.take() {
            let mut input = Input::new(script.pending);
            input.more = !script.ended;
            self.streaming.set_input(input);
        }
    }

    /// Gives a script a piece of its input; `ended`: the last one. One command is run at a time: where there may be
    /// another, the outcome waits for [`Waits::More`].
    pub(super) fn feed_script(&mut self, bytes: &[u8], ended: bool) -> Outcome {
        let Some(script) = &mut self.script else { return Outcome::default() };
        let room = LONGEST.saturating_sub(script.pending.len());
        let kept = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        script.ended |= ended || kept.len() < bytes.len();
        let waits = self.suspended.is_some();
        if !waits {
            script.pending.extend_from_slice(kept);
        }
        let outcome = if waits {
            let ended = script.ended;
            self.feed_suspended(kept, ended)
        } else if let Some(command) = self.next_command() {
            self.run_of_script(&command)
        } else if self.script.as_ref().is_some_and(|script| script.ended) {
            self.exited = true;
            self.begin("");
            let cwd = self.fs.cwd().to_owned();
            self.end(String::new(), cwd)
        } else {
            Outcome { status: self.status, waits: Some(Waits::Input), ..Outcome::default() }
        };
        self.after_command(outcome)
    }

    fn run_of_script(&mut self, command: &str) -> Outcome {
        let text = command.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            self.pass_blank_lines(text);
            return Outcome { status: self.status, ..Outcome::default() };
        }
        self.run_source(text, true)
    }

    /// The next whole command with its lines; at the end of input what is there.
    fn next_command(&mut self) -> Option<String> {
        let dialect = self.dialect();
        let script = self.script.as_mut()?;
        let mut end = script.looked;
        loop {
            match script.pending.get(end..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
                Some(at) => end += at + 1,
                None if script.ended && !script.pending.is_empty() => end = script.pending.len(),
                None => return None,
            }
            let last = script.ended && end == script.pending.len();
            if LINES <= end && end < script.looked + script.looked / 10 && !last {
                continue;
            }
            let text = crate::text::decode(script.pending.get(..end).unwrap_or_default());
            let open = program(&text, dialect, 1, false).failure;
            let open = open.is_some_and(|failure| matches!(failure.error, ParseError::Incomplete(..)));
            if !open || last {
                script.pending.drain(..end);
                script.looked = 0;
                return Some(text);
            }
            script.looked = end;
        }
    }

    /// How a script goes on after one of its commands.
    pub(super) fn after_command(&mut self, mut outcome: Outcome) -> Outcome {
        if self.suspended.is_none() {
            self.reclaim();
        }
        if outcome.waits.is_none() && outcome.goes_on.is_none() && !outcome.exited {
            outcome.waits = self.script_waits();
        }
        if outcome.waits.is_none() && outcome.goes_on.is_none() {
            outcome.events.extend(self.finish());
            outcome.exited = true;
        }
        outcome
    }

    /// What a script waits for between two commands; `None`: there is none.
    pub(super) fn script_waits(&self) -> Option<Waits> {
        let script = self.script.as_ref()?;
        let next =
            script.ended || script.pending.get(script.looked..).is_some_and(|rest| rest.contains(&b'\n'));
        Some(if next { Waits::More } else { Waits::Input })
    }
}
