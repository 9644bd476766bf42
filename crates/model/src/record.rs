//! What the store keeps, as plain rows: events, sessions, credentials, artefacts, attackers.
//!
//! Times are microseconds since the epoch, UTC. Captured values are bytes, exactly as received.

/// Reads an enum back from its name.
macro_rules! named {
    ($type:ident) => {
        impl std::str::FromStr for $type {
            type Err = super::UnknownName;

            fn from_str(text: &str) -> Result<Self, super::UnknownName> {
                let found = $type::ALL.iter().copied().find(|known| known.name() == text);
                found.ok_or_else(|| super::UnknownName(text.to_owned()))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.name())
            }
        }
    };
}

mod account;
mod alert;
mod attacker;
mod canary;
mod cluster;
mod enrichment;
mod export;
mod fleet;
mod incident;
mod life;
mod mutation;
mod operation;
mod people;
mod profile;
mod retention;
mod sensor;
mod swarm;
mod technique;
mod topology;
mod view;

/// A text that names nothing of its list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not known")]
pub struct UnknownName(pub String);

pub use account::{ApiToken, AuditEntry, Login, LoginLink, NewAuditEntry, User, UserChange};
pub use alert::{AlertDelivery, AlertFormat, AlertKind, AlertMute, AlertRule, DeliveryState};
pub use attacker::{Attacker, AttackerDelta, AttackerDeltas, Contact, Counts, Traversal, TraversalKind};
pub use canary::{
    CANARY, Canary, CanaryChannel, CanaryFilter, CanaryHit, CanaryKind, CanaryPlace, CanarySecret,
    CanarySummary, UNPLACED,
};
pub use cluster::{
    Asked, Cluster, ClusterChange, ClusterFilter, ClusterLink, ClusterMember, ClusterView, Decision, Deed,
    Evidence, LONGEST_REASON, Level, MOST_ADDRESSES, MemberSeen, NewDecision, Refusal, Trait, TraitKind,
};
pub use enrichment::{
    AddressReputation, AttackerView, Enrichment, EnrichmentFile, FileReputation, Origin, ProviderState,
    Reputation, Rpki, Verdict,
};
pub use export::{AddressSeen, Behind, Following, Showed, Tried};
pub use fleet::{DeckyActual, DeckyDesired, DeckyIntent, DeckyRow, DeckyState};
pub use incident::{
    Incident, IncidentChange, IncidentDeed, IncidentDelta, IncidentDetail, IncidentNote, IncidentSource,
    IncidentState, IncidentTie, IncidentView, IncidentWork, LONGEST_NOTE, Mark, MarkKind, MarkSeen, QUIET,
    SEVERITIES, Severity, Stage, Stroke, severity,
};
pub use life::{LifeDeed, LifeFilter, LifeKind, RoutineRow};
pub use mutation::{Mutation, MutationCause, MutationKind};
pub use operation::{Operation, OperationKind, OperationState};
pub use people::{LETTER_DAY, LetterFilter, LetterRow, PEOPLE_SECRET, PoolRow};
pub use profile::{Behaviour, Phase, ProfileFilter, ProfileRow, ReuseFilter, ReuseRow};
pub use retention::{BadRetention, Holding, KindRetention, Retention, Retired};
pub use sensor::{Fingerprint, FingerprintKind, Probed};
pub use swarm::{SwarmCertificate, SwarmHost, SwarmReport, SwarmToken, SwarmUpdate, UpdateState};
pub use technique::{TechniqueFilter, TechniqueHit, TechniqueSeen};
pub use topology::{TopologyChangeState, TopologyEvent, TopologyMutation, TopologyRow, TopologyState};
pub use view::{BUCKETS, Bucket, By, Change, RankChange, Ranked, Span, Subject, TimelineFilter, View};

use netsvc_wire::{Class, WriterId, stamp::Micros};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    str::FromStr,
};

/// One stored event line. Ids grow in the order of the event log.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// Position in the order of the log, from 1.
    pub id: i64,
    /// Writer of the line.
    pub writer: WriterId,
    /// Number of the line with its writer.
    pub number: u64,
    /// When it happened.
    pub at: Micros,
    /// Node it happened to.
    pub node: String,
    /// Service it happened in.
    pub service: String,
    /// What happened (MSGID).
    pub kind: String,
    /// Address of the peer; `None` when the line names none that parses.
    pub src_ip: Option<IpAddr>,
    /// Port of the peer.
    pub src_port: Option<u16>,
    /// Port of the node.
    pub dst_port: Option<u16>,
    /// Connection it belongs to.
    pub session: Option<String>,
    /// Whether it came of a probe of our own.
    pub probe: bool,
    /// Host of the swarm that it comes from; `None`: this one.
    pub host: Option<String>,
    /// How much it matters.
    pub class: Class,
    /// All fields of the line in their order, decoded to bytes.
    pub fields: Vec<(String, Vec<u8>)>,
}

impl EventRow {
    /// The first field called `name`.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// The first field called `name`, if it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The first field called `name`, parsed.
    pub fn number_field<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).and_then(|text| text.parse().ok())
    }
}

/// How much an event of `kind` matters; a kind of a newer version counts as an interaction, so that
/// nothing a peer did is taken for noise.
pub fn class_of(kind: &str) -> Class {
    netsvc_wire::Kind::from_name(kind).map_or(Class::Interaction, netsvc_wire::Kind::class)
}

/// Which part of an ordered list is wanted, by key rather than by offset: stable while rows are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// From where and in which direction.
    pub from: PageFrom,
    /// Most rows returned.
    pub limit: u32,
}

/// Where a page begins. Rows come in the direction of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFrom {
    /// The newest rows, newest first.
    Newest,
    /// Rows older than this id, newest first.
    Before(i64),
    /// Rows newer than this id, oldest first.
    After(i64),
}

impl Page {
    /// The newest `limit` rows.
    pub fn newest(limit: u32) -> Self {
        Page { from: PageFrom::Newest, limit }
    }

    /// Up to `limit` rows older than `id`, newest first.
    pub fn before(id: i64, limit: u32) -> Self {
        Page { from: PageFrom::Before(id), limit }
    }

    /// Up to `limit` rows newer than `id`, oldest first.
    pub fn after(id: i64, limit: u32) -> Self {
        Page { from: PageFrom::After(id), limit }
    }
}

/// Names that there are, to tell one that does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Deckies that are deployed or of which there are events.
    pub deckies: BTreeSet<String>,
    /// Services of which there are events.
    pub services: BTreeSet<String>,
    /// Kinds of secrets that were offered.
    pub secret_kinds: BTreeSet<String>,
    /// The session that was asked for, if there is one.
    pub sessions: BTreeSet<String>,
    /// Hosts of the swarm: their ids by id and by name.
    pub hosts: BTreeMap<String, String>,
}

/// Conditions on rows; all that are set must hold. A condition that a table has no column for is ignored:
/// lists take from operators only those that they apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Node (decky name).
    pub node: Option<String>,
    /// Service.
    pub service: Option<String>,
    /// MSGID; events only.
    pub kind: Option<String>,
    /// Address of the peer.
    pub src_ip: Option<IpAddr>,
    /// Connection.
    pub session: Option<String>,
    /// Host of the swarm, by id; events only.
    pub host: Option<String>,
    /// At or after this time.
    pub since: Option<Micros>,
    /// Before this time.
    pub until: Option<Micros>,
    /// Text inside the value of any field, as shown, its case ignored; events only.
    pub text: Option<String>,
    /// With all these words ([`crate::words`]); events only.
    pub search: Option<String>,
    /// At least this class; events only.
    pub class: Option<Class>,
    /// Kind of secret; credentials only.
    pub secret_kind: Option<String>,
    /// With a recording; sessions only.
    pub recorded: bool,
    /// Without probes of our own.
    pub without_probes: bool,
    /// In this state; incidents only.
    pub state: Option<IncidentState>,
    /// At least this far; incidents only.
    pub stage: Option<Stage>,
    /// At least this urgent; incidents only.
    pub severity: Option<Severity>,
    /// Given to this one; incidents only.
    pub assignee: Option<String>,
    /// From this country, ISO 3166-1 alpha-2; attackers only.
    pub country: Option<String>,
    /// From this autonomous system; attackers only.
    pub asn: Option<u64>,
}

/// One connection, joined from its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id in the events' field `session`.
    pub id: String,
    /// Id of its first event; sessions are ordered by it.
    pub first_event: i64,
    /// Id of its last event.
    pub last_event: i64,
    /// Node.
    pub node: String,
    /// Service.
    pub service: String,
    /// Address of the peer.
    pub src_ip: Option<IpAddr>,
    /// Port of the peer.
    pub src_port: Option<u16>,
    /// Port of the node.
    pub dst_port: Option<u16>,
    /// Time of its earliest event.
    pub started_at: Micros,
    /// Time of its latest event.
    pub last_at: Micros,
    /// When it was closed; `None` while it is open.
    pub ended_at: Option<Micros>,
    /// Number of events.
    pub events: u64,
    /// Commands, requests and queries.
    pub commands: u64,
    /// Secrets offered.
    pub credentials: u64,
    /// Payloads kept.
    pub artefacts: u64,
    /// Login name last offered.
    pub principal: Option<Vec<u8>>,
    /// What the client calls itself.
    pub client: Option<Vec<u8>>,
    /// SHA-256 of its recording.
    pub recording: Option<String>,
    /// Bytes from the peer.
    pub bytes_in: Option<u64>,
    /// Bytes to the peer.
    pub bytes_out: Option<u64>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Whether it is a probe of our own.
    pub probe: bool,
}

/// One secret offered by one peer to one service, however often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Id of the first event that offered it; credentials are ordered by it.
    pub first_event: i64,
    /// Id of the last one.
    pub last_event: i64,
    /// Address of the peer.
    pub src_ip: Option<IpAddr>,
    /// Node.
    pub node: String,
    /// Service.
    pub service: String,
    /// Login name as offered.
    pub principal: Vec<u8>,
    /// The secret as offered: a password, a response, a key's hash.
    pub secret: Vec<u8>,
    /// `plaintext`, `publickey`, `mysql_native_password`, ….
    pub secret_kind: String,
    /// SHA-256 of the secret, hex.
    pub secret_sha256: String,
    /// The challenge that the secret answers.
    pub challenge: Option<Vec<u8>>,
    /// Realm or domain.
    pub realm: Option<Vec<u8>>,
    /// Line for a cracker.
    pub crack_line: Option<Vec<u8>>,
    /// Outcome; once `accepted`, always `accepted`.
    pub outcome: Option<String>,
    /// How often it was offered.
    pub attempts: u64,
    /// First offer.
    pub first_seen: Micros,
    /// Last offer.
    pub last_seen: Micros,
    /// Whether a probe of our own offered it.
    pub probe: bool,
}

/// One payload, by content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// SHA-256 of the content, lower-case hex.
    pub sha256: String,
    /// Id of the first event that named it; artefacts are ordered by it.
    pub first_event: i64,
    /// Size in bytes.
    pub size: u64,
    /// Where it came from first: `upload`, `recording`, `mail`, ….
    pub origin: String,
    /// Format, if the service knows it.
    pub format: Option<String>,
    /// First sighting.
    pub first_seen: Micros,
    /// Last sighting.
    pub last_seen: Micros,
    /// Number of sightings.
    pub sightings: u64,
    /// The limit for which the content was not kept, or not any more, the last time that there was one.
    pub unkept: Option<String>,
}

/// One time that an artefact was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Event that named it.
    pub event: i64,
    /// SHA-256 of the content.
    pub sha256: String,
    /// When.
    pub at: Micros,
    /// Node.
    pub node: String,
    /// Service.
    pub service: String,
    /// Peer.
    pub src_ip: Option<IpAddr>,
    /// Connection.
    pub session: Option<String>,
    /// Where it came from.
    pub origin: String,
    /// Path or name on the node.
    pub path: Option<Vec<u8>>,
    /// Whether it came of a probe of our own.
    pub probe: bool,
}

/// Lines of a writer that never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Writer.
    pub writer: WriterId,
    /// First missing number.
    pub first: u64,
    /// Last missing number.
    pub last: u64,
}

impl Gap {
    /// Number of missing lines.
    pub fn count(&self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

/// Number of events of one kind in one service of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Node.
    pub node: String,
    /// Service.
    pub service: String,
    /// MSGID.
    pub kind: String,
    /// How many.
    pub events: u64,
    /// Time of the latest.
    pub last_at: Micros,
}

/// Totals over the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Events.
    pub events: u64,
    /// Sessions.
    pub sessions: u64,
    /// Distinct credentials.
    pub credentials: u64,
    /// Distinct artefacts.
    pub artefacts: u64,
    /// Attackers.
    pub attackers: u64,
    /// Lines known to be missing.
    pub missing: u64,
    /// Events deleted because they were too old or too many.
    pub retired: u64,
    /// Highest event id.
    pub last_event: i64,
}
