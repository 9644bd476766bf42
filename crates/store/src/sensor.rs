//! What attackers were recognised by, and which were asked what they are.

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    filter::PAGE_LIMIT,
    schema::row,
};
use decnet_model::record::{Fingerprint, Probed};
use std::net::IpAddr;

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

/// Adds what a batch of events told.
pub(crate) async fn write(tx: &mut Tx, found: &[Fingerprint]) -> Result<(), Error> {
    tx.upsert("store fingerprints", found.iter().cloned()).await
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
