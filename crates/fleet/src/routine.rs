//! What is done on the machines of a fleet day after day. Like people it is no part of a stored persona; what was
//! handed over stands in the store, so that what is written down of it is what the stage shows.

use crate::error::{Error, document, stored};
use decnet_engine::node::{NodeSpec, Nodes};
use decnet_model::{
    record::RoutineRow,
    routine::{BASIS, Member, ROLES, SWITCH, Switch, known, routines},
};
use decnet_store::Store;
use netsvc_persona::{routine::Routine, subkey};
use netsvc_wire::stamp::Micros;
use std::collections::BTreeMap;

/// Tells each machine what is done on it.
pub(super) async fn lay(
    store: &Store,
    install: &[u8; 32],
    nodes: &mut Nodes,
    now: Micros,
) -> Result<(), Error> {
    // It leads back to no other secret.
    let secret = subkey::bytes(install, &["routine"]);
    let read = stored("read a setting");
    let switch = Switch::of(store.setting_get(SWITCH).await.map_err(&read)?.as_deref());
    let table = store.setting_get(ROLES).await.map_err(&read)?;
    let roles = known(table.as_deref());
    let basis = format!("{}\n{}", switch.text(), table.unwrap_or_default());
    let same = store.setting_get(BASIS).await.map_err(&read)?.as_deref() == Some(basis.as_str());
    let kept = if same { kept(store).await? } else { BTreeMap::new() };
    let mut all = {
        let members: Vec<Member<'_>> = nodes.values().map(member).collect();
        routines(&secret, switch, &roles, &members, &kept)
    };
    let mut rows = Vec::new();
    for (node, routine) in &all {
        let document = serde_json::to_string(routine).map_err(document("write a routine"))?;
        rows.push(RoutineRow { node: node.clone(), document, changed_at: now });
    }
    store.routines_put(&rows).await.map_err(stored("store routines"))?;
    if !same {
        store.setting_put(BASIS, &basis).await.map_err(stored("store a setting"))?;
    }
    for (name, node) in nodes.iter_mut() {
        node.persona.routine = all.remove(name).unwrap_or_default();
    }
    Ok(())
}

fn member(node: &NodeSpec) -> Member<'_> {
    let services = node.services.iter().map(|service| service.slug.as_str()).collect();
    Member { persona: &node.persona, services }
}

/// What is done on machines as it was handed over last.
async fn kept(store: &Store) -> Result<BTreeMap<String, Routine>, Error> {
    let mut all = BTreeMap::new();
    for row in store.routine_list().await.map_err(stored("read routines"))? {
        // What this release cannot read is drawn anew.
        if let Ok(routine) = serde_json::from_str(&row.document) {
            all.insert(row.node, routine);
        }
    }
    Ok(all)
}
