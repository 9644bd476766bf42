//! Standard input of a line without a terminal, as it comes: a copy, a `read` and a loop of `read` go on with each
//! piece; everything else waits for the end of it.

use super::{
    Flow, Shell,
    io::Input,
    top::{Place, Suspended},
};
use crate::{
    event::{Emit, Outcome, Stream, Waits},
    parse::{Command, CommandBody, Pipeline},
};
use std::time::Duration;

/// Most input that a line is given.
const LONGEST: usize = 8 << 20;

/// Where the line is in its input.
#[derive(Debug, Default)]
pub(super) struct Streaming {
    /// Whether more may come after what is there.
    open: bool,
    /// What is there, read so far as all commands of the line have read it.
    input: Option<Input>,
    /// Where in the input the running pipeline began, or the running turn of its loop.
    began: usize,
    /// Whether the outermost loop looks whether there is a next turn.
    at_condition: bool,
    /// What was there when the input ran out, from where the pipeline or the turn began.
    left: Vec<u8>,
}

impl Streaming {
    pub(super) fn take_input(&mut self) -> Option<Input> {
        self.input.take()
    }

    pub(super) fn set_input(&mut self, input: Input) {
        self.open = input.more;
        self.input = Some(input);
    }
}

impl Shell {
    /// Gives a line that waits for [`Waits::Input`] a piece of it; `ended`: the last one.
    pub fn feed_piece(&mut self, bytes: &[u8], ended: bool) -> Outcome {
        if self.script.is_some() {
            return self.feed_script(bytes, ended);
        }
        let outcome = self.feed_suspended(bytes, ended);
        // The line may have begun a shell that reads the rest.
        if self.script.is_some() { self.after_command(outcome) } else { outcome }
    }

    pub(super) fn feed_suspended(&mut self, bytes: &[u8], ended: bool) -> Outcome {
        let Some(mut suspended) = self.suspended.take() else { return Outcome::default() };
        let line = std::mem::take(&mut self.line);
        self.begin(&line);
        let room = LONGEST.saturating_sub(suspended.collected.len());
        let kept = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        let ended = ended || kept.len() < bytes.len();
        if suspended.is_plain_cat() {
            if !bytes.is_empty() {
                self.output.push(Emit { after: Duration::ZERO, stream: Stream::Out, bytes: bytes.to_vec() });
            }
        } else {
            suspended.collected.extend_from_slice(kept);
        }
        if !ended && (suspended.whole || !kept.contains(&b'\n')) {
            self.suspended = Some(suspended);
            return Outcome {
                chunks: std::mem::take(&mut self.output),
                waits: Some(Waits::Input),
                ..Outcome::default()
            };
        }
        self.streaming.open = !ended;
        self.finished_unless_waiting(suspended)
    }

    pub(super) fn finished_unless_waiting(&mut self, suspended: Suspended) -> Outcome {
        let mut outcome = self.resume(suspended);
        if !self.interactive && outcome.waits.is_none() && self.script.is_none() {
            outcome.events.extend(self.finish());
            outcome.exited = true;
        }
        outcome
    }

    /// The session's input, as far as it is there. A terminal's is for one command.
    pub(super) fn session_input(&mut self) -> Result<Input, Flow> {
        if let Some(input) = &self.streaming.input {
            return Ok(input.clone());
        }
        let bytes = self.collected.take().ok_or(Flow::Suspend(Waits::Input))?;
        let mut input = Input::new(bytes);
        input.more = self.streaming.open;
        if !self.interactive {
            self.streaming.input = Some(input.clone());
        }
        Ok(input)
    }

    /// Whether what the running program reads comes piece by piece: nobody sits at a terminal, and the line has it at
    /// its outermost level and in no pipe or substitution, so that it can be left and gone on with. The program itself
    /// is one level further in, and one more for each that only starts it.
    pub(crate) fn reads_piecewise(&self) -> bool {
        let is_outermost = self.depth <= 1 + self.wrapped && self.writes_outside();
        !self.interactive && self.live.facts.tty.is_none() && is_outermost
    }

    /// Whether no more of the session's input comes after what the line was given.
    pub(super) fn input_ended(&self) -> bool {
        match &self.streaming.input {
            Some(input) => !input.more,
            None => self.collected.is_some() && !self.streaming.open,
        }
    }

    /// A pipeline begins.
    pub(super) fn mark_input(&mut self) {
        self.streaming.at_condition = false;
        self.streaming.began = self.streaming.input.as_ref().map_or(0, Input::position);
    }

    /// A turn of the outermost loop begins: what was done before need not be done again.
    pub(super) fn mark_turn(&mut self) {
        if !self.interactive && self.in_is_session() {
            self.command_output = 0;
            self.mark_input();
            self.streaming.at_condition = true;
        }
    }

    /// The condition of the outermost loop is known.
    pub(super) fn mark_body(&mut self) {
        self.streaming.at_condition = false;
    }

    /// The session's input has run out, and more may come.
    pub(super) fn out_of_input(&mut self, input: &Input) -> Flow {
        self.streaming.left = input.from(self.streaming.began);
        Flow::Suspend(Waits::Input)
    }

    /// What of the input a suspended pipeline is given again, and whether it is given nothing before the end of input.
    pub(super) fn leave_input(&mut self, place: &Place, waits: Waits) -> (Vec<u8>, bool) {
        let left = std::mem::take(&mut self.streaming.left);
        let whole =
            !self.interactive && waits == Waits::Input && !goes_on(place, self.streaming.at_condition);
        (left, whole)
    }
}

/// Whether the pipeline can begin anew at the line of input that it waits for, because it has done nothing since it
/// looked for it.
fn goes_on(place: &Place, at_condition: bool) -> bool {
    let Some(item) = place.program.list.get(place.item) else { return false };
    let pipeline = match place.pipeline.checked_sub(1) {
        None => Some(&item.chain.first),
        Some(index) => item.chain.rest.get(index).map(|(_, pipeline)| pipeline),
    };
    let Some(command) = pipeline.and_then(only) else { return false };
    match &command.body {
        CommandBody::While { condition, .. } => match condition.as_slice() {
            [test] if test.chain.rest.is_empty() => {
                at_condition && only(&test.chain.first).is_some_and(is_read)
            }
            _ => false,
        },
        _ => is_read(command),
    }
}

/// The command of a pipeline of one, without redirections.
fn only(pipeline: &Pipeline) -> Option<&Command> {
    match pipeline.commands.as_slice() {
        [command] => command.redirects.is_empty().then_some(command),
        _ => None,
    }
}

fn is_read(command: &Command) -> bool {
    match &command.body {
        CommandBody::Simple { words, .. } => words.first().and_then(|word| word.literal()) == Some("read"),
        _ => false,
    }
}
