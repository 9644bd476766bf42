//! Reading sessions.

use crate::{Store, database::Statement, error::Error, filter::Filterable, schema::row};
use decnet_model::record::{EventRow, Filter, Page, Session};
use netsvc_wire::{Kind, field, stamp::Micros};

/// Captures of one session that are told of.
const CAPTURES: u32 = 20;
/// Longest time after a session's end in which a capture may end, and by how much clocks may differ, in µs.
const AFTER: Micros = 1_900_000_000;
const DIFFER: Micros = 1_000_000;

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

    /// Events that tell of captures in which the packets of a session are, oldest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn session_captures(&self, session: &Session) -> Result<Vec<EventRow>, Error> {
        let Some(src_ip) = session.src_ip else { return Ok(Vec::new()) };
        let end = session.ended_at.unwrap_or(session.last_at);
        let filter = Filter {
            node: Some(session.node.clone()),
            kind: Some(Kind::PacketsCaptured.name().to_owned()),
            src_ip: Some(src_ip),
            since: Some(session.started_at.saturating_sub(DIFFER)),
            until: Some(end.saturating_add(AFTER)),
            ..Filter::default()
        };
        let mut rows = self.event_list(&filter, Page::after(0, CAPTURES * 10)).await?;
        rows.retain(|row| {
            let lasted: Micros = row.text(field::DURATION_MS).and_then(|text| text.parse().ok()).unwrap_or(0);
            let begun = row.at.saturating_sub(lasted.saturating_mul(1000));
            row.dst_port == session.dst_port && begun <= end.saturating_add(DIFFER)
        });
        rows.truncate(CAPTURES as usize);
        Ok(rows)
    }
}
