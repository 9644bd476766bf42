//! What a process of the house gives up before it works: user, capabilities, new privileges, the file
//! system outside its places, and the system calls that it has no use for.
//!
//! Applied while there is one thread, because Landlock binds the calling thread and what it starts.

mod files;

pub use files::touch_files_as;

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use nix::{
    sys::{
        prctl,
        resource::{Resource, getrlimit, setrlimit},
    },
    unistd::{Gid, Uid, geteuid, setgid, setgroups, setuid},
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io, path::PathBuf};

/// User of the house's processes when they are started by root: outside every range that `useradd` and
/// systemd give out, and not the stage's.
pub const HOUSE_USER: u32 = 64_998;

/// A user to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// What a process keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// User that it becomes; `None`: it stays what it is.
    pub user: Option<User>,
    /// Groups beside the user's own.
    pub groups: Vec<u32>,
    /// Files and folders that it may only read; those that are not there are left out.
    pub read: Vec<PathBuf>,
    /// Files and folders that it may change.
    pub write: Vec<PathBuf>,
    /// Most open files.
    pub open_files: Option<u64>,
    /// Whether it may listen on ports below 1024, if it may so far.
    pub low_ports: bool,
    /// Whether processes of the same user may look into it, at its descriptors above all.
    pub inspectable: bool,
}

/// What a process gave up, for `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confined {
    /// The process.
    pub pid: u32,
    /// `full`, `partial: …` or `none: …`.
    pub landlock: String,
}

/// Why a process must not go on.
#[derive(Debug, thiserror::Error)]
#[error("give up {what}")]
pub struct ConfineError {
    /// What could not be given up.
    pub what: &'static str,
    /// Why.
    #[source]
    pub source: io::Error,
}

fn failed<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> ConfineError {
    move |error| ConfineError { what, source: error.into() }
}

/// Gives up everything but `kept`. To be called first thing in a process, while it has one thread.
///
/// # Errors
/// [`ConfineError`] when the user cannot be changed, capabilities stay, or the filter of system calls
/// cannot be set. A kernel without Landlock is no error: the answer says so.
pub fn confine(kept: &Kept) -> Result<Confined, ConfineError> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(failed("core dumps"))?;
    if let Some(most) = kept.open_files {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed("open files"))?;
        let most = most.min(hard);
        setrlimit(Resource::RLIMIT_NOFILE, most, most).map_err(failed("open files"))?;
    }
    drop_capabilities(kept).map_err(failed("capabilities"))?;
    prctl::set_no_new_privs().map_err(failed("new privileges"))?;
    if !kept.inspectable {
        prctl::set_dumpable(false).map_err(failed("being looked into"))?;
    }
    let landlock = match restrict(kept) {
        Ok(RulesetStatus::FullyEnforced) => "full".to_owned(),
        Ok(RulesetStatus::PartiallyEnforced) => "partial: this kernel knows an older version".to_owned(),
        Ok(RulesetStatus::NotEnforced) => "none: this kernel does not support it".to_owned(),
        Err(error) => format!("none: {error}"),
    };
    filter().map_err(|error| ConfineError { what: "system calls", source: io::Error::other(error) })?;
    Ok(Confined { pid: std::process::id(), landlock })
}

/// Whether the kernel can keep processes to their places; nothing is given up by asking.
pub fn has_landlock() -> bool {
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules.handle_access(AccessFs::from_all(ABI::V1)).and_then(|rules| rules.create()).is_ok()
}

/// Becomes the user; then no capability is left, of root of a user namespace neither, but that for low ports where it
/// is kept.
fn drop_capabilities(kept: &Kept) -> io::Result<()> {
    use caps::CapSet;
    let _ = caps::clear(None, CapSet::Ambient);
    // Needs the capability for it, which an ordinary user does not have: he has nothing to drop.
    for capability in caps::runtime::thread_all_supported() {
        let _ = caps::drop(None, CapSet::Bounding, capability);
    }
    let groups: Vec<Gid> = kept.groups.iter().map(|&group| Gid::from_raw(group)).collect();
    if geteuid().is_root()
        && let Err(error) = setgroups(&groups)
        && kept.user.is_some()
    {
        // In a user namespace there may be no groups to choose from; then nothing needs them.
        return Err(error.into());
    }
    let low = caps::Capability::CAP_NET_BIND_SERVICE;
    let low_ports =
        kept.low_ports && caps::has_cap(None, CapSet::Permitted, low).map_err(io::Error::other)?;
    if low_ports {
        // Else they would go with the user.
        prctl::set_keepcaps(true)?;
    }
    if let Some(user) = kept.user.filter(|user| user.uid != geteuid().as_raw()) {
        setgid(Gid::from_raw(user.gid))?;
        setuid(Uid::from_raw(user.uid))?;
    }
    let left: caps::CapsHashSet = low_ports.then_some(low).into_iter().collect();
    // What is permitted bounds what is in effect, so that the one goes before the other.
    for set in [CapSet::Inheritable, CapSet::Effective] {
        // Who has none need not ask: a filter of system calls around us may forbid it.
        if !caps::read(None, set).map_err(io::Error::other)?.is_empty() {
            caps::clear(None, set).map_err(io::Error::other)?;
        }
    }
    for set in [CapSet::Permitted, CapSet::Effective] {
        if caps::read(None, set).map_err(io::Error::other)? != left {
            caps::set(None, set, &left).map_err(io::Error::other)?;
        }
    }
    if low_ports {
        prctl::set_keepcaps(false)?;
    }
    Ok(())
}

fn restrict(kept: &Kept) -> Result<RulesetStatus, Box<dyn std::error::Error + Send + Sync>> {
    let abi = ABI::V6;
    let all = AccessFs::from_all(abi);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::Signal)?
        .create()?;
    let places = kept.read.iter().map(|path| (path, AccessFs::from_read(abi) & !AccessFs::Execute));
    let places = places.chain(kept.write.iter().map(|path| (path, all & !AccessFs::Execute)));
    for (path, access) in places {
        let Ok(data) = fs::metadata(path) else { continue };
        let access = if data.is_dir() { access } else { access & AccessFs::from_file(abi) };
        rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, access))?;
    }
    Ok(rules.restrict_self()?.ruleset)
}

/// Two filters: what no honest code of ours would ever call kills; what is not on the list fails.
fn filter() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    install(DEADLY, SeccompAction::Allow, SeccompAction::KillProcess)?;
    install(ALLOWED, SeccompAction::Errno(libc::EPERM.unsigned_abs()), SeccompAction::Allow)
}

fn install(
    calls: &[i64],
    other: SeccompAction,
    listed: SeccompAction,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let rules: BTreeMap<i64, Vec<SeccompRule>> = calls.iter().map(|&call| (call, Vec::new())).collect();
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    let program: BpfProgram = SeccompFilter::new(rules, other, listed, architecture)?.try_into()?;
    seccompiler::apply_filter_all_threads(&program)?;
    Ok(())
}

const DEADLY: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_writev,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_bpf,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_reboot,
];

/// What the runtime, SQLite, name resolution and the event log call.
const ALLOWED: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_lseek,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_msync,
    libc::SYS_brk,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_setsockopt,
    libc::SYS_getsockopt,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendmmsg,
    libc::SYS_shutdown,
    libc::SYS_ioctl,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_eventfd2,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_inotify_rm_watch,
    libc::SYS_futex,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_geteuid,
    libc::SYS_getuid,
    libc::SYS_getegid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_tgkill,
    libc::SYS_getrandom,
    libc::SYS_gettimeofday,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_openat,
    libc::SYS_mkdirat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_unlinkat,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync_file_range,
    libc::SYS_fcntl,
    libc::SYS_flock,
    libc::SYS_fadvise64,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_getdents64,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_umask,
    libc::SYS_prctl,
    libc::SYS_prlimit64,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_membarrier,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getrlimit,
];

/// What the kernel says of a process: what [`confine`] and its kin have made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Effective user.
    pub uid: u32,
    /// Effective capabilities, a bit each.
    pub capabilities: u64,
    /// Whether it can never get more.
    pub no_new_privs: bool,
    /// Whether a filter of system calls is on.
    pub seccomp: bool,
}

impl Standing {
    /// How the process `pid` stands; `None` when there is none.
    pub fn of(pid: u32) -> Option<Standing> {
        Standing::read(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
    }

    fn read(text: &str) -> Option<Standing> {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(|line| line.split_whitespace().collect::<Vec<_>>())
        };
        Some(Standing {
            uid: value("Uid")?.get(1)?.parse().ok()?,
            capabilities: u64::from_str_radix(value("CapEff")?.first()?, 16).ok()?,
            no_new_privs: value("NoNewPrivs")?.first()? == &"1",
            seccomp: value("Seccomp")?.first()? == &"2",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_how_a_process_stands() {
        let text = "Name:\tx\nUid:\t0\t64998\t0\t0\nCapEff:\t00000000000000ff\nNoNewPrivs:\t1\nSeccomp:\t2\n\
                    Seccomp_filters:\t2\n";
        let expected = Standing { uid: 64_998, capabilities: 0xff, no_new_privs: true, seccomp: true };
        assert_eq!(Standing::read(text), Some(expected));
        assert_eq!(Standing::read("Name:\tx\n"), None);
        assert_eq!(Standing::of(std::process::id()).unwrap().uid, geteuid().as_raw());
    }

    /// A thread takes the place of a process: all that is given up here is the thread's own, but for the
    /// user, which the C library changes for all, and so is not changed here.
    #[test]
    fn what_is_not_kept_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, other) = (folder.path().join("mine"), folder.path().join("other"));
        fs::create_dir_all(&mine).unwrap();
        fs::create_dir_all(&other).unwrap();
        let kept = Kept {
            user: None,
            groups: Vec::new(),
            read: vec!["/etc/hostname".into(), "/no/such/place".into()],
            write: vec![mine.clone()],
            open_files: None,
            low_ports: false,
            inspectable: true,
        };
        std::thread::spawn(move || {
            prctl::set_no_new_privs().unwrap();
            if restrict(&kept).unwrap() != RulesetStatus::FullyEnforced {
                return;
            }
            fs::write(mine.join("x"), "x").unwrap();
            assert!(fs::write(other.join("x"), "x").is_err());
            assert!(fs::read("/etc/passwd").is_err());
        })
        .join()
        .unwrap();
    }
}
