//! What the gate costs: connections and bulk bytes through it, beside a gate without faces, and beside plain
//! kernel sockets over an equal pair of virtual Ethernet on the same bridge.

use crate::{
    child::Helper,
    node,
    place::{self, Place},
    processes,
    segment::{Gate, Segment, beside},
    table::Row,
    traffic::{self, Seen},
};
use anyhow::{Context as _, Result};
use decnet_engine::{lab::Place as Host, native};
use netsvc_persona::tables::systems::SYSTEMS;
use std::net::Ipv4Addr;

/// Address of the first node behind the gate.
const NODE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 10);
/// Systems whose faces are measured: that of the kernel below, and two that differ from it.
const FACES: [(&str, Ipv4Addr); 3] = [
    ("debian12", NODE),
    ("windows10", Ipv4Addr::new(10, 66, 0, 11)),
    ("busybox_arm", Ipv4Addr::new(10, 66, 0, 12)),
];
/// The node whose gate has no faces.
const FACELESS: (&str, Ipv4Addr) = ("debian12", Ipv4Addr::new(10, 66, 0, 13));
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
const ROUNDS: usize = 5;

/// Measures all ways.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let programs = (place.own(), place.bare());
    beside(place, "gate", programs, async |segment, faces, bare| all(place, segment, faces, bare).await).await
}

async fn all(place: &Place, segment: &Segment, faces: &Gate, bare: &Gate) -> Result<Vec<Row>> {
    let (lab, prefix) = (&segment.lab, segment.lab.state().prefix);
    for (system, address) in FACES {
        let node = node::node(system, address, prefix, &traffic::PORTS)?;
        faces.client.add(vec![node]).await.context("add a node")?;
    }
    let faceless = node::node(FACELESS.0, FACELESS.1, prefix, &traffic::PORTS)?;
    bare.client.add(vec![faceless]).await.context("add a node")?;
    let _plain = Helper::start(lab.command(Host::Router, place.own())?.arg("plain"))?;
    let seen = |address: Ipv4Addr| -> Result<Seen> {
        let mut command = lab.command(Host::Attacker(0), place.own())?;
        let text = place::output(command.arg("traffic").arg(address.to_string()))?;
        serde_json::from_str(&text).context("read what a client saw")
    };
    let (mut plain, mut without, mut with) = (Vec::new(), Vec::new(), FACES.map(|_| Vec::new()));
    for _ in 0..ROUNDS {
        plain.push(seen(lab.state().router.address)?);
        without.push(seen(FACELESS.1)?);
        for (rounds, (_, address)) in with.iter_mut().zip(FACES) {
            rounds.push(seen(address)?);
        }
    }
    let mut rows = shown("gate without faces", &without, &[("plain kernel sockets", &plain)]);
    for (rounds, (system, _)) in with.iter().zip(FACES) {
        let beside = [("plain kernel sockets", &plain), ("without faces", &without)];
        rows.extend(shown(&format!("gate, {system}"), rounds, &beside));
    }
    rows.push(many(&faces.client, prefix).await?);
    Ok(rows)
}

/// The figures of one way, with those of others beside them.
fn shown(way: &str, rounds: &[Seen], beside: &[(&str, &Vec<Seen>)]) -> Vec<Row> {
    let row = |(name, unit, figure): &Figure| {
        let ours = middle(rounds, *figure);
        let name = format!("{way}: {name}");
        let row = if unit.ends_with('s') && !unit.ends_with("/s") {
            Row::cost(name, unit, ours)
        } else {
            Row::rate(name, unit, ours)
        };
        let others: Vec<String> = beside
            .iter()
            .map(|(way, rounds)| {
                let other = middle(rounds, *figure);
                format!("{way} {other:.1}: {:+.0} %", 100.0 * (ours / other - 1.0))
            })
            .collect();
        row.note(others.join("; "))
    };
    FIGURES.iter().map(row).collect()
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
