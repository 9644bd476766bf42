//! Running numbers per node, service and kind, so that statistics need no scan of the events.

use super::Line;
use crate::{
    database::Tx,
    dialect::{Merge, Table},
    error::Error,
    row::fit,
};
use netsvc_wire::stamp::Micros;
use std::collections::BTreeMap;

const TALLIES: Table = Table {
    name: "tallies",
    key: "node, service, kind",
    columns: &[
        ("node", Merge::Keep),
        ("service", Merge::Keep),
        ("kind", Merge::Keep),
        ("events", Merge::Add),
        ("last_at", Merge::Greatest),
    ],
};

pub(super) async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    let mut tallies: BTreeMap<(&str, &str, &str), (u64, Micros)> = BTreeMap::new();
    for line in lines {
        let record = line.record;
        let tally = tallies.entry((&record.node, &record.app, &record.kind)).or_insert((0, record.at));
        tally.0 += 1;
        tally.1 = tally.1.max(record.at);
    }
    let rows = tallies
        .into_iter()
        .map(|((node, service, kind), (events, last_at))| {
            vec![fit(node, 255), fit(service, 64), fit(kind, 64), events.into(), last_at.into()]
        })
        .collect();
    tx.upsert("store tallies", &TALLIES, rows).await
}
