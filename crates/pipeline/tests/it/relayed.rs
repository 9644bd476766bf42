//! What other hosts have sent is taken in once, each line with its host, and nobody writes in another's name.

use crate::{
    collect::Site,
    stage::{encoder, lines},
};
use decnet_pipeline::{
    collector::RELAYED,
    disk::Disk,
    eventlog::{EventLog, Limits, Origins},
};
use netsvc_wire::{WriterId, stamp};
use std::{fs, time::Instant};

/// What the listener writes down for a host.
fn send(site: &Site, host: &str, bytes: &[u8]) {
    let folder = site.paths.spool(&format!("{RELAYED}{host}")).join("lines");
    let mut log = EventLog::open(&folder, Limits::default(), Disk::default()).unwrap();
    log.append(bytes, stamp::now()).unwrap();
    log.sync().unwrap();
}

fn of(writer: u64, count: u64) -> Vec<u8> {
    lines(&mut encoder(writer), count)
}

fn host(site: &Site, writer: u64) -> Option<String> {
    let origins = Origins::open(&site.paths.event_log(), Disk::default()).unwrap();
    origins.host(WriterId(writer)).map(str::to_owned)
}

fn lost(writer: u64, number: u64, about: u64) -> Vec<u8> {
    format!(
        "<131>1 2025-11-24T16:00:00Z - collector - lost [ev@32473 w=\"{writer:016x}\" n=\"{number}\" \
         count=\"9\" from=\"1\" to=\"9\" writer=\"{about:016x}\"]\n"
    )
    .into_bytes()
}

#[test]
fn lines_of_another_host_arrive_once_and_are_known_by_it() {
    let site = Site::new();
    site.process("serve", 1).write(2);
    send(&site, "berlin-1", &of(7, 5));
    let mut collector = site.collector();
    collector.pass(Instant::now()).unwrap();
    // Sent again after a break, in another segment, with more behind it.
    send(&site, "berlin-1", &of(7, 8));
    collector.pass(Instant::now()).unwrap();
    assert_eq!((site.numbers()[&7].as_slice(), site.numbers()[&1].len()), (&[1, 2, 3, 4, 5, 6, 7, 8][..], 2));
    assert_eq!((host(&site, 7).as_deref(), host(&site, 1)), (Some("berlin-1"), None));
    let folder = site.paths.spool(&format!("{RELAYED}berlin-1")).join("lines");
    let left = fs::read_dir(folder).unwrap().flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("decnet-")).count();
    assert_eq!(left, 1, "what was taken is gone, but the segment that may grow");
    let again = site.collector().pass(Instant::now()).unwrap();
    assert_eq!(again.lines, 0, "a new collector knows what it has");
}

#[test]
fn no_host_writes_in_the_name_of_another_or_of_this_one_over_restarts_too() {
    let site = Site::new();
    site.process("serve", 1).write(3);
    send(&site, "berlin-1", &of(7, 5));
    site.collector().pass(Instant::now()).unwrap();
    for (sender, writer) in [("paris-1", 7), ("paris-1", 1)] {
        send(&site, sender, &of(writer, 9));
    }
    let mut collector = site.collector();
    // One segment a pass.
    for _ in 0..3 {
        collector.pass(Instant::now()).unwrap();
    }
    assert_eq!((site.numbers()[&7].len(), site.numbers()[&1].len()), (5, 3));
    assert_eq!(collector.counters().malformed, 18);
    assert_eq!(host(&site, 7).as_deref(), Some("berlin-1"));
    // A process of this host cannot take over the writer of another host either.
    site.process("gate", 7).write(9);
    collector.pass(Instant::now()).unwrap();
    assert_eq!(site.numbers()[&7].len(), 5);
}

#[test]
fn a_collector_elsewhere_says_what_is_missing_of_its_own_writers_only() {
    let site = Site::new();
    let mut numbered = of(7, 12);
    // The first nine never came there, and its collector said so before it went on.
    let keep = numbered.split_inclusive(|&byte| byte == b'\n').skip(9).flatten().copied().collect::<Vec<_>>();
    numbered = [lost(99, 1, 7), keep].concat();
    send(&site, "berlin-1", &numbered);
    let mut collector = site.collector();
    collector.pass(Instant::now()).unwrap();
    assert_eq!(site.numbers()[&7], [10, 11, 12]);
    assert_eq!(collector.counters().lost, 0, "it was said already");
    // Another host says that lines of berlin's writer are missing, so that they would look repeated.
    send(&site, "paris-1", &lost(98, 1, 7));
    collector.pass(Instant::now()).unwrap();
    assert!(!site.numbers().contains_key(&98));
    assert_eq!(collector.counters().malformed, 1);
}
