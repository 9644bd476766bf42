//! What attackers were recognised by, and which were asked what they are.

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    filter::PAGE_LIMIT,
    schema::row,
};
use decnet_model::record::{Filter, Fingerprint, Page, Probed};
use netsvc_wire::{Kind, field};
use std::{collections::BTreeMap, net::IpAddr};

/// Fingerprints of an address that are kept. Who shows another one with each packet makes no more rows with them.
const EACH: i64 = 512;

/// Connections of an address that are looked at for one over TCP.
const LATEST: u32 = 200;

/// What of a view goes when it is made anew.
pub(crate) const EMPTYING: &[&str] = &["DELETE FROM fingerprints"];

row! {
    FINGERPRINTS = "fingerprints" by "src_ip, kind, value", Fingerprint, Fingerprint {
        src_ip: Address;
        kind: Text(64);
        value: Text(255);
        detail: Text(255), Replace;
        node: Text(255), Replace;
        service: Text(64), Replace;
        events: Int, Add;
        first_event: Int, Least;
        last_event: Int, Greatest;
        first_seen: Int, Least;
        last_seen: Int, Greatest;
    }
}

row! {
    PROBED = "probed" by "src_ip", Probed, Probed {
        src_ip: Address;
        asked_at: Int, Replace;
        found: Long, Replace;
    }
}

/// Adds what a batch of events told; of an address that has enough, only what is known of it.
pub(crate) async fn write(tx: &mut Tx, found: &[Fingerprint]) -> Result<(), Error> {
    let mut rooms: BTreeMap<IpAddr, i64> = BTreeMap::new();
    let mut kept = Vec::new();
    for one in found {
        let address = one.src_ip.to_canonical();
        let room = match rooms.get(&address) {
            Some(room) => *room,
            None => room(tx, address).await?,
        };
        let known = room <= 0 && is_known(tx, one).await?;
        if known || 0 < room {
            kept.push(one.clone());
        }
        rooms.insert(address, if known { room } else { room - 1 });
    }
    tx.upsert("store fingerprints", kept).await
}

/// How many more of an address there may be.
async fn room(tx: &mut Tx, address: IpAddr) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) FROM fingerprints WHERE src_ip = ?";
    let row = tx.row(Statement::new("count fingerprints", sql).bind(address)).await?;
    Ok(EACH - row.map_or(Ok(0), |mut cells| cells.int())?)
}

async fn is_known(tx: &mut Tx, one: &Fingerprint) -> Result<bool, Error> {
    let sql = "SELECT COUNT(*) FROM fingerprints WHERE src_ip = ? AND kind = ? AND value = ?";
    let statement = Statement::new("look for a fingerprint", sql).bind(one.src_ip.to_canonical());
    let row = tx.row(statement.bind(one.kind.name()).bind(one.value.as_str())).await?;
    Ok(row.map_or(Ok(0), |mut cells| cells.int())? > 0)
}

impl Store {
    /// What an address was recognised by, the last told first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn fingerprint_list(&self, address: IpAddr, limit: u32) -> Result<Vec<Fingerprint>, Error> {
        let sql = format!(
            "{} WHERE src_ip = ? ORDER BY last_event DESC, kind, value LIMIT {}",
            FINGERPRINTS.select(),
            limit.min(PAGE_LIMIT)
        );
        self.pool.read(Statement::new("read fingerprints", sql).bind(address.to_canonical())).await
    }

    /// Whether an address has completed a handshake with a service, by its latest connections: whoever has is there,
    /// and nobody else speaks in its name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn has_connected(&self, address: IpAddr) -> Result<bool, Error> {
        let filter = Filter {
            src_ip: Some(address.to_canonical()),
            kind: Some(Kind::Connect.name().to_owned()),
            ..Filter::default()
        };
        let rows = self.event_list(&filter, Page::newest(LATEST)).await?;
        Ok(rows.iter().any(|row| row.field(field::TRANSPORT) == Some(b"tcp")))
    }

    /// When an attacker was asked what it is; `None`: never.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn probed_get(&self, address: IpAddr) -> Result<Option<Probed>, Error> {
        let sql = format!("{} WHERE src_ip = ?", PROBED.select());
        self.pool.read_one(Statement::new("read who was asked", sql).bind(address.to_canonical())).await
    }

    /// Notes that an attacker is asked, or what it said.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::Query`] when the database fails.
    pub async fn probed_put(&self, fence: Option<&Fence>, probed: Probed) -> Result<(), Error> {
        let what = "note who is asked";
        transaction!(self, what, tx => {
            if let Some(fence) = fence {
                fence.check(&mut tx).await?;
            }
            tx.upsert(what, [probed.clone()]).await
        })
    }
}
