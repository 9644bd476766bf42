//! Running programs inside a lab.

use super::state::{Lab, LabError, LabHost};
use nix::sched::{CloneFlags, setns};
use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::{fd::BorrowedFd, fd::OwnedFd, unix::process::CommandExt},
    path::Path,
    process::Command,
};

/// A place in a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where nodes are deployed.
    Segment,
    /// The router.
    Router,
    /// The attackers' host of this number, from 0.
    Attacker(usize),
}

impl Lab {
    /// A command that will run `program` at `place`. It is a plain [`Command`]: give it arguments, spawn it
    /// or let it replace the process. A process with several threads can only spawn it.
    ///
    /// # Errors
    /// [`LabError::Down`] when the holder is gone or there is no such place.
    pub fn command(&self, place: Place, program: impl AsRef<OsStr>) -> Result<Command, LabError> {
        let namespace = match place {
            Place::Segment => Some(self.state().segment),
            Place::Router => Some(self.state().router.namespace),
            Place::Attacker(number) => {
                self.state().attackers.get(number).map(|host: &LabHost| host.namespace)
            }
        };
        let namespace = namespace.ok_or(LabError::Down)?;
        self.open(namespace).map(|joined| joined.command(program)).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => LabError::Down,
            _ => LabError::Failed { what: "enter the lab", source },
        })
    }

    /// A command on the segment.
    pub(crate) fn segment_command(&self, program: &Path) -> io::Result<Command> {
        Ok(self.open(self.state().segment)?.command(program))
    }

    fn open(&self, namespace: i32) -> io::Result<Joined> {
        let holder = self.state().holder.pid;
        let network = File::open(format!("/proc/{holder}/fd/{namespace}"))?.into();
        let user = match self.state().rootless {
            true => Some(File::open(format!("/proc/{holder}/ns/user"))?.into()),
            false => None,
        };
        // Only now is it sure that the number was the holder's all the time.
        if !self.state().holder.alive() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Joined { user, network })
    }
}

/// The namespaces to enter, opened.
struct Joined {
    user: Option<OwnedFd>,
    network: OwnedFd,
}

impl Joined {
    fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        #[expect(unsafe_code, reason = "what runs between fork and exec is unsafe by nature")]
        // SAFETY: two system calls on descriptors that the closure owns: no allocation, no lock.
        unsafe {
            command.pre_exec(move || {
                if let Some(user) = &self.user {
                    enter(user, CloneFlags::CLONE_NEWUSER)?;
                }
                enter(&self.network, CloneFlags::CLONE_NEWNET)
            });
        }
        command
    }
}

fn enter(namespace: &OwnedFd, kind: CloneFlags) -> io::Result<()> {
    let namespace: BorrowedFd<'_> = std::os::fd::AsFd::as_fd(namespace);
    Ok(setns(namespace, kind)?)
}
