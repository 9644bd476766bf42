//! Lines of the event log into tables: rows, what is derived from them and the position, in one
//! transaction, so that a crash at any point neither loses nor doubles a line.

mod artefact;
mod credential;
mod session;
mod tally;
pub(crate) mod writer;

use crate::{
    Fence, Position, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    event::NewEvent,
    fields, position, retire,
};
use decnet_model::{
    probe,
    record::{Gap, class_of},
};
use netsvc_wire::{Class, Kind, Meaning, Record, WriterId, field};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};
use writer::{GAPS, Verdict, Writers};

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
    pub(crate) host: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(id: i64, record: &'a Record, host: Option<&'a str>) -> Self {
        Line {
            id,
            record,
            class: class_of(&record.kind),
            src_ip: record.number_field::<IpAddr>(field::SRC_IP).map(|address| address.to_canonical()),
            session: record.text(field::SESSION).filter(|id| !id.is_empty()),
            host,
        }
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

    fn row(&self) -> NewEvent<'_> {
        NewEvent {
            id: self.id,
            writer: self.record.writer,
            number: self.record.number,
            at: self.record.at,
            node: &self.record.node,
            service: &self.record.app,
            kind: &self.record.kind,
            class: self.class,
            src_ip: self.src_ip,
            src_port: self.src_port(),
            dst_port: self.dst_port(),
            session: self.session,
            fields: fields::pack(&self.record.fields),
            probe: self.is_probe(),
            host: self.host,
        }
    }
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
        self.ingest_from(fence, batch, &BTreeMap::new(), position).await
    }

    /// As [`Store::ingest`], where `hosts` are those of the swarm that writers write on; all others write here.
    ///
    /// # Errors
    /// As [`Store::ingest`].
    pub async fn ingest_from(
        &self,
        fence: &Fence,
        batch: &[Record],
        hosts: &BTreeMap<WriterId, String>,
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
                        lines.push(Line::new(done.last_id, record, hosts.get(&record.writer).map(String::as_str)));
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
        let sql = format!("{} ORDER BY w, first_number LIMIT ?", GAPS.select());
        self.pool.read(Statement::new("list gaps", sql).bind(i64::from(limit))).await
    }

    /// Highest number stored of a writer; 0 when none is.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn writer_last(&self, writer: WriterId) -> Result<u64, Error> {
        let statement =
            Statement::new("read a writer", "SELECT last_number FROM writers WHERE w = ?").bind(writer);
        self.pool.row(statement).await?.map_or(Ok(0), |mut cells| cells.count())
    }
}

fn writers_of(batch: &[Record]) -> BTreeSet<WriterId> {
    batch.iter().map(|record| record.writer).collect()
}

async fn write(tx: &mut Tx, lines: &[Line<'_>]) -> Result<(), Error> {
    let rows: Vec<_> = lines.iter().map(Line::row).collect();
    retire::hold(tx, &rows).await?;
    tx.upsert("store events", rows).await?;
    tally::write(tx, lines).await?;
    session::write(tx, lines).await?;
    credential::write(tx, lines).await?;
    artefact::write(tx, lines).await
}
