//! Networks of deckies: their documents, states and changes.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    error::Error,
    row::Value,
    schema::row,
};
use decnet_model::record::{
    TopologyChangeState, TopologyEvent, TopologyMutation, TopologyRow, TopologyState,
};
use netsvc_wire::stamp::Micros;

/// Changes and states that one answer lists.
const LISTED: u32 = 1000;

row! {
    TOPOLOGIES = "topologies" by "name", TopologyRow, TopologyRow {
        name: Text(255);
        state: Text(64), Replace;
        state_at: Int, Replace;
        reason: Long, Replace;
        version: Int, Replace;
        document: Long, Replace;
        created_at: Int;
        updated_at: Int, Replace;
    }
}

row! {
    EVENTS = "topology_events" by "id", TopologyEvent, TopologyEvent {
        id: Int;
        topology: Text(255);
        before as was: Text(64);
        after as became: Text(64);
        at: Int;
        reason: Long;
    }
}

row! {
    CHANGES = "topology_mutations" by "id", TopologyMutation, TopologyMutation {
        id: Int;
        topology: Text(255);
        op: Text(64);
        payload: Long;
        version: Int;
        state: Text(64), Replace;
        asked_by: Text(255);
        asked_at: Int;
        applied_at: Int, Replace;
        reason: Long, Replace;
    }
}

async fn find(tx: &mut Tx, what: &'static str, name: &str) -> Result<Option<TopologyRow>, Error> {
    // Who looks at a version or a state changes it by that: nobody else does meanwhile.
    let sql = format!("{} WHERE name = ?{}", TOPOLOGIES.select(), tx.dialect().for_update());
    tx.read_one(Statement::new(what, sql).bind(name)).await
}

impl Store {
    /// Stores a topology that nobody has stored under its name. Returns whether it did.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_create(&self, row: &TopologyRow) -> Result<bool, Error> {
        let what = "store a topology";
        transaction!(self, what, tx => {
            if find(&mut tx, what, &row.name).await?.is_some() {
                return Ok(false);
            }
            tx.upsert(what, [row.clone()]).await?;
            Ok(true)
        })
    }

    /// Replaces the document of a topology that still has the version `expected`. Returns whether it did.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_change(
        &self,
        name: &str,
        expected: i64,
        document: &str,
        now: Micros,
    ) -> Result<bool, Error> {
        let what = "change a topology";
        transaction!(self, what, tx => {
            let Some(row) = find(&mut tx, what, name).await?.filter(|row| row.version == expected) else {
                return Ok(false);
            };
            let (version, document) = (expected + 1, document.to_owned());
            tx.upsert(what, [TopologyRow { version, document, updated_at: now, ..row }]).await?;
            Ok(true)
        })
    }

    /// Has a topology become `state`, where that may follow the state that it is in. Returns whether it did.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_become(
        &self,
        name: &str,
        state: TopologyState,
        reason: &str,
        now: Micros,
    ) -> Result<bool, Error> {
        self.topology_turn(name, TopologyState::ALL, state, reason, now).await
    }

    /// As [`Store::topology_become`], as long as it is in one of the states `from`: for who has seen it so.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_turn(
        &self,
        name: &str,
        from: &[TopologyState],
        state: TopologyState,
        reason: &str,
        now: Micros,
    ) -> Result<bool, Error> {
        let what = "note how a topology is";
        let may = |row: &TopologyRow| from.contains(&row.state) && row.state.next().contains(&state);
        transaction!(self, what, tx => {
            let Some(row) = find(&mut tx, what, name).await?.filter(may) else { return Ok(false) };
            let event = TopologyEvent {
                id: tx.next_id(what, &EVENTS).await?,
                topology: name.to_owned(),
                before: row.state,
                after: state,
                at: now,
                reason: reason.to_owned(),
            };
            tx.upsert(what, [event]).await?;
            let changed = TopologyRow { state, state_at: now, reason: reason.to_owned(), updated_at: now, ..row };
            tx.upsert(what, [changed]).await?;
            Ok(true)
        })
    }

    /// Forgets a topology with its states and changes.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_delete(&self, name: &str) -> Result<(), Error> {
        let what = "delete a topology";
        transaction!(self, what, tx => {
            for sql in [
                "DELETE FROM topology_events WHERE topology = ?",
                "DELETE FROM topology_mutations WHERE topology = ?",
                "DELETE FROM topologies WHERE name = ?",
            ] {
                tx.execute(Statement::new(what, sql).bind(name)).await?;
            }
            Ok(())
        })
    }

    /// One topology.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_get(&self, name: &str) -> Result<Option<TopologyRow>, Error> {
        let sql = format!("{} WHERE name = ?", TOPOLOGIES.select());
        self.pool.read_one(Statement::new("read a topology", sql).bind(name)).await
    }

    /// All topologies by name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_list(&self) -> Result<Vec<TopologyRow>, Error> {
        let sql = format!("{} ORDER BY name LIMIT {LISTED}", TOPOLOGIES.select());
        self.pool.read(Statement::new("list topologies", sql)).await
    }

    /// All topologies by name, with empty texts in the place of their documents, which are long.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_heads(&self) -> Result<Vec<TopologyRow>, Error> {
        let columns = TOPOLOGIES.list("").replace("document", "''");
        let sql = format!("SELECT {columns} FROM {} ORDER BY name LIMIT {LISTED}", TOPOLOGIES.name);
        self.pool.read(Statement::new("list topologies", sql)).await
    }

    /// What became of a topology, the latest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_events(&self, name: &str) -> Result<Vec<TopologyEvent>, Error> {
        let sql = format!("{} WHERE topology = ? ORDER BY id DESC LIMIT {LISTED}", EVENTS.select());
        self.pool.read(Statement::new("list states of a topology", sql).bind(name)).await
    }

    /// Writes down a change that is asked for; its number.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_mutation_put(&self, change: &TopologyMutation) -> Result<i64, Error> {
        let noted = self.topology_mutations_put(std::slice::from_ref(change)).await?;
        Ok(noted.first().map_or(change.id, |change| change.id))
    }

    /// As [`Store::topology_mutation_put`], of changes that belong together: all of them are written down, or none.
    /// Returns them with their numbers.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_mutations_put(
        &self,
        changes: &[TopologyMutation],
    ) -> Result<Vec<TopologyMutation>, Error> {
        let what = "note changes of a topology";
        transaction!(self, what, tx => {
            let mut noted = changes.to_vec();
            if changes.iter().any(|change| change.id == 0) {
                let next = tx.next_id(what, &CHANGES).await?;
                let new = noted.iter_mut().filter(|change| change.id == 0);
                new.zip(next..).for_each(|(change, id)| change.id = id);
            }
            tx.upsert(what, noted.clone()).await?;
            Ok(noted)
        })
    }

    /// Changes of a topology, the latest first; only those in `state` where one is named.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn topology_mutations(
        &self,
        name: &str,
        state: Option<TopologyChangeState>,
    ) -> Result<Vec<TopologyMutation>, Error> {
        let wanted = if state.is_some() { " AND state = ?" } else { "" };
        let sql = format!("{} WHERE topology = ?{wanted} ORDER BY id DESC LIMIT {LISTED}", CHANGES.select());
        let statement = Statement::new("list changes of a topology", sql).bind(name);
        self.pool.read(statement.bind_all(state.map(Value::from))).await
    }
}
