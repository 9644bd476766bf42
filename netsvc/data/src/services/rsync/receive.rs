//! The daemon as the side that receives (`receiver.c`, `generator.c`): it reads the peer's list, asks for every file
//! that it has not, and keeps what comes.

use super::{
    config::Module,
    deflate::{self, COMPRESSED},
    digest::Sum,
    files::Files,
    item::{Item, LOCAL, NEW, TRANSFER},
    list::{self, Entry, Form, Found, Reading},
    options::Options,
    step::Step,
    wire::{DELETED, DONE, Indexes, Reader, Tag, framed, message},
};
use netsvc_kit::{Charge, Gathered, Out};
use netsvc_shell::{
    fs::{Errno, Kind},
    text,
};
use netsvc_wire::{Kind as Event, field};

/// Most entries of a list, and bytes of their names and targets.
const MOST: usize = 5_000;
const MOST_BYTES: usize = 1 << 20;
/// Longest file that is kept whole; and what one may take when it is inflated.
const LONGEST: usize = 16 << 20;
/// Longest filter rule.
const RULE: i32 = 4200;
/// Longest run in clear that a peer may announce.
const RUN: i32 = 1 << 20;

/// What comes next.
#[derive(Debug)]
enum Stage {
    Filters,
    List(Reading, Charge),
    /// Names of owners, of groups.
    Names(bool, bool),
    Items,
    Content(Box<Coming>),
}

/// A file on its way.
#[derive(Debug)]
struct Coming {
    index: usize,
    content: Gathered,
    /// Bytes of the present run that are still to come.
    left: usize,
    /// Whether all runs were there, so that the checksum follows.
    over: bool,
}

/// A list that is read, and its files.
#[derive(Debug)]
pub(super) struct Receiving {
    module: Module,
    options: Options,
    form: Form,
    sum: Sum,
    compresses: bool,
    zero: bool,
    stage: Stage,
    entries: Vec<Entry>,
    charge: Option<Charge>,
    /// Where the files go, and whether that is the name of the only one.
    target: String,
    is_name: bool,
    reads: Indexes,
    writes: Indexes,
    phase: u32,
    skip: usize,
}

impl Receiving {
    pub(super) fn new(
        module: Module,
        options: Options,
        form: Form,
        (sum, compresses, zero): (Sum, bool, bool),
    ) -> Self {
        // Who deletes, or leaves empty folders out, tells the rules first.
        let ruled = options.deletes || options.has('m');
        let stage = if ruled { Stage::Filters } else { Stage::reading(form) };
        Receiving {
            module,
            options,
            form,
            sum,
            compresses,
            zero,
            stage,
            entries: Vec::new(),
            charge: None,
            target: String::new(),
            is_name: false,
            reads: Indexes::default(),
            writes: Indexes::default(),
            phase: 0,
            skip: 0,
        }
    }

    pub(super) fn advance(&mut self, stream: &mut Gathered, files: &mut Files, out: &mut Out) -> Step {
        if 0 < self.skip {
            let skipped = self.skip.min(stream.len());
            stream.skip(skipped);
            self.skip -= skipped;
            return if skipped == 0 { Step::Wait } else { Step::Done };
        }
        match std::mem::replace(&mut self.stage, Stage::Items) {
            Stage::Filters => self.filter(stream),
            Stage::List(reading, charge) => self.list(reading, charge, stream),
            Stage::Names(owners, groups) => self.names(owners, groups, stream, files, out),
            Stage::Items => self.item(stream, out),
            Stage::Content(coming) => self.content(coming, stream, files, out),
        }
    }

    fn filter(&mut self, stream: &mut Gathered) -> Step {
        self.stage = Stage::Filters;
        let Some(length) = Reader::new(stream.bytes()).int() else { return Step::Wait };
        stream.skip(4);
        match length {
            0 => self.stage = Stage::reading(self.form),
            1..=RULE => self.skip = usize::try_from(length).unwrap_or_default(),
            _ => return Step::Failed(format!("overflow: l2={length} lastname= [Receiver]\n")),
        }
        Step::Done
    }

    fn list(&mut self, mut reading: Reading, mut charge: Charge, stream: &mut Gathered) -> Step {
        let mut reader = Reader::new(stream.bytes());
        let found = reading.next(&mut reader);
        if found.is_some() {
            stream.skip(reader.read());
        }
        match found {
            Some(Found::Entry) => {
                charge.set(reading.bytes + reading.entries.len() * 2 * size_of::<Entry>());
                if MOST < reading.entries.len() || MOST_BYTES < reading.bytes {
                    return Step::Failed("ERROR: out of memory in flist_expand [Receiver]\n".to_owned());
                }
                self.stage = Stage::List(reading, charge);
                Step::Done
            }
            Some(Found::End) => {
                self.entries = reading.entries;
                self.charge = Some(charge);
                let named = !self.options.numeric;
                self.stage = Stage::Names(self.form.owners && named, self.form.groups && named);
                Step::Done
            }
            Some(Found::Nonsense) => {
                Step::Failed("overflow: xflags=0x0 l1=0 l2=0 lastname= [Receiver]\n".to_owned())
            }
            None => {
                self.stage = Stage::List(reading, charge);
                Step::Wait
            }
        }
    }

    fn names(
        &mut self,
        owners: bool,
        groups: bool,
        stream: &mut Gathered,
        files: &mut Files,
        out: &mut Out,
    ) -> Step {
        if !owners && !groups {
            self.stage = Stage::Items;
            return self.begin(files, out);
        }
        self.stage = Stage::Names(owners, groups);
        let mut reader = Reader::new(stream.bytes());
        let Some(last) = list::skip_name(&mut reader, self.zero) else { return Step::Wait };
        stream.skip(reader.read());
        if last {
            self.stage = Stage::Names(false, owners && groups);
        }
        Step::Done
    }

    /// Makes what needs no content, and asks for the rest.
    fn begin(&mut self, files: &mut Files, out: &mut Out) -> Step {
        // What stands twice in it keeps its number: both sides count it.
        self.entries.sort_by(Entry::order);
        if let Err(error) = self.settle(files, out) {
            let inside = self.inside(&self.target);
            return Step::Failed(format!(
                "rsync: [Receiver] mkdir \"{inside}\" (in {}) failed: {error} ({})\n",
                self.module.name,
                error.code()
            ));
        }
        let mut data = Vec::new();
        let dry = self.options.has('n');
        for index in 0..self.entries.len() {
            let Some(entry) = self.entries.get(index).cloned() else { continue };
            let before = index.checked_sub(1).and_then(|before| self.entries.get(before));
            if before.is_some_and(|before| before.path == entry.path) {
                continue;
            }
            let place = self.place(&entry);
            let item = match entry.kind() {
                Some(Kind::File) if files.has(&place, &entry) && !self.options.has('I') => continue,
                Some(Kind::File) => Item::new(TRANSFER | NEW),
                Some(Kind::Directory) if files.is_folder(&place) => continue,
                Some(Kind::Symlink) if !self.options.has('l') => continue,
                Some(_) if dry => Item::new(LOCAL | NEW),
                Some(_) => match files.make(&self.module.path, &place, &entry) {
                    Ok(()) => Item::new(LOCAL | NEW),
                    Err(error) => {
                        self.failed("mkdir", &place, error, out);
                        continue;
                    }
                },
                None => continue,
            };
            data.extend(self.writes.write(i64::try_from(index).unwrap_or_default()));
            let whole = item.written();
            // Where nothing is transferred, no blocks are told of.
            data.extend(whole.iter().take(if dry { 2 } else { whole.len() }));
        }
        data.extend(self.writes.write(DONE));
        out.send(framed(&data));
        Step::Done
    }

    /// Decides where the files go.
    fn settle(&mut self, files: &mut Files, out: &mut Out) -> Result<(), Errno> {
        let name = self.module.name.as_bytes();
        let path = self.options.paths.first().cloned().unwrap_or_default();
        let below = path.strip_prefix(name).unwrap_or(&path);
        self.target = Files::place(&self.module.path, below);
        if files.is_folder(&self.target) {
            return Ok(());
        }
        let single =
            self.entries.len() == 1 && self.entries.iter().all(|entry| entry.kind() != Some(Kind::Directory));
        if single && !below.ends_with(b"/") {
            self.is_name = true;
            return Ok(());
        }
        if !self.options.has('n') {
            files.make(&self.module.path, &self.target, &Entry::folder())?;
        }
        let shown = self.inside(&self.target);
        out.send(message(
            Tag::Info,
            &text::encode(&format!("created directory {}\n", shown.trim_start_matches('/'))),
        ));
        Ok(())
    }

    fn inside<'a>(&self, place: &'a str) -> &'a str {
        place.strip_prefix(self.module.path.trim_end_matches('/')).unwrap_or(place)
    }

    fn place(&self, entry: &Entry) -> String {
        if self.is_name { self.target.clone() } else { Files::place(&self.target, &entry.path) }
    }

    fn failed(&self, what: &str, place: &str, error: Errno, out: &mut Out) {
        let (inside, module) = (self.inside(place), &self.module.name);
        let text = format!(
            "rsync: [Receiver] {what} \"{inside}\" (in {module}) failed: {error} ({})\n",
            error.code()
        );
        out.send(message(Tag::Failed, &text::encode(&text)));
    }

    fn item(&mut self, stream: &mut Gathered, out: &mut Out) -> Step {
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
            if numbers.is_none() {
                return Step::Wait;
            }
            self.reads = reads;
            stream.skip(reader.read());
            return Step::Done;
        }
        let known = usize::try_from(index).ok().filter(|index| *index < self.entries.len());
        let Some(known) = known else {
            let last = self.entries.len().saturating_sub(1);
            return Step::Failed(format!("Invalid file index: {index} (0 - {last}) [Receiver]\n"));
        };
        let dry = self.options.has('n');
        let Some(item) = Item::read(&mut reader, dry) else { return Step::Wait };
        self.reads = reads;
        stream.skip(reader.read());
        if item.flags & TRANSFER != 0 && !dry {
            let coming = Coming { index: known, content: Gathered::new(LONGEST), left: 0, over: false };
            self.stage = Stage::Content(Box::new(coming));
        }
        Step::Done
    }

    /// The peer has sent all of a phase. After the third one only good-byes follow.
    fn done(&mut self, out: &mut Out) -> Step {
        self.phase += 1;
        let data = self.writes.write(DONE);
        out.send(framed(&data));
        if self.phase < 4 {
            return Step::Done;
        }
        out.close();
        Step::Over
    }

    fn content(
        &mut self,
        mut coming: Box<Coming>,
        stream: &mut Gathered,
        files: &mut Files,
        out: &mut Out,
    ) -> Step {
        if 0 < coming.left {
            let piece = stream.take(coming.left);
            coming.left -= piece.len();
            // What is beyond the cap is not kept.
            let _ = coming.content.push(&piece);
            self.stage = Stage::Content(coming);
            return if piece.is_empty() { Step::Wait } else { Step::Done };
        }
        let mut reader = Reader::new(stream.bytes());
        if coming.over {
            if reader.take(self.sum.length()).is_none() {
                self.stage = Stage::Content(coming);
                return Step::Wait;
            }
            stream.skip(self.sum.length());
            self.keep(*coming, true, files, out);
            self.stage = Stage::Items;
            return Step::Done;
        }
        let length = if self.compresses { compressed_run(&mut reader) } else { reader.int().map(clear_run) };
        let step = match length {
            None => Step::Wait,
            Some(Err(text)) => return Step::Failed(text),
            Some(Ok(length)) => {
                stream.skip(reader.read());
                (coming.left, coming.over) = (length, length == 0);
                Step::Done
            }
        };
        self.stage = Stage::Content(coming);
        step
    }

    /// Keeps a file; `whole`: it has come to its end.
    fn keep(&mut self, mut coming: Coming, whole: bool, files: &mut Files, out: &mut Out) {
        let mut content = coming.content.take_all();
        if self.compresses {
            content = deflate::inflated(&content, LONGEST);
        }
        let Some(entry) = self.entries.get(coming.index) else { return };
        let place = self.place(entry);
        if whole && let Err(error) = files.write(&self.module.path, &place, entry, &content) {
            self.failed("mkstemp", &place, error, out);
        }
        let fields = vec![(field::PATH, text::encode(&place)), (field::ORIGIN, b"upload".to_vec())];
        out.capture(Event::FileCaptured, fields, content);
    }

    /// The peer is gone: what has come of a file is kept.
    pub(super) fn give_up(&mut self, files: &mut Files, out: &mut Out) {
        if let Stage::Content(coming) = std::mem::replace(&mut self.stage, Stage::Items)
            && !coming.content.is_empty()
        {
            self.keep(*coming, false, files, out);
        }
    }
}

impl Stage {
    fn reading(form: Form) -> Stage {
        Stage::List(Reading::new(form), Charge::current(0))
    }
}

/// The length of a run in clear; 0: there is none more.
fn clear_run(length: i32) -> Result<usize, String> {
    match length {
        0..=RUN => Ok(usize::try_from(length).unwrap_or_default()),
        // Blocks of a file that we have told nothing of.
        _ => Err(format!("invalid token number: {length} [Receiver]\n")),
    }
}

/// The length of a compressed piece.
fn compressed_run(reader: &mut Reader<'_>) -> Option<Result<usize, String>> {
    let head = reader.byte()?;
    match head & 0xc0 {
        0 if head == 0 => Some(Ok(0)),
        COMPRESSED => Some(Ok(usize::from(head & 0x3f) << 8 | usize::from(reader.byte()?))),
        _ => Some(Err(format!("invalid token number: {head} [Receiver]\n"))),
    }
}
