//! `decky`: one decky that runs is changed; the others are not touched.

use super::{
    Context, mutate as changes,
    user::{actor, audit},
};
use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use decnet_fleet::mutate::{self, Wish};
use decnet_model::{
    catalogue,
    fleet::DeckyName,
    record::MutationCause,
    tarpit::{self, Tarpit},
};
use decnet_plan::edit::Edit;
use netsvc_persona::stage::ServiceSpec;
use std::{
    collections::BTreeMap,
    io::{self, Read},
};

/// Most bytes of settings that are read from the standard input.
const INPUT_BYTES: u64 = 64 << 10;

/// Change a decky that runs
#[derive(Args, Debug)]
pub struct Deckies {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Give a decky a service, take one away, or set one in another way
    Service(Service),
    /// Keep attackers waiting: their connections are held open and nothing is said in them
    ///
    /// What was said of that before is no more. Whoever is not meant meets nothing of it; the machine stays the same,
    /// and connections to it end once.
    Tarpit(Waiting),
}

#[derive(Args, Debug)]
struct Waiting {
    /// The decky
    decky: DeckyName,
    /// Whether it does; default: as the fleet says
    #[arg(value_parser = ["on", "off", "default"])]
    state: String,
    /// Networks whose hosts are kept waiting, comma-separated [default: everybody]
    #[arg(long, value_name = "NETWORKS")]
    sources: Option<String>,
    /// A service that answers them slowly itself; connections to all others are held before a service hears of them
    #[arg(long = "service", value_name = "SERVICE")]
    services: Vec<String>,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Waiting {
    fn tarpit(&self) -> Result<Tarpit> {
        let wrong = |option: &str, why: String| anyhow!("{option} {why}");
        let sources = self.sources.as_deref().map_or(Ok(Vec::new()), tarpit::sources);
        let services = self.services.join(",");
        let services = if services.is_empty() { Ok(Vec::new()) } else { tarpit::services(&services) };
        Ok(Tarpit {
            on: Some(self.state == "on").filter(|_| self.state != "default"),
            sources: sources.map_err(|why| wrong("--sources", why))?,
            services: services.map_err(|why| wrong("--service", why))?,
        })
    }
}

#[derive(Args, Debug)]
struct Service {
    #[command(subcommand)]
    verb: ServiceVerb,
}

#[derive(Subcommand, Debug)]
enum ServiceVerb {
    /// Give a decky a service
    ///
    /// The machine stays the same, and so do the other deckies; connections to this one end.
    Add(Wanted),
    /// Take a service away from a decky
    Remove {
        /// The decky
        decky: DeckyName,
        /// The service
        service: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Set a service of a decky in another way; what is not named stays, `KEY=` takes a setting back
    Set(Wanted),
}

#[derive(Args, Debug)]
struct Wanted {
    /// The decky
    decky: DeckyName,
    /// The service (see `decnet services`)
    service: String,
    /// Settings (see `decnet services show SERVICE`); `-` reads more of them from the standard input, one a line, where
    /// nobody sees them
    #[arg(value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Reads a setting.
fn pair(text: &str) -> Result<(String, String)> {
    let (key, value) = text.split_once('=').with_context(|| format!("{text:?}: write it as KEY=VALUE"))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

impl Wanted {
    fn spec(&self) -> Result<ServiceSpec> {
        let mut settings = BTreeMap::new();
        for word in &self.settings {
            if word != "-" {
                settings.extend([pair(word)?]);
                continue;
            }
            let mut text = String::new();
            io::stdin().take(INPUT_BYTES).read_to_string(&mut text).context("read settings")?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                settings.extend([pair(line)?]);
            }
        }
        Ok(ServiceSpec { slug: catalogue::slug_of(&self.service).to_owned(), settings })
    }
}

impl Deckies {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such decky, it cannot be changed like that, or it does not come back.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (decky, json, edit) = self.verb.edit()?;
        let store = context.store().await?;
        let by = actor();
        let wish = Wish { cause: MutationCause::Edited, by: &by, now: context.now() };
        let done = mutate::edit(&context.fleet(), &store, &decky, &edit, &wish).await?;
        audit(context, &store, "decky.edit", decky.as_str()).await?;
        changes::told(context, &store, &[done], json).await
    }
}

impl Verb {
    /// The decky, whether JSON is wanted, and what changes.
    fn edit(self) -> Result<(DeckyName, bool, Edit)> {
        let service = match self {
            Verb::Service(service) => service,
            Verb::Tarpit(waiting) => {
                let tarpit = waiting.tarpit()?;
                return Ok((waiting.decky, waiting.json, Edit::Tarpit(tarpit)));
            }
        };
        Ok(match service.verb {
            ServiceVerb::Add(wanted) => (wanted.decky.clone(), wanted.json, Edit::Add(wanted.spec()?)),
            ServiceVerb::Set(wanted) => (wanted.decky.clone(), wanted.json, Edit::Set(wanted.spec()?)),
            ServiceVerb::Remove { decky, service, json } => {
                (decky, json, Edit::Remove(catalogue::slug_of(&service).to_owned()))
            }
        })
    }
}
