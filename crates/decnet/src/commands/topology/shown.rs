//! What a topology is, for people and programs.

use super::load;
use crate::{
    commands::Context,
    output::{self, Cell},
};
use anyhow::{Context as _, Result, bail};
use decnet_fleet::intent;
use decnet_model::record::{TopologyChangeState, TopologyMutation, TopologyRow};
use decnet_shape as shape;
use decnet_topology::check;

/// Lists topologies.
pub(super) async fn list(context: &Context, json: bool) -> Result<()> {
    let store = context.store().await?;
    let rows = store.topology_list().await.context("list topologies")?;
    let shown: Vec<shape::Topology> = rows.iter().map(shape::Topology::from).collect();
    if json {
        output::json(&shown);
        return Ok(());
    }
    let cells = |(row, one): (&TopologyRow, &shape::Topology)| -> Vec<Cell> {
        vec![
            (&one.name).into(),
            one.state.to_owned().into(),
            output::moment(row.state_at).into(),
            one.version.to_string().into(),
            one.lans.to_string().into(),
            one.deckies.to_string().into(),
        ]
    };
    let heads = ["TOPOLOGY", "STATE", "SINCE", "VERSION", "LANS", "DECKIES"];
    output::list(&heads, rows.iter().zip(&shown).map(cells).collect(), false);
    Ok(())
}

/// Shows one.
pub(super) async fn show(context: &Context, name: &str, json: bool) -> Result<()> {
    let store = context.store().await?;
    let (row, topology) = load(&store, name).await?;
    let events = store.topology_events(name).await.context("read what became of it")?;
    let fleet = intent::read(&store).await?;
    let detail = shape::TopologyDetail::new(&row, &events, fleet.as_ref());
    if json {
        output::json(&detail);
        return Ok(());
    }
    let head = &detail.topology;
    output::line(&format!("{}: {}, version {}", head.name, head.state, head.version));
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for lan in &topology.lans {
        let depth = detail.depths.get(&lan.name).map_or("-".to_owned(), ToString::to_string);
        for edge in topology.edges.iter().filter(|edge| edge.lan == lan.name) {
            let Some(decky) = topology.decky(&edge.decky) else { continue };
            let role = match (edge.bridge, edge.forwards, decky.front) {
                (_, true, _) => "router",
                (true, ..) => "bridge",
                (false, _, true) => "front",
                _ => "",
            };
            let outside = detail.fronts.get(&decky.name).filter(|_| !edge.bridge);
            let ip = outside.into_iter().chain(decky.ips.get(&lan.name)).cloned().collect::<Vec<_>>();
            let services = decky.services.iter().map(|spec| spec.slug.as_str()).collect::<Vec<_>>();
            rows.push(vec![
                (&lan.name).into(),
                depth.clone().into(),
                (&decky.name).into(),
                role.to_owned().into(),
                ip.join(" ").into(),
                decky.system.clone().into(),
                services.join(" ").into(),
            ]);
        }
    }
    output::list(&["LAN", "DEPTH", "DECKY", "ROLE", "ADDRESS", "SYSTEM", "SERVICES"], rows, false);
    for finding in &detail.findings {
        output::line(&format!("{} {}: {}", finding.code, finding.subject, finding.detail));
    }
    Ok(())
}

/// Says what is wrong; fails where it cannot be deployed.
pub(super) async fn validate(context: &Context, name: &str, json: bool) -> Result<()> {
    let store = context.store().await?;
    let (_, topology) = load(&store, name).await?;
    let found = check::check(&topology);
    let shown: Vec<shape::TopologyFinding> = found.iter().map(shape::TopologyFinding::from).collect();
    if json {
        output::json(&shown);
    } else {
        for one in &shown {
            output::line(&format!("{} {}: {}", one.code, one.subject, one.detail));
        }
    }
    if !check::is_sound(&found) {
        bail!("{name} cannot be deployed as it is");
    }
    if !json {
        output::note(&format!("{name} is sound"));
    }
    Ok(())
}

/// Lists changes that were asked for.
pub(super) async fn mutations(
    context: &Context,
    name: &str,
    state: Option<TopologyChangeState>,
    json: bool,
) -> Result<()> {
    let store = context.store().await?;
    load(&store, name).await?;
    let rows = store.topology_mutations(name, state).await.context("list changes")?;
    let shown: Vec<shape::TopologyMutation> = rows.iter().map(shape::TopologyMutation::from).collect();
    if json {
        output::json(&shown);
        return Ok(());
    }
    let cells = |(row, one): (&TopologyMutation, &shape::TopologyMutation)| -> Vec<Cell> {
        vec![
            output::moment(row.asked_at).into(),
            (&row.asked_by).into(),
            row.state.name().to_owned().into(),
            (&row.op).into(),
            // Without the secrets of settings.
            output::captured(one.payload.to_string().as_bytes(), 60).into(),
            output::captured(row.reason.as_bytes(), 80).into(),
        ]
    };
    let heads = ["WHEN", "WHO", "STATE", "OPERATION", "WITH", "WHY"];
    output::list(&heads, rows.iter().zip(&shown).map(cells).collect(), false);
    Ok(())
}
