//! `demo`: a small fleet of its own, every touch on the screen.

use super::{Context, deploy, events, run, status, user};
use crate::{
    firedrill::{self, Touch, Way},
    hidden, house, intruder, logs, output,
    settings::{Layer, Name, Origin, Settings},
    web,
};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use decnet_engine::{
    lab::{Lab, Place},
    loopback,
};
use decnet_fleet::{
    Standing,
    site::{Ground, Site},
    teardown,
};
use decnet_model::{
    catalogue,
    fleet::Fleet,
    record::{DeckyActual, DeckyDesired, Filter, Page},
    runtime::Runtime,
    worker::{Role, Worker},
};
use decnet_pipeline::runtime::{Claim, Keeper};
use decnet_plan::plan;
use netsvc_persona::{Life, LoginPolicy};
use serde_json::json;
use std::{
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

/// Longest wait for the fleet.
const PATIENCE: Duration = Duration::from_secs(60);

/// Show a small fleet under attack
///
/// Makes an installation of its own in /var/tmp/decnet-demo-UID, or where --state-dir says
/// (DECNET_STATE_DIR does not count), deploys a mixed fleet, runs all workers, and shows every event
/// as it is stored. Ctrl-C ends it; what was recorded stays until the next demo, everything else goes.
///
/// The fleet stands in a lab (see `decnet lab`) with a host to attack it from. Where this machine
/// cannot have a lab, the fleet is put on loopback addresses, with ports offset by 10000.
#[derive(Args, Debug)]
pub struct Demo {
    /// How many deckies
    #[arg(long, short = 'n', default_value_t = 7)]
    deckies: u32,
    /// How deckies come to exist [default: native, or loopback where that cannot be]
    #[arg(long)]
    runtime: Option<Runtime>,
    /// Let a scripted intruder attack the fleet
    #[arg(long)]
    attack: bool,
    /// End when the intruder is done and every touch was looked up
    #[arg(long, requires = "attack")]
    exit: bool,
    /// The summary as JSON, one line, last on the standard output
    #[arg(long)]
    json: bool,
}

/// What a round of the demo came to.
#[derive(Default)]
struct Round {
    deckies: usize,
    touches: Vec<Touch>,
    /// How the runtime stood while it ran.
    standing: Option<Standing>,
}

impl Demo {
    /// Runs the command. `flags` are the settings of the command line, which go before the demo's own.
    ///
    /// # Errors
    /// When the fleet does not come up, or a touch is missing.
    pub async fn run(self, flags: Layer) -> Result<()> {
        let context = own_context(flags)?;
        let mut asked = run::stop_signal()?;
        let _keeper = prepare(&context).await?;
        let fleet = self.first_fleet(&context)?;
        deploy::store(&context, &fleet).await?;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let workers = tokio::spawn({
            let context = context.clone();
            // The demo's screen is for what is attacked.
            let quiet = logs::is_usual(context.settings());
            async move { house::keep(&context, Worker::on(Role::Master), quiet, stopped).await }
        });
        let mut round = Round::default();
        let outcome = tokio::select! {
            outcome = self.play(&context, fleet, &mut round) => outcome,
            _ = asked.changed() => Ok(()),
        };
        stop.send_replace(true);
        workers.await.context("end the workers")??;
        clear(&context).await?;
        outcome?;
        self.summary(&context, &round).await
    }

    /// The fleet to begin with: in a lab unless that is not wanted or cannot be.
    fn first_fleet(&self, context: &Context) -> Result<Fleet> {
        if self.runtime == Some(Runtime::Loopback) {
            return self.on_loopback(context);
        }
        let ground = Ground { lab: true, ..Ground::default() };
        match ground.site(&context.fleet(), true) {
            Ok(site) => self.fleet(&site),
            Err(error) => self.fall_back(context, &error.into()),
        }
    }

    /// The same on loopback, unless only the native runtime will do.
    fn fall_back(&self, context: &Context, error: &anyhow::Error) -> Result<Fleet> {
        if self.runtime.is_some() {
            bail!("the runtime native is not possible here: {error:#}");
        }
        output::note(&format!("runtime loopback, because native is not possible here: {error:#}"));
        self.on_loopback(context)
    }

    fn on_loopback(&self, context: &Context) -> Result<Fleet> {
        let ground = Ground { runtime: Some(Runtime::Loopback), ..Ground::default() };
        self.fleet(&ground.site(&context.fleet(), true)?)
    }

    fn fleet(&self, site: &Site) -> Result<Fleet> {
        let request = plan::Request {
            count: self.deckies,
            archetype: None,
            services: Vec::new(),
            randomize_services: false,
            distros: Vec::new(),
            randomize_distros: false,
            ip_start: site.network.hosts().nth(9),
            network: site.network.clone(),
            taken: site.taken.clone(),
            seed: None,
            runtime: site.runtime,
            login: LoginPolicy::AcceptAfter(3),
            life: Life::default(),
            firewall: Default::default(),
        };
        Ok(Fleet { lab: site.lab, ..plan::demonstration(&request)? })
    }

    /// Plays the round; ends only with --exit.
    async fn play(&self, context: &Context, mut fleet: Fleet, round: &mut Round) -> Result<()> {
        if let Err(error) = wait(context, &fleet).await {
            if fleet.runtime == Runtime::Loopback {
                return Err(error);
            }
            fleet = self.fall_back(context, &error)?;
            deploy::store(context, &fleet).await?;
            wait(context, &fleet).await?;
        }
        round.deckies = fleet.deckies.len();
        round.standing = Standing::read(&context.paths());
        if !self.json {
            self.welcome(context, &fleet).await;
        }
        let attack = async {
            if self.attack {
                let way = Way::of(&fleet, intruder::ADDRESS.into(), context);
                round.touches = firedrill::run(context, &fleet, &way, |_, _| {}).await?;
                intrude(context, &fleet, &way).await?;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            if self.exit { Ok(()) } else { std::future::pending().await }
        };
        if self.json {
            return attack.await;
        }
        tokio::select! {
            done = attack => done,
            shown = follow(context) => shown,
        }
    }

    async fn welcome(&self, context: &Context, fleet: &Fleet) {
        reachable(context).await;
        deploy::show(fleet, false);
        output::line("");
        let native = fleet.runtime == Runtime::Native;
        let root = context.paths().root().display().to_string();
        let (begin, offset) = if native {
            output::line("Attack it from another terminal, on the host that the lab has for that:");
            (format!("decnet --state-dir {root} lab exec -- "), 0)
        } else {
            output::line("Ports are offset by 10000 (runtime loopback). Attack it from another terminal:");
            (String::new(), loopback::OFFSET)
        };
        if native {
            output::line(&format!("  {begin}nmap -n -sS -sV {}", fleet.network));
        }
        for decky in fleet.deckies.values().take(4) {
            if let Some(port) = decky.ports().first() {
                output::line(&format!("  {begin}{}", hint(&port.slug, decky.ip, port.port + offset)));
            }
        }
        output::line("");
        match store_link(context).await {
            Ok(link) => {
                let what =
                    if decnet_web::has_dashboard() { "Dashboard, logged in once" } else { "One-time login" };
                output::line(&format!("{what}: {link}"));
            }
            Err(error) => output::note(&format!("warning: no link to the dashboard: {error:#}")),
        }
        output::line(&format!("API on {} · state in {root}", status::api(context)));
        output::line("");
    }

    async fn summary(&self, context: &Context, round: &Round) -> Result<()> {
        let store = context.store().await?;
        let totals = store.totals().await.context("read the totals")?;
        let silent: Vec<_> = round.touches.iter().filter(|touch| touch.silent()).collect();
        let missing = silent.len() + usize::try_from(totals.missing).unwrap_or(usize::MAX);
        let p99 = firedrill::percentile(&round.touches, 0.99);
        let standing = round.standing.as_ref();
        if self.json {
            output::json(&json!({
                "deckies": round.deckies, "touches": round.touches.len(), "events_stored": totals.events,
                "missing": missing, "p99_ms": p99, "runtime": standing.map(|standing| standing.runtime),
                "carrier": standing.map(|standing| &standing.carrier), "uid": standing.map(|standing| standing.uid),
                "attackers": totals.attackers,
            }));
        } else if self.attack {
            output::line(&format!(
                "{} deckies, {} touches, {} events stored, {missing} missing, p99 {:.0} ms",
                round.deckies,
                round.touches.len(),
                totals.events,
                p99.unwrap_or_default()
            ));
        }
        if missing > 0 {
            let why = |touch: &Touch| touch.error.clone().unwrap_or_else(|| "not stored".to_owned());
            let names: Vec<_> =
                silent.iter().map(|t| format!("{}/{}:{} ({})", t.decky, t.service, t.port, why(t))).collect();
            bail!("{missing} touches are missing: {}", names.join(", "));
        }
        Ok(())
    }
}

/// Waits until the interface and the dashboard take connections: whoever is told of them may open them at once. Where
/// one does not come, its worker says why.
async fn reachable(context: &Context) {
    let settings = context.settings();
    let places = [(Name::ApiHost, Name::ApiPort), (Name::WebHost, Name::WebPort)];
    let places = places.map(|(host, port)| (web::reached(settings.text(host)), web::port(settings, port)));
    for _ in 0..100 {
        let mut there = 0;
        for place in &places {
            there += usize::from(TcpStream::connect((place.0.as_str(), place.1)).await.is_ok());
        }
        if there == places.len() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The address that opens the dashboard of the demo, logged in.
async fn store_link(context: &Context) -> Result<String> {
    let store = context.store().await?;
    let link = user::link(context, &store, "admin").await?;
    store.close().await;
    Ok(link)
}

/// Attacks the fleet: in a lab from the attackers' host, by this program run there.
async fn intrude(context: &Context, fleet: &Fleet, way: &Way) -> Result<()> {
    if !fleet.lab {
        intruder::attack(fleet, way).await;
        return Ok(());
    }
    let lab = Lab::find(&context.paths().run()).context("the lab is gone")?;
    let program = std::env::current_exe().context("find this program")?;
    let mut command = lab.command(Place::Attacker(0), program)?;
    let text = serde_json::to_vec(fleet).context("write the fleet")?;
    let played = tokio::task::spawn_blocking(move || {
        let mut child = command.arg(hidden::INTRUDER).stdin(Stdio::piped()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(&text)?;
        }
        child.wait()
    });
    let status = played.await.context("run the intruder")?.context("run the intruder")?;
    ensure!(status.success(), "the intruder failed with {status}");
    Ok(())
}

/// A port that nobody listens on. The socket is kept until all are found, so that none is found twice.
fn free_port() -> Result<(std::net::TcpListener, String)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("find a free port")?;
    let port = listener.local_addr().context("find a free port")?.port();
    Ok((listener, port.to_string()))
}

/// Settings of the demo: a folder of its own, free ports.
fn own_context(flags: Layer) -> Result<Context> {
    let folder = PathBuf::from(format!("/var/tmp/decnet-demo-{}", nix::unistd::geteuid()));
    let (_api, api_port) = free_port()?;
    let (_web, web_port) = free_port()?;
    let origin = || Origin::Flag("demo");
    // Of one layer the first value counts.
    let mut own: Layer = flags;
    own.extend([
        ("DECNET_STATE_DIR".to_owned(), folder.display().to_string(), origin()),
        ("DECNET_API_PORT".to_owned(), api_port, origin()),
        ("DECNET_WEB_PORT".to_owned(), web_port, origin()),
        ("DECNET_DB_TYPE".to_owned(), "sqlite".to_owned(), origin()),
        ("DECNET_DB_URL".to_owned(), String::new(), origin()),
    ]);
    match Settings::load(own) {
        Ok(settings) => Ok(Context::new(settings)),
        Err(bad) => bail!(bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// Ends what keeps the fleet up: netd, if it is still there, and the lab.
async fn clear(context: &Context) -> Result<()> {
    let paths = context.paths();
    teardown::clear(&paths).await?;
    if let Some(lab) = Lab::find(&paths.run()) {
        lab.down()?;
    }
    let _ = fs_err::remove_file(paths.run().join("lab.log"));
    Ok(())
}

/// Checks that a folder is nobody else's: where everybody may make one, another could have made it before, with links
/// in it for root to follow.
fn ensure_ours(root: &Path, settings: &Settings) -> Result<()> {
    let data = fs_err::symlink_metadata(root).context("look at the demo's folder")?;
    let workers = house::house_user(settings)?.map(|user| user.uid);
    let owned = [Some(nix::unistd::geteuid().as_raw()), workers].contains(&Some(data.uid()));
    ensure!(
        data.is_dir() && owned,
        "{} is a link or somebody else's: remove it or name another folder with --state-dir",
        root.display()
    );
    Ok(())
}

/// Empties the demo's folder, as its keeper: only a folder that a demo made is touched, and nothing goes
/// while anybody works there.
async fn prepare(context: &Context) -> Result<Keeper> {
    let paths = context.paths();
    let (root, mark) = (paths.root().to_owned(), paths.root().join(".demo"));
    let strange = root.exists() && !mark.exists();
    ensure!(
        !strange,
        "{} exists and is no demo's: remove it or name another folder with --state-dir",
        root.display()
    );
    fs_err::create_dir_all(&root).context("make the demo's folder")?;
    ensure_ours(&root, context.settings())?;
    let mut options = std::fs::OpenOptions::new();
    // Whoever the workers of the last demo were may have put a link there, or a pipe.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let marked = options.append(true).create(true).mode(0o640).custom_flags(flags).open(&mark);
    marked.with_context(|| format!("mark the demo's folder by {}", mark.display()))?;
    let keeper = Keeper::take(&paths, "demo")?;
    // The last one may have been killed.
    if paths.run().exists() {
        clear(context).await?;
    }
    let _whole = Claim::whole(&paths)?;
    let kept = [mark, paths.state_lock(), paths.keeper_lock()];
    for entry in fs_err::read_dir(&root).context("remove the last demo")? {
        let path = entry.context("remove the last demo")?.path();
        if kept.contains(&path) {
            continue;
        }
        let is_folder = fs_err::symlink_metadata(&path).is_ok_and(|data| data.is_dir());
        let removed = if is_folder { fs_err::remove_dir_all(&path) } else { fs_err::remove_file(&path) };
        removed.context("remove the last demo")?;
    }
    Ok(keeper)
}

async fn wait(context: &Context, fleet: &Fleet) -> Result<()> {
    let begun = Instant::now();
    let store = context.store().await?;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let rows = store.decky_list().await.context("read the deckies")?;
        let wanted: Vec<_> = rows.iter().filter(|row| row.desired == DeckyDesired::Running).collect();
        let running = wanted.iter().filter(|row| row.actual == DeckyActual::Running).count();
        output::progress(&format!("{running} of {} deckies run", fleet.deckies.len()));
        if running == fleet.deckies.len() {
            output::progress_done();
            return Ok(());
        }
        let failed = wanted.iter().find(|row| row.actual == DeckyActual::Failed);
        if let Some(row) = failed {
            bail!("{}: {}", row.name, row.reason);
        }
        if PATIENCE < begun.elapsed() {
            bail!("{running} of {} deckies run after {} s", fleet.deckies.len(), PATIENCE.as_secs());
        }
    }
}

/// Shows events as they are stored.
async fn follow(context: &Context) -> Result<()> {
    let store = context.store().await?;
    let mut last = 0;
    loop {
        let rows =
            store.event_list(&Filter::default(), Page::after(last, 500)).await.context("read events")?;
        for row in &rows {
            output::line(&events::line(row, false));
            last = row.id;
        }
        if rows.is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// How to attack it.
fn hint(slug: &str, ip: std::net::Ipv4Addr, port: u16) -> String {
    let client = catalogue::find(slug).map_or("", |service| service.client.as_str());
    let client = if client.is_empty() { "nc {ip} {port}" } else { client };
    client.replace("{ip}", &ip.to_string()).replace("{port}", &port.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mark_that_leads_elsewhere_is_not_written_through_and_a_link_is_no_folder_of_ours() {
        let folder = tempfile::tempdir().unwrap();
        let (root, theirs) = (folder.path().join("demo"), folder.path().join("theirs"));
        fs_err::create_dir(&root).unwrap();
        fs_err::write(&theirs, "kept").unwrap();
        std::os::unix::fs::symlink(&theirs, root.join(".demo")).unwrap();
        std::os::unix::fs::symlink(&root, folder.path().join("link")).unwrap();
        for name in ["demo", "link"] {
            let place = folder.path().join(name).display().to_string();
            let layer = vec![(Name::StateDir.knob().variable.to_owned(), place, Origin::Flag("test"))];
            let context = Context::new(Settings::resolve(&[layer]).unwrap());
            assert!(prepare(&context).await.is_err(), "{name}");
            assert_eq!(fs_err::read_to_string(&theirs).unwrap(), "kept");
        }
    }
}
