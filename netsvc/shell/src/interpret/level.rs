//! Shells that are started at a terminal within a shell: `sh`, `bash`, `su`, `sudo -s`.

use super::{
    Descriptor, Flow, Outcome, Shell,
    state::{Saved, Variables},
};
use crate::{
    dialect::{Dialect, Reading},
    event::ShellEvent,
    fs::Credentials,
    parse::Program,
};
use std::{collections::BTreeMap, sync::Arc};

/// Shells that can wait for each other.
const MAX_LEVELS: usize = 16;

/// A shell that waits for the one that it started.
pub(super) struct Level {
    saved: Saved,
    credentials: Credentials,
    rest: Option<Rest>,
    /// Whether the shell that waits reads its commands from the session's input too.
    script: bool,
    /// Whether it does not wait: `exec` has put the other in its place.
    replaced: bool,
    /// Its descriptors, and the files that were opened for the other.
    descriptors: BTreeMap<u32, Descriptor>,
    opened: Vec<u32>,
}

/// What is left of the line that started a shell.
struct Rest {
    program: Arc<Program>,
    item: usize,
    pipeline: usize,
    cwd: String,
}

/// How a shell at the terminal begins.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) dialect: Dialect,
    pub(crate) login: bool,
}

impl Shell {
    /// Begins a shell at the terminal; [`Shell::run_top`] keeps what is left of the line for its end.
    pub(crate) fn enter(&mut self, entry: Entry, credentials: Credentials) -> Flow {
        if self.levels.len() >= MAX_LEVELS {
            return Flow::Exhausted;
        }
        let saved = self.save();
        let script = self.script.is_some();
        let descriptors = self.descriptors.clone();
        let opened = Vec::new();
        self.levels.push(Level {
            saved,
            credentials,
            rest: None,
            script,
            replaced: false,
            descriptors,
            opened,
        });
        self.new_program(&entry.name, Reading::Terminal, entry.dialect);
        self.state_mut().login = entry.login;
        let live = Arc::clone(&self.live);
        self.state_mut().set_prompt(&live);
        Flow::Enter
    }

    /// The variables of the shell that waits for the innermost one.
    pub(super) fn waiting_variables(&mut self) -> Option<&mut Variables> {
        self.levels.last_mut().map(|level| level.saved.variables_mut())
    }

    /// The shell that would wait has been replaced by the one that begins, and ends with it.
    pub(super) fn replace_waiting(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.replaced = true;
        }
    }

    /// The shell that waits goes on with what is given, whatever the one that begins has got.
    pub(crate) fn keep_waiting(&mut self, saved: Option<Saved>, uid: Option<u32>) {
        if let Some(level) = self.levels.last_mut() {
            if let Some(saved) = saved {
                level.saved = saved;
            }
            level.credentials.uid = uid.unwrap_or(level.credentials.uid);
        }
    }

    /// The shell that begins keeps the redirections of the command; the one that waits gets its descriptors back.
    pub(super) fn keep_redirections(&mut self, descriptors: BTreeMap<u32, Descriptor>, opened: Vec<u32>) {
        if let Some(level) = self.levels.last_mut() {
            level.descriptors = descriptors;
            level.opened = opened;
        }
    }

    pub(super) fn leave_rest(&mut self, program: &Arc<Program>, item: usize, pipeline: usize, cwd: &str) {
        let rest = Rest { program: Arc::clone(program), item, pipeline: pipeline + 1, cwd: cwd.to_owned() };
        if let Some(level) = self.levels.last_mut() {
            level.rest = Some(rest);
        }
        if self.interactive {
            self.descriptors = super::io::session_descriptors();
        }
    }

    /// Ends the inner shell: the one that started it goes on with its line.
    pub(super) fn end_level(&mut self, line: String, cwd: String) -> Outcome {
        self.run_exit_trap();
        let bash = self.dialect().is_bash();
        let status = self.status;
        if !line.trim().is_empty() {
            self.events.push(ShellEvent::Command { line, cwd, status });
        }
        self.exited = false;
        let Some(level) = self.levels.pop() else { return Outcome::default() };
        self.restore(level.saved);
        self.fs.credentials = level.credentials;
        self.close_all(level.opened);
        self.descriptors =
            if self.interactive { super::io::session_descriptors() } else { level.descriptors };
        if self.script.is_some() {
            self.leave_script(level.script, bash);
        }
        if level.replaced {
            // Its traps went with it.
            self.state_mut().traps.clear();
            (self.status, self.exited) = (status, true);
            return self.end(String::new(), String::new());
        }
        match level.rest {
            Some(rest) => self.run_top(rest.program, rest.item, rest.pipeline, rest.cwd),
            None => self.end(String::new(), String::new()),
        }
    }

    /// Makes this a new program of the kind: exported variables stay, everything else is as a shell begins.
    pub(crate) fn new_program(&mut self, name: &str, reading: Reading, dialect: Dialect) {
        let live = Arc::clone(&self.live);
        let state = self.state_mut();
        state.name = name.to_owned();
        state.source_name = None;
        state.reading = reading;
        state.dialect = dialect;
        state.login = false;
        state.typed_lines = 0;
        state.positional.clear();
        state.options.clear();
        state.pipefail = false;
        state.aliases.clear();
        state.functions.clear();
        state.traps.clear();
        state.locals.clear();
        state.variables.keep_exported();
        let level = state.variables.get("SHLVL").and_then(|text| text.parse::<i64>().ok()).unwrap_or(0) + 1;
        if dialect.is_bash() {
            state.variables.export("SHLVL", &level.to_string());
        }
        state.shell_variables(&live);
    }
}
