//! What a share needs of the files behind it, wherever they are.

use super::status::Status;
use std::sync::Arc;

/// Attributes of a file.
pub(super) mod attribute {
    pub(in super::super) const READ_ONLY: u32 = 1;
    pub(in super::super) const HIDDEN: u32 = 2;
    pub(in super::super) const SYSTEM: u32 = 4;
    pub(in super::super) const DIRECTORY: u32 = 0x10;
    pub(in super::super) const ARCHIVE: u32 = 0x20;
    pub(in super::super) const NORMAL: u32 = 0x80;
}

/// What is known of a file or folder. Times are µs since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) directory: bool,
    pub(super) size: u64,
    pub(super) created: i64,
    pub(super) accessed: i64,
    pub(super) written: i64,
    pub(super) changed: i64,
    pub(super) attributes: u32,
    /// Number of it in its volume.
    pub(super) id: u64,
}

impl Meta {
    /// Bytes that it takes on the disk.
    pub(super) fn allocated(&self) -> u64 {
        if self.directory { 0 } else { self.size.next_multiple_of(4096) }
    }
}

/// Changes of what is known; none: as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) created: Option<i64>,
    pub(super) accessed: Option<i64>,
    pub(super) written: Option<i64>,
    pub(super) attributes: Option<u32>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Bytes(Arc<[u8]>),
    /// The bytes of a program that nobody has kept: they follow from a number.
    Made {
        size: u64,
        from: u64,
    },
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Made { size, .. } => *size,
        }
    }

    /// Up to `count` bytes from `offset` on.
    pub(super) fn read(&self, offset: u64, count: usize) -> Vec<u8> {
        let end = self.len().min(offset.saturating_add(count as u64));
        match self {
            Content::Bytes(bytes) => {
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                bytes.get(place(offset)..place(end)).unwrap_or_default().to_vec()
            }
            Content::Made { from, .. } => (offset..end).map(|at| made(*from, at)).collect(),
        }
    }
}

/// The byte at `at` of a made file: the head of a program of Windows, then noise.
fn made(from: u64, at: u64) -> u8 {
    const HEAD: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\
        \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\0\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\x01\x4c\
    \xcd\x21This \
        program cannot be run in DOS mode.\r\r\n$\0\0\0\0\0\0\0PE\0\0\x64\x86\x06\0";
    if let Some(byte) = usize::try_from(at).ok().and_then(|at| HEAD.get(at)) {
        return *byte;
    }
    // SplitMix64 of the place, eight bytes each.
    let mut mixed = from.wrapping_add((at / 8).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    let [byte, ..] = ((mixed ^ mixed >> 31) >> (8 * (at % 8))).to_le_bytes();
    byte
}

/// The files of a share, as one peer sees them. Paths are absolute, with `/` between names spelled as they are.
pub(super) trait Volume: Send {
    /// What `path` is.
    fn stat(&self, path: &str) -> Result<Meta, Status>;

    /// How the entry of `folder` is spelled that `name` is but for its case.
    fn find(&self, folder: &str, name: &str) -> Option<String>;

    /// The entries of a folder.
    fn list(&self, path: &str) -> Result<Vec<(String, Meta)>, Status>;

    /// What a file holds.
    fn read(&mut self, path: &str) -> Result<Content, Status>;

    /// Makes a file or replaces what it holds.
    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), Status>;

    /// Makes a folder.
    fn make_directory(&mut self, path: &str) -> Result<(), Status>;

    /// Removes a file or an empty folder.
    fn remove(&mut self, path: &str) -> Result<(), Status>;

    /// Calls `from` by the name `to`.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), Status>;

    /// Changes what is known of `path`.
    fn mark(&mut self, path: &str, marks: Marks) -> Result<(), Status>;

    /// Whether whoever looks may write into the folder.
    fn may_write(&self, path: &str) -> bool;

    /// Bytes that there are in all, and bytes that one peer may still write.
    fn room(&self) -> (u64, u64);
}

/// The path of `name` in `folder`.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder == "/" { format!("/{name}") } else { format!("{folder}/{name}") }
}

/// Folder and name of `path`.
pub(super) fn parted(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(parts) => parts,
        None => ("/", path),
    }
}

/// The name of DOS for `name`: the same where DOS has such names, its beginning and a number otherwise.
pub(super) fn short(name: &str) -> String {
    let (base, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let fits = |part: &str, most: usize| {
        part.len() <= most
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-$~!#&".contains(&byte))
    };
    if !base.is_empty() && fits(base, 8) && fits(extension, 3) {
        return name.to_owned();
    }
    let plain = |part: &str, most: usize| -> String {
        part.chars().filter(char::is_ascii_alphanumeric).take(most).collect::<String>().to_uppercase()
    };
    let (base, extension) = (plain(base, 6), plain(extension, 3));
    if extension.is_empty() { format!("{base}~1") } else { format!("{base}~1.{extension}") }
}

/// Longest name, and deepest path, that are looked for.
const LONGEST: usize = 255;
const DEEPEST: usize = 64;

/// Where the peer's `wanted` is below `root`, and whether it is there.
pub(super) fn resolve(volume: &dyn Volume, root: &str, wanted: &str) -> Result<(String, bool), Status> {
    let mut path = root.to_owned();
    let names: Vec<&str> = wanted.split(['\\', '/']).filter(|name| !name.is_empty()).collect();
    if DEEPEST < names.len() {
        return Err(Status::OBJECT_NAME_INVALID);
    }
    for (place, name) in names.iter().enumerate() {
        let bad = |letter: char| letter.is_control() || "<>\":|?*".contains(letter);
        if LONGEST < name.encode_utf16().count() || *name == "." || *name == ".." || name.contains(bad) {
            return Err(Status::OBJECT_NAME_INVALID);
        }
        match volume.find(&path, name) {
            Some(real) => path = join(&path, &real),
            None if place + 1 == names.len() => {
                let folder = volume.stat(&path).is_ok_and(|meta| meta.directory);
                let missing = Status::OBJECT_PATH_NOT_FOUND;
                return if folder { Ok((join(&path, name), false)) } else { Err(missing) };
            }
            None => return Err(Status::OBJECT_PATH_NOT_FOUND),
        }
    }
    let there = volume.stat(&path).is_ok();
    Ok((path, there))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_the_same_from_wherever_it_is_read() {
        let content = Content::Made { size: 1000, from: 7 };
        let whole = content.read(0, 5000);
        assert_eq!((whole.len(), whole.starts_with(b"MZ")), (1000, true));
        assert_eq!(content.read(333, 400), whole[333..733]);
        assert!(content.read(2000, 5).is_empty());
        assert_eq!(short("up.txt"), "up.txt");
        assert_eq!(short("Program Files"), "PROGRA~1");
        assert_eq!(short("inventory.html"), "INVENT~1.HTM");
        assert_eq!(parted("/a"), ("/", "a"));
        assert_eq!(parted("/a/b"), ("/a", "b"));
    }
}
