//! `demo`: a small fleet of its own, everything in one process, every touch on the screen.

use super::{Context, deploy, events, run, site};
use crate::{
    firedrill::{self, Touch, Way},
    intruder, output,
    settings::{Layer, Origin, Settings},
    workers,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_model::{
    fleet::Fleet,
    plan,
    record::{DeckyDesired, Filter, Page},
    worker::Worker,
};
use netsvc_persona::LoginPolicy;
use serde_json::json;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Longest wait for the fleet.
const PATIENCE: Duration = Duration::from_secs(60);

/// Show a small fleet under attack
///
/// Makes an installation of its own in /var/tmp, deploys a mixed fleet on loopback addresses, runs
/// all workers in this process, and shows every event as it is stored. Ctrl-C ends it; what was
/// recorded stays until the next demo.
#[derive(Args, Debug)]
pub struct Demo {
    /// How many deckies
    #[arg(long, short = 'n', default_value_t = 7)]
    deckies: u32,
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
struct Round {
    deckies: usize,
    touches: Vec<Touch>,
}

impl Demo {
    /// Runs the command. `flags` are the settings of the command line, which go before the demo's own.
    ///
    /// # Errors
    /// When the fleet does not come up, or a touch is missing.
    pub async fn run(self, flags: Layer) -> Result<()> {
        let context = own_context(flags)?;
        prepare(&context)?;
        let fleet = self.fleet()?;
        deploy::store(&context, &fleet).await?;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let workers = tokio::spawn({
            let context = context.clone();
            async move { workers::supervise(&context, Worker::start_order(), stopped).await }
        });
        let outcome = self.play(&context, &fleet).await;
        stop.send_replace(true);
        workers.await.context("end the workers")??;
        let round = outcome?;
        self.summary(&context, &round).await
    }

    fn fleet(&self) -> Result<Fleet> {
        let network: decnet_model::fleet::Network =
            site::LOOPBACK_NETWORK.parse().context("read the segment")?;
        let request = plan::Request {
            count: self.deckies,
            archetype: None,
            services: Vec::new(),
            randomize_services: false,
            distros: Vec::new(),
            randomize_distros: false,
            ip_start: network.hosts().nth(9),
            network,
            taken: std::collections::BTreeSet::new(),
            seed: None,
            runtime: "loopback".to_owned(),
            login: LoginPolicy::AcceptAfter(3),
        };
        Ok(plan::demonstration(&request)?)
    }

    async fn play(&self, context: &Context, fleet: &Fleet) -> Result<Round> {
        wait(context, fleet).await?;
        if !self.json {
            self.welcome(context, fleet);
        }
        let mut touches = Vec::new();
        if self.attack {
            let follow = (!self.json).then(|| tokio::spawn(follow(context.clone())));
            let way = Way::of(fleet, intruder::ADDRESS.into(), context);
            touches = firedrill::run(context, fleet, &way, |_, _| {}).await?;
            intruder::attack(fleet, &way).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            if let Some(follow) = follow {
                if !self.exit {
                    let mut stop = run::stop_signal()?;
                    let _ = stop.changed().await;
                }
                follow.abort();
            }
        } else {
            let mut stop = run::stop_signal()?;
            tokio::select! {
                shown = follow(context.clone()) => shown?,
                _ = stop.changed() => {}
            }
        }
        Ok(Round { deckies: fleet.deckies.len(), touches })
    }

    fn welcome(&self, context: &Context, fleet: &Fleet) {
        deploy::show(fleet, false);
        output::line("");
        output::line("Ports are offset by 10000 (runtime loopback). Attack it from another terminal:");
        for decky in fleet.deckies.values().take(4) {
            if let Some(port) = decky.ports().first() {
                output::line(&format!(
                    "  {}",
                    hint(&port.slug, decky.ip, port.port + decnet_engine::loopback::OFFSET)
                ));
            }
        }
        let web = context.settings().number(crate::settings::Name::WebPort);
        output::line(&format!(
            "API on http://127.0.0.1:{web}/api/v1 · state in {}",
            context.paths().root().display()
        ));
        output::line("");
    }

    async fn summary(&self, context: &Context, round: &Round) -> Result<()> {
        let store = context.store().await?;
        let totals = store.totals().await.context("read the totals")?;
        let silent: Vec<_> = round.touches.iter().filter(|touch| touch.silent()).collect();
        let missing = silent.len() + usize::try_from(totals.missing).unwrap_or(usize::MAX);
        let p99 = firedrill::percentile(&round.touches, 0.99);
        let uid = crate::fleet::stage::user();
        if self.json {
            output::json(&json!({
                "deckies": round.deckies, "touches": round.touches.len(), "events_stored": totals.events,
                "missing": missing, "p99_ms": p99, "runtime": "loopback", "carrier": "kernel", "uid": uid,
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
            let names: Vec<_> = silent
                .iter()
                .map(|t| {
                    format!(
                        "{}/{}:{} ({})",
                        t.decky,
                        t.service,
                        t.port,
                        t.error.as_deref().unwrap_or("not stored")
                    )
                })
                .collect();
            bail!("{missing} touches are missing: {}", names.join(", "));
        }
        Ok(())
    }
}

/// Settings of the demo: a folder of its own, a free port.
fn own_context(flags: Layer) -> Result<Context> {
    let folder = PathBuf::from(format!("/var/tmp/decnet-demo-{}", nix::unistd::geteuid()));
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = port.context("find a free port")?.port();
    let origin = || Origin::Flag("demo");
    let mut own: Layer = vec![
        ("DECNET_STATE_DIR".to_owned(), folder.display().to_string(), origin()),
        ("DECNET_WEB_PORT".to_owned(), port.to_string(), origin()),
        ("DECNET_DB_TYPE".to_owned(), "sqlite".to_owned(), origin()),
        ("DECNET_DB_URL".to_owned(), String::new(), origin()),
    ];
    own.extend(flags);
    match Settings::load(own) {
        Ok(settings) => Ok(Context::new(settings)),
        Err(bad) => bail!(bad.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// Empties the demo's folder. Only a folder that a demo made is touched.
fn prepare(context: &Context) -> Result<()> {
    let root = context.paths().root().to_owned();
    let mark = root.join(".demo");
    if let Some(pid) = run::running(&context.paths()) {
        bail!("workers run in {} already, as process {pid}", root.display());
    }
    if root.exists() {
        anyhow::ensure!(
            mark.exists(),
            "{} exists and is no demo's: remove it or name another folder with --state-dir",
            root.display()
        );
        fs_err::remove_dir_all(&root).context("remove the last demo")?;
    }
    fs_err::create_dir_all(&root).context("make the demo's folder")?;
    fs_err::write(mark, "").context("mark the demo's folder")
}

async fn wait(context: &Context, fleet: &Fleet) -> Result<()> {
    let begun = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let Ok(store) = context.store().await else { continue };
        let rows = store.decky_list().await.context("read the deckies")?;
        let wanted: Vec<_> = rows.iter().filter(|row| row.desired == DeckyDesired::Running).collect();
        let running = wanted.iter().filter(|row| row.actual == "running").count();
        output::progress(&format!("{running} of {} deckies run", fleet.deckies.len()));
        if running == fleet.deckies.len() {
            output::progress_done();
            return Ok(());
        }
        let failed = wanted.iter().find(|row| row.actual == "failed");
        if let Some(row) = failed {
            bail!("{}: {}", row.name, row.reason);
        }
        if PATIENCE < begun.elapsed() {
            bail!("{running} of {} deckies run after {} s", fleet.deckies.len(), PATIENCE.as_secs());
        }
    }
}

/// Shows events as they are stored.
async fn follow(context: Context) -> Result<()> {
    let store = context.store().await?;
    let mut last = 0;
    loop {
        let rows =
            store.event_list(&Filter::default(), Page::after(last, 500)).await.context("read events")?;
        for row in &rows {
            output::line(&events::line(row));
            last = row.id;
        }
        if rows.is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn hint(service: &str, ip: std::net::Ipv4Addr, port: u16) -> String {
    match service {
        "ssh" => format!("ssh -p {port} root@{ip}"),
        "http" => format!("curl -i http://{ip}:{port}/"),
        "redis" => format!("redis-cli -h {ip} -p {port} info"),
        "mysql" => format!("mysql -h {ip} -P {port} -u root -p"),
        "smtp" => format!("swaks --server {ip}:{port} --to root@localhost"),
        _ => format!("nc {ip} {port}    # {service}"),
    }
}
