//! What was seen most: attackers, login names, secrets, services, deckies.

use crate::{
    Store,
    database::{Statement, Tx},
    error::Error,
    filter::PAGE_LIMIT,
    schema::row,
};
use decnet_model::record::{RankChange, Ranked, Subject};
use netsvc_wire::stamp::{DAY, Micros};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The day of numbers over all time.
const EVER: Micros = -1;

/// How long numbers of single days are kept.
const DAYS_KEPT: Micros = 400 * DAY;

/// How often one value was seen on one day, or ever.
pub(crate) struct Count {
    subject: Subject,
    day: Micros,
    value_hash: Vec<u8>,
    value: Vec<u8>,
    events: u64,
    last_seen: Micros,
}

row! {
    RANKINGS = "rankings" by "subject, day, value_hash", Count, Count {
        subject: Text(64);
        day: Int;
        value_hash: Hash;
        value: Bytes;
        events: Int, Add;
        last_seen: Int, Greatest;
    }
}

/// Adds numbers of days, to those over all time too.
pub(crate) async fn write(
    tx: &mut Tx,
    counts: &BTreeMap<(Micros, Subject, Vec<u8>), RankChange>,
) -> Result<(), Error> {
    let what = "store rankings";
    let mut sums: BTreeMap<(Micros, Subject, &[u8]), RankChange> = BTreeMap::new();
    for ((day, subject, value), change) in counts {
        for day in [*day, EVER] {
            let sum = sums.entry((day, *subject, value)).or_default();
            sum.events += change.events;
            sum.last_seen = sum.last_seen.max(change.last_seen);
        }
    }
    let rows = sums.into_iter().map(|((day, subject, value), sum)| Count {
        subject,
        day,
        value_hash: Sha256::digest(value).to_vec(),
        value: value.to_vec(),
        events: sum.events,
        last_seen: sum.last_seen,
    });
    tx.upsert(what, rows).await?;
    let Some(newest) = counts.keys().map(|(day, ..)| *day).max() else { return Ok(()) };
    for subject in Subject::ALL {
        let sql = "DELETE FROM rankings WHERE subject = ? AND day > ? AND day < ?";
        let statement = Statement::new(what, sql).bind(*subject).bind(EVER).bind(newest - DAYS_KEPT);
        tx.execute(statement).await?;
    }
    Ok(())
}

impl Store {
    /// The `limit` values of `subject` that were seen most, most first: ever, or since the beginning of the
    /// day (UTC) of `since`. Probes of our own are not counted.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn ranking(
        &self,
        subject: Subject,
        since: Option<Micros>,
        limit: u32,
    ) -> Result<Vec<Ranked>, Error> {
        let what = "read a ranking";
        let limit = i64::from(limit.min(PAGE_LIMIT));
        let statement = match since {
            None => {
                let sql = "SELECT value, events, last_seen FROM rankings WHERE subject = ? AND day = ? \
                           ORDER BY events DESC, value_hash LIMIT ?";
                Statement::new(what, sql).bind(subject).bind(EVER).bind(limit)
            }
            Some(since) => {
                let day = since - since.rem_euclid(DAY);
                let sql = "SELECT MAX(value), SUM(events) AS total, MAX(last_seen) FROM rankings \
                           WHERE subject = ? AND day >= ? GROUP BY value_hash \
                           ORDER BY total DESC, value_hash LIMIT ?";
                Statement::new(what, sql).bind(subject).bind(day.max(0)).bind(limit)
            }
        };
        let rows = self.pool.rows(statement).await?;
        rows.into_iter()
            .map(|mut cells| {
                Ok(Ranked { value: cells.bytes()?, events: cells.count()?, last_seen: cells.int()? })
            })
            .collect()
    }
}
