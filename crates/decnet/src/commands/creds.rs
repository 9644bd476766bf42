//! `creds`: which names and secrets were offered.

use super::{
    Context,
    conditions::{self, Conditions},
};
use crate::output::{self, Cell};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use decnet_analysis::credential::{self, Cracker, Exporter};
use decnet_model::record::{Credential, Filter, Page};
use decnet_shape as shape;
use decnet_store::Store;

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
        filter: Conditions<conditions::Credentials>,
        /// Show every value whole, however wide
        #[arg(long)]
        wide: bool,
        /// Most credentials shown
        #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Write credentials for another tool to the standard output
    ///
    /// Crackers get each line once, under one comment for each kind of hash; with --only there is no
    /// comment, so that the file can be given to the cracker as it is. Words are a list of their own.
    Export {
        /// For whom
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
        /// Only hashes of this mode of hashcat, such as 11200, or this format of john, such as mysqlna
        #[arg(long, value_name = "MODE")]
        only: Option<String>,
        /// Same as --format json
        #[arg(long, conflicts_with = "format")]
        json: bool,
        #[command(flatten)]
        filter: Conditions<conditions::Credentials>,
    },
}

/// For whom credentials are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object per line
    Json,
    /// Comma-separated values with a header; a cell never begins a formula
    Csv,
    /// Hashes that hashcat cracks, grouped by mode
    Hashcat,
    /// Hashes that john cracks as `user:hash`, grouped by format
    John,
    /// Secrets in the clear, each once: a word list, with $HEX[…] for what is not printable ASCII
    Words,
}

impl Creds {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        match self.verb {
            Verb::List { filter, wide, limit, json } => {
                let filter = filter.filter(&store, context).await?;
                let rows =
                    store.credential_list(&filter, Page::newest(limit)).await.context("read credentials")?;
                if json {
                    let mut shapes: Vec<_> = rows.iter().map(shape::Credential::from).collect();
                    let secrets: Vec<_> = shapes.iter().map(|shape| shape.secret_sha256.clone()).collect();
                    let canaries =
                        store.canary_of_secrets(&secrets).await.context("look for planted secrets")?;
                    shape::with_provenance(&mut shapes, &canaries);
                    output::json(&shapes);
                } else {
                    table(&rows, wide);
                }
                Ok(())
            }
            Verb::Export { format, only, json, filter } => {
                let filter = filter.filter(&store, context).await?;
                let format = if json { Format::Json } else { format };
                export(&store, &filter, format, only.as_deref()).await
            }
        }
    }
}

/// Writes the credentials that fit `filter`, page by page, so that no export needs memory for all of them.
async fn export(store: &Store, filter: &Filter, format: Format, only: Option<&str>) -> Result<()> {
    let cracker = match format {
        Format::Hashcat => Some(Cracker::Hashcat),
        Format::John => Some(Cracker::John),
        Format::Json | Format::Csv | Format::Words => None,
    };
    let mut exporters = match (cracker, only) {
        (Some(cracker), only) => credential::hashes(cracker, only)?,
        (None, Some(_)) => bail!("--only goes with --format hashcat and --format john"),
        (None, None) => vec![match format {
            Format::Csv => Exporter::csv(),
            Format::Words => Exporter::words(),
            Format::Json | Format::Hashcat | Format::John => Exporter::json(),
        }],
    };
    let mut seen = 0;
    for exporter in &mut exporters {
        seen = one(store, filter, exporter).await?;
    }
    let written: u64 = exporters.iter().map(Exporter::written).sum();
    output::note(&format!("{written} of {seen} credentials written"));
    let odd: u64 = exporters.iter().map(Exporter::unfit).sum();
    if odd > 0 {
        output::note(&format!("{odd} hashes left out: they hold control characters"));
    }
    Ok(())
}

/// Writes what one exporter takes; returns how many credentials it was shown.
async fn one(store: &Store, filter: &Filter, exporter: &mut Exporter) -> Result<u64> {
    let (mut last, mut seen) = (0, 0);
    let mut out = Vec::new();
    exporter.begin(&mut out);
    loop {
        let rows =
            store.credential_list(filter, Page::after(last, PAGE)).await.context("read credentials")?;
        rows.iter().for_each(|row| exporter.write(row, &mut out));
        output::raw(&out).context("write the credentials")?;
        out.clear();
        seen += rows.len() as u64;
        let Some(newest) = rows.last() else { return Ok(seen) };
        last = newest.first_event;
    }
}

fn table(rows: &[Credential], wide: bool) {
    let header = ["LAST SEEN", "DECKY", "SERVICE", "FROM", "NAME", "SECRET", "KIND", "TRIES", "OUTCOME"];
    let cells = |row: &Credential| {
        vec![
            output::moment(row.last_seen).into(),
            (&row.node).into(),
            (&row.service).into(),
            row.src_ip.map(|ip| ip.to_string()).unwrap_or_default().into(),
            Cell::captured(&row.principal),
            Cell::captured(&row.secret),
            (&row.secret_kind).into(),
            row.attempts.to_string().into(),
            row.outcome.as_deref().unwrap_or_default().into(),
        ]
    };
    output::list(&header, rows.iter().map(cells).collect(), wide);
}
