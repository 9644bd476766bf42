//! `creds`: which names and secrets were offered.

use super::{Context, events, shown};
use crate::output;
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use decnet_analysis::credential;
use decnet_model::record::{Credential, Page};
use netsvc_wire::escape::printable;

/// Rows read at once by an export.
const PAGE: u32 = 5000;

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
                let mut export = Export::new(format);
                let mut last = 0;
                loop {
                    let page = Page::after(last, PAGE);
                    let rows = store.credential_list(&filter, page).await.context("read credentials")?;
                    let Some(newest) = rows.last() else { break };
                    last = newest.first_event;
                    export.write(&rows)?;
                }
                export.end();
                Ok(())
            }
        }
    }
}

/// An export that is being written.
struct Export {
    exporter: credential::Exporter,
    begun: bool,
    written: usize,
    seen: usize,
}

impl Export {
    fn new(format: Format) -> Self {
        let exporter = credential::Exporter::new(match format {
            Format::Json => credential::Format::Json,
            Format::Csv => credential::Format::Csv,
            Format::Hashcat => credential::Format::Hashcat,
            Format::John => credential::Format::John,
        });
        Export { exporter, begun: false, written: 0, seen: 0 }
    }

    fn write(&mut self, rows: &[Credential]) -> Result<()> {
        let mut out = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            self.exporter.begin(&mut out);
        }
        self.written += rows.iter().filter(|row| self.exporter.write(row, &mut out)).count();
        self.seen += rows.len();
        output::raw(&out).context("write the credentials")
    }

    fn end(&self) {
        output::note(&format!("{} of {} credentials written", self.written, self.seen));
    }
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
