//! Users of the interface and the tokens that they hold.

use crate::{
    Store,
    database::{Statement, transaction},
    error::Error,
    schema::row,
};
use decnet_model::record::User;
use netsvc_wire::stamp::Micros;

row! {
    USERS = "users" by "name", User, User {
        name: Text(255);
        password_hash: Long, Replace;
        role: Text(64), Replace;
        created_at: Int;
    }
}

/// A token that was given out.
pub(crate) struct Token {
    id: String,
    user_name: String,
    issued_at: Micros,
    expires_at: Micros,
    revoked_at: Option<Micros>,
}

row! {
    TOKENS = "tokens" by "id", Token, Token {
        id: Text(64);
        user_name: Text(255);
        issued_at: Int;
        expires_at: Int;
        revoked_at: Int;
    }
}

impl Store {
    /// Makes a user, or gives an existing one another password and role.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_put(&self, user: &User) -> Result<(), Error> {
        let what = "store a user";
        transaction!(self, what, tx => {
            tx.upsert(what, [user.clone()]).await
        })
    }

    /// One user.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_get(&self, name: &str) -> Result<Option<User>, Error> {
        let sql = format!("{} WHERE name = ?", USERS.select());
        let statement = Statement::new("read a user", sql).bind(name);
        self.pool.read_one(statement).await
    }

    /// All users by name.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_list(&self) -> Result<Vec<User>, Error> {
        let sql = format!("{} ORDER BY name", USERS.select());
        self.pool.read(Statement::new("list users", sql)).await
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
            let token =
                Token { id: id.into(), user_name: user.into(), issued_at, expires_at, revoked_at: None };
            tx.upsert(what, [token]).await
        })
    }

    /// The user of a token that is known, not revoked and not expired at `now`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_user(&self, id: &str, now: Micros) -> Result<Option<User>, Error> {
        let columns = USERS.list("u.");
        let sql = format!(
            "SELECT {columns} FROM tokens t JOIN users u ON u.name = t.user_name \
             WHERE t.id = ? AND t.revoked_at IS NULL AND t.expires_at > ?"
        );
        let statement = Statement::new("read a token", sql).bind(id).bind(now);
        self.pool.read_one(statement).await
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
