//! The event log.

use crate::stage::{encoder, lines};
use decnet_pipeline::{
    disk::{Cut, Disk},
    eventlog::{Durable, EventLog, Limits, LogReader, Position, Twin, link_name, segment_list, segment_path},
};
use netsvc_wire::parse;
use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

const NOW: i64 = 1_764_000_000_000_000;

fn small() -> Limits {
    Limits { segment_bytes: 2000, budget_bytes: 10_000, ..Limits::default() }
}

fn numbers(reader: &mut LogReader) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        let batch = reader.read(7).unwrap();
        if batch.is_empty() {
            return found;
        }
        found.extend(batch.lines().map(|line| parse(line).unwrap().number));
    }
}

fn filled(folder: &Path, count: u64) -> EventLog {
    let mut log = EventLog::open(folder, small(), Disk::default()).unwrap();
    let mut encoder = encoder(7);
    for _ in 0..count {
        log.append(&lines(&mut encoder, 1), NOW).unwrap();
    }
    log.sync().unwrap();
    log
}

#[test]
fn a_reader_follows_rotation_from_any_position() {
    let folder = tempfile::tempdir().unwrap();
    let log = filled(folder.path(), 100);
    assert!(log.counters().segments > 3);
    let mut reader = LogReader::new(folder.path(), Position::default());
    for from in 0..100 {
        let mut resumed = LogReader::new(folder.path(), reader.position());
        assert_eq!(numbers(&mut resumed), (from + 1..=100).collect::<Vec<u64>>());
        assert_eq!(resumed.position(), log.position());
        reader.read(1).unwrap();
    }
    let link = fs::read_link(folder.path().join(link_name())).unwrap();
    assert_eq!(folder.path().join(link), segment_path(folder.path(), log.position().segment));
}

#[test]
fn a_new_start_writes_a_new_segment_and_the_torn_end_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let cut = Cut::after(9);
    let mut log = EventLog::open(folder.path(), Limits::default(), Disk::with_cut(cut)).unwrap();
    let mut encoder = encoder(7);
    while log.append(&lines(&mut encoder, 1), NOW).is_ok() {}
    let whole = encoder.next_number() - 2;
    let mut log = EventLog::open(folder.path(), Limits::default(), Disk::default()).unwrap();
    log.append(&lines(&mut encoder, 1), NOW).unwrap();
    assert_eq!(segment_list(folder.path()).unwrap(), [1_764_000_000, 1_764_000_001]);
    let mut reader = LogReader::new(folder.path(), Position::default());
    let mut wanted: Vec<u64> = (1..=whole).collect();
    wanted.push(whole + 2);
    assert_eq!((numbers(&mut reader), reader.torn()), (wanted, 1));
}

#[test]
fn an_unterminated_end_of_the_newest_segment_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = filled(folder.path(), 1);
    let mut reader = LogReader::new(folder.path(), Position::default());
    assert_eq!(numbers(&mut reader), [1]);
    let line = lines(&mut encoder(8), 1);
    let (first, rest) = line.split_at(20);
    log.append(first, NOW).unwrap();
    assert_eq!(numbers(&mut reader), [0_u64; 0]);
    log.append(rest, NOW).unwrap();
    assert_eq!((numbers(&mut reader), reader.torn()), (vec![1], 0));
}

#[test]
fn a_log_that_was_begun_anew_is_read_from_its_beginning() {
    for later in [-5_000_000, 5_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let log = filled(folder.path(), 100);
        let mut reader = LogReader::new(folder.path(), log.position());
        drop(log);
        fs::remove_dir_all(folder.path()).unwrap();
        let mut log = EventLog::open(folder.path(), small(), Disk::default()).unwrap();
        assert_eq!(numbers(&mut reader), [0_u64; 0]);
        log.append(&lines(&mut encoder(9), 3), NOW + later).unwrap();
        assert_eq!((numbers(&mut reader), reader.missing()), (vec![1, 2, 3], 1), "{later}");
    }
}

#[test]
fn only_what_the_store_has_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = filled(folder.path(), 200);
    let all = segment_list(folder.path()).unwrap();
    let now = SystemTime::now();
    let round = log.retain(None, now).unwrap();
    assert_eq!((round.deleted, round.over_budget), (0, true));
    let third = Position { segment: all[2], offset: 5 };
    let round = log.retain(Some(third), now).unwrap();
    assert_eq!((round.deleted, round.over_budget), (2, true));
    assert!(log.counters().over_budget);
    let round = log.retain(Some(log.position()), now).unwrap();
    assert!(!round.over_budget && round.bytes > 8000);
    assert_eq!(log.counters().deleted_by_age, 0);
    let later = now + Duration::from_secs(86_400 * 40);
    let round = log.retain(Some(log.position()), later).unwrap();
    assert!(round.deleted > 0);
    assert_eq!(segment_list(folder.path()).unwrap(), [log.position().segment]);
    // A reader that was away for that long goes on with what there is, and says so.
    let mut reader = LogReader::new(folder.path(), third);
    assert_eq!(numbers(&mut reader).last(), Some(&200));
    assert_eq!(reader.missing(), 1);
}

#[test]
fn the_durable_position_is_kept_or_absent() {
    let folder = tempfile::tempdir().unwrap();
    let durable = Durable::new(folder.path(), Disk::default());
    assert_eq!(durable.read(), None);
    let position = Position { segment: 3, offset: 4 };
    durable.write(position).unwrap();
    assert_eq!(durable.read(), Some(position));
    fs::write(folder.path().join("ingested.json"), b"{").unwrap();
    assert_eq!(durable.read(), None);
}

#[test]
fn the_twin_has_each_line_once_wherever_it_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 60);
    for operations in 0..40 {
        if let Ok(mut twin) = Twin::open(folder.path(), Disk::with_cut(Cut::after(operations % 4))) {
            let _ = twin.pass();
        }
    }
    Twin::open(folder.path(), Disk::default()).unwrap().pass().unwrap();
    let mut found = Vec::new();
    for number in segment_list(folder.path()).unwrap() {
        let text = fs::read_to_string(segment_path(folder.path(), number).with_extension("json")).unwrap();
        for line in text.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(object["attacker_ip"], "192.0.2.7");
            found.push(object["number"].as_u64().unwrap());
        }
    }
    assert_eq!(found, (1..=60).collect::<Vec<u64>>());
}

#[test]
fn a_write_that_fails_leaves_whole_lines_and_one_empty_segment_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = encoder(7);
    // What a start on a full disk leaves: a file without a line.
    for _ in 0..20 {
        let mut log = EventLog::open(folder.path(), small(), Disk::default()).unwrap();
        let number = segment_list(folder.path()).unwrap().last().map_or(1, |last| *last);
        fs::write(segment_path(folder.path(), number), "").unwrap();
        drop(log.append(b"", NOW));
    }
    let mut log = EventLog::open(folder.path(), small(), Disk::default()).unwrap();
    log.append(&lines(&mut encoder, 2), NOW).unwrap();
    assert_eq!(segment_list(folder.path()).unwrap().len(), 1);
    let mut reader = LogReader::new(folder.path(), Position::default());
    assert_eq!(numbers(&mut reader), [1, 2]);
}
