//! Techniques that events have shown, by rule, address and decky.

use crate::{
    Store,
    database::{Statement, Tx},
    error::Error,
    filter::PAGE_LIMIT,
    row::Value,
    schema::row,
};
use decnet_model::record::{TechniqueFilter, TechniqueHit, TechniqueSeen};

/// What of a view goes when it is made anew.
pub(crate) const EMPTYING: &[&str] = &["DELETE FROM technique_hits"];

row! {
    HITS = "technique_hits" by "rule_id, src_ip, node", TechniqueHit, TechniqueHit {
        rule as rule_id: Text(64);
        technique: Text(64), Replace;
        src_ip: Address;
        node: Text(255);
        service: Text(64), Replace;
        needs: Int, Replace;
        events: Int, Add;
        first_event: Int, Least;
        last_event: Int, Greatest;
        first_seen: Int, Least;
        last_seen: Int, Greatest;
    }
}

/// Adds what a batch of events showed.
pub(crate) async fn write(tx: &mut Tx, hits: &[TechniqueHit]) -> Result<(), Error> {
    tx.upsert("store techniques", hits.iter().cloned()).await
}

fn conditions(filter: &TechniqueFilter) -> (String, Vec<Value>) {
    let mut text = "events >= needs".to_owned();
    let mut values: Vec<Value> = Vec::new();
    let mut add = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            text.push_str(" AND ");
            text.push_str(condition);
            values.push(value);
        }
    };
    add("technique = ?", filter.technique.clone().map(Value::from));
    add("src_ip = ?", filter.src_ip.map(Value::from));
    add("node = ?", filter.node.clone().map(Value::from));
    add("last_seen >= ?", filter.since.map(Value::from));
    (text, values)
}

impl Store {
    /// What rules have seen, those of the latest first: all that fit `filter` and were seen often enough.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn technique_list(&self, filter: &TechniqueFilter) -> Result<Vec<TechniqueSeen>, Error> {
        let (wanted, values) = conditions(filter);
        let sql = format!(
            "SELECT rule_id, technique, COUNT(DISTINCT src_ip), COUNT(DISTINCT node), SUM(events), \
             MIN(first_seen), MAX(last_seen) AS latest FROM technique_hits WHERE {wanted} \
             GROUP BY rule_id, technique ORDER BY latest DESC, rule_id"
        );
        let rows = self.pool.rows(Statement::new("list techniques", sql).bind_all(values)).await?;
        rows.into_iter()
            .map(|mut cells| {
                Ok(TechniqueSeen {
                    rule: cells.text()?,
                    technique: cells.text()?,
                    attackers: cells.count()?,
                    nodes: cells.count()?,
                    events: cells.count()?,
                    first_seen: cells.int()?,
                    last_seen: cells.int()?,
                })
            })
            .collect()
    }

    /// Who was seen at it and where, the latest `limit` first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn technique_hits(
        &self,
        filter: &TechniqueFilter,
        limit: u32,
    ) -> Result<Vec<TechniqueHit>, Error> {
        let (wanted, values) = conditions(filter);
        let sql = format!(
            "{} WHERE {wanted} ORDER BY last_seen DESC, rule_id, node LIMIT {}",
            HITS.select(),
            limit.min(PAGE_LIMIT)
        );
        self.pool.read(Statement::new("read who showed techniques", sql).bind_all(values)).await
    }

    /// How many addresses have shown each technique.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn technique_counts(&self, filter: &TechniqueFilter) -> Result<Vec<(String, u64)>, Error> {
        let (wanted, values) = conditions(filter);
        let sql = format!(
            "SELECT technique, COUNT(DISTINCT src_ip) FROM technique_hits WHERE {wanted} \
             GROUP BY technique ORDER BY technique"
        );
        let rows = self.pool.rows(Statement::new("count techniques", sql).bind_all(values)).await?;
        rows.into_iter().map(|mut cells| Ok((cells.text()?, cells.count()?))).collect()
    }
}
