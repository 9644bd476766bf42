//! A terminal that is handed over to a connection: the line waits until the connection has ended.

use super::{Flow, Shell, Status};
use crate::{event::Waits, reach::Wire};

impl Shell {
    /// Whether the running command has the terminal for itself: what is typed comes to it, what it writes is shown.
    pub(crate) fn at_terminal(&self) -> bool {
        self.interactive && self.in_is_terminal() && self.out_is_terminal()
    }

    /// Hands the terminal over to a connection. The command runs again when it has ended: [`Shell::relayed`].
    pub(crate) fn relay(&mut self, wire: Box<dyn Wire>) -> Status {
        self.carried = Some(wire);
        Err(Flow::Suspend(Waits::Line))
    }

    /// The status that the connection ended with to which the command has handed the terminal over, if it has.
    pub(crate) fn relayed(&mut self) -> Option<i32> {
        let status = self.answers.get(self.asked)?.parse().ok()?;
        self.asked += 1;
        // What it said before is not said again.
        self.skip = 0;
        Some(status)
    }

    /// The connection that the terminal is handed over to.
    pub(crate) fn take_carried(&mut self) -> Option<Box<dyn Wire>> {
        self.carried.take()
    }
}
