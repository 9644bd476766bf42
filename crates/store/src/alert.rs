//! Alerts: rules, mutes, and the messages that are to be sent. What is to be sent is stored first, so that nothing
//! is lost when a process ends; the same message is never stored twice.

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    dialect::Dialect,
    error::Error,
    filter::Filterable,
    schema::row,
    setting,
};
use decnet_model::record::{AlertDelivery, AlertKind, AlertMute, AlertRule, DeliveryState, Filter, Page};
use netsvc_wire::stamp::Micros;

/// The setting with the last event of incidents that alerts were made of.
const CURSOR: &str = "alert.cursor";
/// How long ended messages are kept.
const KEPT: Micros = 90 * 86_400_000_000;
/// Messages that may wait for one rule; older ones are told in a digest.
const MOST_RULES: u32 = 1000;

row! {
    RULES = "alert_rules" by "name", AlertRule, AlertRule {
        name: Text(64);
        enabled: Int, Replace;
        target: Long, Replace;
        secret: Long, Replace;
        format: Text(64), Replace;
        severity: Int, Replace;
        stage: Int, Replace;
        node: Text(255), Replace;
        service: Text(64), Replace;
        network: Text(64), Replace;
        per_hour: Int, Replace;
        quiet: Text(64), Replace;
        changed_by: Text(255), Replace;
        changed_at: Int, Replace;
    }
}

row! {
    MUTES = "alert_mutes" by "id", AlertMute, AlertMute {
        id: Int;
        network: Text(64);
        node: Text(255);
        service: Text(64);
        reason: Long;
        until as ends_at: Int;
        created_by: Text(255);
        created_at: Int;
        hours: Text(64);
    }
}

row! {
    DELIVERIES = "alert_deliveries" by "id", AlertDelivery, AlertDelivery {
        id: Int;
        token: Text(64);
        rule as of_rule: Text(64);
        kind: Text(64);
        state: Text(64), Replace;
        incident: Int;
        stage: Int;
        severity: Int;
        title: Long;
        body: Long;
        attempts: Int, Replace;
        created_at: Int;
        next_at: Int, Replace;
        done_at: Int, Replace;
        answer: Long, Replace;
    }
}

const LISTED: Filterable = Filterable { table: &DELIVERIES, key: "id", at: "created_at", ..Filterable::NONE };

impl Store {
    /// Every rule by name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_rule_list(&self) -> Result<Vec<AlertRule>, Error> {
        let sql = format!("{} ORDER BY name LIMIT {MOST_RULES}", RULES.select());
        self.pool.read(Statement::new("list alert rules", sql)).await
    }

    /// One rule.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_rule_get(&self, name: &str) -> Result<Option<AlertRule>, Error> {
        let sql = format!("{} WHERE name = ?", RULES.select());
        self.pool.read_one(Statement::new("read an alert rule", sql).bind(name)).await
    }

    /// Keeps a rule.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_rule_put(&self, rule: &AlertRule) -> Result<(), Error> {
        let what = "store an alert rule";
        transaction!(self, what, tx => { tx.upsert(what, [rule.clone()]).await })
    }

    /// Removes a rule; what waited for it is given up. Returns whether there was one.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_rule_remove(&self, name: &str, now: Micros) -> Result<bool, Error> {
        let what = "remove an alert rule";
        transaction!(self, what, tx => {
            let sql = "UPDATE alert_deliveries SET state = ?, done_at = ?, answer = ? \
                       WHERE of_rule = ? AND state IN ('waiting', 'held')";
            let statement = Statement::new(what, sql)
                .bind(DeliveryState::Failed)
                .bind(now)
                .bind("the rule was removed")
                .bind(name);
            tx.execute(statement).await?;
            let sql = "DELETE FROM alert_rules WHERE name = ?";
            tx.execute(Statement::new(what, sql).bind(name)).await.map(|rows| rows > 0)
        })
    }

    /// Mutes that have not ended at `now`, the latest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_mute_list(&self, now: Micros) -> Result<Vec<AlertMute>, Error> {
        let sql = format!(
            "{} WHERE ends_at IS NULL OR ends_at > ? ORDER BY id DESC LIMIT {MOST_RULES}",
            MUTES.select()
        );
        self.pool.read(Statement::new("list mutes", sql).bind(now)).await
    }

    /// Keeps a mute, whose number is given here, and forgets those that ended before it began.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_mute_put(&self, mute: &AlertMute) -> Result<i64, Error> {
        let what = "store a mute";
        transaction!(self, what, tx => {
            let sql = "DELETE FROM alert_mutes WHERE ends_at IS NOT NULL AND ends_at <= ?";
            tx.execute(Statement::new(what, sql).bind(mute.created_at)).await?;
            let id = tx.next_id(what, &MUTES).await?;
            tx.upsert(what, [AlertMute { id, ..mute.clone() }]).await?;
            Ok(id)
        })
    }

    /// Ends a mute. Returns whether there was one.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_mute_remove(&self, id: i64) -> Result<bool, Error> {
        let what = "end a mute";
        transaction!(self, what, tx => {
            let sql = "DELETE FROM alert_mutes WHERE id = ?";
            tx.execute(Statement::new(what, sql).bind(id)).await.map(|rows| rows > 0)
        })
    }

    /// Whether an incident touched a node, a service, or a service of a node.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn incident_touched(
        &self,
        id: i64,
        node: Option<&str>,
        service: Option<&str>,
    ) -> Result<bool, Error> {
        let mut sql = "SELECT 1 FROM incident_contacts WHERE incident = ?".to_owned();
        let mut values = Vec::new();
        for (column, value) in [("node", node), ("service", service)] {
            if let Some(value) = value {
                sql.push_str(&format!(" AND {column} = ?"));
                values.push(value.into());
            }
        }
        let statement = Statement::new("read what an incident touched", format!("{sql} LIMIT 1"));
        Ok(self.pool.row(statement.bind(id).bind_all(values)).await?.is_some())
    }

    /// The last event of incidents that alerts were made of; `None` before the first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_cursor(&self) -> Result<Option<i64>, Error> {
        Ok(self.setting_get(CURSOR).await?.and_then(|text| text.parse().ok()))
    }

    /// Stores messages and moves the cursor, all or nothing; a message whose token is there is left as it is.
    /// Returns how many were new.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::Query`] when the database fails.
    pub async fn alert_queue(
        &self,
        fence: &Fence,
        messages: &[AlertDelivery],
        cursor: Option<i64>,
    ) -> Result<u64, Error> {
        let what = "store alerts";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            let mut new = 0;
            for message in messages {
                new += enter(&mut tx, message).await?;
            }
            if let Some(cursor) = cursor {
                setting::write(&mut tx, CURSOR, &cursor.to_string()).await?;
            }
            Ok(new)
        })
    }

    /// Stores a message that somebody asked for.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_ask(&self, message: &AlertDelivery) -> Result<(), Error> {
        transaction!(self, "store an alert", tx => { enter(&mut tx, message).await.map(drop) })
    }

    /// Which of these tokens there are already.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_known(&self, token: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM alert_deliveries WHERE token = ?";
        Ok(self.pool.row(Statement::new("look for an alert", sql).bind(token)).await?.is_some())
    }

    /// Stores a digest in the place of what it tells.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::Query`] when the database fails.
    pub async fn alert_digest(
        &self,
        fence: &Fence,
        digest: &AlertDelivery,
        told: &[i64],
    ) -> Result<(), Error> {
        let what = "store a digest";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            enter(&mut tx, digest).await?;
            for id in told {
                let sql = "UPDATE alert_deliveries SET state = ?, done_at = ? WHERE id = ? AND state = ?";
                let statement = Statement::new(what, sql)
                    .bind(DeliveryState::Told)
                    .bind(digest.created_at)
                    .bind(*id)
                    .bind(DeliveryState::Held);
                tx.execute(statement).await?;
            }
            Ok(())
        })
    }

    /// Messages in a state, the oldest first; of those that wait, only those that are to be tried by `now`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_in_state(
        &self,
        state: DeliveryState,
        now: Micros,
        limit: u32,
    ) -> Result<Vec<AlertDelivery>, Error> {
        let sql =
            format!("{} WHERE state = ? AND next_at <= ? ORDER BY next_at, id LIMIT ?", DELIVERIES.select());
        let statement = Statement::new("read alerts", sql).bind(state).bind(now).bind(i64::from(limit));
        self.pool.read(statement).await
    }

    /// How many messages are in a state.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_total(&self, state: DeliveryState) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) FROM alert_deliveries WHERE state = ?";
        let row = self.pool.row(Statement::new("count alerts", sql).bind(state)).await?;
        row.map_or(Ok(0), |mut cells| cells.count())
    }

    /// How many alerts of a rule were made since a time and not held.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_count(&self, rule: &str, since: Micros) -> Result<u64, Error> {
        let sql = "SELECT COUNT(*) FROM alert_deliveries WHERE of_rule = ? AND created_at > ? AND kind = ? \
                   AND state IN ('waiting', 'delivered', 'failed')";
        let statement = Statement::new("count alerts", sql).bind(rule).bind(since).bind(AlertKind::Alert);
        self.pool.row(statement).await?.map_or(Ok(0), |mut cells| cells.count())
    }

    /// Writes what became of a message.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::Query`] when the database fails.
    pub async fn alert_note(&self, fence: &Fence, message: &AlertDelivery) -> Result<(), Error> {
        let what = "note what became of an alert";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            tx.upsert(what, [message.clone()]).await
        })
    }

    /// Has a message that was given up sent once more. Returns whether it was one.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_again(&self, id: i64, now: Micros) -> Result<bool, Error> {
        let what = "send an alert once more";
        transaction!(self, what, tx => {
            let sql = "UPDATE alert_deliveries SET state = ?, next_at = ?, attempts = 0, done_at = NULL \
                       WHERE id = ? AND state = ?";
            let statement = Statement::new(what, sql)
                .bind(DeliveryState::Waiting)
                .bind(now)
                .bind(id)
                .bind(DeliveryState::Failed);
            tx.execute(statement).await.map(|rows| rows > 0)
        })
    }

    /// A page of the messages, the latest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn alert_list(&self, page: Page) -> Result<Vec<AlertDelivery>, Error> {
        let statement = LISTED.statement("list alerts", self.pool.dialect(), &Filter::default(), page);
        self.pool.read(statement).await
    }

    /// Forgets messages that ended long ago.
    ///
    /// # Errors
    /// [`Error::Fenced`] when another process has taken over the worker, [`Error::Query`] when the database fails.
    pub async fn alert_forget(&self, fence: &Fence, now: Micros) -> Result<u64, Error> {
        let what = "forget old alerts";
        transaction!(self, what, tx => {
            fence.check(&mut tx).await?;
            let sql = "DELETE FROM alert_deliveries WHERE done_at IS NOT NULL AND done_at < ?";
            tx.execute(Statement::new(what, sql).bind(now.saturating_sub(KEPT))).await
        })
    }
}

/// Stores a message unless its token is there; returns how many were stored.
async fn enter(tx: &mut Tx, message: &AlertDelivery) -> Result<u64, Error> {
    let names: Vec<_> =
        DELIVERIES.columns.iter().map(|column| column.name).filter(|name| *name != "id").collect();
    let (begin, end) = match tx.dialect() {
        Dialect::Sqlite => ("INSERT INTO", " ON CONFLICT(token) DO NOTHING"),
        Dialect::MySql => ("INSERT IGNORE INTO", ""),
    };
    let places = vec!["?"; names.len()].join(",");
    let sql = format!("{begin} alert_deliveries ({}) VALUES ({places}){end}", names.join(","));
    let values = crate::schema::Write::values(message.clone());
    tx.execute(Statement::new("store an alert", sql).bind_all(values.into_iter().skip(1))).await
}
