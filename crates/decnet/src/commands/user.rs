//! `user`: operators of the interface.

use super::Context;
use crate::output;
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::{IsTerminal, Read};

/// Longest password that is read.
const PASSWORD_MOST: u64 = 1024;

/// Operators of the interface
#[derive(Args, Debug)]
pub struct Users {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Give an operator a new password; whoever is logged in with the old one is logged out
    ///
    /// The password is made and shown once; with --stdin it is read from the standard input.
    Password {
        /// Name of the operator
        #[arg(default_value = "admin")]
        name: String,
        /// Read the password from the standard input
        #[arg(long)]
        stdin: bool,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// List the operators
    List {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
}

impl Users {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such operator, or the password can be guessed.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        match self.verb {
            Verb::Password { name, stdin, json } => {
                let chosen = if stdin { Some(read_password()?) } else { None };
                let made =
                    decnet_web::reset_password(&store, &name, chosen.as_deref(), context.now()).await?;
                if context.settings().given(crate::settings::Name::AdminPassword).is_some() && name == "admin"
                {
                    output::note("warning: api.admin-password is set and goes before it at the next start");
                }
                if json {
                    output::json(&json!({ "user": name, "password": made }));
                } else if let Some(password) = made {
                    output::line(&format!("password of {name}, shown only now: {password}"));
                } else {
                    output::note(&format!("{name} has a new password"));
                }
            }
            Verb::List { json } => {
                let users = store.user_list().await.context("list the operators")?;
                if json {
                    let rows = users.iter().map(|user| json!({ "name": user.name, "role": user.role }));
                    output::json(&rows.collect::<Vec<_>>());
                } else {
                    output::table(&["NAME", "ROLE"], &users, |user| {
                        vec![user.name.clone(), user.role.clone()]
                    });
                }
            }
        }
        Ok(())
    }
}

/// A password from a program or file; a terminal would show it.
fn read_password() -> Result<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        bail!("--stdin reads from a pipe or a file, not from a terminal");
    }
    let mut text = String::new();
    input.take(PASSWORD_MOST).read_to_string(&mut text).context("read the password")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
