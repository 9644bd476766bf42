//! Who works in a state folder: asked by everything that removes something there, or says what runs.
//!
//! Two locks, both freed by the kernel when their holders end, however they end. Whatever works in the
//! folder shares the first; whatever removes things takes it alone, before it touches anything. The second
//! has one holder, the process that keeps the workers of the folder (`run` or `demo`), and says who it is.

use decnet_model::paths::Paths;
use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Longest wait for a lock that somebody only looked at, and for a new holder to say who it is.
const MOMENT: Duration = Duration::from_millis(500);
/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes of what a holder says of itself.
const WORDS_MOST: u64 = 4096;

/// The process that keeps the workers of a state folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// `run` or `demo`.
    pub verb: String,
}

/// Why a state folder could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The workers of the folder are kept by somebody.
    #[error("{folder} is in use: `decnet {}` runs there as process {}", .holder.verb, .holder.pid)]
    Kept {
        /// The folder.
        folder: PathBuf,
        /// By whom.
        holder: Holder,
    },
    /// Somebody works there: a worker that runs alone, or a command that clears the folder.
    #[error("{folder} is in use: a worker runs there, or it is being cleared")]
    Used {
        /// The folder.
        folder: PathBuf,
    },
    /// The lock cannot be used.
    #[error("{attempt} {path}")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

/// A share in a state folder, or the whole of it.
#[derive(Debug)]
pub struct Claim {
    _lock: Flock<File>,
}

/// The right to keep the workers of a state folder; one at a time.
#[derive(Debug)]
pub struct Keeper {
    _lock: Flock<File>,
}

impl Claim {
    /// The share of somebody who works in the folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`ClaimError::Used`] while somebody clears it.
    pub fn share(paths: &Paths) -> Result<Claim, ClaimError> {
        Claim::take(paths, FlockArg::LockSharedNonblock)
    }

    /// The whole folder, for somebody who removes things.
    ///
    /// # Errors
    /// [`ClaimError::Used`] or [`ClaimError::Kept`] while anybody works there.
    pub fn whole(paths: &Paths) -> Result<Claim, ClaimError> {
        match Claim::take(paths, FlockArg::LockExclusiveNonblock) {
            Err(ClaimError::Used { folder }) => Err(match Keeper::holder(paths)? {
                Some(holder) => ClaimError::Kept { folder, holder },
                None => ClaimError::Used { folder },
            }),
            taken => taken,
        }
    }

    fn take(paths: &Paths, how: FlockArg) -> Result<Claim, ClaimError> {
        let file = open(&paths.state_lock())?;
        let taken = lock(file, how, &paths.state_lock())?;
        let used = || ClaimError::Used { folder: paths.root().to_owned() };
        taken.map(|lock| Claim { _lock: lock }).ok_or_else(used)
    }
}

impl Keeper {
    /// Becomes the keeper, as `verb`.
    ///
    /// # Errors
    /// [`ClaimError::Kept`] when there is one.
    pub fn take(paths: &Paths, verb: &str) -> Result<Keeper, ClaimError> {
        let path = paths.keeper_lock();
        let Some(mut taken) = lock(open(&path)?, FlockArg::LockExclusiveNonblock, &path)? else {
            let holder = Keeper::holder(paths)?.unwrap_or(Holder { pid: 0, verb: "run".to_owned() });
            return Err(ClaimError::Kept { folder: paths.root().to_owned(), holder });
        };
        let words = serde_json::to_vec(&Holder { pid: std::process::id(), verb: verb.to_owned() });
        let file: &mut File = &mut taken;
        words
            .map_err(io::Error::from)
            .and_then(|words| {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                file.write_all(&words)
            })
            .map_err(|source| ClaimError::Io { attempt: "write", path, source })?;
        Ok(Keeper { _lock: taken })
    }

    /// Whether the kernel says that process `pid` has the lock. What the file says, its folder's owner may have
    /// written; a process that has the lock has it open, and its descriptor tells.
    pub fn is_held_by(paths: &Paths, pid: u32) -> bool {
        let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(paths.keeper_lock());
        let Ok(lock) = file.and_then(|file| file.metadata()) else { return false };
        let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        open.flatten().any(|entry| {
            let is_it = fs::metadata(entry.path())
                .is_ok_and(|data| (data.dev(), data.ino()) == (lock.dev(), lock.ino()));
            let told = Path::new("/proc").join(pid.to_string()).join("fdinfo").join(entry.file_name());
            is_it && fs::read_to_string(told).is_ok_and(|told| told.lines().any(is_whole_lock))
        })
    }

    /// Who keeps the workers of the folder, if anybody does, as the file says it. Changes nothing.
    ///
    /// # Errors
    /// [`ClaimError::Io`] when the folder is closed to us.
    pub fn holder(paths: &Paths) -> Result<Option<Holder>, ClaimError> {
        let path = paths.keeper_lock();
        let failed = |attempt| {
            let path = path.clone();
            move |source| ClaimError::Io { attempt, path, source }
        };
        let end = Instant::now() + MOMENT;
        loop {
            let mut options = OpenOptions::new();
            // Whoever has the folder may have put a pipe there, which nobody writes to.
            options.read(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
            let file = match options.open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(failed("open")(error)),
            };
            let (file, held) = match Flock::lock(file, FlockArg::LockSharedNonblock) {
                Ok(_free) => return Ok(None),
                Err((file, Errno::EWOULDBLOCK)) => (file, true),
                Err((file, _)) => (file, false),
            };
            let mut words = Vec::new();
            file.take(WORDS_MOST).read_to_end(&mut words).map_err(failed("read"))?;
            // One that has just become it has not said who it is yet.
            match serde_json::from_slice::<Holder>(&words) {
                Ok(holder) if held => return Ok(Some(holder)),
                _ if end < Instant::now() => return Ok(None),
                _ => thread::sleep(PAUSE),
            }
        }
    }
}

/// Whether a line of `/proc/PID/fdinfo/FD` says that the descriptor has a lock that nobody shares.
fn is_whole_lock(line: &str) -> bool {
    line.strip_prefix("lock:").is_some_and(|lock| {
        let words: Vec<_> = lock.split_whitespace().collect();
        words.contains(&"FLOCK") && words.contains(&"WRITE")
    })
}

fn open(path: &Path) -> Result<File, ClaimError> {
    let failed = |attempt| move |source| ClaimError::Io { attempt, path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
    }
    let options = |write| {
        let mut options = OpenOptions::new();
        // Root writes into the file, in a folder that is not root's: it may be a link, or a pipe that nobody writes to.
        options.mode(0o640).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
        options.read(true).write(write).create(write).truncate(false).open(path)
    };
    // A lock needs no right to write.
    let file = options(true).or_else(|error| options(false).map_err(|_| error)).map_err(failed("open"))?;
    if !file.metadata().map_err(failed("look at"))?.is_file() {
        return Err(failed("open")(io::Error::new(io::ErrorKind::InvalidData, "it is no file")));
    }
    Ok(file)
}

/// `None` when somebody else has it.
fn lock(mut file: File, how: FlockArg, path: &Path) -> Result<Option<Flock<File>>, ClaimError> {
    let end = Instant::now() + MOMENT;
    loop {
        match Flock::lock(file, how) {
            Ok(lock) => return Ok(Some(lock)),
            // Perhaps somebody only looks whether it is held.
            Err((back, Errno::EWOULDBLOCK)) if Instant::now() < end => {
                file = back;
                thread::sleep(PAUSE);
            }
            Err((_, Errno::EWOULDBLOCK)) => return Ok(None),
            Err((_, errno)) => {
                return Err(ClaimError::Io { attempt: "lock", path: path.to_owned(), source: errno.into() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_the_whole_folder_while_somebody_works_there() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        assert!(Keeper::holder(&paths).unwrap().is_none());
        let (one, two) = (Claim::share(&paths).unwrap(), Claim::share(&paths).unwrap());
        assert!(matches!(Claim::whole(&paths), Err(ClaimError::Used { .. })));
        let keeper = Keeper::take(&paths, "demo").unwrap();
        let told = Claim::whole(&paths).unwrap_err().to_string();
        assert!(
            told.contains(&format!("`decnet demo` runs there as process {}", std::process::id())),
            "{told}"
        );
        assert!(
            matches!(Keeper::take(&paths, "run"), Err(ClaimError::Kept { holder, .. }) if holder.verb == "demo")
        );
        drop((one, two, keeper));
        let whole = Claim::whole(&paths).unwrap();
        assert!(matches!(Claim::share(&paths), Err(ClaimError::Used { .. })));
        drop(whole);
        assert!(Keeper::holder(&paths).unwrap().is_none());
        Keeper::take(&paths, "run").unwrap();
    }

    #[test]
    fn who_is_named_and_has_no_lock_is_not_the_holder() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let own = std::process::id();
        fs::write(paths.keeper_lock(), format!("{{\"pid\":{own},\"verb\":\"run\"}}")).unwrap();
        assert!(!Keeper::is_held_by(&paths, own), "nobody has it");
        let shared = Flock::lock(File::open(paths.keeper_lock()).unwrap(), FlockArg::LockShared).unwrap();
        assert!(!Keeper::is_held_by(&paths, own), "who looks has a share");
        drop(shared);
        let keeper = Keeper::take(&paths, "run").unwrap();
        assert!(Keeper::is_held_by(&paths, own));
        assert!(!Keeper::is_held_by(&paths, std::os::unix::process::parent_id()));
        // Another file in its place, with another number in it.
        fs::rename(paths.keeper_lock(), folder.path().join("moved")).unwrap();
        fs::write(paths.keeper_lock(), "{\"pid\":1,\"verb\":\"run\"}").unwrap();
        assert!(!Keeper::is_held_by(&paths, own) && !Keeper::is_held_by(&paths, 1));
        drop(keeper);
    }

    #[test]
    fn a_pipe_or_a_link_in_the_place_of_a_lock_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        for lock in [paths.state_lock(), paths.keeper_lock()] {
            nix::unistd::mkfifo(&lock, nix::sys::stat::Mode::S_IRUSR).unwrap();
        }
        assert!(matches!(Claim::share(&paths), Err(ClaimError::Io { .. })));
        assert!(matches!(Keeper::take(&paths, "run"), Err(ClaimError::Io { .. })));
        fs::remove_file(paths.state_lock()).unwrap();
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), paths.state_lock()).unwrap();
        assert!(matches!(Claim::whole(&paths), Err(ClaimError::Io { .. })));
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[test]
    fn of_many_that_start_at_once_one_becomes_the_keeper() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let taken: Vec<_> = thread::scope(|scope| {
            let begun: Vec<_> = (0..8).map(|_| scope.spawn(|| Keeper::take(&paths, "run"))).collect();
            begun.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 1);
    }
}
