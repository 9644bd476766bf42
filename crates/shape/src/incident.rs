//! Incidents and what analysts note of them.

use crate::{Contact, Counts, Credential, Event, Sighting, shown};
use decnet_model::record;
use netsvc_wire::{escape::printable, stamp};
use serde::Serialize;
use utoipa::ToSchema;

/// One incident.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Incident {
    /// Its number; that of its first event.
    pub id: i64,
    /// What happened, in words.
    pub title: String,
    /// `new`, `acknowledged`, `closed`.
    pub state: &'static str,
    /// Whether it was closed and something happened since.
    pub reopened: bool,
    /// `info`, `low`, `medium`, `high`, `critical`.
    pub severity: &'static str,
    /// How far it came: `touched`, `scanned`, `tried-credentials`, `logged-in`, `executed-commands`,
    /// `left-artefact`.
    pub stage: &'static str,
    /// First event, RFC 3339.
    pub first_seen: String,
    /// Last event, RFC 3339.
    pub last_seen: String,
    /// Id of the last event.
    pub last_event: i64,
    /// Address of its first event.
    pub src_ip: String,
    /// Distinct addresses.
    pub sources: u64,
    /// Distinct deckies touched.
    pub deckies: u64,
    /// Distinct services touched.
    pub services: u64,
    /// Decky where it came furthest.
    pub decky: String,
    /// Service where it came furthest.
    pub service: String,
    /// Logins that were let in.
    pub logins: u64,
    /// Login name of the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Commands and queries on deckies.
    pub commands: u64,
    /// Payloads and mails that were left.
    pub artifacts: u64,
    /// Its events.
    #[serde(flatten)]
    pub counts: Counts,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Who changed its state or assignee last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<String>,
}

impl From<&record::IncidentView> for Incident {
    fn from(view: &record::IncidentView) -> Self {
        let row = &view.incident;
        let work = view.work.as_ref();
        Incident {
            id: row.id,
            title: printable(&row.title()).into_string(),
            state: view.state().name(),
            reopened: view.is_reopened(),
            severity: row.severity.name(),
            stage: row.stage.name(),
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
            last_event: row.last_event,
            src_ip: row.src_ip.to_string(),
            sources: row.sources,
            deckies: row.nodes,
            services: row.services,
            decky: shown(&row.node),
            service: shown(&row.service),
            logins: row.logins,
            principal: row.principal.as_deref().map(|name| printable(name).into_string()),
            commands: row.commands,
            artifacts: row.artefacts,
            counts: (&row.counts).into(),
            assignee: work.and_then(|work| work.assignee.as_deref()).map(shown),
            changed_by: work.map(|work| shown(&work.changed_by)),
            changed_at: work.map(|work| stamp::format(work.changed_at)),
        }
    }
}

/// What one address did in an incident.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IncidentSource {
    /// Address.
    pub src_ip: String,
    /// First event, RFC 3339.
    pub first_seen: String,
    /// Last event, RFC 3339.
    pub last_seen: String,
    /// Id of its first event.
    pub first_event: i64,
    /// Id of its last event.
    pub last_event: i64,
    /// Number of its events.
    pub events: u64,
}

impl From<&record::IncidentSource> for IncidentSource {
    fn from(row: &record::IncidentSource) -> Self {
        IncidentSource {
            src_ip: row.src_ip.to_string(),
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
            first_event: row.first_event,
            last_event: row.last_event,
            events: row.events,
        }
    }
}

/// Why what was another incident is part of this one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IncidentTie {
    /// Number that the other one had.
    pub id: i64,
    /// When they were tied, RFC 3339.
    pub at: String,
    /// `principal`, `key`, `payload`.
    pub kind: &'static str,
    /// The login name, key or SHA-256 that both have.
    pub value: String,
}

impl From<&record::IncidentTie> for IncidentTie {
    fn from(row: &record::IncidentTie) -> Self {
        IncidentTie {
            id: row.id,
            at: stamp::format(row.at),
            kind: row.kind.name(),
            value: printable(&row.value).into_string(),
        }
    }
}

/// An entry of an incident's log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IncidentNote {
    /// Position in the log.
    pub id: i64,
    /// When, RFC 3339.
    pub at: String,
    /// By whom.
    pub actor: String,
    /// `note`, `state`, `assignee`.
    pub deed: &'static str,
    /// The note, the state, the name.
    pub text: String,
}

impl From<&record::IncidentNote> for IncidentNote {
    fn from(row: &record::IncidentNote) -> Self {
        IncidentNote {
            id: row.id,
            at: stamp::format(row.at),
            actor: shown(&row.actor),
            deed: row.deed.name(),
            text: row.text.split('\n').map(shown).collect::<Vec<_>>().join("\n"),
        }
    }
}

/// An incident and what it is made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IncidentDetail {
    /// The incident.
    #[serde(flatten)]
    pub incident: Incident,
    /// Addresses, those seen first first; of very many the first.
    pub attackers: Vec<IncidentSource>,
    /// What was touched, in the order of first contact.
    pub contacts: Vec<Contact>,
    /// What ties several addresses together.
    pub ties: Vec<IncidentTie>,
    /// What analysts noted, oldest first.
    pub notes: Vec<IncidentNote>,
    /// Its latest events, oldest first; more by `/incidents/{id}/events`.
    pub timeline: Vec<Event>,
    /// Secrets that were offered, the latest first.
    pub secrets: Vec<Credential>,
    /// Payloads that were seen, the latest first.
    pub sightings: Vec<Sighting>,
}

impl From<&record::IncidentDetail> for IncidentDetail {
    fn from(detail: &record::IncidentDetail) -> Self {
        IncidentDetail {
            incident: (&detail.view).into(),
            attackers: detail.sources.iter().map(Into::into).collect(),
            contacts: detail.contacts.iter().map(Into::into).collect(),
            ties: detail.ties.iter().map(Into::into).collect(),
            notes: detail.notes.iter().map(Into::into).collect(),
            timeline: detail.timeline.iter().map(Into::into).collect(),
            secrets: detail.credentials.iter().map(Into::into).collect(),
            sightings: detail.sightings.iter().map(Into::into).collect(),
        }
    }
}
