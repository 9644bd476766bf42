//! A terminal that is handed over to a connection: the line waits until the connection has ended.

use super::{Flow, Shell, Status};
use crate::{
    event::{Outcome, Waits},
    reach::{Login, NoWay, Way, Wire},
};
use std::time::{Duration, Instant};

/// Stands before a status among the answers of the terminal; nobody can type it.
const ENDED: &str = "\0ended ";

/// Logins of one pipeline that are kept, and bytes of what they wrote.
const LOGINS: usize = 4_096;
const KEPT: usize = 1 << 20;
/// How long a line waits for other nodes in all: a loop that its user has left ends some time.
const PATIENCE: Duration = Duration::from_secs(600);

/// What leads from a session to other nodes.
#[derive(Default)]
pub(crate) struct Outward {
    pub(crate) way: Way,
    /// Whether whoever runs lines without a terminal carries connections for them.
    carries: bool,
    /// The connection that the terminal is handed over to.
    carried: Option<Box<dyn Wire>>,
    /// Logins at other nodes of the running pipeline, in their order: it runs again with each answer.
    entered: Vec<Entered>,
    /// How many of them this run has come to, and whether it is such a run.
    met: usize,
    again: bool,
    /// How long the line has waited for other nodes.
    pub(super) waited: Duration,
    /// The password that a login is given.
    pub(crate) given_password: Option<String>,
}

/// A login at another node that is under way, while the line asks the terminal: the command runs again with each
/// answer.
#[derive(Default)]
pub(crate) struct Entered {
    /// Whom it is for: `user@host:port`.
    pub(crate) target: String,
    /// The connection; `None`: it has been handed over.
    pub(crate) login: Option<Box<dyn Login>>,
    /// The host's key as a line of `known_hosts`, its kind and fingerprint, and whether the user knew it.
    pub(crate) key: Option<String>,
    pub(crate) kind: String,
    pub(crate) fingerprint: String,
    pub(crate) known: bool,
    /// Whether it was added to those that he knows.
    pub(crate) added: bool,
    /// Passwords that were wrong, whether the one after them was right, and whether the other end has closed then.
    pub(crate) tried: usize,
    pub(crate) inside: bool,
    pub(crate) gone: bool,
    /// Why there was no connection, of programs that only connect.
    pub(crate) why: Option<NoWay>,
    /// Status and output of what has run without the terminal.
    pub(crate) done: Option<(i32, Vec<u8>)>,
}

impl Outward {
    /// What comes of something that waits for other nodes, no longer than it is told; `None`: the line has waited
    /// enough.
    pub(crate) fn waiting<T>(&mut self, wait: impl FnOnce(&Way, Duration) -> T) -> Option<T> {
        let left = PATIENCE.saturating_sub(self.waited);
        if left.is_zero() {
            return None;
        }
        let begun = Instant::now();
        let done = wait(&self.way, left);
        self.waited += begun.elapsed();
        Some(done)
    }

    /// A pipeline begins, or one that has waited for the terminal runs again.
    pub(super) fn begin(&mut self) {
        if !std::mem::take(&mut self.again) {
            self.entered.clear();
        }
        self.met = 0;
    }

    pub(super) fn run_again(&mut self) {
        self.again = true;
    }

    pub(super) fn forget(&mut self) {
        self.entered.clear();
    }

    /// The login that an earlier run of the pipeline began at this place.
    pub(crate) fn take_entered(&mut self, target: &str) -> Option<Entered> {
        let known = self.entered.get_mut(self.met).filter(|entered| entered.target == target)?;
        Some(std::mem::take(known))
    }

    /// Keeps a login for the next run.
    pub(crate) fn keep_entered(&mut self, mut entered: Entered) {
        let written = |entered: &Entered| entered.done.as_ref().map_or(0, |(_, output)| output.len());
        let kept: usize = self.entered.iter().map(written).sum();
        if KEPT < kept + written(&entered) {
            entered.done = None;
        }
        let has_room = self.entered.len() < LOGINS;
        match self.entered.get_mut(self.met) {
            Some(place) => *place = entered,
            None if has_room => self.entered.push(entered),
            None => {}
        }
        self.met += 1;
    }
}

impl Shell {
    /// Whether the running command has the terminal for itself: what is typed comes to it, what it writes is shown.
    pub(crate) fn at_terminal(&self) -> bool {
        self.interactive && self.in_is_terminal() && self.out_is_terminal()
    }

    /// Says that connections are carried for lines without a terminal: see [`Shell::take_carried`].
    pub fn set_carries(&mut self) {
        self.outward.carries = true;
    }

    /// Whether the running command has the session's input and output for itself, and they are carried for it.
    pub(crate) fn streams(&self) -> bool {
        // What a loop or a function has done is not to be done again.
        let alone =
            self.script.is_none() && self.depth <= 1 + self.wrapped && (self.loops, self.calls) == (0, 0);
        self.outward.carries && !self.interactive && alone && self.in_is_session() && self.writes_outside()
    }

    /// Asks whoever sits at the session's terminal, also where a command was asked for and no shell.
    pub(crate) fn question(&mut self, prompt: &str, secret: bool) -> Result<String, Flow> {
        self.err(prompt)?;
        let answer = self.answers.get(self.asked).cloned();
        self.asked += usize::from(answer.is_some());
        answer.ok_or(Flow::Suspend(if secret { Waits::Secret } else { Waits::Line }))
    }

    /// Hands the terminal over to a connection. The command runs again when it has ended: [`Shell::relayed`].
    pub(crate) fn relay(&mut self, wire: Box<dyn Wire>) -> Status {
        self.outward.carried = Some(wire);
        Err(Flow::Suspend(Waits::Line))
    }

    /// The status that the connection ended with to which the command has handed the terminal over, if it has. What
    /// it said before it did so it has to say again: that is left out.
    pub(crate) fn relayed(&mut self) -> Option<i32> {
        let status = self.ended_relay()?;
        self.asked += 1;
        // The time up to when it had the terminal has passed already.
        self.sent_at = self.elapsed;
        Some(status)
    }

    /// What came of a program that connects to `target` and has the terminal handed over, when the pipeline has run
    /// before: the status that it ended with, or why there was no connection.
    pub(crate) fn relayed_to(&mut self, target: &str) -> Option<Result<i32, NoWay>> {
        let known = self.outward.take_entered(target)?;
        let told = match known.why {
            Some(why) => Some(Err(why)),
            None => self.relayed().map(Ok),
        };
        if told.is_some() {
            self.outward.keep_entered(known);
        }
        told
    }

    /// Notes for [`Shell::relayed_to`] why there is no connection to `target`, or that there is one.
    pub(crate) fn note_relay(&mut self, target: String, why: Option<NoWay>) {
        self.outward.keep_entered(Entered { target, why, ..Entered::default() });
    }

    /// As [`Shell::relayed`], which it leaves to come.
    pub(crate) fn ended_relay(&self) -> Option<i32> {
        self.answers.get(self.asked)?.strip_prefix(ENDED)?.parse().ok()
    }

    /// Goes on with the line whose connection has ended with `status`.
    pub fn end_relay(&mut self, status: i32) -> Outcome {
        self.feed_line(Some(&format!("{ENDED}{status}")))
    }

    /// Whether no more of the session's input comes.
    pub(crate) fn session_ended(&self) -> bool {
        self.input_ended()
    }

    /// The connection that the session's input and output are handed over to: the line that waits goes on with
    /// [`Shell::end_relay`].
    pub fn take_carried(&mut self) -> Option<Box<dyn Wire>> {
        self.outward.carried.take()
    }
}
