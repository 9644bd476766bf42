//! The line that the peer sent: its items one after the other, suspended and resumed.

use super::{Descriptor, Flow, Shell};
use crate::{
    dialect::Reading,
    event::{Emit, Outcome, ShellEvent, Stream, Waits},
    parse::Program,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A pipeline of a program.
pub(super) struct Place {
    pub(super) program: Arc<Program>,
    pub(super) item: usize,
    pub(super) pipeline: usize,
}

/// A line that waits for the terminal, or for its input.
pub(super) struct Suspended {
    pub(super) place: Place,
    pub(super) waits: Waits,
    pub(super) answers: Vec<String>,
    pub(super) collected: Vec<u8>,
    /// Whether it goes on only when all its input is there.
    pub(super) whole: bool,
    pub(super) sent: usize,
    pub(super) cwd: String,
    pub(super) descriptors: BTreeMap<u32, Descriptor>,
}

impl Shell {
    /// Runs the items of a line from one of its pipelines on.
    pub(super) fn run_top(
        &mut self,
        program: Arc<Program>,
        item: usize,
        pipeline: usize,
        cwd: String,
    ) -> Outcome {
        let mut first = pipeline;
        let mut aborted = false;
        let mut whole = true;
        for (index, entry) in program.list.iter().enumerate().skip(item) {
            let mut at = std::mem::take(&mut first);
            if aborted {
                aborted = !entry.ends_line;
                continue;
            }
            let before = self.descriptors.clone();
            let result = self.run_item(entry, &mut at);
            self.resuming = false;
            match result {
                Ok(()) => {}
                Err(Flow::Suspend(waits)) => {
                    let place = Place { program, item: index, pipeline: at };
                    return self.suspend(place, waits, cwd, before);
                }
                Err(Flow::Enter) => return self.entered(&program, index, at, cwd),
                Err(Flow::Exit(status)) => {
                    self.status = status;
                    self.exited = true;
                    whole = false;
                    break;
                }
                Err(Flow::Return(status)) => self.status = status,
                Err(Flow::Abort(status)) => {
                    self.status = status;
                    self.descriptors = before;
                    aborted = !entry.ends_line;
                }
                Err(Flow::Break(_) | Flow::Continue(_)) => {}
                Err(Flow::Pipe) => self.status = 141,
                Err(Flow::Exhausted) => {
                    let goes_on = Some(self.repeated_output());
                    self.descriptors = before;
                    self.status = 130;
                    let line = std::mem::take(&mut self.line);
                    return Outcome { goes_on, ..self.end(line, cwd) };
                }
            }
        }
        if let Some(failure) = program.failure.as_ref().filter(|_| whole) {
            self.report_failure(failure);
            // What cannot be read ends a shell that nobody types at.
            self.exited |= self.script.is_some() && self.state.reading == Reading::Input;
        }
        let line = std::mem::take(&mut self.line);
        self.end(line, cwd)
    }

    /// Leaves what stands behind the command that begins a shell of its own until that one has ended.
    fn entered(&mut self, program: &Arc<Program>, item: usize, pipeline: usize, cwd: String) -> Outcome {
        self.leave_rest(program, item, pipeline, &cwd);
        let line = std::mem::take(&mut self.line);
        let waits = self.script_waits();
        Outcome { waits, ..self.end(line, cwd) }
    }

    /// Keeps the line until what it waits for is there.
    fn suspend(
        &mut self,
        place: Place,
        waits: Waits,
        cwd: String,
        descriptors: BTreeMap<u32, Descriptor>,
    ) -> Outcome {
        let (collected, whole) = self.leave_input(&place, waits);
        let mut suspended = Suspended {
            place,
            waits,
            answers: std::mem::take(&mut self.answers),
            collected,
            whole,
            sent: self.command_output,
            cwd,
            descriptors,
        };
        if !self.interactive && suspended.is_plain_cat() && !suspended.collected.is_empty() {
            let bytes = std::mem::take(&mut suspended.collected);
            self.output.push(Emit { after: Duration::ZERO, stream: Stream::Out, bytes });
        }
        self.suspended = Some(suspended);
        self.live.set_ahead(0);
        Outcome {
            chunks: std::mem::take(&mut self.output),
            events: std::mem::take(&mut self.events),
            waits: Some(waits),
            rest: self.elapsed.saturating_sub(self.sent_at),
            ..Outcome::default()
        }
    }

    pub(super) fn end(&mut self, line: String, cwd: String) -> Outcome {
        if self.exited && !self.levels.is_empty() {
            return self.end_level(line, cwd);
        }
        if self.exited || !self.interactive && self.script.is_none() {
            self.run_exit_trap();
        }
        if !line.trim().is_empty() {
            self.events.push(ShellEvent::Command { line, cwd, status: self.status });
        }
        self.events.extend(self.fs.settle_events());
        if self.exited {
            self.events.extend(self.fs.take_events());
            self.events.push(ShellEvent::Exit);
        }
        let rest = self.elapsed.saturating_sub(self.sent_at);
        self.live.set_ahead(0);
        Outcome {
            chunks: std::mem::take(&mut self.output),
            rest,
            status: self.status,
            events: std::mem::take(&mut self.events),
            waits: None,
            exited: self.exited,
            goes_on: None,
        }
    }
}

impl Suspended {
    pub(super) fn is_plain_cat(&self) -> bool {
        let command = self.place.program.list.get(self.place.item).map(|item| &item.chain.first.commands);
        matches!(command.map(Vec::as_slice), Some([command]) if command.is_copy())
    }
}
