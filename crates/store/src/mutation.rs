//! Changes of deckies that run, and the fleet with them: a change is stored together with the fleet that it makes.

use crate::{
    Store,
    database::{Statement, transaction},
    error::Error,
    filter::Filterable,
    fleet::{self, FLEET},
    schema::row,
    setting,
};
use decnet_model::record::{DeckyActual, DeckyIntent, Filter, Mutation, Page};
use netsvc_wire::stamp::Micros;

/// How long changes are kept.
const KEPT: Micros = 400 * 86_400_000_000;
/// Sessions that are looked at for somebody who is inside: no index leads to those that have not ended.
const RECENT: u32 = 50_000;

row! {
    MUTATIONS = "mutations" by "id", Mutation, Mutation {
        id: Int;
        node: Text(255);
        at: Int;
        kind: Text(64);
        service: Text(64);
        before as was: Long;
        after as became: Long;
        cause: Text(64);
        by as asked_by: Text(255);
    }
}

const LISTED: Filterable = Filterable {
    table: &MUTATIONS,
    key: "id",
    node: "node",
    service: "service",
    at: "at",
    ..Filterable::NONE
};

/// A fleet with some of its deckies changed.
#[derive(Clone, Debug)]
pub struct ChangedFleet<'a> {
    /// The fleet that was read, byte for byte.
    pub was: &'a str,
    /// The fleet that is wanted from now on.
    pub becomes: &'a str,
    /// The deckies that change.
    pub deckies: &'a [DeckyIntent],
    /// What changes; their ids are given here.
    pub mutations: &'a [Mutation],
}

impl Store {
    /// Stores a fleet that differs from the one that was read, and what differs. Returns whether it did: not if the
    /// fleet is another one by now.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn fleet_change(&self, change: &ChangedFleet<'_>, now: Micros) -> Result<bool, Error> {
        let what = "change the fleet";
        transaction!(self, what, tx => {
            if fleet::stands(&mut tx).await?.as_deref() != Some(change.was) {
                return Ok(false);
            }
            setting::write(&mut tx, FLEET, change.becomes).await?;
            tx.upsert(what, change.deckies.iter().map(|decky| fleet::intent_row(decky, now))).await?;
            for decky in change.deckies {
                // Nobody can say of it that it runs before it has come back.
                let sql = "UPDATE deckies SET actual = ?, reason = '' WHERE name = ?";
                let unknown = Statement::new(what, sql).bind(DeckyActual::Unknown).bind(decky.name.as_str());
                tx.execute(unknown).await?;
            }
            let next = tx.next_id(what, &MUTATIONS).await?;
            let rows = (next..).zip(change.mutations).map(|(id, row)| Mutation { id, ..row.clone() });
            tx.upsert(what, rows).await?;
            let old = Statement::new(what, "DELETE FROM mutations WHERE at < ? AND id < ?");
            tx.execute(old.bind(now - KEPT).bind(next - 1)).await?;
            Ok(true)
        })
    }

    /// A page of what changed.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn mutation_list(&self, filter: &Filter, page: Page) -> Result<Vec<Mutation>, Error> {
        self.pool.read(LISTED.statement("list mutations", self.pool.dialect(), filter, page)).await
    }

    /// When each decky changed last, by name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn mutation_last(&self) -> Result<Vec<(String, Micros)>, Error> {
        let sql = "SELECT node, MAX(at) FROM mutations GROUP BY node ORDER BY node";
        let rows = self.pool.rows(Statement::new("read when deckies changed", sql)).await?;
        rows.into_iter().map(|mut cells| Ok((cells.text()?, cells.int()?))).collect()
    }

    /// Deckies on which somebody is, or was after `since`: those with a session that has not ended, or has since then,
    /// among the latest. Probes of our own are nobody.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn node_visited(&self, since: Micros) -> Result<Vec<String>, Error> {
        let sql = format!(
            "SELECT DISTINCT node FROM (SELECT node, probe, started_at, ended_at FROM sessions \
             ORDER BY first_event DESC LIMIT {RECENT}) AS recent WHERE probe = ? AND \
             (ended_at > ? OR (ended_at IS NULL AND started_at > ?)) ORDER BY node"
        );
        // A connection whose end was never told is over after a day.
        let open = since - 86_400_000_000;
        let statement = Statement::new("find visited deckies", sql).bind(false).bind(since).bind(open);
        let rows = self.pool.rows(statement).await?;
        rows.into_iter().map(|mut cells| cells.text()).collect()
    }
}
