//! Reading credentials.

use crate::{Store, error::Error, filter::Filterable, schema::row};
use decnet_model::record::{Credential, Filter, Page};

/// A credential as it is put in.
pub(crate) struct KeyedCredential {
    pub(crate) row: Credential,
    /// The same for equal offers.
    pub(crate) key_hash: Vec<u8>,
}

row! {
    CREDENTIALS = "credentials" by "key_hash", Credential, KeyedCredential {
        first_event: Int, Least;
        last_event: Int, Greatest;
        src_ip: Address;
        node: Text(255);
        service: Text(64);
        principal: Bytes;
        secret: Bytes;
        secret_kind: Text(64);
        secret_sha256: Text(64);
        challenge: Bytes, Fill;
        realm: Bytes, Fill;
        crack_line: Bytes, Fill;
        outcome: Text(64), Sticky("accepted");
        attempts: Int, Add;
        first_seen: Int, Least;
        last_seen: Int, Greatest;
        probe: Int;
    }
    hidden {
        key_hash: Hash;
    }
}

const LISTED: Filterable = Filterable {
    table: &CREDENTIALS,
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
        let statement = LISTED.statement("list credentials", self.pool.dialect(), filter, page);
        self.pool.read(statement).await
    }
}
