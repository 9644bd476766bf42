//! What is done on the machines of a fleet day after day. Like people it is no part of a stored persona; what was
//! handed over stands in the store, so that what is written down of it is what the stage shows.

use crate::error::{Error, document, stored};
use decnet_engine::node::Nodes;
use decnet_model::{
    record::RoutineRow,
    routine::{Member, ROLES, SWITCH, Switch, known, routines},
};
use decnet_store::Store;
use netsvc_persona::subkey;
use netsvc_wire::stamp::Micros;

/// Tells each machine what is done on it.
pub(super) async fn lay(
    store: &Store,
    install: &[u8; 32],
    nodes: &mut Nodes,
    now: Micros,
) -> Result<(), Error> {
    // It leads back to no other secret.
    let secret = subkey::bytes(install, &["routine"]);
    let setting = store.setting_get(SWITCH).await.map_err(stored("read a setting"))?;
    let roles = known(store.setting_get(ROLES).await.map_err(stored("read a setting"))?.as_deref());
    let members: Vec<Member<'_>> = nodes
        .values()
        .map(|node| Member {
            persona: &node.persona,
            services: node.services.iter().map(|service| service.slug.as_str()).collect(),
        })
        .collect();
    let mut all = routines(&secret, Switch::of(setting.as_deref()), &roles, &members);
    let mut rows = Vec::new();
    for (node, routine) in &all {
        let document = serde_json::to_string(routine).map_err(document("write a routine"))?;
        rows.push(RoutineRow { node: node.clone(), document, changed_at: now });
    }
    store.routines_put(&rows).await.map_err(stored("store routines"))?;
    for (name, node) in nodes.iter_mut() {
        node.persona.routine = all.remove(name).unwrap_or_default();
    }
    Ok(())
}
