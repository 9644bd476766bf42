//! Shells of an attacker and the commands in them.

use super::run::Ran;

/// Shells that one user may have (`MaxShellsPerUser`).
pub(super) const SHELLS: usize = 30;
/// Commands of a shell.
const COMMANDS: usize = 25;
/// Attackers whose shells a node keeps.
pub(super) const PEERS: usize = 64;

/// A command, and what of it was not fetched.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) id: String,
    pub(super) ran: Ran,
}

/// A shell.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    pub(super) id: String,
    pub(super) commands: Vec<Command>,
}

/// All of an attacker.
#[derive(Debug, Default)]
pub(super) struct Shells {
    all: Vec<Shell>,
    /// Identifiers that were drawn.
    pub(super) drawn: u64,
}

impl Shells {
    /// A new shell, unless there are too many.
    pub(super) fn open(&mut self, id: String) -> bool {
        if SHELLS <= self.all.len() {
            return false;
        }
        self.all.push(Shell { id, commands: Vec::new() });
        true
    }

    pub(super) fn get(&mut self, id: &str) -> Option<&mut Shell> {
        self.all.iter_mut().find(|shell| shell.id.eq_ignore_ascii_case(id))
    }

    /// Ends a shell; whether there was one.
    pub(super) fn close(&mut self, id: &str) -> bool {
        let before = self.all.len();
        self.all.retain(|shell| !shell.id.eq_ignore_ascii_case(id));
        self.all.len() < before
    }
}

impl Shell {
    /// A command that was run; the oldest is forgotten for too many.
    pub(super) fn ran(&mut self, id: String, ran: Ran) {
        if COMMANDS <= self.commands.len() {
            self.commands.remove(0);
        }
        self.commands.push(Command { id, ran });
    }

    /// What a command came to, which is given once.
    pub(super) fn take(&mut self, id: &str) -> Option<Ran> {
        let known = self.commands.iter_mut().find(|command| command.id.eq_ignore_ascii_case(id))?;
        let status = known.ran.status;
        Some(std::mem::replace(&mut known.ran, Ran { status, ..Ran::default() }))
    }
}
