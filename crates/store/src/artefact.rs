//! Reading artefacts and where they were seen.

use crate::{Store, database::Statement, error::Error, filter::Filterable, schema::row};
use decnet_model::record::{Artefact, Filter, Page, Sighting};

row! {
    ARTEFACTS = "artefacts" by "sha256", Artefact, Artefact {
        sha256: Text(64);
        first_event: Int, Least;
        size: Int, Greatest;
        origin: Text(64);
        format: Text(64), Fill;
        first_seen: Int, Least;
        last_seen: Int, Greatest;
        sightings: Int, Add;
        unkept: Text(32), Latest;
    }
}

row! {
    SIGHTINGS = "artefact_sightings" by "event", Sighting, Sighting {
        event: Int;
        sha256: Text(64);
        at: Int;
        node: Text(255);
        service: Text(64);
        src_ip: Address;
        session: Text(64);
        origin: Text(64);
        path: Bytes;
        probe: Int;
    }
}

const LISTED: Filterable =
    Filterable { table: &ARTEFACTS, key: "first_event", at: "last_seen", ..Filterable::NONE };

const LISTED_SIGHTINGS: Filterable = Filterable {
    table: &SIGHTINGS,
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
        let statement = LISTED.statement("list artefacts", self.pool.dialect(), filter, page);
        self.pool.read(statement).await
    }

    /// One artefact by its hash.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn artefact_get(&self, sha256: &str) -> Result<Option<Artefact>, Error> {
        let statement =
            Statement::new("read an artefact", format!("{} WHERE sha256 = ?", ARTEFACTS.select()))
                .bind(sha256);
        self.pool.read_one(statement).await
    }

    /// One page of the sightings that fit `filter`, ordered by event.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn sighting_list(&self, filter: &Filter, page: Page) -> Result<Vec<Sighting>, Error> {
        let statement = LISTED_SIGHTINGS.statement("list sightings", self.pool.dialect(), filter, page);
        self.pool.read(statement).await
    }

    /// Up to `limit` sightings of one artefact, newest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn artefact_sightings(&self, sha256: &str, limit: u32) -> Result<Vec<Sighting>, Error> {
        let sql = format!("{} WHERE sha256 = ? ORDER BY event DESC LIMIT ?", SIGHTINGS.select());
        let statement =
            Statement::new("list sightings of an artefact", sql).bind(sha256).bind(i64::from(limit));
        self.pool.read(statement).await
    }
}
