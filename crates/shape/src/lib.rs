//! How each noun looks as JSON, once for the command line and the interface, and by which conditions its list
//! is narrowed down.
//!
//! Captured bytes are texts, escaped as on the screen; where that is not the text itself, the exact bytes
//! stand under the same name in `exact`, as base64. Times are RFC 3339, UTC.

mod account;
mod alert;
mod attacker;
mod attribution;
mod canary;
mod cluster;
pub mod condition;
pub mod csv;
mod enrichment;
mod event;
mod evidence;
mod export;
mod fleet;
mod form;
mod house;
mod image;
mod incident;
mod inventory;
mod keystroke;
mod learned;
mod life;
pub mod message;
mod mutation;
mod numbers;
mod operation;
mod people;
mod persona;
mod profile;
mod session;
mod swarm;
mod technique;
mod texts;
mod topology;

pub use account::{ApiToken, AuditEntry, Login, User};
pub use alert::{AlertDelivery, AlertMute, AlertRule};
pub use attacker::{Attacker, AttackerDetail, Contact, Counts, Traversal};
pub use attribution::{AttributedFact, Attribution};
pub use canary::{Canary, CanaryHit, CanaryKind, Provenance};
pub use cluster::{
    Cluster, ClusterAddress, ClusterDecision, ClusterDetail, ClusterQuery, ClusterReason, ClusterTie,
};
pub use enrichment::{
    CountryCount, Lookup, LookupFile, LookupStatus, Origin, Reputation, ReputationProvider,
};
pub use event::Event;
pub use evidence::{Artifact, ArtifactDetail, Credential, Sighting, with_provenance};
pub use export::ExportQuery;
pub use fleet::{Decky, DeckyDetail, Stats, Tally};
pub use form::EventForm;
pub use house::{Lag, LogLevels, Setting, Worker, Workers};
pub use image::CustomService;
pub use incident::{Incident, IncidentDetail, IncidentNote, IncidentSource, IncidentTie};
pub use inventory::{Archetype, Distro, Service, ServicePort, ServiceSetting};
pub use keystroke::{KEYSTROKE_SESSIONS, KeystrokeFeature, Keystrokes, SessionKeystrokes};
pub use learned::{Learned, LearnedDecky, LearnedDetail, LearnedHost};
pub use life::{Life, LifeCount, LifeDeed, LifeRole};
pub use mutation::Mutation;
pub use numbers::{Bucket, Ranked, RankingQuery, Timeline, TimelineQuery};
pub use operation::Operation;
pub use people::{Letter, LetterDetail, Person};
pub use persona::{Contradiction, Persona};
pub use profile::{
    CommandSeen, FINGERPRINTS, Fingerprint, LoginsSeen, Pace, PhaseSeen, Profile, ProfileDetail,
    ProfileFacts, ProfileQuery, Reuse, ReuseDetail, ReuseNames, ReuseQuery, RiskTerm, ToolGuess, TraitSeen,
};
pub use session::{Session, SessionDetail, SessionPackets};
pub use swarm::{SwarmDecky, SwarmHost, SwarmUpdate};
pub use technique::{Technique, TechniqueBy, TechniqueCoverage, TechniqueHit, TechniqueQuery, TechniqueRule};
pub use texts::Texts;
pub use topology::{
    Topology, TopologyCheck, TopologyDetail, TopologyEvent, TopologyFinding, TopologyMutation, TopologySize,
    bad_topology_name,
};

use netsvc_wire::escape::printable;
use serde::Serialize;
use utoipa::ToSchema;

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Listing<T: ToSchema> {
    /// The rows.
    pub items: Vec<T>,
    /// `before=` of the next older page; absent when there are no rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<i64>,
    /// `after=` of the next newer page; absent when there are no rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer: Option<i64>,
}

impl<T: ToSchema> Listing<T> {
    /// A page of `rows` whose key is read by `key`.
    pub fn of<R>(rows: &[R], key: impl Fn(&R) -> i64) -> Self
    where
        T: for<'a> From<&'a R>,
    {
        Listing {
            items: rows.iter().map(T::from).collect(),
            older: rows.iter().map(&key).min(),
            newer: rows.iter().map(&key).max(),
        }
    }
}

/// Names in lines are validated by our encoder, but a relay may have written the line.
fn shown(name: &str) -> String {
    printable(name.as_bytes()).into_string()
}
