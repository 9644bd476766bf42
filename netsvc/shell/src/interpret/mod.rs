//! Running programs: a tree walk with hard bounds on steps, output, nesting and time.
//!
//! A line runs to its end in one call and gives its output with delays, so the caller decides how it is sent
//! (sleeping, cancelling). A command that asks the terminal for input suspends the line: the outcome says what
//! it waits for, and [`Shell::feed_line`] runs the waiting command again with the answers so far, leaving out
//! the output that was sent before.

mod apart;
mod arithmetic;
mod arrays;
mod brace;
mod condition;
mod endless;
mod expand;
mod io;
mod job;
mod level;
mod message;
mod parameter;
mod pattern;
mod prompt;
mod relay;
mod run;
mod script;
mod simple;
mod socket;
mod state;
mod stream;
mod table;
mod top;

pub(crate) use arrays::subscripted;
pub(crate) use io::{Descriptor, Input};
pub(crate) use job::Job;
pub(crate) use level::Entry;
pub(crate) use pattern::Pattern;
pub(crate) use relay::Entered;
pub(crate) use simple::command_path;
pub(crate) use socket::Socket;
pub(crate) use table::Table;

use crate::{
    dialect::Reading,
    event::{Emit, Origin, Outcome, ShellEvent, Stream, Waits},
    flavour::Flavour,
    fs::Fs,
    live::{Arrival, Live},
    parse::{ParseError, program},
    reach::{Reach, Way},
    tty::Tty,
};
use relay::Outward;
use state::State;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use top::Suspended;

/// Steps that one line may take; a step is a command or a few KiB of data.
const STEPS: u64 = 200_000;
/// Steps that what reads a stage gets when the stage has used them up, for the whole line.
const RESERVE: u64 = 6_000;
/// Bytes of paths that the file system may compare for one step.
const WORK_PER_STEP: u64 = 4_096;
/// Output of one line in bytes.
const MAX_OUTPUT: usize = 8 << 20;
/// Virtual time that one line may take.
const MAX_TIME: Duration = Duration::from_secs(3_600);
/// Nested commands, functions and substitutions.
const MAX_DEPTH: usize = 48;
/// Lines of history.
const MAX_HISTORY: usize = 1_000;

/// Why a command does not simply end with a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Break(u32),
    Continue(u32),
    Return(i32),
    Exit(i32),
    /// The terminal has to answer first.
    Suspend(Waits),
    /// Nobody reads the pipe.
    Pipe,
    /// An error that ends the line, but not a shell that reads more.
    Abort(i32),
    /// A shell at the terminal begins: what is left of the line runs after it.
    Enter,
    /// A bound was reached.
    Exhausted,
}

/// Status of a command, or why it has none.
pub(crate) type Status = Result<i32, Flow>;

/// A shell of one session: variables, working directory, history and the file system of its user.
pub struct Shell {
    pub(crate) fs: Fs,
    pub(crate) live: Arc<Live>,
    pub(crate) state: Arc<State>,
    pub(crate) status: i32,
    pub(crate) substitution_status: Option<i32>,
    pub(crate) history: Vec<String>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) last_background: Option<u32>,
    pub(crate) descriptors: BTreeMap<u32, Descriptor>,
    pub(crate) events: Vec<ShellEvent>,
    pub(crate) line: String,
    pub(crate) interactive: bool,
    pub(crate) steps: u64,
    pub(crate) depth: usize,
    /// Number of the line that runs.
    pub(crate) line_number: u32,
    /// Number that the line after the last one of the running text would have.
    end_line: u32,
    /// Depth of `eval`.
    pub(crate) evaluating: u32,
    /// Depths of loops, and of functions and sourced files.
    pub(crate) loops: usize,
    pub(crate) calls: usize,
    /// Statuses of the last pipeline's stages.
    pub(crate) stage_statuses: Vec<i32>,
    /// Shells at the terminal that wait for this one to end.
    levels: Vec<level::Level>,
    /// Whether a pipeline of the line goes on that waited for the terminal.
    resuming: bool,
    /// What the running program read never ends.
    pub(crate) endless: bool,
    /// Settings of the session's terminal.
    pub(crate) tty: Tty,
    /// Name of the running program.
    running: String,
    /// Whether it can end before its input does.
    stops_early: bool,
    /// Steps that are left for readers of exhausted stages.
    reserve: u64,
    pub(crate) elapsed: Duration,
    /// When `timeout` ends what runs, by the same clock.
    pub(crate) deadline: Option<Duration>,
    /// Depth of conditions, where `set -e` does not apply.
    pub(crate) guarded: usize,
    /// When the running background job began: what it would print later is not shown.
    background: Option<Duration>,
    pub(crate) write_error: Option<crate::fs::Errno>,
    output: Vec<Emit>,
    output_bytes: usize,
    sent_at: Duration,
    skip: usize,
    command_output: usize,
    answers: Vec<String>,
    asked: usize,
    collected: Option<Vec<u8>>,
    streaming: stream::Streaming,
    suspended: Option<Suspended>,
    /// The session's input, where shells read their commands from it.
    script: Option<script::Script>,
    exited: bool,
    /// Depth of programs that only start another.
    pub(crate) wrapped: usize,
    /// Whether the running command is an applet of BusyBox on a system that has other tools too.
    pub(crate) applet: bool,
    /// What leads to other nodes.
    pub(crate) outward: Outward,
    /// Levels of programs of awk that run, also of those that another one has started: they share one stack.
    pub(crate) awk_levels: usize,
}

impl Shell {
    pub(crate) fn new(mut fs: Fs) -> Shell {
        fs.set_origin(Origin::Drop);
        let live = Arc::clone(&fs.live);
        let state = Arc::new(State::of_login(&fs));
        let interactive = live.facts.tty.is_some();
        let history = if interactive { state::history(&mut fs) } else { Vec::new() };
        Shell {
            fs,
            live,
            state,
            status: 0,
            substitution_status: None,
            history,
            jobs: Vec::new(),
            last_background: None,
            descriptors: io::session_descriptors(),
            events: Vec::new(),
            line: String::new(),
            interactive,
            steps: STEPS,
            depth: 0,
            line_number: 1,
            end_line: 2,
            evaluating: 0,
            loops: 0,
            calls: 0,
            stage_statuses: vec![0],
            levels: Vec::new(),
            resuming: false,
            endless: false,
            tty: Tty::default(),
            running: String::new(),
            stops_early: false,
            reserve: RESERVE,
            elapsed: Duration::ZERO,
            deadline: None,
            guarded: 0,
            background: None,
            write_error: None,
            output: Vec::new(),
            output_bytes: 0,
            sent_at: Duration::ZERO,
            skip: 0,
            command_output: 0,
            answers: Vec::new(),
            asked: 0,
            collected: None,
            streaming: stream::Streaming::default(),
            suspended: None,
            script: None,
            exited: false,
            wrapped: 0,
            applet: false,
            outward: Outward::default(),
            awk_levels: 0,
        }
    }

    /// Whether it is the shell of a container.
    pub fn is_inside(&self) -> bool {
        self.live.facts.arrival == Arrival::Container
    }

    /// Gives the session a way to other nodes, for what connects.
    pub fn set_reach(&mut self, reach: Arc<dyn Reach>) {
        // A container has a network of its own.
        if !self.is_inside() {
            self.live.set_near(reach.near());
        }
        self.outward.way = Way::new(reach);
    }

    /// The file system of the session's user.
    pub fn fs(&mut self) -> &mut Fs {
        &mut self.fs
    }

    /// Login name.
    pub fn user(&self) -> &str {
        &self.live.user
    }

    /// Kind of system.
    pub fn flavour(&self) -> Flavour {
        if self.applet { Flavour::Busybox } else { self.live.flavour }
    }

    /// The terminal has this many columns and rows; 0 is one that was not told.
    pub fn set_window(&mut self, columns: u32, rows: u32) {
        let known = |given: u32| if given > 10_000 { 0 } else { given };
        self.tty.window = (known(columns), known(rows));
        self.note_window();
    }

    /// Sets `COLUMNS` and `LINES` as bash does when it is about to read from a terminal.
    pub(crate) fn note_window(&mut self) {
        if !self.dialect().is_bash() || !self.interactive {
            return;
        }
        let (columns, rows) = self.tty.window;
        for (name, told, usual) in [("COLUMNS", columns, 80), ("LINES", rows, 24)] {
            let value = if told == 0 { usual } else { told }.to_string();
            if self.variable(name) != Some(&value) {
                self.state_mut().variables.set(name, &value);
            }
        }
    }

    /// Sets a variable of the environment, as the `env` request of SSH does.
    pub fn set_environment(&mut self, name: &str, value: &str) {
        self.state_mut().variables.export(name, value);
    }

    /// Whether `line` is complete. `false`: more lines are needed, the prompt is `> `.
    pub fn is_complete(&self, line: &str) -> bool {
        let program = program(line, self.dialect(), 1, false);
        !matches!(program.failure, Some(failure) if matches!(failure.error, ParseError::Incomplete(..)))
    }

    /// Runs a line typed at a prompt.
    pub fn run_line(&mut self, line: &str) -> Outcome {
        let trimmed = line.trim_end_matches(['\n', '\r']);
        if !trimmed.trim().is_empty() && self.history.len() < MAX_HISTORY {
            self.history.push(trimmed.to_owned());
        }
        let interactive = self.interactive;
        self.run_source(trimmed, interactive)
    }

    /// Counts lines without a command that were typed at a prompt.
    pub(crate) fn pass_blank_lines(&mut self, text: &str) {
        let lines = u32::try_from(text.matches('\n').count() + 1).unwrap_or(u32::MAX);
        let state = self.state_mut();
        state.typed_lines = state.typed_lines.saturating_add(lines);
    }

    /// Runs a command line without a terminal, as the `exec` request of SSH does, with `input` as its
    /// standard input. The shell has ended afterwards, unless `input` is `None` and the line asks for some:
    /// then the outcome waits for [`Waits::Input`].
    pub fn exec(&mut self, line: &str, input: Option<&[u8]>) -> Outcome {
        self.interactive = false;
        let state = self.state_mut();
        state.reading = Reading::Argument;
        state.login = false;
        state.name = state.name.trim_start_matches('-').to_owned();
        if let Some(input) = input {
            self.descriptors.insert(0, Descriptor::Input(Input::new(input.to_vec())));
        }
        let mut outcome = self.run_source(line, false);
        if outcome.waits.is_none() {
            outcome.events.extend(self.finish());
            outcome.exited = true;
        }
        outcome
    }

    fn run_source(&mut self, line: &str, numbered: bool) -> Outcome {
        self.begin(line);
        self.give_script();
        let cwd = self.fs.cwd().to_owned();
        let first = if numbered { self.state.typed_lines + 1 } else { 1 };
        let lines = u32::try_from(line.matches('\n').count() + 1).unwrap_or(u32::MAX);
        self.end_line = first.saturating_add(lines);
        if numbered {
            self.state_mut().typed_lines = first.saturating_add(lines - 1);
        }
        let program = program(line, self.dialect(), first, true);
        // A full output refuses the rest too.
        let _ = self.report_open_documents(&program);
        self.run_top(Arc::new(program), 0, 0, cwd)
    }

    /// Continues a suspended line. For [`Waits::Line`] and [`Waits::Secret`] the answer; for [`Waits::Input`]
    /// one line of the input, `None` at its end.
    pub fn feed_line(&mut self, answer: Option<&str>) -> Outcome {
        let Some(mut suspended) = self.suspended.take() else { return Outcome::default() };
        let line = std::mem::take(&mut self.line);
        self.begin(&line);
        match (suspended.waits, answer) {
            (Waits::Input, Some(text)) => {
                let mut bytes = crate::text::encode(text);
                bytes.push(b'\n');
                if suspended.collected.len() < MAX_OUTPUT {
                    suspended.collected.extend_from_slice(&bytes);
                }
                let echo = suspended.is_plain_cat();
                if echo {
                    suspended.sent += bytes.len();
                    self.output.push(Emit { after: Duration::ZERO, stream: Stream::Out, bytes });
                }
                self.suspended = Some(suspended);
                return Outcome {
                    chunks: std::mem::take(&mut self.output),
                    waits: Some(Waits::Input),
                    ..Outcome::default()
                };
            }
            (Waits::Input, None) => {}
            (_, answer) => suspended.answers.push(answer.unwrap_or("").to_owned()),
        }
        let outcome = self.resume(suspended);
        if self.script.is_some() { self.after_command(outcome) } else { outcome }
    }

    /// Gives a line that waits for [`Waits::Input`] all its input at once.
    pub fn feed_input(&mut self, bytes: &[u8]) -> Outcome {
        if self.script.is_some() {
            let mut whole = self.feed_script(bytes, true);
            while whole.waits == Some(Waits::More) {
                whole.go_on(self.feed_script(b"", true));
            }
            return whole;
        }
        let Some(mut suspended) = self.suspended.take() else { return Outcome::default() };
        let line = std::mem::take(&mut self.line);
        self.begin(&line);
        suspended.collected.extend_from_slice(bytes);
        self.finished_unless_waiting(suspended)
    }

    fn resume(&mut self, suspended: Suspended) -> Outcome {
        self.answers = suspended.answers;
        self.skip = suspended.sent;
        self.collected = (suspended.waits == Waits::Input).then_some(suspended.collected);
        self.descriptors = suspended.descriptors;
        self.resuming = true;
        self.outward.run_again();
        let place = suspended.place;
        self.run_top(place.program, place.item, place.pipeline, suspended.cwd)
    }

    /// Gives up a suspended line, as `^C` does.
    pub fn interrupt(&mut self) -> Vec<ShellEvent> {
        self.status = 130;
        self.outward.forget();
        match self.suspended.take() {
            Some(suspended) => {
                let line = std::mem::take(&mut self.line);
                vec![ShellEvent::Command { line, cwd: suspended.cwd, status: 130 }]
            }
            None => Vec::new(),
        }
    }

    /// Ends the session: runs the exit trap's effects, reports what was still being written.
    pub fn finish(&mut self) -> Vec<ShellEvent> {
        let mut events = std::mem::take(&mut self.events);
        events.extend(self.fs.take_events());
        self.exited = true;
        events
    }

    /// Names of commands, functions and built-ins that begin with `prefix`, for completion.
    pub fn command_names(&self, prefix: &str) -> Vec<String> {
        crate::commands::names(self).filter(|name| name.starts_with(prefix)).collect()
    }

    fn begin(&mut self, line: &str) {
        self.line = crate::text::head(line, 32_768);
        self.steps = STEPS;
        self.reserve = RESERVE;
        self.endless = false;
        self.depth = 0;
        self.wrapped = 0;
        self.guarded = 0;
        self.evaluating = 0;
        self.loops = 0;
        self.calls = 0;
        self.elapsed = Duration::ZERO;
        self.deadline = None;
        self.sent_at = Duration::ZERO;
        self.output.clear();
        self.output_bytes = 0;
        self.command_output = 0;
        self.skip = 0;
        self.answers.clear();
        self.asked = 0;
        self.collected = None;
        self.outward.waited = Duration::ZERO;
        self.streaming = stream::Streaming::default();
        self.write_error = None;
        self.background = None;
    }

    /// Runs what a signal is trapped with, between two lines; `None`: it is not trapped.
    pub(crate) fn run_trap(&mut self, signal: &str) -> Option<Outcome> {
        let action = self.state.traps.get(signal).filter(|action| !action.is_empty())?.clone();
        let (status, typed) = (self.status, self.state.typed_lines);
        let mut outcome = self.run_source(&action, true);
        outcome.events.retain(|event| !matches!(event, ShellEvent::Command { .. }));
        self.status = status;
        self.state_mut().typed_lines = typed;
        Some(outcome)
    }

    pub(crate) fn run_exit_trap(&mut self) {
        let Some(action) = self.state_mut().traps.remove("EXIT") else { return };
        let status = self.status;
        let _ = self.run_text(&action);
        self.status = status;
    }

    /// Takes `count` steps.
    pub(crate) fn spend(&mut self, count: u64) -> Result<(), Flow> {
        let count = count + self.fs.take_work() / WORK_PER_STEP;
        match self.steps.checked_sub(count).filter(|_| crate::pace::goes_on()) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                self.steps = 0;
                Err(Flow::Exhausted)
            }
        }
    }

    /// Lets virtual time pass.
    pub(crate) fn wait(&mut self, time: Duration) -> Result<(), Flow> {
        let until = self.elapsed.saturating_add(time);
        // What waits longer than it may says nothing of what it would have waited for.
        let cut = self.deadline.filter(|deadline| *deadline < until);
        self.elapsed = cut.unwrap_or(until);
        self.live.set_ahead(i64::try_from(self.elapsed.as_micros()).unwrap_or(i64::MAX));
        if cut.is_some() || self.elapsed > MAX_TIME { Err(Flow::Exhausted) } else { Ok(()) }
    }

    /// The next process number.
    pub(crate) fn new_pid(&mut self) -> u32 {
        self.live.new_pid()
    }
}
