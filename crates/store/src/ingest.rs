//! Lines of the event log into tables: rows, what is derived from them and the position, in one
//! transaction, so that a crash at any point neither loses nor doubles a line.

mod artefact;
mod credential;
mod session;
mod tally;
mod writer;

use crate::{
    Fence, Position, Store,
    database::{Statement, Tx, transaction},
    dialect::{Merge, Table},
    error::Error,
    fields, position,
    row::{Value, fit},
};
use decnet_model::{
    probe,
    record::{Gap, class_of},
};
use netsvc_wire::{Class, Kind, Meaning, Record, WriterId, field};
use std::{collections::BTreeSet, net::IpAddr};
use writer::{Verdict, Writers};

const EVENTS: Table = Table {
    name: "events",
    key: "w, n",
    columns: &[
        ("id", Merge::Keep),
        ("w", Merge::Keep),
        ("n", Merge::Keep),
        ("at", Merge::Keep),
        ("node", Merge::Keep),
        ("service", Merge::Keep),
        ("kind", Merge::Keep),
        ("class", Merge::Keep),
        ("src_ip", Merge::Keep),
        ("src_port", Merge::Keep),
        ("dst_port", Merge::Keep),
        ("session", Merge::Keep),
        ("fields", Merge::Keep),
        ("probe", Merge::Keep),
    ],
};

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Lines stored.
    pub rows: u64,
    /// Lines that were in the store already and were left out.
    pub doubles: u64,
    /// Lines whose number no encoder gives, left out.
    pub refused: u64,
    /// Lines found missing that nobody knew to be missing before this batch.
    pub gaps: Vec<Gap>,
    /// Highest event id in the store.
    pub last_id: i64,
}

/// A line with its id and the columns that several tables need.
pub(crate) struct Line<'a> {
    pub(crate) id: i64,
    pub(crate) record: &'a Record,
    pub(crate) class: Class,
    pub(crate) src_ip: Option<IpAddr>,
    pub(crate) session: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(id: i64, record: &'a Record) -> Self {
        Line {
            id,
            record,
            class: class_of(&record.kind),
            src_ip: record.number_field::<IpAddr>(field::SRC_IP).map(|address| address.to_canonical()),
            session: record.text(field::SESSION).filter(|id| !id.is_empty()),
        }
    }

    fn node(&self) -> Value {
        fit(&self.record.node, 255)
    }

    fn service(&self) -> Value {
        fit(&self.record.app, 64)
    }

    fn kind(&self) -> Value {
        fit(&self.record.kind, 64)
    }

    fn src_port(&self) -> Option<u16> {
        self.record.number_field(field::SRC_PORT)
    }

    fn dst_port(&self) -> Option<u16> {
        self.record.number_field(field::DST_PORT)
    }

    /// What it is to those who join events.
    fn meaning(&self) -> Option<Meaning> {
        Kind::meaning_of(&self.record.kind)
    }

    /// Whether it came of a probe of our own.
    fn is_probe(&self) -> bool {
        self.src_ip.is_some_and(probe::is_own)
    }

    fn row(&self) -> Vec<Value> {
        vec![
            self.id.into(),
            writer_value(self.record.writer),
            self.record.number.into(),
            self.record.at.into(),
            self.node(),
            self.service(),
            self.kind(),
            (self.class as i64).into(),
            self.src_ip.into(),
            self.src_port().into(),
            self.dst_port().into(),
            self.session.map(|id| fit(id, 64)).unwrap_or(Value::Null),
            fields::pack(&self.record.fields).into(),
            self.is_probe().into(),
        ]
    }
}

/// A writer id as the signed integer with the same bits.
pub(crate) fn writer_value(writer: WriterId) -> Value {
    Value::Int(writer.0.cast_signed())
}

impl Store {
    /// Stores the lines of `batch` in their order and moves the position to `position`, all or nothing.
    /// Lines already stored (same writer and number) are left out, so that a batch may be sent again.
    /// Keep batches to 1,000 lines or 50 ms, because other writers wait.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another ingester has taken over; [`Error::Query`] when the database fails:
    /// then nothing of the batch is stored.
    pub async fn ingest(
        &self,
        fence: &Fence,
        batch: &[Record],
        position: &Position,
    ) -> Result<Ingested, Error> {
        transaction!(self, "ingest a batch", tx => {
            fence.check(&mut tx).await?;
            let before = position::read(&mut tx).await?;
            let mut writers = Writers::load(&mut tx, writers_of(batch)).await?;
            let mut done = Ingested { last_id: before.last_event, ..Ingested::default() };
            let mut lines = Vec::with_capacity(batch.len());
            for record in batch {
                match writers.take(record) {
                    Verdict::New => {
                        done.last_id += 1;
                        lines.push(Line::new(done.last_id, record));
                    }
                    Verdict::Double => done.doubles += 1,
                    Verdict::Refused => done.refused += 1,
                }
            }
            done.rows = lines.len() as u64;
            done.gaps = writers.gaps_opened();
            write(&mut tx, &lines).await?;
            writers.save(&mut tx).await?;
            position::write(&mut tx, position, done.last_id).await?;
            Ok(done)
        })
    }

    /// Gaps in the numbers of writers, oldest writer first: lines that never arrived.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn gap_list(&self, limit: u32) -> Result<Vec<Gap>, Error> {
        let statement = Statement::new(
            "list gaps",
            "SELECT w, first_number, last_number FROM gaps ORDER BY w, first_number LIMIT ?",
        )
        .bind(i64::from(limit));
        let rows = self.pool.rows(statement).await?;
        rows.into_iter().map(writer::gap_from).collect()
    }

    /// Highest number stored of a writer; 0 when none is.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn writer_last(&self, writer: WriterId) -> Result<u64, Error> {
        let statement = Statement::new("read a writer", "SELECT last_number FROM writers WHERE w = ?")
            .bind(writer_value(writer));
        self.pool.row(statement).await?.map_or(Ok(0), |mut cells| cells.count())
    }
}

fn writers_of(batch: &[Record]) -> BTreeSet<WriterId> {
    batch.iter().map(|record| record.writer).collect()
}

async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    tx.upsert("store events", &EVENTS, lines.iter().map(Line::row).collect()).await?;
    tally::write(tx, lines).await?;
    session::write(tx, lines).await?;
    credential::write(tx, lines).await?;
    artefact::write(tx, lines).await
}
