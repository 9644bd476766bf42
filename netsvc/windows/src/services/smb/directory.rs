//! QUERY_DIRECTORY ([MS-SMB2] §3.3.5.18; classes: [MS-FSCC] §2.4).

use super::{
    file::shown,
    message::{Reply, Request},
    open::{Folder, Open, What, times},
    status::Status,
    tree::Tree,
    volume::{Meta, Volume, parted},
    wire::{Put, count, text, utf16},
};
use netsvc_kit::Out;
use netsvc_wire::{Kind as Event, field};

/// Most bytes of an answer.
const LONGEST: usize = 1 << 20;
/// Most entries of a folder that are listed.
const ENTRIES: usize = 20_000;
/// Flags of a request.
const RESTART: u8 = 1;
const SINGLE: u8 = 2;
const REOPEN: u8 = 0x10;

/// How entries are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Directory = 1,
    Full = 2,
    Both = 3,
    Names = 12,
    IdBoth = 37,
    IdFull = 38,
}

impl Class {
    fn of(number: u8) -> Option<Class> {
        use Class as C;
        let all = [C::Directory, C::Full, C::Both, C::Names, C::IdBoth, C::IdFull];
        all.into_iter().find(|class| *class as u8 == number)
    }

    /// An entry; where its length and that of the next stand is the caller's.
    fn entry(self, name: &str, meta: &Meta) -> Vec<u8> {
        let name = utf16(name);
        let mut out = Vec::new();
        out.u32(0).u32(0);
        if self != Class::Names {
            times(&mut out, meta);
            out.u64(meta.size).u64(meta.allocated()).u32(meta.attributes);
        }
        out.u32(count(name.len()));
        if !matches!(self, Class::Names | Class::Directory) {
            // No attribute beyond these.
            out.u32(0);
        }
        match self {
            Class::Both => out.bytes(&[0; 26]),
            Class::IdBoth => out.bytes(&[0; 28]).u64(meta.id),
            Class::IdFull => out.u32(0).u64(meta.id),
            _ => &mut out,
        };
        out.bytes(&name);
        out
    }
}

/// Answers a request for entries.
pub(super) fn query(
    tree: &mut Tree,
    open: &mut Open,
    request: &Request<'_>,
    most: usize,
    out: &mut Out,
) -> Result<Reply, Status> {
    let bad = Status::INVALID_PARAMETER;
    let mut reader = request.body();
    reader.skip(2).ok_or(bad)?;
    let class = Class::of(reader.u8().ok_or(bad)?).ok_or(Status::INVALID_INFO_CLASS)?;
    let flags = reader.u8().ok_or(bad)?;
    reader.skip(20).ok_or(bad)?;
    let (place, length) = (reader.u16().ok_or(bad)?, reader.u16().ok_or(bad)?);
    let room = usize::try_from(reader.u32().ok_or(bad)?).map_err(|_| bad)?.min(most).min(LONGEST);
    let pattern = text(request.piece(place.into(), length.into()).ok_or(bad)?);
    let path = open.path.clone();
    let What::Folder(folder) = &mut open.what else { return Err(bad) };
    let first = folder.entries.is_none() || flags & (RESTART | REOPEN) != 0;
    if first {
        let shown = format!("{}\\{pattern}", shown(tree, &path).trim_end_matches('\\'));
        out.record(
            Event::Command,
            vec![(field::COMMAND, format!("LIST {shown}").into_bytes()), (field::PATH, shown.into_bytes())],
        );
        let volume = tree.volume.as_deref().ok_or(Status::INVALID_DEVICE_REQUEST)?;
        begin(folder, volume, &path, &tree.share.root, &pattern)?;
    }
    let body = told(folder, class, room, flags & SINGLE != 0, first)?;
    Ok(Reply::new(body))
}

/// Looks what there is.
fn begin(
    folder: &mut Folder,
    volume: &dyn Volume,
    path: &str,
    root: &str,
    pattern: &str,
) -> Result<(), Status> {
    let own = volume.stat(path)?;
    let above = if path == root { own.clone() } else { volume.stat(parted(path).0).unwrap_or_default() };
    let pattern = if pattern == "*.*" || pattern.is_empty() { "*" } else { pattern };
    let dots = [(".".to_owned(), own), ("..".to_owned(), Meta { directory: true, ..above })];
    let mut entries: Vec<(String, Meta)> = Vec::new();
    // The root of a drive has nothing above it, not even itself.
    for (name, meta) in dots.into_iter().filter(|_| path != "/").chain(volume.list(path)?) {
        if entries.len() < ENTRIES && matches(pattern, &name) {
            entries.push((name, meta));
        }
    }
    let bytes = entries.iter().map(|(name, _)| size_of::<(String, Meta)>() + name.len()).sum();
    folder.charge.set(bytes);
    folder.entries = Some(entries);
    folder.at = 0;
    Ok(())
}

fn told(
    folder: &mut Folder,
    class: Class,
    room: usize,
    single: bool,
    first: bool,
) -> Result<Vec<u8>, Status> {
    let entries = folder.entries.as_deref().unwrap_or_default();
    let mut list: Vec<u8> = Vec::new();
    let mut last = 0;
    let begun = folder.at;
    for (name, meta) in entries.iter().skip(begun) {
        let entry = class.entry(name, meta);
        let start = list.len().next_multiple_of(8);
        if room < start + entry.len() {
            break;
        }
        if !list.is_empty() {
            let next = count(start - last).to_le_bytes();
            list.patch(last, &next);
            list.pad(8);
        }
        last = start;
        list.bytes(&entry);
        folder.at += 1;
        if single {
            break;
        }
    }
    if list.is_empty() {
        return Err(match (begun < entries.len(), first) {
            (true, _) => Status::INFO_LENGTH_MISMATCH,
            (false, true) => Status::NO_SUCH_FILE,
            (false, false) => Status::NO_MORE_FILES,
        });
    }
    let mut body = Vec::with_capacity(8 + list.len());
    body.u16(9).u16(72).u32(count(list.len())).bytes(&list);
    Ok(body)
}

/// Whether `name` fits `pattern`, whatever the case. `<`, `>` and `"` are what DOS made of `*`, `?` and `.`.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut at, mut place) = (0, 0);
    // Where the last star stood, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = name.get(place) {
        match pattern.get(at) {
            Some('*' | '<') => {
                star = Some((at, place));
                at += 1;
            }
            Some('?' | '>') => (at, place) = (at + 1, place + 1),
            Some('"') if *letter == '.' => (at, place) = (at + 1, place + 1),
            Some(wanted) if wanted == letter => (at, place) = (at + 1, place + 1),
            _ => match &mut star {
                Some((from, taken)) => {
                    *taken += 1;
                    (at, place) = (*from + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|rest| matches!(rest, '*' | '<' | '>' | '"'))
}

#[cfg(test)]
mod tests {
    use super::{super::volume::attribute, *};

    #[test]
    fn names_fit_patterns_whatever_their_case() {
        for (pattern, name, fits) in [
            ("*", "anything.txt", true),
            ("*.TXT", "a.b.txt", true),
            ("a?c*", "ABCdef", true),
            ("a?c", "abcd", false),
            ("report.doc", "Report.DOC", true),
            ("<.bak", "x.bak", true),
            ("web\"config", "web.config", true),
            ("*a*b*c*d", "aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbcccccccccccc", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn entries_come_in_pieces_that_fit() {
        let meta = Meta { directory: true, attributes: attribute::DIRECTORY, ..Meta::default() };
        let entries = (0..9).map(|number| (format!("name{number}"), meta.clone())).collect();
        let mut folder = Folder { entries: Some(entries), ..Folder::default() };
        let mut pieces = 0;
        while told(&mut folder, Class::IdBoth, 400, false, false).is_ok() {
            pieces += 1;
        }
        assert_eq!(pieces, 3);
        assert_eq!(told(&mut folder, Class::IdBoth, 400, false, false), Err(Status::NO_MORE_FILES));
        folder.at = 0;
        assert_eq!(told(&mut folder, Class::Both, 10, false, true), Err(Status::INFO_LENGTH_MISMATCH));
    }
}
