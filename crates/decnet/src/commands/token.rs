//! `token`: tokens by which programs use the interface.

use super::{Context, user::audit};
use crate::output;
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_model::access::Scope;
use decnet_shape::ApiToken;
use serde_json::{Value, json};

/// Tokens by which programs use the interface
#[derive(Args, Debug)]
pub struct Tokens {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Make a token; it is shown once
    Create {
        /// What it is for
        name: String,
        /// Whose it is; it can do no more than he
        #[arg(long, default_value = "admin")]
        user: String,
        /// What it may be used for, comma-separated: read, work, manage
        #[arg(long, value_delimiter = ',', default_value = "read")]
        scopes: Vec<Scope>,
        /// Days until it expires
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// List the tokens, those made last first
    List {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token
    Revoke {
        /// Its id, as `token list` shows it
        id: String,
    },
}

impl Tokens {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such user or token, or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        match self.verb {
            Verb::Create { name, user, scopes, days, json } => {
                let scopes = scopes.into_iter().collect();
                let wanted = decnet_web::NewApiToken { user: &user, name: &name, scopes, days };
                let (row, token) = decnet_web::create_token(&store, &wanted, context.now()).await?;
                audit(context, &store, "token.create", &row.id).await?;
                if json {
                    let mut shown = serde_json::to_value(ApiToken::from(&row)).context("show the token")?;
                    if let Value::Object(fields) = &mut shown {
                        fields.insert("token".to_owned(), json!(token));
                    }
                    output::json(&shown);
                } else {
                    output::line(&format!("token of {user}, shown only now: {token}"));
                }
            }
            Verb::List { json } => {
                let rows = store.api_token_list(None).await.context("list the tokens")?;
                let shown: Vec<_> = rows.iter().map(ApiToken::from).collect();
                if json {
                    output::json(&shown);
                } else {
                    output::table(&["ID", "NAME", "USER", "SCOPES", "EXPIRES", "STATE"], &shown, |token| {
                        let state = if token.revoked_at.is_some() { "revoked" } else { "" };
                        let texts = [&token.id, &token.name, &token.user];
                        let mut row: Vec<_> = texts.into_iter().cloned().collect();
                        row.extend([token.scopes.join(" "), token.expires_at.clone(), state.to_owned()]);
                        row
                    });
                }
            }
            Verb::Revoke { id } => {
                let done =
                    store.api_token_revoke(&id, None, context.now()).await.context("revoke the token")?;
                if !done {
                    bail!("no token that is not revoked has the id {id:?}");
                }
                audit(context, &store, "token.revoke", &id).await?;
                output::note(&format!("{id} is revoked"));
            }
        }
        Ok(())
    }
}
