//! Reading artefacts and where they were seen.

use crate::{Store, database::Statement, error::Error, filter::Filterable, row::Cells};
use decnet_model::record::{Artefact, Filter, Page, Sighting};

const SELECT: &str =
    "SELECT sha256, first_event, size, origin, format, first_seen, last_seen, sightings FROM artefacts";

const ARTEFACTS: Filterable =
    Filterable { select: SELECT, key: "first_event", at: "last_seen", ..Filterable::NONE };

const SIGHTINGS: Filterable = Filterable {
    select: "SELECT event, sha256, at, node, service, src_ip, session, origin, path, probe FROM artefact_sightings",
    key: "event",
    node: "node",
    service: "service",
    src_ip: "src_ip",
    session: "session",
    at: "at",
    probe: "probe",
    ..Filterable::NONE
};

impl Store {
    /// One page of artefacts, ordered by their first event; of `filter` only the times apply.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn artefact_list(&self, filter: &Filter, page: Page) -> Result<Vec<Artefact>, Error> {
        let statement = ARTEFACTS.statement("list artefacts", self.pool.dialect(), filter, page);
        self.pool.rows(statement).await?.into_iter().map(artefact_from).collect()
    }

    /// One artefact by its hash.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn artefact_get(&self, sha256: &str) -> Result<Option<Artefact>, Error> {
        let statement = Statement::new("read an artefact", format!("{SELECT} WHERE sha256 = ?")).bind(sha256);
        self.pool.row(statement).await?.map(artefact_from).transpose()
    }

    /// One page of the sightings that fit `filter`, ordered by event.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn sighting_list(&self, filter: &Filter, page: Page) -> Result<Vec<Sighting>, Error> {
        let statement = SIGHTINGS.statement("list sightings", self.pool.dialect(), filter, page);
        self.pool.rows(statement).await?.into_iter().map(sighting_from).collect()
    }

    /// Up to `limit` sightings of one artefact, newest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn artefact_sightings(&self, sha256: &str, limit: u32) -> Result<Vec<Sighting>, Error> {
        let sql = format!("{} WHERE sha256 = ? ORDER BY event DESC LIMIT ?", SIGHTINGS.select);
        let statement =
            Statement::new("list sightings of an artefact", sql).bind(sha256).bind(i64::from(limit));
        self.pool.rows(statement).await?.into_iter().map(sighting_from).collect()
    }
}

fn artefact_from(mut cells: Cells) -> Result<Artefact, Error> {
    Ok(Artefact {
        sha256: cells.text()?,
        first_event: cells.int()?,
        size: cells.count()?,
        origin: cells.text()?,
        format: cells.maybe_text()?,
        first_seen: cells.int()?,
        last_seen: cells.int()?,
        sightings: cells.count()?,
    })
}

fn sighting_from(mut cells: Cells) -> Result<Sighting, Error> {
    Ok(Sighting {
        event: cells.int()?,
        sha256: cells.text()?,
        at: cells.int()?,
        node: cells.text()?,
        service: cells.text()?,
        src_ip: cells.maybe_address()?,
        session: cells.maybe_text()?,
        origin: cells.text()?,
        path: cells.maybe_bytes()?,
        probe: cells.flag()?,
    })
}
