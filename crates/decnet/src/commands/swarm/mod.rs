//! `swarm`: the hosts of a swarm, as its master sees them.

mod deploy;
mod hosts;
mod import;
mod update;

pub use deploy::{Mode, apart, deploy};

use super::{Context, user::audit};
use crate::{enrolment::Bundle, output, settings::Name, updater};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use decnet_model::swarm::{HostState, Invited, Labels, label};
use decnet_store::Store;
use decnet_swarm::{
    files::Files,
    fleet::{self, Host},
    join,
};
use serde_json::json;
use std::{
    io::{self, IsTerminal},
    net::UdpSocket,
    path::PathBuf,
    time::Duration,
};

/// The hosts of a swarm
///
/// One master keeps what is wanted and takes in what was recorded; agents on other hosts carry deckies. Agents connect
/// to the master (ports 8770 and 6514, TLS 1.3 with certificates on both sides) and listen to nobody.
#[derive(Args, Debug)]
pub struct Swarm {
    #[command(subcommand)]
    verb: Verb,
}

/// One host, by name or id.
#[derive(Args, Debug, Clone)]
#[group(required = true, multiple = false)]
struct Which {
    /// Name of the host
    #[arg(long)]
    name: Option<String>,
    /// Id of the host
    #[arg(long, value_name = "ID")]
    uuid: Option<String>,
}

/// What is to go.
#[derive(Args, Debug, Clone)]
#[group(required = true, multiple = false)]
struct Target {
    /// All deckies of the swarm
    #[arg(long)]
    all: bool,
    /// This decky
    #[arg(long, value_name = "DECKY")]
    id: Option<String>,
    /// All deckies of this host
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Invite a host: prints the one command that is to be run there
    Enroll {
        /// Name that the host gets
        #[arg(long)]
        name: String,
        /// Name or address by which the host reaches this one [default: that of the interface with the default route]
        #[arg(long, value_name = "HOST")]
        address: Option<String>,
        /// A label that it gets; more than once for more. Hosts of different `site` are on different segments
        #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
        labels: Vec<(String, String)>,
        /// How many deckies it gets beside others: twice the weight, twice the deckies
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
        weight: u64,
        /// Most deckies that it gets
        #[arg(long)]
        capacity: Option<u64>,
        /// What there is to know of it; `swarm label --notes` changes it
        #[arg(long)]
        notes: Option<String>,
        /// Minutes until the token expires
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=10_080))]
        minutes: u64,
        /// Write the authority's certificate (`ca.crt`) and the command (`join.sh`) into this folder as well. The key
        /// of the host is made there and is never here
        #[arg(long, value_name = "FOLDER")]
        out_dir: Option<PathBuf>,
        /// Write all that the host needs into this new file, to be carried there: `decnet join --bundle FILE`
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// List the hosts
    List {
        /// Only in this state: enrolled, active, drained, unreachable, decommissioned
        #[arg(long, value_name = "STATE")]
        status: Option<HostState>,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// Ask every host whether it is there; fails where one does not answer
    Check {
        /// Longest wait, in seconds
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=300))]
        seconds: u64,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// List the deckies with their hosts
    Deckies {
        /// Only of this host, by name or id
        #[arg(long, value_name = "HOST")]
        host: Option<String>,
        /// Only in this state: running, failed, pending, leaving, unknown
        #[arg(long)]
        state: Option<String>,
        /// A JSON list
        #[arg(long)]
        json: bool,
    },
    /// End the membership of a host: its certificates are revoked at once, and it takes its deckies down when it hears
    /// so. What it has recorded stays here. `swarm drain` first moves its deckies to others
    Decommission {
        #[command(flatten)]
        which: Which,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Move the deckies of a host to others, and give it no more
    Drain {
        #[command(flatten)]
        which: Which,
        /// Give it deckies again, with the next deploy
        #[arg(long)]
        undo: bool,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a host another name; its id stays
    Rename {
        #[command(flatten)]
        which: Which,
        /// The new name
        #[arg(long, value_name = "NAME")]
        to: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Change labels, weight and capacity of a host; the next deploy goes by them
    Label {
        #[command(flatten)]
        which: Which,
        /// KEY=VALUE sets a label, KEY- takes it away
        #[arg(value_name = "LABEL")]
        labels: Vec<String>,
        /// Its weight
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1000))]
        weight: Option<u64>,
        /// Most deckies; 0: as many as come
        #[arg(long)]
        capacity: Option<u64>,
        /// What there is to know of it
        #[arg(long)]
        notes: Option<String>,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Roll a release out: each host gets it beside the one that runs, and goes back by itself if the new one does not
    /// start, is not well, or is not heard here in time
    Update(Box<update::Rollout>),
    /// List updates of hosts, those that were asked for last first
    Updates(update::Updates),
    /// Take in what a host recorded and could not send: the segments of its event log as files
    ///
    /// For a host that is lost and whose disk is not: the files are those of log/ in its state folder, under their
    /// names. What it had sent before is left out, so that nothing is there twice. Workers of this host must not
    /// run meanwhile; when they run again, the collector takes it.
    Import {
        /// The host, by name or id; one that was decommissioned too
        #[arg(value_name = "HOST")]
        host: String,
        /// decnet-0000000007.log and so on
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// JSON
        #[arg(long)]
        json: bool,
    },
    /// Take deckies of the swarm down; what was recorded stays
    Teardown {
        #[command(flatten)]
        target: Target,
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

impl Swarm {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such host, or the store fails.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Enroll {
                name,
                address,
                labels,
                weight,
                capacity,
                notes,
                minutes,
                out_dir,
                bundle,
                json,
            } => {
                let valid = Duration::from_secs(minutes * 60);
                let labels: Labels = labels.into_iter().collect();
                let by = super::user::actor();
                let invited = Invited { name, labels, weight, capacity, valid, by, notes };
                let places = Places { folder: out_dir, bundle };
                enroll(context, invited, address, &places, json).await
            }
            Verb::List { status, json } => hosts::list(context, status, json).await,
            Verb::Check { seconds, json } => hosts::check(context, Duration::from_secs(seconds), json).await,
            Verb::Deckies { host, state, json } => {
                hosts::deckies(context, host.as_deref(), state.as_deref(), json).await
            }
            Verb::Decommission { which, yes, json } => hosts::decommission(context, &which, yes, json).await,
            Verb::Drain { which, undo, json } => hosts::drain(context, &which, undo, json).await,
            Verb::Rename { which, to, json } => hosts::rename(context, &which, &to, json).await,
            Verb::Label { which, labels, weight, capacity, notes, json } => {
                let change = hosts::Relabel { labels, weight, capacity, notes };
                hosts::relabel(context, &which, change, json).await
            }
            Verb::Update(rollout) => rollout.run(context).await,
            Verb::Updates(updates) => updates.run(context).await,
            Verb::Import { host, files, json } => import::import(context, &host, &files, json).await,
            Verb::Teardown { target, json } => deploy::teardown(context, &target, json).await,
        }
    }
}

/// Seconds of silence after which a host is unreachable.
fn stale(context: &Context) -> u64 {
    context.settings().number(Name::SwarmStale)
}

/// All hosts.
async fn all(context: &Context, store: &Store) -> Result<Vec<Host>> {
    Ok(fleet::hosts(store, context.now(), stale(context)).await?)
}

/// The host that is meant, of those that belong to the swarm.
fn meant<'a>(hosts: &'a [Host], which: &Which) -> Result<&'a Host> {
    let (name, id) = (which.name.as_deref(), which.uuid.as_deref());
    let fits = |host: &&Host| Some(host.row.name.as_str()) == name || Some(host.row.id.as_str()) == id;
    let there = || hosts.iter().filter(|host| host.state != HostState::Decommissioned);
    match there().find(fits) {
        Some(host) => Ok(host),
        None => {
            let asked = name.or(id).unwrap_or_default();
            let names: Vec<_> = there().map(|host| host.row.name.as_str()).collect();
            let known = if names.is_empty() { "the swarm has none".to_owned() } else { names.join(", ") };
            bail!("no host is called {asked:?}; there are: {known}")
        }
    }
}

/// Asks a person; false where there is none.
fn asked(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    output::ask(question);
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Where an invitation is written beside the terminal.
#[derive(Default)]
struct Places {
    folder: Option<PathBuf>,
    bundle: Option<PathBuf>,
}

async fn enroll(
    context: &Context,
    invited: Invited,
    address: Option<String>,
    places: &Places,
    json: bool,
) -> Result<()> {
    if let Some(file) = places.bundle.as_ref().filter(|file| file.exists()) {
        bail!("{} is there already", file.display());
    }
    let store = context.store_or_new().await?;
    // Before a swarm is begun, which opens ports on this host.
    let hosts = store.swarm_hosts().await.context("list the hosts")?;
    invited.check(&hosts).map_err(anyhow::Error::msg)?;
    let address = match address {
        Some(address) => address,
        None => own_address()
            .context("no default route says by which address this host is reached: --address HOST")?,
    };
    let authority = join::begin(&store, &Files::new(&context.paths()), context.now()).await?;
    let token = join::invite(&store, &authority, &invited, context.now()).await?;
    audit(context, &store, "swarm.enroll", &invited.name).await?;
    let port = context.settings().text(Name::SwarmctlPort);
    let trusted = updater::Slots::new(&context.paths()).trusted().ok();
    let key = trusted.map(|key| key.line());
    let believed = key.as_ref().map(|key| format!(" --release-key {key}")).unwrap_or_default();
    let command = format!("decnet join {address}:{port} {token} --run{believed}");
    let fingerprint = hex::encode(token.pin);
    if let Some(folder) = &places.folder {
        write_folder(folder, &authority, &command)?;
    }
    if let Some(file) = &places.bundle {
        let (name, master) = (invited.name.clone(), format!("{address}:{port}"));
        Bundle { name, master, token: token.to_string(), authority, release_key: key }.write(file)?;
    }
    if json {
        output::json(&json!({
            "name": invited.name, "command": command, "token": token.to_string(), "authority": fingerprint,
            "expires_in_minutes": invited.valid.as_secs() / 60,
        }));
        return Ok(());
    }
    output::line(&command);
    output::note(&format!(
        "run it on {} as root (with --interface IF for deckies on its segment); it works once, within {} minutes",
        invited.name,
        invited.valid.as_secs() / 60
    ));
    output::note(&format!("authority: sha256 {fingerprint}"));
    if decnet_fleet::supervisor::running(&context.paths()).is_none() {
        output::note("no workers run here: `decnet run --daemon`, or `decnet swarmctl --daemon`, lets it in");
    }
    Ok(())
}

/// The address by which others reach this host: that of the interface with the default route. Nothing is sent.
fn own_address() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string())
}

fn write_folder(folder: &std::path::Path, authority: &str, command: &str) -> Result<()> {
    use std::{
        io::Write,
        os::unix::fs::{OpenOptionsExt, PermissionsExt},
    };
    fs_err::create_dir_all(folder).context("make the folder")?;
    fs_err::write(folder.join("ca.crt"), authority).context("write the authority's certificate")?;
    let script = folder.join("join.sh");
    // The token is a secret: nobody else reads it at any moment.
    let mut options = std::fs::OpenOptions::new();
    let made = options.write(true).create(true).truncate(true).mode(0o700).open(&script);
    let mut file = made.context("make the command")?;
    file.set_permissions(PermissionsExt::from_mode(0o700)).context("close the command")?;
    file.write_all(format!("#!/bin/sh\nexec {command} \"$@\"\n").as_bytes()).context("write the command")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Origin, Settings};

    #[tokio::test]
    async fn an_invitation_that_is_refused_begins_no_swarm() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state").display().to_string();
        let layer = vec![(Name::StateDir.knob().variable.to_owned(), place, Origin::Flag("test"))];
        let context = Context::new(Settings::resolve(&[layer]).unwrap());
        for (name, begun) in [("not a name", false), ("berlin", true)] {
            let invited = Invited {
                name: name.to_owned(),
                labels: Labels::new(),
                weight: 1,
                capacity: None,
                valid: Duration::from_secs(60),
                by: "test".to_owned(),
                notes: None,
            };
            let file = folder.path().join("a.join");
            let places = Places { bundle: Some(file.clone()), ..Places::default() };
            let done = enroll(&context, invited, Some("m.example".to_owned()), &places, true).await;
            let bundle = Bundle::read(&file).ok();
            let told = bundle.as_ref().map(|bundle| (bundle.name.as_str(), bundle.master.as_str()));
            assert_eq!(told, begun.then_some(("berlin", "m.example:8770")));
            assert_eq!((done.is_ok(), Files::new(&context.paths()).is_master()), (begun, begun), "{name}");
        }
    }
}
