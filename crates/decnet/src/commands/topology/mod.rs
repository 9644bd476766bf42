//! `topology`: networks of deckies behind a DMZ.

mod edit;
mod live;
mod shown;

pub use live::all_gone;

use super::{
    Context, deploy,
    site::Where,
    to::To,
    user::{actor, audit},
};
use crate::output;
use anyhow::{Context as _, Result, bail};
use clap::{ArgAction, Args, Subcommand};
use decnet_model::record::{TopologyChangeState, TopologyMutation, TopologyRow, TopologyState};
use decnet_shape as shape;
use decnet_store::Store;
use decnet_topology::{
    Subnet, Topology,
    change::{self, Change},
    check,
    draw::{self, Wish},
    text::{self, Form},
};
use serde_json::json;
use std::path::PathBuf;

/// Networks of deckies: LANs behind a DMZ, each reached through a machine of the one before
///
/// Deckies of the DMZ stand on the segment like any other decky. The LANs behind it are nowhere on the wire: a
/// machine in them is reached through one that has been taken, by its SSH (`ssh -J`, `-L`, `-D`), and what is
/// recorded there names who it was.
#[derive(Args, Debug)]
pub struct Topologies {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Generate(Box<Generate>),
    /// List topologies
    List {
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Show a topology: its LANs, its deckies, and what became of it
    Show {
        /// Its name
        name: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong with a topology, each with its code
    Validate {
        /// Its name
        name: String,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Deploy a topology beside what is deployed
    Deploy {
        /// Its name
        name: String,
        #[command(flatten)]
        place: Where,
        /// Only show what would be done; needs no rights
        #[arg(long)]
        dry_run: bool,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a topology down; what was recorded stays
    Teardown {
        /// Its name
        name: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Forget a topology that is not deployed
    Delete {
        /// Its name
        name: String,
        /// Take it down first, if it is deployed
        #[arg(long)]
        force: bool,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    Mutate(Mutate),
    Edit(edit::Edit),
    /// List changes that were asked for, the latest first
    Mutations {
        /// Of this topology
        name: String,
        /// Only those in this state: pending, applying, applied, failed
        #[arg(long)]
        state: Option<TopologyChangeState>,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Write a topology as text that `import` reads
    Export {
        /// Its name
        name: String,
        /// json or ini
        #[arg(long, default_value = "json")]
        format: Form,
        #[command(flatten)]
        to: To,
    },
    /// Read a topology from text, JSON or INI
    Import {
        /// File; `-`: the standard input
        file: PathBuf,
        /// Name it so, whatever the text says
        #[arg(long)]
        name: Option<String>,
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

/// Draw a topology; the same wish and seed give the same one
#[derive(Args, Debug)]
struct Generate {
    /// Its name
    #[arg(long)]
    name: String,
    /// Levels of LANs below the DMZ, 1 to 16
    #[arg(long, default_value_t = 3)]
    depth: u32,
    /// Most LANs behind one, 1 to 8
    #[arg(long, default_value_t = 2)]
    branching: u32,
    /// Fewest and most deckies of a LAN
    #[arg(long, default_value = "1-3", value_name = "N-M", value_parser = span)]
    deckies_per_lan: (u32, u32),
    /// How often a bridge forwards packets as a router does, of 1
    #[arg(long, default_value_t = 0.0, value_name = "P")]
    bridge_forward_p: f64,
    /// How often a LAN is joined to one that is neither before nor behind it, of 1
    #[arg(long, default_value_t = 0.0, value_name = "P")]
    cross_edge_p: f64,
    /// Services of all machines that are no bridges, comma-separated; without it they are drawn
    #[arg(long, value_delimiter = ',')]
    services: Vec<String>,
    /// Draw what machines are and serve, as is done without --services
    #[arg(long, action = ArgAction::SetTrue, conflicts_with = "services")]
    randomize_services: bool,
    /// First network; the others follow
    #[arg(long, default_value_t = draw::BASE)]
    subnet: Subnet,
    /// Fixes what is drawn
    #[arg(long)]
    seed: Option<String>,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Change a topology, also one that is deployed
///
/// Operations: add_lan, remove_lan, update_lan, add_decky, attach_decky, detach_decky, remove_decky, update_decky,
/// set_rules. What would break the topology is refused; deckies that do not change are not touched.
#[derive(Args, Debug)]
struct Mutate {
    /// Its name
    name: String,
    /// The operation
    op: String,
    /// What it is told, as JSON; `-`: it is read from the standard input
    #[arg(long, default_value = "{}", value_name = "JSON")]
    payload_json: String,
    /// Only if it still has this version
    #[arg(long, value_name = "N")]
    expected_version: Option<i64>,
    /// JSON
    #[arg(long)]
    json: bool,
}

fn span(text: &str) -> Result<(u32, u32), String> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.parse::<u32>().map_err(|_| "two numbers, as 1-3".to_owned());
    Ok((number(least)?, number(most)?))
}

impl Topologies {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such topology, it is broken, or it does not come up.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Generate(wish) => generate(*wish, context).await,
            Verb::List { json } => shown::list(context, json).await,
            Verb::Show { name, json } => shown::show(context, &name, json).await,
            Verb::Validate { name, json } => shown::validate(context, &name, json).await,
            Verb::Deploy { name, place, dry_run, json } => {
                live::deploy(context, &name, &place, dry_run, json).await
            }
            Verb::Teardown { name, json } => live::teardown(context, &name, json).await,
            Verb::Delete { name, force, json } => delete(context, &name, force, json).await,
            Verb::Mutate(wish) => mutate(wish, context).await,
            Verb::Edit(wish) => wish.run(context).await,
            Verb::Mutations { name, state, json } => shown::mutations(context, &name, state, json).await,
            Verb::Export { name, format, to } => export(context, &name, format, &to).await,
            Verb::Import { file, name, json } => import(context, &file, name, json).await,
        }
    }
}

/// The row and the topology called `name`.
///
/// # Errors
/// When there is none, or a newer release wrote it.
async fn load(store: &Store, name: &str) -> Result<(TopologyRow, Topology)> {
    let row = store.topology_get(name).await.context("read the topology")?;
    let Some(row) = row else { bail!("no topology is called {name:?}; `decnet topology list` lists them") };
    let topology = serde_json::from_str(&row.document).context("read the topology")?;
    Ok((row, topology))
}

/// Stores a new topology and says what it is.
async fn create(context: &Context, topology: &Topology, json: bool) -> Result<()> {
    let store = context.store_or_new().await?;
    let now = context.now();
    let row = TopologyRow {
        name: topology.name.clone(),
        state: TopologyState::Pending,
        state_at: now,
        reason: String::new(),
        version: 1,
        document: serde_json::to_string(topology).context("write the topology")?,
        created_at: now,
        updated_at: now,
    };
    if !store.topology_create(&row).await.context("store the topology")? {
        bail!("there is a topology called {} already: `decnet topology delete {0}` forgets it", row.name);
    }
    audit(context, &store, "topology.create", &row.name).await?;
    if json {
        output::json(&shape::Topology::from(&row));
    } else {
        let (lans, deckies) = (topology.lans.len(), topology.deckies.len());
        output::line(&format!("{}: {lans} LANs, {deckies} deckies", row.name));
    }
    Ok(())
}

async fn generate(wish: Generate, context: &Context) -> Result<()> {
    let json = wish.json;
    let seed = wish.seed.unwrap_or_else(|| context.now().to_string());
    let wish = Wish {
        name: wish.name,
        depth: wish.depth,
        branching: wish.branching,
        deckies: wish.deckies_per_lan,
        forward: wish.bridge_forward_p,
        cross: wish.cross_edge_p,
        services: if wish.randomize_services { Vec::new() } else { wish.services },
        base: wish.subnet,
        seed,
    };
    let topology = draw::draw(&wish)?;
    create(context, &topology, json).await
}

async fn import(context: &Context, file: &std::path::Path, name: Option<String>, json: bool) -> Result<()> {
    let bytes = deploy::whole(file)?;
    let mut topology = text::read(&file.display().to_string(), &bytes)?;
    if let Some(name) = name {
        topology.name = name;
    }
    if !decnet_topology::is_name(&topology.name) {
        bail!("{:?} is no name for a topology: --name gives it another one", topology.name);
    }
    for finding in check::check(&topology) {
        output::note(&format!("{} {}: {}", finding.code.name(), finding.subject, finding.detail));
    }
    create(context, &topology, json).await
}

async fn export(context: &Context, name: &str, form: Form, to: &To) -> Result<()> {
    let store = context.store().await?;
    let (_, topology) = load(&store, name).await?;
    let text = text::write(&topology, form)?;
    let mut sink = to.begin()?;
    sink.write(text.as_bytes())?;
    sink.end()
}

async fn delete(context: &Context, name: &str, force: bool, json: bool) -> Result<()> {
    let store = context.store().await?;
    let (row, _) = load(&store, name).await?;
    if row.state.is_live() {
        if !force {
            bail!("{name} is {}: take it down first, or say --force", row.state.name());
        }
        live::take_down(context, &store, name, row.state).await?;
    }
    store.topology_delete(name).await.context("delete the topology")?;
    audit(context, &store, "topology.delete", name).await?;
    if json {
        output::json(&json!({ "deleted": name }));
    } else {
        output::note(&format!("{name} is forgotten; what was recorded on its deckies is kept"));
    }
    Ok(())
}

async fn mutate(wish: Mutate, context: &Context) -> Result<()> {
    let mut wish = wish;
    if wish.payload_json == "-" {
        // Settings of services may be secrets, and everybody sees the words of a process.
        let bytes = deploy::whole(std::path::Path::new("-"))?;
        wish.payload_json = String::from_utf8_lossy(&bytes).into_owned();
    }
    let change = Change::read(&wish.op, &wish.payload_json);
    let change = change.map_err(|why| anyhow::anyhow!("{}: {why}", wish.op))?;
    let store = context.store().await?;
    let (row, topology) = load(&store, &wish.name).await?;
    let mut mutation = TopologyMutation {
        id: 0,
        topology: row.name.clone(),
        op: change.op().to_owned(),
        payload: wish.payload_json.clone(),
        version: wish.expected_version.unwrap_or(row.version),
        state: TopologyChangeState::Pending,
        asked_by: actor(),
        asked_at: context.now(),
        applied_at: None,
        reason: String::new(),
    };
    mutation.id = store.topology_mutation_put(&mutation).await.context("note the change")?;
    let done = apply(context, &store, (&row, &topology), &change, &mut mutation).await;
    match &done {
        Ok(()) => (mutation.state, mutation.applied_at) = (TopologyChangeState::Applied, Some(context.now())),
        Err(error) => {
            (mutation.state, mutation.reason) = (TopologyChangeState::Failed, format!("{error:#}"));
        }
    }
    store.topology_mutation_put(&mutation).await.context("note the change")?;
    done?;
    audit(context, &store, "topology.mutate", &row.name).await?;
    if wish.json {
        output::json(&shape::TopologyMutation::from(&mutation));
    } else {
        output::line(&format!("{}: {} is done; version {}", row.name, mutation.op, mutation.version + 1));
    }
    Ok(())
}

/// Changes the document first, and then what runs of it.
async fn apply(
    context: &Context,
    store: &Store,
    (row, topology): (&TopologyRow, &Topology),
    change: &Change,
    mutation: &mut TopologyMutation,
) -> Result<()> {
    if mutation.version != row.version {
        bail!("{} has version {} by now, not {}", row.name, row.version, mutation.version);
    }
    let live = row.state.is_live();
    let next = change::apply(topology, change, live)?;
    mutation.state = TopologyChangeState::Applying;
    store.topology_mutation_put(mutation).await.context("note the change")?;
    let document = serde_json::to_string(&next).context("write the topology")?;
    if !store.topology_change(&row.name, row.version, &document, context.now()).await? {
        bail!("{} was changed by somebody else meanwhile", row.name);
    }
    if live { live::follow(context, store, &next).await } else { Ok(()) }
}
