//! `orchestrator`: what is done on deckies day after day, of their own accord; and the worker that writes it down.

use super::{Context, read_whole, run, user::audit};
use crate::{output, workers};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_model::{
    record::{LifeDeed, LifeFilter, LifeKind},
    routine::{self, RATES, ROLES, SWITCH, Switch},
    worker::Worker,
};
use decnet_shape::{self as shape, condition};
use decnet_store::Store;
use std::path::{Path, PathBuf};

/// µs of a day.
const DAY: i64 = 86_400_000_000;

/// What is done on deckies day after day: logins of people, changed files, jobs of the system, pages that colleagues
/// read
///
/// All of it follows the hours and the zone of each decky and what it is for, and no two deckies keep step. Whoever
/// logs in sees its traces: in `last` and `who`, histories, logs, files, the list of processes. None of it is an event,
/// so nobody is an attacker by it. Without a verb: the worker that writes down what was done.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Orchestrator {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    worker: run::Single,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List what was done, the latest first
    List {
        /// Only on this decky
        #[arg(long, value_name = "NAME")]
        decky: Option<String>,
        /// Only of this kind: login, logout, edit, share, job or pages
        #[arg(long)]
        kind: Option<LifeKind>,
        /// Only since then: a time, a date, or a span such as 12h
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Most that are shown
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show what is done on a decky on a day, also on one that is yet to come
    Preview {
        /// The decky
        #[arg(long, value_name = "NAME")]
        decky: String,
        /// The day, as 2026-11-30; without it, today
        #[arg(long, value_name = "DATE")]
        day: Option<String>,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show whether anything is done, how much, and what machines are for
    Show {
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the table of what machines are for to the standard output, or put another one in its place
    Roles {
        /// The table to be used from now on; `-` is the standard input. Deckies come anew where it changes them
        #[arg(long, value_name = "FILE", conflicts_with = "usual")]
        import: Option<PathBuf>,
        /// Use the table that this release brings
        #[arg(long)]
        usual: bool,
    },
    /// Have something done; deckies come anew where that changes what they show
    On {
        /// How much, of a hundred: 10 to 400
        #[arg(long, value_name = "PERCENT")]
        rate: Option<u32>,
    },
    /// Have nothing done; deckies come anew, and show what they show without it
    Off,
}

impl Orchestrator {
    /// Runs the command, or the worker.
    ///
    /// # Errors
    /// When there is no such decky, a time is none, or the store or the worker fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let Some(verb) = self.verb else {
            return run::single(Worker::Orchestrator, self.worker, context).await;
        };
        let store = context.store().await?;
        match verb {
            Verb::List { decky, kind, since, limit, json } => {
                let since = since.map(|text| condition::moment(&text, context.now())).transpose();
                let filter = LifeFilter { node: decky, kind, since: since.map_err(anyhow::Error::msg)? };
                let rows = store.life_list(&filter, limit).await.context("list what was done")?;
                list(&rows, json);
            }
            Verb::Preview { decky, day, json } => {
                preview(context, &store, &decky, day.as_deref(), json).await?;
            }
            Verb::Show { json } => show(context, &store, json).await?,
            Verb::Roles { import, usual } => roles(context, &store, import.as_deref(), usual).await?,
            Verb::On { rate } => {
                let known = switch(&store).await?;
                let rate = rate.unwrap_or(known.rate);
                if !RATES.contains(&rate) {
                    bail!("--rate: {} to {}", RATES.start(), RATES.end());
                }
                put(context, &store, Switch { on: true, rate }).await?;
            }
            Verb::Off => {
                let known = switch(&store).await?;
                put(context, &store, Switch { on: false, ..known }).await?;
            }
        }
        Ok(())
    }
}

async fn switch(store: &Store) -> Result<Switch> {
    let setting = store.setting_get(SWITCH).await.context("read a setting")?;
    Ok(Switch::of(setting.as_deref()))
}

async fn put(context: &Context, store: &Store, switch: Switch) -> Result<()> {
    store.setting_put(SWITCH, &switch.text()).await.context("store a setting")?;
    audit(context, store, "orchestrator.put", if switch.on { "on" } else { "off" }).await?;
    workers::wake_fleet(context).await;
    output::note(&if switch.on { format!("on, at {} percent", switch.rate) } else { "off".to_owned() });
    Ok(())
}

async fn roles(context: &Context, store: &Store, import: Option<&Path>, usual: bool) -> Result<()> {
    let text = match import {
        Some(file) => {
            let text = String::from_utf8(read_whole(file, routine::LONGEST as u64)?);
            text.with_context(|| format!("read {}", file.display()))?
        }
        None if usual => routine::usual().to_owned(),
        None => {
            let own = store.setting_get(ROLES).await.context("read a setting")?;
            let text = own.unwrap_or_else(|| routine::usual().to_owned());
            return output::raw(text.as_bytes()).context("write the standard output");
        }
    };
    let read = routine::read(&text).context("read the table")?;
    store.setting_put(ROLES, &text).await.context("store a setting")?;
    audit(context, store, "orchestrator.roles", "").await?;
    workers::wake_fleet(context).await;
    output::note(&format!("{} roles", read.len()));
    Ok(())
}

fn list(rows: &[LifeDeed], json: bool) {
    if json {
        output::json(&rows.iter().map(shape::LifeDeed::from).collect::<Vec<_>>());
        return;
    }
    output::table(&["WHEN", "DECKY", "KIND", "WHO", "FROM", "WHAT"], rows, |row| {
        vec![
            output::moment(row.at),
            row.node.clone(),
            row.kind.name().to_owned(),
            row.account.clone(),
            row.source.clone(),
            output::captured(row.what.as_bytes(), 80),
        ]
    });
}

async fn preview(context: &Context, store: &Store, decky: &str, day: Option<&str>, json: bool) -> Result<()> {
    let row = store.routine_get(decky).await.context("read a routine")?;
    let row = row.with_context(|| {
        format!(
            "nothing is done on {decky:?}: no decky of this name runs (`decnet status`), it shows \
             no traces of it, or `orchestrator` is off (`decnet orchestrator show`)"
        )
    })?;
    let at = match day {
        Some(text) => condition::moment(text, context.now()).map_err(anyhow::Error::msg)?,
        None => context.now(),
    };
    list(&routine::preview(&row, at.div_euclid(DAY)).context("read a routine")?, json);
    Ok(())
}

async fn show(context: &Context, store: &Store, json: bool) -> Result<()> {
    let switch = switch(store).await?;
    let deckies = store.routine_list().await.context("list routines")?.len() as u64;
    let counts = store.life_counts(context.now() - DAY).await.context("count what was done")?;
    let own = store.setting_get(ROLES).await.context("read a setting")?;
    let life = shape::Life::new(switch, &routine::known(own.as_deref()), deckies, counts);
    if json {
        output::json(&life);
        return Ok(());
    }
    let state = if life.on { format!("on, at {} percent", life.rate) } else { "off".to_owned() };
    output::line(&format!("{state}; something is done on {} deckies", life.deckies));
    for count in &life.last_day {
        output::line(&format!("last 24 hours: {} {}", count.count, count.kind));
    }
    output::line("");
    output::table(&["ROLE", "SERVICES", "HOURS", "VISITS", "FREE DAYS", "PAGES"], &life.roles, |role| {
        vec![
            role.name.clone(),
            if role.services.is_empty() { "all others".to_owned() } else { role.services.join(", ") },
            role.hours.clone(),
            role.often.to_string(),
            role.weekend.to_string(),
            role.pages.to_string(),
        ]
    });
    Ok(())
}
