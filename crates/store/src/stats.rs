//! Numbers over the whole store.

use crate::{Store, database::Statement, error::Error, schema::row};
use decnet_model::record::{Tally, Totals};

row! {
    TALLIES = "tallies" by "node, service, kind", Tally, Tally {
        node: Text(255);
        service: Text(64);
        kind: Text(64);
        events: Int, Add;
        last_at: Int, Greatest;
    }
}

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
        let select = TALLIES.select();
        let order = "ORDER BY node, service, kind";
        let statement = match node {
            Some(node) => {
                Statement::new("list tallies", format!("{select} WHERE node = ? {order}")).bind(node)
            }
            None => Statement::new("list tallies", format!("{select} {order}")),
        };
        self.pool.read(statement).await
    }
}
