//! `topology edit`: several changes of a topology that belong together.

use super::{live, load};
use crate::{
    commands::{
        Context, read_whole,
        user::{actor, audit},
    },
    output,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_model::record::{TopologyChangeState, TopologyMutation, TopologyRow};
use decnet_store::Store;
use decnet_topology::{
    Topology,
    change::{self, Change},
};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Longest file that is read, in bytes.
const CHANGES: u64 = 4 << 20;

/// Make several changes of a topology at once, also of one that is deployed: all of them, or none
///
/// The file is a JSON list; each change is an object with `op` and what `topology mutate` tells that operation. Only
/// what comes of all of them is checked, so that a LAN may come before the bridge that leads to it.
#[derive(Args, Debug)]
pub(super) struct Edit {
    /// Its name
    name: String,
    /// The changes; `-`: they are read from the standard input
    file: PathBuf,
    /// Only if it still has this version
    #[arg(long, value_name = "N")]
    expected_version: Option<i64>,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Edit {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such topology, it has another version, what would come of the changes is broken, or it does
    /// not come up.
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let asked = read(&self.file)?;
        let changes: Vec<Change> = asked.iter().map(|one| one.change.clone()).collect();
        let store = context.store().await?;
        let (row, topology) = load(&store, &self.name).await?;
        let version = self.expected_version.unwrap_or(row.version);
        let noted: Vec<_> = asked.iter().map(|one| note(&row, version, one, context.now())).collect();
        let mut noted = store.topology_mutations_put(&noted).await.context("note the changes")?;
        let done = apply(context, &store, (&row, &topology), &changes, version).await;
        for mutation in &mut noted {
            match &done {
                Ok(()) => {
                    (mutation.state, mutation.applied_at) =
                        (TopologyChangeState::Applied, Some(context.now()));
                }
                Err(error) => {
                    (mutation.state, mutation.reason) = (TopologyChangeState::Failed, format!("{error:#}"));
                }
            }
        }
        store.topology_mutations_put(&noted).await.context("note the changes")?;
        done?;
        audit(context, &store, "topology.edit", &row.name).await?;
        if self.json {
            output::json(&json!({ "topology": row.name, "changes": changes.len(), "version": version + 1 }));
        } else {
            output::line(&format!(
                "{}: {} changes are made; version {}",
                row.name,
                changes.len(),
                version + 1
            ));
        }
        Ok(())
    }
}

/// A change as it was asked for.
struct Asked {
    change: Change,
    payload: String,
}

/// The changes of a file.
fn read(file: &Path) -> Result<Vec<Asked>> {
    let bytes = read_whole(file, CHANGES)?;
    let list: Vec<Map<String, Value>> =
        serde_json::from_slice(&bytes).with_context(|| format!("read {}", file.display()))?;
    if list.is_empty() {
        bail!("{}: there is no change", file.display());
    }
    let mut changes = Vec::new();
    for (number, mut fields) in list.into_iter().enumerate() {
        let op = fields.remove("op").and_then(|op| op.as_str().map(str::to_owned)).unwrap_or_default();
        let payload = Value::Object(fields).to_string();
        let change = Change::read(&op, &payload);
        let change = change.map_err(|why| anyhow::anyhow!("change {}: {op:?}: {why}", number + 1))?;
        changes.push(Asked { change, payload });
    }
    Ok(changes)
}

fn note(row: &TopologyRow, version: i64, asked: &Asked, now: i64) -> TopologyMutation {
    TopologyMutation {
        id: 0,
        topology: row.name.clone(),
        op: asked.change.op().to_owned(),
        payload: asked.payload.clone(),
        version,
        state: TopologyChangeState::Pending,
        asked_by: actor(),
        asked_at: now,
        applied_at: None,
        reason: String::new(),
    }
}

/// Changes the document first, and then what runs of it.
async fn apply(
    context: &Context,
    store: &Store,
    (row, topology): (&TopologyRow, &Topology),
    changes: &[Change],
    version: i64,
) -> Result<()> {
    if version != row.version {
        bail!("{} has version {} by now, not {version}", row.name, row.version);
    }
    let live = row.state.is_live();
    let next = change::apply_all(topology, changes, live)?;
    let document = serde_json::to_string(&next).context("write the topology")?;
    if !store.topology_change(&row.name, row.version, &document, context.now()).await? {
        bail!("{} was changed by somebody else meanwhile", row.name);
    }
    if live { live::follow(context, store, &next).await } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_in_their_order_and_a_bad_one_is_told_by_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("changes.json");
        let with = |text: &str| {
            std::fs::write(&file, text).unwrap();
            read(&file).map(|all| all.iter().map(|one| one.change.op()).collect::<Vec<_>>())
        };
        let good = r#"[{"op":"add_lan","name":"lab"},{"op":"attach_decky","decky":"a","lan":"lab"}]"#;
        assert_eq!(with(good).unwrap(), ["add_lan", "attach_decky"]);
        let bad = format!("{:#}", with(r#"[{"op":"add_lan","name":"lab"},{"op":"fly"}]"#).unwrap_err());
        assert!(bad.starts_with("change 2: \"fly\""), "{bad}");
        for text in ["", "{}", "[]", "[1]", r#"[{"name":"lab"}]"#] {
            assert!(with(text).is_err(), "{text}");
        }
    }
}
