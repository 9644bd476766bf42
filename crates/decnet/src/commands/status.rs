//! `status`: what is wanted, what is, and what was recorded.

use super::Context;
use crate::output;
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_fleet::{NativeStanding, Standing, supervisor};
use decnet_model::{
    fleet::Decky,
    record::{DeckyDesired, DeckyRow},
    worker::Worker,
};
use serde_json::json;

/// Show the fleet, the workers and what was recorded
#[derive(Args, Debug)]
pub struct Status {
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    /// Runs the command.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let deckies = store.decky_list().await.context("read the deckies")?;
        let totals = store.totals().await.context("read the totals")?;
        let running = supervisor::running(&context.paths());
        let runtime = Standing::read(&context.paths());
        // A decky only runs while somebody runs it, whatever the store remembers.
        let actual = |row: &DeckyRow| match (running, row.actual.as_str()) {
            (None, "running") => "stopped".to_owned(),
            (_, "") => "pending".to_owned(),
            (_, other) => other.to_owned(),
        };
        let shown: Vec<_> = deckies.iter().filter(|row| row.desired == DeckyDesired::Running).collect();
        if self.json {
            let rows = shown.iter().map(|row| {
                json!({
                    "name": row.name, "ip": row.ip.map(|ip| ip.to_string()), "services": row.services,
                    "absent": absent(row), "state": actual(row), "reason": row.reason,
                })
            });
            output::json(&json!({
                "deckies": rows.collect::<Vec<_>>(),
                "workers": { "process": running, "names": Worker::ALL.iter().map(|w| w.name()).collect::<Vec<_>>() },
                "face": face(runtime.as_ref()), "runtime": runtime,
                "events": totals.events, "sessions": totals.sessions, "credentials": totals.credentials,
                "artifacts": totals.artefacts, "attackers": totals.attackers, "missing": totals.missing,
            }));
            return Ok(());
        }
        output::table(
            &["DECKY", "ADDRESS", "STATE", "SERVICES", "ABSENT", "REASON"],
            &cells(&shown, actual),
            Clone::clone,
        );
        let standing = match (running, &runtime) {
            (Some(pid), Some(runtime)) => format!(
                "workers run as process {pid}; runtime {}{}, services as uid {}, {}",
                runtime.runtime,
                runtime.native.as_ref().map(segment).unwrap_or_default(),
                runtime.uid,
                isolation(&runtime.isolation)
            ),
            (Some(pid), None) => format!("workers run as process {pid}; no decky was started yet"),
            (None, _) => "no workers run: `decnet run` starts them".to_owned(),
        };
        output::line(&standing);
        output::line(&format!(
            "{} events, {} sessions, {} credentials, {} artefacts, {} attackers, {} lines missing",
            totals.events,
            totals.sessions,
            totals.credentials,
            totals.artefacts,
            totals.attackers,
            totals.missing
        ));
        Ok(())
    }
}

fn cells(rows: &[&DeckyRow], actual: impl Fn(&DeckyRow) -> String) -> Vec<Vec<String>> {
    let cell = |row: &&DeckyRow| {
        vec![
            row.name.clone(),
            row.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            actual(row),
            row.services.join(" "),
            absent(row).join(" "),
            row.reason.clone(),
        ]
    };
    rows.iter().map(cell).collect()
}

/// Services that the decky's archetype names and that do not exist yet.
fn absent(row: &DeckyRow) -> Vec<String> {
    serde_json::from_str::<Decky>(&row.plan).map(|decky| decky.absent).unwrap_or_default()
}

/// Where a native fleet stands.
fn segment(native: &NativeStanding) -> String {
    let place = if native.lab { "the lab" } else { &native.interface };
    format!(" on {place} behind a gate ({} packets, {} lost)", native.packets, native.drops)
}

/// What keeps the services in. One user for everything is less than the sandbox could do.
fn isolation(found: &str) -> String {
    let reduced = found.starts_with("isolation") || found == "full";
    if reduced { found.replacen("full", "isolation full", 1) } else { format!("isolation {found}") }
}

fn face(runtime: Option<&Standing>) -> &'static str {
    if runtime.is_some_and(|standing| standing.runtime.has_faces()) {
        return "each decky answers scanners and shakes hands as its operating system does";
    }
    "none: the runtime loopback cannot give a decky an operating system's face"
}
