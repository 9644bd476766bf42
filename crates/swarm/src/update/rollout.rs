//! In which order hosts get a release. Pure: from how far each is, follows what changes.

use decnet_model::record::{SwarmUpdate, UpdateState};
use netsvc_wire::stamp::Micros;
use std::collections::{BTreeMap, BTreeSet};

/// How long a host may say nothing of an update that it was offered.
const SILENCE: Micros = 24 * 3_600_000_000;

/// A host that is to get a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its id.
    pub host: String,
    /// Its name.
    pub name: String,
    /// The release that it said last.
    pub runs: String,
}

/// A release that is to be rolled out.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its number.
    pub version: String,
    /// SHA-256 of the bundle, hex.
    pub sha256: String,
    /// Bytes of the bundle.
    pub size: u64,
    /// Its signature.
    pub signature: String,
}

/// The updates of a roll-out: the first `canaries` hosts at once, the rest when those have proved themselves; 0: all
/// at once.
pub fn begin(
    rollout: &str,
    hosts: &[Wanted],
    canaries: usize,
    release: &Release,
    by: &str,
    now: Micros,
) -> Vec<SwarmUpdate> {
    let of = |(at, host): (usize, &Wanted)| {
        let stage = u64::from(canaries > 0 && canaries <= at);
        SwarmUpdate {
            id: format!("{rollout}.{}", host.host),
            rollout: rollout.to_owned(),
            host: host.host.clone(),
            name: host.name.clone(),
            stage,
            from_version: host.runs.clone(),
            to_version: release.version.clone(),
            sha256: release.sha256.clone(),
            size: release.size,
            signature: release.signature.clone(),
            state: if stage == 0 { UpdateState::Offered } else { UpdateState::Waiting },
            reason: String::new(),
            asked_by: by.to_owned(),
            asked_at: now,
            changed_at: now,
            ended_at: None,
        }
    };
    hosts.iter().enumerate().map(of).collect()
}

/// An update that is in another state from `now` on.
pub fn moved(update: &SwarmUpdate, state: UpdateState, reason: &str, now: Micros) -> SwarmUpdate {
    SwarmUpdate {
        state,
        reason: reason.to_owned(),
        changed_at: now,
        ended_at: state.is_ended().then_some(now),
        ..update.clone()
    }
}

/// What changes of `updates`, all of roll-outs that have not ended: each with its state before.
pub fn turn(
    updates: &[SwarmUpdate],
    left: &BTreeSet<String>,
    now: Micros,
) -> Vec<(UpdateState, SwarmUpdate)> {
    let mut changes = Vec::new();
    let mut rollouts: BTreeMap<&str, Vec<SwarmUpdate>> = BTreeMap::new();
    for update in updates {
        let name = update.rollout.as_str();
        let late = SILENCE < now.saturating_sub(update.changed_at);
        let silent = match update.state {
            UpdateState::Offered | UpdateState::Fetching | UpdateState::Trying
                if left.contains(&update.host) =>
            {
                Some("the host has left the swarm")
            }
            UpdateState::Offered | UpdateState::Fetching | UpdateState::Trying if late => {
                Some("the host has said nothing of it for a day")
            }
            _ => None,
        };
        let update = match silent {
            Some(why) => {
                let change = moved(update, UpdateState::Failed, why, now);
                changes.push((update.state, change.clone()));
                change
            }
            None => update.clone(),
        };
        rollouts.entry(name).or_default().push(update);
    }
    for updates in rollouts.values() {
        changes.extend(advanced(updates, now));
    }
    changes
}

/// What changes of one roll-out: it stops with the first that failed, and goes on when a stage is done.
fn advanced(updates: &[SwarmUpdate], now: Micros) -> Vec<(UpdateState, SwarmUpdate)> {
    let bad = |update: &&SwarmUpdate| {
        matches!(update.state, UpdateState::RolledBack | UpdateState::Refused | UpdateState::Failed)
    };
    let change =
        |state, reason: &str, update: &SwarmUpdate| (update.state, moved(update, state, reason, now));
    if let Some(failed) = updates.iter().find(bad) {
        let reason = format!("{} stopped the roll-out: {}", failed.name, failed.reason);
        // What a host has begun it brings to an end.
        let open =
            |update: &&SwarmUpdate| matches!(update.state, UpdateState::Waiting | UpdateState::Offered);
        return updates
            .iter()
            .filter(open)
            .map(|update| change(UpdateState::Cancelled, &reason, update))
            .collect();
    }
    let done =
        updates.iter().filter(|update| update.stage == 0).all(|update| update.state == UpdateState::Done);
    let waiting = updates.iter().filter(|update| done && update.state == UpdateState::Waiting);
    waiting.map(|update| change(UpdateState::Offered, "", update)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use UpdateState::{Cancelled, Done, Failed, Fetching, Offered, Refused, RolledBack, Trying, Waiting};

    fn rollout(canaries: usize) -> Vec<SwarmUpdate> {
        let host =
            |name: &str| Wanted { host: name.to_owned(), name: name.to_owned(), runs: "1.0.0".to_owned() };
        let release =
            Release { version: "1.1.0".to_owned(), sha256: String::new(), size: 1, signature: String::new() };
        begin("r", &["a", "b", "c", "d"].map(host), canaries, &release, "test", 1000)
    }

    /// The states after a turn, from these.
    fn turned(canaries: usize, states: [UpdateState; 4], left: &[&str], now: Micros) -> [UpdateState; 4] {
        let mut rows = rollout(canaries);
        rows.iter_mut().zip(states).for_each(|(row, state)| row.state = state);
        let left = left.iter().map(|host| (*host).to_owned()).collect();
        for (was, change) in turn(&rows, &left, now) {
            let row = rows.iter_mut().find(|row| row.id == change.id).unwrap();
            assert!(row.state == was || change.state == row.state, "{was} {}", row.state);
            assert_eq!(change.ended_at.is_some(), change.state.is_ended());
            *row = change;
        }
        std::array::from_fn(|at| rows[at].state)
    }

    #[test]
    fn the_rest_waits_for_the_canaries_and_never_comes_when_one_fails() {
        let states = |canaries| rollout(canaries).iter().map(|row| row.state).collect::<Vec<_>>();
        assert_eq!(states(0), [Offered; 4]);
        assert_eq!(states(1), [Offered, Waiting, Waiting, Waiting]);
        for (before, after) in [
            ([Trying, Offered, Waiting, Waiting], [Trying, Offered, Waiting, Waiting]),
            ([Done, Trying, Waiting, Waiting], [Done, Trying, Waiting, Waiting]),
            ([Done, Done, Waiting, Waiting], [Done, Done, Offered, Offered]),
            ([Done, RolledBack, Waiting, Waiting], [Done, RolledBack, Cancelled, Cancelled]),
            ([Refused, Trying, Waiting, Waiting], [Refused, Trying, Cancelled, Cancelled]),
            ([Refused, Offered, Waiting, Waiting], [Refused, Cancelled, Cancelled, Cancelled]),
            // One of the rest stops those of the rest that have not begun.
            ([Done, Done, RolledBack, Offered], [Done, Done, RolledBack, Cancelled]),
            ([Done, Done, Fetching, Done], [Done, Done, Fetching, Done]),
        ] {
            assert_eq!(turned(2, before, &[], 2000), after, "{before:?}");
        }
    }

    #[test]
    fn a_canary_that_is_never_heard_stops_the_roll_out() {
        let late = 1000 + SILENCE + 1;
        let before = [Offered, Waiting, Waiting, Waiting];
        assert_eq!(turned(1, before, &[], late), [Failed, Cancelled, Cancelled, Cancelled]);
        assert_eq!(turned(1, before, &["a"], 2000), [Failed, Cancelled, Cancelled, Cancelled]);
        assert_eq!(turned(1, before, &["b"], 2000), before);
    }
}
