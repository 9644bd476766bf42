//! `decky`: one decky that runs is changed; the others are not touched.

use super::{
    Context, mutate as changes,
    user::{actor, audit},
};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use decnet_fleet::mutate::{self, Wish};
use decnet_model::{catalogue, fleet::DeckyName, record::MutationCause};
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
        let Verb::Service(service) = self.verb;
        let (decky, json, edit) = match service.verb {
            ServiceVerb::Add(wanted) => (wanted.decky.clone(), wanted.json, Edit::Add(wanted.spec()?)),
            ServiceVerb::Set(wanted) => (wanted.decky.clone(), wanted.json, Edit::Set(wanted.spec()?)),
            ServiceVerb::Remove { decky, service, json } => {
                (decky, json, Edit::Remove(catalogue::slug_of(&service).to_owned()))
            }
        };
        let store = context.store().await?;
        let by = actor();
        let wish = Wish { cause: MutationCause::Edited, by: &by, now: context.now() };
        let done = mutate::edit(&context.fleet(), &store, &decky, &edit, &wish).await?;
        audit(context, &store, "decky.edit", decky.as_str()).await?;
        changes::told(context, &store, &[done], json).await
    }
}
