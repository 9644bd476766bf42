//! What a deploy would change.

use decnet_model::{
    fleet::{DeckyName, Fleet, Step},
    runtime::Runtime,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// The way from one fleet to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Deckies that come.
    pub added: Vec<DeckyName>,
    /// Deckies that go and come again with other properties.
    pub changed: Vec<DeckyName>,
    /// Deckies that go.
    pub removed: Vec<DeckyName>,
    /// The runtime or the segment is another: from what, to what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<(String, String)>,
}

impl Changes {
    /// From `have` to `want`.
    pub fn between(have: &Fleet, want: &Fleet) -> Self {
        let mut changes = Changes::default();
        let steps = want.steps(have);
        let gone: BTreeSet<&DeckyName> = steps.iter().filter_map(removed).collect();
        for step in &steps {
            match step {
                Step::Add(name) if gone.contains(name) => changes.changed.push(name.clone()),
                Step::Add(name) => changes.added.push(name.clone()),
                Step::Remove(name) if want.deckies.contains_key(name) => {}
                Step::Remove(name) => changes.removed.push(name.clone()),
            }
        }
        let (old, new) = (place(have), place(want));
        changes.place = (!have.deckies.is_empty() && old != new).then_some((old, new));
        changes
    }

    /// Whether something that runs would be lost, which nobody may want without saying so.
    pub fn takes_away(&self) -> bool {
        !self.removed.is_empty() || self.place.is_some()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && !self.takes_away()
    }

    /// One line each, as people read it.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((old, new)) = &self.place {
            lines.push(format!("place: {old} -> {new}; every decky goes and comes again"));
        }
        let names = |list: &[DeckyName]| {
            let shown: Vec<_> = list.iter().take(MOST_NAMED).map(DeckyName::as_str).collect();
            let more = if MOST_NAMED < list.len() { ", …" } else { "" };
            format!("{}{more}", shown.join(", "))
        };
        for (what, list) in [("added", &self.added), ("changed", &self.changed), ("removed", &self.removed)] {
            if !list.is_empty() {
                lines.push(format!("{what}: {} ({})", list.len(), names(list)));
            }
        }
        lines
    }
}

/// Most deckies that a line names.
const MOST_NAMED: usize = 8;

fn removed(step: &Step) -> Option<&DeckyName> {
    match step {
        Step::Remove(name) => Some(name),
        Step::Add(_) => None,
    }
}

/// Where a fleet stands, in a few words.
fn place(fleet: &Fleet) -> String {
    let on = match (&fleet.network.interface, fleet.lab) {
        (_, true) => " in the lab".to_owned(),
        (Some(interface), false) if fleet.runtime == Runtime::Native => format!(" on {interface}"),
        _ => String::new(),
    };
    format!("{}{on} {}", fleet.runtime, fleet.network)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use decnet_model::fleet::LOOPBACK_NETWORK;

    fn fleet(count: u32, runtime: Runtime, network: &str) -> Fleet {
        let request = plan::Request::plain(count, &["redis"], runtime, network.parse().unwrap());
        plan::fleet(&request).unwrap()
    }

    #[test]
    fn what_comes_changes_and_goes_is_told_apart() {
        let loopback = LOOPBACK_NETWORK.to_string();
        let (two, mut three) =
            (fleet(2, Runtime::Loopback, &loopback), fleet(3, Runtime::Loopback, &loopback));
        assert!(Changes::between(&two, &two).is_empty());
        let more = Changes::between(&two, &three);
        assert_eq!(more.lines(), ["added: 1 (decky-03)"]);
        assert!(!more.takes_away());
        assert_eq!(Changes::between(&three, &two).lines(), ["removed: 1 (decky-03)"]);
        assert!(Changes::between(&three, &two).takes_away());
        if let Some(decky) = three.deckies.values_mut().next() {
            decky.dhcp = true;
        }
        assert_eq!(Changes::between(&two, &three).lines(), ["added: 1 (decky-03)", "changed: 1 (decky-01)"]);
        let moved = Changes::between(&two, &fleet(2, Runtime::Native, "192.0.2.0/24"));
        assert!(moved.takes_away() && moved.changed.len() == 2);
        assert!(
            moved.lines()[0].starts_with("place: loopback 127.66.0.0/16 -> native 192.0.2.0/24"),
            "{moved:?}"
        );
        assert_eq!(Changes::between(&two.emptied(), &fleet(1, Runtime::Native, "192.0.2.0/24")).place, None);
    }
}
