//! Names that there are.

use crate::{Store, database::Statement, error::Error};
use decnet_model::record::Known;
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// Names of deckies, services and kinds of secrets; and `session`, if there is one.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn known(&self, session: Option<&str>) -> Result<Known, Error> {
        let sessions = match session {
            Some(id) => self.session_get(id).await?.map(|session| session.id).into_iter().collect(),
            None => BTreeSet::new(),
        };
        Ok(Known {
            deckies: self.names("SELECT name FROM deckies UNION SELECT node FROM tallies").await?,
            services: self.names("SELECT DISTINCT service FROM tallies").await?,
            secret_kinds: self.names("SELECT DISTINCT secret_kind FROM credentials").await?,
            sessions,
            hosts: self.host_names().await?,
        })
    }

    /// Ids of the swarm's hosts, by id and, of those that have not left, by name.
    async fn host_names(&self) -> Result<BTreeMap<String, String>, Error> {
        let hosts = self.swarm_hosts().await?;
        let named = hosts.iter().filter(|host| host.left_at.is_none()).map(|host| (&host.name, &host.id));
        let ids = hosts.iter().map(|host| (&host.id, &host.id));
        Ok(named.chain(ids).map(|(name, id)| (name.clone(), id.clone())).collect())
    }

    async fn names(&self, sql: &'static str) -> Result<BTreeSet<String>, Error> {
        let rows = self.pool.rows(Statement::new("read names", sql)).await?;
        rows.into_iter().map(|mut cells| cells.text()).collect()
    }
}
