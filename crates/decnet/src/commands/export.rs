//! `export`: what is known, in the forms that other systems read.

use super::{
    Context,
    techniques::{self, Navigator},
    to::To,
    wrong,
};
use crate::output::{self, NewFile};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use decnet_analysis::technique::shown;
use decnet_export::{
    Document, Form, LeftOut, Origin, Source, Techniques,
    blocklist::Shape,
    misp::{Feed, Misp},
};
use decnet_model::{
    export::{Tlp, Wanted},
    record::Following,
};
use decnet_shape::ExportQuery;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Addresses read at once for a feed.
const PAGE: u32 = 500;

/// Write what is known for other systems: STIX 2.1, MISP, lists for blocking, the ATT&CK Navigator
///
/// Which deckies there are is told nowhere. What is ours (deckies, hosts, probes) and what a mute of addresses names
/// (`decnet alerts mute --network`) is left out. Ids stay the same, so that what is exported again takes the place of
/// what was exported before.
#[derive(Args, Debug)]
pub struct Export {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Write a STIX 2.1 bundle: addresses, files, incidents, indicators, sightings, techniques, actors, how they relate
    Stix {
        #[command(flatten)]
        which: Which,
        /// Secrets that were tried as well, in the clear
        #[arg(long)]
        secrets: bool,
        #[command(flatten)]
        to: To,
    },
    /// Write MISP events, one for the addresses and one for the files of each day
    Misp {
        #[command(flatten)]
        which: Which,
        /// Secrets that were tried as well, in the clear
        #[arg(long)]
        secrets: bool,
        /// Write a feed into this folder, which MISP fetches: a file for each event, a manifest, hashes. One that is
        /// there is brought up to date
        #[arg(long, value_name = "FOLDER", conflicts_with_all = ["to", "force"])]
        feed: Option<PathBuf>,
        #[command(flatten)]
        to: To,
    },
    /// Write a list of addresses to block, each with an end
    ///
    /// Who only looked is not on it: a scan can be sent in anybody's name, and whoever is blocked for it may be your
    /// mail server.
    Blocklist {
        /// How it is written
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
        /// Same as --format json
        #[arg(long, conflicts_with = "format")]
        json: bool,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        to: To,
    },
    /// Write a layer for the ATT&CK Navigator: what the fleet would notice, and what it has
    Navigator(Navigator),
}

/// How a list for blocking is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values with a header; a cell never begins a formula
    Csv,
    /// A JSON object with a list of entries
    Json,
    /// One address a line, for firewalls
    Plain,
}

/// What is to leave.
#[derive(Args, Debug)]
struct Which {
    /// Only what was seen at or after this time (RFC 3339, a date, or a span back from now such as 30m, 12h, 7d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At least this risk, 0 to 100
    #[arg(long, value_name = "RISK", value_parser = clap::value_parser!(u64).range(..=100))]
    min_risk: Option<u64>,
    /// Who may be told, by the Traffic Light Protocol: clear, green, amber, amber+strict, red
    #[arg(long, value_name = "MARKING", default_value_t = Tlp::default())]
    tlp: Tlp,
    /// How long after it was seen last an address is good for blocking: a span such as 12h or 30d
    #[arg(long, value_name = "SPAN", default_value = "30d")]
    expires: String,
    /// Addresses that the internet does not route are for blocking as well
    #[arg(long)]
    private: bool,
    /// Those who only looked are for blocking as well
    #[arg(long)]
    scanners: bool,
}

impl Which {
    fn wanted(self, secrets: bool, context: &Context) -> Result<Wanted> {
        let asked = ExportQuery {
            since: self.since,
            min_risk: self.min_risk,
            tlp: Some(self.tlp.to_string()),
            expires: Some(self.expires),
            private: Some(self.private),
            scanners: Some(self.scanners),
            secrets: Some(secrets),
        };
        asked.wanted(context.now()).map_err(wrong)
    }
}

impl Export {
    /// Runs the command.
    ///
    /// # Errors
    /// When a value is wrong, the store cannot be read, or there is something where it is to be written.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Stix { which, secrets, to } => {
                document(context, Form::Stix, which.wanted(secrets, context)?, &to).await
            }
            Verb::Misp { which, secrets, feed: Some(folder), .. } => {
                feed(context, which.wanted(secrets, context)?, &folder).await
            }
            Verb::Misp { which, secrets, feed: None, to } => {
                document(context, Form::Misp, which.wanted(secrets, context)?, &to).await
            }
            Verb::Blocklist { format, json, which, to } => {
                let shape = match format {
                    _ if json => Shape::Json,
                    Format::Csv => Shape::Csv,
                    Format::Json => Shape::Json,
                    Format::Plain => Shape::Plain,
                };
                document(context, Form::Blocklist(shape), which.wanted(false, context)?, &to).await
            }
            Verb::Navigator(navigator) => navigator.run(context).await,
        }
    }
}

/// What an export is made of.
async fn source(context: &Context, wanted: Wanted) -> Result<(Source, Origin, Techniques)> {
    let store = context.store().await?;
    let techniques = Techniques::of(&shown::rules(&techniques::known(context)?));
    let origin = Origin::of(&store).await?;
    let source = Source::open(&store, wanted, context.now()).await.context("read what is ours")?;
    Ok((source, origin, techniques))
}

async fn document(context: &Context, form: Form, wanted: Wanted, to: &To) -> Result<()> {
    // What is in the way is told before anything is read.
    let mut sink = to.begin()?;
    let (source, origin, techniques) = source(context, wanted).await?;
    let mut document = Document::new(form, source, origin, techniques, context.now());
    while let Some(piece) = document.next().await.context("read what is known")? {
        sink.write(&piece)?;
    }
    sink.end()?;
    let what = match form {
        Form::Stix => "objects",
        Form::Misp => "events",
        Form::Blocklist(_) => "addresses",
    };
    tell(document.written(), what, document.left_out(), to.file());
    Ok(())
}

fn tell(written: u64, what: &str, left_out: LeftOut, to: Option<&Path>) {
    let place = to.map(|path| format!(" to {}", path.display())).unwrap_or_default();
    let mut text = format!("{written} {what} written{place}");
    for (count, why) in [(left_out.own, "ours"), (left_out.muted, "muted")] {
        if count > 0 {
            text.push_str(&format!("; {count} addresses left out: {why}"));
        }
    }
    output::note(&text);
}

/// Writes a feed, or brings one up to date.
async fn feed(context: &Context, wanted: Wanted, folder: &Path) -> Result<()> {
    let former = former(folder)?;
    fs_err::create_dir_all(folder).context("make the folder of the feed")?;
    let (mut source, origin, techniques) = source(context, wanted.clone()).await?;
    let mut misp = Misp::new(origin, wanted, techniques, true);
    let (mut feed, mut files) = (Feed::default(), Vec::new());
    let read = "read what is known";
    let mut from = Some(Following::First(i64::MIN, i64::MIN));
    while let Some(following) = from {
        let (known, next) = source.addresses(following, PAGE).await.context(read)?;
        for event in known.iter().filter_map(|one| misp.address(one)) {
            files.push(put(folder, &mut feed, &event)?);
        }
        from = next;
    }
    from = Some(Following::First(i64::MIN, i64::MIN));
    while let Some(following) = from {
        let (payloads, next) = source.payloads(following, PAGE).await.context(read)?;
        for event in payloads.iter().filter_map(|one| misp.payload(one)) {
            files.push(put(folder, &mut feed, &event)?);
        }
        from = next;
    }
    if let Some(event) = misp.end() {
        files.push(put(folder, &mut feed, &event)?);
    }
    place(&folder.join(Feed::HASHES), feed.hashes())?;
    // The manifest names the others, so it comes last; what it no longer names goes after it.
    place(&folder.join(Feed::MANIFEST), feed.manifest().to_string().as_bytes())?;
    for gone in former.iter().filter(|name| !files.contains(name)) {
        // It is nobody's by now; when it stays, nothing names it.
        let _ = std::fs::remove_file(folder.join(gone));
    }
    tell(files.len() as u64, "events", source.left_out(), Some(folder));
    Ok(())
}

/// The files of events of the feed that is in a folder already.
fn former(folder: &Path) -> Result<Vec<String>> {
    let empty = match fs_err::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error).context("look into the folder of the feed"),
    };
    if empty {
        return Ok(Vec::new());
    }
    let manifest = fs_err::read(folder.join(Feed::MANIFEST)).ok();
    let manifest: Option<Value> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match manifest.as_ref().and_then(Value::as_object) {
        // Only what is called like an event is one of ours.
        Some(events) => Ok(events
            .keys()
            .filter(|name| name.parse::<decnet_export::Uuid>().is_ok())
            .map(|uuid| format!("{uuid}.json"))
            .collect()),
        None => bail!("{} is neither empty nor a feed: name another folder", folder.display()),
    }
}

fn put(folder: &Path, feed: &mut Feed, event: &Value) -> Result<String> {
    let name = feed.add(event);
    place(&folder.join(&name), event.to_string().as_bytes())?;
    Ok(name)
}

fn place(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = NewFile::begin(path, true)?;
    file.write(bytes)?;
    file.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_written_into_an_empty_folder_or_over_a_feed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(former(&folder.path().join("absent")).unwrap(), Vec::<String>::new());
        assert_eq!(former(folder.path()).unwrap(), Vec::<String>::new());
        std::fs::write(folder.path().join("letter.txt"), "mine").unwrap();
        assert!(former(folder.path()).unwrap_err().to_string().contains("neither empty nor a feed"));
        let uuid = "2ed6657d-e927-568b-95e1-2665a8aea6a2";
        let manifest = format!("{{\"{uuid}\": {{}}, \"../letter\": {{}}}}");
        std::fs::write(folder.path().join(Feed::MANIFEST), manifest).unwrap();
        assert_eq!(former(folder.path()).unwrap(), [format!("{uuid}.json")]);
    }
}
