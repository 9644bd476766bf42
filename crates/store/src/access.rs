//! What lets somebody in beside a password, and the log of what was changed: one-time links, tokens for
//! programs, the audit log. Links and tokens are kept as hashes only.

use crate::{
    Store,
    database::{Statement, transaction},
    error::Error,
    filter::Filterable,
    schema::{Read, row},
    user::USERS,
};
use decnet_model::record::{ApiToken, AuditEntry, Filter, LoginLink, NewAuditEntry, Page, User};
use netsvc_wire::stamp::Micros;
use std::collections::BTreeSet;

/// How stale the time of a token's last use may be, so that a busy one is not written at each request.
const USE_PRECISION: Micros = 60_000_000;

/// Passes of one statement's `IN (…)`.
const PASSES: usize = 200;

row! {
    LINKS = "login_links" by "hash", LoginLink, LoginLink {
        hash: Text(64);
        user_name: Text(255);
        expires_at: Int;
    }
}

row! {
    API_TOKENS = "api_tokens" by "id", ApiToken, ApiToken {
        id: Text(64);
        user_name: Text(255);
        name: Text(255);
        hash: Text(64);
        scopes: Text(255);
        created_at: Int;
        expires_at: Int;
        used_at: Int;
        revoked_at: Int;
    }
}

row! {
    AUDIT = "audit_log" by "id", AuditEntry, AuditEntry {
        id: Int;
        at: Int;
        actor: Text(255);
        via: Text(64);
        address: Address;
        action: Text(64);
        target: Long;
        outcome: Int;
    }
}

const LISTED: Filterable = Filterable { table: &AUDIT, key: "id", at: "at", ..Filterable::NONE };

impl Store {
    /// Keeps a one-time link, and forgets those that have expired at `now`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails, or there is no such user.
    pub async fn link_put(&self, link: &LoginLink, now: Micros) -> Result<(), Error> {
        let what = "store a link";
        transaction!(self, what, tx => {
            let sql = "DELETE FROM login_links WHERE expires_at <= ?";
            tx.execute(Statement::new(what, sql).bind(now)).await?;
            tx.upsert(what, [link.clone()]).await
        })
    }

    /// The user of a link that has not expired at `now`; the link is gone from then on, whoever asks.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn link_take(&self, hash: &str, now: Micros) -> Result<Option<User>, Error> {
        let what = "use a link";
        transaction!(self, what, tx => {
            let sql = format!(
                "SELECT {} FROM login_links l JOIN users u ON u.name = l.user_name \
                 WHERE l.hash = ? AND l.expires_at > ?", USERS.list("u.")
            );
            let found = tx.row(Statement::new(what, sql).bind(hash).bind(now)).await?;
            let sql = "DELETE FROM login_links WHERE hash = ?";
            let gone = tx.execute(Statement::new(what, sql).bind(hash)).await?;
            // Of two at the same time one deletes the row.
            found.filter(|_| gone > 0).map(Read::read).transpose()
        })
    }

    /// Keeps a token for programs.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails, or there is no such user.
    pub async fn api_token_put(&self, token: &ApiToken) -> Result<(), Error> {
        let what = "store a token";
        transaction!(self, what, tx => {
            tx.upsert(what, [token.clone()]).await
        })
    }

    /// The token with this hash and its user, unless it is revoked or has expired at `now`. Its use is noted.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn api_token_use(&self, hash: &str, now: Micros) -> Result<Option<(ApiToken, User)>, Error> {
        let what = "read a token";
        let sql = format!("{} WHERE hash = ? AND revoked_at IS NULL AND expires_at > ?", API_TOKENS.select());
        let token: Option<ApiToken> =
            self.pool.read_one(Statement::new(what, sql).bind(hash).bind(now)).await?;
        let Some(token) = token else { return Ok(None) };
        let Some(user) = self.user_get(&token.user_name).await? else { return Ok(None) };
        if token.used_at.is_none_or(|used| used + USE_PRECISION < now) {
            let what = "note the use of a token";
            transaction!(self, what, tx => {
                let sql = "UPDATE api_tokens SET used_at = ? WHERE id = ?";
                tx.execute(Statement::new(what, sql).bind(now).bind(token.id.as_str())).await.map(drop)
            })?;
        }
        Ok(Some((token, user)))
    }

    /// Which of these logins (by id) and tokens for programs (by hash) still let their user in at `now`.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn passes_good(
        &self,
        logins: &[String],
        tokens: &[String],
        now: Micros,
    ) -> Result<(BTreeSet<String>, BTreeSet<String>), Error> {
        let logins = self.good("tokens", "id", logins, now).await?;
        Ok((logins, self.good("api_tokens", "hash", tokens, now).await?))
    }

    /// Which `keys` of a table of passes are neither revoked nor over.
    async fn good(
        &self,
        table: &'static str,
        key: &'static str,
        keys: &[String],
        now: Micros,
    ) -> Result<BTreeSet<String>, Error> {
        let mut good = BTreeSet::new();
        for chunk in keys.chunks(PASSES) {
            let places = vec!["?"; chunk.len()].join(",");
            let sql = format!(
                "SELECT t.{key} FROM {table} t JOIN users u ON u.name = t.user_name \
                 WHERE t.revoked_at IS NULL AND t.expires_at > ? AND t.{key} IN ({places})"
            );
            let statement = Statement::new("look at logins", sql).bind(now);
            let statement = statement.bind_all(chunk.iter().map(|key| key.as_str().into())).once();
            for mut cells in self.pool.rows(statement).await? {
                good.insert(cells.text()?);
            }
        }
        Ok(good)
    }

    /// Tokens for programs, of one user or of all, those made last first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn api_token_list(&self, user: Option<&str>) -> Result<Vec<ApiToken>, Error> {
        let what = "list tokens";
        let (of, order) = (API_TOKENS.select(), "ORDER BY created_at DESC, id");
        let statement = match user {
            Some(user) => Statement::new(what, format!("{of} WHERE user_name = ? {order}")).bind(user),
            None => Statement::new(what, format!("{of} {order}")),
        };
        self.pool.read(statement).await
    }

    /// Revokes a token for programs, of one user or whose ever it is. Returns whether there was one to revoke.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn api_token_revoke(&self, id: &str, user: Option<&str>, now: Micros) -> Result<bool, Error> {
        let what = "revoke a token";
        transaction!(self, what, tx => {
            let sql = "UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL";
            let statement = match user {
                Some(user) => Statement::new(what, format!("{sql} AND user_name = ?"))
                    .bind(now).bind(id).bind(user),
                None => Statement::new(what, sql).bind(now).bind(id),
            };
            tx.execute(statement).await.map(|rows| rows > 0)
        })
    }

    /// Notes a change.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn audit_put(&self, entry: &NewAuditEntry) -> Result<(), Error> {
        let what = "write the audit log";
        transaction!(self, what, tx => {
            // The database counts.
            let sql = "INSERT INTO audit_log (at, actor, via, address, action, target, outcome) \
                       VALUES (?, ?, ?, ?, ?, ?, ?)";
            let statement = Statement::new(what, sql)
                .bind(entry.at)
                .bind(entry.actor.chars().take(255).collect::<String>())
                .bind(entry.via)
                .bind(entry.address)
                .bind(entry.action)
                .bind(entry.target.as_str())
                .bind(i64::from(entry.outcome));
            tx.execute(statement).await.map(drop)
        })
    }

    /// A page of the audit log.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn audit_list(&self, page: Page) -> Result<Vec<AuditEntry>, Error> {
        let statement = LISTED.statement("read the audit log", self.pool.dialect(), &Filter::default(), page);
        self.pool.read(statement).await
    }
}
