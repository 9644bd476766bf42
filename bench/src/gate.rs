//! What the gate costs: connections and bulk bytes through it, beside plain kernel sockets over an equal pair
//! of virtual Ethernet on the same bridge.

use crate::{
    child::Helper,
    node,
    place::{self, Place},
    table::Row,
    traffic::{self, Seen},
};
use anyhow::{Context as _, Result};
use decnet_engine::{
    lab::{Lab, LabConfig, Place as Host},
    native::{self, NetdConfig, spawn_netd},
};
use std::{net::Ipv4Addr, time::Duration};

/// Address of the node behind the gate.
const NODE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 10);
/// How often each way is measured, in turn, because other work comes and goes; medians count.
const ROUNDS: usize = 3;
/// Time that `netd` gets to end.
const LIMIT: Duration = Duration::from_secs(10);

/// Measures both ways.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let folder = place.folder("gate")?;
    let config = LabConfig::new(folder.join("run"));
    place::open_folder(&config.run)?;
    let lab = Lab::up(&place.decnet(), &config).context("start a lab")?;
    let stage = node::stage(place.own(), &folder)?;
    let netd = NetdConfig::new(config.run.clone(), lab.state().interface.clone(), stage);
    let measured = match spawn_netd(&place.decnet(), &netd, Some(&lab)).await {
        Ok((mut child, client)) => {
            let measured = both(place, &lab, &client).await;
            native::teardown(&client, &config.run, LIMIT).await.context("end netd")?;
            let _ = child.wait();
            measured
        }
        Err(error) => Err(error.into()),
    };
    lab.down().context("end the lab")?;
    measured
}

async fn both(place: &Place, lab: &Lab, client: &native::NetdClient) -> Result<Vec<Row>> {
    client.add(vec![node::node(NODE, lab.state().prefix, &traffic::PORTS)?]).await.context("add a node")?;
    let _plain = Helper::start(lab.command(Host::Router, place.own())?.arg("plain"))?;
    let seen = |address: Ipv4Addr| -> Result<Seen> {
        let mut command = lab.command(Host::Attacker(0), place.own())?;
        let text = place::output(command.arg("traffic").arg(address.to_string()))?;
        serde_json::from_str(&text).context("read what a client saw")
    };
    let (mut plain, mut gate) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(seen(lab.state().router.address)?);
        gate.push(seen(NODE)?);
    }
    let row = |name: &str, unit: &'static str, figure: fn(&Seen) -> f64| {
        let (ours, kernel) = (middle(&gate, figure), middle(&plain, figure));
        let row = if unit == "µs" { Row::cost(name, unit, ours) } else { Row::rate(name, unit, ours) };
        row.note(format!("plain kernel sockets {kernel:.1}, {:+.1}", ours - kernel))
    };
    Ok(vec![
        row("gate: connect, median", "µs", |seen| seen.median_us),
        row("gate: connect, 99 %", "µs", |seen| seen.late_us),
        row("gate: bulk to the node", "Gbit/s", |seen| seen.up),
        row("gate: bulk from the node", "Gbit/s", |seen| seen.down),
    ])
}

/// The median of a figure over all rounds.
fn middle(rounds: &[Seen], figure: fn(&Seen) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
