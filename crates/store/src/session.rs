//! Reading sessions.

use crate::{Store, database::Statement, error::Error, filter::Filterable, schema::row};
use decnet_model::record::{Filter, Page, Session};

row! {
    SESSIONS = "sessions" by "id", Session, Session {
        id: Text(64);
        first_event: Int, Least;
        last_event: Int, Greatest;
        node: Text(255);
        service: Text(64);
        src_ip: Address, Fill;
        src_port: Int, Fill;
        dst_port: Int, Fill;
        started_at: Int, Least;
        last_at: Int, Greatest;
        ended_at: Int, Latest;
        events: Int, Add;
        commands: Int, Add;
        credentials: Int, Add;
        artefacts: Int, Add;
        principal: Bytes, Latest;
        client: Bytes, Fill;
        recording: Text(64), Latest;
        bytes_in: Int, Latest;
        bytes_out: Int, Latest;
        reason: Text(255), Latest;
        probe: Int, Greatest;
    }
}

const LISTED: Filterable = Filterable {
    table: &SESSIONS,
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
        let statement = LISTED.statement("list sessions", self.pool.dialect(), filter, page);
        self.pool.read(statement).await
    }

    /// One session.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn session_get(&self, id: &str) -> Result<Option<Session>, Error> {
        let statement =
            Statement::new("read a session", format!("{} WHERE id = ?", SESSIONS.select())).bind(id);
        self.pool.read_one(statement).await
    }
}

impl Store {
    /// Up to two sessions whose id begins with `start`, those begun last first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn session_find(&self, start: &str) -> Result<Vec<Session>, Error> {
        // Text that begins with `start` is not less than it and less than it with the last character there is.
        let select = SESSIONS.select();
        let sql = format!("{select} WHERE id >= ? AND id < ? ORDER BY first_event DESC LIMIT 2");
        let statement = Statement::new("find a session", sql).bind(start).bind(format!("{start}\u{10ffff}"));
        self.pool.read(statement).await
    }
}
