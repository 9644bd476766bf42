//! What was learned of a segment, as JSON.

use crate::shown;
use decnet_model::record::{self, OperationState};
use netsvc_wire::{escape::printable, stamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What was learned of a segment, in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Learned {
    /// Number of the work that learned it.
    pub id: i64,
    /// `queued`, `running`, `done`, `failed`.
    pub state: &'static str,
    /// What was said beside the result, and why it failed.
    pub notes: Vec<String>,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: String,
    /// The segment: `10.9.8.0/24`; empty until it is known.
    pub network: String,
    /// Hosts that were heard of.
    pub hosts: usize,
    /// Addresses that nobody seems to have.
    pub free: usize,
    /// Deckies that are proposed.
    pub deckies: usize,
}

/// What was learned of a segment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LearnedDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub learned: Learned,
    /// Its gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Domain that DHCP names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Frames that were looked at.
    pub frames: u64,
    /// Hosts by what they seem to be.
    pub seen: BTreeMap<String, usize>,
    /// Cards by prefix and its owner.
    pub makers: BTreeMap<String, usize>,
    /// Stretches of free addresses: `10.9.8.10-10.9.8.19`.
    pub stretches: Vec<String>,
    /// Hosts that were heard of, the first thousand.
    pub found: Vec<LearnedHost>,
    /// What is proposed.
    pub proposed: Vec<LearnedDecky>,
    /// The same as a deployment INI.
    pub ini: String,
}

/// A host that was heard of.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LearnedHost {
    /// Its address.
    pub ip: String,
    /// Its hardware address.
    pub mac: String,
    /// Who owns the prefix of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// What it seems to be.
    pub kind: String,
    /// Names that it gives itself.
    pub names: Vec<String>,
    /// Ports that it takes connections at.
    pub ports: Vec<u16>,
}

/// A decky that is proposed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LearnedDecky {
    /// Its name in the plan.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// Its address.
    pub ip: String,
    /// Its system.
    pub system: String,
    /// Its host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Its hardware address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Its services.
    pub services: Vec<String>,
}

/// What `decnet learn --json` prints, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    network: Option<(String, u8)>,
    gateway: Option<String>,
    domain: Option<String>,
    frames: u64,
    seen: BTreeMap<String, usize>,
    makers: BTreeMap<String, usize>,
    free: usize,
    stretches: Vec<(String, String)>,
    hosts: Vec<LearnedHost>,
    deckies: Vec<LearnedDecky>,
    ini: String,
}

impl Told {
    fn of(row: &record::Operation) -> Told {
        let done = row.state == OperationState::Done;
        done.then(|| serde_json::from_str(&row.result).ok()).flatten().unwrap_or_default()
    }

    fn listed(&self, row: &record::Operation) -> Learned {
        Learned {
            id: row.id,
            state: row.state.name(),
            notes: row.notes.lines().map(|line| printable(line.as_bytes()).into_string()).collect(),
            asked_by: row.asked_by.clone(),
            asked_at: stamp::format(row.asked_at),
            network: self
                .network
                .as_ref()
                .map(|(first, prefix)| format!("{first}/{prefix}"))
                .unwrap_or_default(),
            hosts: self.seen.values().sum(),
            free: self.free,
            deckies: self.deckies.len(),
        }
    }
}

impl From<&record::Operation> for Learned {
    fn from(row: &record::Operation) -> Self {
        Told::of(row).listed(row)
    }
}

impl From<&record::Operation> for LearnedDetail {
    fn from(row: &record::Operation) -> Self {
        let told = Told::of(row);
        LearnedDetail {
            learned: told.listed(row),
            gateway: told.gateway,
            domain: told.domain.map(|domain| shown(&domain)),
            frames: told.frames,
            seen: told.seen,
            makers: told.makers,
            stretches: told
                .stretches
                .into_iter()
                .map(|(first, last)| if first == last { first } else { format!("{first}-{last}") })
                .collect(),
            // Names are what hosts of the segment say of themselves.
            found: told
                .hosts
                .into_iter()
                .map(|host| LearnedHost {
                    names: host.names.iter().map(|name| shown(name)).collect(),
                    ..host
                })
                .collect(),
            proposed: told.deckies,
            ini: told.ini,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::record::OperationKind;

    fn row(state: OperationState, result: &str) -> record::Operation {
        record::Operation {
            id: 7,
            kind: OperationKind::Learn,
            request: String::new(),
            state,
            progress: String::new(),
            result: result.to_owned(),
            notes: String::new(),
            asked_by: "admin".to_owned(),
            asked_at: 1,
            begun_at: None,
            ended_at: None,
        }
    }

    #[test]
    fn what_the_verb_prints_is_shown_and_names_are_escaped() {
        let printed = r#"{"network":["10.9.8.0",24],"gateway":"10.9.8.1","domain":null,"interface":null,
            "seen":{"linux":2},"makers":{"00:50:56 VMware, Inc.":2},"frames":9,"free":3,
            "stretches":[["10.9.8.10","10.9.8.11"],["10.9.8.20","10.9.8.20"]],
            "hosts":[{"ip":"10.9.8.4","mac":"00:50:56:09:09:00","maker":null,"kind":"linux",
                      "names":["web\u001b[31m"],"ports":[22]}],
            "deckies":[{"name":"linux-01","kind":"linux","ip":"10.9.8.10","system":"debian12","hostname":null,
                        "mac":null,"services":["ssh"]}],"ini":"[general]\n"}"#;
        let detail = LearnedDetail::from(&row(OperationState::Done, printed));
        assert_eq!((detail.learned.network.as_str(), detail.learned.hosts), ("10.9.8.0/24", 2));
        assert_eq!(detail.stretches, ["10.9.8.10-10.9.8.11", "10.9.8.20"]);
        assert_eq!(
            detail.found.first().map(|host| host.names.clone()),
            Some(vec!["web\\x1b[31m".to_owned()])
        );
        assert_eq!((detail.learned.deckies, detail.ini.as_str()), (1, "[general]\n"));
        for (state, result) in [(OperationState::Failed, printed), (OperationState::Done, "nothing")] {
            assert_eq!(Learned::from(&row(state, result)).hosts, 0);
        }
    }
}
