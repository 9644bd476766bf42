//! What the process gives up before it meets its first peer: user, capabilities, new privileges,
//! the file system outside its spool, and all system calls it has no use for.
//!
//! Applied before the runtime exists, because Landlock binds the calling thread and what it starts.

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use netsvc_persona::stage::Settings;
use nix::{
    sys::{prctl, resource},
    unistd::{Gid, Uid, geteuid, setgid, setgroups, setuid},
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch};
use std::{collections::BTreeMap, io, path::Path};

/// What a process does, and so what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Serves sockets: may make and set up sockets of its own.
    Serve,
    /// Stands between descriptors that it was handed: no socket, no option, no device control.
    Gate,
}

/// Drops everything, and says what could not be: `full`, or a list.
///
/// # Errors
/// When the user cannot be changed or the system-call filter cannot be set: then the process must
/// not go on.
pub(crate) fn enter(settings: &Settings, profile: Profile) -> io::Result<String> {
    let mut missing = Vec::new();
    resource::setrlimit(resource::Resource::RLIMIT_CORE, 0, 0)?;
    if profile == Profile::Serve {
        let most = settings.limits.address_space;
        resource::setrlimit(resource::Resource::RLIMIT_AS, most, most)?;
    }
    become_user(settings.user)?;
    if let Err(error) = drop_capabilities() {
        missing.push(format!("capabilities: {error}"));
    }
    prctl::set_no_new_privs()?;
    prctl::set_dumpable(false)?;
    match confine(&settings.spool) {
        Ok(RulesetStatus::FullyEnforced) => {}
        Ok(RulesetStatus::PartiallyEnforced) => {
            missing.push("landlock: only in part on this kernel".to_owned())
        }
        Ok(RulesetStatus::NotEnforced) => missing.push("landlock: not supported by this kernel".to_owned()),
        Err(error) => missing.push(format!("landlock: {error}")),
    }
    filter(profile).map_err(io::Error::other)?;
    if settings.user.is_none() && geteuid().is_root() {
        missing.push("user: runs as the user of its supervisor".to_owned());
    }
    Ok(if missing.is_empty() { "full".to_owned() } else { missing.join("; ") })
}

fn become_user(user: Option<u32>) -> io::Result<()> {
    let Some(user) = user else { return Ok(()) };
    if geteuid().as_raw() == user {
        return Ok(());
    }
    setgroups(&[])?;
    setgid(Gid::from_raw(user))?;
    setuid(Uid::from_raw(user))?;
    Ok(())
}

fn drop_capabilities() -> Result<(), caps::errors::CapsError> {
    use caps::CapSet;
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::clear(None, set)?;
    }
    Ok(())
}

/// Leaves the spool as the only place in the file system, for reading and writing.
fn confine(spool: &Path) -> Result<RulesetStatus, Box<dyn std::error::Error + Send + Sync>> {
    let abi = ABI::V6;
    let all = AccessFs::from_all(abi);
    let spool = PathFd::new(spool)?;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rule(PathBeneath::new(spool, all & !AccessFs::Execute))?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// Two filters: what no honest code of ours would ever call kills; what is not on the list fails.
fn filter(profile: Profile) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let deadly: Rules = DEADLY.iter().map(|&call| (call, Vec::new())).collect();
    install(deadly, SeccompAction::Allow, SeccompAction::KillProcess)?;
    let sockets = match profile {
        Profile::Serve => SOCKETS,
        Profile::Gate => &[],
    };
    let denied = libc::EPERM.unsigned_abs();
    let allowed: Rules = COMMON.iter().chain(sockets).map(|&call| (call, Vec::new())).collect();
    install(allowed, SeccompAction::Errno(denied), SeccompAction::Allow)
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn install(
    rules: Rules,
    other: SeccompAction,
    listed: SeccompAction,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
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

const COMMON: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_lseek,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_recvmmsg,
    libc::SYS_sendmmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockopt,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    libc::SYS_eventfd2,
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
    libc::SYS_tgkill,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_setpriority,
    libc::SYS_openat,
    libc::SYS_mkdirat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_getdents64,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_prctl,
    libc::SYS_prlimit64,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_membarrier,
    libc::SYS_pipe2,
    libc::SYS_fchmod,
    libc::SYS_flock,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
];

const SOCKETS: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_setsockopt,
    libc::SYS_ioctl,
    libc::SYS_socketpair,
];
