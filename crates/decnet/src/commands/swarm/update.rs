//! `swarm update`: a release for hosts of the swarm, or for this one; and what became of those before.

use super::{Which, all, meant};
use crate::{
    commands::{
        Context, release, sha256,
        status::Unwell,
        user::{actor, audit},
    },
    output, stead, updater,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_model::{
    record::{SwarmUpdate as Row, UpdateState},
    swarm::HostState,
};
use decnet_shape::SwarmUpdate;
use decnet_store::Store;
use decnet_swarm::{
    authority::random,
    fleet::Host,
    release::{Here, Manifest, Unfit, Version},
    update::{
        Offer, Shelf,
        rollout::{self, Release, Wanted},
    },
};
use serde_json::json;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(300);
/// Name of the host that is the master itself.
const OWN: &str = "master";

/// What is rolled out, and to whom.
#[derive(Args, Debug)]
pub(super) struct Rollout {
    /// The bundle, with its signature beside it; or the SHA-256 of one that is kept here
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    #[command(flatten)]
    target: Target,
    /// Give it to so many hosts first, and to the rest only when it has proved itself on them
    #[arg(long, value_name = "N", default_value_t = 0)]
    canary: usize,
    /// Only say who would get it; nothing is kept, asked for or sent
    #[arg(long, conflicts_with = "keep")]
    dry_run: bool,
    /// Only ask for it; `decnet swarm updates` shows how far it is
    #[arg(long)]
    no_wait: bool,
    /// Longest wait, in seconds; what was asked for goes on
    #[arg(long, default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Who gets it.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Target {
    /// A host, by name or id; more than once for more
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// Every host of the swarm
    #[arg(long)]
    all: bool,
    /// This host, the master
    #[arg(long = "self")]
    own: bool,
    /// Nobody yet: it is only kept here, for a roll-out by its SHA-256
    #[arg(long)]
    keep: bool,
}

/// `swarm updates`.
#[derive(Args, Debug)]
pub(super) struct Updates {
    /// Most that are shown
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    limit: u64,
    /// Take what hosts of this roll-out have not begun back; without it, nothing is changed
    #[arg(long, value_name = "ROLLOUT")]
    cancel: Option<String>,
    /// A JSON list
    #[arg(long)]
    json: bool,
}

impl Updates {
    /// Runs the command.
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        settle_own(context, &store).await?;
        if let Some(id) = &self.cancel {
            cancel(context, &store, id).await?;
        }
        let rows = store.swarm_updates(self.limit).await.context("list the updates")?;
        tell(&rows, self.json);
        Ok(())
    }
}

impl Rollout {
    /// Runs the command.
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        if self.dry_run {
            return self.only_say(context, &store).await;
        }
        settle_own(context, &store).await?;
        let (manifest, release) = self.taken(context, &store).await?;
        let hosts = all(context, &store).await?;
        if self.target.keep {
            if self.json {
                output::json(
                    &json!({ "sha256": release.sha256, "bytes": release.size, "manifest": manifest }),
                );
            } else {
                output::line(&release.sha256);
            }
            return Ok(());
        }
        if self.target.own {
            return self.own(context, store, &hosts, &manifest, &release).await;
        }
        let own: Version = updater::version().parse()?;
        understood(&manifest, own)?;
        let wanted = self.wanted(&hosts, &release.version)?;
        let (id, by) = (hex::encode(random::<6>()), actor());
        let rows = rollout::begin(&id, &wanted, self.canary, &release, &by, context.now());
        if let Some(busy) = store.swarm_updates_ask(&rows, context.now()).await.context("ask for updates")? {
            bail!("{busy} is busy with another update; `decnet swarm updates` shows it");
        }
        audit(context, &store, "swarm.release", &format!("{} {}", release.version, release.sha256)).await?;
        let rows = if self.no_wait { rows } else { self.wait(&store, &id).await? };
        tell(&rows, self.json);
        let good = |row: &Row| row.state == UpdateState::Done || (self.no_wait && !row.state.is_ended());
        if rows.iter().all(good) { Ok(()) } else { Err(Unwell.into()) }
    }

    /// Where the bundle is, and its signature.
    fn place(&self, shelf: &Shelf) -> Result<(PathBuf, PathBuf)> {
        let kept = self.bundle.to_str().and_then(sha256).filter(|_| !self.bundle.exists());
        Ok(match &kept {
            Some(sha256) => (shelf.path(sha256)?, shelf.signature(sha256)?),
            None => (self.bundle.clone(), release::beside(&self.bundle)),
        })
    }

    /// Says who would get the bundle.
    async fn only_say(&self, context: &Context, store: &Store) -> Result<()> {
        let key = updater::Slots::new(&context.paths()).trusted()?;
        let (bundle, beside) = self.place(&Shelf::new(&context.paths()))?;
        let (manifest, _, _) = release::verified(&bundle, &beside, &key)?;
        let (own, version): (Version, _) = (updater::version().parse()?, manifest.version.to_string());
        let wanted = if self.target.own {
            manifest.fits(&Here { target: &updater::target(), runs: own, peer: None })?;
            vec![Wanted { host: OWN.to_owned(), name: OWN.to_owned(), runs: own.to_string() }]
        } else {
            understood(&manifest, own)?;
            self.wanted(&all(context, store).await?, &version)?
        };
        let first = |index: usize| index < self.canary;
        if self.json {
            let rows = wanted.iter().enumerate().map(|(index, host)| {
                json!({ "name": host.name, "from": host.runs, "to": version, "canary": first(index) })
            });
            output::json(&rows.collect::<Vec<_>>());
            return Ok(());
        }
        let rows: Vec<_> = wanted.iter().enumerate().collect();
        output::table(&["HOST", "FROM", "TO", "CANARY"], &rows, |(index, host)| {
            let canary = if first(*index) { "yes" } else { "no" };
            vec![host.name.clone(), host.runs.clone(), version.clone(), canary.to_owned()]
        });
        output::note("nothing was asked for");
        Ok(())
    }

    /// Looks at the bundle, and keeps it for hosts to fetch.
    async fn taken(&self, context: &Context, store: &Store) -> Result<(Manifest, Release)> {
        let slots = updater::Slots::new(&context.paths());
        let (key, shelf) = (slots.trusted()?, Shelf::new(&context.paths()));
        let (bundle, beside) = self.place(&shelf)?;
        let (manifest, _, signature) = release::verified(&bundle, &beside, &key)?;
        let (sha256, size) = shelf.keep(&bundle, &signature)?;
        let open = store.swarm_updates_open().await.context("list the updates")?;
        let mut kept: Vec<String> = open.into_iter().map(|row| row.sha256).collect();
        kept.push(sha256.clone());
        let forget = move || shelf.forget_all_but(&kept.iter().map(String::as_str).collect::<Vec<_>>());
        // As the house: it may have put a link in the place of its folder. What stays takes room and no more.
        let _ = stead::act(context.paths().root(), forget);
        let version = manifest.version.to_string();
        Ok((manifest, Release { version, sha256, size, signature }))
    }

    /// The hosts that get it, those first that are there now.
    fn wanted(&self, hosts: &[Host], version: &str) -> Result<Vec<Wanted>> {
        let mut meant_hosts: Vec<&Host> = Vec::new();
        for name in &self.target.hosts {
            let which = Which { name: Some(name.clone()), uuid: Some(name.clone()) };
            let host = meant(hosts, &which)?;
            if meant_hosts.iter().all(|other| other.row.id != host.row.id) {
                meant_hosts.push(host);
            }
        }
        if self.target.all {
            meant_hosts.extend(hosts.iter().filter(|host| host.state != HostState::Decommissioned));
        }
        let is_away = |host: &&Host| matches!(host.state, HostState::Unreachable | HostState::Enrolled);
        meant_hosts.sort_by_key(|host| (is_away(host), host.row.name.clone()));
        let wanted = meant_hosts.into_iter().map(|host| Wanted {
            host: host.row.id.clone(),
            name: host.row.name.clone(),
            runs: host.report.as_ref().map(|report| report.version.clone()).unwrap_or_default(),
        });
        let wanted: Vec<Wanted> = wanted.filter(|host| host.runs != version).collect();
        if wanted.is_empty() {
            bail!("no host is to get it: there is none, or {version} runs there already");
        }
        Ok(wanted)
    }

    /// Waits until all updates of a roll-out have ended.
    async fn wait(&self, store: &Store, id: &str) -> Result<Vec<Row>> {
        let deadline = Instant::now() + Duration::from_secs(self.seconds);
        loop {
            let rows = store.swarm_rollout(id).await.context("look at the roll-out")?;
            let ended = rows.iter().filter(|row| row.state.is_ended()).count();
            output::progress(&format!("{ended} of {} hosts", rows.len()));
            if ended == rows.len() || deadline < Instant::now() {
                output::progress_done();
                return Ok(rows);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Updates this host. The store is closed meanwhile: it may be another release's afterwards.
    async fn own(
        &self,
        context: &Context,
        store: Store,
        hosts: &[Host],
        manifest: &Manifest,
        release: &Release,
    ) -> Result<()> {
        let own: Version = updater::version().parse()?;
        manifest.fits(&Here { target: &updater::target(), runs: own, peer: None })?;
        for host in hosts.iter().filter(|host| host.state != HostState::Decommissioned) {
            let runs = host.report.as_ref().and_then(|report| report.version.parse::<Version>().ok());
            if let Some(runs) = runs {
                understood(manifest, runs).with_context(|| format!("host {}", host.row.name))?;
            }
        }
        let now = context.now();
        let this = Wanted { host: OWN.to_owned(), name: OWN.to_owned(), runs: own.to_string() };
        let rows = rollout::begin(&hex::encode(random::<6>()), &[this], 0, release, &actor(), now);
        let Some(row) = rows.first() else { return Ok(()) };
        if store.swarm_updates_ask(&rows, now).await.context("ask for the update")?.is_some() {
            bail!("this host is busy with another update; `decnet swarm updates` shows it");
        }
        audit(context, &store, "swarm.release", &format!("{OWN} {} {}", release.version, release.sha256))
            .await?;
        store.close().await;
        Shelf::new(&context.paths()).order(&Offer {
            id: row.id.clone(),
            version: release.version.clone(),
            sha256: release.sha256.clone(),
            size: release.size,
            signature: release.signature.clone(),
            master: release.version.clone(),
            patience: context.settings().number(crate::settings::Name::UpdateSeconds),
        })?;
        let ended = self.watched(context, row).await?;
        match context.store().await {
            Ok(store) => settle_own(context, &store).await?,
            Err(error) => {
                tracing::debug!(error = format!("{error:#}"), "the store is another release's by now")
            }
        }
        tell(std::slice::from_ref(&ended), self.json);
        if ended.state == UpdateState::Done { Ok(()) } else { Err(Unwell.into()) }
    }

    /// Waits for the process that updates this host; starts it again where it was ended.
    async fn watched(&self, context: &Context, row: &Row) -> Result<Row> {
        let slots = updater::Slots::new(&context.paths());
        let deadline = Instant::now() + Duration::from_secs(self.seconds);
        loop {
            updater::begin(context.settings())?;
            for _ in 0..10 {
                tokio::time::sleep(LOOK).await;
                let told = slots.told().filter(|told| told.id == row.id);
                let state = told.as_ref().and_then(|told| told.state.parse::<UpdateState>().ok());
                output::progress(state.map_or("begins", UpdateState::name));
                if let (Some(told), Some(state)) = (told, state.filter(|state| state.is_ended())) {
                    output::progress_done();
                    return Ok(rollout::moved(row, state, &told.reason, context.now()));
                }
            }
            if deadline < Instant::now() {
                bail!(
                    "it has not ended within {} s; `decnet swarm updates` shows how far it is",
                    self.seconds
                );
            }
        }
    }
}

/// Notes what became of an update of this host, which whoever asked for it may not have seen.
async fn settle_own(context: &Context, store: &Store) -> Result<()> {
    let Some(told) = updater::Slots::new(&context.paths()).told() else { return Ok(()) };
    let Ok(state) = told.state.parse::<UpdateState>() else { return Ok(()) };
    let open = store.swarm_updates_open().await.context("list the updates")?;
    let own =
        |row: &&Row| row.host == OWN && row.id == told.id && !row.state.is_ended() && row.state != state;
    if let Some(row) = open.iter().find(own) {
        let now = rollout::moved(row, state, &told.reason, context.now());
        store.swarm_update_move(&now, row.state).await.context("note what became of an update")?;
    }
    Ok(())
}

/// Takes back what hosts of a roll-out have not begun.
async fn cancel(context: &Context, store: &Store, id: &str) -> Result<()> {
    let rows = store.swarm_rollout(id).await.context("look at the roll-out")?;
    if rows.is_empty() {
        bail!("there is no roll-out {id:?}; `decnet swarm updates --json` names them");
    }
    let reason = format!("cancelled by {}", actor());
    for row in rows.iter().filter(|row| matches!(row.state, UpdateState::Waiting | UpdateState::Offered)) {
        let now = rollout::moved(row, UpdateState::Cancelled, &reason, context.now());
        store.swarm_update_move(&now, row.state).await.context("cancel an update")?;
    }
    audit(context, store, "swarm.release.cancel", id).await
}

/// Whether a release and the one on the other side understand each other.
fn understood(manifest: &Manifest, peer: Version) -> Result<()> {
    if manifest.peers.understands(peer) && manifest.version.is_near(peer) {
        return Ok(());
    }
    Err(Unfit::Skew { version: manifest.version, peer }.into())
}

fn tell(rows: &[Row], json: bool) {
    let shapes: Vec<SwarmUpdate> = rows.iter().map(SwarmUpdate::from).collect();
    if json {
        return output::json(&shapes);
    }
    if shapes.is_empty() {
        return output::note("nothing was updated yet; `decnet swarm update` rolls a release out");
    }
    output::table(&["HOST", "FROM", "TO", "STATE", "CHANGED", "BY", "REASON"], &shapes, |row| {
        vec![
            row.name.clone(),
            row.from.clone(),
            row.to.clone(),
            row.state.to_owned(),
            row.changed_at.get(..19).unwrap_or_default().replace('T', " "),
            row.asked_by.clone(),
            row.reason.clone().unwrap_or_default(),
        ]
    });
}
