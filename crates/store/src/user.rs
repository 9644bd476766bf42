//! Users of the interface and the tokens that they hold.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    error::Error,
    schema::{Read, row},
};
use decnet_model::access::Role;
use decnet_model::record::{Login, User, UserChange};
use netsvc_wire::stamp::Micros;

row! {
    USERS = "users" by "name", User, User {
        name: Text(255);
        password_hash: Long, Replace;
        role: Text(64), Replace;
        must_change: Int, Replace;
        created_at: Int;
    }
}

row! {
    TOKENS = "tokens" by "id", Login, Login {
        id: Text(64);
        user_name: Text(255);
        issued_at: Int;
        expires_at: Int;
        revoked_at: Int;
        kind: Text(64);
        address: Address;
        agent: Text(255);
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

    /// Gives a user another role.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_role_set(&self, name: &str, role: Role) -> Result<UserChange, Error> {
        let what = "change the role of a user";
        transaction!(self, what, tx => {
            if let Some(refused) = refused(&mut tx, name, role != Role::Admin).await? {
                return Ok(refused);
            }
            let sql = "UPDATE users SET role = ? WHERE name = ?";
            tx.execute(Statement::new(what, sql).bind(role).bind(name)).await.map(|_| UserChange::Done)
        })
    }

    /// Gives a user another password, and changes nothing else of him; all of his logins end in the same step. Where
    /// the hash is not `before` any more somebody was faster, and it stays. Returns whether it was changed.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_password_set(
        &self,
        name: &str,
        hash: &str,
        must_change: bool,
        before: Option<&str>,
        now: Micros,
    ) -> Result<bool, Error> {
        let what = "change the password of a user";
        transaction!(self, what, tx => {
            let same = if before.is_some() { " AND password_hash = ?" } else { "" };
            let sql = format!("UPDATE users SET password_hash = ?, must_change = ? WHERE name = ?{same}");
            let change = Statement::new(what, sql).bind(hash).bind(must_change).bind(name);
            let change = before.iter().fold(change, |change, hash| change.bind(*hash));
            if tx.execute(change).await? == 0 {
                return Ok(false);
            }
            let sql = "UPDATE tokens SET revoked_at = ? WHERE user_name = ? AND revoked_at IS NULL";
            tx.execute(Statement::new(what, sql).bind(now).bind(name)).await.map(|_| true)
        })
    }

    /// Removes a user with all that lets him in.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn user_remove(&self, name: &str) -> Result<UserChange, Error> {
        let what = "remove a user";
        transaction!(self, what, tx => {
            if let Some(refused) = refused(&mut tx, name, true).await? {
                return Ok(refused);
            }
            tx.execute(Statement::new(what, "DELETE FROM users WHERE name = ?").bind(name)).await
                .map(|_| UserChange::Done)
        })
    }

    /// Remembers a login, and forgets those that have expired.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_put(&self, login: &Login) -> Result<(), Error> {
        let what = "store a token";
        transaction!(self, what, tx => {
            let sql = "DELETE FROM tokens WHERE expires_at <= ?";
            tx.execute(Statement::new(what, sql).bind(login.issued_at)).await?;
            tx.upsert(what, [login.clone()]).await
        })
    }

    /// Logins of a user that are good at `now`, the latest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_list(&self, user: &str, now: Micros) -> Result<Vec<Login>, Error> {
        let sql = format!(
            "{} WHERE user_name = ? AND revoked_at IS NULL AND expires_at > ? ORDER BY issued_at DESC, id",
            TOKENS.select()
        );
        self.pool.read(Statement::new("list logins", sql).bind(user).bind(now)).await
    }

    /// One login, revoked and expired ones included.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_get(&self, id: &str) -> Result<Option<Login>, Error> {
        let sql = format!("{} WHERE id = ?", TOKENS.select());
        self.pool.read_one(Statement::new("read a login", sql).bind(id)).await
    }

    /// The user of a login that is known, not revoked and not expired at `now`, and how he came by it.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn token_user(&self, id: &str, now: Micros) -> Result<Option<(User, String)>, Error> {
        let columns = USERS.list("u.");
        let sql = format!(
            "SELECT t.kind, {columns} FROM tokens t JOIN users u ON u.name = t.user_name \
             WHERE t.id = ? AND t.revoked_at IS NULL AND t.expires_at > ?"
        );
        let statement = Statement::new("read a login", sql).bind(id).bind(now);
        let Some(mut cells) = self.pool.row(statement).await? else { return Ok(None) };
        let kind = cells.text()?;
        Ok(Some((User::read(cells)?, kind)))
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

/// Why a user stays as he is: he is not there, or `less` leaves nobody who manages the installation.
async fn refused(tx: &mut Tx, name: &str, less: bool) -> Result<Option<UserChange>, Error> {
    let what = "look at a user";
    let lock = tx.dialect().for_update();
    let sql = format!("{} ORDER BY name{lock}", USERS.select());
    let users = tx.rows(Statement::new(what, sql)).await?;
    let users: Result<Vec<User>, Error> = users.into_iter().map(Read::read).collect();
    let users = users?;
    let Some(user) = users.iter().find(|user| user.name == name) else {
        return Ok(Some(UserChange::Absent));
    };
    let admins = users.iter().filter(|user| user.role == Role::Admin).count();
    Ok((less && user.role == Role::Admin && admins == 1).then_some(UserChange::LastAdmin))
}
