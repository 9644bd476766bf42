//! Topologies that run: their deckies come into the fleet beside the others, and go.

use super::load;
use crate::{
    commands::{Context, deploy, run, site::Where, swarm, user::audit},
    output, workers,
};
use anyhow::{Context as _, Result, bail};
use decnet_fleet::{
    Error, intent, placed,
    site::{Ground, Site},
    supervisor, wait,
};
use decnet_model::{
    fleet::{Decky, Fleet, Network},
    record::{DeckyActual, TopologyState},
    runtime::Runtime,
};
use decnet_store::Store;
use decnet_topology::{Subnet, Topology, place};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// Longest wait for deckies to go.
const PATIENCE: Duration = Duration::from_secs(30);

/// Deploys a topology.
pub(super) async fn deploy(
    context: &Context,
    name: &str,
    place: &Where,
    dry_run: bool,
    json: bool,
) -> Result<()> {
    let store = context.store().await?;
    let (row, topology) = load(&store, name).await?;
    let old = intent::read(&store).await?;
    let fleet = joined(context, old.as_ref(), &topology, place, !dry_run)?;
    let own: Vec<&Decky> = fleet.deckies.values().filter(|decky| placed::is_of(decky, name)).collect();
    if dry_run {
        return tell(name, &own, None, json);
    }
    if !row.state.next().contains(&TopologyState::Deploying) {
        bail!("{name} is {}: export, delete and import it to deploy it again", row.state.name());
    }
    swarm::apart(context, &fleet).await?;
    decnet_fleet::stage_binary(&context.fleet())?;
    let begun = Instant::now();
    turn(context, &store, name, TopologyState::Deploying, "").await?;
    audit(context, &store, "topology.deploy", name).await?;
    if let Err(error) = come_true(context, &store, name, &fleet).await {
        let (state, reason) = (failed(&store, &own).await?, format!("{error:#}"));
        turn(context, &store, name, state, &reason).await?;
        if state == TopologyState::Failed {
            let gone = |current: Option<&Fleet>| Ok(placed::without(current.unwrap_or(&fleet), name));
            intent::change(&context.fleet(), &store, context.now(), gone).await?;
            workers::wake_fleet(context).await;
        }
        return Err(error);
    }
    turn(context, &store, name, TopologyState::Active, "").await?;
    tell(name, &own, Some(begun.elapsed()), json)
}

/// The fleet with the topology's deckies. Where none stands yet, `place` says where.
fn joined(
    context: &Context,
    old: Option<&Fleet>,
    topology: &Topology,
    place: &Where,
    act: bool,
) -> Result<Fleet> {
    let present = old.filter(|old| !old.deckies.is_empty());
    let ground = match present {
        Some(old) => Ground {
            lab: old.lab,
            interface: old.network.interface.clone().filter(|_| !old.lab),
            runtime: Some(old.runtime),
            subnet: old.lab.then(|| old.network.clone()),
        },
        None => place.ground(None, None),
    };
    let site = ground.site(&context.fleet(), act)?;
    if site.runtime != Runtime::Native {
        bail!("a topology needs a segment of its own: --lab or --interface IF (runtime native)");
    }
    let mut fleet = match present {
        Some(old) => placed::without(old, &topology.name),
        None => Fleet { lab: site.lab, ..Fleet::of(site.runtime, site.network.clone()) },
    };
    if let Some(why) = meets(topology, &fleet, &site.network) {
        bail!("{why}: generate or import the topology with another network");
    }
    let before = |name: &str| Some(old?.deckies.get(&place::name(&topology.name, name).parse().ok()?)?.ip);
    let fronts = fronts(topology, &fleet, &site, before)?;
    for decky in place::deckies(topology, &fronts, (fleet.network.prefix, fleet.network.gateway))? {
        if let Some(other) = placed::clash(&fleet, &decky) {
            bail!(
                "{} has the name or an address of {}: import the topology anew, with another --name or network",
                other.name,
                decky.name
            );
        }
        fleet.deckies.insert(decky.name.clone(), decky);
    }
    Ok(fleet)
}

/// Which LAN of a topology has addresses in common with the segment, as it was when the fleet was deployed or as it is
/// now, or with a network of another topology: whoever is in it would reach machines there that no way leads to.
fn meets(topology: &Topology, fleet: &Fleet, segment: &Network) -> Option<String> {
    let mut others: Vec<(Subnet, &str)> = Vec::new();
    for network in [&fleet.network, segment] {
        others.push((Subnet { address: network.address, prefix: network.prefix }, "the segment"));
    }
    for placed in fleet.deckies.values().filter_map(|decky| decky.placed.as_ref()) {
        let networks = placed.place.reach.iter();
        let networks = networks.map(|reach| Subnet { address: reach.network, prefix: reach.prefix });
        others.extend(networks.map(|network| (network, placed.topology.as_str())));
    }
    topology.lans.iter().find_map(|lan| {
        let subnet: Subnet = lan.subnet.parse().ok()?;
        let (_, other) = others.iter().find(|(other, _)| subnet.overlaps(*other))?;
        Some(format!("{subnet} of {} has addresses in common with {other}", lan.name))
    })
}

/// Addresses on the segment for what stands in front: those that it has, and the next free ones.
fn fronts(
    topology: &Topology,
    fleet: &Fleet,
    site: &Site,
    before: impl Fn(&str) -> Option<Ipv4Addr>,
) -> Result<BTreeMap<String, Ipv4Addr>> {
    let mut taken: BTreeSet<Ipv4Addr> = fleet.deckies.values().map(|decky| decky.ip).collect();
    taken.extend(&site.taken);
    taken.extend(fleet.network.gateway);
    let names = place::fronts(topology);
    let mut found: BTreeMap<String, Ipv4Addr> = BTreeMap::new();
    for name in &names {
        let stays = before(name).filter(|ip| fleet.network.contains(*ip) && !taken.contains(ip));
        if let Some(ip) = stays {
            taken.insert(ip);
            found.insert((*name).to_owned(), ip);
        }
    }
    let free = fleet.network.hosts().skip(site.skipped).filter(|ip| !taken.contains(ip)).take(names.len());
    let mut free: Vec<Ipv4Addr> = free.collect();
    free.reverse();
    for name in &names {
        if found.contains_key(*name) {
            continue;
        }
        let ip = free.pop().ok_or(place::PlaceError::Full(names.len(), found.len()))?;
        found.insert((*name).to_owned(), ip);
    }
    Ok(found)
}

/// Has the fleet have the topology's deckies as `fleet` has them, beside what it has become meanwhile, and waits until
/// all of it runs.
async fn come_true(context: &Context, store: &Store, name: &str, fleet: &Fleet) -> Result<()> {
    let with = |current: Option<&Fleet>| match current.filter(|current| !current.deckies.is_empty()) {
        Some(current) => placed::beside(current, fleet, name),
        None => Ok(fleet.clone()),
    };
    let wanted = intent::change(&context.fleet(), store, context.now(), with).await?.deckies.len();
    run::ensure_running(context).await?;
    workers::wake_fleet(context).await;
    deploy::wait_for(context, wanted).await
}

/// What a topology is that did not come up whole.
async fn failed(store: &Store, own: &[&Decky]) -> Result<TopologyState> {
    let rows = store.decky_list().await.context("read the deckies")?;
    let runs = |decky: &&Decky| {
        let row = rows.iter().find(|row| row.name == decky.name.as_str());
        row.is_some_and(|row| row.actual == DeckyActual::Running)
    };
    Ok(if own.iter().any(runs) { TopologyState::Degraded } else { TopologyState::Failed })
}

async fn turn(
    context: &Context,
    store: &Store,
    name: &str,
    state: TopologyState,
    reason: &str,
) -> Result<()> {
    let done = store.topology_become(name, state, reason, context.now()).await;
    match done.context("note how the topology is")? {
        true => Ok(()),
        false => bail!("{name} cannot become {}: somebody else works on it", state.name()),
    }
}

fn tell(name: &str, own: &[&Decky], took: Option<Duration>, json: bool) -> Result<()> {
    let is_front = |decky: &&&Decky| decky.placed.as_ref().is_some_and(|placed| !placed.place.inner);
    let fronts: BTreeMap<&str, String> =
        own.iter().filter(is_front).map(|decky| (decky.name.as_str(), decky.ip.to_string())).collect();
    if json {
        let millis = took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        output::json(&json!({ "topology": name, "deckies": own.len(), "fronts": fronts, "ms": millis }));
        return Ok(());
    }
    for (decky, ip) in &fronts {
        output::line(&format!("{decky} stands on the segment at {ip}"));
    }
    let inner = own.len() - fronts.len();
    match took {
        Some(took) => {
            output::note(&format!(
                "{} deckies run after {:.1} s, {inner} inside",
                own.len(),
                took.as_secs_f64()
            ));
        }
        None => output::note(&format!("{} deckies would run, {inner} inside", own.len())),
    }
    Ok(())
}

/// Has what runs of a topology follow its document.
pub(super) async fn follow(context: &Context, store: &Store, topology: &Topology) -> Result<()> {
    let name = &topology.name;
    let old = intent::read(store).await?.ok_or(Error::NoFleet)?;
    let fleet = joined(context, Some(&old), topology, &Where::default(), true)?;
    if let Err(error) = come_true(context, store, name, &fleet).await {
        // It may be degraded already, which no state follows that says so again.
        store.topology_become(name, TopologyState::Degraded, &format!("{error:#}"), context.now()).await?;
        return Err(error);
    }
    store.topology_become(name, TopologyState::Active, "", context.now()).await?;
    Ok(())
}

/// Takes a topology down.
pub(super) async fn teardown(context: &Context, name: &str, json: bool) -> Result<()> {
    let store = context.store().await?;
    let (row, _) = load(&store, name).await?;
    let gone = take_down(context, &store, name, row.state).await?;
    audit(context, &store, "topology.teardown", name).await?;
    if json {
        output::json(&json!({ "topology": name, "deckies": gone }));
    } else {
        output::note(&format!("{gone} deckies of {name} are down; what was recorded is kept"));
    }
    Ok(())
}

/// As [`teardown`] of one that is in `state`, without a word. Returns how many deckies went.
pub(super) async fn take_down(
    context: &Context,
    store: &Store,
    name: &str,
    state: TopologyState,
) -> Result<usize> {
    match state {
        TopologyState::Pending => {
            turn(context, store, name, TopologyState::TornDown, "").await?;
            return Ok(0);
        }
        // Whoever was at it has ended.
        TopologyState::TearingDown => {}
        _ => turn(context, store, name, TopologyState::TearingDown, "").await?,
    }
    let gone = withdraw(context, store, name).await;
    match gone {
        Ok(gone) => {
            turn(context, store, name, TopologyState::TornDown, "").await?;
            Ok(gone)
        }
        Err(error) => {
            turn(context, store, name, TopologyState::Degraded, &format!("{error:#}")).await?;
            Err(error)
        }
    }
}

async fn withdraw(context: &Context, store: &Store, name: &str) -> Result<usize> {
    let Some(old) = intent::read(store).await? else { return Ok(0) };
    let own = old.deckies.values().filter(|decky| placed::is_of(decky, name));
    let names: BTreeSet<String> = own.map(|decky| decky.name.to_string()).collect();
    let gone = |current: Option<&Fleet>| Ok(placed::without(current.unwrap_or(&old), name));
    intent::change(&context.fleet(), store, context.now(), gone).await?;
    workers::wake_fleet(context).await;
    if supervisor::running(&context.paths()).is_some() {
        let tell = |left| output::progress(&format!("{left} deckies still run"));
        let done = wait::gone(store, |one| names.contains(one), PATIENCE, tell).await;
        output::progress_done();
        done?;
    }
    Ok(names.len())
}

/// Every decky of the host went: no topology is deployed any more.
///
/// # Errors
/// When the store fails.
pub async fn all_gone(context: &Context, store: &Store) -> Result<()> {
    for row in store.topology_list().await.context("list topologies")? {
        if row.state.is_live() {
            for state in [TopologyState::TearingDown, TopologyState::TornDown] {
                // One that is being taken down already is.
                store.topology_become(&row.name, state, "", context.now()).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::placed::Placed;
    use decnet_topology::Lan;
    use netsvc_persona::{Place, Reach};

    #[test]
    fn networks_that_others_have_are_found() {
        let mut fleet = Fleet::of(Runtime::Native, "10.66.0.0/21".parse().unwrap());
        let (network, from) = (Ipv4Addr::new(172, 16, 1, 0), Ipv4Addr::new(172, 16, 1, 9));
        let reach = vec![Reach { network, prefix: 24, from, ports: Vec::new(), hops: 0 }];
        let placed = Placed {
            topology: "corp".to_owned(),
            lan: "LAN-01".to_owned(),
            prefix: 24,
            gateway: None,
            place: Place { inner: true, reach, ..Place::default() },
            leads: Vec::new(),
        };
        let decky = Decky {
            placed: Some(placed),
            ..Decky::of("corp.a".parse().unwrap(), [172, 16, 1, 9].into(), "debian12")
        };
        fleet.deckies.insert(decky.name.clone(), decky);
        for (subnet, met) in [
            ("172.16.2.0/24", None),
            ("172.16.1.128/25", Some("corp")),
            ("172.16.0.0/16", Some("corp")),
            ("10.66.4.0/24", Some("the segment")),
            ("10.66.8.0/24", None),
        ] {
            let lan = Lan { name: "x".to_owned(), subnet: subnet.to_owned(), dmz: false, x: None, y: None };
            let topology = Topology { lans: vec![lan], ..Topology::default() };
            let found = meets(&topology, &fleet, &fleet.network);
            assert_eq!(found.is_some(), met.is_some(), "{subnet}: {found:?}");
            assert!(found.is_none_or(|found| met.is_some_and(|met| found.ends_with(met))), "{subnet}");
        }
    }
}
