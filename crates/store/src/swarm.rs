//! The swarm: hosts as the master wants them, what they said last, certificates, tokens.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    error::Error,
    schema::row,
    setting,
};
use decnet_model::{
    record::{SwarmCertificate, SwarmHost, SwarmReport, SwarmToken},
    swarm::FLEET,
};
use netsvc_wire::stamp::Micros;

/// How long a token that was used or has expired is kept, so that its replay is told from a wrong one.
const TOKENS_KEPT: Micros = 30 * 86_400_000_000;

row! {
    HOSTS = "swarm_hosts" by "id", SwarmHost, SwarmHost {
        id: Text(64);
        name: Text(64);
        labels: Long;
        weight: Int;
        capacity: Int;
        drained: Int;
        notes: Long;
        enrolled_at: Int;
        left_at: Int;
        told_at: Int;
        generation: Int;
        wanted: Long;
        pulse: Int;
    }
}

row! {
    REPORTS = "swarm_reports" by "host", SwarmReport, SwarmReport {
        host: Text(64);
        at: Int, Replace;
        address: Address, Replace;
        version: Text(64), Replace;
        generation: Int, Replace;
        pulse: Int, Replace;
        ground: Long, Replace;
        deckies: Long, Replace;
        lag: Long, Replace;
        trouble: Long, Replace;
    }
}

row! {
    CERTIFICATES = "swarm_certificates" by "fingerprint", SwarmCertificate, SwarmCertificate {
        fingerprint: Text(64);
        host: Text(64);
        role: Text(64);
        issued_at: Int;
        expires_at: Int;
        revoked_at: Int;
        reason: Long;
    }
}

row! {
    TOKENS = "swarm_tokens" by "hash", SwarmToken, SwarmToken {
        hash: Text(64);
        name: Text(64);
        labels: Long;
        weight: Int;
        capacity: Int;
        created_by: Text(255);
        created_at: Int;
        expires_at: Int;
        used_at: Int;
        used_key: Text(64);
        host: Text(64);
        notes: Long;
    }
}

/// What became of a wish to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwarmJoined {
    /// The host belongs to the swarm.
    New,
    /// It did already: the same key asked again, because the answer was lost. The id that it got.
    Again(String),
    /// The token is none, or has expired.
    NoToken,
    /// The token was used by somebody else.
    Used,
    /// Another host took the name meanwhile.
    NameTaken,
}

/// What a host is to do, as far as its poller looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmWish {
    /// Id of the host.
    pub host: String,
    /// Number of what is wanted there.
    pub generation: u64,
    /// Number of the question whether it is there.
    pub pulse: u64,
}

impl Store {
    /// All hosts by name, those that left included.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_hosts(&self) -> Result<Vec<SwarmHost>, Error> {
        let sql = format!("{} ORDER BY name, id", HOSTS.select());
        self.pool.read(Statement::new("list the hosts of the swarm", sql)).await
    }

    /// The host with this id.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_host(&self, id: &str) -> Result<Option<SwarmHost>, Error> {
        let sql = format!("{} WHERE id = ?", HOSTS.select());
        self.pool.read_one(Statement::new("read a host of the swarm", sql).bind(id)).await
    }

    /// What each host said last, by id.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_reports(&self) -> Result<Vec<SwarmReport>, Error> {
        let sql = format!("{} ORDER BY host", REPORTS.select());
        self.pool.read(Statement::new("read what hosts said", sql)).await
    }

    /// Keeps what a host says.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_report_put(&self, report: &SwarmReport) -> Result<(), Error> {
        let what = "keep what a host said";
        transaction!(self, what, tx => { tx.upsert(what, [report.clone()]).await })
    }

    /// What hosts are to do, those that left excluded.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_wishes(&self) -> Result<Vec<SwarmWish>, Error> {
        let sql = "SELECT id, generation, pulse FROM swarm_hosts WHERE left_at IS NULL";
        let rows = self.pool.rows(Statement::new("read what is wanted of hosts", sql)).await?;
        let wish = |mut cells: crate::row::Cells| {
            Ok(SwarmWish { host: cells.text()?, generation: cells.count()?, pulse: cells.count()? })
        };
        rows.into_iter().map(wish).collect()
    }

    /// Keeps a token, and forgets old ones.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_token_put(&self, token: &SwarmToken) -> Result<(), Error> {
        let what = "keep a token";
        transaction!(self, what, tx => {
            let old = Statement::new(what, "DELETE FROM swarm_tokens WHERE expires_at < ?");
            tx.execute(old.bind(token.created_at - TOKENS_KEPT)).await?;
            tx.upsert(what, [token.clone()]).await
        })
    }

    /// The token with this hash.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_token(&self, hash: &str) -> Result<Option<SwarmToken>, Error> {
        let sql = format!("{} WHERE hash = ?", TOKENS.select());
        self.pool.read_one(Statement::new("read a token", sql).bind(hash)).await
    }

    /// Takes a host into the swarm by the token with this hash, once: of two that use it one does. Whoever used it
    /// may ask again with the same key while it is valid.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_join(
        &self,
        hash: &str,
        key: &str,
        host: &SwarmHost,
        now: Micros,
    ) -> Result<SwarmJoined, Error> {
        let what = "take a host into the swarm";
        transaction!(self, what, tx => {
            let sql = "UPDATE swarm_tokens SET used_at = ?, used_key = ?, host = ? \
                       WHERE hash = ? AND used_at IS NULL AND expires_at > ?";
            let take = Statement::new(what, sql).bind(now).bind(key).bind(host.id.as_str()).bind(hash).bind(now);
            if tx.execute(take).await? == 0 {
                return again(&mut tx, hash, key, now).await;
            }
            let sql = "SELECT COUNT(*) FROM swarm_hosts WHERE name = ? AND left_at IS NULL";
            let taken = tx.row(Statement::new(what, sql).bind(host.name.as_str())).await?;
            if taken.map_or(Ok(0), |mut cells| cells.count())? > 0 {
                let sql = "UPDATE swarm_tokens SET used_at = NULL, used_key = '', host = '' WHERE hash = ?";
                tx.execute(Statement::new(what, sql).bind(hash)).await?;
                return Ok(SwarmJoined::NameTaken);
            }
            tx.upsert(what, [host.clone()]).await?;
            Ok(SwarmJoined::New)
        })
    }

    /// Changes what an operator may change of a host: name, labels, weight, capacity, notes. Returns false where
    /// another host has the name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_host_change(&self, host: &SwarmHost) -> Result<bool, Error> {
        let what = "change a host of the swarm";
        transaction!(self, what, tx => {
            let sql = "SELECT COUNT(*) FROM swarm_hosts WHERE name = ? AND id <> ? AND left_at IS NULL";
            let taken = Statement::new(what, sql).bind(host.name.as_str()).bind(host.id.as_str());
            if tx.row(taken).await?.map_or(Ok(0), |mut cells| cells.count())? > 0 {
                return Ok(false);
            }
            let sql = "UPDATE swarm_hosts SET name = ?, labels = ?, weight = ?, capacity = ?, notes = ? \
                       WHERE id = ?";
            let change = Statement::new(what, sql)
                .bind(host.name.as_str())
                .bind(host.labels.as_str())
                .bind(host.weight)
                .bind(host.capacity)
                .bind(host.notes.as_str())
                .bind(host.id.as_str());
            tx.execute(change).await?;
            Ok(true)
        })
    }

    /// Has a host get deckies no more, or again.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_host_drain(&self, id: &str, drained: bool) -> Result<(), Error> {
        let what = "change a host of the swarm";
        transaction!(self, what, tx => {
            let sql = "UPDATE swarm_hosts SET drained = ? WHERE id = ?";
            tx.execute(Statement::new(what, sql).bind(drained).bind(id)).await.map(drop)
        })
    }

    /// Stores the swarm's fleet with its placement, and what is wanted of each host by id: a host of which something
    /// else is wanted than before gets the next number.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_fleet_put(&self, whole: &str, wanted: &[(String, String)]) -> Result<(), Error> {
        let what = "store the fleet of the swarm";
        transaction!(self, what, tx => {
            setting::write(&mut tx, FLEET, whole).await?;
            for (host, wanted) in wanted {
                let sql = "UPDATE swarm_hosts SET wanted = ?, generation = generation + 1 \
                           WHERE id = ? AND wanted <> ?";
                let change = Statement::new(what, sql).bind(wanted.as_str());
                tx.execute(change.bind(host.as_str()).bind(wanted.as_str())).await?;
            }
            Ok(())
        })
    }

    /// Asks hosts by id whether they are there: each gets the number of another question.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_pulse(&self, hosts: &[String]) -> Result<(), Error> {
        let what = "ask hosts whether they are there";
        transaction!(self, what, tx => {
            for host in hosts {
                let sql = "UPDATE swarm_hosts SET pulse = pulse + 1 WHERE id = ?";
                tx.execute(Statement::new(what, sql).bind(host.as_str())).await?;
            }
            Ok(())
        })
    }

    /// Ends the membership of a host: its certificates are revoked and nothing is wanted of it any more.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_decommission(&self, host: &str, reason: &str, now: Micros) -> Result<(), Error> {
        let what = "decommission a host";
        transaction!(self, what, tx => {
            let sql = "UPDATE swarm_certificates SET revoked_at = ?, reason = ? WHERE host = ? AND revoked_at IS NULL";
            tx.execute(Statement::new(what, sql).bind(now).bind(reason).bind(host)).await?;
            let sql = "UPDATE swarm_hosts SET left_at = ?, wanted = '' WHERE id = ? AND left_at IS NULL";
            tx.execute(Statement::new(what, sql).bind(now).bind(host)).await?;
            Ok(())
        })
    }

    /// Notes that a host that left came and was told so.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_told(&self, host: &str, now: Micros) -> Result<(), Error> {
        let what = "note that a host was told";
        transaction!(self, what, tx => {
            let sql = "UPDATE swarm_hosts SET told_at = ? WHERE id = ? AND told_at IS NULL AND left_at IS NOT NULL";
            tx.execute(Statement::new(what, sql).bind(now).bind(host)).await.map(drop)
        })
    }

    /// Keeps a certificate.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_certificate_put(&self, certificate: &SwarmCertificate) -> Result<(), Error> {
        let what = "keep a certificate";
        transaction!(self, what, tx => { tx.upsert(what, [certificate.clone()]).await })
    }

    /// Keeps another certificate of a host, unless it has left. Returns whether it was kept.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_certificate_renew(&self, certificate: &SwarmCertificate) -> Result<bool, Error> {
        let what = "keep a certificate";
        transaction!(self, what, tx => {
            // Nothing is changed, and whoever decommissions the host meanwhile waits.
            let sql = "UPDATE swarm_hosts SET told_at = told_at WHERE id = ? AND left_at IS NULL";
            if tx.execute(Statement::new(what, sql).bind(certificate.host.as_str())).await? == 0 {
                return Ok(false);
            }
            tx.upsert(what, [certificate.clone()]).await?;
            Ok(true)
        })
    }

    /// The certificate with this fingerprint.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_certificate(&self, fingerprint: &str) -> Result<Option<SwarmCertificate>, Error> {
        let sql = format!("{} WHERE fingerprint = ?", CERTIFICATES.select());
        self.pool.read_one(Statement::new("read a certificate", sql).bind(fingerprint)).await
    }

    /// Certificates, those that expire last first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_certificates(&self) -> Result<Vec<SwarmCertificate>, Error> {
        let sql = format!("{} ORDER BY expires_at DESC, fingerprint", CERTIFICATES.select());
        self.pool.read(Statement::new("list certificates", sql)).await
    }

    /// Revokes a certificate. Returns whether it was valid before.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn swarm_revoke(&self, fingerprint: &str, reason: &str, now: Micros) -> Result<bool, Error> {
        let what = "revoke a certificate";
        transaction!(self, what, tx => {
            let sql = "UPDATE swarm_certificates SET revoked_at = ?, reason = ? \
                       WHERE fingerprint = ? AND revoked_at IS NULL";
            let revoke = Statement::new(what, sql).bind(now).bind(reason).bind(fingerprint);
            tx.execute(revoke).await.map(|rows| rows > 0)
        })
    }
}

/// Whether whoever asks again is the one that used the token.
async fn again(tx: &mut Tx, hash: &str, key: &str, now: Micros) -> Result<SwarmJoined, Error> {
    let sql = "SELECT used_key, host FROM swarm_tokens WHERE hash = ? AND expires_at > ?";
    let found = tx.row(Statement::new("read a token", sql).bind(hash).bind(now)).await?;
    let Some(mut cells) = found else { return Ok(SwarmJoined::NoToken) };
    let (used, host) = (cells.text()?, cells.text()?);
    // Who was decommissioned does not come back by the token that it joined with.
    let sql = "SELECT COUNT(*) FROM swarm_hosts WHERE id = ? AND left_at IS NULL";
    let there = tx.row(Statement::new("read a token", sql).bind(host.as_str())).await?;
    let there = there.map_or(Ok(0), |mut cells| cells.count())? > 0;
    Ok(if used == key && there { SwarmJoined::Again(host) } else { SwarmJoined::Used })
}
