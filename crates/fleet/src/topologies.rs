//! How topologies are whose deckies run, or do not: one that was deployed is degraded as soon as a decky of it is down,
//! and active again when all of it runs.

use crate::{
    error::{Error, stored},
    placed,
};
use decnet_model::{
    fleet::Fleet,
    record::{DeckyActual, DeckyRow, TopologyState},
};
use decnet_store::Store;
use netsvc_wire::stamp::Micros;
use std::collections::BTreeSet;

/// Deckies that a reason names.
const NAMED: usize = 3;

/// Notes how the topologies are whose deckies are in `fleet`, which was carried as far as it can be.
///
/// # Errors
/// When the store fails.
pub(super) async fn note(store: &Store, fleet: &Fleet, now: Micros) -> Result<(), Error> {
    const ATTEMPT: &str = "note how topologies are";
    if fleet.deckies.values().all(|decky| decky.placed.is_none()) {
        return Ok(());
    }
    let rows = store.decky_list().await.map_err(stored("read the deckies"))?;
    for head in store.topology_heads().await.map_err(stored("list topologies"))? {
        let Some((state, reason)) = judged(head.state, &head.name, fleet, &rows) else { continue };
        // Whoever deploys it or takes it down meanwhile says himself how it is.
        let from = [head.state];
        let turned = store.topology_turn(&head.name, &from, state, &reason, now).await;
        if turned.map_err(stored(ATTEMPT))? {
            tracing::warn!(
                topology = head.name,
                state = state.name(),
                reason,
                "a topology is in another state"
            );
        }
    }
    Ok(())
}

/// What the topology `name`, which is in `state`, is by now and why; `None`: what it was.
fn judged(
    state: TopologyState,
    name: &str,
    fleet: &Fleet,
    rows: &[DeckyRow],
) -> Option<(TopologyState, String)> {
    let own: BTreeSet<&str> = fleet
        .deckies
        .values()
        .filter(|decky| placed::is_of(decky, name))
        .map(|decky| decky.name.as_str())
        .collect();
    let rows: Vec<&DeckyRow> = rows.iter().filter(|row| own.contains(row.name.as_str())).collect();
    let running = rows.iter().filter(|row| row.actual == DeckyActual::Running).count();
    // Of one that is about to change nobody can say anything.
    let is_down = |row: &&DeckyRow| !matches!(row.actual, DeckyActual::Running | DeckyActual::Unknown);
    let down: Vec<&DeckyRow> = rows.into_iter().filter(is_down).collect();
    match state {
        TopologyState::Active if !down.is_empty() => {
            let names: Vec<&str> = down.iter().take(NAMED).map(|row| row.name.as_str()).collect();
            let more = if down.len() > NAMED { ", …" } else { "" };
            let why = down.iter().find(|row| !row.reason.is_empty());
            let why = why.map_or_else(String::new, |row| format!(": {}", row.reason));
            let (count, all, names) = (down.len(), own.len(), names.join(", "));
            Some((
                TopologyState::Degraded,
                format!("{count} of {all} deckies do not run ({names}{more}){why}"),
            ))
        }
        TopologyState::Degraded if !own.is_empty() && running == own.len() => {
            Some((TopologyState::Active, String::new()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::{fleet::Decky, placed::Placed, record::DeckyDesired, runtime::Runtime};
    use netsvc_persona::Place;

    fn fleet(names: &[&str]) -> Fleet {
        let mut fleet = Fleet::of(Runtime::Native, "10.66.0.0/21".parse().unwrap());
        for name in names {
            let placed = Placed {
                topology: "corp".to_owned(),
                lan: "LAN-01".to_owned(),
                prefix: 24,
                gateway: None,
                place: Place::default(),
                leads: Vec::new(),
            };
            let plain = Decky::of(name.parse().unwrap(), [10, 66, 0, 9].into(), "debian12");
            fleet.deckies.insert(plain.name.clone(), Decky { placed: Some(placed), ..plain });
        }
        fleet
    }

    fn row(name: &str, actual: DeckyActual, reason: &str) -> DeckyRow {
        DeckyRow {
            name: name.to_owned(),
            desired: DeckyDesired::Running,
            actual,
            reason: reason.to_owned(),
            ip: None,
            services: Vec::new(),
            plan: String::new(),
            persona: None,
            updated_at: 1,
        }
    }

    #[test]
    fn a_topology_is_degraded_while_a_decky_of_it_is_down_and_active_again_after() {
        use DeckyActual::{Failed, Running, Stopped, Unknown};
        use TopologyState::{Active, Degraded, Deploying, TearingDown};
        let (two, none) = (fleet(&["corp.a", "corp.b"]), fleet(&[]));
        let is = |b| [row("corp.a", Running, ""), row("corp.b", b, "no memory"), row("web", Failed, "")];
        let reason = "1 of 2 deckies do not run (corp.b): no memory".to_owned();
        for (state, fleet, b, becomes) in [
            (Active, &two, Failed, Some((Degraded, reason.clone()))),
            (Active, &two, Stopped, Some((Degraded, reason))),
            (Active, &two, Unknown, None),
            (Active, &two, Running, None),
            (Degraded, &two, Failed, None),
            (Degraded, &two, Unknown, None),
            (Degraded, &two, Running, Some((Active, String::new()))),
            // What it is degraded of is that it could not be taken down.
            (Degraded, &none, Running, None),
            (Deploying, &two, Failed, None),
            (TearingDown, &two, Failed, None),
        ] {
            assert_eq!(judged(state, "corp", fleet, &is(b)), becomes, "{state:?} {b:?}");
        }
        assert_eq!(judged(Active, "other", &two, &is(Failed)), None);
        let many = ["corp.a", "corp.b", "corp.c", "corp.d"];
        let rows: Vec<DeckyRow> = many.iter().map(|name| row(name, Failed, "")).collect();
        let (_, text) = judged(Active, "corp", &fleet(&many), &rows).unwrap();
        assert_eq!(text, "4 of 4 deckies do not run (corp.a, corp.b, corp.c, …)");
    }
}
