//! Writing what the correlator found: attackers, contacts and traversals with its cursor.

use crate::{
    Fence, Store,
    attacker::{AttackerChange, ContactChange, TRAVERSALS},
    database::{Statement, Tx, transaction},
    error::Error,
    row::Value,
    schema::row,
};
use decnet_model::{
    probe,
    record::{Attacker, AttackerDelta, AttackerDeltas},
};
use std::{collections::BTreeMap, net::IpAddr};

/// How far a projection has read.
pub(crate) struct Cursor {
    projection: String,
    event: i64,
}

row! {
    CURSORS = "cursors" by "projection", Cursor, Cursor {
        projection: Text(64);
        event: Int, Replace;
    }
}

/// Addresses of one statement's `IN (…)`.
const ADDRESSES: usize = 200;

impl Store {
    /// Id of the last event that a projection has dealt with; 0 when it is new.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cursor(&self, projection: &str) -> Result<i64, Error> {
        let statement = Statement::new("read a cursor", "SELECT event FROM cursors WHERE projection = ?")
            .bind(projection);
        self.pool.row(statement).await?.map_or(Ok(0), |mut cells| cells.int())
    }

    /// Adds what the events after `from` up to and including `to` say, and moves the cursor of the
    /// fence's worker from `from` to `to`, all or nothing.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another correlator has taken over, [`Error::CursorMoved`] when the cursor
    /// is not at `from`, [`Error::Query`] when the database fails.
    pub async fn correlate_apply(
        &self,
        fence: &Fence,
        deltas: &AttackerDeltas,
        from: i64,
        to: i64,
    ) -> Result<(), Error> {
        let what = "store attackers";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            advance(&mut tx, fence.worker().name(), from, to).await?;
            let addresses: Vec<IpAddr> = deltas.keys().copied().collect();
            let last_nodes = last_nodes(&mut tx, &addresses).await?;
            let rows =
                deltas.iter().map(|(address, delta)| attacker_row(*address, delta, last_nodes.get(address)));
            tx.upsert(what, rows).await?;
            tx.upsert("store contacts", contact_rows(deltas)).await?;
            for chunk in addresses.chunks(ADDRESSES) {
                recount(&mut tx, chunk).await?;
            }
            Ok(())
        })
    }

    /// Forgets all attackers, contacts and traversals and sets the cursor of the fence's worker to the
    /// beginning, so that they are made anew from the events.
    ///
    /// # Errors
    /// As [`Store::correlate_apply`].
    pub async fn correlate_reset(&self, fence: &Fence) -> Result<(), Error> {
        let what = "forget attackers";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            for sql in
                ["DELETE FROM traversals", "DELETE FROM attacker_contacts", "DELETE FROM attackers"]
            {
                tx.execute(Statement::new(what, sql)).await?;
            }
            let sql = "DELETE FROM cursors WHERE projection = ?";
            tx.execute(Statement::new(what, sql).bind(fence.worker().name())).await?;
            Ok(())
        })
    }
}

async fn advance(tx: &mut Tx, projection: &str, from: i64, to: i64) -> Result<(), Error> {
    let what = "move a cursor";
    let sql = format!("SELECT event FROM cursors WHERE projection = ?{}", tx.dialect().for_update());
    let row = tx.row(Statement::new(what, sql).bind(projection)).await?;
    let found = row.map_or(Ok(0), |mut cells| cells.int())?;
    if found != from {
        return Err(Error::CursorMoved { projection: projection.to_owned(), expected: from, found });
    }
    tx.upsert(what, [Cursor { projection: projection.to_owned(), event: to }]).await
}

/// The node that each known attacker touched last.
async fn last_nodes(tx: &mut Tx, addresses: &[IpAddr]) -> Result<BTreeMap<IpAddr, String>, Error> {
    let mut nodes = BTreeMap::new();
    for chunk in addresses.chunks(ADDRESSES) {
        let sql = format!("SELECT src_ip, last_node FROM attackers WHERE src_ip IN ({})", places(chunk));
        let statement = Statement::new("read last nodes", sql).bind_all(chunk.iter().map(|ip| (*ip).into()));
        for mut cells in tx.rows(statement.once()).await? {
            nodes.insert(cells.address()?, cells.text()?);
        }
    }
    Ok(nodes)
}

fn places(addresses: &[IpAddr]) -> String {
    vec!["?"; addresses.len()].join(",")
}

fn attacker_row(src_ip: IpAddr, delta: &AttackerDelta, last_node: Option<&String>) -> AttackerChange {
    let moved = last_node.is_some_and(|last| *last != delta.first_node);
    let row = Attacker {
        src_ip,
        first_event: delta.first_event,
        last_event: delta.last_event,
        first_seen: delta.first_seen,
        last_seen: delta.last_seen,
        counts: delta.counts,
        // The numbers of nodes are counted when the contacts are in.
        nodes: 0,
        interactive_nodes: 0,
        hops: delta.hops + u64::from(moved),
        probe: probe::is_own(src_ip),
    };
    AttackerChange { row, last_node: delta.last_node.clone() }
}

fn contact_rows(deltas: &AttackerDeltas) -> impl Iterator<Item = ContactChange> {
    deltas.iter().flat_map(|(address, delta)| {
        delta.contacts.values().map(|contact| ContactChange { row: contact.clone(), src_ip: *address })
    })
}

/// Brings the numbers of nodes and the traversals of some attackers up to date.
async fn recount(tx: &mut Tx, addresses: &[IpAddr]) -> Result<(), Error> {
    let places = places(addresses);
    let bound = || addresses.iter().map(|address| Value::from(*address));
    let sql = format!(
        "UPDATE attackers SET \
         nodes = (SELECT COUNT(DISTINCT node) FROM attacker_contacts c WHERE c.src_ip = attackers.src_ip), \
         interactive_nodes = (SELECT COUNT(DISTINCT node) FROM attacker_contacts c \
         WHERE c.src_ip = attackers.src_ip AND c.interactions + c.evidence > 0) \
         WHERE src_ip IN ({places})"
    );
    tx.execute(Statement::new("count nodes of attackers", sql).bind_all(bound()).once()).await?;
    let sql = format!(
        "INSERT INTO traversals \
         (src_ip, kind, nodes, interactive_nodes, hops, events, first_seen, last_seen, last_event) \
         SELECT src_ip, CASE WHEN interactive_nodes >= 2 THEN 'interaction' ELSE 'scan' END, nodes, \
         interactive_nodes, hops, events, first_seen, last_seen, last_event FROM attackers \
         WHERE nodes >= 2 AND probe = 0 AND src_ip IN ({places}){}",
        tx.dialect().on_conflict(&TRAVERSALS)
    );
    tx.execute(Statement::new("store traversals", sql).bind_all(bound()).once()).await?;
    Ok(())
}
