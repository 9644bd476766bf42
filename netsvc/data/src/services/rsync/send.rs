//! The daemon as the side that sends (`flist.c`, `sender.c`): its list, then the files that are asked for.

use super::{
    config::Module,
    deflate::{self, RUN},
    digest::Sum,
    files::Files,
    item::{Item, TRANSFER},
    list::{self, Entry, Form},
    options::Options,
    step::Step,
    wire::{DELETED, DONE, Indexes, Reader, Tag, framed, message, varint, varlong},
};
use netsvc_kit::{Charge, Gathered, Out};
use netsvc_shell::{fs::Kind, text};
use netsvc_wire::{Kind as Event, field};
use std::sync::Arc;

/// Most entries of a list.
const MOST: usize = 10_000;
/// Longest filter rule (`MAXPATHLEN` and its prefix).
const RULE: i32 = 4200;
/// Most blocks that an old file may have, and the most bytes of a block's checksum.
const BLOCKS: i32 = 1 << 22;
const STRONG: i32 = 16;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Filters,
    Items,
}

/// A file on its way.
#[derive(Debug)]
enum Going {
    Clear(Arc<Vec<u8>>, usize),
    Compressed(Vec<u8>, usize, Vec<u8>, Charge),
}

/// A list that is sent, and its files.
#[derive(Debug)]
pub(super) struct Sending {
    module: Module,
    options: Options,
    form: Form,
    sum: Sum,
    compresses: bool,
    zero: bool,
    stage: Stage,
    /// What is sent, each with the number of the folder below which its path leads to its place.
    entries: Vec<(Entry, usize)>,
    folders: Vec<String>,
    charge: Option<Charge>,
    reads: Indexes,
    writes: Indexes,
    /// How many phases are over.
    phase: u32,
    /// Bytes that are still to be thrown away: checksums of blocks that the peer has, and rules.
    skip: usize,
    going: Option<Going>,
    /// Bytes read and written.
    counted: (u64, u64),
}

impl Sending {
    pub(super) fn new(
        module: Module,
        options: Options,
        form: Form,
        (sum, compresses, zero): (Sum, bool, bool),
    ) -> Self {
        Sending {
            module,
            options,
            form,
            sum,
            compresses,
            zero,
            stage: Stage::Filters,
            entries: Vec::new(),
            folders: Vec::new(),
            charge: None,
            reads: Indexes::default(),
            writes: Indexes::default(),
            phase: 0,
            skip: 0,
            going: None,
            counted: (0, 0),
        }
    }

    fn send(&mut self, data: &[u8], out: &mut Out) {
        let framed = framed(data);
        self.counted.1 += framed.len() as u64;
        out.send(framed);
    }

    pub(super) fn advance(&mut self, stream: &mut Gathered, files: &mut Files, out: &mut Out) -> Step {
        if let Some(going) = self.going.take() {
            self.go_on(going, out);
            return Step::Done;
        }
        if 0 < self.skip {
            let skipped = self.skip.min(stream.len());
            stream.skip(skipped);
            self.skip -= skipped;
            return if skipped == 0 { Step::Wait } else { Step::Done };
        }
        let mut reader = Reader::new(stream.bytes());
        match self.stage {
            Stage::Filters => {
                let Some(length) = reader.int() else { return Step::Wait };
                stream.skip(4);
                match length {
                    0 => self.list(files, out),
                    1..=RULE => {
                        self.skip = usize::try_from(length).unwrap_or_default();
                        Step::Done
                    }
                    _ => Step::Failed(format!("overflow: xflags=0x0 l1=0 l2={length} lastname= [sender]\n")),
                }
            }
            Stage::Items => {
                let before = stream.len();
                let step = self.item(stream, files, out);
                self.counted.0 += (before - stream.len()) as u64;
                step
            }
        }
    }

    /// Sends the list.
    fn list(&mut self, files: &mut Files, out: &mut Out) -> Step {
        for path in self.options.paths.clone() {
            self.gather(&path, files, out);
        }
        let links = self.options.has('l');
        self.entries.retain(|(entry, _)| links || entry.kind() != Some(Kind::Symlink));
        self.entries.sort_by(|(left, _), (right, _)| left.order(right));
        self.entries.dedup_by(|(left, _), (right, _)| left.path == right.path);
        self.charge = Some(Charge::current(self.entries.len() * 2 * size_of::<Entry>()));
        if self.form.sums.is_some() {
            self.sums(files);
        }
        let all = || self.entries.iter().map(|(entry, _)| entry);
        let mut data = self.form.write(all());
        let (users, groups) = files.names();
        if self.form.owners && !self.options.numeric {
            data.extend(list::names(all().map(|entry| entry.uid), users, self.zero));
        }
        if self.form.groups && !self.options.numeric {
            data.extend(list::names(all().map(|entry| entry.gid), groups, self.zero));
        }
        self.send(&data, out);
        self.stage = Stage::Items;
        if self.entries.is_empty() { Step::Over } else { Step::Done }
    }

    /// Checksums of all files, which the peer compares with its own.
    fn sums(&mut self, files: &mut Files) {
        for index in 0..self.entries.len() {
            let place = self.place(index);
            let Some((entry, _)) = self.entries.get_mut(index) else { continue };
            if entry.kind() == Some(Kind::File) {
                let content = files.read(&self.module.path, &place).unwrap_or_default();
                entry.sum = self.sum.of(&content);
            }
        }
    }

    /// Adds what a path of the client stands for.
    fn gather(&mut self, path: &[u8], files: &Files, out: &mut Out) {
        let name = self.module.name.as_bytes();
        let below =
            path.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(b"/")).unwrap_or(path);
        let root = self.module.path.clone();
        let place = Files::place(&root, below);
        let is_content = below.is_empty() || below.ends_with(b"/") || below.ends_with(b"/.");
        let (folder, last) = place.rsplit_once('/').unwrap_or(("", &place));
        if last.contains(['*', '?']) && !is_content {
            let fits = |name: &String| fits(last.as_bytes(), name.as_bytes());
            let names = files.folder(if folder.is_empty() { "/" } else { folder });
            let found: Vec<String> = names.into_iter().filter(fits).collect();
            let any = !found.is_empty();
            for name in found {
                self.add(&format!("{folder}/{name}"), false, files, out);
            }
            if any {
                return;
            }
        }
        self.add(&place, is_content, files, out);
    }

    /// Adds what stands at `place`, or what is in it.
    fn add(&mut self, place: &str, is_content: bool, files: &Files, out: &mut Out) {
        let root = self.module.path.clone();
        let inside = place.strip_prefix(root.trim_end_matches('/')).unwrap_or(place);
        let name = if is_content { "." } else { inside.rsplit('/').next().unwrap_or(inside) };
        let name = text::encode(if name.is_empty() { "." } else { name });
        let entry = match files.entry(&root, place, name.clone()) {
            Ok(Some(entry)) => entry,
            Ok(None) => return,
            Err(error) => {
                let module = &self.module.name;
                let shown = if inside.is_empty() { "/" } else { inside };
                let text = format!(
                    "rsync: [sender] link_stat \"{shown}\" (in {module}) failed: {error} ({})\n",
                    error.code()
                );
                return out.send(message(Tag::Failed, &text::encode(&text)));
            }
        };
        if entry.kind() != Some(Kind::Directory) {
            return self.put(vec![entry], place, &name);
        }
        let (deep, shallow) = (self.options.has('r'), self.options.has('d'));
        if !deep && !shallow {
            let text = [b"skipping directory ".as_slice(), &name, b"\n"].concat();
            return out.send(message(Tag::Info, &text));
        }
        let mut list = vec![Entry { top: true, ..entry }];
        if deep || is_content {
            files.below(&root, place, &name, deep, &mut list, MOST.saturating_sub(self.entries.len()));
        }
        self.put(list, place, &name);
    }

    /// Takes entries whose paths begin with `name`, which stands for `place`.
    fn put(&mut self, list: Vec<Entry>, place: &str, name: &[u8]) {
        let room = MOST.saturating_sub(self.entries.len());
        let number = self.folders.len();
        self.entries.extend(list.into_iter().take(room).map(|entry| (entry, number)));
        let folder =
            if name == b"." { place } else { place.rsplit_once('/').map_or("", |(folder, _)| folder) };
        self.folders.push(folder.to_owned());
    }

    /// The place of an entry.
    fn place(&self, index: usize) -> String {
        let Some((entry, folder)) = self.entries.get(index) else { return String::new() };
        Files::place(self.folders.get(*folder).map_or("", String::as_str), &entry.path)
    }

    fn item(&mut self, stream: &mut Gathered, files: &mut Files, out: &mut Out) -> Step {
        let mut reader = Reader::new(stream.bytes());
        let mut reads = self.reads;
        let Some(index) = reads.read(&mut reader) else { return Step::Wait };
        if index == DONE {
            self.reads = reads;
            stream.skip(reader.read());
            return self.done(out);
        }
        if index == DELETED {
            let numbers: Option<Vec<u32>> = (0..5).map(|_| reader.varint()).collect();
            let Some(numbers) = numbers else { return Step::Wait };
            self.reads = reads;
            stream.skip(reader.read());
            let counts = numbers.into_iter().flat_map(varint);
            let data: Vec<u8> = self.writes.write(DELETED).into_iter().chain(counts).collect();
            self.send(&data, out);
            return Step::Done;
        }
        let known = usize::try_from(index).ok().filter(|index| *index < self.entries.len());
        let Some(known) = known else {
            let last = self.entries.len().saturating_sub(1);
            return Step::Failed(format!("Invalid file index: {index} (0 - {last}) [sender]\n"));
        };
        let dry = self.options.has('n');
        let Some(item) = Item::read(&mut reader, dry) else { return Step::Wait };
        self.reads = reads;
        stream.skip(reader.read());
        let mut data = self.writes.write(index);
        data.extend(item.written());
        if item.flags & TRANSFER == 0 || dry {
            self.send(&data, out);
            return Step::Done;
        }
        let [count, _, strong, _] = item.head;
        if !(0..=BLOCKS).contains(&count) || !(0..=STRONG).contains(&strong) {
            return Step::Failed(format!("Invalid checksum count {count} [sender]\n"));
        }
        self.skip = usize::try_from(i64::from(count) * i64::from(strong + 4)).unwrap_or_default();
        self.open(known, data, files, out);
        Step::Done
    }

    /// Begins to send a file behind `head`.
    fn open(&mut self, index: usize, head: Vec<u8>, files: &mut Files, out: &mut Out) {
        let place = self.place(index);
        let content = match files.read(&self.module.path, &place) {
            Ok(content) => content,
            Err(error) => {
                let inside = place.strip_prefix(&self.module.path).unwrap_or(&place);
                let module = &self.module.name;
                let text = format!(
                    "rsync: [sender] send_files failed to open \"{inside}\" (in {module}): {error} ({})\n",
                    error.code()
                );
                out.send(message(Tag::Failed, &text::encode(&text)));
                // The index is not told as one of a file that comes.
                let number = i32::try_from(index).unwrap_or_default();
                return out.send(message(Tag::Missing, &number.to_le_bytes()));
            }
        };
        out.record(Event::FileRead, vec![(field::PATH, text::encode(&place))]);
        self.send(&head, out);
        self.going = Some(if self.compresses {
            let (tokens, sum) = (deflate::compressed(&content), self.sum.of(&content));
            let charge = Charge::current(tokens.len());
            Going::Compressed(tokens, 0, sum, charge)
        } else {
            Going::Clear(content, 0)
        });
    }

    fn go_on(&mut self, going: Going, out: &mut Out) {
        match going {
            Going::Clear(content, at) => {
                let piece = content.get(at..content.len().min(at + RUN)).unwrap_or_default();
                let length = i32::try_from(piece.len()).unwrap_or_default();
                let mut data = [&length.to_le_bytes(), piece].concat();
                if piece.is_empty() {
                    data.extend(self.sum.of(&content));
                } else {
                    self.going = Some(Going::Clear(content.clone(), at + piece.len()));
                }
                self.send(&data, out);
            }
            Going::Compressed(tokens, at, sum, charge) => {
                let piece = tokens.get(at..tokens.len().min(at + RUN)).unwrap_or_default().to_vec();
                if piece.is_empty() {
                    return self.send(&sum, out);
                }
                self.going = Some(Going::Compressed(tokens, at + piece.len(), sum, charge));
                self.send(&piece, out);
            }
        }
    }

    /// The peer wants nothing more in this phase. The third one is the last; then come numbers, and good-byes.
    fn done(&mut self, out: &mut Out) -> Step {
        self.phase += 1;
        let mut data = self.writes.write(DONE);
        if self.phase == 3 {
            let size: u64 = self
                .entries
                .iter()
                .filter(|(entry, _)| entry.kind() != Some(Kind::Directory))
                .map(|(entry, _)| entry.size)
                .sum();
            // The last two: seconds that making and sending the list took, in thousandths.
            for number in [self.counted.0, self.counted.1, size, 1, 0] {
                data.extend(varlong(number, 3));
            }
        }
        if self.phase == 4 && self.form.protocol < 31 || 5 <= self.phase {
            out.close();
            return Step::Over;
        }
        self.send(&data, out);
        Step::Done
    }
}

/// Whether `name` fits a pattern with asterisks and question marks.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(byte) if *byte == b'?' || name.get(read) == Some(byte) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                at = back + 1;
                read = from + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_are_those_of_the_shell() {
        for (pattern, name, is) in
            [("*.txt", "a.txt", true), ("a?c*", "abcd", true), ("*a*b", "xaybz", false), ("*", "", true)]
        {
            assert_eq!(super::fits(pattern.as_bytes(), name.as_bytes()), is, "{pattern} {name}");
        }
    }
}
