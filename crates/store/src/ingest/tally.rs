//! Running numbers per node, service and kind, so that statistics need no scan of the events.

use super::Line;
use crate::{database::Tx, error::Error};
use decnet_model::record::Tally;
use std::collections::BTreeMap;

pub(super) async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    let mut tallies: BTreeMap<(&str, &str, &str), Tally> = BTreeMap::new();
    for line in lines {
        let record = line.record;
        let tally = tallies.entry((&record.node, &record.app, &record.kind)).or_insert_with(|| Tally {
            node: record.node.clone(),
            service: record.app.clone(),
            kind: record.kind.clone(),
            events: 0,
            last_at: record.at,
        });
        tally.events += 1;
        tally.last_at = tally.last_at.max(record.at);
    }
    tx.upsert("store tallies", tallies.into_values()).await
}
