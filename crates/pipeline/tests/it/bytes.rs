//! Any bytes where lines are expected.

use crate::{
    collect::Site,
    stage::{encoder, lines},
};
use decnet_pipeline::{
    collector::Seen,
    eventlog::{LogReader, Position, object_of, segment_path},
};
use netsvc_wire::parse;
use proptest::prelude::*;
use std::fs;

/// Pieces of a file: whole lines of one writer, their numbers ascending, between other bytes.
fn pieces() -> impl Strategy<Value = Vec<Option<Vec<u8>>>> {
    proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..80)), 0..12)
}

fn assembled(pieces: Vec<Option<Vec<u8>>>) -> (Vec<u8>, u64) {
    let (mut encoder, mut bytes, mut whole) = (encoder(1), Vec::new(), 0);
    for piece in pieces {
        match piece {
            None => {
                bytes.extend(lines(&mut encoder, 1));
                whole += 1;
            }
            Some(mut other) => {
                other.push(b'\n');
                bytes.extend(other);
            }
        }
    }
    (bytes, whole)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_spool_of_any_bytes_gives_its_lines_and_nothing_else(pieces in pieces()) {
        let (bytes, whole) = assembled(pieces);
        let site = Site::new();
        let mut process = site.process("serve", 1);
        process.raw(&bytes);
        let mut collector = site.collector();
        prop_assert_eq!(collector.drain().unwrap(), whole);
        prop_assert_eq!(site.log().len() as u64, whole);
        let found = site.numbers().remove(&1).unwrap_or_default();
        prop_assert!(found.iter().copied().eq(1..=whole));
    }

    #[test]
    fn a_log_of_any_bytes_is_read_to_its_last_newline(pieces in pieces()) {
        let (bytes, whole) = assembled(pieces);
        let folder = tempfile::tempdir().unwrap();
        fs::write(segment_path(folder.path(), 1), &bytes).unwrap();
        let mut reader = LogReader::new(folder.path(), Position::default());
        let mut found = 0;
        loop {
            let batch = reader.read(3).unwrap();
            if batch.is_empty() {
                break;
            }
            for line in batch.lines() {
                found += u64::from(parse(line).is_ok());
                object_of(line);
            }
        }
        prop_assert_eq!(found, whole);
        prop_assert_eq!(Seen::recover(folder.path()).unwrap().last(netsvc_wire::WriterId(1)), whole);
    }
}
