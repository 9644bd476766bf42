//! `deploy --mode swarm`: a fleet over the hosts of the swarm.

use super::{Target, all, stale};
use crate::{
    commands::{Context, bad_input::BadInput, deploy::Deploy, run, status::Unwell, user::audit},
    output,
};
use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use decnet_model::{
    fleet::{DeckyName, Fleet, Network},
    runtime::Runtime,
    swarm::HostState,
};
use decnet_plan::{ini::deploy as spec, notice, plan};
use decnet_store::Store;
use decnet_swarm::{
    fleet::{self, Host, Outcome, SwarmFleet},
    place::Wishes,
};
use netsvc_wire::stamp;
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// Longest wait for what is wanted.
const PATIENCE: Duration = Duration::from_secs(180);
/// Addresses that a second look at a file leaves out, to see which of its deckies do not care.
const APART: usize = 1 << 16;

/// Where a fleet is deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// On this host.
    #[default]
    Unihost,
    /// On the hosts of the swarm.
    Swarm,
}

/// What a deploy changes, by names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Moves {
    added: Vec<DeckyName>,
    moved: Vec<DeckyName>,
    changed: Vec<DeckyName>,
    removed: Vec<DeckyName>,
}

impl Moves {
    fn between(before: Option<&SwarmFleet>, wanted: &SwarmFleet) -> Moves {
        let mut moves = Moves::default();
        let stood = |name: &DeckyName| before.and_then(|before| before.placement.get(name));
        for (name, seat) in &wanted.placement {
            let same =
                before.and_then(|before| before.fleet.deckies.get(name)).zip(wanted.fleet.deckies.get(name));
            match stood(name) {
                None => moves.added.push(name.clone()),
                Some(old) if old != seat => moves.moved.push(name.clone()),
                // Addresses in the fleet are placeholders.
                Some(_) if same.is_some_and(|(old, new)| placed(old) != placed(new)) => {
                    moves.changed.push(name.clone())
                }
                Some(_) => {}
            }
        }
        let old = before.into_iter().flat_map(|before| before.placement.keys());
        moves.removed = old.filter(|name| !wanted.placement.contains_key(*name)).cloned().collect();
        moves
    }

    fn lines(&self) -> Vec<String> {
        let line = |what: &str, names: &[DeckyName]| {
            let shown: Vec<_> = names.iter().take(8).map(DeckyName::as_str).collect();
            let rest = names.len() - shown.len();
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            (!names.is_empty()).then(|| format!("{what}: {}{more}", shown.join(", ")))
        };
        let each = [
            line("added", &self.added),
            line("moved to another place, where they are new machines", &self.moved),
            line("changed", &self.changed),
            line("removed", &self.removed),
        ];
        each.into_iter().flatten().collect()
    }

    fn takes_away(&self) -> bool {
        !self.removed.is_empty() || !self.moved.is_empty()
    }
}

fn placed(decky: &decnet_model::fleet::Decky) -> decnet_model::fleet::Decky {
    decnet_model::fleet::Decky { ip: Ipv4Addr::UNSPECIFIED, ..decky.clone() }
}

/// Deploys over the swarm.
///
/// # Errors
/// When there can be no such fleet, no host takes it, or a host did not do what is wanted of it.
pub async fn deploy(asked: Deploy, context: &Context) -> Result<()> {
    if asked.place.lab
        || asked.place.interface.is_some()
        || asked.subnet.is_some()
        || asked.ip_start.is_some()
    {
        bail!(
            "--lab, --interface, --subnet and --ip-start say where on this host; in a swarm each host says that of \
             itself, by `decnet join`"
        );
    }
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    let (fleet, wishes) = whole(&asked, context, &hosts)?;
    let before = fleet::read(&store).await?;
    apart_from_local(&store, &fleet).await?;
    let wanted = fleet::plan(fleet, wishes, &hosts, before.as_ref()).map_err(anyhow::Error::new)?;
    let moves = Moves::between(before.as_ref(), &wanted);
    let notices = notice::of(&wanted.fleet);
    if asked.dry_run {
        show_plan(&wanted, &hosts, &moves, &notices, asked.json);
        return Ok(());
    }
    if moves.takes_away()
        && !asked.yes
        && !super::asked(&format!("{}\ngo on? [y/N] ", moves.lines().join("\n")))?
    {
        return Err(BadInput::TakesAway(moves.lines()).into());
    }
    let begun = Instant::now();
    run::ensure_running(context).await?;
    fleet::put(&store, &wanted, &hosts).await?;
    audit(context, &store, "swarm.deploy", &format!("{} deckies", wanted.placement.len())).await?;
    let outcomes = wait(context, &store, &concerned(&wanted, &hosts)).await?;
    if asked.json {
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        output::json(&json!({
            "mode": "swarm", "deckies": wanted.placement.len(), "ms": millis, "changes": moves,
            "notices": notices, "results": outcomes,
        }));
    } else {
        tell(&outcomes);
        moves.lines().iter().for_each(|line| output::note(line));
        notices.iter().for_each(|line| output::note(&format!("note: {line}")));
    }
    if outcomes.iter().all(|outcome| outcome.ok) { Ok(()) } else { Err(Unwell.into()) }
}

/// The fleet that is asked for, wherever it will stand, and what is wanted beside it.
fn whole(asked: &Deploy, context: &Context, hosts: &[Host]) -> Result<(Fleet, Wishes)> {
    let labels = asked.on.iter().cloned().collect();
    let grounds =
        hosts.iter().filter(|host| host.state.takes_deckies()).filter_map(|host| host.ground.as_ref());
    let runtimes: BTreeSet<Runtime> = grounds.map(|ground| ground.runtime).collect();
    let runtime = runtimes.last().copied().unwrap_or(Runtime::Native);
    let (fleet, fixed) = match &asked.config {
        Some(path) => read(path, context, runtime)?,
        None => {
            let site = decnet_fleet::site::Site {
                runtime,
                network: anywhere(),
                lab: false,
                taken: BTreeSet::new(),
                skipped: 0,
            };
            let planned = plan::fleet(&asked.request(&site)).map_err(BadInput::Plan)?;
            (Fleet { tarpit: asked.waiting(), ..planned }, BTreeSet::new())
        }
    };
    let mutates = asked.mutate_interval.or(fleet.mutate_interval).is_some()
        || fleet.deckies.values().any(|decky| decky.mutate_interval.is_some());
    if mutates {
        bail!("mutate_interval: deckies of a swarm do not change by themselves; leave it out");
    }
    Ok((fleet, Wishes { labels, fixed }))
}

/// The whole of IPv4: addresses in it are placeholders.
fn anywhere() -> Network {
    Network { address: Ipv4Addr::UNSPECIFIED, prefix: 0, gateway: None, interface: None }
}

/// The fleet of a deployment INI, and the deckies whose addresses stand in it.
fn read(path: &std::path::Path, context: &Context, runtime: Runtime) -> Result<(Fleet, BTreeSet<DeckyName>)> {
    let text = crate::commands::deploy::whole(path)?;
    let place = spec::place(&text);
    if place.lab || place.interface.is_some() || place.network.is_some() || place.runtime.is_some() {
        bail!(
            "{}: interface, net, lab and runtime say where on one host; in a swarm each host says that of itself: \
             leave them out",
            path.display()
        );
    }
    let faces = crate::commands::deploy::database(context, &text);
    let with = |skipped| {
        let options = spec::Options {
            runtime: Some(runtime),
            network: Some(anywhere()),
            skipped,
            taken: BTreeSet::new(),
            faces: &faces,
            limit: spec::FILE_LIMIT,
        };
        spec::fleet(&path.display().to_string(), &text, &options).map_err(BadInput::Config)
    };
    let (fleet, other) = (with(0)?, with(APART)?);
    let same = |(name, decky): (&DeckyName, &decnet_model::fleet::Decky)| {
        let there = other.deckies.get(name)?;
        (there.ip == decky.ip).then(|| name.clone())
    };
    let fixed = fleet.deckies.iter().filter_map(same).collect();
    Ok((fleet, fixed))
}

/// No two deckies have one name, on this host and on those of the swarm.
async fn apart_from_local(store: &Store, fleet: &Fleet) -> Result<()> {
    let local = decnet_fleet::intent::read(store).await?;
    let twice =
        local.iter().flat_map(|local| local.deckies.keys()).find(|name| fleet.deckies.contains_key(*name));
    if let Some(name) = twice {
        bail!(
            "{name} is deployed on this host already: `decnet teardown --all --keep-workers` ends that, or name it \
             otherwise"
        );
    }
    Ok(())
}

/// Checks that no decky of `fleet`, which is for this host, has the name of one of the swarm.
///
/// # Errors
/// Names the first that has.
pub async fn apart(context: &Context, fleet: &Fleet) -> Result<()> {
    if !context.is_installed() {
        return Ok(());
    }
    let store = context.store().await?;
    let swarm = fleet::read(&store).await?;
    let twice =
        swarm.iter().flat_map(|swarm| swarm.placement.keys()).find(|name| fleet.deckies.contains_key(*name));
    if let Some(name) = twice {
        bail!(
            "{name} is deployed on a host of the swarm: name it otherwise, or `decnet swarm teardown --id {name}`"
        );
    }
    Ok(())
}

/// Hosts that have deckies, or had some until now.
fn concerned(wanted: &SwarmFleet, hosts: &[Host]) -> Vec<String> {
    let has = |host: &&Host| {
        !host.row.wanted.is_empty() || wanted.placement.values().any(|seat| seat.host == host.row.id)
    };
    let there = hosts.iter().filter(|host| host.state != HostState::Decommissioned);
    there.filter(has).map(|host| host.row.id.clone()).collect()
}

async fn wait(context: &Context, store: &Store, ids: &[String]) -> Result<Vec<Outcome>> {
    let tell = |running, wanted| output::progress(&format!("{running} of {wanted} deckies run"));
    let outcomes = fleet::wait(store, ids, stamp::now, stale(context), PATIENCE, tell).await;
    output::progress_done();
    Ok(outcomes?)
}

/// Prints what became of what was wanted, host by host.
pub(super) fn tell(outcomes: &[Outcome]) {
    output::table(&["HOST", "DECKIES", "RUNNING", "RESULT", "DETAIL"], outcomes, |outcome| {
        vec![
            outcome.host.clone(),
            outcome.wanted.to_string(),
            outcome.running.to_string(),
            if outcome.ok { "ok" } else { "failed" }.to_owned(),
            output::captured(outcome.detail.as_bytes(), 200),
        ]
    });
}

fn show_plan(wanted: &SwarmFleet, hosts: &[Host], moves: &Moves, notices: &[String], json: bool) {
    let name = |id: &str| {
        hosts
            .iter()
            .find(|host| host.row.id == id)
            .map_or_else(|| id.to_owned(), |host| host.row.name.clone())
    };
    let rows: Vec<_> = wanted
        .placement
        .iter()
        .filter_map(|(decky, seat)| Some((wanted.fleet.deckies.get(decky)?, seat)))
        .collect();
    if json {
        let each = rows.iter().map(|(decky, seat)| {
            json!({
                "decky": decky.name, "host": name(&seat.host), "host_id": seat.host, "address": seat.ip,
                "system": decky.system, "services": decky.slugs(), "absent": decky.absent,
            })
        });
        let each: Vec<_> = each.collect();
        output::json(&json!({ "mode": "swarm", "deckies": each, "changes": moves, "notices": notices }));
        return;
    }
    output::table(&["DECKY", "HOST", "ADDRESS", "SYSTEM", "SERVICES"], &rows, |(decky, seat)| {
        vec![
            decky.name.to_string(),
            name(&seat.host),
            seat.ip.to_string(),
            decky.system.clone(),
            decky.slugs().join(" "),
        ]
    });
    moves.lines().iter().for_each(|line| output::note(line));
    notices.iter().for_each(|line| output::note(&format!("note: {line}")));
}

/// Places the fleet of the swarm again, because a host changed, and waits.
pub(super) async fn again(context: &Context, store: &Store) -> Result<Vec<Outcome>> {
    let Some(before) = fleet::read(store).await? else { return Ok(Vec::new()) };
    let hosts = all(context, store).await?;
    let wanted = fleet::plan(before.fleet.clone(), before.wishes.clone(), &hosts, Some(&before))?;
    carry_out(context, store, &wanted, &hosts).await
}

async fn carry_out(
    context: &Context,
    store: &Store,
    wanted: &SwarmFleet,
    hosts: &[Host],
) -> Result<Vec<Outcome>> {
    let ids = fleet::put(store, wanted, hosts).await?;
    if decnet_fleet::supervisor::running(&context.paths()).is_none() {
        output::note("no workers run here: hosts hear of it when `decnet run --daemon` does");
        return Ok(Vec::new());
    }
    wait(context, store, &ids).await
}

/// `swarm teardown`.
pub(super) async fn teardown(context: &Context, target: &Target, json: bool) -> Result<()> {
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    let mut wanted = fleet::read(&store).await?.context("no fleet of the swarm is deployed")?;
    let host = match &target.host {
        Some(name) => {
            Some(super::meant(&hosts, &super::Which { name: Some(name.clone()), uuid: Some(name.clone()) })?)
        }
        None => None,
    };
    let goes = |name: &DeckyName, seat: &decnet_swarm::place::Seat| {
        target.all
            || target.id.as_deref() == Some(name.as_str())
            || host.is_some_and(|host| host.row.id == seat.host)
    };
    let gone: Vec<DeckyName> = wanted
        .placement
        .iter()
        .filter(|(name, seat)| goes(name, seat))
        .map(|(name, _)| name.clone())
        .collect();
    if let (true, Some(id)) = (gone.is_empty(), &target.id) {
        bail!("no decky of the swarm is called {id:?}; `decnet swarm deckies` lists them");
    }
    for name in &gone {
        wanted.placement.remove(name);
        wanted.fleet.deckies.remove(name);
        wanted.wishes.fixed.remove(name);
    }
    let outcomes = carry_out(context, &store, &wanted, &hosts).await?;
    audit(context, &store, "swarm.teardown", &format!("{} deckies", gone.len())).await?;
    if json {
        output::json(&json!({ "deckies": gone.len(), "results": outcomes }));
    } else {
        tell(&outcomes);
        output::note(&format!("{} deckies are to go; what was recorded is kept", gone.len()));
    }
    if outcomes.iter().all(|outcome| outcome.ok) { Ok(()) } else { Err(Unwell.into()) }
}
