//! How networks of deckies look as JSON.

use crate::shown;
use decnet_model::{
    catalogue,
    fleet::{Decky, Fleet},
    record,
};
use decnet_topology::{check, ways};
use netsvc_wire::stamp;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;
use utoipa::ToSchema;

/// A network of deckies in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Topology {
    /// Its name.
    pub name: String,
    /// `pending`, `deploying`, `active`, `degraded`, `failed`, `tearing_down`, `torn_down`.
    pub state: &'static str,
    /// Since when.
    pub state_at: String,
    /// Why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Raised by each change; who changes it names the one that he has seen.
    pub version: i64,
    /// How many LANs.
    pub lans: usize,
    /// How many deckies.
    pub deckies: usize,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

/// One network of deckies.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TopologyDetail {
    /// What lists show of it.
    #[serde(flatten)]
    pub topology: Topology,
    /// LANs, deckies, edges and rules, as `decnet topology export` writes them, without what settings have of secrets.
    #[schema(value_type = Object)]
    pub document: Value,
    /// What is wrong with it.
    pub findings: Vec<TopologyFinding>,
    /// How far inside each LAN is: how many machines have to be taken to be in it.
    pub depths: std::collections::BTreeMap<String, usize>,
    /// Addresses on the segment of the deckies that stand in front, while it is deployed.
    pub fronts: std::collections::BTreeMap<String, String>,
    /// What became of it, the latest first.
    pub events: Vec<TopologyEvent>,
}

/// What is wrong with a document of a topology that nobody has stored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TopologyCheck {
    /// What is wrong with it.
    pub findings: Vec<TopologyFinding>,
    /// How far inside each LAN is.
    pub depths: std::collections::BTreeMap<String, usize>,
}

impl TopologyCheck {
    /// Checks a document.
    ///
    /// # Errors
    /// When it is none, in words.
    pub fn of(document: Value) -> Result<TopologyCheck, String> {
        let topology: decnet_topology::Topology =
            serde_json::from_value(document).map_err(|error| shown(&error.to_string()))?;
        let found = check::check(&topology);
        // Who reaches whom is looked for where there is no more of anything than can be.
        let bounded = found.iter().all(|finding| finding.code != check::Code::TooLarge);
        let depths = if bounded { ways::Map::new(&topology).depths() } else { Default::default() };
        Ok(TopologyCheck { findings: found.iter().map(TopologyFinding::from).collect(), depths })
    }
}

/// Something that is wrong with a topology.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TopologyFinding {
    /// `DMZ_MISSING`, `IP_COLLISION`, …
    pub code: &'static str,
    /// Whether it can be deployed all the same.
    pub warning: bool,
    /// The LAN, decky or rule that it is about; empty: the whole.
    pub subject: String,
    /// In words.
    pub detail: String,
}

/// A state that followed another one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TopologyEvent {
    /// The state before.
    pub from: &'static str,
    /// The state after.
    pub to: &'static str,
    /// When.
    pub at: String,
    /// Why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A change of a topology that was asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TopologyMutation {
    /// Its number.
    pub id: i64,
    /// The topology.
    pub topology: String,
    /// The operation.
    pub op: String,
    /// What it was told.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// Version of the topology that it was made for.
    pub version: i64,
    /// `pending`, `applying`, `applied`, `failed`.
    pub state: &'static str,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: String,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_at: Option<String>,
    /// Why it was not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// How many LANs and deckies a document has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopologySize {
    lans: usize,
    deckies: usize,
}

impl TopologySize {
    /// Of a document; nothing of one that cannot be read.
    pub fn of(document: &str) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Parts {
            lans: Vec<IgnoredAny>,
            deckies: Vec<IgnoredAny>,
        }
        let parts: Parts = serde_json::from_str(document).unwrap_or_default();
        TopologySize { lans: parts.lans.len(), deckies: parts.deckies.len() }
    }
}

impl From<&record::TopologyRow> for Topology {
    fn from(row: &record::TopologyRow) -> Self {
        Topology::new(row, TopologySize::of(&row.document))
    }
}

impl Topology {
    /// A topology of this size; its document is not looked at.
    pub fn new(row: &record::TopologyRow, size: TopologySize) -> Self {
        Topology {
            name: row.name.clone(),
            state: row.state.name(),
            state_at: stamp::format(row.state_at),
            reason: row.reason.clone(),
            version: row.version,
            lans: size.lans,
            deckies: size.deckies,
            created_at: stamp::format(row.created_at),
            updated_at: stamp::format(row.updated_at),
        }
    }
}

/// What a name of a topology has to be, where `name` is not that.
pub fn bad_topology_name(name: &str) -> Option<&'static str> {
    (!decnet_topology::is_name(name)).then_some(decnet_topology::NAME_RULE)
}

/// A document, or what a change was told, as it may be read by whoever looks.
fn without_secrets(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(services) = value.get_mut("services") {
        hide(services);
    }
    let deckies = value.get_mut("deckies").and_then(Value::as_array_mut).into_iter().flatten();
    deckies.filter_map(|decky| decky.get_mut("services")).for_each(hide);
    value
}

fn hide(services: &mut Value) {
    for service in services.as_array_mut().into_iter().flatten() {
        let slug = service.get("slug").and_then(Value::as_str).unwrap_or_default().to_owned();
        let settings = service.get_mut("settings").and_then(Value::as_object_mut);
        for (key, setting) in settings.into_iter().flatten() {
            if catalogue::is_secret(&slug, key) {
                *setting = "***".into();
            }
        }
    }
}

impl TopologyDetail {
    /// A topology with what became of it, and the fleet that its deckies may stand in.
    pub fn new(row: &record::TopologyRow, events: &[record::TopologyEvent], fleet: Option<&Fleet>) -> Self {
        let read = serde_json::from_str::<decnet_topology::Topology>(&row.document);
        let (findings, depths) = match &read {
            Ok(topology) => (check::check(topology), ways::Map::new(topology).depths()),
            Err(_) => Default::default(),
        };
        let deckies = fleet.iter().flat_map(|fleet| fleet.deckies.values());
        let front = |decky: &Decky| {
            let placed = decky.placed.as_ref()?;
            let name = decky.name.as_str().strip_prefix(&row.name)?.strip_prefix('.')?;
            let stands = placed.topology == row.name && !placed.place.inner;
            stands.then(|| (name.to_owned(), decky.ip.to_string()))
        };
        TopologyDetail {
            topology: row.into(),
            document: without_secrets(&row.document),
            findings: findings.iter().map(TopologyFinding::from).collect(),
            depths,
            fronts: deckies.filter_map(front).collect(),
            events: events.iter().map(TopologyEvent::from).collect(),
        }
    }
}

impl From<&check::Finding> for TopologyFinding {
    fn from(finding: &check::Finding) -> Self {
        TopologyFinding {
            code: finding.code.name(),
            warning: finding.code.is_warning(),
            subject: shown(&finding.subject),
            detail: shown(&finding.detail),
        }
    }
}

impl From<&record::TopologyEvent> for TopologyEvent {
    fn from(row: &record::TopologyEvent) -> Self {
        TopologyEvent {
            from: row.before.name(),
            to: row.after.name(),
            at: stamp::format(row.at),
            reason: row.reason.clone(),
        }
    }
}

impl From<&record::TopologyMutation> for TopologyMutation {
    fn from(row: &record::TopologyMutation) -> Self {
        TopologyMutation {
            id: row.id,
            topology: row.topology.clone(),
            op: row.op.clone(),
            payload: without_secrets(&row.payload),
            version: row.version,
            state: row.state.name(),
            asked_by: row.asked_by.clone(),
            asked_at: stamp::format(row.asked_at),
            applied_at: row.applied_at.map(stamp::format),
            reason: row.reason.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_a_setting_is_shown() {
        let service = r#"{"slug":"ssh","settings":{"password":"s3cr3t","user":"eve"}}"#;
        for text in [
            format!("{{\"deckies\":[{{\"services\":[{service}]}}]}}"),
            format!("{{\"services\":[{service}]}}"),
        ] {
            let shown = without_secrets(&text).to_string();
            assert!(!shown.contains("s3cr3t") && shown.contains("***") && shown.contains("eve"), "{shown}");
        }
        assert_eq!(without_secrets("nothing"), Value::Null);
    }

    #[test]
    fn a_name_that_no_topology_can_have_is_told_before_anything_is_done() {
        for (name, good) in [
            ("corp", true),
            ("c", true),
            ("", false),
            ("-x", false),
            ("a.b", false),
            ("xxxxxxxxxxxxxxxxxxxxxxxx", false),
        ] {
            assert_eq!(bad_topology_name(name).is_none(), good, "{name}");
        }
    }

    #[test]
    fn a_document_is_as_large_as_its_lists() {
        for (text, lans, deckies) in [
            (r#"{"lans":[{"name":"dmz"},{}],"deckies":[1],"edges":[1,2,3]}"#, 2, 1),
            (r#"{"lans":[]}"#, 0, 0),
            ("{\"lans\":7}", 0, 0),
            ("nothing", 0, 0),
        ] {
            assert_eq!(TopologySize::of(text), TopologySize { lans, deckies }, "{text}");
        }
    }
}
