//! `audit`: what gives the fleet away.

mod scan;

use super::Context;
use crate::output;
use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};
use decnet_analysis::audit::{self, Finding, Standing, Strength};
use decnet_engine::native;
use decnet_model::fleet::{DeckyName, Fleet};
use decnet_store::Store;
use netsvc_persona::Persona;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Judge how convincing deckies are, and name what gives them away
///
/// Looks at each decky by itself (does its address fit its vendor, its kernel its distribution, its
/// banner its system) and beside the others (do two share a key, a serial, a boot time). On a lab's
/// segment, nmap, if it is installed, looks from the attackers' host whether each decky's network stack
/// is that of the system it claims. 100 points are perfect; a decisive tell costs 40, one that adds up
/// 12, a weak one 3. Fails when a decky has fewer than the threshold.
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
    /// Whether nmap looks at them
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
        let wanted = self.wanted(&fleet)?;
        let personas = personas(&store, &fleet).await?;
        let ports = fleet.deckies.values().map(|decky| (decky.name.to_string(), decky.ports().len()));
        let mut findings = audit::personas(&personas, &ports.collect());
        findings.extend(faceless(&fleet));
        let mut skipped = Vec::new();
        let judged: Vec<&Persona> =
            personas.iter().filter(|persona| wanted.contains(&persona.node)).collect();
        match self.scanned(context, &fleet, &judged).await? {
            Ok(found) => findings.extend(found),
            Err(reason) => skipped.push(format!("nmap -O: {reason}")),
        }
        let names: Vec<String> = judged.iter().map(|persona| persona.node.clone()).collect();
        let standings = audit::standings(&names, &findings);
        if self.json {
            output::json(&json!({ "threshold": self.threshold, "deckies": standings, "skipped": skipped }));
        } else {
            report(&standings, &skipped);
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

    /// What nmap makes of the deckies, or why it was not asked.
    async fn scanned(
        &self,
        context: &Context,
        fleet: &Fleet,
        judged: &[&Persona],
    ) -> Result<Result<Vec<Finding>, String>> {
        let reason = match self.scan {
            Scan::Never => Some("not asked for".to_owned()),
            Scan::Auto | Scan::Always => scan::hindrance(fleet),
        };
        if let Some(reason) = reason {
            ensure!(self.scan != Scan::Always, "nmap cannot look: {reason}");
            return Ok(Err(reason));
        }
        output::progress(&format!("nmap looks at {} deckies", judged.len()));
        let open: BTreeSet<u16> =
            fleet.deckies.values().flat_map(|decky| decky.ports()).map(|port| port.port).collect();
        let addresses = judged.iter().map(|persona| persona.ip).collect();
        let seen = scan::run(context, addresses, open).await?;
        output::progress_done();
        let nothing = audit::Scanned { exact: Vec::new() };
        let judge =
            |persona: &&Persona| audit::recognised(persona, seen.get(&persona.ip).unwrap_or(&nothing));
        Ok(Ok(judged.iter().filter_map(judge).collect()))
    }
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
    if fleet.runtime == native::NAME {
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

fn report(standings: &[Standing], skipped: &[String]) {
    output::table(&["DECKY", "POINTS", "GIVEN AWAY BY"], standings, |standing| {
        let tells: Vec<String> =
            standing.findings.iter().map(|finding| format!("{} {}", finding.tell, finding.detail)).collect();
        vec![standing.decky.clone(), standing.score.to_string(), tells.join("; ")]
    });
    for reason in skipped {
        output::line(&format!("not looked at: {reason}"));
    }
}
