//! The collector.

use crate::stage::Process;
use decnet_model::paths::Paths;
use decnet_pipeline::{
    collector::{Budget, Collector, Settings},
    disk::{Cut, Disk},
    eventlog::{LogReader, Position},
};
use netsvc_wire::{Record, parse};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// An installation in a folder of its own.
pub(crate) struct Site {
    _folder: TempDir,
    pub(crate) paths: Paths,
}

impl Site {
    pub(crate) fn new() -> Site {
        // In memory where there is such a folder: thousands of syncs are made here.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let paths = Paths::new(folder.path());
        Site { _folder: folder, paths }
    }

    pub(crate) fn process(&self, name: &str, writer: u64) -> Process {
        Process::start(&self.paths.spool(name), writer)
    }

    pub(crate) fn collector(&self) -> Collector {
        self.open(Disk::default()).unwrap()
    }

    pub(crate) fn open(&self, disk: Disk) -> Result<Collector, decnet_pipeline::collector::CollectError> {
        Collector::open(self.paths.clone(), settings(), disk)
    }

    pub(crate) fn log(&self) -> Vec<Record> {
        let mut reader = LogReader::new(&self.paths.event_log(), Position::default());
        let mut records = Vec::new();
        loop {
            let batch = reader.read(1000).unwrap();
            if batch.is_empty() {
                return records;
            }
            records.extend(batch.lines().map(|line| parse(line).unwrap()));
        }
    }

    /// Numbers in the log by writer, in the order of the log.
    pub(crate) fn numbers(&self) -> BTreeMap<u64, Vec<u64>> {
        let mut numbers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for record in self.log() {
            numbers.entry(record.writer.0).or_default().push(record.number);
        }
        numbers
    }
}

/// No waiting: a newer process ends an older one's segment at once.
pub(crate) fn settings() -> Settings {
    Settings { sync_every: Duration::ZERO, settle: Duration::ZERO, ..Settings::default() }
}

fn one_to(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

#[test]
fn lines_of_all_processes_arrive_once_and_in_order() {
    let site = Site::new();
    let (mut first, mut second) = (site.process("serve-0", 1), site.process("gate", 2));
    let mut collector = site.collector();
    first.write(10);
    second.write(5);
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 15);
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 0);
    first.write(3);
    first.turn();
    first.write(2);
    let mut third = site.process("late", 3);
    third.write(1);
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 6);
    assert_eq!(site.numbers(), BTreeMap::from([(1, one_to(15)), (2, one_to(5)), (3, one_to(1))]));
    assert_eq!(first.segments(), 1, "the segment that was left is removed");
}

#[test]
fn a_new_collector_goes_on_where_the_log_ends_without_any_note() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    process.write(10);
    site.collector().pass(Instant::now()).unwrap();
    process.write(10);
    for note in ["collected.json", "ingested.json"] {
        let _ = fs::remove_file(site.paths.event_log().join(note));
    }
    let mut collector = site.collector();
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 10);
    assert_eq!(collector.counters().repeated, 10);
    assert_eq!(site.numbers()[&1], one_to(20));
}

#[test]
fn a_checkpoint_that_the_log_does_not_bear_out_is_not_believed() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    process.write(10);
    let mut collector = site.collector();
    collector.pass(Instant::now()).unwrap();
    collector.close().unwrap();
    let path = site.paths.event_log().join("collected.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"0000000000000001\":10"));
    // One that claims more than it knows, at a place where the log has another line.
    fs::write(&path, text.replace(":10}", ":99}").replace(",10]", ",99]")).unwrap();
    process.write(5);
    let mut collector = site.collector();
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 5);
    assert_eq!(site.numbers()[&1], one_to(15));
}

#[test]
fn a_torn_end_waits_for_its_writer_and_is_given_up_with_it() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    process.write(2);
    process.raw(b"<134>1 2025-11-24T16:00:00Z web-01 ssh - comm");
    let mut collector = site.collector();
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 2);
    assert_eq!(collector.counters().torn, 0);
    let mut next = site.process("serve", 2);
    next.write(1);
    collector.pass(Instant::now()).unwrap();
    assert_eq!((collector.counters().torn, next.segments()), (1, 1));
    assert_eq!(site.numbers(), BTreeMap::from([(1, one_to(2)), (2, one_to(1))]));
}

#[test]
fn a_segment_that_its_writer_holds_is_never_given_up() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    process.write(1);
    let path = process.folder.join("lines/0000000000000001-00000000.seg");
    let held =
        nix::fcntl::Flock::lock(fs::File::open(&path).unwrap(), nix::fcntl::FlockArg::LockExclusiveNonblock)
            .unwrap();
    let mut other = site.process("serve", 2);
    other.write(1);
    // The clock was set back: the dead process's times lie ahead.
    fs::File::options()
        .append(true)
        .open(other.folder.join("lines/0000000000000002-00000000.seg"))
        .unwrap()
        .set_modified(std::time::SystemTime::now() + Duration::from_secs(3600))
        .unwrap();
    let mut collector = site.collector();
    collector.pass(Instant::now()).unwrap();
    assert!(path.exists());
    drop(held);
    collector.pass(Instant::now()).unwrap();
    assert!(!path.exists());
}

#[test]
fn missing_numbers_become_one_event_even_if_it_is_found_again() {
    let site = Site::new();
    let mut process = site.process("serve", 0xa);
    process.write(2);
    let before = process.segments();
    // Three lines are lost between encoder and file.
    crate::stage::lines(&mut process.encoder, 3);
    process.write(1);
    assert_eq!(before, 1);
    for _ in 0..2 {
        let mut collector = site.collector();
        collector.pass(Instant::now()).unwrap();
    }
    let lost: Vec<Record> = site.log().into_iter().filter(|record| record.kind == "lost").collect();
    assert_eq!(lost.len(), 1);
    let fields: Vec<_> = ["count", "from", "to", "writer"].map(|name| lost[0].text(name).unwrap()).into();
    assert_eq!(fields, ["3", "3", "5", "000000000000000a"]);
    assert_eq!(site.numbers()[&0xa], [1, 2, 6]);
}

#[test]
fn what_is_no_line_of_this_writer_goes_to_quarantine() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    process.raw(b"nonsense\n");
    process.raw(&vec![b'x'; 200_000]);
    process.raw(b"\n");
    let forged = crate::stage::lines(&mut crate::stage::encoder(2), 1);
    process.raw(&forged);
    process.raw(
        b"<131>1 2025-11-24T16:00:00Z - collector - lost [ev@32473 w=\"0000000000000001\" n=\"1\" \
          count=\"9\" from=\"1\" to=\"9\" writer=\"0000000000000007\"]\n",
    );
    process.write(1);
    let mut collector = site.collector();
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 1);
    assert_eq!(collector.counters().malformed, 4);
    site.collector().pass(Instant::now()).unwrap();
    let kept = fs::read_dir(site.paths.event_log().join("quarantine")).unwrap().count();
    assert_eq!(kept, 4, "found again, kept once");
}

#[test]
fn a_process_cannot_write_in_the_name_of_another() {
    let site = Site::new();
    let (mut gate, mut serve) = (site.process("gate", 1), site.process("serve", 1));
    gate.write(1);
    let mut collector = site.collector();
    collector.pass(Instant::now()).unwrap();
    serve.write(50);
    gate.write(9);
    collector.pass(Instant::now()).unwrap();
    gate.write(5);
    collector.pass(Instant::now()).unwrap();
    assert_eq!((site.numbers()[&1].len(), collector.counters().malformed), (15, 50));
}

#[test]
fn a_blob_is_an_artefact_before_its_line_is_in_the_log() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    let good = process.blob(b"payload");
    process.capture(&good);
    let claimed = "0".repeat(64);
    fs::write(process.folder.join("blobs").join(&claimed), b"not that").unwrap();
    process.capture(&claimed);
    process.capture(&"1".repeat(64));
    process.capture("../../../etc/passwd");
    let link = "2".repeat(64);
    symlink("/etc/passwd", process.folder.join("blobs").join(&link)).unwrap();
    process.capture(&link);
    let mut collector = site.collector();
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 5);
    let counters = collector.counters();
    assert_eq!((counters.blobs, counters.blobs_missing, counters.blobs_refused), (1, 1, 2));
    assert_eq!(fs::read(site.paths.artefact(&good)).unwrap(), b"payload");
    assert_eq!(fs::read_dir(process.folder.join("blobs")).unwrap().count(), 0);
    assert!(!site.paths.artefact(&claimed).exists());
}

#[test]
fn a_blob_whose_line_never_came_is_saved() {
    let site = Site::new();
    let process = site.process("serve", 1);
    let (old, fresh) = (process.blob(b"old"), process.blob(b"fresh"));
    fs::write(process.folder.join("blobs/.tmp-9"), b"half").unwrap();
    for name in [old.as_str(), ".tmp-9"] {
        let file = fs::File::options().append(true).open(process.folder.join("blobs").join(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(7200)).unwrap();
    }
    let mut collector = site.collector();
    collector.pass(Instant::now()).unwrap();
    assert_eq!(collector.counters().orphans, 1);
    assert!(site.paths.artefact(&old).exists() && !site.paths.artefact(&fresh).exists());
    assert_eq!(fs::read_dir(process.folder.join("blobs")).unwrap().count(), 1);
}

#[test]
fn a_process_that_ruins_its_own_spool_stops_nobody_else() {
    let site = Site::new();
    fs::create_dir_all(site.paths.spool("bad").join("lines/0000000000000009-00000000.seg")).unwrap();
    fs::create_dir_all(site.paths.spool("worse")).unwrap();
    symlink("/etc", site.paths.spool("worse").join("lines")).unwrap();
    let mut process = site.process("good", 1);
    let name = "3".repeat(64);
    fs::create_dir(process.folder.join("blobs").join(&name)).unwrap();
    process.capture(&name);
    process.write(3);
    let mut collector = site.collector();
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 4);
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 0);
}

#[test]
fn a_spool_that_cannot_be_freed_is_counted_and_the_others_go_on() {
    let site = Site::new();
    let (mut stuck, mut good) = (site.process("a", 1), site.process("b", 2));
    let lazy = Settings { sync_every: Duration::from_secs(60), ..settings() };
    let mut collector = Collector::open(site.paths.clone(), lazy, Disk::default()).unwrap();
    stuck.write(1);
    stuck.turn();
    good.write(1);
    good.turn();
    collector.pass(Instant::now()).unwrap();
    let segment = stuck.folder.join("lines/0000000000000001-00000000.seg");
    fs::remove_file(&segment).unwrap();
    fs::create_dir(&segment).unwrap();
    collector.pass(Instant::now() + Duration::from_secs(61)).unwrap();
    assert_eq!((collector.counters().unusable, good.segments()), (1, 1));
    good.write(1);
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 1);
}

#[test]
fn draining_takes_and_removes_everything() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    process.write(4);
    process.raw(b"half a line");
    let mut collector = site.collector();
    assert_eq!(collector.drain().unwrap(), 4);
    assert_eq!((process.segments(), collector.counters().torn), (0, 1));
}

#[test]
fn every_line_arrives_once_wherever_the_collector_is_cut() {
    for operations in 0..80 {
        let site = Site::new();
        let mut process = site.process("serve", 1);
        let mut cuts = 0;
        for round in 0..6 {
            process.write(7);
            let blob = process.blob(format!("payload {round}").as_bytes());
            process.capture(&blob);
            if round % 2 == 1 {
                process.turn();
            }
            let cut = Cut::after(operations);
            if let Ok(mut collector) = site.open(Disk::with_cut(cut.clone())) {
                let _ = collector.pass(Instant::now()).and_then(|_| collector.close());
            }
            cuts += u32::from(cut.happened());
        }
        let mut collector = site.collector();
        collector.pass(Instant::now()).unwrap();
        assert_eq!(site.numbers()[&1], one_to(48), "cut {cuts} times after {operations} operations");
        for round in 0..6 {
            let name = site.log().into_iter().filter(|record| record.kind == "file_captured").nth(round);
            let name = name.unwrap().text("sha256").unwrap().to_owned();
            assert!(site.paths.artefact(&name).exists());
        }
    }
}

/// Room for so many small artefacts in all, and of each source.
fn narrow(files: u64, of_each: u64) -> Settings {
    let budget = Budget { bytes: files << 14, source_bytes: of_each << 14, keep: Duration::from_secs(3600) };
    Settings { artefacts: budget, ..settings() }
}

#[test]
fn what_is_over_a_budget_is_told_and_the_spool_goes_on() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    let mut collector = Collector::open(site.paths.clone(), narrow(3, 2), Disk::default()).unwrap();
    let blobs: Vec<_> = (0..5).map(|number| process.blob(format!("payload {number}").as_bytes())).collect();
    for (blob, from) in blobs.iter().zip(["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
        process.capture_from(blob, from);
    }
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 5);
    let counters = collector.counters();
    assert_eq!((counters.blobs, counters.blobs_missing, counters.blobs_refused), (4, 0, 0));
    assert_eq!((counters.artefacts.files, counters.artefacts.unkept, counters.artefacts.gone), (3, 1, 1));
    assert_eq!(fs::read_dir(process.folder.join("blobs")).unwrap().count(), 0, "the spool is free");
    let there: Vec<_> = blobs.iter().map(|blob| site.paths.artefact(blob).exists()).collect();
    assert_eq!(there.iter().filter(|there| **there).count(), 3);
    assert!(!there[2], "his share was full");
    assert_eq!(there[3..], [true, true], "who came later has a share too");
    let gone = there.iter().position(|there| !there).unwrap();
    let told: Vec<_> = site.log().into_iter().filter(|record| record.kind == "dropped").collect();
    let told = told.iter().map(|record| ["sha256", "limit", "size", "src_ip"].map(|name| record.text(name)));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            [Some(blobs[2].as_str()), Some("artifact-source-bytes"), Some("9"), Some("192.0.2.1")],
            [Some(blobs[gone].as_str()), Some("artifact-bytes"), None, None],
        ]
    );
    // Whose the rest is, is known after a restart, too.
    let again = process.blob(b"more");
    process.capture_from(&again, "192.0.2.3");
    let mut collector = Collector::open(site.paths.clone(), narrow(3, 1), Disk::default()).unwrap();
    collector.pass(Instant::now()).unwrap();
    assert!(!site.paths.artefact(&again).exists());
}

#[test]
fn artefacts_go_by_age_and_may_come_anew() {
    let site = Site::new();
    let mut process = site.process("serve", 1);
    let old = process.blob(b"old");
    process.capture(&old);
    let mut collector = site.collector();
    collector.pass(Instant::now()).unwrap();
    drop(collector);
    let file = fs::File::options().append(true).open(site.paths.artefact(&old)).unwrap();
    file.set_modified(std::time::SystemTime::now() - Duration::from_secs(7200)).unwrap();
    process.blob(b"old");
    process.capture(&old);
    let mut collector = Collector::open(site.paths.clone(), narrow(3, 3), Disk::default()).unwrap();
    assert_eq!(collector.pass(Instant::now()).unwrap().lines, 1);
    assert!(site.paths.artefact(&old).exists(), "it came anew before it was removed");
    let told: Vec<_> = site.log().into_iter().filter(|record| record.kind == "dropped").collect();
    assert_eq!(told.iter().map(|record| record.text("limit")).collect::<Vec<_>>(), [Some("artifact-days")]);
    assert_eq!(collector.counters().artefacts.files, 1);
}
