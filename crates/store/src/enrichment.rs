//! Whose addresses are, what providers have answered, and how files and providers do.

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    projection,
    schema::row,
    setting,
};
use decnet_model::record::{
    AddressReputation, Attacker, AttackerView, Enrichment, EnrichmentFile, FileReputation, Origin,
    ProviderState, Reputation,
};
use netsvc_wire::stamp::Micros;
use std::{collections::BTreeMap, net::IpAddr};

row! {
    ENRICHMENTS = "enrichments" by "src_ip", Enrichment, Enrichment {
        src_ip: Address;
        last_event: Int, Replace;
        last_seen: Int, Replace;
        scope: Text(64), Replace;
    }
    part origin: Origin {
        country: Text(64), Replace;
        asn: Int, Replace;
        as_name: Text(255), Replace;
        network: Text(255), Replace;
        rpki: Text(64), Replace;
    }
}

row! {
    REPUTATIONS = "reputations" by "src_ip, provider", AddressReputation, AddressReputation {
        src_ip: Address;
        provider: Text(64);
    }
    part reputation: Reputation {
        verdict: Text(64), Replace;
        score: Int, Replace;
        reason: Text(255), Replace;
        at: Int, Replace;
        expires_at: Int, Replace;
    }
}

row! {
    FILE_REPUTATIONS = "file_reputations" by "sha256, provider", FileReputation, FileReputation {
        sha256: Text(64);
        provider: Text(64);
    }
    part reputation: Reputation {
        verdict: Text(64), Replace;
        score: Int, Replace;
        reason: Text(255), Replace;
        at: Int, Replace;
        expires_at: Int, Replace;
    }
}

row! {
    FILES = "enrichment_files" by "name", EnrichmentFile, EnrichmentFile {
        name: Text(255);
        form: Text(64), Replace;
        rows as row_count: Int, Replace;
        malformed: Int, Replace;
        problem: Text(255), Replace;
        changed_at: Int, Replace;
    }
}

row! {
    PROVIDERS = "enrichment_providers" by "name", ProviderState, ProviderState {
        name: Text(64);
        per_day: Int, Replace;
        day: Int, Replace;
        asked: Int, Replace;
        answers: Int, Replace;
        failures: Int, Replace;
        rests_until: Int, Replace;
        asked_at: Int, Replace;
        problem: Text(255), Replace;
    }
}

/// Name of the cursor, which counts last events of attackers.
const CURSOR: &str = "enricher";
/// Name of the setting that says which files the cursor is about.
const EDITION: &str = "enricher.edition";
/// Values of one statement's `IN (…)`.
const CHUNK: usize = 200;

/// What a provider has answered, of whatever it was asked about.
#[derive(Clone, Debug)]
pub enum Answered {
    /// Of an address.
    Address(AddressReputation),
    /// Of a file.
    File(FileReputation),
}

impl Store {
    /// Last event of attackers that whose they are is known up to.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn enrichment_cursor(&self) -> Result<i64, Error> {
        self.cursor_named(CURSOR).await
    }

    /// Which files what is stored was made of; `None` before the first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn enrichment_edition(&self) -> Result<Option<String>, Error> {
        self.setting_get(EDITION).await
    }

    /// Begins anew with other files: the cursor goes to the beginning, and what lists of the folder said of
    /// addresses, `lists` being the names they have as providers, goes. Without any file (`forget`) nothing is known.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::Query`] when the database fails.
    pub async fn enrichment_begin(
        &self,
        fence: &Fence,
        edition: &str,
        files: &[EnrichmentFile],
        lists: &[&str],
        forget: bool,
    ) -> Result<(), Error> {
        let what = "look addresses up anew";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            let sql = "DELETE FROM cursors WHERE projection = ?";
            tx.execute(Statement::new(what, sql).bind(CURSOR)).await?;
            for list in lists {
                let sql = "DELETE FROM reputations WHERE provider = ?";
                tx.execute(Statement::new(what, sql).bind(*list)).await?;
            }
            if forget {
                tx.execute(Statement::new(what, "DELETE FROM enrichments")).await?;
            }
            tx.execute(Statement::new(what, "DELETE FROM enrichment_files")).await?;
            tx.upsert(what, files.iter().cloned()).await?;
            setting::write(&mut tx, EDITION, edition).await
        })
    }

    /// Stores whose addresses are and what lists say of them, and moves the cursor from `from` to `to`.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::CursorMoved`] when the cursor is
    /// not at `from`, [`Error::Query`] when the database fails.
    pub async fn enrichment_put(
        &self,
        fence: &Fence,
        rows: &[Enrichment],
        listed: &[AddressReputation],
        from: i64,
        to: i64,
    ) -> Result<(), Error> {
        let what = "store whose addresses are";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            projection::advance(&mut tx, CURSOR, from, to).await?;
            tx.upsert(what, rows.iter().cloned()).await?;
            tx.upsert(what, listed.iter().cloned()).await
        })
    }

    /// What is known of these addresses, those of which something is.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn enrichment_get(&self, addresses: &[IpAddr]) -> Result<Vec<Enrichment>, Error> {
        let mut rows = Vec::new();
        for chunk in addresses.chunks(CHUNK) {
            let sql = format!("{} WHERE src_ip IN ({})", ENRICHMENTS.select(), places(chunk.len()));
            let statement = Statement::new("read whose addresses are", sql);
            let values = chunk.iter().map(|ip| (*ip).into());
            let more: Vec<Enrichment> = self.pool.read(statement.bind_all(values).once()).await?;
            rows.extend(more);
        }
        Ok(rows)
    }

    /// What providers have answered of these addresses, by name of the provider.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn reputation_get(&self, addresses: &[IpAddr]) -> Result<Vec<AddressReputation>, Error> {
        let mut rows = Vec::new();
        for chunk in addresses.chunks(CHUNK) {
            let list = places(chunk.len());
            let sql = format!("{} WHERE src_ip IN ({list}) ORDER BY provider", REPUTATIONS.select());
            let statement = Statement::new("read what providers answered", sql);
            let values = chunk.iter().map(|ip| (*ip).into());
            let more: Vec<AddressReputation> = self.pool.read(statement.bind_all(values).once()).await?;
            rows.extend(more);
        }
        Ok(rows)
    }

    /// What providers have answered of a file, by name of the provider.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn file_reputation_get(&self, sha256: &str) -> Result<Vec<FileReputation>, Error> {
        let sql = format!("{} WHERE sha256 = ? ORDER BY provider", FILE_REPUTATIONS.select());
        self.pool.read(Statement::new("read what providers answered", sql).bind(sha256)).await
    }

    /// Attackers with what is known of them from elsewhere, in the order given.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn attacker_views(&self, rows: Vec<Attacker>) -> Result<Vec<AttackerView>, Error> {
        let addresses: Vec<IpAddr> = rows.iter().map(|row| row.src_ip).collect();
        let known = self.enrichment_get(&addresses).await?;
        let mut origins: BTreeMap<IpAddr, Origin> =
            known.into_iter().map(|row| (row.src_ip, row.origin)).collect();
        let mut answers: BTreeMap<IpAddr, Vec<AddressReputation>> = BTreeMap::new();
        for row in self.reputation_get(&addresses).await? {
            answers.entry(row.src_ip).or_default().push(row);
        }
        let view = |attacker: Attacker| {
            let origin = origins.remove(&attacker.src_ip).unwrap_or_default();
            let reputation = answers.remove(&attacker.src_ip).unwrap_or_default();
            AttackerView { attacker, origin, reputation }
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// How many attackers there are of each country that is known, the most first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn enrichment_countries(&self) -> Result<Vec<(String, u64)>, Error> {
        let sql = "SELECT country, COUNT(*) FROM enrichments WHERE country IS NOT NULL \
                   GROUP BY country ORDER BY COUNT(*) DESC, country";
        let rows = self.pool.rows(Statement::new("count countries", sql)).await?;
        rows.into_iter().map(|mut cells| Ok((cells.text()?, cells.count()?))).collect()
    }

    /// Global addresses that `provider` may be asked about at `now`, those active last first: it has not answered,
    /// or its answer has expired and the address has done something since.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn reputation_due(
        &self,
        provider: &str,
        scope: &str,
        now: Micros,
        limit: u32,
    ) -> Result<Vec<IpAddr>, Error> {
        let sql = "SELECT e.src_ip FROM enrichments e \
                   LEFT JOIN reputations r ON r.src_ip = e.src_ip AND r.provider = ? \
                   WHERE e.scope = ? AND (r.expires_at IS NULL OR (r.expires_at <= ? AND e.last_seen > r.expires_at)) \
                   ORDER BY e.last_event DESC LIMIT ?";
        let statement = Statement::new("find whom to ask about", sql).bind(provider).bind(scope).bind(now);
        let rows = self.pool.rows(statement.bind(i64::from(limit))).await?;
        rows.into_iter().map(|mut cells| cells.address()).collect()
    }

    /// Hashes of files that `provider` may be asked about at `now`, those seen last first; the rule is that of
    /// [`Store::reputation_due`]. What only probes of our own left is not among them.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn file_reputation_due(
        &self,
        provider: &str,
        now: Micros,
        limit: u32,
    ) -> Result<Vec<String>, Error> {
        let sql = "SELECT a.sha256 FROM artefacts a \
                   LEFT JOIN file_reputations r ON r.sha256 = a.sha256 AND r.provider = ? \
                   WHERE a.origin NOT IN ('recording', 'packets') \
                   AND (r.expires_at IS NULL OR (r.expires_at <= ? AND a.last_seen > r.expires_at)) \
                   AND EXISTS (SELECT 1 FROM artefact_sightings s WHERE s.sha256 = a.sha256 AND s.probe = 0) \
                   ORDER BY a.first_event DESC LIMIT ?";
        let statement = Statement::new("find files to ask about", sql).bind(provider).bind(now);
        let rows = self.pool.rows(statement.bind(i64::from(limit))).await?;
        rows.into_iter().map(|mut cells| cells.text()).collect()
    }

    /// Stores how a provider does, and its answer, if it gave one.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::Query`] when the database fails.
    pub async fn provider_put(
        &self,
        fence: &Fence,
        state: &ProviderState,
        answer: Option<&Answered>,
    ) -> Result<(), Error> {
        let what = "store what a provider answered";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            tx.upsert(what, [state.clone()]).await?;
            answered(&mut tx, what, answer).await
        })
    }

    /// How providers do that were ever asked, by name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn provider_list(&self) -> Result<Vec<ProviderState>, Error> {
        let sql = format!("{} ORDER BY name", PROVIDERS.select());
        self.pool.read(Statement::new("read how providers do", sql)).await
    }

    /// The files that addresses were last looked up in, by name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn enrichment_files(&self) -> Result<Vec<EnrichmentFile>, Error> {
        let sql = format!("{} ORDER BY name", FILES.select());
        self.pool.read(Statement::new("read which files there are", sql)).await
    }
}

async fn answered(tx: &mut Tx, what: &'static str, answer: Option<&Answered>) -> Result<(), Error> {
    match answer {
        None => Ok(()),
        Some(Answered::Address(row)) => tx.upsert(what, [row.clone()]).await,
        Some(Answered::File(row)) => tx.upsert(what, [row.clone()]).await,
    }
}

fn places(count: usize) -> String {
    vec!["?"; count].join(",")
}
