//! Canaries: what was laid out, and what became of it. What they hold is kept apart, so that lists stay light.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    error::Error,
    filter::PAGE_LIMIT,
    row::Value,
    schema::row,
};
use decnet_model::record::{
    Canary, CanaryFilter, CanaryHit, CanaryPlace, CanarySecret, CanarySummary, Page, PageFrom,
};
use netsvc_wire::stamp::Micros;
use std::collections::BTreeMap;

/// What of the view goes when it is made anew.
pub(crate) const EMPTYING: &[&str] = &["DELETE FROM canary_hits"];
/// Values of one statement's `IN (…)`.
const CHUNK: usize = 200;

/// What a canary holds.
pub(crate) struct Content {
    canary: String,
    content: Vec<u8>,
}

row! {
    CANARIES = "canaries" by "id", Canary, Canary {
        id: Text(64);
        kind: Text(64);
        memo: Long;
        file: Text(255);
        media: Text(255);
        target: Long;
        lead as lead_to: Long;
        node: Text(255), Replace;
        path: Long, Replace;
        owner: Text(255), Replace;
        dated: Int, Replace;
        created_by: Text(255);
        created_at: Int;
        changed_at: Int, Replace;
        revoked_at: Int, Replace;
    }
}

row! {
    CONTENTS = "canary_contents" by "canary", Content, Content {
        canary: Text(64);
        content: Bytes;
    }
}

row! {
    SECRETS = "canary_secrets" by "sha256", CanarySecret, CanarySecret {
        sha256: Text(64);
        canary: Text(64);
        channel: Text(64);
    }
}

row! {
    HITS = "canary_hits" by "event", CanaryHit, CanaryHit {
        event: Int;
        canary: Text(64);
        at: Int;
        channel: Text(64);
        noise: Text(64);
        count: Int;
        src_ip: Address;
        node: Text(255);
        service: Text(64);
        client: Bytes;
        target: Bytes;
    }
}

/// Adds what a batch of events says of canaries.
pub(crate) async fn write(tx: &mut Tx, hits: &[CanaryHit]) -> Result<(), Error> {
    tx.upsert("store what became of canaries", hits.iter().cloned()).await
}

impl Store {
    /// Stores a new canary with what it holds and by what its use is known.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_put(
        &self,
        canary: &Canary,
        content: &[u8],
        secrets: &[CanarySecret],
    ) -> Result<(), Error> {
        let what = "store a canary";
        transaction!(self, what, tx => {
            tx.upsert(what, [canary.clone()]).await?;
            let held = Content { canary: canary.id.clone(), content: content.to_vec() };
            tx.upsert(what, [held]).await?;
            tx.upsert(what, secrets.iter().cloned()).await
        })
    }

    /// How many canaries there are.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_total(&self) -> Result<u64, Error> {
        let row = self.pool.row(Statement::new("count canaries", "SELECT COUNT(*) FROM canaries")).await?;
        row.map_or(Ok(0), |mut cells| cells.count())
    }

    /// Canaries that fit `filter`, the latest `limit` first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_list(&self, filter: &CanaryFilter, limit: u32) -> Result<Vec<Canary>, Error> {
        let mut conditions = vec!["1 = 1"];
        let mut values: Vec<Value> = Vec::new();
        if let Some(kind) = filter.kind {
            conditions.push("kind = ?");
            values.push(kind.into());
        }
        if let Some(node) = &filter.node {
            conditions.push("node = ?");
            values.push(node.as_str().into());
        }
        if filter.live {
            conditions.push("revoked_at IS NULL");
        }
        let sql = format!(
            "{} WHERE {} ORDER BY created_at DESC, id LIMIT ?",
            CANARIES.select(),
            conditions.join(" AND ")
        );
        let statement = Statement::new("list canaries", sql).bind_all(values).bind(i64::from(limit));
        self.pool.read(statement).await
    }

    /// A canary.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_get(&self, id: &str) -> Result<Option<Canary>, Error> {
        let sql = format!("{} WHERE id = ?", CANARIES.select());
        self.pool.read_one(Statement::new("read a canary", sql).bind(id)).await
    }

    /// What a canary holds.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_content(&self, id: &str) -> Result<Option<Vec<u8>>, Error> {
        let sql = format!("{} WHERE canary = ?", CONTENTS.select());
        let row: Option<Content> =
            self.pool.read_one(Statement::new("read what a canary holds", sql).bind(id)).await?;
        Ok(row.map(|row| row.content))
    }

    /// Lays a canary on a decky, in the place of wherever it lay, or (`None`) takes it away. Returns whether there is
    /// such a canary that counts.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_place(
        &self,
        id: &str,
        place: Option<&CanaryPlace>,
        now: Micros,
    ) -> Result<bool, Error> {
        let what = "plant a canary";
        transaction!(self, what, tx => {
            let sql = "UPDATE canaries SET node = ?, path = ?, owner = ?, dated = ?, changed_at = ? \
                       WHERE id = ? AND revoked_at IS NULL";
            let statement = Statement::new(what, sql)
                .bind(place.map(|place| place.node.clone()))
                .bind(place.map(|place| place.path.clone()))
                .bind(place.map(|place| place.owner.clone()))
                .bind(place.map(|place| place.dated))
                .bind(now)
                .bind(id);
            tx.execute(statement).await.map(|rows| rows > 0)
        })
    }

    /// Has a canary count no more, and lie nowhere. Returns whether it counted.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_revoke(&self, id: &str, now: Micros) -> Result<bool, Error> {
        let what = "revoke a canary";
        transaction!(self, what, tx => {
            let sql = "UPDATE canaries SET revoked_at = ?, changed_at = ? WHERE id = ? AND revoked_at IS NULL";
            tx.execute(Statement::new(what, sql).bind(now).bind(now).bind(id)).await.map(|rows| rows > 0)
        })
    }

    /// What is another text whenever a canary was made, planted or revoked.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_stamp(&self) -> Result<String, Error> {
        let sql = "SELECT COUNT(*), COALESCE(MAX(changed_at), 0) FROM canaries";
        let row = self.pool.row(Statement::new("look for changed canaries", sql)).await?;
        row.map_or(Ok(String::new()), |mut cells| Ok(format!("{} {}", cells.count()?, cells.int()?)))
    }

    /// What is another text whenever other canaries lie on deckies.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_planted_stamp(&self) -> Result<String, Error> {
        let sql = "SELECT COUNT(*), COALESCE(MAX(changed_at), 0) FROM canaries \
                   WHERE node IS NOT NULL AND revoked_at IS NULL";
        let row = self.pool.row(Statement::new("look for planted canaries", sql)).await?;
        row.map_or(Ok(String::new()), |mut cells| Ok(format!("{} {}", cells.count()?, cells.int()?)))
    }

    /// Canaries that lie on deckies, with what they hold.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_planted(&self) -> Result<Vec<(Canary, Vec<u8>)>, Error> {
        let what = "read planted canaries";
        let sql = format!("{} WHERE node IS NOT NULL AND revoked_at IS NULL ORDER BY id", CANARIES.select());
        let rows: Vec<Canary> = self.pool.read(Statement::new(what, sql)).await?;
        let mut planted = Vec::with_capacity(rows.len());
        for row in rows {
            let content = self.canary_content(&row.id).await?.unwrap_or_default();
            planted.push((row, content));
        }
        Ok(planted)
    }

    /// By what the use of canaries is known.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_secrets(&self) -> Result<Vec<CanarySecret>, Error> {
        self.pool.read(Statement::new("read secrets of canaries", SECRETS.select())).await
    }

    /// The canary of each of these secrets (SHA-256, hex) that is one's.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_of_secrets(&self, sha256: &[String]) -> Result<BTreeMap<String, Canary>, Error> {
        let what = "find where secrets come from";
        let mut found = BTreeMap::new();
        for chunk in sha256.chunks(CHUNK) {
            let marks = vec!["?"; chunk.len()].join(",");
            let sql = format!("{} WHERE sha256 IN ({marks})", SECRETS.select());
            let statement = Statement::new(what, sql).bind_all(chunk.iter().map(|hash| hash.as_str().into()));
            let secrets: Vec<CanarySecret> = self.pool.read(statement.once()).await?;
            for secret in secrets {
                if let Some(canary) = self.canary_get(&secret.canary).await? {
                    found.insert(secret.sha256, canary);
                }
            }
        }
        Ok(found)
    }

    /// What became of a canary, or of all.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_hits(&self, canary: Option<&str>, page: Page) -> Result<Vec<CanaryHit>, Error> {
        let mut sql = format!("{} WHERE 1 = 1", HITS.select());
        let mut values: Vec<Value> = Vec::new();
        if let Some(canary) = canary {
            sql.push_str(" AND canary = ?");
            values.push(canary.into());
        }
        let (condition, bound, order) = match page.from {
            PageFrom::Newest => ("", None, "DESC"),
            PageFrom::Before(event) => (" AND event < ?", Some(event), "DESC"),
            PageFrom::After(event) => (" AND event > ?", Some(event), "ASC"),
        };
        sql.push_str(condition);
        values.extend(bound.map(Value::from));
        sql.push_str(&format!(" ORDER BY event {order} LIMIT {}", page.limit.min(PAGE_LIMIT)));
        self.pool.read(Statement::new("list what became of canaries", sql).bind_all(values)).await
    }

    /// How often each of these canaries was taken and used.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn canary_summaries(&self, ids: &[String]) -> Result<BTreeMap<String, CanarySummary>, Error> {
        let mut found = BTreeMap::new();
        for chunk in ids.chunks(CHUNK) {
            let marks = vec!["?"; chunk.len()].join(",");
            let sql = format!(
                "SELECT canary, SUM(CASE WHEN channel = 'read' THEN count ELSE 0 END), \
                 SUM(CASE WHEN channel <> 'read' AND noise = '' THEN count ELSE 0 END), \
                 SUM(CASE WHEN noise <> '' THEN count ELSE 0 END), \
                 MAX(CASE WHEN channel <> 'read' AND noise = '' THEN at ELSE NULL END) \
                 FROM canary_hits WHERE canary IN ({marks}) GROUP BY canary"
            );
            let statement = Statement::new("count what became of canaries", sql)
                .bind_all(chunk.iter().map(|id| id.as_str().into()));
            for mut cells in self.pool.rows(statement.once()).await? {
                let id = cells.text()?;
                let summary = CanarySummary {
                    reads: cells.count()?,
                    hits: cells.count()?,
                    noise: cells.count()?,
                    last_hit: cells.maybe_int()?,
                };
                found.insert(id, summary);
            }
        }
        Ok(found)
    }
}
