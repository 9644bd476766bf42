//! Hosts: what they are, whether they are there, and how one leaves.

use super::{Which, all, asked, deploy, meant, stale};
use crate::{
    commands::{Context, status::Unwell, user::audit},
    output,
};
use anyhow::{Context as _, Result, bail};
use decnet_model::{
    record::SwarmHost as Row,
    swarm::{HostState, Labels, check_name, label},
};
use decnet_shape::{SwarmDecky, SwarmHost};
use decnet_swarm::fleet::{self, Host, Outcome};
use netsvc_wire::stamp;
use serde_json::json;
use std::time::Duration;

/// What `swarm label` changes.
pub(super) struct Relabel {
    pub(super) labels: Vec<String>,
    pub(super) weight: Option<u64>,
    pub(super) capacity: Option<u64>,
    pub(super) notes: Option<String>,
}

fn shape(context: &Context, host: &Host) -> SwarmHost {
    SwarmHost::of(&host.row, host.report.as_ref(), host.expires_at, context.now(), stale(context))
}

/// `swarm list`.
pub(super) async fn list(context: &Context, status: Option<HostState>, json: bool) -> Result<()> {
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    let wanted = |host: &&Host| match status {
        Some(state) => host.state == state,
        // Who has left is asked for by name, unless something is still to be done there.
        None => host.state != HostState::Decommissioned || shape(context, host).owes_removal,
    };
    let shown: Vec<SwarmHost> = hosts.iter().filter(wanted).map(|host| shape(context, host)).collect();
    if json {
        output::json(&shown);
        return Ok(());
    }
    if shown.is_empty() && status.is_none() {
        output::note("the swarm has no hosts; `decnet swarm enroll --name NAME` invites one");
        return Ok(());
    }
    let header = [
        "HOST",
        "STATE",
        "RELEASE",
        "ADDRESS",
        "SEEN",
        "DECKIES",
        "NETWORK",
        "LAG",
        "CERTIFICATE",
        "LABELS",
        "TROUBLE",
    ];
    output::table(&header, &shown, |host| {
        let trouble = host.trouble.clone().unwrap_or_default();
        let owes = if host.owes_removal { "its deckies may still stand: it has not heard" } else { "" };
        let labels: Vec<_> = host.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        vec![
            host.name.clone(),
            host.state.to_owned(),
            host.version.clone().unwrap_or_default(),
            host.address.clone().unwrap_or_default(),
            host.seen_at.as_deref().and_then(|at| at.get(..19)).unwrap_or_default().replace('T', " "),
            format!("{}/{}", host.deckies_running, host.deckies_wanted),
            host.network.clone().unwrap_or_default(),
            format!("{} B", host.lag_bytes),
            host.certificate_days.map(|days| format!("{days} days")).unwrap_or_default(),
            labels.join(" "),
            if owes.is_empty() { trouble } else { owes.to_owned() },
        ]
    });
    Ok(())
}

/// `swarm check`.
pub(super) async fn check(context: &Context, patience: Duration, json: bool) -> Result<()> {
    let store = context.store().await?;
    let (hosts, silent) = fleet::check(&store, stamp::now, stale(context), patience).await?;
    let rows: Vec<_> = hosts
        .iter()
        .map(|host| {
            let reachable = !silent.contains(&host.row.id);
            let outcome = host.outcome();
            let trouble = host.report.as_ref().map(|report| report.trouble.clone()).unwrap_or_default();
            let detail = match reachable {
                false => "does not answer".to_owned(),
                true if !trouble.is_empty() => trouble,
                true => outcome.detail,
            };
            (shape(context, host), reachable, detail)
        })
        .collect();
    if json {
        let each = rows.iter().map(|(host, reachable, detail)| {
            json!({
                "id": host.id, "name": host.name, "address": host.address, "state": host.state,
                "reachable": reachable, "detail": detail,
            })
        });
        output::json(&json!({ "ok": silent.is_empty(), "results": each.collect::<Vec<_>>() }));
    } else {
        output::table(&["HOST", "ADDRESS", "REACHABLE", "DETAIL"], &rows, |(host, reachable, detail)| {
            let yes = if *reachable { "yes" } else { "no" };
            vec![
                host.name.clone(),
                host.address.clone().unwrap_or_default(),
                yes.to_owned(),
                output::captured(detail.as_bytes(), 200),
            ]
        });
    }
    if silent.is_empty() { Ok(()) } else { Err(Unwell.into()) }
}

/// `swarm deckies`.
pub(super) async fn deckies(
    context: &Context,
    host: Option<&str>,
    state: Option<&str>,
    json: bool,
) -> Result<()> {
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    if let Some(asked) = host {
        let which = Which { name: Some(asked.to_owned()), uuid: Some(asked.to_owned()) };
        meant(&hosts, &which)?;
    }
    let (now, stale) = (context.now(), stale(context));
    let here = |of: &&Host| host.is_none_or(|asked| of.row.name == asked || of.row.id == asked);
    let rows = hosts
        .iter()
        .filter(here)
        .flat_map(|host| SwarmDecky::of(&host.row, host.report.as_ref(), now, stale));
    let rows: Vec<SwarmDecky> = rows.filter(|row| state.is_none_or(|state| row.state == state)).collect();
    if json {
        output::json(&rows);
        return Ok(());
    }
    if rows.is_empty() {
        output::note("no deckies of the swarm fit that; `decnet deploy --mode swarm` deploys some");
        return Ok(());
    }
    output::table(&["DECKY", "HOST", "ADDRESS", "STATE", "SERVICES", "REASON"], &rows, |row| {
        vec![
            row.decky.clone(),
            row.host.clone(),
            row.address.clone().unwrap_or_default(),
            row.state.clone(),
            row.services.join(" "),
            row.reason.clone().unwrap_or_default(),
        ]
    });
    Ok(())
}

/// `swarm decommission`.
pub(super) async fn decommission(context: &Context, which: &Which, yes: bool, json: bool) -> Result<()> {
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    let host = meant(&hosts, which)?;
    let name = &host.row.name;
    if !yes {
        let count = host.wanted().len();
        let question = format!("{name} leaves the swarm for good, and its {count} deckies go: go on? [y/N] ");
        if !asked(&question)? {
            bail!("nothing was changed; --yes does it");
        }
    }
    let gone = fleet::forget(&store, &hosts, &host.row.id).await?;
    store.swarm_decommission(&host.row.id, "decommissioned", context.now()).await.context("decommission")?;
    audit(context, &store, "swarm.decommission", &host.row.id).await?;
    if json {
        output::json(&json!({ "id": host.row.id, "name": name, "deckies": gone }));
    } else {
        output::note(&format!(
            "{name} belongs to the swarm no more: its certificates are revoked; it takes {gone} deckies down when it \
             comes to hear so, and `decnet swarm list` shows it until then"
        ));
    }
    Ok(())
}

/// `swarm drain`.
pub(super) async fn drain(context: &Context, which: &Which, undo: bool, json: bool) -> Result<()> {
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    let host = meant(&hosts, which)?;
    let name = host.row.name.clone();
    let old = host.row.clone();
    store.swarm_host_drain(&old.id, !undo).await.context("change the host")?;
    let mut outcomes: Vec<Outcome> = Vec::new();
    if !undo {
        let moved = deploy::again(context, &store).await;
        match moved {
            Ok(done) => outcomes = done,
            Err(error) => {
                store.swarm_host_drain(&old.id, old.drained).await.context("change the host back")?;
                return Err(error.context(format!("{name} is not drained")));
            }
        }
    }
    audit(context, &store, "swarm.drain", &old.id).await?;
    if json {
        output::json(&json!({ "id": old.id, "name": name, "drained": !undo, "results": outcomes }));
    } else if undo {
        output::note(&format!("{name} gets deckies again, with the next deploy"));
    } else {
        deploy::tell(&outcomes);
        output::note(&format!("{name} is drained"));
    }
    if outcomes.iter().all(|outcome| outcome.ok) { Ok(()) } else { Err(Unwell.into()) }
}

/// `swarm rename`.
pub(super) async fn rename(context: &Context, which: &Which, to: &str, json: bool) -> Result<()> {
    check_name(to).map_err(anyhow::Error::msg)?;
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    let host = meant(&hosts, which)?;
    let new = Row { name: to.to_owned(), ..host.row.clone() };
    changed(context, &new, json, "swarm.rename").await
}

/// `swarm label`.
pub(super) async fn relabel(context: &Context, which: &Which, change: Relabel, json: bool) -> Result<()> {
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    let host = meant(&hosts, which)?;
    let mut labels: Labels = host.labels.clone();
    for text in &change.labels {
        match text.strip_suffix('-') {
            Some(key) if !key.contains('=') => {
                if labels.remove(key).is_none() {
                    bail!("{} has no label {key:?}", host.row.name);
                }
            }
            _ => {
                let (key, value) = label(text).map_err(anyhow::Error::msg)?;
                labels.insert(key, value);
            }
        }
    }
    let capacity = change.capacity.map_or(host.row.capacity, |most| Some(most).filter(|most| *most > 0));
    let new = Row {
        labels: serde_json::to_string(&labels).context("write the labels")?,
        weight: change.weight.unwrap_or(host.row.weight),
        capacity,
        notes: change.notes.unwrap_or_else(|| host.row.notes.clone()),
        ..host.row.clone()
    };
    changed(context, &new, json, "swarm.label").await
}

async fn changed(context: &Context, new: &Row, json: bool, action: &'static str) -> Result<()> {
    let store = context.store().await?;
    if !store.swarm_host_change(new).await.context("change the host")? {
        bail!("there is a host called {} already", new.name);
    }
    audit(context, &store, action, &new.id).await?;
    let hosts = all(context, &store).await?;
    let which = Which { name: None, uuid: Some(new.id.clone()) };
    let shown = shape(context, meant(&hosts, &which)?);
    if json {
        output::json(&shown);
    } else {
        let labels: Vec<_> = shown.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let most = shown.capacity.map_or_else(|| "any".to_owned(), |most| most.to_string());
        let named = if labels.is_empty() { "no labels".to_owned() } else { labels.join(" ") };
        output::note(&format!("{}: {named}, weight {}, capacity {most}", shown.name, shown.weight));
    }
    Ok(())
}
