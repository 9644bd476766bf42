//! What a restart must not undo: pairs that let in, and passwords that a source set. A file of lines, one for each
//! change; the last of a kind holds.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Longest file; it is written anew before it is longer, and what does not fit is left out.
const MOST: u64 = 8 << 20;

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) node: String,
    pub(super) source: IpAddr,
    pub(super) what: What,
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

/// Kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The pair was let in and stays valid.
    Accepted,
    /// The source gave the account this password.
    Set,
}

impl Change {
    fn line(&self) -> String {
        let what = if self.what == What::Set { "set" } else { "accepted" };
        let hex = |bytes: &[u8]| hex::encode(bytes);
        let (node, user, password) = (hex(self.node.as_bytes()), hex(&self.user), hex(&self.password));
        format!("{what} {node} {} {user} {password}\n", self.source)
    }

    fn read(line: &str) -> Option<Change> {
        let mut words = line.split(' ');
        let what = match words.next()? {
            "set" => What::Set,
            "accepted" => What::Accepted,
            _ => return None,
        };
        let node = String::from_utf8(hex::decode(words.next()?).ok()?).ok()?;
        let source = words.next()?.parse().ok()?;
        let (user, password) = (hex::decode(words.next()?).ok()?, hex::decode(words.next()?).ok()?);
        words.next().is_none().then_some(Change { node, source, what, user, password })
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct Journal(PathBuf);

impl Journal {
    /// The one at `path`, and the changes in it; a line that was cut short is none.
    pub(super) fn open(path: &Path) -> (Journal, Vec<Change>) {
        let mut text = Vec::new();
        // What cannot be read is as if it had not been written, and stays.
        let read = File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut text));
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        if read.is_ok() && whole < text.len() {
            // What is added next is not to hang on it.
            let _ = OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(whole as u64));
            text.truncate(whole);
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        (Journal(path.to_owned()), text.lines().filter_map(Change::read).collect())
    }

    /// Adds changes. `whole` gives all of them, the oldest first, where the file has to be written anew.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add(&self, changes: &[Change], whole: impl FnOnce() -> Vec<Change>) -> io::Result<()> {
        let lines: String = changes.iter().map(Change::line).collect();
        let length = fs::metadata(&self.0).map_or(0, |found| found.len());
        if length + lines.len() as u64 <= MOST {
            if let Some(folder) = self.0.parent().filter(|_| length == 0) {
                fs::create_dir_all(folder)?;
            }
            let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.0)?;
            return file.write_all(lines.as_bytes());
        }
        let (mut kept, mut room) = (Vec::new(), MOST / 2);
        for change in whole().iter().rev() {
            let line = change.line();
            let Some(left) = room.checked_sub(line.len() as u64) else { break };
            room = left;
            kept.push(line);
        }
        kept.reverse();
        let part = self.0.with_extension("part");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(kept.concat().as_bytes())?;
        fs::rename(&part, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(user: &str, password: &str) -> Change {
        let (user, password) = (user.as_bytes().to_vec(), password.as_bytes().to_vec());
        Change { node: "db-01".to_owned(), source: [192, 0, 2, 1].into(), what: What::Set, user, password }
    }

    #[test]
    fn changes_come_back_and_a_line_that_was_cut_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/logins");
        let (journal, found) = Journal::open(&path);
        assert!(found.is_empty());
        let all = [change("root", "a b\n"), Change { what: What::Accepted, ..change("x", "") }];
        journal.add(&all, Vec::new).unwrap();
        assert_eq!(Journal::open(&path).1, all);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.get(..text.len() - 1).unwrap()).unwrap();
        let (journal, found) = Journal::open(&path);
        assert_eq!(found, &all[..1]);
        journal.add(&all[1..], Vec::new).unwrap();
        assert_eq!(Journal::open(&path).1, all);
    }

    #[test]
    fn a_full_file_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logins");
        fs::write(&path, b"x\n".repeat(usize::try_from(MOST / 2).unwrap())).unwrap();
        let (journal, found) = Journal::open(&path);
        assert!(found.is_empty());
        journal.add(&[change("root", "new")], || vec![change("root", "old"), change("root", "new")]).unwrap();
        assert_eq!(Journal::open(&path).1.len(), 2);
    }
}
