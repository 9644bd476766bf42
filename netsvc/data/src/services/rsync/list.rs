//! Lists of files: how they are ordered, and how they look on the wire (`flist.c`).

use super::{
    digest::Sum,
    options::Options,
    wire::{Reader, varint, varlong},
};
use netsvc_shell::fs::Kind;
use std::{cmp::Ordering, collections::BTreeMap};

/// Longest path that is taken.
const LONGEST: usize = 4096;

const TOP: u32 = 1;
const SAME_MODE: u32 = 1 << 1;
const EXTENDED: u32 = 1 << 2;
const SAME_UID: u32 = 1 << 3;
const SAME_GID: u32 = 1 << 4;
const SAME_NAME: u32 = 1 << 5;
const LONG_NAME: u32 = 1 << 6;
const SAME_TIME: u32 = 1 << 7;
/// Of devices; of folders: nothing in it is sent.
const SAME_MAJOR: u32 = 1 << 8;
const HARD_LINK: u32 = 1 << 9;
const USER_NAME: u32 = 1 << 10;
const GROUP_NAME: u32 = 1 << 11;
const FIRST_LINK: u32 = 1 << 12;
const NANOSECONDS: u32 = 1 << 13;
const SAME_ACCESS: u32 = 1 << 14;
const SAME_BIRTH: u32 = 1 << 17;

/// A file as one side tells the other of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Path below the place that is copied.
    pub(super) path: Vec<u8>,
    /// Type and permissions as `st_mode` has them.
    pub(super) mode: u32,
    /// Bytes.
    pub(super) size: u64,
    /// Last change, µs since the epoch.
    pub(super) modified: i64,
    /// Number of the owner.
    pub(super) uid: u32,
    /// Number of the group.
    pub(super) gid: u32,
    /// Where a symbolic link leads.
    pub(super) target: Vec<u8>,
    /// Checksum of the content, where it was asked for.
    pub(super) sum: Vec<u8>,
    /// Whether it is a folder that was asked for by name.
    pub(super) top: bool,
}

impl Entry {
    /// A folder without a name.
    pub(super) fn folder() -> Entry {
        let (path, target, sum) = (Vec::new(), Vec::new(), Vec::new());
        let mode = Kind::Directory.bits() | 0o755;
        Entry { path, mode, size: 0, modified: 0, uid: 0, gid: 0, target, sum, top: false }
    }

    /// What it is; `None` for devices and the like.
    pub(super) fn kind(&self) -> Option<Kind> {
        [Kind::File, Kind::Directory, Kind::Symlink]
            .into_iter()
            .find(|kind| kind.bits() == self.mode & 0o170_000)
    }

    fn is_folder(&self) -> bool {
        self.kind() == Some(Kind::Directory)
    }

    /// The order in which both sides count files: in each folder its files come before its folders.
    pub(super) fn order(&self, other: &Entry) -> Ordering {
        let dot = |entry: &Entry| entry.path == b".";
        if dot(self) || dot(other) {
            return dot(other).cmp(&dot(self));
        }
        let mut own = self.path.split(|byte| *byte == b'/').peekable();
        let mut its = other.path.split(|byte| *byte == b'/').peekable();
        loop {
            let (Some(left), Some(right)) = (own.next(), its.next()) else {
                return self.path.len().cmp(&other.path.len());
            };
            let folder = |more: bool, entry: &Entry| more || entry.is_folder();
            let (left_folder, right_folder) =
                (folder(own.peek().is_some(), self), folder(its.peek().is_some(), other));
            if left_folder != right_folder {
                return left_folder.cmp(&right_folder);
            }
            let end: &[u8] = if left_folder { b"/" } else { b"" };
            let order = left.iter().chain(end).cmp(right.iter().chain(end));
            if order != Ordering::Equal {
                return order;
            }
        }
    }
}

/// How a list is written, as both sides have agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Whether flags are numbers of any length.
    pub(super) long_flags: bool,
    /// Protocol.
    pub(super) protocol: u32,
    /// Whether owners are told.
    pub(super) owners: bool,
    /// Whether groups are told.
    pub(super) groups: bool,
    /// Whether targets of links are told.
    pub(super) links: bool,
    /// Whether devices are told.
    pub(super) devices: bool,
    /// Whether files with several names are.
    pub(super) hard_links: bool,
    /// Whether the time of the last access is.
    pub(super) accessed: bool,
    /// Whether the time of the making is.
    pub(super) born: bool,
    /// Checksums of the files, where they are told.
    pub(super) sums: Option<Sum>,
}

impl Form {
    /// The form that `options` ask for.
    pub(super) fn of(options: &Options, protocol: u32, long_flags: bool, sum: Sum) -> Form {
        Form {
            long_flags,
            protocol,
            owners: options.has('o'),
            groups: options.has('g'),
            links: options.has('l'),
            devices: options.has('D'),
            hard_links: options.has('H'),
            accessed: options.has('U'),
            born: options.has('N'),
            sums: options.has('c').then_some(sum),
        }
    }

    /// `entries` on the wire, without what follows the list.
    pub(super) fn write<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> Vec<u8> {
        let mut out = Vec::new();
        entries.for_each(|entry| self.write_one(entry, &mut out));
        // The end, and that there was no error.
        out.extend(if self.long_flags { &[0, 0][..] } else { &[0] });
        out
    }

    fn write_one(&self, entry: &Entry, out: &mut Vec<u8>) {
        let mut flags = if entry.top { TOP } else { 0 };
        let part = entry.modified.rem_euclid(1_000_000);
        if part != 0 && 31 <= self.protocol {
            flags |= NANOSECONDS;
        }
        if 255 < entry.path.len() {
            flags |= LONG_NAME;
        }
        if self.born && self.long_flags {
            // It was made when it was changed.
            flags |= SAME_BIRTH;
        }
        if self.long_flags {
            out.extend(varint(if flags == 0 { EXTENDED } else { flags }));
        } else {
            if flags == 0 && !entry.is_folder() {
                flags |= TOP;
            }
            if flags & 0xff00 != 0 || flags == 0 {
                out.extend(((flags | EXTENDED) as u16).to_le_bytes());
            } else {
                out.push(flags as u8);
            }
        }
        match u8::try_from(entry.path.len()) {
            Ok(length) => out.push(length),
            Err(_) => out.extend(varint(u32::try_from(entry.path.len()).unwrap_or_default())),
        }
        out.extend_from_slice(&entry.path);
        out.extend(varlong(entry.size, 3));
        let second = varlong(u64::try_from(entry.modified.div_euclid(1_000_000)).unwrap_or_default(), 4);
        out.extend_from_slice(&second);
        if flags & NANOSECONDS != 0 {
            out.extend(varint(u32::try_from(part * 1000).unwrap_or_default()));
        }
        if self.born && !self.long_flags {
            out.extend_from_slice(&second);
        }
        out.extend(entry.mode.to_le_bytes());
        if self.accessed && !entry.is_folder() {
            out.extend_from_slice(&second);
        }
        for (_, number) in
            [(self.owners, entry.uid), (self.groups, entry.gid)].iter().filter(|(told, _)| *told)
        {
            out.extend(varint(*number));
        }
        if self.links && entry.kind() == Some(Kind::Symlink) {
            out.extend(varint(u32::try_from(entry.target.len()).unwrap_or_default()));
            out.extend_from_slice(&entry.target);
        }
        if self.sums.is_some() && entry.kind() == Some(Kind::File) {
            out.extend_from_slice(&entry.sum);
        }
    }
}

/// A list on its way in.
#[derive(Debug)]
pub(super) struct Reading {
    form: Form,
    last: Entry,
    /// What was read of it so far.
    pub(super) entries: Vec<Entry>,
    /// Bytes of the names and targets in it.
    pub(super) bytes: usize,
}

/// What one step of reading a list found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Another file.
    Entry,
    /// Its end.
    End,
    /// What can be in no list.
    Nonsense,
}

impl Reading {
    /// A list that is written in `form`.
    pub(super) fn new(form: Form) -> Self {
        Reading { form, last: Entry { mode: 0, ..Entry::folder() }, entries: Vec::new(), bytes: 0 }
    }

    /// Reads one entry; `None`: it is not there as a whole.
    pub(super) fn next(&mut self, reader: &mut Reader<'_>) -> Option<Found> {
        let flags = if self.form.long_flags {
            reader.varint()?
        } else {
            let low = u32::from(reader.byte()?);
            if low & EXTENDED == 0 { low } else { low | u32::from(reader.byte()?) << 8 }
        };
        if flags == 0 {
            if self.form.long_flags {
                reader.varint()?;
            }
            return Some(Found::End);
        }
        if !self.form.long_flags && flags == EXTENDED | FIRST_LINK {
            reader.varint()?;
            return Some(Found::End);
        }
        let same = if flags & SAME_NAME == 0 { 0 } else { usize::from(reader.byte()?) };
        let more = if flags & LONG_NAME == 0 {
            usize::from(reader.byte()?)
        } else {
            usize::try_from(reader.varint()?).unwrap_or(usize::MAX)
        };
        if LONGEST < same.saturating_add(more) || self.last.path.len() < same {
            return Some(Found::Nonsense);
        }
        let name = reader.take(more)?;
        if self.form.hard_links && flags & HARD_LINK != 0 && flags & FIRST_LINK == 0 {
            return self.another_name(flags, reader, same, name);
        }
        let mut entry = self.attributes(flags, reader)?;
        entry.path = self.last.path.iter().take(same).chain(name).copied().collect();
        if let (Some(sum), Some(Kind::File)) = (self.form.sums, entry.kind()) {
            entry.sum = reader.take(sum.length())?.to_vec();
        }
        if self.form.links && entry.kind() == Some(Kind::Symlink) && LONGEST < entry.target.len() {
            return Some(Found::Nonsense);
        }
        Some(self.take(entry))
    }

    fn take(&mut self, entry: Entry) -> Found {
        self.last = Entry { target: Vec::new(), sum: Vec::new(), ..entry.clone() };
        self.bytes += entry.path.len() + entry.target.len();
        self.entries.push(entry);
        Found::Entry
    }

    /// One more name of a file that stands in the list already.
    fn another_name(
        &mut self,
        flags: u32,
        reader: &mut Reader<'_>,
        same: usize,
        name: &[u8],
    ) -> Option<Found> {
        let first = usize::try_from(reader.varint()?).unwrap_or(usize::MAX);
        // Its attributes are those of the first one, unless that stands in no list that is here.
        let Some(known) = self.entries.get(first).cloned() else { return Some(Found::Nonsense) };
        let path = self.last.path.iter().take(same).chain(name).copied().collect();
        let entry = Entry { path, top: flags & TOP != 0, ..known };
        Some(self.take(entry))
    }

    fn attributes(&self, flags: u32, reader: &mut Reader<'_>) -> Option<Entry> {
        let (form, last) = (self.form, &self.last);
        let has = |flag: u32| flags & flag != 0;
        let size = reader.varlong(3)?;
        let seconds = if has(SAME_TIME) {
            last.modified.div_euclid(1_000_000)
        } else {
            i64::try_from(reader.varlong(4)? & 0xff_ffff_ffff).unwrap_or_default()
        };
        let part = if has(NANOSECONDS) { i64::from(reader.varint()?.min(999_999_999) / 1000) } else { 0 };
        if form.born && !has(SAME_BIRTH) {
            reader.varlong(4)?;
        }
        let mode = if has(SAME_MODE) { last.mode } else { u32::from_le_bytes(reader.int()?.to_le_bytes()) };
        let (uid, gid, modified) = (last.uid, last.gid, seconds * 1_000_000 + part);
        let mut entry = Entry { mode, size, modified, uid, gid, ..Entry::folder() };
        entry.top = has(TOP);
        if form.accessed && !entry.is_folder() && !has(SAME_ACCESS) {
            reader.varlong(4)?;
        }
        if form.owners && !has(SAME_UID) {
            entry.uid = named(reader, has(USER_NAME))?;
        }
        if form.groups && !has(SAME_GID) {
            entry.gid = named(reader, has(GROUP_NAME))?;
        }
        let kind = entry.mode & 0o170_000;
        let device = [Kind::Character, Kind::Block].iter().any(|device| device.bits() == kind);
        let special = [Kind::Fifo, Kind::Socket].iter().any(|special| special.bits() == kind);
        if form.devices && (device || special && form.protocol < 31) {
            if !has(SAME_MAJOR) {
                reader.varint()?;
            }
            reader.varint()?;
        }
        if form.links && entry.kind() == Some(Kind::Symlink) {
            let length = usize::try_from(reader.varint()?).unwrap_or(usize::MAX);
            // One byte too many says that it is too long.
            entry.target = match length {
                0..=LONGEST => reader.take(length)?.to_vec(),
                _ => vec![0; LONGEST + 1],
            };
        }
        Some(entry)
    }
}

/// A number, and a name if one follows.
fn named(reader: &mut Reader<'_>, follows: bool) -> Option<u32> {
    let number = reader.varint()?;
    if follows {
        let length = usize::from(reader.byte()?);
        reader.take(length)?;
    }
    Some(number)
}

/// The names of `numbers` on the wire.
pub(super) fn names(
    numbers: impl Iterator<Item = u32>,
    known: &BTreeMap<u32, String>,
    zero: bool,
) -> Vec<u8> {
    let mut out = Vec::new();
    let told: std::collections::BTreeSet<u32> = numbers.filter(|number| *number != 0).collect();
    for (number, name) in told.iter().filter_map(|number| Some((number, known.get(number)?))) {
        out.extend(varint(*number));
        write_name(name, &mut out);
    }
    out.push(0);
    if zero {
        write_name(known.get(&0).map_or("root", String::as_str), &mut out);
    }
    out
}

fn write_name(name: &str, out: &mut Vec<u8>) {
    let length = u8::try_from(name.len()).unwrap_or(255);
    out.push(length);
    out.extend(name.bytes().take(usize::from(length)));
}

/// Reads past a name, and whether it was the last one; `None`: it is not there as a whole.
pub(super) fn skip_name(reader: &mut Reader<'_>, zero: bool) -> Option<bool> {
    let number = reader.varint()?;
    if number != 0 || zero {
        let length = usize::from(reader.byte()?);
        reader.take(length)?;
    }
    Some(number == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(path: &str, kind: Kind) -> Entry {
        let target = if kind == Kind::Symlink { b"a.txt".to_vec() } else { Vec::new() };
        Entry {
            path: path.as_bytes().to_vec(),
            mode: kind.bits() | 0o644,
            size: 6,
            modified: 1_795_238_403_000_123,
            uid: 1000,
            gid: 0,
            target,
            sum: Vec::new(),
            top: path == ".",
        }
    }

    fn forms() -> impl Iterator<Item = Form> {
        [true, false].into_iter().map(|long_flags| Form {
            long_flags,
            protocol: 31,
            owners: true,
            groups: true,
            links: true,
            devices: true,
            hard_links: false,
            accessed: false,
            born: false,
            sums: None,
        })
    }

    #[test]
    fn files_stand_before_folders_in_each_folder() {
        let mut list = [
            entry("sub/b", Kind::File),
            entry("sub", Kind::Directory),
            entry("z", Kind::File),
            entry("sub-a", Kind::Directory),
            entry("sub/deep/x", Kind::File),
            entry("sub/deep", Kind::Directory),
            entry(".", Kind::Directory),
            entry("a", Kind::File),
        ];
        list.sort_by(Entry::order);
        let names: Vec<_> =
            list.iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect();
        assert_eq!(names, [".", "a", "z", "sub-a", "sub", "sub/b", "sub/deep", "sub/deep/x"]);
        // What has the name of a folder and is none does not stand with it.
        let (file, folder) = (entry("sub", Kind::File), entry("sub", Kind::Directory));
        assert_eq!((file.order(&folder), folder.order(&file)), (Ordering::Less, Ordering::Greater));
    }

    #[test]
    fn a_list_comes_back() {
        let long = "n".repeat(300);
        let list = [
            entry(".", Kind::Directory),
            entry("a.txt", Kind::File),
            entry("lnk", Kind::Symlink),
            entry(&long, Kind::File),
        ];
        for form in forms() {
            let bytes = form.write(list.iter());
            let (mut reader, mut reading) = (Reader::new(&bytes), Reading::new(form));
            while reading.next(&mut reader) == Some(Found::Entry) {}
            let top = |entry: &Entry| Entry { top: false, ..entry.clone() };
            let (read, sent): (Vec<_>, Vec<_>) =
                (reading.entries.iter().map(top).collect(), list.iter().map(top).collect());
            assert_eq!((read, reader.read()), (sent, bytes.len()));
        }
    }

    #[test]
    fn names_follow_a_list() {
        let known = BTreeMap::from([(0, "root".to_owned()), (33, "www-data".to_owned())]);
        for zero in [true, false] {
            let bytes = names([0, 33, 7].into_iter(), &known, zero);
            let mut reader = Reader::new(&bytes);
            while skip_name(&mut reader, zero) == Some(false) {}
            assert_eq!(reader.read(), bytes.len());
        }
    }

    proptest! {
        #[test]
        fn any_list_is_read(bytes: Vec<u8>) {
            for form in forms() {
                let (mut reader, mut reading) = (Reader::new(&bytes), Reading::new(form));
                while reading.next(&mut reader) == Some(Found::Entry) {}
                prop_assert!(reading.entries.len() <= bytes.len());
            }
        }
    }
}
