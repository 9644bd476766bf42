//! Carries what the operator's programs write from where the daemon keeps it into spools, byte for byte.
//!
//! The daemon's folder is root's, and a file inside a container only root can reach; what is in them comes from
//! attackers. So who has the rights copies and reads nothing, and the collector, which has none, reads. How far was
//! copied follows from the copy itself: its name says where it begins, its size where it ends.

use super::held::{give, held, write};
use decnet_model::capture::{ABOUT, Capture, ENDED, LINES, PREFIX, SEGMENT_BYTES, Segment};
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Time between two looks.
const TICK: Duration = Duration::from_millis(250);
/// Bytes read at once, and from one container in one look.
const PIECE: usize = 256 * 1024;
const LOOK_MOST: u64 = 8 << 20;
/// Looks at a log that goes: together they see more than the daemon keeps.
const LAST_LOOKS: u32 = 8;
/// Segments that the collector may be behind; until it has caught up nothing is copied.
const BEHIND_MOST: usize = 64;
/// Old logs of a container that are looked at: the daemon keeps four.
const ROTATED: u32 = 9;
/// Looks at them while the daemon renames them, and the time between two.
const LOOKS: u32 = 3;
const RENAMED: Duration = Duration::from_millis(1);

/// Where a program writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// To the daemon, which writes this file and renames it to `.1`, `.2`, ….
    Daemon(PathBuf),
    /// To a file below the root of this process.
    Inside {
        /// The container's first process.
        pid: First,
        /// Path there.
        path: String,
    },
}

/// The first process of a container, known by its mount namespace: a number that is free again is somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct First {
    pid: i32,
    space: Option<u64>,
}

impl First {
    /// The process that has the number `pid` now. One in our own namespace is of no container.
    pub(super) fn of(pid: i32) -> First {
        let own = i32::try_from(std::process::id()).ok().and_then(space);
        First { pid, space: space(pid).filter(|space| Some(*space) != own) }
    }
}

/// The mount namespace of a process.
fn space(pid: i32) -> Option<u64> {
    fs::metadata(format!("/proc/{pid}/ns/mnt")).ok().map(|data| data.ino())
}

/// Copies the logs of containers, until it is dropped.
#[derive(Debug)]
pub(super) struct Porter {
    spools: PathBuf,
    user: Option<u32>,
    copies: Arc<Mutex<BTreeMap<String, Copy>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Porter {
    /// Begins, with nothing to copy yet.
    pub(super) fn start(spools: &Path, user: Option<u32>) -> Porter {
        let copies: Arc<Mutex<BTreeMap<String, Copy>>> = Arc::default();
        let shared = Arc::clone(&copies);
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                let shared = Arc::clone(&shared);
                let pass = move || {
                    for copy in shared.lock().values_mut() {
                        copy.pass();
                    }
                };
                if tokio::task::spawn_blocking(pass).await.is_err() {
                    tracing::error!("the logs of containers are not copied any more");
                    return;
                }
            }
        });
        Porter { spools: spools.to_owned(), user, copies, task }
    }

    /// Copies what the container `id` writes from now on, and what it wrote before.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub(super) fn watch(&self, id: &str, capture: &Capture, from: From) -> io::Result<()> {
        let short = id.get(..12).unwrap_or(id);
        let folder = self.spools.join(format!("{PREFIX}{}.{}.{short}", capture.node, capture.service));
        // Who is above the folder is the house's user: what he put there is not for root to follow.
        let (held, folder) = made(&folder)?;
        let lines = folder.join(LINES);
        match DirBuilder::new().mode(0o770).create(&lines) {
            Ok(()) => {
                let opened = File::open(&lines)?;
                give(&opened, self.user)?;
                opened.set_permissions(fs::Permissions::from_mode(0o770))?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let about = folder.join(ABOUT);
        if !about.exists() {
            let text = serde_json::to_vec(capture).map_err(io::Error::other)?;
            write(&about, &text, 0o640)?;
            give(&File::open(&about)?, self.user)?;
        }
        let mut copies = self.copies.lock();
        match copies.get_mut(id) {
            Some(copy) => copy.from = from,
            None => {
                copies.insert(id.to_owned(), Copy::new((held, folder), from, self.user)?);
            }
        }
        Ok(())
    }

    /// Copies the last of the container `id`, which writes no more, and forgets it.
    pub(super) fn end(&self, id: &str) {
        let ended = self.copies.lock().remove(id);
        if let Some(mut copy) = ended {
            copy.end();
        }
    }

    /// Whether it copies what the container `id` writes.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.copies.lock().contains_key(id)
    }

    /// Ends what is not among `there`: the container is gone, and its log with it.
    pub(super) fn keep(&self, there: &BTreeSet<&str>) {
        let mut copies = self.copies.lock();
        let gone: Vec<String> = copies.keys().filter(|id| !there.contains(id.as_str())).cloned().collect();
        for id in gone {
            if let Some(mut copy) = copies.remove(&id) {
                copy.end();
            }
        }
    }

    /// Removes folders of which the collector has taken everything.
    pub(super) fn tidy(&self) {
        for entry in fs::read_dir(&self.spools).into_iter().flatten().flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let ours = name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) && path.join(ENDED).exists();
            if ours && fs::read_dir(path.join(LINES)).is_ok_and(|lines| segments(lines).next().is_none()) {
                let _ = fs::remove_dir_all(path);
            }
        }
    }

    /// Ends folders of an earlier run whose container nobody has any more.
    pub(super) fn sweep(&self, there: &BTreeSet<&str>) {
        for entry in fs::read_dir(&self.spools).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(short) = name
                .to_str()
                .filter(|name| name.starts_with(PREFIX))
                .and_then(|name| name.rsplit('.').next())
            else {
                continue;
            };
            if !there.iter().any(|id| id.starts_with(short)) {
                let ended = held(&entry.path()).and_then(|(_held, folder)| File::create(folder.join(ENDED)));
                let _ = ended.and_then(|file| give(&file, self.user));
            }
        }
    }
}

impl Drop for Porter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One container's copy.
#[derive(Debug)]
struct Copy {
    _held: File,
    folder: PathBuf,
    from: From,
    user: Option<u32>,
    /// The newest segment and its length.
    at: Option<(Segment, u64)>,
    told: bool,
    /// Whether the container has ended, and its log goes: an unterminated end is copied too.
    ending: bool,
}

impl Copy {
    fn new((held, folder): (File, PathBuf), from: From, user: Option<u32>) -> io::Result<Copy> {
        let newest = segments(fs::read_dir(folder.join(LINES))?).max();
        let at = match newest {
            Some(segment) => {
                Some((segment, fs::metadata(folder.join(LINES).join(segment.to_string()))?.len()))
            }
            None => None,
        };
        Ok(Copy { _held: held, folder, from, user, at, told: false, ending: false })
    }

    /// Copies what is new.
    fn pass(&mut self) {
        let done = self.copy();
        if let Err(error) = &done
            && !self.told
        {
            tracing::warn!(folder = %self.folder.display(), %error, "what a container writes is not copied");
        }
        // What goes well in between makes the next failure news again.
        self.told = done.is_err();
    }

    /// Copies all that is left: the log goes with its container, so nobody is waited for.
    fn end(&mut self) {
        self.ending = true;
        for _ in 0..LAST_LOOKS {
            let before = self.at;
            self.pass();
            if self.at == before {
                break;
            }
        }
        let ended = File::create(self.folder.join(ENDED)).and_then(|file| give(&file, self.user));
        if let Err(error) = ended {
            tracing::warn!(folder = %self.folder.display(), %error, "the end of a log is not noted");
        }
    }

    fn copy(&mut self) -> io::Result<()> {
        let end = self.at.map(|(segment, length)| (segment.inode, segment.start + length));
        // Most looks find that nobody has written anything.
        if let (From::Daemon(path), Some(end)) = (&self.from, end)
            && fs::metadata(path).is_ok_and(|data| (data.ino(), data.len()) == end)
        {
            return Ok(());
        }
        let files = self.from.files();
        let known = |file: &File| file.metadata().ok().map(|data| (data.ino(), data.len()));
        let reached = end.and_then(|(inode, end)| {
            let same = |file: &File| known(file).is_some_and(|(number, size)| number == inode && end <= size);
            files.iter().position(same)
        });
        let mut left = LOOK_MOST;
        let skip = reached.unwrap_or(0);
        for (place, file) in files.iter().enumerate().skip(skip) {
            let Some((inode, _)) = known(file) else { continue };
            let from = if reached == Some(place) { end.map_or(0, |(_, end)| end) } else { 0 };
            let last = place + 1 == files.len();
            if !self.file(file, inode, from, self.ending || !last, &mut left)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Copies a file from `offset` on; whether its end was reached. `closed`: it does not grow.
    fn file(
        &mut self,
        file: &File,
        inode: u64,
        offset: u64,
        closed: bool,
        left: &mut u64,
    ) -> io::Result<bool> {
        let mut offset = offset;
        let mut piece = vec![0; PIECE];
        loop {
            let length = file.read_at(&mut piece, offset)?;
            let bytes = piece.get(..length).unwrap_or_default();
            let lines = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            let whole = if lines == 0 && (closed || length == PIECE) { length } else { lines };
            let whole = if closed && length < PIECE { length } else { whole };
            if whole == 0 {
                return Ok(true);
            }
            if *left == 0 || (!self.ending && self.is_behind()?) {
                return Ok(false);
            }
            self.append(inode, offset, bytes.get(..whole).unwrap_or_default())?;
            offset += whole as u64;
            *left = left.saturating_sub(whole as u64);
        }
    }

    fn is_behind(&self) -> io::Result<bool> {
        Ok(BEHIND_MOST <= segments(fs::read_dir(self.folder.join(LINES))?).count())
    }

    fn append(&mut self, inode: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let goes_on = |(segment, length): &(Segment, u64)| {
            segment.inode == inode && segment.start + length == offset && *length < SEGMENT_BYTES
        };
        let (segment, length) = match self.at.filter(goes_on) {
            Some(at) => at,
            None => {
                let last =
                    self.at.map_or(Segment { sequence: 0, inode: 0, start: 0 }, |(segment, _)| segment);
                (last.next(inode, offset), 0)
            }
        };
        let path = self.folder.join(LINES).join(segment.to_string());
        // The folder is the collector's: neither a link nor a pipe of his is written to, or waited for.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let mut file =
            OpenOptions::new().append(true).create(true).mode(0o640).custom_flags(flags).open(path)?;
        if !file.metadata().is_ok_and(|data| data.is_file() && data.nlink() == 1) {
            return Err(io::Error::other(format!("{segment} is no file of ours")));
        }
        if length == 0 {
            give(&file, self.user)?;
        }
        self.at = Some((segment, length));
        // Of a write that breaks off, what was written counts.
        let written = file.write_all(bytes);
        self.at = Some((segment, file.metadata()?.len()));
        written
    }
}

/// As [`held`], of a folder that is made if it is not there.
fn made(folder: &Path) -> io::Result<(File, PathBuf)> {
    match DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let (opened, path) = held(folder)?;
    // Whatever the umask says: the collector goes through it.
    opened.set_permissions(fs::Permissions::from_mode(0o755))?;
    Ok((opened, path))
}

/// A log and those before it, oldest first, opened. The newest is opened first and looked at again last: if it is
/// another one by then, the daemon has renamed them in between, and one of them may be missing.
fn logs(path: &Path) -> Vec<File> {
    let inode = |file: &File| file.metadata().ok().map(|data| data.ino());
    let mut files: Vec<File> = Vec::new();
    for _ in 0..LOOKS {
        let rotated = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
        let all = std::iter::once(path.to_owned()).chain((1..=ROTATED).map(rotated));
        files = all.filter_map(|path| File::open(path).ok()).collect();
        let newest = fs::metadata(path).ok().map(|data| data.ino());
        if newest.is_some() && files.first().and_then(inode) == newest {
            break;
        }
        std::thread::sleep(RENAMED);
    }
    // One that was renamed after it was opened is met under its new name again.
    let mut seen = BTreeSet::new();
    files.retain(|file| inode(file).is_some_and(|inode| seen.insert(inode)));
    files.reverse();
    files
}

fn segments(folder: fs::ReadDir) -> impl Iterator<Item = Segment> {
    folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

impl From {
    /// The files, oldest first, opened.
    fn files(&self) -> Vec<File> {
        match self {
            From::Daemon(path) => logs(path),
            From::Inside { pid, path } => inside(*pid, path).into_iter().collect(),
        }
    }
}

/// Opens a file below the root of a process. No link is followed: they are the container's, and the root is ours.
fn inside(first: First, path: &str) -> Option<File> {
    let root = File::open(format!("/proc/{}/root", first.pid)).ok()?;
    // Looked at afterwards: it still was this process when its root was opened.
    if space(first.pid)? != first.space? {
        return None;
    }
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY)
        .resolve(
            ResolveFlag::RESOLVE_IN_ROOT
                | ResolveFlag::RESOLVE_NO_SYMLINKS
                | ResolveFlag::RESOLVE_NO_MAGICLINKS,
        );
    let file = File::from(openat2(&root, path, how).ok()?);
    file.metadata().ok().filter(fs::Metadata::is_file).map(|_| file)
}

#[cfg(test)]
#[path = "porter_tests.rs"]
mod tests;
