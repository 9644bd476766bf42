//! A stage process: started with its settings and a control socket, spoken to in orders.

use netsvc_persona::stage::{Answer, CONTROL_FD, MAX_DESCRIPTORS, MAX_MESSAGE, Order, SETTINGS_FD, Settings};
use nix::{
    fcntl::{FcntlArg, fcntl},
    sys::socket::{
        AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, recv, sendmsg, setsockopt, socketpair,
        sockopt,
    },
};
use std::{
    fs::File,
    io::{self, IoSlice, Write},
    os::{
        fd::{AsRawFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Time that a process gets to end by itself.
const FAREWELL: Duration = Duration::from_secs(5);

/// Why a stage process could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("start {program}")]
    Start {
        /// Program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its folder could not be made.
    #[error("prepare the spool {folder}")]
    Spool {
        /// Folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It does not answer.
    #[error("wait for the service process")]
    Silent(#[source] io::Error),
    /// It ended.
    #[error("the service process ended")]
    Ended,
    /// It refused an order.
    #[error("the service process refused: {0}")]
    Refused(String),
    /// An order is too large for one message.
    #[error("an order of {0} bytes is too large")]
    TooLarge(usize),
}

/// A running stage process.
#[derive(Debug)]
pub struct StageProcess {
    child: Child,
    control: OwnedFd,
    seq: u64,
    isolation: String,
}

impl StageProcess {
    /// Starts `program verb` with `settings` and waits until it is ready. Its error output goes to `log`.
    ///
    /// # Errors
    /// [`ProcessError`] when it does not come up.
    pub fn start(program: &Path, verb: &str, settings: &Settings, log: &Path) -> Result<Self, ProcessError> {
        prepare_spool(settings)
            .map_err(|source| ProcessError::Spool { folder: settings.spool.clone(), source })?;
        let started = spawn(program, verb, settings, log);
        let (child, control) =
            started.map_err(|source| ProcessError::Start { program: program.to_owned(), source })?;
        let mut process = StageProcess { child, control, seq: 0, isolation: String::new() };
        match process.answer()? {
            Answer::Ready { isolation } => process.isolation = isolation,
            _ => return Err(ProcessError::Silent(io::Error::other("spoke before it was ready"))),
        }
        Ok(process)
    }

    /// `full`, or what its sandbox lacks.
    pub fn isolation(&self) -> &str {
        &self.isolation
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Gives an order with descriptors and waits for the answer. `make` gets the order's number.
    ///
    /// # Errors
    /// [`ProcessError`]; the process has then not done it.
    pub fn order(
        &mut self,
        make: impl FnOnce(u64) -> Order,
        fds: &[BorrowedFd<'_>],
    ) -> Result<(), ProcessError> {
        self.seq += 1;
        let message =
            serde_json::to_vec(&make(self.seq)).map_err(|error| ProcessError::Silent(error.into()))?;
        if MAX_MESSAGE < message.len() || MAX_DESCRIPTORS < fds.len() {
            return Err(ProcessError::TooLarge(message.len()));
        }
        let raw: Vec<i32> = fds.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&raw)];
        let ancillary = if raw.is_empty() { &rights[..0] } else { &rights[..] };
        let slices = [IoSlice::new(&message)];
        sendmsg::<()>(self.control.as_raw_fd(), &slices, ancillary, MsgFlags::MSG_NOSIGNAL, None)
            .map_err(|error| ProcessError::Silent(error.into()))?;
        match self.answer()? {
            Answer::Done { seq } if seq == self.seq => Ok(()),
            Answer::Refused { reason, .. } => Err(ProcessError::Refused(reason)),
            _ => Err(ProcessError::Silent(io::Error::other("answered another order"))),
        }
    }

    fn answer(&mut self) -> Result<Answer, ProcessError> {
        let mut buffer = vec![0; MAX_MESSAGE];
        let length = match recv(self.control.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Ok(0) => return Err(ProcessError::Ended),
            Ok(length) => length,
            Err(error) => return Err(ProcessError::Silent(error.into())),
        };
        serde_json::from_slice(buffer.get(..length).unwrap_or_default())
            .map_err(|error| ProcessError::Silent(error.into()))
    }

    /// Ends the process: asks first, then kills.
    pub fn stop(&mut self) {
        // A process that is gone already cannot be asked; the wait below finds that out.
        let _ = self.order(|seq| Order::Stop { seq }, &[]);
        let deadline = Instant::now() + FAREWELL;
        while self.alive() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for StageProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the spool, owned by the user that the process becomes.
fn prepare_spool(settings: &Settings) -> io::Result<()> {
    fs_err::create_dir_all(&settings.spool)?;
    if let Some(user) = settings.user {
        std::os::unix::fs::chown(&settings.spool, Some(user), Some(user))?;
        for name in ["lines", "blobs", "state"] {
            let folder = settings.spool.join(name);
            fs_err::create_dir_all(&folder)?;
            std::os::unix::fs::chown(&folder, Some(user), Some(user))?;
        }
    }
    Ok(())
}

fn spawn(program: &Path, verb: &str, settings: &Settings, log: &Path) -> io::Result<(Child, OwnedFd)> {
    let text = serde_json::to_vec(settings).map_err(io::Error::other)?;
    let mut file = tempfile(log)?;
    file.write_all(&text)?;
    io::Seek::rewind(&mut file)?;
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
    setsockopt(
        &ours,
        sockopt::ReceiveTimeout,
        &nix::sys::time::TimeVal::new(PATIENCE.as_secs().cast_signed(), 0),
    )?;
    let errors = fs_err::OpenOptions::new().create(true).append(true).open(log)?.into_parts().0;
    let mut command = Command::new(program);
    command.arg(verb).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).env_clear();
    // Away from 3 and 4, so that putting one in its place cannot close the other.
    let settings_fd = fcntl(&file, FcntlArg::F_DUPFD_CLOEXEC(10))?;
    let control_fd = fcntl(&theirs, FcntlArg::F_DUPFD_CLOEXEC(10))?;
    let (settings_fd, control_fd) = (owned(settings_fd), owned(control_fd));
    let (from_settings, from_control) = (settings_fd.as_raw_fd(), control_fd.as_raw_fd());
    #[expect(unsafe_code, reason = "descriptors have to be put in their places between fork and exec")]
    // SAFETY: only dup2, prctl and setpgid are called, which are async-signal-safe.
    unsafe {
        command.pre_exec(move || {
            for (from, to) in [(from_settings, SETTINGS_FD), (from_control, CONTROL_FD)] {
                if libc::dup2(from, to) < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            // An interrupt of the terminal is for the supervisor, which then ends its processes in order.
            libc::setpgid(0, 0);
            Ok(())
        });
    }
    let child = command.spawn()?;
    Ok((child, ours))
}

#[expect(unsafe_code, reason = "fcntl hands a new descriptor over as a number")]
fn owned(descriptor: i32) -> OwnedFd {
    use std::os::fd::FromRawFd;
    // SAFETY: F_DUPFD_CLOEXEC has just made it, and nobody else has it.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// A file without a name beside `log`.
fn tempfile(log: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let folder = log.parent().unwrap_or_else(|| Path::new("."));
    fs_err::create_dir_all(folder)?;
    std::fs::OpenOptions::new().read(true).write(true).custom_flags(libc::O_TMPFILE).mode(0o600).open(folder)
}
