//! p0f's view of deckies: what it makes of ordinary connections from the lab's attackers' host.

use super::scan;
use crate::commands::Context;
use anyhow::{Context as _, Result};
use decnet_engine::lab::{Lab, Place};
use decnet_model::fleet::Fleet;
use netsvc_persona::Persona;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    process::{Command, Stdio},
    time::Duration,
};

/// Time that p0f gets to start, and to write down what it saw.
const START: Duration = Duration::from_millis(700);
const END: Duration = Duration::from_millis(700);

/// Why p0f cannot look at `fleet`; `None`: it can.
pub(super) fn hindrance(fleet: &Fleet) -> Option<String> {
    scan::outside(fleet).or_else(|| {
        (!scan::installed("p0f")).then(|| "p0f is not installed (`apt-get install p0f`)".to_owned())
    })
}

/// Lets p0f watch one connection to each open port of `judged`; the system that it names for each address,
/// if it knows one.
pub(super) async fn run(
    context: &Context,
    fleet: &Fleet,
    judged: &[&Persona],
) -> Result<BTreeMap<IpAddr, String>> {
    let lab = Lab::find(&context.paths().run()).context("the lab is down; `decnet lab up` starts it")?;
    let log = context.paths().run().join("audit-p0f.log");
    let _ = std::fs::remove_file(&log);
    let mut watch = lab.command(Place::Attacker(0), "p0f")?;
    watch.args(["-i", "eth0", "-o"]).arg(&log);
    let mut connect = lab.command(Place::Attacker(0), "bash")?;
    connect.args(["-c", &script(fleet, judged)]);
    tokio::task::spawn_blocking(move || watched(watch, connect)).await.context("run p0f")??;
    let text = std::fs::read(&log).context("read what p0f wrote")?;
    let _ = std::fs::remove_file(&log);
    Ok(read(&String::from_utf8_lossy(&text)))
}

/// A line of shell that connects to every port, with an ordinary socket.
fn script(fleet: &Fleet, judged: &[&Persona]) -> String {
    let mut words = String::new();
    for persona in judged {
        let decky = fleet.deckies.values().find(|decky| decky.name.as_str() == persona.node);
        for port in decky.map(|decky| decky.ports()).unwrap_or_default() {
            if port.transport == netsvc_persona::stage::Transport::Tcp {
                words.push_str(&format!(" {}/{}", persona.ip, port.port));
            }
        }
    }
    format!("for to in{words}; do timeout 2 bash -c \"exec 3<>/dev/tcp/$to\"; done")
}

fn watched(mut watch: Command, mut connect: Command) -> Result<()> {
    watch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    connect.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut watcher = watch.spawn().context("start p0f")?;
    std::thread::sleep(START);
    let connected = connect.status();
    std::thread::sleep(END);
    let _ = watcher.kill();
    let _ = watcher.wait();
    connected.context("connect to the deckies")?;
    Ok(())
}

/// Reads p0f's log: fields between bars, `mod=syn+ack` for what a server says.
fn read(log: &str) -> BTreeMap<IpAddr, String> {
    let mut seen = BTreeMap::new();
    for line in log.lines() {
        let line = line.split_once("] ").map_or(line, |(_, fields)| fields);
        let fields: BTreeMap<&str, &str> =
            line.split('|').filter_map(|field| field.split_once('=')).collect();
        let address = fields.get("srv").and_then(|place| place.split('/').next()?.parse().ok());
        let system = fields.get("os").filter(|system| **system != "???");
        if let (Some(&"syn+ack"), Some(address), Some(system)) = (fields.get("mod"), address, system) {
            seen.insert(address, (*system).to_owned());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_server_says_counts() {
        let log = "[2026/01/01 00:00:00] mod=syn|cli=10.66.7.254/1|srv=10.66.0.11/80|subj=cli|os=Linux 5.x\n\
            [2026/01/01 00:00:00] mod=syn+ack|cli=10.66.7.254/1|srv=10.66.0.11/80|subj=srv|os=Windows 7 or 8|dist=0\n\
            [2026/01/01 00:00:01] mod=syn+ack|cli=10.66.7.254/1|srv=10.66.0.12/80|subj=srv|os=???|dist=0\nbroken";
        let seen = read(log);
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[&IpAddr::from([10, 66, 0, 11])], "Windows 7 or 8");
    }
}
