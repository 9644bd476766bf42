//! Parts of a program that are shells of their own, and stages of pipelines that only hand on what they read.

use super::{Descriptor, Flow, Shell, Status};
use crate::parse::{Command, List};

impl Shell {
    /// Runs a text as a shell of its own does: nothing that it sets stays, and only itself ends at its `exit`.
    pub(crate) fn run_apart(&mut self, text: &str) -> Status {
        let saved = self.save();
        let result = self.run_text(text);
        self.restore(saved);
        match result {
            Err(Flow::Exit(status) | Flow::Return(status) | Flow::Abort(status)) => Ok(status),
            Err(Flow::Break(_) | Flow::Continue(_)) => Ok(0),
            other => other,
        }
    }

    /// Runs a list as a subshell does: nothing it sets stays.
    pub(crate) fn run_subshell(&mut self, list: &List) -> Status {
        let saved = self.save();
        // Traps are those of the shell that set them.
        if self.state.traps.contains_key("EXIT") {
            self.state_mut().traps.remove("EXIT");
        }
        let result = self.run_list(list);
        if self.state.traps.contains_key("EXIT") {
            self.status = match result {
                Ok(status) | Err(Flow::Exit(status) | Flow::Return(status) | Flow::Abort(status)) => status,
                Err(_) => self.status,
            };
            self.run_exit_trap();
        }
        self.restore(saved);
        match result {
            Err(Flow::Exit(status) | Flow::Return(status) | Flow::Abort(status)) => Ok(status),
            Err(Flow::Break(_) | Flow::Continue(_)) => Ok(0),
            other => other,
        }
    }

    /// The stages that do something: `cat` before a shell, or behind it, only hands on what comes piece by piece.
    pub(super) fn without_copies<'c>(&self, commands: &'c [Command]) -> &'c [Command] {
        let mut left = commands;
        if self.interactive || !self.in_is_session() {
            return left;
        }
        while let [first, rest @ ..] = left
            && !rest.is_empty()
            && first.is_copy()
        {
            left = rest;
        }
        let outside = matches!(self.descriptors.get(&1), Some(Descriptor::Stream(_)));
        while let [rest @ .., shell, last] = left
            && outside
            && last.is_copy()
            && (shell.is_shell(self.flavour()) || shell.is_copy())
        {
            let count = rest.len() + 1;
            left = left.get(..count).unwrap_or(left);
        }
        left
    }
}
