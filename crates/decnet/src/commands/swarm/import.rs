//! `swarm import`: what a lost host recorded, brought as files.

use super::all;
use crate::{
    commands::{Context, user::audit},
    output, stead,
};
use anyhow::{Context as _, Result, bail};
use decnet_pipeline::runtime::Claim;
use decnet_swarm::brought::{Segment, bring};
use serde_json::json;
use std::path::PathBuf;

/// `swarm import`.
pub(super) async fn import(context: &Context, host: &str, files: &[PathBuf], json: bool) -> Result<()> {
    let store = context.store().await?;
    let hosts = all(context, &store).await?;
    let fits = |id: &str, name: &str| id == host || name == host;
    let found: Vec<_> = hosts.iter().filter(|one| fits(&one.row.id, &one.row.name)).collect();
    let row = match found.as_slice() {
        [one] => one.row.clone(),
        [] => bail!("no host is or was called {host:?}; `decnet swarm list` names those that are there"),
        several => {
            let ids: Vec<_> = several.iter().map(|one| one.row.id.as_str()).collect();
            bail!("several hosts were called {host:?}: say which by its id, {}", ids.join(" or "))
        }
    };
    // Opened as who we are, and written as who has the folder.
    let segments = files.iter().map(|file| Segment::open(file)).collect::<Result<Vec<_>, _>>()?;
    let paths = context.paths();
    let whole = Claim::whole(&paths)?;
    let (place, id) = (paths.clone(), row.id.clone());
    let done = stead::act(paths.root(), move || bring(&place, &id, segments));
    let brought = done.context("write as the owner of the state folder")??;
    drop(whole);
    audit(context, &store, "swarm.import", &row.id).await?;
    if json {
        output::json(&json!({ "id": row.id, "name": row.name, "brought": brought }));
        return Ok(());
    }
    output::line(&format!("{} lines of {} are taken in when the workers run", brought.lines, row.name));
    for (count, what) in [
        (brought.known, "segments had come before"),
        (brought.missing, "segments between them are missing"),
        (brought.torn, "segments end in half a line, which is left out"),
        (brought.too_long, "lines are too long and left out"),
    ] {
        if count > 0 {
            output::note(&format!("{count} {what}"));
        }
    }
    Ok(())
}
