//! Secrets that were offered more than once.

use crate::{
    Store,
    database::{Statement, Tx},
    error::Error,
    filter::PAGE_LIMIT,
    row::Value,
    schema::row,
};
use decnet_model::record::{Page, PageFrom, ReuseFilter, ReuseRow};

/// What of a view goes when it is made anew.
pub(crate) const EMPTYING: &[&str] = &["DELETE FROM reuse"];
/// Values of one statement's `IN (…)`.
const CHUNK: usize = 200;

row! {
    REUSE = "reuse" by "secret_hash", ReuseRow, ReuseRow {
        secret_hash: Hash;
        secret_kind: Text(64);
        secret: Bytes;
        attempts: Int, Replace;
        accepted: Int, Replace;
        targets: Int, Replace;
        nodes: Int, Replace;
        services: Int, Replace;
        principals: Int, Replace;
        attackers: Int, Replace;
        first_event: Int, Replace;
        last_event: Int, Replace;
        first_seen: Int, Replace;
        last_seen: Int, Replace;
        listed: Text(64), Replace;
        state: Long, Replace;
    }
}

/// Puts rows in the place of those that were.
pub(crate) async fn write(tx: &mut Tx, rows: &[ReuseRow]) -> Result<(), Error> {
    tx.upsert("store reused secrets", rows.iter().cloned()).await
}

impl Store {
    /// One page of secrets that fit `filter`, those that were offered last first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn reuse_list(&self, filter: &ReuseFilter, page: Page) -> Result<Vec<ReuseRow>, Error> {
        let mut wanted = vec!["(targets >= ? OR attackers >= ? OR principals >= ?)"];
        let mut values: Vec<Value> = vec![filter.least.into(); 3];
        let mut add = |condition, value: Option<Value>| {
            if let Some(value) = value {
                wanted.push(condition);
                values.push(value);
            }
        };
        add("listed = ?", filter.unlisted.then(|| "".into()));
        add("secret_kind = ?", filter.secret_kind.clone().map(Value::from));
        add("last_seen >= ?", filter.since.map(Value::from));
        let order = match page.from {
            PageFrom::Newest => "DESC",
            PageFrom::Before(event) => {
                add("last_event < ?", Some(event.into()));
                "DESC"
            }
            PageFrom::After(event) => {
                add("last_event > ?", Some(event.into()));
                "ASC"
            }
        };
        let sql =
            format!("{} WHERE {} ORDER BY last_event {order} LIMIT ?", REUSE.select(), wanted.join(" AND "));
        let statement = Statement::new("list reused secrets", sql).bind_all(values);
        self.pool.read(statement.bind(i64::from(page.limit.min(PAGE_LIMIT)))).await
    }

    /// What is known of these secrets, by their hashes.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn reuse_get(&self, hashes: &[Vec<u8>]) -> Result<Vec<ReuseRow>, Error> {
        let mut rows = Vec::new();
        for chunk in hashes.chunks(CHUNK) {
            let places = vec!["?"; chunk.len()].join(",");
            let sql = format!("{} WHERE secret_hash IN ({places})", REUSE.select());
            let statement = Statement::new("read reused secrets", sql);
            let more: Vec<ReuseRow> =
                self.pool.read(statement.bind_all(chunk.iter().cloned().map(Value::from)).once()).await?;
            rows.extend(more);
        }
        Ok(rows)
    }

    /// Secrets whose hashes begin with these hexadecimal digits, ten at most; none where they are no such digits.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn reuse_find(&self, digits: &str) -> Result<Vec<ReuseRow>, Error> {
        let plain =
            digits.len() <= 64 && !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !plain {
            return Ok(Vec::new());
        }
        let sql = format!("{} WHERE HEX(secret_hash) LIKE ? LIMIT 10", REUSE.select());
        let begin = format!("{}%", digits.to_ascii_uppercase());
        self.pool.read(Statement::new("find a reused secret", sql).bind(begin)).await
    }
}
