//! `reuse`: secrets that come again.

use super::{Context, wrong};
use crate::output::{self, Cell};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_analysis::profile::facts;
use decnet_shape::{self as shape, ReuseQuery};

/// Show secrets that were offered more than once: over deckies, services, login names and addresses
///
/// Those that devices come with and those of every list are marked; `--unlisted` leaves them out. What answers a
/// challenge is another each time and not told.
#[derive(Args, Debug)]
pub struct Reuse {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List them, those that were offered last first
    List {
        /// Offered to at least so many services of deckies, or by as many addresses, or for as many login names
        #[arg(long, value_name = "COUNT", default_value_t = 2)]
        least: u64,
        /// Without those that are on a list
        #[arg(long)]
        unlisted: bool,
        /// Only this kind of secret
        #[arg(long, value_name = "KIND")]
        secret_kind: Option<String>,
        /// Only what was offered at or after this time (RFC 3339, a date, or a span back from now such as 30m, 12h, 7d)
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Most rows shown
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show where one was offered, and by whom
    Show {
        /// Its id, as the list has it, or the beginning of it
        id: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

impl Reuse {
    /// Runs the command.
    ///
    /// # Errors
    /// When a value is wrong, there is no such secret, or the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List { least, unlisted, secret_kind, since, limit, json } => {
                let query = ReuseQuery {
                    least: Some(least),
                    unlisted: Some(unlisted),
                    secret_kind,
                    since,
                    limit: Some(limit),
                    before: None,
                };
                list(context, &query, json).await
            }
            Verb::Show { id, json } => show(context, &id, json).await,
        }
    }
}

async fn list(context: &Context, query: &ReuseQuery, json: bool) -> Result<()> {
    let (filter, page) = query.filter(context.now()).map_err(wrong)?;
    let store = context.store().await?;
    let rows = store.reuse_list(&filter, page).await.context("read reused secrets")?;
    if json {
        output::json(&rows.iter().map(shape::Reuse::from).collect::<Vec<_>>());
        return Ok(());
    }
    let header = ["ID", "SECRET", "KIND", "LIST", "TARGETS", "NAMES", "ADDRESSES", "ATTEMPTS", "LAST SEEN"];
    let cells = rows.iter().map(|row| -> Vec<Cell> {
        let shape = shape::Reuse::from(row);
        vec![
            shape.id.get(..12).unwrap_or_default().into(),
            Cell::captured(&row.secret),
            (&shape.secret_kind).into(),
            (&row.listed).into(),
            row.targets.to_string().into(),
            row.principals.to_string().into(),
            row.attackers.to_string().into(),
            row.attempts.to_string().into(),
            output::moment(row.last_seen).into(),
        ]
    });
    output::list(&header, cells.collect(), false);
    Ok(())
}

async fn show(context: &Context, id: &str, json: bool) -> Result<()> {
    let store = context.store().await?;
    let rows = store.reuse_find(id).await.context("read reused secrets")?;
    let row = match rows.as_slice() {
        [row] => row,
        [] => bail!("no secret has the id {id:?}; `decnet reuse list` shows them"),
        _ => bail!("several secrets have ids that begin with {id:?}: say more of it"),
    };
    let detail = facts::reuse(row)?;
    if json {
        output::json(&detail);
        return Ok(());
    }
    let one = &detail.reuse;
    output::line(&format!("{}  {} ({})", output::captured(&row.secret, 100), one.secret_kind, one.id));
    let list = match (&one.listed, &detail.names.default_of) {
        (_, Some(of)) => format!("comes with {of}"),
        (Some(list), None) => format!("is on the list {list}"),
        (None, None) => "is on no list".to_owned(),
    };
    output::line(&format!("{list} · offered {} times, let in {}", one.attempts, one.accepted));
    let names = &detail.names;
    for (what, count, some) in [
        ("services of deckies", one.targets, &names.targets),
        ("login names", one.principals, &names.principals),
        ("addresses", one.attackers, &names.attackers),
    ] {
        output::line(&format!("{count} {what}: {}", some.join(" ")));
    }
    Ok(())
}
