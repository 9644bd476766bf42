//! Writing what the pipeline finds: strokes become incidents or join those that go on, and marks tie incidents of
//! several addresses together. The same comes of it however the events were cut into batches.

use super::{CONTACTS, ContactOf, INCIDENTS, SOURCES};
use crate::{
    database::{Statement, Tx},
    error::Error,
    row::Value,
    schema::{Read, row},
};
use decnet_model::record::{
    Incident, IncidentDelta, IncidentSource, IncidentTie, Mark, MarkKind, QUIET, Stroke,
};
use netsvc_wire::stamp::Micros;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

/// Values of one statement's `IN (…)`.
const CHUNK: usize = 200;
/// Marks are forgotten after this long: longer than they tie, because lines may come late.
const MARKS_KEPT: Micros = 2 * QUIET;

/// A mark as it was seen last.
#[derive(Clone, Debug)]
pub(crate) struct MarkRow {
    mark_hash: Vec<u8>,
    incident: i64,
    last_seen: Micros,
}

row! {
    MARKS = "incident_marks" by "mark_hash", MarkRow, MarkRow {
        mark_hash: Hash;
        incident: Int, Replace;
        last_seen: Int, Replace;
    }
}

/// Statements that forget all incidents, and nothing that analysts noted.
pub(crate) const EMPTYING: &[&str] = &[
    "DELETE FROM incident_marks",
    "DELETE FROM incident_ties",
    "DELETE FROM incident_contacts",
    "DELETE FROM incident_sources",
    "DELETE FROM incidents",
];

/// Adds what a batch says.
pub(crate) async fn write(tx: &mut Tx, delta: &IncidentDelta) -> Result<(), Error> {
    let what = "store incidents";
    let places = places(tx, &delta.strokes).await?;
    let mut book = Book::default();
    book.load(tx, places.iter().copied()).await?;
    for (stroke, id) in delta.strokes.iter().zip(&places) {
        let new = Incident { id: *id, ..Incident::begin(stroke) };
        match book.incidents.get_mut(id) {
            Some(incident) => incident.absorb(new),
            None => drop(book.incidents.insert(*id, new)),
        }
    }
    let (mut sources, mut contacts) = (Vec::new(), Vec::new());
    for (stroke, id) in delta.strokes.iter().zip(&places) {
        sources.push(source(stroke, *id));
        contacts.extend(stroke.contacts.iter().map(|contact| ContactOf::new(*id, contact)));
    }
    tx.upsert(what, sources).await?;
    tx.upsert(what, contacts).await?;
    book.tie(tx, delta, &places).await?;
    book.recount(tx).await?;
    tx.upsert(what, book.incidents.into_values()).await?;
    let Some(newest) = delta.strokes.iter().map(|stroke| stroke.last_seen).max() else { return Ok(()) };
    let sql = "DELETE FROM incident_marks WHERE last_seen < ?";
    tx.execute(Statement::new(what, sql).bind(newest.saturating_sub(MARKS_KEPT))).await.map(drop)
}

/// The incident of each stroke: the one that its address is in, or a new one after a pause.
async fn places(tx: &mut Tx, strokes: &[Stroke]) -> Result<Vec<i64>, Error> {
    let addresses: BTreeSet<IpAddr> = strokes.iter().map(|stroke| stroke.src_ip).collect();
    let mut current = current(tx, &addresses.into_iter().collect::<Vec<_>>()).await?;
    let mut places = Vec::with_capacity(strokes.len());
    for stroke in strokes {
        let known = current.get(&stroke.src_ip).copied();
        let goes_on = known.filter(|(_, last_seen)| stroke.begun_at.saturating_sub(*last_seen) <= QUIET);
        let (id, last_seen) = goes_on.unwrap_or((stroke.first_event, stroke.last_seen));
        current.insert(stroke.src_ip, (id, last_seen.max(stroke.last_seen)));
        places.push(id);
    }
    Ok(places)
}

/// The incident that each known address was in last, and when it was seen last there.
async fn current(tx: &mut Tx, addresses: &[IpAddr]) -> Result<HashMap<IpAddr, (i64, Micros)>, Error> {
    let mut current = HashMap::new();
    for chunk in addresses.chunks(CHUNK) {
        let marks = vec!["?"; chunk.len()].join(",");
        let sql = format!(
            "{} WHERE src_ip IN ({marks}) AND last_event = (SELECT MAX(m.last_event) FROM incident_sources m \
             WHERE m.src_ip = incident_sources.src_ip)",
            SOURCES.select()
        );
        let statement = Statement::new("find incidents that go on", sql);
        let rows = tx.rows(statement.bind_all(chunk.iter().map(|ip| (*ip).into())).once()).await?;
        for cells in rows {
            let row = <IncidentSource as Read>::read(cells)?;
            current.insert(row.src_ip, (row.incident, row.last_seen));
        }
    }
    Ok(current)
}

fn source(stroke: &Stroke, incident: i64) -> IncidentSource {
    IncidentSource {
        incident,
        src_ip: stroke.src_ip,
        first_event: stroke.first_event,
        last_event: stroke.last_event,
        first_seen: stroke.first_seen,
        last_seen: stroke.last_seen,
        events: stroke.counts.events,
    }
}

/// Incidents that a batch changes.
#[derive(Default)]
struct Book {
    incidents: BTreeMap<i64, Incident>,
    /// Where those went that turned out to be part of others.
    gone: BTreeMap<i64, i64>,
}

impl Book {
    /// Reads incidents that are not in the book.
    async fn load(&mut self, tx: &mut Tx, ids: impl Iterator<Item = i64>) -> Result<(), Error> {
        let missing: BTreeSet<i64> = ids.filter(|id| !self.incidents.contains_key(id)).collect();
        let missing: Vec<Value> = missing.into_iter().map(Value::from).collect();
        for chunk in missing.chunks(CHUNK) {
            let marks = vec!["?"; chunk.len()].join(",");
            let sql = format!("{} WHERE id IN ({marks})", INCIDENTS.select());
            let statement = Statement::new("read incidents", sql).bind_all(chunk.to_vec());
            for cells in tx.rows(statement.once()).await? {
                let row = <Incident as Read>::read(cells)?;
                self.incidents.insert(row.id, row);
            }
        }
        Ok(())
    }

    /// The incident that `id` is part of by now.
    fn now(&self, mut id: i64) -> i64 {
        // Each step leads to a smaller number.
        while let Some(next) = self.gone.get(&id) {
            id = *next;
        }
        id
    }

    /// Ties the incidents of addresses that have a mark in common.
    async fn tie(&mut self, tx: &mut Tx, delta: &IncidentDelta, places: &[i64]) -> Result<(), Error> {
        let hashes: BTreeSet<Vec<u8>> = delta.marks.iter().map(|seen| hash(&seen.mark)).collect();
        let mut known = marks(tx, hashes).await?;
        for seen in &delta.marks {
            let Some(place) = places.get(seen.stroke) else { continue };
            let mark_hash = hash(&seen.mark);
            let mut incident = self.now(*place);
            let mut last_seen = seen.at;
            if let Some(row) = known.get(&mark_hash) {
                let other = self.now(row.incident);
                if seen.at.saturating_sub(row.last_seen) <= QUIET {
                    if other != incident {
                        self.join(tx, incident.max(other), incident.min(other), seen.at, &seen.mark).await?;
                        incident = incident.min(other);
                    }
                    last_seen = last_seen.max(row.last_seen);
                }
            }
            known.insert(mark_hash.clone(), MarkRow { mark_hash, incident, last_seen });
        }
        let rows: Vec<MarkRow> =
            known.into_values().map(|row| MarkRow { incident: self.now(row.incident), ..row }).collect();
        tx.upsert("store marks of incidents", rows).await
    }

    /// Makes the incident `young` a part of `old`.
    async fn join(
        &mut self,
        tx: &mut Tx,
        young: i64,
        old: i64,
        at: Micros,
        mark: &Mark,
    ) -> Result<(), Error> {
        let what = "join incidents";
        self.load(tx, [young, old].into_iter()).await?;
        let Some(part) = self.incidents.remove(&young) else { return Ok(()) };
        match self.incidents.get_mut(&old) {
            Some(whole) => whole.absorb(part),
            None => drop(self.incidents.insert(old, Incident { id: old, ..part })),
        }
        self.gone.insert(young, old);
        let of = |sql: String| Statement::new(what, sql).bind(young);
        for cells in tx.rows(of(format!("{} WHERE incident = ?", SOURCES.select()))).await? {
            let row = <IncidentSource as Read>::read(cells)?;
            tx.upsert(what, [IncidentSource { incident: old, ..row }]).await?;
        }
        let mut contacts = Vec::new();
        for cells in tx.rows(of(format!("{} WHERE incident = ?", CONTACTS.select()))).await? {
            let row = <ContactOf as Read>::read(cells)?;
            contacts.push(ContactOf { incident: old, ..row });
        }
        tx.upsert(what, contacts).await?;
        for sql in [
            "DELETE FROM incident_sources WHERE incident = ?",
            "DELETE FROM incident_contacts WHERE incident = ?",
            "DELETE FROM incidents WHERE id = ?",
        ] {
            tx.execute(Statement::new(what, sql).bind(young)).await?;
        }
        for sql in [
            "UPDATE incident_ties SET incident = ? WHERE incident = ?",
            "UPDATE incident_marks SET incident = ? WHERE incident = ?",
        ] {
            tx.execute(Statement::new(what, sql).bind(old).bind(young)).await?;
        }
        let tie = IncidentTie { id: young, incident: old, at, kind: mark.kind, value: mark.value.clone() };
        tx.upsert(what, [tie]).await
    }

    /// Counts what was touched by whom.
    async fn recount(&mut self, tx: &mut Tx) -> Result<(), Error> {
        let what = "count what incidents touched";
        let ids: Vec<Value> = self.incidents.keys().map(|id| (*id).into()).collect();
        for chunk in ids.chunks(CHUNK) {
            let marks = vec!["?"; chunk.len()].join(",");
            let sql = format!(
                "SELECT incident, COUNT(DISTINCT node), COUNT(DISTINCT service), COUNT(*) FROM incident_contacts \
                 WHERE incident IN ({marks}) GROUP BY incident"
            );
            for mut cells in tx.rows(Statement::new(what, sql).bind_all(chunk.to_vec()).once()).await? {
                let (id, nodes, services, contacts) =
                    (cells.int()?, cells.count()?, cells.count()?, cells.count()?);
                if let Some(incident) = self.incidents.get_mut(&id) {
                    (incident.nodes, incident.services) = (nodes, services);
                    incident.judge(contacts);
                }
            }
            let sql = format!(
                "SELECT incident, COUNT(*) FROM incident_sources WHERE incident IN ({marks}) GROUP BY incident"
            );
            for mut cells in tx.rows(Statement::new(what, sql).bind_all(chunk.to_vec()).once()).await? {
                let (id, sources) = (cells.int()?, cells.count()?);
                if let Some(incident) = self.incidents.get_mut(&id) {
                    incident.sources = sources;
                }
            }
        }
        Ok(())
    }
}

/// The marks of a batch that were seen before.
async fn marks(tx: &mut Tx, hashes: BTreeSet<Vec<u8>>) -> Result<BTreeMap<Vec<u8>, MarkRow>, Error> {
    let hashes: Vec<Value> = hashes.into_iter().map(Value::from).collect();
    let mut known = BTreeMap::new();
    for chunk in hashes.chunks(CHUNK) {
        let places = vec!["?"; chunk.len()].join(",");
        let sql = format!("{} WHERE mark_hash IN ({places})", MARKS.select());
        let statement = Statement::new("read marks of incidents", sql).bind_all(chunk.to_vec());
        for cells in tx.rows(statement.once()).await? {
            let row = <MarkRow as Read>::read(cells)?;
            known.insert(row.mark_hash.clone(), row);
        }
    }
    Ok(known)
}

fn hash(mark: &Mark) -> Vec<u8> {
    let kind = match mark.kind {
        MarkKind::Principal => 1,
        MarkKind::Key => 2,
        MarkKind::Payload => 3,
        MarkKind::Canary => 4,
    };
    Sha256::new().chain_update([kind]).chain_update(&mark.value).finalize().to_vec()
}
