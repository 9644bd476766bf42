//! `deploy` and `plan`: from what is wanted to a fleet that runs.

mod file;
mod images;
mod shown;

pub(super) use file::{database, whole};
pub use images::Making;
pub use shown::show;

use super::{
    Context,
    bad_input::BadInput,
    canary, run,
    site::{self, Where},
    status::{self, health::Health},
    swarm::{self, Mode},
};
use crate::{output, runner, workers};
use anyhow::{Result, bail};
use clap::Args;
use decnet_fleet::{
    Error, Standing, intent, placed,
    site::{Ground, Site},
    supervisor, wait,
};
use decnet_model::{
    catalogue,
    fleet::{Filter, Fleet, Network, login_policy},
    runtime::Runtime,
    servers,
    swarm::label,
    tarpit::{self, Tarpit},
    worker::Worker,
};
use decnet_pipeline::runtime::Note;
use decnet_plan::{changes::Changes, ini::deploy as spec, key, notice, plan};
use netsvc_persona::{Life, LoginPolicy, Peers, Servers};
use serde_json::json;
use shown::{Shown, tell};
use std::{
    collections::BTreeSet,
    io::{self, IsTerminal},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Longest wait for a fleet.
const PATIENCE: Duration = Duration::from_secs(120);

/// Reads yes or no.
fn switch(text: &str) -> Result<bool, String> {
    catalogue::boolean(text).ok_or_else(|| "yes or no".to_owned())
}

/// Options that a file stands in place of: those that a key says, and what only a plan knows.
fn said_by_a_file() -> impl Iterator<Item = &'static str> {
    ["deckies", "randomize_services", "randomize_distros", "ip_start"].into_iter().chain(key::flags_instead())
}

/// Deploy a fleet
///
/// Says what the deckies are by an archetype, a list of services, or chance; the fleet that is wanted
/// is stored, and the worker `fleet` makes it come true. Deckies that do not change are not touched.
///
/// With --lab or --interface the runtime is `native`: each decky has addresses of its own on the segment,
/// and a scanner there finds it like any other host. Without them it is `loopback`, which needs no
/// rights: each decky is an address in 127.66.0.0/16, with its ports offset by 10000.
///
/// A deployment INI says the same for each decky on its own: --config reads it and names every mistake
/// with its line.
#[derive(Args, Debug, Clone)]
pub struct Deploy {
    /// Read the fleet from a deployment INI, `-` from the standard input; what says where it stands goes before the
    /// file
    #[arg(long, short, visible_alias = "learned", value_name = "FILE", conflicts_with_all = said_by_a_file())]
    pub config: Option<PathBuf>,
    /// How many deckies
    #[arg(long, short = 'n', default_value_t = 5)]
    pub deckies: u32,
    /// What kind of machine all of them are (see `decnet archetypes`); random: each another one
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
    pub place: Where,
    /// How deckies come to exist [default: native with --lab or --interface, else loopback]
    #[arg(long)]
    pub runtime: Option<Runtime>,
    /// Who may log in: deny, accept-listed, accept-after=N
    #[arg(long, default_value = "accept-listed", value_parser = login_policy)]
    pub login: LoginPolicy,
    /// Whether deckies speak of their own accord, as hosts do: for the time, for names, about themselves
    #[arg(long, default_value = "yes", value_name = "YES|NO", value_parser = switch, action = clap::ArgAction::Set)]
    pub ambient: bool,
    /// Have each decky ask a DHCP server for the address that it has, and renew the lease
    #[arg(long)]
    pub dhcp: bool,
    /// DNS servers that deckies ask, comma-separated; they may be outside of the segment [default: the gateway]
    #[arg(long, value_name = "ADDRESSES", value_delimiter = ',', value_parser = servers::host)]
    pub dns: Vec<Ipv4Addr>,
    /// NTP servers that deckies ask, comma-separated; they may be outside of the segment [default: the gateway]
    #[arg(long, value_name = "ADDRESSES", value_delimiter = ',', value_parser = servers::host)]
    pub ntp: Vec<Ipv4Addr>,
    /// Packet filter of each system: off (closed ports reset), on, or default (as the system is delivered)
    #[arg(long, default_value = "off", value_name = "on|off|default")]
    pub firewall: Filter,
    /// Keep attackers waiting: their connections are held open and nothing is said in them
    #[arg(long)]
    pub tarpit: bool,
    /// Networks whose hosts are kept waiting, comma-separated; nobody else is
    #[arg(id = "tarpit-sources", long, value_name = "NETWORKS", value_delimiter = ',', value_parser = tarpit::source)]
    pub tarpit_sources: Vec<Peers>,
    /// Minutes between changes of each decky, about; without it they stay as they are
    #[arg(id = "mutate-interval", long, value_name = "MINUTES")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=525_600))]
    pub mutate_interval: Option<u32>,
    #[command(flatten)]
    pub making: Making,
    /// Do not ask before deckies are removed or put somewhere else
    #[arg(long, short)]
    pub yes: bool,
    /// On this host, or over the hosts of the swarm (see `decnet swarm`)
    #[arg(long, short, value_enum, default_value_t = Mode::Unihost)]
    pub mode: Mode,
    /// With --mode swarm: only on hosts with this label; more than once for more
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub on: Vec<(String, String)>,
    /// Only show what would be done; needs no rights
    #[arg(long)]
    pub dry_run: bool,
    /// JSON
    #[arg(long)]
    pub json: bool,
}

impl Deploy {
    /// The fleet that is asked for, at `site`.
    ///
    /// # Errors
    /// When there can be no such fleet.
    pub fn fleet(&self, site: &Site) -> Result<Fleet> {
        let mut fleet = plan::fleet(&self.request(site)).map_err(BadInput::Plan)?;
        site.check(&fleet)?;
        fleet.lab = site.lab;
        fleet.mutate_interval = self.mutate_interval;
        fleet.tarpit = self.waiting();
        Ok(fleet)
    }

    /// Whom deckies keep waiting.
    pub fn waiting(&self) -> Tarpit {
        let on = self.tarpit.then_some(true);
        Tarpit { on, sources: self.tarpit_sources.clone(), services: Vec::new() }
    }

    /// The fleet of a deployment INI. Where it stands is looked up and not changed before the file is
    /// known to be right.
    fn read(&self, path: &Path, context: &Context, theirs: &BTreeSet<Ipv4Addr>) -> Result<Fleet> {
        let text = whole(path)?;
        let place = spec::place(&text);
        let runtime = self.runtime.or(place.runtime);
        let named = place.interface.filter(|_| runtime != Some(Runtime::Loopback) && !self.place.lab);
        let ground = Ground {
            lab: self.place.lab || (place.lab && self.place.interface.is_none()),
            interface: self.place.interface.clone().or(named),
            runtime,
            subnet: place.network,
        };
        let faces = database(context, &text);
        let site = site::find(&ground, context, false);
        let options = spec::Options {
            runtime: site.as_ref().map(|site| site.runtime).ok().or(runtime),
            network: site.as_ref().map(|site| site.network.clone()).ok(),
            skipped: site.as_ref().map_or(0, |site| site.skipped),
            taken: site.as_ref().map(|site| &site.taken | theirs).unwrap_or_default(),
            faces: &faces,
            limit: spec::FILE_LIMIT,
        };
        let fleet = spec::fleet(&path.display().to_string(), &text, &options).map_err(BadInput::Config)?;
        let site = if self.dry_run { site } else { ground.site(&context.fleet(), true).map_err(Into::into) };
        let lab = site.and_then(|site| Ok(site.check(&fleet).map(|()| site.lab)?));
        Ok(Fleet { lab: lab.map_err(|error| BadInput::Place(path.to_owned(), error))?, ..fleet })
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
            runtime: site.runtime,
            login: self.login.clone(),
            life: Life {
                ambient: self.ambient,
                dhcp: self.dhcp,
                servers: Servers { dns: self.dns.clone(), ntp: self.ntp.clone() },
                ..Life::default()
            },
            firewall: self.firewall,
        }
    }

    /// Whether this host is to have the fleet, and not the swarm.
    fn is_here(&self) -> Result<bool> {
        match self.mode {
            Mode::Swarm if self.making.is_said() || self.making.ipvlan => bail!(
                "--parallel, --no-cache and --ipvlan are about containers of this host: they go without --mode swarm"
            ),
            Mode::Swarm => Ok(false),
            Mode::Unihost if !self.on.is_empty() => {
                bail!("--on chooses hosts of a swarm: it needs --mode swarm")
            }
            Mode::Unihost => Ok(true),
        }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// When the fleet cannot be planned, or does not come up.
    pub async fn run(self, context: &Context) -> Result<()> {
        if !self.is_here()? {
            return swarm::deploy(self, context).await;
        }
        let old = before(context).await;
        let have = old.as_ref().ok().and_then(Option::as_ref);
        let theirs = have.map(placed::addresses).unwrap_or_default();
        let fleet = match &self.config {
            Some(path) => self.read(path, context, &theirs)?,
            None => {
                let ground = self.place.ground(self.runtime, self.subnet.as_ref());
                let mut site = site::find(&ground, context, !self.dry_run)?;
                site.taken.extend(theirs);
                self.fleet(&site)?
            }
        };
        let mut fleet = placed::kept(have, fleet)?;
        self.making.put(&mut fleet)?;
        let changes = Changes::between(have.unwrap_or(&fleet.emptied()), &fleet);
        let notices = notice::of(&fleet);
        if self.dry_run {
            if let Err(error) = &old {
                output::note(&format!("what is deployed cannot be read: {error:#}"));
            }
            if self.json {
                output::json(&Shown { fleet: &fleet, changes: &changes, notices: &notices });
                return Ok(());
            }
            show(&fleet, false);
            tell(&changes, &notices);
            return Ok(());
        }
        let old = old?;
        swarm::apart(context, &fleet).await?;
        agreed(&changes, self.yes)?;
        let begun = Instant::now();
        self.making.build(context, &fleet).await?;
        carry_out(context, old, &fleet).await?;
        warn(context);
        if self.json {
            let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            output::json(&json!({
                "deckies": fleet.deckies.len(), "ms": millis, "runtime": fleet.runtime,
                "changes": changes, "notices": notices,
            }));
        } else {
            show(&fleet, false);
            tell(&changes, &notices);
            output::note(&format!(
                "{} deckies run after {:.1} s",
                fleet.deckies.len(),
                begun.elapsed().as_secs_f64()
            ));
        }
        Ok(())
    }
}

/// Nothing came up: workers that were only started for it do not stay.
fn give_up(context: &Context, started: bool, error: anyhow::Error) -> anyhow::Error {
    let nothing = matches!(error.downcast_ref(), Some(Error::NotUp { running: 0, .. }));
    if started && nothing {
        match runner::stop_all(&context.paths()) {
            Ok(_) => output::note("the workers that were started for it have ended"),
            Err(error) => output::note(&format!("warning: the workers go on: {error}")),
        }
    }
    error
}

/// Says what of the house does not do well, although the fleet is up.
fn warn(context: &Context) {
    let paths = context.paths();
    let health = Health::look(context, Standing::read(&paths).as_ref());
    health.problems().iter().for_each(|problem| output::note(&format!("warning: {problem}")));
    if !Note::read(&paths, Worker::Api).is_some_and(|note| note.is_bad(context.now())) {
        output::note(&format!("API on {}", status::api(context)));
    }
}

/// Stores the fleet that is wanted. Topologies stay where they are by now. Returns how many deckies there are to be.
///
/// # Errors
/// When the store fails, or a topology that was deployed meanwhile is in the way.
pub async fn store(context: &Context, fleet: &Fleet) -> Result<usize> {
    let store = context.store_or_new().await?;
    let beside = |current: Option<&Fleet>| placed::kept(current, placed::flat(fleet));
    let stored = intent::change(&context.fleet(), &store, context.now(), beside).await?;
    store.close().await;
    Ok(stored.deckies.len())
}

/// The fleet that is wanted until now; nothing where nothing was ever deployed.
async fn before(context: &Context) -> Result<Option<Fleet>> {
    if !context.is_installed() {
        return Ok(None);
    }
    let store = context.store().await?;
    let fleet = intent::read(&store).await?;
    store.close().await;
    Ok(fleet)
}

/// Nothing that runs is taken away unasked.
fn agreed(changes: &Changes, yes: bool) -> Result<()> {
    if yes || !changes.takes_away() {
        return Ok(());
    }
    let lines = changes.lines();
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(BadInput::TakesAway(lines).into());
    }
    lines.iter().for_each(|line| output::note(line));
    output::ask("go on? [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(BadInput::Unwanted.into()),
    }
}

/// Makes `fleet` come true. What this had to start ends again when nothing of it could be.
async fn carry_out(context: &Context, old: Option<Fleet>, fleet: &Fleet) -> Result<()> {
    decnet_fleet::stage_binary(&context.fleet())?;
    canary::check(context, fleet)?;
    let wanted = store(context, fleet).await?;
    canary::ensure(context, fleet).await?;
    let started = run::ensure_running(context).await?;
    workers::wake_fleet(context).await;
    let Err(error) = wait_for(context, wanted).await else { return Ok(()) };
    let error = give_up(context, started, error);
    if started && supervisor::running(&context.paths()).is_none() {
        // Nothing of it runs, so nothing of it is wanted either: what was before is.
        store(context, &old.unwrap_or_else(|| fleet.emptied())).await?;
    }
    Err(error)
}

/// Waits until all `wanted` deckies run, and says which do not.
///
/// # Errors
/// When some do not.
pub async fn wait_for(context: &Context, wanted: usize) -> Result<()> {
    let store = context.store().await?;
    let tell = |running| output::progress(&format!("{running} of {wanted} deckies run"));
    let done = wait::up(&context.fleet(), &store, wanted, PATIENCE, tell).await;
    output::progress_done();
    if let Err(Error::NotUp { failed, .. }) = &done {
        failed.iter().for_each(|(name, reason)| output::note(&format!("{name}: {reason}")));
    }
    Ok(done?)
}

#[cfg(test)]
mod tests;
