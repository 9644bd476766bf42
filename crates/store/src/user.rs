//! Users of the interface and the tokens that they hold.

use crate::{
    Store,
    database::{Statement, transaction},
    dialect::{Merge, Table},
    error::Error,
    row::Cells,
};
use decnet_model::record::User;
use netsvc_wire::stamp::Micros;

const USERS: Table = Table {
    name: "users",
    key: "name",
    columns: &[
        ("name", Merge::Keep),
        ("password_hash", Merge::Replace),
        ("role", Merge::Replace),
        ("created_at", Merge::Keep),
    ],
};

impl Store {
    /// Makes a user, or gives an existing one another password and role.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_put(&self, user: &User) -> Result<(), Error> {
        let what = "store a user";
        transaction!(self, what, tx => {
            let row = vec![
                user.name.as_str().into(),
                user.password_hash.as_str().into(),
                user.role.as_str().into(),
                user.created_at.into(),
            ];
            tx.upsert(what, &USERS, vec![row]).await
        })
    }

    /// One user.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_get(&self, name: &str) -> Result<Option<User>, Error> {
        let sql = "SELECT name, password_hash, role, created_at FROM users WHERE name = ?";
        let statement = Statement::new("read a user", sql).bind(name);
        self.pool.row(statement).await?.map(from_cells).transpose()
    }

    /// All users by name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_list(&self) -> Result<Vec<User>, Error> {
        let sql = "SELECT name, password_hash, role, created_at FROM users ORDER BY name";
        self.pool.rows(Statement::new("list users", sql)).await?.into_iter().map(from_cells).collect()
    }

    /// Remembers a token that was given out, and forgets those that have expired.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_put(
        &self,
        id: &str,
        user: &str,
        issued_at: Micros,
        expires_at: Micros,
    ) -> Result<(), Error> {
        let what = "store a token";
        transaction!(self, what, tx => {
            let sql = "DELETE FROM tokens WHERE expires_at <= ?";
            tx.execute(Statement::new(what, sql).bind(issued_at)).await?;
            let sql = "INSERT INTO tokens (id, user_name, issued_at, expires_at) VALUES (?, ?, ?, ?)";
            let statement =
                Statement::new(what, sql).bind(id).bind(user).bind(issued_at).bind(expires_at);
            tx.execute(statement).await.map(drop)
        })
    }

    /// The user of a token that is known, not revoked and not expired at `now`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_user(&self, id: &str, now: Micros) -> Result<Option<User>, Error> {
        let sql = "SELECT u.name, u.password_hash, u.role, u.created_at FROM tokens t \
                   JOIN users u ON u.name = t.user_name \
                   WHERE t.id = ? AND t.revoked_at IS NULL AND t.expires_at > ?";
        let statement = Statement::new("read a token", sql).bind(id).bind(now);
        self.pool.row(statement).await?.map(from_cells).transpose()
    }

    /// Revokes one token.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_revoke(&self, id: &str, now: Micros) -> Result<(), Error> {
        let what = "revoke a token";
        transaction!(self, what, tx => {
            let sql = "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL";
            tx.execute(Statement::new(what, sql).bind(now).bind(id)).await.map(drop)
        })
    }

    /// Revokes every token of a user.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_revoke_all(&self, user: &str, now: Micros) -> Result<(), Error> {
        let what = "revoke tokens of a user";
        transaction!(self, what, tx => {
            let sql = "UPDATE tokens SET revoked_at = ? WHERE user_name = ? AND revoked_at IS NULL";
            tx.execute(Statement::new(what, sql).bind(now).bind(user)).await.map(drop)
        })
    }
}

fn from_cells(mut cells: Cells) -> Result<User, Error> {
    Ok(User {
        name: cells.text()?,
        password_hash: cells.text()?,
        role: cells.text()?,
        created_at: cells.int()?,
    })
}
