//! Incidents: what analysts work on instead of single events, and what a batch of events adds to them.

use super::{CANARY, Contact, Counts, EventRow, UNPLACED};
use netsvc_wire::stamp::{DAY, Micros};
use std::net::IpAddr;

/// How long nothing may happen inside of one incident: what an address does later begins another one.
pub const QUIET: Micros = DAY / 24;
/// Services of deckies that make a touch a scan.
const SCANNED_CONTACTS: u64 = 3;
/// Requests and the like that make a touch a scan.
const SCANNED_REQUESTS: u64 = 20;

macro_rules! ranked {
    ($(#[doc = $doc:literal])+ $type:ident { $($(#[doc = $about:literal])+ $variant:ident = $name:literal;)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[doc = $about])+ $variant,)+ }

        named!($type);

        impl $type {
            /// Every one, from the least to the most.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// Name in the store, in JSON and on the command line.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)+ }
            }
        }
    };
}

ranked! {
    /// How far somebody came.
    Stage {
        /// A connection, a request.
        Touched = "touched";
        /// Many of them, or probes without a connection.
        Scanned = "scanned";
        /// Secrets were offered.
        Tried = "tried-credentials";
        /// A secret was taken.
        LoggedIn = "logged-in";
        /// Something was done on the decky.
        Executed = "executed-commands";
        /// Something was left on the decky.
        Left = "left-artefact";
    }
}

ranked! {
    /// How urgent it is that somebody looks.
    Severity {
        /// Nothing to do.
        Info = "info";
        /// When there is time.
        Low = "low";
        /// Today.
        Medium = "medium";
        /// Now.
        High = "high";
        /// At once.
        Critical = "critical";
    }
}

ranked! {
    /// What analysts have made of an incident.
    IncidentState {
        /// Nobody has looked, or something happened since it was closed.
        New = "new";
        /// Somebody works on it.
        Acknowledged = "acknowledged";
        /// Done, as far as it had gone.
        Closed = "closed";
    }
}

ranked! {
    /// What ties addresses to one campaign.
    MarkKind {
        /// A login name that few would try.
        Principal = "principal";
        /// A public key.
        Key = "key";
        /// The content of a payload.
        Payload = "payload";
        /// A canary: who read it where it lay, and who used it.
        Canary = "canary";
    }
}

ranked! {
    /// An entry of the log of an incident.
    IncidentDeed {
        /// A note was written.
        Note = "note";
        /// It got another state.
        State = "state";
        /// It was given to somebody, or to nobody.
        Assignee = "assignee";
    }
}

/// The severity of each stage: on one decky, and on several.
pub const SEVERITIES: &[(Stage, Severity, Severity)] = &[
    (Stage::Touched, Severity::Info, Severity::Low),
    (Stage::Scanned, Severity::Low, Severity::Medium),
    (Stage::Tried, Severity::Medium, Severity::High),
    (Stage::LoggedIn, Severity::High, Severity::High),
    (Stage::Executed, Severity::High, Severity::Critical),
    (Stage::Left, Severity::Critical, Severity::Critical),
];

/// The severity of what came to `stage` on so many deckies.
pub fn severity(stage: Stage, nodes: u64) -> Severity {
    let row = SEVERITIES.iter().find(|(known, ..)| *known == stage);
    row.map_or(Severity::Critical, |(_, one, several)| if nodes > 1 { *several } else { *one })
}

/// What one campaign did without a longer pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Id of its first event, which stays the same when incidents are made anew.
    pub id: i64,
    /// Id of its last event; incidents are ordered by it.
    pub last_event: i64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// How far it came.
    pub stage: Stage,
    /// How urgent it is.
    pub severity: Severity,
    /// Address of its first event.
    pub src_ip: IpAddr,
    /// Distinct addresses.
    pub sources: u64,
    /// Distinct nodes.
    pub nodes: u64,
    /// Distinct services, wherever they are.
    pub services: u64,
    /// The furthest single deed, without what only their number says.
    pub deed: Stage,
    /// Event of that deed: the first one that came as far.
    pub deed_event: i64,
    /// Node of that deed.
    pub node: String,
    /// Service of that deed.
    pub service: String,
    /// Logins that were let in.
    pub logins: u64,
    /// Event of the last of them; 0 when there is none.
    pub login_event: i64,
    /// Its login name.
    pub principal: Option<Vec<u8>>,
    /// Commands and queries on nodes.
    pub commands: u64,
    /// Payloads and mails that were left.
    pub artefacts: u64,
    /// Its events.
    pub counts: Counts,
}

impl Incident {
    /// The incident that a stroke begins. Numbers of what it touched are counted later.
    pub fn begin(stroke: &Stroke) -> Self {
        Incident {
            id: stroke.first_event,
            last_event: stroke.last_event,
            first_seen: stroke.first_seen,
            last_seen: stroke.last_seen,
            stage: stroke.deed,
            severity: severity(stroke.deed, 1),
            src_ip: stroke.src_ip,
            sources: 1,
            nodes: 1,
            services: 1,
            deed: stroke.deed,
            deed_event: stroke.deed_event,
            node: stroke.node.clone(),
            service: stroke.service.clone(),
            logins: stroke.logins,
            login_event: stroke.login_event,
            principal: stroke.principal.clone(),
            commands: stroke.commands,
            artefacts: stroke.artefacts,
            counts: stroke.counts,
        }
    }

    /// Takes in another one, whose number goes. In whichever order several are taken in, the same comes of it.
    pub fn absorb(&mut self, other: Incident) {
        self.last_event = self.last_event.max(other.last_event);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        if (other.deed, -other.deed_event) > (self.deed, -self.deed_event) {
            (self.deed, self.deed_event) = (other.deed, other.deed_event);
            (self.node, self.service) = (other.node, other.service);
        }
        if other.login_event > self.login_event {
            (self.login_event, self.principal) = (other.login_event, other.principal);
        }
        if other.id < self.id {
            (self.id, self.src_ip) = (other.id, other.src_ip);
        }
        self.logins = self.logins.saturating_add(other.logins);
        self.commands = self.commands.saturating_add(other.commands);
        self.artefacts = self.artefacts.saturating_add(other.artefacts);
        self.counts.sum(&other.counts);
    }

    /// Sets what follows from how much was touched: `contacts` services of nodes.
    pub fn judge(&mut self, contacts: u64) {
        let many = contacts >= SCANNED_CONTACTS || self.counts.interactions >= SCANNED_REQUESTS;
        self.stage = if many { self.deed.max(Stage::Scanned) } else { self.deed };
        self.severity = severity(self.stage, self.nodes);
    }

    /// What happened, in words, with captured bytes as they are.
    pub fn title(&self) -> Vec<u8> {
        let who = match self.sources {
            0 | 1 => self.src_ip.to_string(),
            count => format!("{count} addresses ({} and others)", self.src_ip),
        };
        let place = format!("{} on {}", self.service, self.node);
        let extent = match (self.nodes, self.services) {
            (0 | 1, 0 | 1) => place.clone(),
            (0 | 1, services) => format!("{} of {}", number(services, "service"), self.node),
            (nodes, services) => format!("{} ({})", number(nodes, "decky"), number(services, "service")),
        };
        let mut title = match self.stage {
            Stage::Touched => format!("{who} touched {extent}"),
            Stage::Scanned => format!("{who} scanned {extent}"),
            Stage::Tried => {
                format!("{who} tried {} on {extent}", number(self.counts.credentials, "credential"))
            }
            Stage::LoggedIn => format!("{who} logged in to {place}"),
            Stage::Executed if self.service == CANARY && self.node == UNPLACED => {
                format!("{who} set off a canary")
            }
            Stage::Executed if self.service == CANARY => format!("{who} set off a canary of {}", self.node),
            Stage::Executed if self.commands > 0 => {
                format!("{who} ran {} in {place}", number(self.commands, "command"))
            }
            Stage::Executed => format!("{who} acted in {place}"),
            Stage::Left => format!("{who} left {} over {place}", number(self.artefacts, "file")),
        }
        .into_bytes();
        if self.stage < Stage::LoggedIn {
            return title;
        }
        if let Some(name) = self.principal.as_deref().filter(|name| !name.is_empty()) {
            title.extend_from_slice(b" as ");
            title.extend_from_slice(name);
        }
        match self.nodes {
            0 | 1 => {}
            2 => title.extend_from_slice(b", and touched 1 more decky"),
            nodes => title.extend_from_slice(format!(", and touched {} more deckies", nodes - 1).as_bytes()),
        }
        title
    }
}

/// So many of something.
fn number(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count if one.ends_with('y') => format!("{count} {}ies", one.trim_end_matches('y')),
        count => format!("{count} {one}s"),
    }
}

/// What analysts have noted of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentWork {
    /// Its incident.
    pub incident: i64,
    /// The state that somebody gave it.
    pub state: IncidentState,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Who changed that last.
    pub changed_by: String,
    /// When.
    pub changed_at: Micros,
    /// The incident's last event then: later ones open a closed incident again.
    pub seen_event: i64,
}

/// An incident as analysts see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentView {
    /// What happened.
    pub incident: Incident,
    /// What was noted, if anything was.
    pub work: Option<IncidentWork>,
}

impl IncidentView {
    /// Its state: what somebody gave it, unless it was closed and something happened since.
    pub fn state(&self) -> IncidentState {
        match &self.work {
            None => IncidentState::New,
            Some(_) if self.is_reopened() => IncidentState::New,
            Some(work) => work.state,
        }
    }

    /// Whether something happened since it was closed.
    pub fn is_reopened(&self) -> bool {
        self.work.as_ref().is_some_and(|work| {
            work.state == IncidentState::Closed && work.seen_event < self.incident.last_event
        })
    }
}

/// What one address did in an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentSource {
    /// The incident.
    pub incident: i64,
    /// Address.
    pub src_ip: IpAddr,
    /// Id of its first event.
    pub first_event: i64,
    /// Id of its last event.
    pub last_event: i64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// Number of its events.
    pub events: u64,
}

/// Why another incident is part of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentTie {
    /// Number that the other one had.
    pub id: i64,
    /// The incident that it is part of.
    pub incident: i64,
    /// When that was seen.
    pub at: Micros,
    /// What ties them.
    pub kind: MarkKind,
    /// The login name, key or content's hash.
    pub value: Vec<u8>,
}

/// An entry of an incident's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentNote {
    /// Position in the log of all incidents.
    pub id: i64,
    /// The incident.
    pub incident: i64,
    /// When.
    pub at: Micros,
    /// By whom.
    pub actor: String,
    /// What was done.
    pub deed: IncidentDeed,
    /// The note, the state, the name.
    pub text: String,
}

/// Longest note, in characters.
pub const LONGEST_NOTE: usize = 4000;

/// What is to be changed of what is noted of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentChange {
    /// The new state.
    pub state: Option<IncidentState>,
    /// Who works on it from now on; empty: nobody.
    pub assignee: Option<String>,
    /// A note.
    pub note: Option<String>,
}

impl IncidentChange {
    /// Whether its note is empty or too long.
    pub fn has_bad_note(&self) -> bool {
        self.note.as_deref().is_some_and(|note| note.trim().is_empty() || note.chars().count() > LONGEST_NOTE)
    }
}

/// All there is of one incident beside its events.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentDetail {
    /// The incident.
    pub view: IncidentView,
    /// Addresses, those seen first first.
    pub sources: Vec<IncidentSource>,
    /// What was touched, in the order of first contact.
    pub contacts: Vec<Contact>,
    /// What ties several addresses together.
    pub ties: Vec<IncidentTie>,
    /// Its log, oldest first.
    pub notes: Vec<IncidentNote>,
    /// Its latest events, oldest first.
    pub timeline: Vec<EventRow>,
    /// Secrets that were offered.
    pub credentials: Vec<super::Credential>,
    /// Payloads that were seen.
    pub sightings: Vec<super::Sighting>,
}

/// What one address did without a longer pause in a batch of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// Address.
    pub src_ip: IpAddr,
    /// Id of its first event.
    pub first_event: i64,
    /// Id of its last event.
    pub last_event: i64,
    /// Time of the first event.
    pub begun_at: Micros,
    /// Earliest time.
    pub first_seen: Micros,
    /// Latest time.
    pub last_seen: Micros,
    /// The furthest deed.
    pub deed: Stage,
    /// Its event.
    pub deed_event: i64,
    /// Its node.
    pub node: String,
    /// Its service.
    pub service: String,
    /// Logins that were let in.
    pub logins: u64,
    /// Event of the last of them, or 0.
    pub login_event: i64,
    /// Its login name.
    pub principal: Option<Vec<u8>>,
    /// Commands and queries on nodes.
    pub commands: u64,
    /// Payloads and mails that were left.
    pub artefacts: u64,
    /// Its events.
    pub counts: Counts,
    /// What was touched.
    pub contacts: Vec<Contact>,
}

/// Something that ties addresses together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// The login name in lower case, the key, the hash of the content.
    pub value: Vec<u8>,
}

/// A mark that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkSeen {
    /// Index of the stroke that it was seen in.
    pub stroke: usize,
    /// When.
    pub at: Micros,
    /// The mark.
    pub mark: Mark,
}

/// What a batch of events adds to incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentDelta {
    /// Strokes in the order of their first events.
    pub strokes: Vec<Stroke>,
    /// Marks in the order of events.
    pub marks: Vec<MarkSeen>,
}

#[cfg(test)]
mod tests;
