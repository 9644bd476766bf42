//! How canaries are shown.

use crate::output::{self, Cell};
use anyhow::{Context as _, Result};
use decnet_model::{
    canary::Origin,
    record::{Canary, CanaryHit, CanarySummary, Page},
};
use decnet_shape as shape;
use decnet_store::Store;

/// Uses shown with a canary.
const WITH_ONE: u32 = 50;

pub(super) fn kinds(origin: &Origin, json: bool) {
    let kinds = shape::CanaryKind::all(origin);
    if json {
        return output::json(&kinds);
    }
    output::table(&["KIND", "WHAT IT IS", "NOTICED BY", "CAN BE MADE"], &kinds, |kind| {
        let ready = match (kind.ready, kind.needs) {
            (true, _) => "yes".to_owned(),
            (false, "base") => "set canary.http-base".to_owned(),
            (false, _) => "set canary.dns-zone".to_owned(),
        };
        vec![kind.name.to_owned(), kind.about.to_owned(), kind.channels.join(" "), ready]
    });
}

/// A canary that was just made: with its id and what it leads to.
pub(super) fn made(canary: &Canary, json: bool) {
    if json {
        return output::json(&shape::Canary::new(canary, &CanarySummary::default()));
    }
    output::line(&canary.id);
    output::note(&format!("{}: {} ({})", canary.kind, canary.lead, canary.file));
}

pub(super) async fn list(store: &Store, rows: &[Canary], json: bool) -> Result<()> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut summaries = store.canary_summaries(&ids).await.context("count what became of canaries")?;
    let shapes: Vec<_> = rows
        .iter()
        .map(|row| shape::Canary::new(row, &summaries.remove(&row.id).unwrap_or_default()))
        .collect();
    if json {
        output::json(&shapes);
        return Ok(());
    }
    let header = ["ID", "KIND", "LIES ON", "PATH", "READ", "USED", "NOISE", "LAST USED", "MEMO"];
    let cells = rows.iter().zip(&shapes).map(|(row, shape)| {
        let revoked = if shape.revoked_at.is_some() { "revoked: " } else { "" };
        vec![
            Cell::from(shape.id.as_str()),
            shape.kind.into(),
            shape.decky.clone().unwrap_or_default().into(),
            Cell::captured(row.path.as_deref().unwrap_or_default().as_bytes()),
            shape.reads.to_string().into(),
            shape.hits.to_string().into(),
            shape.noise.to_string().into(),
            shape.last_hit.clone().unwrap_or_default().into(),
            Cell::captured(format!("{revoked}{}", row.memo).as_bytes()),
        ]
    });
    output::list(&header, cells.collect(), false);
    Ok(())
}

pub(super) async fn one(store: &Store, row: &Canary, json: bool) -> Result<()> {
    let ids = [row.id.clone()];
    let summary = store.canary_summaries(&ids).await.context("count what became of the canary")?;
    let summary = summary.into_values().next().unwrap_or_default();
    let hits = store.canary_hits(Some(&row.id), Page::newest(WITH_ONE)).await;
    let hits = hits.context("read what became of the canary")?;
    let shape = shape::Canary::new(row, &summary);
    let traits = row.kind.traits();
    if json {
        let hits: Vec<_> = hits.iter().map(shape::CanaryHit::from).collect();
        output::json(&serde_json::json!({
            "canary": shape, "fires": traits.fires, "silent": traits.silent, "events": hits,
        }));
        return Ok(());
    }
    let place = match (&shape.decky, &shape.path) {
        (Some(decky), Some(path)) => format!("{path} on {decky}"),
        _ => "nowhere; `decnet canary plant` lays it on a decky".to_owned(),
    };
    for (name, value) in [
        ("id", shape.id.as_str()),
        ("kind", shape.kind),
        ("memo", &shape.memo),
        ("file", &shape.file),
        ("leads to", &shape.lead),
        ("lies", &place),
        ("made", &format!("{} by {}", shape.created_at, shape.created_by)),
        ("revoked", shape.revoked_at.as_deref().unwrap_or("no")),
        ("fires with", traits.fires),
        ("silent with", traits.silent),
        ("so far", &format!("read {} times, used {}, noise {}", shape.reads, shape.hits, shape.noise)),
    ] {
        output::line(&format!("{name:<12} {value}"));
    }
    if !hits.is_empty() {
        output::line("");
        self::hits(&hits, false);
    }
    Ok(())
}

pub(super) fn hits(rows: &[CanaryHit], json: bool) {
    if json {
        return output::json(&rows.iter().map(shape::CanaryHit::from).collect::<Vec<_>>());
    }
    let header =
        ["EVENT", "WHEN", "CANARY", "HOW", "NOISE", "COUNT", "FROM", "DECKY", "SERVICE", "CLIENT", "WHAT"];
    let cells = rows.iter().map(|row| {
        vec![
            Cell::from(row.event.to_string()),
            output::moment(row.at).into(),
            row.canary.as_str().into(),
            row.channel.name().into(),
            row.noise.as_str().into(),
            row.count.to_string().into(),
            row.src_ip.map(|address| address.to_string()).unwrap_or_default().into(),
            row.node.as_str().into(),
            row.service.as_str().into(),
            Cell::captured(&row.client),
            Cell::captured(&row.target),
        ]
    });
    output::list(&header, cells.collect(), false);
}
