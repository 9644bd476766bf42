//! How long attackers' tools take: nmap and hydra against the same services behind a gate without faces and behind
//! the gate.

use crate::{
    node,
    place::{self, Place},
    segment::{Gate, Segment, beside},
    table::Row,
};
use anyhow::{Context as _, Result};
use decnet_engine::lab::Place as Host;
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Instant,
};

/// Where the services are.
const NODE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 20);
const FACELESS: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 21);
/// Their system: that of the kernel below.
const SYSTEM: &str = "debian12";
const SERVICES: [(&str, u16); 6] =
    [("ftp", 21), ("ssh", 22), ("telnet", 23), ("smtp", 25), ("http", 80), ("redis", 6379)];
/// What nmap is asked for.
const SCAN: [&str; 8] = ["-n", "-Pn", "-sS", "-sU", "-sV", "-sC", "-p", "T:1-1024,6379,U:53,123,161"];
/// Passwords that hydra tries, by this many tasks.
const PASSWORDS: usize = 400;
const TASKS: &str = "8";
/// How often each is done, in turn; medians count.
const ROUNDS: usize = 3;

/// Measures both ways.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    beside(place, "scans", (place.netsvcd(), place.bare_services()), both).await
}

async fn both(segment: &Segment, faces: &Gate, bare: &Gate) -> Result<Vec<Row>> {
    let prefix = segment.lab.state().prefix;
    faces.client.add(vec![node::node(SYSTEM, NODE, prefix, &SERVICES)?]).await.context("add a node")?;
    bare.client.add(vec![node::node(SYSTEM, FACELESS, prefix, &SERVICES)?]).await.context("add a node")?;
    let words = words(&segment.folder)?;
    let tools: [(&str, &dyn Fn(Ipv4Addr) -> Result<f64>); 2] = [
        ("nmap -sS -sU -sV -sC", &|address| nmap(segment, address)),
        ("hydra, 400 passwords of ftp", &|address| hydra(segment, &words, address)),
    ];
    let mut rows = Vec::new();
    for (name, tool) in tools {
        let mut times = [FACELESS, NODE].map(|address| (address, Vec::new()));
        for _ in 0..ROUNDS {
            for (address, times) in &mut times {
                times.push(tool(*address).with_context(|| name.to_owned())?);
            }
        }
        let [without, with] = times.map(|(_, times)| middle(times));
        let note = format!("without faces {without:.2}: {:+.0} %", 100.0 * (with / without - 1.0));
        rows.push(Row::cost(format!("gate, {SYSTEM}: {name}"), "s", with).note(note));
    }
    Ok(rows)
}

fn nmap(segment: &Segment, address: Ipv4Addr) -> Result<f64> {
    let mut command = segment.lab.command(Host::Attacker(0), "nmap")?;
    let began = Instant::now();
    let said = place::output(command.args(SCAN).arg(address.to_string()))?;
    let lasted = began.elapsed().as_secs_f64();
    for (slug, port) in SERVICES {
        let open = said.lines().any(|line| line.starts_with(&format!("{port}/tcp")) && line.contains("open"));
        anyhow::ensure!(open, "nmap does not see {slug} at {address}: {said}");
    }
    Ok(lasted)
}

fn hydra(segment: &Segment, words: &Path, address: Ipv4Addr) -> Result<f64> {
    let mut command = segment.lab.command(Host::Attacker(0), "hydra")?;
    command.args(["-I", "-l", "operator", "-t", TASKS, "-P"]).arg(words).arg(format!("ftp://{address}"));
    let began = Instant::now();
    let said = place::output(&mut command)?;
    anyhow::ensure!(said.contains("0 valid password"), "hydra did not get through: {said}");
    Ok(began.elapsed().as_secs_f64())
}

fn words(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("words");
    let words: Vec<String> = (0..PASSWORDS).map(|number| format!("word{number}")).collect();
    fs::write(&file, words.join("\n")).context("write a list of passwords")?;
    Ok(file)
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
