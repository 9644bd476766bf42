//! `status`: what is wanted, what is, and what was recorded.

pub mod health;

use super::Context;
use crate::{output, settings::Name, tls, web};
use anyhow::{Context as _, Result};
use clap::Args;
use decnet_fleet::{NativeStanding, Standing};
use decnet_model::{
    fleet::{Decky, Fleet},
    record::{DeckyActual, DeckyDesired, DeckyRow, Totals},
    tarpit::{self, Tarpit},
    worker::Worker,
};
use decnet_pipeline::runtime::Note;
use health::Health;
use netsvc_wire::stamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// Longest wait for the store; the rest is said without it.
const PATIENCE: Duration = Duration::from_secs(4);

/// Show the fleet, the workers, their processes and what was recorded
#[derive(Args, Debug)]
#[command(after_long_help = "Exit status:
  0 when all is well, 1 when somebody should look: each reason is a line at the end.")]
pub struct Status {
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Somebody should look; what at was said.
#[derive(Debug, thiserror::Error)]
#[error("not all is well")]
pub struct Unwell;

fn well(problems: &[String]) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Unwell.into()) }
}

/// What the store says.
struct Stored {
    deckies: Vec<DeckyRow>,
    totals: Totals,
    /// Whom the fleet keeps waiting.
    tarpit: Tarpit,
    /// When deckies changed last, by name.
    mutated: BTreeMap<String, i64>,
}

/// What of a persona is shown.
#[derive(Deserialize)]
struct Named {
    hostname: String,
}

impl Status {
    /// Runs the command.
    ///
    /// # Errors
    /// [`Unwell`] when somebody should look, or when there is nothing to look at.
    pub async fn run(self, context: &Context) -> Result<()> {
        context.ensure_there()?;
        let paths = context.paths();
        let runtime = Standing::read(&paths);
        let health = Health::look(context, runtime.as_ref());
        let stored = match timeout(PATIENCE, read(context)).await {
            Ok(read) => read.map_err(|error| format!("the store cannot be read: {error:#}")),
            Err(_) => Err(format!("the store does not answer within {} s", PATIENCE.as_secs())),
        };
        let problems = problems(&health, &stored);
        // A decky only runs while somebody runs it, whatever the store remembers.
        let actual = |row: &DeckyRow| match (&health.holder, row.actual) {
            (None, DeckyActual::Running | DeckyActual::Degraded) => DeckyActual::Stopped.name(),
            (_, DeckyActual::Unknown) => "pending",
            (_, other) => other.name(),
        };
        let waiting = |row: &DeckyRow| waiting(&stored, row);
        let shown: Vec<_> = match &stored {
            Ok(stored) => wanted(stored).collect(),
            Err(_) => Vec::new(),
        };
        if self.json {
            let rows = shown.iter().map(|row| {
                json!({
                    "name": row.name, "ip": row.ip.map(|ip| ip.to_string()), "hostname": hostname(row),
                    "services": row.services,
                    "absent": absent(row), "state": actual(row), "reason": row.reason, "tarpit": waiting(row),
                    "mutated_at": mutated_at(&stored, row),
                })
            });
            let totals = stored.as_ref().ok().map(|stored| &stored.totals);
            let house = json!({
                "ok": problems.is_empty(), "problems": problems, "workers": health.json(),
                "processes": health.processes_json(), "free_bytes": health.free(),
                "api": api(context), "face": face(runtime.as_ref()), "runtime": runtime,
            });
            output::json(&merged(json!({ "deckies": rows.collect::<Vec<_>>() }), house, counted(totals)));
            return well(&problems);
        }
        output::table(
            &["DECKY", "ADDRESS", "HOST NAME", "STATE", "SERVICES", "ABSENT", "TARPIT", "REASON"],
            &cells(&shown, actual, waiting),
            Clone::clone,
        );
        health.show();
        output::line("");
        output::line(&standing(&health, runtime.as_ref()));
        if health.holder.is_some() {
            output::line(&format!("API on {}", api(context)));
        }
        if let Ok(stored) = &stored {
            output::line(&sum(&stored.totals));
        }
        health.artefact_use().iter().for_each(|used| output::line(used));
        problems.iter().for_each(|problem| output::line(&format!("! {problem}")));
        well(&problems)
    }
}

/// The members of all objects in one.
fn merged(mut first: Value, second: Value, third: Value) -> Value {
    for more in [second, third] {
        if let (Some(all), Value::Object(more)) = (first.as_object_mut(), more) {
            all.extend(more);
        }
    }
    first
}

/// What was recorded, for programs; nulls where it cannot be known.
fn counted(totals: Option<&Totals>) -> Value {
    json!({
        "events": totals.map(|totals| totals.events), "sessions": totals.map(|totals| totals.sessions),
        "credentials": totals.map(|totals| totals.credentials),
        "artifacts": totals.map(|totals| totals.artefacts),
        "attackers": totals.map(|totals| totals.attackers),
        "missing": totals.map(|totals| totals.missing),
    })
}

/// What was recorded, for people.
fn sum(totals: &Totals) -> String {
    format!(
        "{} events, {} sessions, {} credentials, {} artefacts, {} attackers, {} lines missing",
        totals.events,
        totals.sessions,
        totals.credentials,
        totals.artefacts,
        totals.attackers,
        totals.missing
    )
}

async fn read(context: &Context) -> Result<Stored> {
    let store = context.look().await?;
    let deckies = store.decky_list().await.context("read the deckies")?;
    let totals = store.totals().await.context("read the totals")?;
    // What only a newer release can read is shown as if nothing was said.
    let fleet = store.fleet_get().await.context("read the fleet")?;
    let fleet = fleet.and_then(|text| serde_json::from_str::<Fleet>(&text).ok());
    let mutated = store.mutation_last().await.context("read when deckies changed")?.into_iter().collect();
    Ok(Stored { deckies, totals, tarpit: fleet.map(|fleet| fleet.tarpit).unwrap_or_default(), mutated })
}

fn wanted(stored: &Stored) -> impl Iterator<Item = &DeckyRow> {
    stored.deckies.iter().filter(|row| row.desired == DeckyDesired::Running)
}

/// What somebody should look at.
fn problems(health: &Health, stored: &Result<Stored, String>) -> Vec<String> {
    let mut problems = health.problems();
    match stored {
        Err(error) => problems.push(error.clone()),
        Ok(stored) => {
            if stored.totals.missing > 0 {
                problems.push(format!("{} lines of events are missing", stored.totals.missing));
            }
            let unwell = [DeckyActual::Failed, DeckyActual::Degraded];
            let failed = wanted(stored).filter(|row| unwell.contains(&row.actual));
            problems.extend(failed.map(|row| format!("decky {}: {}", row.name, row.reason)));
        }
    }
    problems
}

fn standing(health: &Health, runtime: Option<&Standing>) -> String {
    match (&health.holder, runtime) {
        (Some(holder), Some(runtime)) => format!(
            "workers run as process {}; runtime {}{}, services as uid {}, {}",
            holder.pid,
            runtime.runtime,
            runtime.native.as_ref().map(segment).unwrap_or_default(),
            runtime.uid,
            isolation(&runtime.isolation)
        ),
        (Some(holder), None) => format!("workers run as process {}; no decky was started yet", holder.pid),
        (None, _) => "no workers run: `decnet run` starts them".to_owned(),
    }
}

/// Where the interface is.
pub fn api(context: &Context) -> String {
    format!("{}/api/v1", address(context, Worker::Api))
}

/// Where the dashboard is: at the worker `web`, or where only the interface runs, there.
pub fn site(context: &Context) -> String {
    let runs = |worker| Note::read(&context.paths(), worker).is_some();
    if runs(Worker::Api) && !runs(Worker::Web) {
        return address(context, Worker::Api);
    }
    address(context, Worker::Web)
}

/// Where `worker` listens: at the port that it says if it runs, which need not be that of who asks.
fn address(context: &Context, worker: Worker) -> String {
    let settings = context.settings();
    let (host, port) = match worker {
        Worker::Web => (Name::WebHost, Name::WebPort),
        _ => (Name::ApiHost, Name::ApiPort),
    };
    let bound = Note::read(&context.paths(), worker).and_then(|note| web::bound(&note.report.counters));
    let host = web::reached(settings.text(host));
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let port = bound.map_or_else(|| settings.text(port).to_owned(), |bound| bound.port().to_string());
    format!("{}://{host}:{port}", tls::scheme(settings))
}

fn cells(
    rows: &[&DeckyRow],
    actual: impl Fn(&DeckyRow) -> &'static str,
    waiting: impl Fn(&DeckyRow) -> String,
) -> Vec<Vec<String>> {
    let cell = |row: &&DeckyRow| {
        vec![
            row.name.clone(),
            row.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            hostname(row),
            actual(row).to_owned(),
            row.services.join(" "),
            absent(row).join(" "),
            waiting(row),
            row.reason.clone(),
        ]
    };
    rows.iter().map(cell).collect()
}

/// What the decky calls itself; empty until it has a persona.
fn hostname(row: &DeckyRow) -> String {
    let named = row.persona.as_deref().and_then(|text| serde_json::from_str::<Named>(text).ok());
    named.map(|named| named.hostname).unwrap_or_default()
}

/// Whom the decky keeps waiting.
fn waiting(stored: &Result<Stored, String>, row: &DeckyRow) -> String {
    let decky = serde_json::from_str::<Decky>(&row.plan).ok();
    let fleet = stored.as_ref().map(|stored| stored.tarpit.clone()).unwrap_or_default();
    tarpit::brief(decky.and_then(|decky| decky.tarpit.of(&fleet)).as_ref())
}

/// When the decky changed last; null: never, or nobody remembers.
fn mutated_at(stored: &Result<Stored, String>, row: &DeckyRow) -> Option<String> {
    stored.as_ref().ok()?.mutated.get(&row.name).map(|at| stamp::format(*at))
}

/// Services that the decky was to have and does not.
fn absent(row: &DeckyRow) -> Vec<String> {
    let mut absent = serde_json::from_str::<Decky>(&row.plan).map(|decky| decky.absent).unwrap_or_default();
    absent.retain(|slug| !row.services.contains(slug));
    absent
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decky_is_shown_with_the_name_that_it_calls_itself() {
        let row = |persona: Option<&str>| DeckyRow {
            name: "web-01".to_owned(),
            desired: DeckyDesired::Running,
            actual: DeckyActual::Running,
            reason: String::new(),
            ip: "192.0.2.9".parse().ok(),
            services: vec!["http".to_owned()],
            plan: String::new(),
            persona: persona.map(str::to_owned),
            updated_at: 0,
        };
        for (persona, name) in [
            (None, ""),
            (Some("{}"), ""),
            (Some(r#"{"node":"web-01","hostname":"srv-web2","ip":"192.0.2.9"}"#), "srv-web2"),
        ] {
            assert_eq!(hostname(&row(persona)), name);
        }
        let changed = |name: &str| {
            let mutated = BTreeMap::from([(name.to_owned(), 1_700_000_000_000_000)]);
            let (totals, tarpit) = (Totals::default(), Tarpit::default());
            let stored = Ok(Stored { deckies: Vec::new(), totals, tarpit, mutated });
            mutated_at(&stored, &row(None))
        };
        assert_eq!(changed("web-01").as_deref(), Some("2023-11-14T22:13:20.000000Z"));
        assert_eq!(changed("web-02"), None);
        let named = row(Some(r#"{"hostname":"srv-web2"}"#));
        let shown = cells(&[&named], |_| "running", |_| String::new());
        assert_eq!(shown[0][..4], ["web-01", "192.0.2.9", "srv-web2", "running"]);
    }
}
