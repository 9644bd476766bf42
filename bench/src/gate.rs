//! What the gate costs: connections and bulk bytes through it, beside plain kernel sockets over an equal pair
//! of virtual Ethernet on the same bridge.

use crate::{
    child::Helper,
    node,
    place::{self, Place},
    processes,
    table::Row,
    traffic::{self, Seen},
};
use anyhow::{Context as _, Result};
use decnet_engine::{
    lab::{Lab, LabConfig, Place as Host},
    native::{self, NetdConfig, spawn_netd},
};
use netsvc_persona::tables::systems::SYSTEMS;
use std::{net::Ipv4Addr, time::Duration};

/// Address of the first node behind the gate.
const NODE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 10);
/// Systems whose faces are measured: that of the kernel below, and two that differ from it.
const FACES: [(&str, Ipv4Addr); 3] = [
    ("debian12", NODE),
    ("windows10", Ipv4Addr::new(10, 66, 0, 11)),
    ("busybox_arm", Ipv4Addr::new(10, 66, 0, 12)),
];
/// A figure: its name, its unit, how it is read.
type Figure = (&'static str, &'static str, fn(&Seen) -> f64);
const FIGURES: &[Figure] = &[
    ("connect, median", "µs", |seen| seen.median_us),
    ("connect, 99 %", "µs", |seen| seen.late_us),
    ("10,000 short connections", "1/s", |seen| seen.short),
    ("bulk to the node", "Gbit/s", |seen| seen.up),
    ("bulk from the node", "Gbit/s", |seen| seen.down),
    ("a file of 1 GiB", "s", |seen| seen.file),
];
/// Nodes that stand behind one gate when its memory is measured, and what each has open.
const MANY: usize = 1000;
const PORTS: [(&str, u16); 1] = [("close", 80)];
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
    let prefix = lab.state().prefix;
    for (system, address) in FACES {
        let node = node::node(system, address, prefix, &traffic::PORTS)?;
        client.add(vec![node]).await.context("add a node")?;
    }
    let _plain = Helper::start(lab.command(Host::Router, place.own())?.arg("plain"))?;
    let seen = |address: Ipv4Addr| -> Result<Seen> {
        let mut command = lab.command(Host::Attacker(0), place.own())?;
        let text = place::output(command.arg("traffic").arg(address.to_string()))?;
        serde_json::from_str(&text).context("read what a client saw")
    };
    let (mut plain, mut gates) = (Vec::new(), FACES.map(|_| Vec::new()));
    for _ in 0..ROUNDS {
        plain.push(seen(lab.state().router.address)?);
        for (rounds, (_, address)) in gates.iter_mut().zip(FACES) {
            rounds.push(seen(address)?);
        }
    }
    let mut rows = Vec::new();
    for (gate, (system, _)) in gates.iter().zip(FACES) {
        for (name, unit, figure) in FIGURES {
            let (ours, kernel) = (middle(gate, *figure), middle(&plain, *figure));
            let name = format!("gate, {system}: {name}");
            let row = if unit.ends_with('s') && !unit.ends_with("/s") {
                Row::cost(name, unit, ours)
            } else {
                Row::rate(name, unit, ours)
            };
            let share = 100.0 * (ours / kernel - 1.0);
            rows.push(row.note(format!("plain kernel sockets {kernel:.1}: {share:+.0} %")));
        }
    }
    rows.push(many(client, prefix).await?);
    Ok(rows)
}

/// Memory of the gate with a thousand nodes of all systems behind it.
async fn many(client: &native::NetdClient, prefix: u8) -> Result<Row> {
    let addresses = (1..).map(|number| Ipv4Addr::from_bits(NODE.to_bits() + 16 + number));
    let systems = SYSTEMS.iter().cycle();
    let nodes: Result<Vec<_>> = addresses
        .zip(systems)
        .take(MANY)
        .map(|(address, system)| node::node(system.id, address, prefix, &PORTS))
        .collect();
    client.add(nodes?).await.context("add a thousand nodes")?;
    let status = client.status().await.context("ask netd")?;
    let gate = status.processes.iter().find(|process| process.verb == "gate").and_then(|process| process.pid);
    let pss = gate.and_then(processes::pss).context("read the gate's memory")?;
    let row = Row::cost(format!("gate: PSS with {MANY} nodes of mixed systems"), "MiB", mib(pss));
    Ok(row.note("after all of the traffic above"))
}

fn mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0
}

/// The median of a figure over all rounds.
fn middle(rounds: &[Seen], figure: fn(&Seen) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
