//! `canary`: files, names and secrets that nobody has reason to use; and the worker that notices who does.

mod probe;
mod shown;

use super::{
    Context, run,
    user::{actor, audit},
    wrong,
};
use crate::{canary::origin, output, workers};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_canary::{Wish, make};
use decnet_model::{
    canary::{Asked, MOST, Plant},
    flaw,
    fleet::Fleet,
    record::{Canary, CanaryFilter, CanaryKind, Page},
    worker::Worker,
};
use decnet_store::Store;
use std::{io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf};

/// Canaries of one decky that are looked at.
const PLANTED: u32 = 1000;

/// Files, names and secrets that nobody has reason to use
///
/// Each canary is the only one of its kind. It lies on a decky, in a share or a mail, and tells who opens it or uses
/// what it holds; whatever it tells is an event, and incidents and alerts come of it. Without a verb: the worker that
/// answers them over HTTP and DNS.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Canaries {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    worker: run::Single,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List what a canary can look like, what makes it fire and what does not
    Kinds {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    Create(Create),
    /// List canaries, those made last first
    List {
        /// Only of this kind
        #[arg(long)]
        kind: Option<CanaryKind>,
        /// Only on this decky
        #[arg(long, value_name = "NAME")]
        decky: Option<String>,
        /// Also those that were revoked
        #[arg(long)]
        all: bool,
        /// Most canaries shown
        #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show a canary, where it lies, and what became of it
    Show {
        /// Its id
        id: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// List uses of canaries, the latest first
    Hits {
        /// Only of this one
        id: Option<String>,
        /// Most uses shown
        #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Write the file of a canary
    Download {
        /// Its id
        id: String,
        /// Where to; `-` is the standard output. Without it a new file of its name in this folder
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Lay a canary among the files of a decky
    ///
    /// Whoever comes in by ssh, sftp, scp, telnet, ftp or smb finds it there, dated as if somebody had worked with it.
    Plant {
        /// Its id
        id: String,
        /// Name of the decky
        decky: String,
        /// Path there, as /home/eve/.aws/credentials or C:\Users\eve\plan.docx; ~ is the home of the owner
        path: String,
        /// Login name of the owner; without it, who has the home that the path is in, else the superuser
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a canary from the files of its decky; it still counts
    Unplant {
        /// Its id
        id: String,
    },
    /// Have a canary count no more, and take it from its decky
    Revoke {
        /// Its id
        id: String,
    },
    /// Use a canary as a thief would, and wait until that has become an event; it is marked as a test
    Test {
        /// Its id
        id: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

/// Make a canary
#[derive(Args, Debug)]
struct Create {
    /// What it looks like; `canary kinds` lists them
    kind: CanaryKind,
    /// What you say of it: where it goes, whom it is for
    #[arg(long, short, default_value = "")]
    memo: String,
    /// Name of its file; without it the usual one of the kind
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
    /// Login name that it shows
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// What the kind says of it: the host of a key, the domain of a page or mail, where visitors go on to
    #[arg(long, value_name = "TEXT")]
    target: Option<String>,
    /// Write its file there; `-` is the standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Canaries {
    /// Runs the command, or the worker.
    ///
    /// # Errors
    /// When there is no such canary or decky, what was asked for is wrong, or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        let Some(verb) = self.verb else { return run::single(Worker::Canary, self.worker, context).await };
        match verb {
            Verb::Kinds { json } => shown::kinds(&origin(context.settings())?, json),
            Verb::Create(create) => create.run(context).await?,
            Verb::List { kind, decky, all, limit, json } => {
                let filter = CanaryFilter { kind, node: decky, live: !all };
                let store = context.store().await?;
                let rows = store.canary_list(&filter, limit).await.context("list the canaries")?;
                shown::list(&store, &rows, json).await?;
            }
            Verb::Show { id, json } => {
                let store = context.store().await?;
                shown::one(&store, &found(&store, &id).await?, json).await?;
            }
            Verb::Hits { id, limit, json } => {
                let store = context.store().await?;
                let hits = store.canary_hits(id.as_deref(), Page::newest(limit)).await;
                shown::hits(&hits.context("list what became of canaries")?, json);
            }
            Verb::Download { id, output } => {
                let store = context.store().await?;
                let canary = found(&store, &id).await?;
                let content = store.canary_content(&id).await.context("read the canary")?.unwrap_or_default();
                write(&output.unwrap_or_else(|| PathBuf::from(&canary.file)), &content)?;
            }
            Verb::Plant { id, decky, path, owner, json } => {
                plant(context, &id, Wish { node: decky, path, owner }, json).await?;
            }
            Verb::Unplant { id } => {
                let store = context.store().await?;
                let there = store.canary_place(&id, None, context.now()).await.context("take it away")?;
                anyhow::ensure!(there, "no canary that counts is called {id:?}");
                audit(context, &store, "canary.unplant", &id).await?;
                workers::wake_fleet(context).await;
            }
            Verb::Revoke { id } => {
                let store = context.store().await?;
                let there = store.canary_revoke(&id, context.now()).await.context("revoke the canary")?;
                anyhow::ensure!(there, "no canary that counts is called {id:?}");
                audit(context, &store, "canary.revoke", &id).await?;
                workers::wake_fleet(context).await;
            }
            Verb::Test { id, json } => {
                let store = context.store().await?;
                probe::test(context, &store, &found(&store, &id).await?, json).await?;
            }
        }
        Ok(())
    }
}

impl Create {
    async fn run(self, context: &Context) -> Result<()> {
        let store = context.store_or_new().await?;
        let asked =
            Asked { kind: self.kind, memo: self.memo, file: self.file, user: self.user, target: self.target };
        let canary = created(context, &store, &asked).await?;
        if let Some(path) = self.output {
            let content = store.canary_content(&canary.id).await?.unwrap_or_default();
            write(&path, &content)?;
            if path.as_os_str() == "-" {
                return Ok(());
            }
        }
        shown::made(&canary, self.json);
        Ok(())
    }
}

/// Makes a canary and stores it.
///
/// # Errors
/// When what was asked for is wrong, there are too many, or the store fails.
pub async fn created(context: &Context, store: &Store, asked: &Asked) -> Result<Canary> {
    if MOST <= store.canary_total().await.context("count the canaries")? {
        bail!("there are {MOST} canaries already");
    }
    let mut draw = make::Draw::new()?;
    let made =
        make::make(asked, &origin(context.settings())?, &mut draw, &actor(), context.now()).map_err(wrong)?;
    store.canary_put(&made.canary, &made.content, &made.secrets).await.context("store the canary")?;
    audit(context, store, "canary.create", &made.canary.id).await?;
    Ok(made.canary)
}

/// What a decky's fleet file says lies there.
fn asked(plant: &Plant) -> Asked {
    Asked { memo: "by the fleet file".to_owned(), ..Asked::of(plant.kind) }
}

/// Checks that all canaries of a fleet file can be made.
///
/// # Errors
/// The first that cannot, and why.
pub fn check(context: &Context, fleet: &Fleet) -> Result<()> {
    for decky in fleet.deckies.values() {
        for plant in &decky.plant {
            let flaws = asked(plant).flaws(&origin(context.settings())?);
            anyhow::ensure!(flaws.is_empty(), "[{}] plant = {plant}: {}", decky.name, flaw::told(&flaws, ""));
        }
    }
    Ok(())
}

/// Makes and lays the canaries of a fleet file that do not lie where it says yet.
///
/// # Errors
/// When one cannot be made or laid, or the store fails.
pub async fn ensure(context: &Context, fleet: &Fleet) -> Result<()> {
    if fleet.deckies.values().all(|decky| decky.plant.is_empty()) {
        return Ok(());
    }
    let store = context.store().await?;
    for decky in fleet.deckies.values().filter(|decky| !decky.plant.is_empty()) {
        let filter =
            CanaryFilter { node: Some(decky.name.to_string()), live: true, ..CanaryFilter::default() };
        let there = store.canary_list(&filter, PLANTED).await.context("read planted canaries")?;
        for plant in &decky.plant {
            let path =
                decnet_canary::path_on(&decky.system, &plant.path).map_err(|flaw| wrong(vec![flaw]))?;
            if there.iter().any(|one| one.kind == plant.kind && one.path.as_deref() == Some(path.as_str())) {
                continue;
            }
            let canary = created(context, &store, &asked(plant)).await?;
            let wish = Wish { node: decky.name.to_string(), path: plant.path.clone(), owner: None };
            decnet_canary::plant(&store, &canary.id, &wish, context.now()).await?;
            audit(context, &store, "canary.plant", &canary.id).await?;
        }
    }
    store.close().await;
    Ok(())
}

async fn found(store: &Store, id: &str) -> Result<Canary> {
    let canary = store.canary_get(id).await.context("read the canary")?;
    canary.with_context(|| format!("no canary is called {id:?}; `decnet canary list --all` has them"))
}

async fn plant(context: &Context, id: &str, wish: Wish, json: bool) -> Result<()> {
    let store = context.store().await?;
    let place = decnet_canary::plant(&store, id, &wish, context.now()).await?;
    audit(context, &store, "canary.plant", id).await?;
    workers::wake_fleet(context).await;
    if json {
        output::json(&serde_json::json!({ "canary": id, "decky": place.node, "path": place.path }));
    } else {
        output::note(&format!("canary {id} lies on {} as {}", place.node, place.path));
    }
    Ok(())
}

/// Writes a file that was not there, or the standard output.
fn write(path: &PathBuf, content: &[u8]) -> Result<()> {
    if path.as_os_str() == "-" {
        return output::raw(content).context("write the standard output");
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("write {}; --output names another file", path.display()))?;
    file.write_all(content).with_context(|| format!("write {}", path.display()))?;
    output::note(&format!("{} bytes in {}", content.len(), path.display()));
    Ok(())
}
