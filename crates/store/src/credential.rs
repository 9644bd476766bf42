//! Reading credentials.

use crate::{Store, error::Error, filter::Filterable, row::Cells};
use decnet_model::record::{Credential, Filter, Page};

const CREDENTIALS: Filterable = Filterable {
    select: "SELECT first_event, last_event, src_ip, node, service, principal, secret, secret_kind, \
             secret_sha256, challenge, realm, crack_line, outcome, attempts, first_seen, last_seen, \
             probe FROM credentials",
    key: "first_event",
    node: "node",
    service: "service",
    src_ip: "src_ip",
    at: "last_seen",
    secret_kind: "secret_kind",
    probe: "probe",
    ..Filterable::NONE
};

impl Store {
    /// One page of the credentials that fit `filter`, ordered by their first event. An export reads
    /// pages after 0, each after the last row's `first_event`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn credential_list(&self, filter: &Filter, page: Page) -> Result<Vec<Credential>, Error> {
        let statement = CREDENTIALS.statement("list credentials", self.pool.dialect(), filter, page);
        self.pool.rows(statement).await?.into_iter().map(from_cells).collect()
    }
}

fn from_cells(mut cells: Cells) -> Result<Credential, Error> {
    Ok(Credential {
        first_event: cells.int()?,
        last_event: cells.int()?,
        src_ip: cells.maybe_address()?,
        node: cells.text()?,
        service: cells.text()?,
        principal: cells.bytes()?,
        secret: cells.bytes()?,
        secret_kind: cells.text()?,
        secret_sha256: cells.text()?,
        challenge: cells.maybe_bytes()?,
        realm: cells.maybe_bytes()?,
        crack_line: cells.maybe_bytes()?,
        outcome: cells.maybe_text()?,
        attempts: cells.count()?,
        first_seen: cells.int()?,
        last_seen: cells.int()?,
        probe: cells.flag()?,
    })
}
