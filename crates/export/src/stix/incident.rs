//! Incidents: STIX 2.1 §4.6 with the extension "incident core" of OASIS, which says how it stands.

use super::{
    Stix,
    object::{Common, id_by, id_of},
};
use crate::known::KnownIncident;
use decnet_model::record::{IncidentState, Level, Severity, Stage};
use serde_json::{Value, json};

/// The extension "incident core".
const CORE: &str = "extension-definition--ef765651-680c-498d-9894-99799f2fa126";
/// How critical each severity is, of 100.
const CRITICALITY: &[(Severity, u8)] = &[
    (Severity::Info, 5),
    (Severity::Low, 25),
    (Severity::Medium, 50),
    (Severity::High, 75),
    (Severity::Critical, 95),
];

impl Stix<'_> {
    /// An incident, and how it hangs together with what is told of those who took part. Where it happened is not told.
    pub fn incident(&self, known: &KnownIncident) -> Vec<Value> {
        let incident = &known.view.incident;
        let noted = known.view.work.as_ref().map_or(i64::MIN, |work| work.changed_at);
        let (first, last) = (incident.first_seen, incident.last_seen.max(noted));
        let mut object = Common::at(self, "incident", &incident.id.to_string(), first, last).object;
        object.insert(
            "labels".into(),
            json!([
                format!("severity:{}", incident.severity.name()),
                format!("stage:{}", incident.stage.name())
            ]),
        );
        object.insert("name".into(), name(known).into());
        object.insert("description".into(), about(known).into());
        object.insert("extensions".into(), json!({ CORE: core(known) }));
        let object = Value::from(object);
        let id = id_of(&object);
        let mut told = vec![object];
        let mut related: Vec<Value> = Vec::new();
        for one in &known.sources {
            let place = format!("address {}", one.seen.src_ip);
            related.push(id_by(self.origin, "observed-data", &place));
            if one.is_for_blocking(self.wanted) {
                related.push(id_by(self.origin, "indicator", &place));
            }
            related.extend(one.identity.iter().map(|identity| self.cluster_id(Level::Identity, identity)));
            related.extend(one.campaign.iter().map(|campaign| self.cluster_id(Level::Campaign, campaign)));
        }
        // Several of one actor lead to it once.
        related.sort_unstable_by_key(Value::to_string);
        related.dedup();
        told.extend(related.iter().map(|other| self.link(&id, "related-to", other, first, last)));
        told
    }
}

fn core(known: &KnownIncident) -> Value {
    let incident = &known.view.incident;
    let criticality = CRITICALITY.iter().find(|(severity, _)| *severity == incident.severity);
    json!({
        "extension_type": "property-extension",
        "determination": match incident.stage {
            Stage::Touched | Stage::Scanned => "low-value",
            Stage::Tried => "failed-attempt",
            Stage::LoggedIn | Stage::Executed | Stage::Left => "successful-attempt",
        },
        "investigation_status": match known.view.state() {
            IncidentState::New => "new",
            IncidentState::Acknowledged => "open",
            IncidentState::Closed => "closed",
        },
        "criticality": criticality.map_or(0, |(_, number)| *number),
    })
}

fn name(known: &KnownIncident) -> String {
    let first = known.sources.first().map(|one| one.seen.src_ip.to_string()).unwrap_or_default();
    let who = match known.sources.len() {
        0 | 1 => first,
        2 => format!("{first} and 1 other"),
        count => format!("{first} and {} others", count - 1),
    };
    let deed = match known.view.incident.stage {
        Stage::Touched => "touched",
        Stage::Scanned => "scanned",
        Stage::Tried => "tried logins of",
        Stage::LoggedIn => "logged in to",
        Stage::Executed => "acted on",
        Stage::Left => "left files on",
    };
    format!("{who} {deed} machines that do not exist")
}

fn about(known: &KnownIncident) -> String {
    let incident = &known.view.incident;
    format!(
        "Events: {}; machines: {}; services: {}; logins tried: {}; let in: {}; commands: {}; files left: {}.",
        incident.counts.events,
        incident.nodes,
        incident.services,
        incident.counts.credentials,
        incident.logins,
        incident.commands,
        incident.artefacts
    )
}
