//! The fleet that is wanted, what became of it, and the personas.

use crate::{
    Fence, Store,
    database::{Statement, Tx, transaction},
    error::Error,
    row::{Cells, Value},
    schema::{Cell, row},
    setting,
};
use decnet_model::record::{DeckyActual, DeckyDesired, DeckyIntent, DeckyRow, DeckyState};
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// Setting that holds the whole intent.
pub(crate) const FLEET: &str = "fleet";

/// Most rows of one transaction, so that the ingester waits for none of them long.
const BATCH: usize = 500;

row! {
    DECKIES = "deckies" by "name", DeckyRow, DeckyRow {
        name: Text(255);
        desired: Text(64);
        actual: Text(64);
        reason: Long;
        ip: Address;
        services: Long;
        plan: Long;
        persona: Long;
        updated_at: Int;
    }
}

/// A decky that is wanted: what became of it and its persona stay.
pub(crate) struct Intent {
    name: String,
    desired: DeckyDesired,
    actual: DeckyActual,
    reason: String,
    ip: Option<IpAddr>,
    services: Vec<String>,
    plan: String,
    updated_at: Micros,
}

row! {
    INTENTS = "deckies" by "name", Intent, Intent {
        name: Text(255);
        desired: Text(64), Replace;
        actual: Text(64);
        reason: Long;
        ip: Address, Replace;
        services: Long, Replace;
        plan: Long, Replace;
        updated_at: Int, Replace;
    }
}

/// The persona of a decky that may not have been wanted yet.
pub(crate) struct Persona {
    name: String,
    desired: DeckyDesired,
    actual: DeckyActual,
    reason: String,
    services: Vec<String>,
    plan: String,
    persona: Option<String>,
    updated_at: Micros,
}

row! {
    PERSONAS = "deckies" by "name", Persona, Persona {
        name: Text(255);
        desired: Text(64);
        actual: Text(64);
        reason: Long;
        services: Long;
        plan: Long;
        persona: Long, Fill;
        updated_at: Int, Replace;
    }
}

impl Store {
    /// Replaces the fleet that is wanted: `intent` is kept whole as JSON; deckies that are not in
    /// `deckies` are wanted no more, but keep their rows, personas and evidence.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn fleet_put(&self, intent: &str, deckies: &[DeckyIntent], now: Micros) -> Result<(), Error> {
        transaction!(self, "store the fleet", tx => { replace(&mut tx, intent, deckies, now).await })
    }

    /// As [`Store::fleet_put`], as long as the fleet is still the one that was read, `was`. Returns whether it was.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn fleet_put_over(
        &self,
        was: Option<&str>,
        intent: &str,
        deckies: &[DeckyIntent],
        now: Micros,
    ) -> Result<bool, Error> {
        transaction!(self, "store the fleet", tx => {
            if stands(&mut tx).await?.as_deref() != was {
                return Ok(false);
            }
            replace(&mut tx, intent, deckies, now).await?;
            Ok(true)
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
        let statement = Statement::new("list deckies", format!("{} ORDER BY name", DECKIES.select()));
        self.pool.read(statement).await
    }

    /// Names and addresses of deckies that are wanted.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decky_addresses(&self) -> Result<Vec<(String, IpAddr)>, Error> {
        let sql = "SELECT name, ip FROM deckies WHERE desired = ? AND ip IS NOT NULL";
        let statement = Statement::new("read addresses of deckies", sql).bind(DeckyDesired::Running);
        let rows = self.pool.rows(statement).await?;
        rows.into_iter().map(|mut cells| Ok((cells.text()?, cells.address()?))).collect()
    }

    /// Address and part of the plan of every decky, those no longer wanted included.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decky_plans(&self) -> Result<Vec<(Option<IpAddr>, String)>, Error> {
        let rows =
            self.pool.rows(Statement::new("read plans of deckies", "SELECT ip, plan FROM deckies")).await?;
        rows.into_iter().map(|mut cells| Ok((Option::<IpAddr>::read(&mut cells)?, cells.text()?))).collect()
    }

    /// Deckies that are wanted and do not run, by name; two hundred at most.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decky_down(&self) -> Result<Vec<DeckyRow>, Error> {
        let sql = format!("{} WHERE desired = ? AND actual <> ? ORDER BY name LIMIT 200", DECKIES.select());
        let statement = Statement::new("list deckies that are down", sql);
        self.pool.read(statement.bind(DeckyDesired::Running).bind(DeckyActual::Running)).await
    }

    /// One decky.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decky_get(&self, name: &str) -> Result<Option<DeckyRow>, Error> {
        let statement =
            Statement::new("read a decky", format!("{} WHERE name = ?", DECKIES.select())).bind(name);
        self.pool.read_one(statement).await
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
        actual: DeckyActual,
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
                Statement::new(what, sql).bind(actual).bind(reason).bind(now).bind(name);
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
                        .bind(state.actual)
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
            tx.upsert(what, [persona_row(name, persona, now)]).await?;
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
                tx.upsert(what, rows).await
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

async fn replace(tx: &mut Tx, intent: &str, deckies: &[DeckyIntent], now: Micros) -> Result<(), Error> {
    let what = "store the fleet";
    setting::write(tx, FLEET, intent).await?;
    let sql = "UPDATE deckies SET desired = 'absent', updated_at = ? WHERE desired <> 'absent'";
    tx.execute(Statement::new(what, sql).bind(now)).await?;
    tx.upsert(what, deckies.iter().map(|decky| intent_row(decky, now))).await
}

/// The fleet that is wanted, which nobody else changes before `tx` ends.
pub(crate) async fn stands(tx: &mut Tx) -> Result<Option<String>, Error> {
    let sql = format!("{}{}", setting::READ, tx.dialect().for_update());
    let row = tx.row(Statement::new("read the fleet", sql).bind(FLEET)).await?;
    row.map(|mut cells| cells.text()).transpose()
}

pub(crate) fn intent_row(decky: &DeckyIntent, now: Micros) -> Intent {
    Intent {
        name: decky.name.clone(),
        desired: DeckyDesired::Running,
        actual: DeckyActual::Unknown,
        reason: String::new(),
        ip: decky.ip,
        services: decky.services.clone(),
        plan: decky.plan.clone(),
        updated_at: now,
    }
}

fn persona_row(name: &str, persona: &str, now: Micros) -> Persona {
    Persona {
        name: name.to_owned(),
        desired: DeckyDesired::Absent,
        actual: DeckyActual::Unknown,
        reason: String::new(),
        services: Vec::new(),
        plan: "{}".to_owned(),
        persona: Some(persona.to_owned()),
        updated_at: now,
    }
}

impl Cell for Vec<String> {
    fn read(cells: &mut Cells) -> Result<Self, Error> {
        serde_json::from_str(&cells.text()?).map_err(|_| cells.bad("a JSON list"))
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        serde_json::Value::from(list).to_string().into()
    }
}
