//! nmap's view of deckies, from the lab's attackers' host.

use crate::commands::Context;
use anyhow::{Context as _, Result, ensure};
use decnet_analysis::audit::Scanned;
use decnet_engine::lab::{Lab, Place};
use decnet_model::fleet::Fleet;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    process::Stdio,
};

/// A port that no decky has open: nmap wants a closed one.
const CLOSED: u16 = 1;
/// Deckies that nmap times at once; with more, its clock is off.
const TOGETHER: usize = 25;

/// Why nmap cannot look at `fleet`; `None`: it can.
pub(super) fn hindrance(fleet: &Fleet) -> Option<String> {
    if !fleet.lab {
        return Some("the fleet is not in the lab, and nobody else is scanned for us".to_owned());
    }
    let folders = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let installed = folders.into_iter().flatten().any(|folder| folder.join("nmap").is_file());
    (!installed).then(|| "nmap is not installed (`apt-get install nmap`)".to_owned())
}

/// Lets nmap look at `addresses`, some of whose `open` ports are open.
pub(super) async fn run(
    context: &Context,
    addresses: Vec<IpAddr>,
    open: BTreeSet<u16>,
) -> Result<BTreeMap<IpAddr, Scanned>> {
    let lab = Lab::find(&context.paths().run()).context("the lab is down; `decnet lab up` starts it")?;
    let ports: Vec<String> = open.iter().chain([&CLOSED]).map(ToString::to_string).collect();
    let mut seen = BTreeMap::new();
    for some in addresses.chunks(TOGETHER) {
        let mut command = lab.command(Place::Attacker(0), "nmap")?;
        command.args(["-n", "-Pn", "-sS", "-O", "--osscan-limit", "-oX", "-", "-p", &ports.join(",")]);
        command.args(some.iter().map(ToString::to_string));
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await.context("run nmap")?;
        let output = output.context("run nmap")?;
        ensure!(output.status.success(), "nmap failed with {}", output.status);
        seen.extend(read(&String::from_utf8_lossy(&output.stdout)));
    }
    Ok(seen)
}

/// Reads what nmap wrote (`-oX`): per host its address and the matches that are exact.
fn read(xml: &str) -> BTreeMap<IpAddr, Scanned> {
    let mut seen = BTreeMap::new();
    for element in xml.split("</host>") {
        let start = ["<host ", "<host>"].iter().filter_map(|tag| element.rfind(tag)).max();
        let Some(host) = start.and_then(|start| element.get(start..)) else { continue };
        let mut addresses = tags(host, "<address ").filter_map(|tag| attribute(tag, "addr")?.parse().ok());
        let Some(address) = addresses.next() else { continue };
        let exact = tags(host, "<osmatch ")
            .filter(|tag| attribute(tag, "accuracy").as_deref() == Some("100"))
            .filter_map(|tag| attribute(tag, "name"))
            .collect();
        seen.insert(address, Scanned { exact });
    }
    seen
}

fn tags<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split('>').next())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_matches_count() {
        let xml = r#"<nmaprun><host starttime="1"><address addr="10.66.0.11" addrtype="ipv4"/>
            <address addr="F4:8E:38:40:00:00" addrtype="mac" vendor="Dell"/><os>
            <osmatch name="Linux 4.15 - 5.6 &amp; kin" accuracy="100" line="1"/>
            <osmatch name="Linux 3.2" accuracy="96" line="2"/></os></host>
            <host><address addr="10.66.0.12" addrtype="ipv4"/></host></nmaprun>"#;
        let seen = read(xml);
        let exact = |last| seen[&IpAddr::from([10, 66, 0, last])].exact.clone();
        assert_eq!(exact(11), ["Linux 4.15 - 5.6 & kin"]);
        assert!(exact(12).is_empty());
    }
}
