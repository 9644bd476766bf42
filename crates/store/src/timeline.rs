//! Numbers of events by minute and by hour, node and kind.

use crate::{
    Store,
    database::{Statement, Tx},
    error::Error,
    schema::row,
};
use decnet_model::record::{BUCKETS, Bucket, By, Span, TimelineFilter, class_of};
use netsvc_wire::{Class, stamp::Micros};
use std::collections::BTreeMap;

/// How long numbers of single minutes are kept.
const MINUTES_KEPT: Micros = 7 * 24 * 3_600_000_000;

/// Most numbers of kinds that are read to tell those of classes: 36 hours by the minute with every kind.
const KINDS: usize = 200_000;

/// One number.
pub(crate) struct Count {
    span: i64,
    at: Micros,
    node: String,
    kind: String,
    events: u64,
}

row! {
    TIMELINE = "timeline" by "span, at, node, kind", Count, Count {
        span: Int;
        at: Int;
        node: Text(255);
        kind: Text(64);
        events: Int, Add;
    }
}

/// Adds numbers of minutes, to their hours too.
pub(crate) async fn write(
    tx: &mut Tx,
    counts: &BTreeMap<(Micros, String, String), u64>,
) -> Result<(), Error> {
    let what = "store numbers of events";
    let mut sums: BTreeMap<(i64, Micros, &str, &str), u64> = BTreeMap::new();
    for ((at, node, kind), events) in counts {
        for span in Span::ALL {
            *sums.entry((span.micros(), span.begin(*at), node, kind)).or_insert(0) += events;
        }
    }
    let rows = sums.into_iter().map(|((span, at, node, kind), events)| Count {
        span,
        at,
        node: node.to_owned(),
        kind: kind.to_owned(),
        events,
    });
    tx.upsert(what, rows).await?;
    let Some(newest) = counts.keys().map(|(at, ..)| *at).max() else { return Ok(()) };
    let sql = "DELETE FROM timeline WHERE span = ? AND at < ?";
    let statement = Statement::new(what, sql).bind(Span::Minute.micros()).bind(newest - MINUTES_KEPT);
    tx.execute(statement).await.map(drop)
}

/// Numbers of kinds as those of their classes.
fn classes(kinds: Vec<Bucket>) -> Vec<Bucket> {
    let mut sums: BTreeMap<(Micros, Class), u64> = BTreeMap::new();
    for bucket in kinds {
        *sums.entry((bucket.at, class_of(&bucket.name))).or_insert(0) += bucket.events;
    }
    let bucket =
        |((at, class), events): ((Micros, Class), u64)| Bucket { at, name: class.name().to_owned(), events };
    sums.into_iter().map(bucket).collect()
}

impl Store {
    /// Numbers of events in spans, oldest first, at most [`record::BUCKETS`](decnet_model::record::BUCKETS) of
    /// them; spans without events are left out. Probes of our own are not counted, and an event that tells of a
    /// flood counts for all of it.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn timeline(&self, filter: &TimelineFilter) -> Result<Vec<Bucket>, Error> {
        let name = match filter.by {
            By::All => "''",
            By::Kind | By::Class => "kind",
            By::Node => "node",
        };
        let mut conditions = String::new();
        let mut values = Vec::new();
        for (column, value) in [("node", &filter.node), ("kind", &filter.kind)] {
            if let Some(value) = value {
                conditions.push_str(&format!(" AND {column} = ?"));
                values.push(value.as_str().into());
            }
        }
        let group = if filter.by == By::All { "at".to_owned() } else { format!("at, {name}") };
        // A class has several kinds.
        let limit = if filter.by == By::Class { KINDS } else { BUCKETS };
        let sql = format!(
            "SELECT at, {name}, SUM(events) FROM timeline WHERE span = ? AND at >= ? AND at < ?{conditions} \
             GROUP BY {group} ORDER BY {group} LIMIT {limit}"
        );
        let statement = Statement::new("read numbers of events", sql)
            .bind(filter.span.micros())
            .bind(filter.since)
            .bind(filter.until)
            .bind_all(values);
        let rows = self.pool.rows(statement).await?;
        let buckets: Result<Vec<_>, Error> = rows
            .into_iter()
            .map(|mut cells| Ok(Bucket { at: cells.int()?, name: cells.text()?, events: cells.count()? }))
            .collect();
        Ok(if filter.by == By::Class { classes(buckets?) } else { buckets? })
    }
}
