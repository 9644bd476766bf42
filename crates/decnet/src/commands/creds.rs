//! `creds`: which names and secrets were offered.

use super::{Context, events, shown};
use crate::output;
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use decnet_analysis::credential;
use decnet_model::record::{Credential, Page};
use netsvc_wire::escape::printable;

/// Captured credentials
#[derive(Args, Debug)]
pub struct Creds {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List credentials, last seen first
    List {
        #[command(flatten)]
        filter: Box<events::FilterArgs>,
        /// Most credentials shown
        #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Write credentials for another tool to the standard output
    Export {
        /// For whom
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
        #[command(flatten)]
        filter: Box<events::FilterArgs>,
    },
}

/// For whom credentials are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// One JSON object per line
    Json,
    /// Comma-separated values with a header; a cell never begins a formula
    Csv,
    /// Lines that hashcat cracks, grouped by mode
    Hashcat,
    /// Lines that john cracks
    John,
}

impl Creds {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        match self.verb {
            Verb::List { filter, limit, json } => {
                let filter = filter.filter(context.now())?;
                let rows =
                    store.credential_list(&filter, Page::newest(limit)).await.context("read credentials")?;
                if json {
                    output::json(&rows.iter().map(shown::credential).collect::<Vec<_>>());
                } else {
                    table(&rows);
                }
                Ok(())
            }
            Verb::Export { format, filter } => {
                let filter = filter.filter(context.now())?;
                let page = Page::newest(u32::MAX);
                let rows = store.credential_list(&filter, page).await.context("read credentials")?;
                export(format, &rows)
            }
        }
    }
}

fn export(format: Format, rows: &[Credential]) -> Result<()> {
    let mut exporter = credential::Exporter::new(match format {
        Format::Json => credential::Format::Json,
        Format::Csv => credential::Format::Csv,
        Format::Hashcat => credential::Format::Hashcat,
        Format::John => credential::Format::John,
    });
    let mut out = Vec::new();
    exporter.begin(&mut out);
    let written = rows.iter().filter(|row| exporter.write(row, &mut out)).count();
    output::raw(&out).context("write the credentials")?;
    output::note(&format!("{written} of {} credentials written", rows.len()));
    Ok(())
}

fn table(rows: &[Credential]) {
    let header = ["LAST SEEN", "DECKY", "SERVICE", "FROM", "NAME", "SECRET", "KIND", "TRIES", "OUTCOME"];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                output::moment(row.last_seen),
                row.node.clone(),
                row.service.clone(),
                row.src_ip.map(|ip| ip.to_string()).unwrap_or_default(),
                printable(&row.principal),
                printable(&row.secret),
                row.secret_kind.clone(),
                row.attempts.to_string(),
                row.outcome.clone().unwrap_or_default(),
            ]
        })
        .collect();
    output::table(&header, &cells, Clone::clone);
}
