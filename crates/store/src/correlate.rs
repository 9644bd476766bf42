//! Writing what the correlator found: attackers, contacts and traversals.

use crate::{
    attacker::{AttackerChange, ContactChange, TRAVERSALS},
    database::{Statement, Tx},
    error::Error,
    row::Value,
};
use decnet_model::{
    probe,
    record::{Attacker, AttackerDelta, AttackerDeltas},
};
use std::{collections::BTreeMap, net::IpAddr};

/// Addresses of one statement's `IN (…)`.
const ADDRESSES: usize = 200;

/// Adds what a batch says.
pub(crate) async fn write(tx: &mut Tx, deltas: &AttackerDeltas) -> Result<(), Error> {
    let addresses: Vec<IpAddr> = deltas.keys().copied().collect();
    let last_nodes = last_nodes(tx, &addresses).await?;
    let rows = deltas.iter().map(|(address, delta)| attacker_row(*address, delta, last_nodes.get(address)));
    tx.upsert("store attackers", rows).await?;
    tx.upsert("store contacts", contact_rows(deltas)).await?;
    for chunk in addresses.chunks(ADDRESSES) {
        recount(tx, chunk).await?;
    }
    Ok(())
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
