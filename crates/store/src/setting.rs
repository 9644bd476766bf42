//! Single values by name.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    error::Error,
    schema::row,
};

/// A value.
pub(crate) struct Setting {
    name: String,
    value: String,
}

row! {
    SETTINGS = "settings" by "name", Setting, Setting {
        name: Text(255);
        value: Long, Replace;
    }
}

/// A value where there is none yet.
pub(crate) struct Default {
    name: String,
    value: String,
}

row! {
    DEFAULTS = "settings" by "name", Default, Default {
        name: Text(255);
        value: Long;
    }
}

pub(crate) async fn write(tx: &mut Tx, name: &str, value: &str) -> Result<(), Error> {
    tx.upsert("store a setting", [Setting { name: name.into(), value: value.into() }]).await
}

/// Asks for the value under a name.
pub(crate) const READ: &str = "SELECT value FROM settings WHERE name = ?";

impl Store {
    /// The value stored under `name`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn setting_get(&self, name: &str) -> Result<Option<String>, Error> {
        let statement = Statement::new("read a setting", READ).bind(name);
        self.pool.row(statement).await?.map(|mut cells| cells.text()).transpose()
    }

    /// Stores `value` under `name`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn setting_put(&self, name: &str, value: &str) -> Result<(), Error> {
        transaction!(self, "store a setting", tx => { write(&mut tx, name, value).await })
    }

    /// Stores `value` under `name` unless there is one, and returns the one that is there now: two
    /// processes that make up a secret at the same time end with the same one.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn setting_default(&self, name: &str, value: &str) -> Result<String, Error> {
        let what = "store the default of a setting";
        transaction!(self, what, tx => {
            tx.upsert(what, [Default { name: name.into(), value: value.into() }]).await?;
            let row = tx.row(Statement::new(what, READ).bind(name)).await?;
            row.map_or_else(|| Ok(value.to_owned()), |mut cells| cells.text())
        })
    }
}
