//! `deploy` and `plan`: from what is wanted to a fleet that runs.

use super::{
    Context,
    site::{Ground, Site},
};
use crate::{output, workers};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_model::{
    fleet::{Fleet, Network, Step},
    plan,
    record::{DeckyDesired, DeckyIntent, DeckyState},
};
use decnet_store::Store;
use netsvc_persona::LoginPolicy;
use serde_json::json;
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// Runtimes that deckies can be deployed with.
const RUNTIMES: [&str; 2] = ["native", "loopback"];
/// Longest wait for a fleet.
const PATIENCE: Duration = Duration::from_secs(120);

/// Deploy a fleet
///
/// Says what the deckies are by an archetype, a list of services, or chance; the fleet that is wanted
/// is stored, and the worker `fleet` makes it come true. Deckies that do not change are not touched.
///
/// With --lab or --interface the runtime is `native`: each decky has addresses of its own on the segment,
/// and a scanner there finds it like any other host. Without them it is `loopback`, which needs no
/// rights: each decky is an address in 127.66.0.0/16, with its ports offset by 10000.
#[derive(Args, Debug, Clone)]
pub struct Deploy {
    /// How many deckies
    #[arg(long, short = 'n', default_value_t = 5)]
    pub deckies: u32,
    /// What kind of machine all of them are (see `decnet archetypes`)
    #[arg(long, short)]
    pub archetype: Option<String>,
    /// Services of all of them, comma-separated (see `decnet services`); goes before the archetype's
    #[arg(long, value_delimiter = ',')]
    pub services: Vec<String>,
    /// Draw one to three services for each
    #[arg(long)]
    pub randomize_services: bool,
    /// Distributions, comma-separated, taken in turn (see `decnet distros`)
    #[arg(long, value_delimiter = ',')]
    pub distro: Vec<String>,
    /// Draw a distribution for each
    #[arg(long)]
    pub randomize_distros: bool,
    /// The segment, for example 192.168.1.0/24; without it that of the interface or the lab
    #[arg(long)]
    pub subnet: Option<Network>,
    /// First address that may be taken
    #[arg(long)]
    pub ip_start: Option<Ipv4Addr>,
    /// Fixes names, addresses, systems and versions; secrets still come from the install secret
    #[arg(long)]
    pub seed: Option<String>,
    #[command(flatten)]
    pub ground: Ground,
    /// How deckies come to exist [default: native with --lab or --interface, else loopback]
    #[arg(long, value_parser = RUNTIMES)]
    pub runtime: Option<String>,
    /// Who may log in: deny, accept-listed, accept-after=N
    #[arg(long, default_value = "accept-listed", value_parser = login_policy)]
    pub login: LoginPolicy,
    /// Only show what would be done; needs no rights
    #[arg(long)]
    pub dry_run: bool,
    /// JSON
    #[arg(long)]
    pub json: bool,
}

/// Reads a login policy.
///
/// # Errors
/// What would have been one.
pub fn login_policy(text: &str) -> Result<LoginPolicy, String> {
    match (text, text.strip_prefix("accept-after=")) {
        ("deny", _) => Ok(LoginPolicy::Deny),
        ("accept-listed", _) => Ok(LoginPolicy::AcceptListed),
        (_, Some(count)) => match count.parse::<u32>() {
            Ok(count) if (1..=1000).contains(&count) => Ok(LoginPolicy::AcceptAfter(count)),
            _ => Err("accept-after takes a number from 1 to 1000".to_owned()),
        },
        _ => Err("one of deny, accept-listed, accept-after=N".to_owned()),
    }
}

impl Deploy {
    /// The fleet that is asked for, at `site`.
    ///
    /// # Errors
    /// When there can be no such fleet.
    pub fn fleet(&self, site: &Site) -> Result<Fleet> {
        let mut fleet = plan::fleet(&self.request(site))?;
        site.check(&fleet)?;
        fleet.lab = site.lab;
        Ok(fleet)
    }

    /// The request for the planner.
    pub fn request(&self, site: &Site) -> plan::Request {
        let network = site.network.clone();
        plan::Request {
            count: self.deckies,
            archetype: self.archetype.clone(),
            services: self.services.clone(),
            randomize_services: self.randomize_services,
            distros: self.distro.clone(),
            randomize_distros: self.randomize_distros,
            ip_start: self.ip_start.or_else(|| network.hosts().nth(site.skipped)),
            network,
            taken: site.taken.clone(),
            seed: self.seed.clone(),
            runtime: site.runtime.clone(),
            login: self.login.clone(),
        }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// When the fleet cannot be planned, or does not come up.
    pub async fn run(self, context: &Context) -> Result<()> {
        let (runtime, subnet) = (self.runtime.as_deref(), self.subnet.as_ref());
        let site = self.ground.site(runtime, subnet, context, !self.dry_run)?;
        let fleet = self.fleet(&site)?;
        if self.dry_run {
            show(&fleet, self.json);
            return Ok(());
        }
        let begun = Instant::now();
        store(context, &fleet).await?;
        ensure_running(context)?;
        workers::wake_fleet(context).await;
        wait(context, &fleet, begun).await?;
        if self.json {
            let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            output::json(&json!({ "deckies": fleet.deckies.len(), "ms": millis, "runtime": fleet.runtime }));
        } else {
            show(&fleet, false);
            output::note(&format!(
                "{} deckies run after {:.1} s",
                fleet.deckies.len(),
                begun.elapsed().as_secs_f64()
            ));
        }
        Ok(())
    }
}

/// Prints a fleet.
pub fn show(fleet: &Fleet, json: bool) {
    if json {
        return output::json(fleet);
    }
    let rows: Vec<_> = fleet.deckies.values().collect();
    output::table(&["DECKY", "ADDRESS", "SYSTEM", "SERVICES", "ABSENT"], &rows, |decky| {
        vec![
            decky.name.to_string(),
            decky.ip.to_string(),
            decky.system.clone(),
            decky.slugs().join(" "),
            decky.absent.join(" "),
        ]
    });
}

/// Stores the fleet that is wanted.
///
/// # Errors
/// When the store fails.
pub async fn store(context: &Context, fleet: &Fleet) -> Result<()> {
    let store = context.store_or_new().await?;
    let intents: Result<Vec<DeckyIntent>> = fleet
        .deckies
        .values()
        .map(|decky| {
            Ok(DeckyIntent {
                name: decky.name.to_string(),
                ip: Some(decky.ip.into()),
                services: decky.slugs(),
                plan: serde_json::to_string(decky)?,
            })
        })
        .collect();
    let text = serde_json::to_string(fleet).context("write the fleet")?;
    forget_changed(context, &store, fleet).await?;
    store.fleet_put(&text, &intents?, context.now()).await.context("store the fleet")?;
    fs_err::write(context.paths().state_export(), &text).context("export the fleet")?;
    store.close().await;
    Ok(())
}

/// Nobody can say of a decky that changes, or of any while no workers run, that it runs: whoever waits
/// for it must not find what was true before.
async fn forget_changed(context: &Context, store: &Store, fleet: &Fleet) -> Result<()> {
    let old = store.fleet_get().await.context("read the fleet")?;
    let old = old.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| fleet.emptied());
    let old = if super::run::running(&context.paths()).is_some() { old } else { fleet.emptied() };
    let changed = fleet.steps(&old).into_iter().filter_map(|step| match step {
        Step::Add(name) => {
            Some(DeckyState { name: name.to_string(), actual: String::new(), reason: String::new() })
        }
        Step::Remove(_) => None,
    });
    let changed: Vec<DeckyState> = changed.collect();
    store.decky_states_set(None, &changed, context.now()).await.context("store the states of deckies")
}

/// Starts `decnet run` in the background unless it runs.
fn ensure_running(context: &Context) -> Result<()> {
    if super::run::running(&context.paths()).is_some() {
        return Ok(());
    }
    super::run::start_in_background(context)
}

/// Waits until every decky of `fleet` runs, and says which do not.
async fn wait(context: &Context, fleet: &Fleet, begun: Instant) -> Result<()> {
    let store = context.store().await?;
    loop {
        let rows = store.decky_list().await.context("read the deckies")?;
        let wanted = || rows.iter().filter(|row| row.desired == DeckyDesired::Running);
        let running = wanted().filter(|row| row.actual == "running").count();
        let failed: Vec<_> = wanted().filter(|row| row.actual == "failed").collect();
        output::progress(&format!("{running} of {} deckies run", fleet.deckies.len()));
        if running == fleet.deckies.len() {
            output::progress_done();
            return Ok(());
        }
        if running + failed.len() == fleet.deckies.len() || PATIENCE < begun.elapsed() {
            output::progress_done();
            for row in &failed {
                output::note(&format!("{}: {}", row.name, row.reason));
            }
            bail!(
                "{running} of {} deckies run; {} says more",
                fleet.deckies.len(),
                context.paths().run().join("decnet.log").display()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
