//! Starting a stage process: settings on descriptor 3, control on descriptor 4, everything else closed
//! and every privilege gone before its first instruction.

use netsvc_persona::stage::{CONTROL_FD, Limits, SETTINGS_FD, Settings};
use nix::{
    fcntl::{FcntlArg, fcntl},
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        socket::{AddressFamily, SockFlag, SockType, socketpair},
    },
    unistd::{Gid, Uid},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{DirBuilder, File},
    io::{self, Write},
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::{
            fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, fchown},
            process::CommandExt,
        },
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Highest capability number that the bounding set can have; the kernel refuses unknown ones.
const LAST_CAPABILITY: libc::c_ulong = 63;

/// How much sooner than others a stage process is ended when memory runs out (proc(5): -1000 to 1000).
const OOM_SCORE: &[u8] = b"800";

/// What all stage processes of an installation have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StageConfig {
    /// The stage binary.
    pub program: PathBuf,
    /// Folder whose sub-folders are the processes' spools.
    pub spools: PathBuf,
    /// SD-ID of event lines.
    pub sd_id: String,
    /// Quotas and connection limits.
    pub limits: Limits,
    /// Whether logins cost the time that the real daemon takes.
    pub natural_delays: bool,
    /// User that the processes become; `None`: they stay what we are.
    pub user: Option<u32>,
}

impl StageConfig {
    /// What it takes to start the process `verb` (`serve` or `gate`). `namespace` is the network
    /// namespace that it lives in; `None`: ours.
    pub fn launch(&self, verb: &'static str, namespace: Option<OwnedFd>) -> Launch {
        Launch { config: self.clone(), verb, namespace }
    }
}

/// A stage process that can be started, again and again.
#[derive(Debug)]
pub struct Launch {
    config: StageConfig,
    verb: &'static str,
    namespace: Option<OwnedFd>,
}

impl Launch {
    /// `serve` or `gate`.
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    /// The user that the process becomes.
    pub fn user(&self) -> Option<u32> {
        self.config.user
    }

    /// Most connections that the process will hold open.
    pub fn connections(&self) -> usize {
        self.config.limits.connections
    }

    /// Starts the process; returns it with our end of its control socket.
    ///
    /// # Errors
    /// When its spool cannot be made, or the binary cannot be started.
    pub(super) fn start(&self) -> io::Result<(Running, OwnedFd)> {
        let spool = self.config.spools.join(self.verb);
        make_spool(&spool, self.config.user)?;
        let settings = high(settings_pipe(&self.settings())?)?;
        let (ours, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        )?;
        // The stage reads its end on a thread of its own and wants it to block.
        fcntl(&theirs, FcntlArg::F_SETFL(nix::fcntl::OFlag::empty()))?;
        let theirs = high(theirs)?;
        let _low = occupy_low_descriptors()?;
        let program = File::open(&self.config.program)?;
        let program_link = format!("/proc/self/fd/{}", program.as_raw_fd());
        let child = match self.command(&self.config.program, &spool, &settings, &theirs).spawn() {
            // The stage's user may not get through the folders above the binary; the open file needs no path.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                self.command(Path::new(&program_link), &spool, &settings, &theirs).spawn()?
            }
            other => other?,
        };
        Ok((Running { child }, ours))
    }

    fn settings(&self) -> Settings {
        Settings {
            // The process starts in its spool: the folders above it stay closed to its user.
            spool: PathBuf::from("."),
            sd_id: self.config.sd_id.clone(),
            limits: self.config.limits.clone(),
            user: self.config.user,
            natural_delays: self.config.natural_delays,
        }
    }

    fn command(&self, program: &Path, spool: &Path, settings: &OwnedFd, control: &OwnedFd) -> Command {
        let name = self.config.program.file_name().unwrap_or_default();
        let fall = Fall {
            namespace: self.namespace.as_ref().map(AsRawFd::as_raw_fd),
            settings: settings.as_raw_fd(),
            control: control.as_raw_fd(),
            user: self.config.user,
        };
        let mut command = Command::new(program);
        command
            .arg0(name)
            .arg(self.verb)
            .env_clear()
            .current_dir(spool)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        #[expect(unsafe_code, reason = "what runs between fork and exec is unsafe by nature")]
        // SAFETY: `Fall::enter` makes system calls on copied numbers only: no allocation, no lock.
        unsafe {
            command.pre_exec(move || fall.enter());
        }
        command
    }
}

/// What the child does between fork and exec: enter its namespace, take its descriptors, drop everything.
#[derive(Clone, Copy)]
struct Fall {
    namespace: Option<RawFd>,
    settings: RawFd,
    control: RawFd,
    user: Option<u32>,
}

impl Fall {
    #[expect(unsafe_code, reason = "descriptors are plain numbers after fork")]
    fn enter(self) -> io::Result<()> {
        self.go_first();
        // SAFETY: plain system calls on numbers that were valid before the fork and are so in the child.
        unsafe {
            if let Some(namespace) = self.namespace {
                check(libc::setns(namespace, libc::CLONE_NEWNET))?;
            }
            check(libc::dup2(self.settings, SETTINGS_FD))?;
            check(libc::dup2(self.control, CONTROL_FD))?;
        }
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        // Without a bounding set, not even root of a user namespace has capabilities after exec.
        drop_bounding_set();
        if let Some(user) = self.user
            && !(Uid::effective().as_raw() == user && Uid::current().as_raw() == user)
        {
            nix::unistd::setgroups(&[])?;
            let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
            nix::unistd::setresgid(group, group, group)?;
            nix::unistd::setresuid(user, user, user)?;
        }
        set_no_new_privileges()
    }

    /// Says that the process goes before all others when memory runs out: it is restarted, the evidence is not.
    #[expect(unsafe_code, reason = "between fork and exec there are system calls only")]
    fn go_first(self) {
        // SAFETY: constant strings, and a descriptor that is ours alone. A refusal changes nothing else.
        unsafe {
            let file = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
            if 0 <= file {
                libc::write(file, OOM_SCORE.as_ptr().cast(), OOM_SCORE.len());
                libc::close(file);
            }
        }
    }
}

#[expect(unsafe_code, reason = "prctl has no safe form without its own feature")]
fn drop_bounding_set() {
    for capability in 0..=LAST_CAPABILITY {
        // SAFETY: prctl with numbers only. A refusal (unknown capability, none to drop) leaves what setresuid drops.
        let _ = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
}

#[expect(unsafe_code, reason = "prctl has no safe form without its own feature")]
fn set_no_new_privileges() -> io::Result<()> {
    // SAFETY: prctl with numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A stage process; dropping it ends it.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
}

impl Running {
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether the process has ended by itself.
    pub(super) fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the spool of a process. Its group, the stage's, may also remove what was read: the collector is
/// in it.
pub(crate) fn make_spool(spool: &Path, user: Option<u32>) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o750).create(spool)?;
    // Only root gives folders away; in a user namespace there is one user and nothing to give.
    let Some(user) = user.filter(|_| Uid::effective().is_root()) else { return Ok(()) };
    for folder in [spool.to_owned(), spool.join("lines"), spool.join("blobs")] {
        match DirBuilder::new().mode(0o750).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // The process may have put a link there.
        let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
        let opened = File::options().read(true).custom_flags(flags).open(&folder)?;
        fchown(&opened, Some(user), Some(user))?;
        opened.set_permissions(std::fs::Permissions::from_mode(0o770))?;
    }
    Ok(())
}

fn settings_pipe(settings: &Settings) -> io::Result<OwnedFd> {
    let text = serde_json::to_vec(settings).map_err(io::Error::other)?;
    // Settings are far shorter than a pipe's 64 KiB, so writing cannot block.
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(&text)?;
    Ok(reader.into())
}

/// The same descriptor with a number that neither 3 nor 4 nor the standard streams collide with.
fn high(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    let number = fcntl(descriptor.as_fd(), FcntlArg::F_DUPFD_CLOEXEC(10))?;
    #[expect(unsafe_code, reason = "fcntl returns a number")]
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Holds the numbers up to [`CONTROL_FD`], so that the pipe which reports a failed exec gets a higher
/// one and is not closed by the child's `dup2`.
fn occupy_low_descriptors() -> io::Result<Vec<File>> {
    let mut held = Vec::new();
    loop {
        let file = File::open("/dev/null")?;
        if file.as_raw_fd() > CONTROL_FD {
            return Ok(held);
        }
        held.push(file);
    }
}
