//! Shells of an attacker and the commands in them.

use super::{
    psrp::{Fragments, Message},
    run::Ran,
};
use netsvc_daemon::room::{self, Room};
use std::sync::Arc;

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
    /// The pool of runspaces that it is, where it is one of remote PowerShell.
    pub(super) pool: Option<Pool>,
}

/// Bytes that wait for one fetch.
const WAITING: usize = 256 * 1024;

/// A pool of runspaces.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    pub(super) fragments: Fragments,
    /// Where its scripts run.
    pub(super) folder: String,
    /// Fragments that wait to be fetched, those of the pool under an empty name; and whether a pipeline is done.
    waiting: Vec<(String, Vec<u8>, bool)>,
}

impl Pool {
    /// One whose scripts begin in `folder`.
    pub(super) fn new(folder: String) -> Self {
        Pool { folder, ..Pool::default() }
    }

    /// Keeps a message for who fetches what there is of `command`.
    pub(super) fn say(&mut self, command: &str, message: &Message) {
        let fragments = self.fragments.give(message);
        let waiting = self.of(command).filter(|waiting| waiting.1.len() + fragments.len() <= WAITING);
        if let Some(waiting) = waiting {
            waiting.1.extend(fragments);
        }
    }

    /// The pipeline of `command` is done.
    pub(super) fn done(&mut self, command: &str) {
        if let Some(waiting) = self.of(command) {
            waiting.2 = true;
        }
    }

    fn held(&self) -> usize {
        self.fragments.held() + self.waiting.iter().map(|(_, bytes, _)| bytes.len()).sum::<usize>()
    }

    fn of(&mut self, command: &str) -> Option<&mut (String, Vec<u8>, bool)> {
        let known = self.waiting.iter().position(|(id, ..)| id.eq_ignore_ascii_case(command));
        let at = known.unwrap_or_else(|| {
            if COMMANDS <= self.waiting.len() {
                self.waiting.remove(0);
            }
            self.waiting.push((command.to_owned(), Vec::new(), false));
            self.waiting.len() - 1
        });
        self.waiting.get_mut(at)
    }

    /// What waits for `command`, and whether it is done; `None`: nothing does.
    pub(super) fn fetch(&mut self, command: &str) -> Option<(Vec<u8>, bool)> {
        let at = self.waiting.iter().position(|(id, ..)| id.eq_ignore_ascii_case(command))?;
        let (_, bytes, done) = self.waiting.remove(at);
        Some((bytes, done))
    }
}

/// Bytes of scripts and of what they gave that wait at an attacker's shells, and at those of all.
const OWN: usize = 2 << 20;
const IN_ALL: usize = 64 << 20;

/// All of an attacker.
#[derive(Debug)]
pub(super) struct Shells {
    all: Vec<Shell>,
    room: Room,
    /// Identifiers that were drawn.
    pub(super) drawn: u64,
}

impl Shells {
    pub(super) fn new(pool: Arc<room::Pool>) -> Self {
        Shells { all: Vec::new(), room: Room::new(OWN, IN_ALL, pool), drawn: 0 }
    }

    /// Whether so many bytes more may wait.
    pub(super) fn fits(&self, more: usize) -> bool {
        self.room.fits(more)
    }

    /// Counts what waits.
    pub(super) fn settle(&mut self) {
        self.room.set(self.all.iter().filter_map(|shell| shell.pool.as_ref()).map(Pool::held).sum());
    }

    /// Takes a new shell in, unless there are too many.
    pub(super) fn open(&mut self, shell: Shell) -> bool {
        if SHELLS <= self.all.len() {
            return false;
        }
        self.all.push(shell);
        self.settle();
        true
    }

    pub(super) fn get(&mut self, id: &str) -> Option<&mut Shell> {
        self.all.iter_mut().find(|shell| shell.id.eq_ignore_ascii_case(id))
    }

    /// Ends a shell; whether there was one.
    pub(super) fn close(&mut self, id: &str) -> bool {
        let before = self.all.len();
        self.all.retain(|shell| !shell.id.eq_ignore_ascii_case(id));
        self.settle();
        self.all.len() < before
    }
}

impl Shell {
    /// One in which nothing was run yet.
    pub(super) fn new(id: String, pool: Option<Pool>) -> Self {
        Shell { id, commands: Vec::new(), pool }
    }

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
