//! `enrich`: whose addresses are and what others think of them; without a verb, the worker that finds out.

use super::{Context, run};
use crate::{
    lookup,
    output::{self, Cell},
};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_enrich::scope;
use decnet_model::worker::Worker;
use decnet_shape::{CountryCount, LookupStatus, Origin, Reputation};
use std::net::IpAddr;

/// Say whose addresses of attackers are, and what is thought of them elsewhere
///
/// Addresses are looked up in files of the folder `intel` of the state folder, which you bring along: databases in
/// MaxMind's format, networks of iptoasn.com, files of the regional registries, validated payloads of the RPKI, the
/// list of Feodo Tracker. Providers are asked only where settings have keys for them. Without a verb the worker
/// `enricher` runs.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Enrich {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Run the worker in the background
    #[arg(long, short)]
    daemon: bool,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Show the files that addresses are looked up in, and the providers that are asked
    Status {
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Show how many attackers there are of each country, the most first
    Countries {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Look an address up in the files, and show what providers have answered of it, or of a file; nobody is asked
    Lookup {
        /// The address, or the SHA-256 of a file
        subject: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

impl Enrich {
    /// Runs the command.
    ///
    /// # Errors
    /// When the folder or the store cannot be read, or the worker fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            None => {
                let options = run::Single { daemon: self.daemon, user: None };
                run::single(Worker::Enricher, options, context).await
            }
            Some(Verb::Status { json }) => status(context, json).await,
            Some(Verb::Countries { json }) => countries(context, json).await,
            Some(Verb::Lookup { subject, json }) => look_up(context, &subject, json).await,
        }
    }
}

async fn status(context: &Context, json: bool) -> Result<()> {
    let store = context.store().await?;
    let files = store.enrichment_files().await.context("read which files there are")?;
    let providers = store.provider_list().await.context("read how providers do")?;
    let status = LookupStatus::new(&files, &providers, context.now());
    if json {
        output::json(&status);
        return Ok(());
    }
    if status.files.is_empty() {
        let folder = context.paths().intel();
        output::line(&format!("no file in {} has been read by the worker enricher", folder.display()));
    } else {
        let header = ["FILE", "FORM", "ROWS", "BAD LINES", "CHANGED", "PROBLEM"];
        let cells = files.iter().map(|file| -> Vec<Cell> {
            vec![
                (&file.name).into(),
                (&file.form).into(),
                file.rows.to_string().into(),
                file.malformed.to_string().into(),
                output::moment(file.changed_at).into(),
                Cell::captured(file.problem.as_bytes()),
            ]
        });
        output::list(&header, cells.collect(), false);
    }
    output::line("");
    if status.providers.is_empty() {
        output::line("no provider is configured, so nobody is asked");
        return Ok(());
    }
    let header = ["PROVIDER", "ASKED TODAY", "A DAY", "ANSWERS", "RESTS UNTIL", "PROBLEM"];
    let cells = status.providers.iter().map(|one| -> Vec<Cell> {
        let rests = one.rests_until.as_deref().and_then(|text| text.get(..19)).unwrap_or_default();
        vec![
            (&one.name).into(),
            one.asked_today.to_string().into(),
            one.per_day.to_string().into(),
            one.answers.to_string().into(),
            rests.replace('T', " ").into(),
            Cell::captured(one.problem.as_deref().unwrap_or_default().as_bytes()),
        ]
    });
    output::list(&header, cells.collect(), false);
    Ok(())
}

async fn countries(context: &Context, json: bool) -> Result<()> {
    let store = context.store().await?;
    let counted = store.enrichment_countries().await.context("count countries")?;
    if json {
        output::json(&CountryCount::list(&counted));
        return Ok(());
    }
    let cells = counted.iter().map(|(country, count)| vec![country.clone(), count.to_string()]);
    output::table(&["COUNTRY", "ATTACKERS"], &cells.collect::<Vec<_>>(), Clone::clone);
    Ok(())
}

async fn look_up(context: &Context, subject: &str, json: bool) -> Result<()> {
    let found = match subject.parse::<IpAddr>() {
        Ok(address) => {
            let store = if context.is_installed() { Some(context.store().await?) } else { None };
            lookup::of_address(context.paths().intel(), store.as_ref(), address).await?
        }
        Err(_) => {
            let Some(sha256) = super::sha256(subject) else {
                bail!("{subject:?} is neither an address nor a SHA-256");
            };
            lookup::of_file(&context.store().await?, sha256).await?
        }
    };
    if json {
        output::json(&found);
        return Ok(());
    }
    output::line(&found.subject);
    if let Some(scope) = found.scope.filter(|scope| *scope != scope::GLOBAL) {
        output::line(&format!("  is nobody's on the Internet ({scope})"));
    }
    told(&found.origin, &found.reputation);
    Ok(())
}

/// Says whose an address is and what is thought of it, a line each.
pub(super) fn told(origin: &Origin, reputation: &[Reputation]) {
    let system = origin.asn.map(|asn| format!("AS{asn} {}", origin.as_name.as_deref().unwrap_or_default()));
    for (what, text) in [
        ("country", origin.country.as_deref()),
        ("system", system.as_deref().map(str::trim_end)),
        ("network", origin.network.as_deref()),
        ("route", origin.rpki),
    ] {
        if let Some(text) = text {
            output::line(&format!("  {what:<8} {text}"));
        }
    }
    for one in reputation {
        let score = one.score.map(|score| format!(" ({score})")).unwrap_or_default();
        let at = one.at.get(..10).unwrap_or_default();
        output::line(&format!("  {}: {}{score} {} {at}", one.provider, one.verdict, one.reason));
    }
}
