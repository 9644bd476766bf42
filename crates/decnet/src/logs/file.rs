//! A log file of several processes: whole lines, found again after somebody has rotated it.

use parking_lot::Mutex;
use std::{
    fs::{File, OpenOptions, metadata, rename},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    path::{Path, PathBuf},
};
use tracing_subscriber::fmt::MakeWriter;

/// Bytes after which a file of our own is put aside.
const MOST: u64 = 8 << 20;
/// Files put aside that are kept.
const KEPT: u32 = 4;

/// The file at a path, whichever it is by now.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    /// Whether nobody else rotates it.
    own: bool,
    most: u64,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    file: Option<File>,
    /// The last line was cut short: the next has to begin on a line of its own.
    torn: bool,
}

/// Opens `path` for appending, and makes it if it is not there; what root makes is the folder's owner's.
///
/// # Errors
/// When it cannot be opened, or is a link.
pub fn open(path: &Path) -> io::Result<File> {
    let there = path.exists();
    // Nor does anybody wait for the other end of a pipe.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().append(true).create(true).mode(0o640).custom_flags(flags).open(path)?;
    if !there
        && nix::unistd::geteuid().is_root()
        && let Some(folder) = path.parent()
    {
        let data = metadata(folder)?;
        fchown(&file, Some(data.uid()), Some(data.gid()))?;
    }
    Ok(file)
}

impl LogFile {
    /// The file at `path`; `own`: it is put aside when it is large.
    pub(super) fn new(path: PathBuf, own: bool) -> Self {
        LogFile { path, own, most: MOST, open: Mutex::default() }
    }

    fn line(&self, bytes: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock();
        self.follow(&mut open)?;
        let torn = std::mem::take(&mut open.torn);
        let Some(file) = &mut open.file else { return Ok(()) };
        let mut text = if torn { vec![b'\n'] } else { Vec::new() };
        text.extend_from_slice(bytes);
        match file.write(&text) {
            Ok(written) if written == text.len() => Ok(()),
            // Nothing of it, or a part: a full disk takes what fits.
            Ok(written) => {
                open.torn = written > 0 || torn;
                Err(io::ErrorKind::StorageFull.into())
            }
            Err(error) => {
                open.torn = torn;
                Err(error)
            }
        }
    }

    /// Opens the file again if another has taken its place, and puts it aside when it is full.
    fn follow(&self, open: &mut Open) -> io::Result<()> {
        let there = |file: &File| {
            let (ours, named) = (file.metadata().ok()?, metadata(&self.path).ok()?);
            ((ours.dev(), ours.ino()) == (named.dev(), named.ino())).then_some(ours.len())
        };
        let length = open.file.as_ref().and_then(there);
        if let (Some(length), Some(file)) = (length, &open.file)
            && self.own
            && self.most <= length
        {
            // Others of our processes come to the same: one does it, the others see that it is done.
            file.lock()?;
            if there(file).is_some() {
                self.put_aside()?;
            }
            file.unlock()?;
            open.file = None;
        } else if length.is_none() {
            open.file = None;
        }
        if open.file.is_none() {
            open.file = Some(self::open(&self.path)?);
            open.torn = false;
        }
        Ok(())
    }

    fn put_aside(&self) -> io::Result<()> {
        let aside = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (1..KEPT).rev() {
            // The first times there are not so many.
            let _ = rename(aside(number), aside(number + 1));
        }
        rename(&self.path, aside(1))
    }
}

/// One line on its way.
#[derive(Debug)]
pub(super) struct Line<'a>(&'a LogFile);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A message that cannot be kept is no reason to stop; the disk's state is shown elsewhere.
        let _ = self.0.line(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_was_rotated_is_left_for_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let log = LogFile::new(path.clone(), false);
        log.line(b"one\n").unwrap();
        rename(&path, folder.path().join("x.log.1")).unwrap();
        log.line(b"two\n").unwrap();
        fs::remove_file(&path).unwrap();
        log.line(b"three\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
        assert_eq!(fs::read_to_string(folder.path().join("x.log.1")).unwrap(), "one\n");
    }

    #[test]
    fn a_file_of_our_own_is_put_aside_and_no_line_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let logs: Vec<_> =
            (0..2).map(|_| LogFile { most: 3000, ..LogFile::new(path.clone(), true) }).collect();
        std::thread::scope(|scope| {
            for (who, log) in logs.iter().enumerate() {
                scope.spawn(move || {
                    for number in 0..100 {
                        log.line(format!("{who} {number} {}\n", "x".repeat(40)).as_bytes()).unwrap();
                    }
                });
            }
        });
        let mut lines = 0;
        for entry in fs::read_dir(folder.path()).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(text.len() < 3200, "{}", text.len());
            lines += text.lines().count();
        }
        assert_eq!(lines, 200);
    }
}
