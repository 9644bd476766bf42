//! `artifacts`: payloads that were captured.

use super::{
    Context,
    conditions::{self, Conditions},
};
use crate::{
    output::{self, Cell},
    stead,
};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_export::sealed;
use decnet_model::record::{Page, Sighting};
use decnet_shape as shape;
use std::path::PathBuf;

/// Captured payloads
#[derive(Args, Debug)]
pub struct Artifacts {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List artefacts, newest first
    List {
        #[command(flatten)]
        filter: Conditions<conditions::Sightings>,
        /// Show every value whole, however wide
        #[arg(long)]
        wide: bool,
        /// Most artefacts shown
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Write an artefact to a file
    ///
    /// It may be live malware: it is written with mode 0400 and never overwrites a file.
    Get {
        /// SHA-256 of the artefact
        sha256: String,
        /// Where to; `-`: the standard output
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// In a ZIP archive with the password `infected` (ZipCrypto, which every tool opens)
        #[arg(long)]
        zip: bool,
    },
}

impl Artifacts {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store or the artefact cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List { filter, wide, limit, json } => {
                let store = context.store().await?;
                let filter = filter.filter(&store, context).await?;
                let rows =
                    store.sighting_list(&filter, Page::newest(limit)).await.context("read artefacts")?;
                if json {
                    output::json(&rows.iter().map(shape::Sighting::from).collect::<Vec<_>>());
                    return Ok(());
                }
                let header = ["SEEN", "SHA-256", "DECKY", "SERVICE", "FROM", "ORIGIN", "PATH"];
                output::list(&header, rows.iter().map(cells).collect(), wide);
                Ok(())
            }
            Verb::Get { sha256, output, zip } => get(context, &sha256, output, zip).await,
        }
    }
}

fn cells(row: &Sighting) -> Vec<Cell> {
    vec![
        output::moment(row.at).into(),
        (&row.sha256).into(),
        (&row.node).into(),
        (&row.service).into(),
        row.src_ip.map(|ip| ip.to_string()).unwrap_or_default().into(),
        (&row.origin).into(),
        Cell::captured(row.path.as_deref().unwrap_or_default()),
    ]
}

/// Why there is no content.
async fn missing(context: &Context, sha256: &str) -> String {
    let row = match context.look().await {
        Ok(store) => store.artefact_get(sha256).await.ok().flatten(),
        Err(_) => None,
    };
    match row.and_then(|row| row.unkept) {
        Some(limit) => format!("the content of this artefact is not kept: it met the limit events.{limit}"),
        None => "no artefact has this hash".to_owned(),
    }
}

async fn get(context: &Context, sha256: &str, target: PathBuf, zip: bool) -> Result<()> {
    let Some(sha256) = super::sha256(sha256) else {
        bail!("{sha256:?} is no SHA-256: give all 64 hex digits");
    };
    let path = context.paths().artefact(&sha256);
    let content = match stead::read(context.paths().root(), &path) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(missing(context, &sha256).await),
        Err(error) => return Err(error).context("read the artefact"),
    };
    let content = if zip {
        sealed(&sha256, &content).context("the artefact is too long for a ZIP archive")?
    } else {
        content
    };
    if target.as_os_str() == "-" {
        return output::raw(&content).context("write the artefact");
    }
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = std::fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o400)
        .open(&target)
        .with_context(|| format!("create {}", target.display()))?;
    file.write_all(&content).with_context(|| format!("write {}", target.display()))?;
    if let Some((user, group)) = crate::settings::sudo_user() {
        // Asked for by somebody who is root only for this: it is his.
        std::os::unix::fs::fchown(&file, Some(user), Some(group)).context("give the file back")?;
    }
    output::note(&format!("{} bytes written to {}", content.len(), target.display()));
    Ok(())
}
