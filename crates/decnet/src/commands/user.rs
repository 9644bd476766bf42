//! `user`: operators of the interface.

use super::Context;
use crate::output;
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_model::access::Role;
use decnet_store::{
    Store,
    record::{NewAuditEntry, UserChange},
};
use serde_json::json;
use std::{
    io::{IsTerminal, Read},
    sync::OnceLock,
};

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
    /// Make an operator
    ///
    /// The password is made and shown once, and has to be changed; with --stdin it is read from the
    /// standard input.
    Create {
        /// Name: letters, digits and . _ - @
        name: String,
        /// admin, analyst or viewer
        #[arg(long, default_value = "viewer")]
        role: Role,
        /// Read the password from the standard input
        #[arg(long)]
        stdin: bool,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Give an operator another role
    Role {
        /// Name of the operator
        name: String,
        /// admin, analyst or viewer
        role: Role,
    },
    /// Remove an operator with his logins and tokens
    Delete {
        /// Name of the operator
        name: String,
    },
    /// Make a link that opens the dashboard once, logged in; it is good for 15 minutes
    Link {
        /// Name of the operator
        #[arg(default_value = "admin")]
        name: String,
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
                audit(context, &store, "user.password", &name).await?;
                if context.settings().given(crate::settings::Name::AdminPassword).is_some() && name == "admin"
                {
                    output::note("warning: api.admin-password is set and goes before it at the next start");
                }
                let told = json!({ "user": name, "password": made });
                tell(json, &told, made, &name, "has a new password");
            }
            Verb::Create { name, role, stdin, json } => {
                let chosen = if stdin { Some(read_password()?) } else { None };
                let made =
                    decnet_web::create_user(&store, &name, role, chosen.as_deref(), context.now()).await?;
                audit(context, &store, "user.create", &name).await?;
                let told = json!({ "user": name, "role": role.name(), "password": made });
                tell(json, &told, made, &name, "was made");
            }
            Verb::Role { name, role } => {
                changed(&name, store.user_role_set(&name, role).await.context("change the role")?)?;
                audit(context, &store, "user.update", &name).await?;
                output::note(&format!("{name} is {role}"));
            }
            Verb::Delete { name } => {
                changed(&name, store.user_remove(&name).await.context("remove the operator")?)?;
                audit(context, &store, "user.delete", &name).await?;
                output::note(&format!("{name} is removed"));
            }
            Verb::Link { name, json } => {
                let link = link(context, &store, &name).await?;
                if json {
                    output::json(&json!({ "user": name, "link": link }));
                } else {
                    output::line(&link);
                }
            }
            Verb::List { json } => {
                let users = store.user_list().await.context("list the operators")?;
                if json {
                    output::json(&users.iter().map(decnet_shape::User::from).collect::<Vec<_>>());
                } else {
                    output::table(&["NAME", "ROLE"], &users, |user| {
                        vec![user.name.clone(), user.role.to_string()]
                    });
                }
            }
        }
        Ok(())
    }
}

/// Shows a password that was made, or that one was taken.
fn tell(json: bool, told: &serde_json::Value, made: Option<String>, name: &str, done: &str) {
    match made {
        _ if json => output::json(told),
        Some(password) => output::line(&format!("password of {name}, shown only now: {password}")),
        None => output::note(&format!("{name} {done}")),
    }
}

/// The address that opens the dashboard once, logged in as `name`.
///
/// # Errors
/// When there is no such operator, or the store fails.
pub async fn link(context: &Context, store: &Store, name: &str) -> Result<String> {
    let secret = decnet_web::create_link(store, name, context.now()).await?;
    audit(context, store, "user.link", name).await?;
    Ok(format!("{}/login#link={secret}", super::status::site(context)))
}

/// Notes what somebody of this host changed.
///
/// # Errors
/// When the store fails.
pub async fn audit(context: &Context, store: &Store, action: &'static str, target: &str) -> Result<()> {
    // What somebody asked for through the interface is written down there.
    if ASKED_BY.get().is_some() {
        return Ok(());
    }
    let entry = NewAuditEntry {
        at: context.now(),
        actor: actor(),
        via: "cli",
        address: None,
        action,
        target: target.to_owned(),
        outcome: 200,
    };
    store.audit_put(&entry).await.context("write the audit log")
}

static ASKED_BY: OnceLock<String> = OnceLock::new();

/// Says who asked through the interface.
pub fn asked_by(user: String) {
    // The first one to say so is right.
    let _ = ASKED_BY.set(user);
}

/// Who asked through the interface; else who uses the command line: the name that the system has for him, or his
/// number.
pub fn actor() -> String {
    if let Some(user) = ASKED_BY.get() {
        return user.clone();
    }
    let uid = nix::unistd::getuid();
    let user = nix::unistd::User::from_uid(uid).ok().flatten().map(|user| user.name);
    user.unwrap_or_else(|| uid.to_string())
}

fn changed(name: &str, change: UserChange) -> Result<()> {
    match change {
        UserChange::Done => Ok(()),
        UserChange::Absent => bail!("no user is called {name:?}"),
        UserChange::LastAdmin => bail!("{name} is the last administrator"),
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
