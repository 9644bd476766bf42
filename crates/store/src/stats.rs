//! Numbers over the whole store.

use crate::{Store, database::Statement, error::Error};
use decnet_model::record::{Tally, Totals};

impl Store {
    /// Totals.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn totals(&self) -> Result<Totals, Error> {
        let sql = "SELECT (SELECT COALESCE(SUM(events), 0) FROM tallies), (SELECT COUNT(*) FROM sessions), \
                   (SELECT COUNT(*) FROM credentials), (SELECT COUNT(*) FROM artefacts), \
                   (SELECT COUNT(*) FROM attackers WHERE probe = 0), \
                   (SELECT COALESCE(SUM(last_number - first_number + 1), 0) FROM gaps), \
                   (SELECT COALESCE(SUM(events), 0) FROM retired), \
                   (SELECT last_event FROM log_position WHERE id = 1)";
        let Some(mut cells) = self.pool.row(Statement::new("count rows", sql)).await? else {
            return Ok(Totals::default());
        };
        Ok(Totals {
            events: cells.count()?,
            sessions: cells.count()?,
            credentials: cells.count()?,
            artefacts: cells.count()?,
            attackers: cells.count()?,
            missing: cells.count()?,
            retired: cells.count()?,
            last_event: cells.int()?,
        })
    }

    /// Numbers of events by node, service and kind; of one node when `node` is given.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn tally_list(&self, node: Option<&str>) -> Result<Vec<Tally>, Error> {
        let select = "SELECT node, service, kind, events, last_at FROM tallies";
        let order = "ORDER BY node, service, kind";
        let statement = match node {
            Some(node) => {
                Statement::new("list tallies", format!("{select} WHERE node = ? {order}")).bind(node)
            }
            None => Statement::new("list tallies", format!("{select} {order}")),
        };
        let rows = self.pool.rows(statement).await?;
        rows.into_iter()
            .map(|mut cells| {
                Ok(Tally {
                    node: cells.text()?,
                    service: cells.text()?,
                    kind: cells.text()?,
                    events: cells.count()?,
                    last_at: cells.int()?,
                })
            })
            .collect()
    }
}
