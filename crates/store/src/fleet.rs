//! The fleet that is wanted, what became of it, and the personas.

use crate::{
    Fence, Store,
    database::{Statement, transaction},
    dialect::{Merge, Table},
    error::Error,
    row::{Cells, Value, fit},
    setting,
};
use decnet_model::record::{DeckyDesired, DeckyIntent, DeckyRow, DeckyState};
use netsvc_wire::stamp::Micros;

/// Setting that holds the whole intent.
const FLEET: &str = "fleet";

/// Most rows of one transaction, so that the ingester waits for none of them long.
const BATCH: usize = 500;

const INTENTS: Table = Table {
    name: "deckies",
    key: "name",
    columns: &[
        ("name", Merge::Keep),
        ("desired", Merge::Replace),
        ("actual", Merge::Keep),
        ("reason", Merge::Keep),
        ("ip", Merge::Replace),
        ("services", Merge::Replace),
        ("plan", Merge::Replace),
        ("updated_at", Merge::Replace),
    ],
};

const PERSONAS: Table = Table {
    name: "deckies",
    key: "name",
    columns: &[
        ("name", Merge::Keep),
        ("desired", Merge::Keep),
        ("actual", Merge::Keep),
        ("reason", Merge::Keep),
        ("services", Merge::Keep),
        ("plan", Merge::Keep),
        ("persona", Merge::Fill),
        ("updated_at", Merge::Replace),
    ],
};

const SELECT: &str =
    "SELECT name, desired, actual, reason, ip, services, plan, persona, updated_at FROM deckies";

impl Store {
    /// Replaces the fleet that is wanted: `intent` is kept whole as JSON; deckies that are not in
    /// `deckies` are wanted no more, but keep their rows, personas and evidence.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn fleet_put(&self, intent: &str, deckies: &[DeckyIntent], now: Micros) -> Result<(), Error> {
        let what = "store the fleet";
        transaction!(self, what, tx => {
            setting::write(&mut tx, FLEET, intent).await?;
            let sql = "UPDATE deckies SET desired = 'absent', updated_at = ? WHERE desired <> 'absent'";
            tx.execute(Statement::new(what, sql).bind(now)).await?;
            tx.upsert(what, &INTENTS, deckies.iter().map(|decky| intent_row(decky, now)).collect()).await
        })
    }

    /// The intent stored last, byte for byte.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn fleet_get(&self) -> Result<Option<String>, Error> {
        self.setting_get(FLEET).await
    }

    /// All deckies by name, those no longer wanted included.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decky_list(&self) -> Result<Vec<DeckyRow>, Error> {
        let statement = Statement::new("list deckies", format!("{SELECT} ORDER BY name"));
        self.pool.rows(statement).await?.into_iter().map(from_cells).collect()
    }

    /// One decky.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decky_get(&self, name: &str) -> Result<Option<DeckyRow>, Error> {
        let statement = Statement::new("read a decky", format!("{SELECT} WHERE name = ?")).bind(name);
        self.pool.row(statement).await?.map(from_cells).transpose()
    }

    /// Writes what became of a decky. `fence` is the caller's when it is a worker. Returns whether
    /// there is such a decky.
    ///
    /// # Errors
    /// [`Error::Fenced`] when the worker was replaced, [`Error::Query`] when the database fails.
    pub async fn decky_state_set(
        &self,
        fence: Option<&Fence>,
        name: &str,
        actual: &str,
        reason: &str,
        now: Micros,
    ) -> Result<bool, Error> {
        let what = "store the state of a decky";
        transaction!(self, what, tx => {
            if let Some(fence) = fence {
                fence.check(&mut tx).await?;
            }
            let sql = "UPDATE deckies SET actual = ?, reason = ?, updated_at = ? WHERE name = ?";
            let statement =
                Statement::new(what, sql).bind(fit(actual, 64)).bind(reason).bind(now).bind(name);
            tx.execute(statement).await.map(|rows| rows > 0)
        })
    }

    /// Writes what became of several deckies, many in one transaction. `fence` is as for
    /// [`Store::decky_state_set`].
    ///
    /// # Errors
    /// As for [`Store::decky_state_set`]; what was written before stays.
    pub async fn decky_states_set(
        &self,
        fence: Option<&Fence>,
        states: &[DeckyState],
        now: Micros,
    ) -> Result<(), Error> {
        let what = "store the states of deckies";
        for states in states.chunks(BATCH) {
            transaction!(self, what, tx => {
                if let Some(fence) = fence {
                    fence.check(&mut tx).await?;
                }
                for state in states {
                    let sql = "UPDATE deckies SET actual = ?, reason = ?, updated_at = ? WHERE name = ?";
                    let statement = Statement::new(what, sql)
                        .bind(fit(&state.actual, 64))
                        .bind(state.reason.as_str())
                        .bind(now)
                        .bind(state.name.as_str());
                    tx.execute(statement).await?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The persona of a decky, byte for byte as it was stored.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn persona_get(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.decky_get(name).await?.and_then(|decky| decky.persona))
    }

    /// Stores the persona of a decky unless it has one, and returns the one that it has now.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn persona_put(&self, name: &str, persona: &str, now: Micros) -> Result<String, Error> {
        let what = "store a persona";
        transaction!(self, what, tx => {
            tx.upsert(what, &PERSONAS, vec![persona_row(name, persona, now)]).await?;
            let sql = "SELECT persona FROM deckies WHERE name = ?";
            let row = tx.row(Statement::new(what, sql).bind(name)).await?;
            row.map_or_else(|| Ok(persona.to_owned()), |mut cells| cells.text())
        })
    }

    /// Stores personas, by name, of deckies that have none; a decky that has one keeps it.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails; what was written before stays.
    pub async fn personas_put(&self, personas: &[(String, String)], now: Micros) -> Result<(), Error> {
        let what = "store personas";
        for personas in personas.chunks(BATCH) {
            transaction!(self, what, tx => {
                let rows = personas.iter().map(|(name, persona)| persona_row(name, persona, now));
                tx.upsert(what, &PERSONAS, rows.collect()).await
            })?;
        }
        Ok(())
    }

    /// Forgets the persona of a decky, so that the next deploy derives another.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn persona_reset(&self, name: &str, now: Micros) -> Result<bool, Error> {
        let what = "reset a persona";
        transaction!(self, what, tx => {
            let sql = "UPDATE deckies SET persona = NULL, updated_at = ? WHERE name = ?";
            tx.execute(Statement::new(what, sql).bind(now).bind(name)).await.map(|rows| rows > 0)
        })
    }
}

fn intent_row(decky: &DeckyIntent, now: Micros) -> Vec<Value> {
    let services = serde_json::Value::from(decky.services.clone()).to_string();
    vec![
        decky.name.as_str().into(),
        "running".into(),
        "".into(),
        "".into(),
        decky.ip.into(),
        services.into(),
        decky.plan.as_str().into(),
        now.into(),
    ]
}

fn persona_row(name: &str, persona: &str, now: Micros) -> Vec<Value> {
    let empty = || Value::from("");
    vec![name.into(), "absent".into(), empty(), empty(), "[]".into(), "{}".into(), persona.into(), now.into()]
}

fn from_cells(mut cells: Cells) -> Result<DeckyRow, Error> {
    Ok(DeckyRow {
        name: cells.text()?,
        desired: match cells.text()?.as_str() {
            "running" => DeckyDesired::Running,
            "absent" => DeckyDesired::Absent,
            _ => return Err(cells.bad("running or absent")),
        },
        actual: cells.text()?,
        reason: cells.text()?,
        ip: cells.maybe_address()?,
        services: {
            let list = cells.text()?;
            serde_json::from_str(&list).map_err(|_| cells.bad("a JSON list"))?
        },
        plan: cells.text()?,
        persona: cells.maybe_text()?,
        updated_at: cells.int()?,
    })
}
