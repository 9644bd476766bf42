//! `audit`: what gives the fleet away.

mod http;
mod jarm;
mod passive;
mod report;
mod scan;
mod ssh;
mod tls;
mod touch;

use super::Context;
use crate::{firedrill::Way, output};
use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};
use decnet_analysis::audit::{self, Finding, Seen, Strength};
use decnet_fleet::placed;
use decnet_model::fleet::{DeckyName, Fleet};
use decnet_store::Store;
use netsvc_persona::Persona;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

/// Where looks at deckies on loopback come from.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));

/// Judge how convincing deckies are, and name what gives them away
///
/// Looks at each decky by itself (does its address fit its vendor, its kernel its distribution, its
/// banner its system) and beside the others (do two share a key, a serial, a boot time). Then asks its
/// services as a client does: whether banners, host keys (each kind), clocks and the TLS library (JARM) are
/// those of the persona, and whether two deckies show one key, one certificate, or one library under two
/// names (HASSHServer, JA3S, JARM); what the fleet shares is told last, the worst first. On a
/// lab's segment two programs look from the attackers' host, if they are installed: nmap whether each
/// network stack is that of the system it claims, and whether timestamps, identifications and sequence
/// numbers are its own; p0f what ordinary connections look like to an observer. 100 points are perfect; a
/// decisive tell costs 40, one that adds up 12, a weak one 3. Fails when a decky has fewer than the
/// threshold.
#[derive(Args, Debug)]
pub struct Audit {
    /// The deckies to judge
    #[arg(value_name = "DECKY", required_unless_present = "all")]
    deckies: Vec<DeckyName>,
    /// Judge all that are deployed
    #[arg(long, conflicts_with = "deckies")]
    all: bool,
    /// Fewest points that pass
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u32).range(0..=100))]
    threshold: u32,
    /// Whether they are looked at while they run: their services, and by nmap and p0f
    #[arg(long, value_enum, default_value_t = Scan::Auto)]
    scan: Scan,
    /// JSON
    #[arg(long)]
    json: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Scan {
    /// If it is installed and the fleet is in the lab
    Auto,
    /// Or fail
    Always,
    /// No
    Never,
}

impl Audit {
    /// Runs the command.
    ///
    /// # Errors
    /// When a decky does not pass, or there is none.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let text = store.fleet_get().await.context("read the fleet")?.context("no fleet is deployed")?;
        let fleet: Fleet = serde_json::from_str(&text).context("read the fleet")?;
        // What is not on the segment shows nothing there that could be judged.
        let fleet = placed::seen(&fleet);
        let wanted = self.wanted(&fleet)?;
        let personas = personas(&store, &fleet).await?;
        let ports = fleet.deckies.values().map(|decky| (decky.name.to_string(), decky.ports().len()));
        let mut findings = audit::personas(&personas, &ports.collect());
        findings.extend(faceless(&fleet));
        let mut skipped = Vec::new();
        let judged: Vec<&Persona> =
            personas.iter().filter(|persona| wanted.contains(&persona.node)).collect();
        let seen = self.looked(context, &fleet, &judged, &mut skipped, &mut findings).await?;
        let names: Vec<String> = judged.iter().map(|persona| persona.node.clone()).collect();
        let standings = audit::standings(&names, &findings);
        findings.retain(|finding| names.contains(&finding.decky));
        let mut clashes = audit::clashes(&personas, &seen);
        clashes.retain(|clash| clash.deckies.iter().any(|decky| names.contains(decky)));
        let report = report::Report {
            threshold: self.threshold,
            standings: &standings,
            ranking: audit::ranking(&findings),
            clashes,
            seen: &seen,
            skipped: &skipped,
        };
        if self.json {
            output::json(&report.json())
        } else {
            report.print()
        }
        let failed: Vec<&str> = standings
            .iter()
            .filter(|standing| standing.score < self.threshold)
            .map(|standing| standing.decky.as_str())
            .collect();
        ensure!(
            failed.is_empty(),
            "{} of {} deckies have fewer than {} points: {}",
            failed.len(),
            standings.len(),
            self.threshold,
            failed.join(", ")
        );
        Ok(())
    }

    fn wanted(&self, fleet: &Fleet) -> Result<BTreeSet<String>> {
        if self.all {
            return Ok(fleet.deckies.keys().map(ToString::to_string).collect());
        }
        if let Some(unknown) = self.deckies.iter().find(|decky| !fleet.deckies.contains_key(*decky)) {
            bail!("{unknown} is not deployed; `decnet status` shows what is");
        }
        Ok(self.deckies.iter().map(ToString::to_string).collect())
    }

    /// What deckies that run show, and what that says to `findings`. What nobody looked at goes to `skipped`.
    async fn looked(
        &self,
        context: &Context,
        fleet: &Fleet,
        judged: &[&Persona],
        skipped: &mut Vec<String>,
        findings: &mut Vec<Finding>,
    ) -> Result<BTreeMap<String, Seen>> {
        if self.scan == Scan::Never {
            skipped.push("services, nmap and p0f: not asked for".to_owned());
            return Ok(BTreeMap::new());
        }
        let way = Way::of(fleet, SOURCE, context);
        let (mut seen, silent) = touch::run(&way, fleet, judged).await;
        if silent > 0 {
            skipped.push(format!("{silent} ports did not answer; `decnet firedrill` says which"));
        }
        match self.hindrance("nmap", scan::hindrance(fleet))? {
            Some(reason) => skipped.push(reason),
            None => findings.extend(scanned(context, fleet, judged, &mut seen).await?),
        }
        match self.hindrance("p0f", passive::hindrance(fleet))? {
            Some(reason) => skipped.push(reason),
            None => {
                output::progress("p0f watches connections");
                let systems = passive::run(context, fleet, judged).await?;
                output::progress_done();
                for persona in judged {
                    seen.entry(persona.node.clone()).or_default().passive = systems.get(&persona.ip).cloned();
                }
            }
        }
        let personas: Vec<Persona> = judged.iter().map(|persona| (*persona).clone()).collect();
        findings.extend(audit::live(&personas, &seen));
        Ok(seen)
    }

    /// Why a program does not look, unless it has to.
    fn hindrance(&self, program: &str, reason: Option<String>) -> Result<Option<String>> {
        let Some(reason) = reason else { return Ok(None) };
        ensure!(self.scan != Scan::Always || program != "nmap", "{program} cannot look: {reason}");
        Ok(Some(format!("{program}: {reason}")))
    }
}

/// What nmap makes of the deckies; their numbers go to `seen`.
async fn scanned(
    context: &Context,
    fleet: &Fleet,
    judged: &[&Persona],
    seen: &mut BTreeMap<String, Seen>,
) -> Result<Vec<Finding>> {
    output::progress(&format!("nmap looks at {} deckies", judged.len()));
    let open: BTreeSet<u16> =
        fleet.deckies.values().flat_map(|decky| decky.ports()).map(|port| port.port).collect();
    let addresses = judged.iter().map(|persona| persona.ip).collect();
    let hosts = scan::run(context, addresses, open).await?;
    output::progress_done();
    let mut findings = Vec::new();
    for persona in judged {
        let host = hosts.get(&persona.ip).cloned().unwrap_or_default();
        findings.extend(audit::recognised(persona, &host.scanned));
        let own = seen.entry(persona.node.clone()).or_default();
        (own.booted, own.ids, own.isns) = (host.clock, host.ids, host.isns);
    }
    Ok(findings)
}

async fn personas(store: &Store, fleet: &Fleet) -> Result<Vec<Persona>> {
    let mut stored = BTreeMap::new();
    for row in store.decky_list().await.context("read the deckies")? {
        if let Some(text) = row.persona {
            stored.insert(row.name, text);
        }
    }
    let deployed = fleet.deckies.keys().filter_map(|name| stored.get(name.as_str()));
    deployed.map(|text| serde_json::from_str(text).context("read a persona")).collect()
}

/// On loopback no decky has a network stack of its own.
fn faceless(fleet: &Fleet) -> Vec<Finding> {
    if fleet.runtime.has_faces() {
        return Vec::new();
    }
    let finding = |name: &DeckyName| Finding {
        decky: name.to_string(),
        strength: Strength::Weak,
        tell: "OS-01",
        detail: format!("the runtime {} gives it this host's network stack", fleet.runtime),
        remedy: "deploy it on the native runtime".to_owned(),
    };
    fleet.deckies.keys().map(finding).collect()
}
