//! How much of what peers left is kept: a budget for each source and one for all, so that who uploads fills no disk.
//!
//! The folder of artefacts says what there is and how old it is; the list `sources` beside them says whose it is, and
//! losing it loses nothing but that. Room is made at the cost of whoever holds most, so that one source neither pushes
//! out what others left nor keeps them from leaving anything.

use super::CollectError;
use crate::disk::{Disk, DiskError};
use netsvc_wire::{Record, field};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, OpenOptions},
    io::{self, BufRead, BufReader, Read},
    net::{IpAddr, Ipv6Addr},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What an artefact is charged at least, in bytes: it bounds how many there are, too.
const LEAST: u64 = 16 * 1024;

/// Artefacts that go in one round because of their age.
const ROUND: usize = 1000;

/// Bytes of the longest line of the list.
const LONGEST: u64 = 128;

/// The list lies in a folder that another user may have: no links, and nobody waits for a pipe's other end.
const FLAGS: i32 = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;

/// How a file begins that is still being copied.
pub(super) const UNFINISHED: &str = ".tmp-";

/// How much is kept of what peers left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes in all.
    pub bytes: u64,
    /// Bytes of one source: an IPv4 address or an IPv6 network of 64 bits.
    pub source_bytes: u64,
    /// How long.
    pub keep: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { bytes: 10 << 30, source_bytes: 1 << 30, keep: Duration::from_secs(365 * 86_400) }
    }
}

/// Which limit an artefact met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Its source has its share.
    Source,
    /// There is no room for it at anybody's cost, or somebody else needed its room.
    All,
    /// It was kept for long enough.
    Age,
}

impl Limit {
    /// The setting that says so, without its section.
    pub(super) fn name(self) -> &'static str {
        match self {
            Limit::Source => "artifact-source-bytes",
            Limit::All => "artifact-bytes",
            Limit::Age => "artifact-days",
        }
    }
}

/// Whom an artefact is charged to; `None`: nobody is known.
pub(super) type Source = Option<IpAddr>;

/// A SHA-256.
type Hash = [u8; 32];

/// An artefact that is not kept, or not any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unkept {
    pub(super) sha256: String,
    pub(super) size: Option<u64>,
    pub(super) limit: Limit,
}

/// What is kept, for who looks at the collector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Artefacts.
    pub files: u64,
    /// Bytes they are charged.
    pub bytes: u64,
    /// Bytes that there may be.
    pub budget: u64,
    /// Those that were not kept since the collector was opened.
    pub unkept: u64,
    /// Those that went since the collector was opened.
    pub gone: u64,
}

/// The artefacts of one source, the oldest first: seconds since the epoch, hash, bytes charged.
#[derive(Debug, Default)]
struct Share {
    bytes: u64,
    files: BTreeSet<(i64, Hash, u64)>,
}

/// The folder of artefacts, as far as its size goes.
#[derive(Debug)]
pub(super) struct Stock {
    list: PathBuf,
    disk: Disk,
    budget: Budget,
    shares: BTreeMap<Source, Share>,
    /// The shares by their bytes.
    heaviest: BTreeSet<(u64, Source)>,
    held: Held,
}

/// Whom a line's artefacts are charged to.
pub(super) fn source_of(record: &Record) -> Source {
    Some(network(record.number_field::<IpAddr>(field::SRC_IP)?.to_canonical()))
}

/// A peer has a whole network of IPv6 to itself.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

fn charge(size: u64) -> u64 {
    size.max(LEAST).div_ceil(4096).saturating_mul(4096)
}

fn hash(name: &str) -> Option<Hash> {
    hex::decode(name).ok()?.try_into().ok()
}

impl Stock {
    /// Looks through the folder; what is left there half-copied goes.
    ///
    /// # Errors
    /// [`CollectError::Disk`] when it cannot be read.
    pub(super) fn open(folder: &Path, disk: Disk, budget: Budget) -> Result<Stock, CollectError> {
        let held = Held { budget: budget.bytes, ..Held::default() };
        let list = folder.join("sources");
        let (known, lines) = listed(&list)?;
        let (shares, heaviest) = (BTreeMap::new(), BTreeSet::new());
        let mut stock = Stock { list, disk, budget, shares, heaviest, held };
        let mut whose = HashMap::new();
        for (group, _) in entries(folder)?.filter(|(_, data)| data.is_dir()) {
            for (path, data) in entries(&group)? {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if name.starts_with(UNFINISHED) {
                    stock.disk.remove(&path)?;
                } else if let Some(hash) = hash(name).filter(|_| data.is_file()) {
                    let source = known.get(&hash).copied();
                    stock.hold(source, (data.mtime(), hash, charge(data.len())));
                    whose.extend(source.map(|source| (hash, source)));
                }
            }
        }
        if lines > 2 * whose.len() + 1024 {
            let text: String =
                whose.iter().map(|(hash, source)| format!("{} {source}\n", hex::encode(hash))).collect();
            stock.disk.replace(&stock.list, text.as_bytes())?;
        }
        Ok(stock)
    }

    /// Whether an artefact of `size` bytes may be kept. Nothing goes for it yet.
    ///
    /// # Errors
    /// The limit that it meets.
    pub(super) fn affords(&self, source: Source, size: u64) -> Result<(), Limit> {
        let charge = charge(size);
        let own = self.shares.get(&source).map_or(0, |share| share.bytes) + charge;
        // What nobody is known to have left is many sources', or none.
        if source.is_some() && self.budget.source_bytes < own {
            return Err(Limit::Source);
        }
        let wanted = (self.held.bytes + charge).saturating_sub(self.budget.bytes);
        let heavier = self.heaviest.iter().rev().map(|(bytes, _)| *bytes).take_while(|bytes| own < *bytes);
        // Where nothing has to go, nobody is counted: there may be a source for each artefact.
        if 0 < wanted && heavier.map(|bytes| bytes - own).sum::<u64>() < wanted {
            return Err(Limit::All);
        }
        Ok(())
    }

    /// What goes for an artefact of `size` bytes that is afforded.
    pub(super) fn make_room(&mut self, size: u64) -> Vec<Unkept> {
        let charge = charge(size);
        let mut gone = Vec::new();
        while self.budget.bytes < self.held.bytes + charge {
            let Some(&(_, heaviest)) = self.heaviest.last() else { break };
            gone.extend(self.let_go(heaviest, Limit::All));
        }
        gone
    }

    /// Takes note of an artefact that was kept.
    pub(super) fn take(&mut self, source: Source, name: &str, size: u64, now: SystemTime) {
        if let Some(hash) = hash(name) {
            self.hold(source, (seconds(now), hash, charge(size)));
        }
    }

    /// Writes down whose the artefact `name` is, before it is there: of one that is not in the folder, the list says
    /// nothing.
    ///
    /// # Errors
    /// [`CollectError::Disk`] when the list cannot be written.
    pub(super) fn write_down(&self, source: Source, name: &str) -> Result<(), CollectError> {
        let Some(source) = source else { return Ok(()) };
        let mut options = OpenOptions::new();
        let opened = options.append(true).create(true).mode(0o640).custom_flags(FLAGS).open(&self.list);
        let mut file = opened.map_err(DiskError::of("open", &self.list))?;
        Ok(self.disk.append(&mut file, &self.list, format!("{name} {source}\n").as_bytes())?)
    }

    /// Counts one that was not kept.
    pub(super) fn refuse(&mut self) {
        self.held.unkept += 1;
    }

    /// Artefacts that are too old, a bounded number at a time, or too many since the budget was made smaller. They are
    /// the caller's to remove.
    pub(super) fn outdated(&mut self, now: SystemTime) -> Vec<Unkept> {
        let keep = i64::try_from(self.budget.keep.as_secs()).unwrap_or(i64::MAX);
        let before = seconds(now).saturating_sub(keep);
        let is_old = |share: &Share| share.files.first().is_some_and(|(at, ..)| *at < before);
        let mut gone = Vec::new();
        let sources: Vec<Source> =
            self.shares.iter().filter(|(_, share)| is_old(share)).map(|(source, _)| *source).collect();
        for source in sources {
            while gone.len() < ROUND && self.shares.get(&source).is_some_and(is_old) {
                gone.extend(self.let_go(source, Limit::Age));
            }
        }
        while gone.len() < ROUND
            && self.budget.bytes < self.held.bytes
            && let Some(&(_, heaviest)) = self.heaviest.last()
        {
            gone.extend(self.let_go(heaviest, Limit::All));
        }
        gone
    }

    pub(super) fn held(&self) -> Held {
        self.held
    }

    fn hold(&mut self, source: Source, file: (i64, Hash, u64)) {
        let share = self.shares.entry(source).or_default();
        if share.files.insert(file) {
            self.heaviest.remove(&(share.bytes, source));
            share.bytes += file.2;
            self.heaviest.insert((share.bytes, source));
            self.held.files += 1;
            self.held.bytes += file.2;
        }
    }

    /// The oldest of a source, which is not held any more.
    fn let_go(&mut self, source: Source, limit: Limit) -> Option<Unkept> {
        let share = self.shares.get_mut(&source)?;
        self.heaviest.remove(&(share.bytes, source));
        let oldest = share.files.pop_first();
        let (_, hash, charge) = oldest.unwrap_or_default();
        share.bytes -= charge;
        if share.files.is_empty() {
            self.shares.remove(&source);
        } else {
            self.heaviest.insert((share.bytes, source));
        }
        oldest?;
        self.held.files -= 1;
        self.held.bytes -= charge;
        self.held.gone += 1;
        Some(Unkept { sha256: hex::encode(hash), size: None, limit })
    }
}

fn seconds(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Whose artefacts are, and how many lines say so. A line that was cut off says nothing.
fn listed(list: &Path) -> Result<(HashMap<Hash, IpAddr>, usize), CollectError> {
    let file = match OpenOptions::new().read(true).custom_flags(FLAGS).open(list) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((HashMap::new(), 0)),
        Err(error) => return Err(DiskError::of("open", list)(error).into()),
    };
    let (mut known, mut lines) = (HashMap::new(), 0);
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader).take(LONGEST).read_until(b'\n', &mut line);
        if read.map_err(DiskError::of("read", list))? == 0 {
            return Ok((known, lines));
        }
        lines += 1;
        let pair = std::str::from_utf8(&line).ok().and_then(|line| line.trim_end().split_once(' '));
        if let Some((name, source)) = pair
            && let (Some(hash), Ok(source)) = (hash(name), source.parse())
        {
            known.insert(hash, network(source));
        }
    }
}

/// What is in a folder; nothing where there is none.
fn entries(folder: &Path) -> Result<impl Iterator<Item = (PathBuf, fs::Metadata)>, CollectError> {
    let read = match fs::read_dir(folder) {
        Ok(read) => Some(read),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(DiskError::of("list", folder)(error).into()),
    };
    let found = read.into_iter().flatten().flatten();
    Ok(found.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const START: u64 = 1_800_000_000;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(START + second)
    }

    fn name(number: u64) -> String {
        format!("{number:064x}")
    }

    fn source(number: u8) -> Source {
        Some(IpAddr::from([192, 0, 2, number]))
    }

    fn stock(folder: &Path, files: u64, of_each: u64) -> Stock {
        let budget =
            Budget { bytes: files * LEAST, source_bytes: of_each * LEAST, keep: Duration::from_secs(100) };
        Stock::open(folder, Disk::default(), budget).unwrap()
    }

    fn put(stock: &mut Stock, of: u8, number: u64) -> Result<Vec<String>, Limit> {
        stock.affords(source(of), 1)?;
        let gone = stock.make_room(1);
        stock.take(source(of), &name(number), 1, at(number));
        Ok(gone.into_iter().map(|gone| gone.sha256).collect())
    }

    #[test]
    fn a_source_has_its_share_and_others_have_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let mut stock = stock(folder.path(), 10, 3);
        for number in 0..3 {
            assert_eq!(put(&mut stock, 1, number), Ok(vec![]));
        }
        assert_eq!(put(&mut stock, 1, 3), Err(Limit::Source));
        assert_eq!(put(&mut stock, 2, 4), Ok(vec![]));
        assert_eq!((stock.held().files, stock.held().bytes), (4, 4 * LEAST));
    }

    #[test]
    fn who_holds_most_makes_room_with_his_oldest_and_a_flood_of_sources_pushes_out_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let mut stock = stock(folder.path(), 6, 6);
        for number in 0..4 {
            put(&mut stock, 1, number).unwrap();
        }
        for number in 4..6 {
            put(&mut stock, 2, number).unwrap();
        }
        assert_eq!(put(&mut stock, 3, 6), Ok(vec![name(0)]), "the oldest of the heaviest");
        assert_eq!(put(&mut stock, 1, 7), Err(Limit::All), "the heaviest gets no more");
        assert_eq!(put(&mut stock, 3, 8), Ok(vec![name(1)]));
        assert_eq!(put(&mut stock, 3, 9), Err(Limit::All), "all have the same");
        // Too large at anybody's cost: nothing goes for it.
        assert_eq!(stock.affords(source(4), 7 * LEAST), Err(Limit::Source));
        assert_eq!(stock.affords(None, 7 * LEAST), Err(Limit::All));
        assert_eq!(stock.held().files, 6);
        // One of each source, for ever: what the first left is never all gone.
        for number in 10..200 {
            let _ = put(&mut stock, u8::try_from(number).unwrap(), number);
        }
        assert!([1, 2, 3].iter().all(|of| stock.shares.contains_key(&source(*of))));
    }

    #[test]
    fn what_is_too_old_goes_and_what_is_there_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..3 {
            let path = folder.path().join("00").join(name(number));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            File::open(&path).unwrap().set_modified(at(number)).unwrap();
        }
        fs::write(folder.path().join("00").join(".tmp-x"), "half").unwrap();
        let first = stock(folder.path(), 10, 10);
        first.write_down(source(1), &name(0)).unwrap();
        fs::write(folder.path().join("sources"), format!("{} 192.0.2.1\n{} 192.0.2.2\n00", name(0), name(1)))
            .unwrap();
        let mut stock = stock(folder.path(), 10, 10);
        assert!(!folder.path().join("00/.tmp-x").exists());
        let shares: Vec<_> =
            stock.shares.iter().map(|(source, share)| (*source, share.files.len())).collect();
        assert_eq!(shares, [(None, 1), (source(1), 1), (source(2), 1)]);
        let mut old: Vec<_> = stock.outdated(at(102)).into_iter().map(|gone| gone.sha256).collect();
        old.sort();
        assert_eq!(old, [name(0), name(1)]);
        assert_eq!((stock.held().files, stock.held().gone), (1, 2));
    }

    #[test]
    fn a_pipe_in_the_place_of_the_list_makes_nobody_wait() {
        let folder = tempfile::tempdir().unwrap();
        nix::unistd::mkfifo(&folder.path().join("sources"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let stock = stock(folder.path(), 10, 10);
        assert!(stock.write_down(source(1), &name(0)).is_err(), "nobody reads it");
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
