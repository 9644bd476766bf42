//! Reading sessions.

use crate::{Store, database::Statement, error::Error, filter::Filterable, row::Cells};
use decnet_model::record::{Filter, Page, Session};

const SELECT: &str = "SELECT id, first_event, last_event, node, service, src_ip, src_port, dst_port, \
     started_at, last_at, ended_at, events, commands, credentials, artefacts, principal, client, recording, \
     bytes_in, bytes_out, reason, probe FROM sessions";

const SESSIONS: Filterable = Filterable {
    select: SELECT,
    key: "first_event",
    node: "node",
    service: "service",
    src_ip: "src_ip",
    session: "id",
    at: "started_at",
    recording: "recording",
    probe: "probe",
    ..Filterable::NONE
};

impl Store {
    /// One page of the sessions that fit `filter`, ordered by their first event.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn session_list(&self, filter: &Filter, page: Page) -> Result<Vec<Session>, Error> {
        let statement = SESSIONS.statement("list sessions", self.pool.dialect(), filter, page);
        self.pool.rows(statement).await?.into_iter().map(from_cells).collect()
    }

    /// One session.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn session_get(&self, id: &str) -> Result<Option<Session>, Error> {
        let statement = Statement::new("read a session", format!("{SELECT} WHERE id = ?")).bind(id);
        self.pool.row(statement).await?.map(from_cells).transpose()
    }
}

impl Store {
    /// Up to two sessions whose id begins with `start`, those begun last first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn session_find(&self, start: &str) -> Result<Vec<Session>, Error> {
        // Text that begins with `start` is not less than it and less than it with the last character there is.
        let sql = format!("{SELECT} WHERE id >= ? AND id < ? ORDER BY first_event DESC LIMIT 2");
        let statement = Statement::new("find a session", sql).bind(start).bind(format!("{start}\u{10ffff}"));
        self.pool.rows(statement).await?.into_iter().map(from_cells).collect()
    }
}

fn from_cells(mut cells: Cells) -> Result<Session, Error> {
    Ok(Session {
        id: cells.text()?,
        first_event: cells.int()?,
        last_event: cells.int()?,
        node: cells.text()?,
        service: cells.text()?,
        src_ip: cells.maybe_address()?,
        src_port: cells.maybe_port()?,
        dst_port: cells.maybe_port()?,
        started_at: cells.int()?,
        last_at: cells.int()?,
        ended_at: cells.maybe_int()?,
        events: cells.count()?,
        commands: cells.count()?,
        credentials: cells.count()?,
        artefacts: cells.count()?,
        principal: cells.maybe_bytes()?,
        client: cells.maybe_bytes()?,
        recording: cells.maybe_text()?,
        bytes_in: cells.maybe_count()?,
        bytes_out: cells.maybe_count()?,
        reason: cells.maybe_text()?,
        probe: cells.flag()?,
    })
}
