//! The spool of event lines: the bounded folder that a process writes and a collector reads.
//!
//! Segments are `lines/<writer>-<index>.seg`. Each process start has a new writer id, or a new index, and so
//! new segments; an old one is never appended to. A line is written with one `write` call, so a kill can
//! only tear the last one. A thread calls fsync once a second while there is something new.

use crate::{Class, Encoder, Event, HeaderText, Kind, WriterId, field};
use parking_lot::Mutex;
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Bytes after which a segment is closed and the next begun.
pub const SEGMENT_BYTES: u64 = 8 << 20;

/// Where lines go.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    quota: u64,
    inner: Mutex<Lines>,
}

#[derive(Debug)]
struct Lines {
    encoder: Encoder,
    segment: File,
    index: u32,
    /// Bytes in the current segment.
    written: u64,
    /// Bytes in all segments as of the last look at the folder, plus what was written since.
    used: u64,
    dirty: bool,
    /// The segment ends in a line that is not whole: nothing may be appended to it.
    torn: bool,
    /// Events given up since the last `dropped` line, by class.
    given_up: [u64; 4],
    buffer: Vec<u8>,
}

impl Spool {
    /// Opens `folder` for a process that starts now.
    ///
    /// # Errors
    /// When the folder or the first segment cannot be made.
    pub fn open(folder: &Path, sd_id: HeaderText, writer: WriterId, quota: u64) -> io::Result<Arc<Self>> {
        Spool::resume(folder, sd_id, writer, 0, quota)
    }

    /// Opens `folder` for a writer that was there before: its next line follows the one with number `last`. Whoever
    /// was killed and writes the same lines again is so known to have written them once.
    ///
    /// # Errors
    /// When the folder or a segment cannot be made.
    pub fn resume(
        folder: &Path,
        sd_id: HeaderText,
        writer: WriterId,
        last: u64,
        quota: u64,
    ) -> io::Result<Arc<Self>> {
        let folder = folder.join("lines");
        std::fs::create_dir_all(&folder)?;
        let index = next_index(&folder, writer);
        let segment = segment_file(&folder, writer, index)?;
        let used = used(&folder);
        Ok(Arc::new(Spool {
            folder,
            quota,
            inner: Mutex::new(Lines {
                encoder: Encoder::after(sd_id, writer, last),
                segment,
                index,
                written: 0,
                used,
                dirty: false,
                torn: false,
                given_up: [0; 4],
                buffer: Vec::with_capacity(4096),
            }),
        }))
    }

    /// Number of the last line.
    pub fn last_number(&self) -> u64 {
        self.inner.lock().encoder.next_number().saturating_sub(1)
    }

    /// Writes `event` as the next line. When the spool is too full for its class it is given up and counted.
    pub fn write(&self, event: &Event) -> Written {
        let mut lines = self.inner.lock();
        let written = self.enter(&mut lines, event);
        if written == Written::GivenUp {
            lines.give_up(event.kind.class());
        }
        written
    }

    /// As [`Spool::write`], for who has the event still and comes again with it: where there is no room, it is not
    /// given up and not counted.
    pub fn offer(&self, event: &Event) -> Written {
        self.enter(&mut self.inner.lock(), event)
    }

    fn enter(&self, lines: &mut Lines, event: &Event) -> Written {
        if lines.used > limit(self.quota, event.kind.class()) {
            return Written::GivenUp;
        }
        if lines.given_up.iter().any(|&count| count > 0) {
            self.report_given_up(lines, event);
        }
        self.append(lines, event)
    }

    /// Makes what was written safe against a power loss, if there is something new, and looks how
    /// much of the quota is in use.
    pub fn sync(&self) -> io::Result<()> {
        let file = {
            let mut lines = self.inner.lock();
            lines.used = used(&self.folder);
            if !std::mem::take(&mut lines.dirty) {
                return Ok(());
            }
            lines.segment.try_clone()?
        };
        file.sync_data()
    }

    /// Starts the thread that calls [`Spool::sync`] once a second, as long as the spool exists.
    pub fn keep_synced(self: &Arc<Self>) {
        let weak = Arc::downgrade(self);
        std::thread::spawn(move || {
            while let Some(spool) = weak.upgrade() {
                // A failed fsync shows again at the next write, which counts the loss.
                let _ = spool.sync();
                drop(spool);
                std::thread::sleep(Duration::from_secs(1));
            }
        });
    }

    /// Appends a line, whole or not at all. A failure leaves no new file and no half line behind: what
    /// was written of it is cut off, and its number goes to the next.
    fn append(&self, lines: &mut Lines, event: &Event) -> Written {
        let rotated = (lines.torn || lines.written >= SEGMENT_BYTES) && self.rotate(lines);
        if lines.torn && !rotated {
            return Written::GivenUp;
        }
        let mut buffer = std::mem::take(&mut lines.buffer);
        buffer.clear();
        let written = match lines.encoder.encode(event, &mut buffer) {
            Err(_) => Written::TooLong,
            Ok(number) => match lines.segment.write_all(&buffer) {
                Ok(()) => Written::Done,
                Err(_) => {
                    // A line that cannot be cut off keeps its number, so that the reader sees the gap,
                    // and a new segment begins, so that the tear cannot join the next line.
                    match lines.segment.set_len(lines.written) {
                        Ok(()) => lines.encoder.retract(number),
                        Err(_) => lines.torn = true,
                    }
                    Written::GivenUp
                }
            },
        };
        let length = buffer.len() as u64;
        lines.buffer = buffer;
        if written == Written::Done {
            lines.dirty = true;
            lines.written += length;
            lines.used += length;
        }
        written
    }

    /// Begins the next segment; says whether that could be.
    fn rotate(&self, lines: &mut Lines) -> bool {
        let Ok(segment) = segment_file(&self.folder, lines.encoder.writer(), lines.index + 1) else {
            return false;
        };
        let _ = lines.segment.sync_data();
        lines.segment = segment;
        lines.index += 1;
        (lines.written, lines.torn) = (0, false);
        true
    }

    /// Says how many events were given up; what cannot be said now is said with the next line that can.
    fn report_given_up(&self, lines: &mut Lines, cause: &Event) {
        for &class in Class::ALL {
            let count = lines.given_up.get(class as usize).copied().unwrap_or_default();
            if count == 0 {
                continue;
            }
            let event = Event::new(cause.at, cause.node.clone(), cause.app.clone(), Kind::Dropped)
                .with(field::COUNT, count.to_string())
                .with(field::CLASS, class.name());
            if self.append(lines, &event) != Written::Done {
                return;
            }
            if let Some(left) = lines.given_up.get_mut(class as usize) {
                *left = 0;
            }
        }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is in the file.
    Done,
    /// It was given up and counted.
    GivenUp,
    /// Its line would be too long; nothing was written.
    TooLong,
}

impl Lines {
    fn give_up(&mut self, class: Class) {
        if let Some(count) = self.given_up.get_mut(class as usize) {
            *count += 1;
        }
    }
}

/// How full the spool may be for an event of `class` to be still written.
fn limit(quota: u64, class: Class) -> u64 {
    let percent = match class {
        Class::Noise | Class::Scan => 80,
        Class::Interaction => 90,
        Class::Evidence => 100,
    };
    quota / 100 * percent
}

fn segment_file(folder: &Path, writer: WriterId, index: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .mode(0o640)
        .open(folder.join(format!("{writer}-{index:08}.seg")))?;
    // The reader takes a locked segment for one that is still written, however long nothing happens.
    file.lock()?;
    Ok(file)
}

/// The index after those of the segments that a writer has there.
fn next_index(folder: &Path, writer: WriterId) -> u32 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let prefix = format!("{writer}-");
    let index = |name: &str| name.strip_prefix(&prefix)?.strip_suffix(".seg")?.parse::<u32>().ok();
    let known = entries.flatten().filter_map(|entry| index(entry.file_name().to_str()?));
    known.max().map_or(0, |index| index.saturating_add(1))
}

fn used(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn event(kind: Kind) -> Event {
        Event::new(1, "web-01".parse().unwrap(), "ssh".parse().unwrap(), kind).with("data", vec![b'x'; 1000])
    }

    fn lines(folder: &Path) -> Vec<crate::Record> {
        let mut names: Vec<_> =
            std::fs::read_dir(folder.join("lines")).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        let text: Vec<u8> = names.iter().flat_map(|name| std::fs::read(name).unwrap()).collect();
        text.split_inclusive(|&byte| byte == b'\n').map(|line| parse(line).unwrap()).collect()
    }

    #[test]
    fn a_full_spool_gives_up_by_class_and_says_how_many() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "ev@32473".parse().unwrap(), WriterId(7), 100_000).unwrap();
        while spool.write(&event(Kind::Connect)) == Written::Done {}
        assert_eq!(spool.write(&event(Kind::Connect)), Written::GivenUp);
        assert_eq!(spool.write(&event(Kind::AuthAttempt)), Written::Done);
        let all = lines(folder.path());
        assert!(all.iter().enumerate().all(|(index, line)| line.number == index as u64 + 1), "gapless");
        let dropped = all.iter().find(|line| line.kind == "dropped").unwrap();
        assert_eq!((dropped.text("count"), dropped.text("class")), (Some("2"), Some("scan")));
    }

    #[test]
    fn what_is_offered_to_a_full_spool_is_not_counted_as_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "ev@32473".parse().unwrap(), WriterId(7), 20_000).unwrap();
        while spool.offer(&event(Kind::AuthAttempt)) == Written::Done {}
        assert_eq!(spool.offer(&event(Kind::AuthAttempt)), Written::GivenUp);
        for entry in std::fs::read_dir(folder.path().join("lines")).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        spool.sync().unwrap();
        assert_eq!(spool.offer(&event(Kind::AuthAttempt)), Written::Done);
        assert_eq!(spool.inner.lock().given_up, [0; 4]);
    }

    #[test]
    fn a_writer_that_comes_again_writes_the_same_numbers_into_a_segment_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let open = |last| {
            Spool::resume(folder.path(), "ev@32473".parse().unwrap(), WriterId(7), last, 1 << 30).unwrap()
        };
        let first = open(4);
        for number in [5, 6] {
            assert_eq!(first.write(&event(Kind::Connect)), Written::Done);
            assert_eq!(first.last_number(), number);
        }
        drop(first);
        let again = open(4);
        assert_eq!(again.write(&event(Kind::Connect)), Written::Done);
        let written = lines(folder.path()).iter().map(|line| (line.writer, line.number)).collect::<Vec<_>>();
        assert_eq!(written, [5, 6, 5].map(|number| (WriterId(7), number)));
        assert!(folder.path().join("lines/0000000000000007-00000001.seg").exists());
    }

    /// Writes without room: more than a file of this process may have (RLIMIT_FSIZE) is refused by the
    /// kernel as a full disk refuses it, in the middle of a line too.
    #[test]
    fn a_disk_without_room_costs_no_file_and_no_count() {
        const LIMITED: &str = "SPOOL_TEST_LIMITED";
        if std::env::var_os(LIMITED).is_some() {
            return without_room();
        }
        let program = std::env::current_exe().unwrap();
        // A process of its own, because the limit holds for all threads.
        let status = std::process::Command::new("sh")
            .env(LIMITED, "1")
            .args(["-c", "ulimit -f 20; trap '' XFSZ; exec \"$0\" --exact \"$1\"", program.to_str().unwrap()])
            .arg("spool::tests::a_disk_without_room_costs_no_file_and_no_count")
            .status();
        assert!(status.unwrap().success());
    }

    fn without_room() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "ev@32473".parse().unwrap(), WriterId(7), 1 << 30).unwrap();
        let mut done = 0_u64;
        while spool.write(&event(Kind::Connect)) == Written::Done {
            done += 1;
        }
        for _ in 0..999 {
            assert_eq!(spool.write(&event(Kind::Connect)), Written::GivenUp);
        }
        assert_eq!(std::fs::read_dir(folder.path().join("lines")).unwrap().count(), 1, "no file per failure");
        // What is said of it is shorter, and takes the last room.
        let said = lines(folder.path()).len() as u64 - done;
        assert!(said < 10, "whole lines only, {said} of them about what was given up");
        // Room again: in the next segment.
        spool.inner.lock().written = SEGMENT_BYTES;
        assert_eq!(spool.write(&event(Kind::Connect)), Written::Done);
        let all = lines(folder.path());
        assert!(all.iter().enumerate().all(|(index, line)| line.number == index as u64 + 1), "gapless");
        let told = all.iter().filter(|line| line.kind == "dropped");
        let counts = told.map(|line| line.text("count").unwrap().parse::<u64>().unwrap());
        assert_eq!(counts.sum::<u64>(), 1000);
    }

    #[test]
    fn segments_follow_each_other_without_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "ev@32473".parse().unwrap(), WriterId(7), 1 << 30).unwrap();
        for _ in 0..9000 {
            assert_eq!(spool.write(&event(Kind::Connect)), Written::Done);
        }
        assert_eq!(std::fs::read_dir(folder.path().join("lines")).unwrap().count(), 2);
        assert!(lines(folder.path()).iter().enumerate().all(|(index, line)| line.number == index as u64 + 1));
    }
}
