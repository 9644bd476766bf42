//! Hosts of a swarm, what they said last, their certificates, and tokens to join.

use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// A host of the swarm, as the master wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmHost {
    /// Id: its first name and six hex digits. It never changes and stands in its certificate.
    pub id: String,
    /// Name.
    pub name: String,
    /// Labels, JSON object.
    pub labels: String,
    /// How many deckies it gets beside others: twice the weight, twice the deckies.
    pub weight: u64,
    /// Most deckies.
    pub capacity: Option<u64>,
    /// Whether it is to have no deckies.
    pub drained: bool,
    /// What an operator noted.
    pub notes: String,
    /// When it joined.
    pub enrolled_at: Micros,
    /// When it was decommissioned.
    pub left_at: Option<Micros>,
    /// When it came after that and was told.
    pub told_at: Option<Micros>,
    /// Number of what is wanted, one more with each change.
    pub generation: u64,
    /// The fleet that is wanted there, JSON; empty: nothing was ever asked for.
    pub wanted: String,
    /// One more each time that the master asks whether it is there.
    pub pulse: u64,
}

impl SwarmHost {
    /// A host that joined just now.
    pub fn new(id: &str, name: &str, now: Micros) -> SwarmHost {
        SwarmHost {
            id: id.to_owned(),
            name: name.to_owned(),
            labels: "{}".to_owned(),
            weight: 1,
            capacity: None,
            drained: false,
            notes: String::new(),
            enrolled_at: now,
            left_at: None,
            told_at: None,
            generation: 0,
            wanted: String::new(),
            pulse: 0,
        }
    }
}

/// What a host said last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwarmReport {
    /// Id of the host.
    pub host: String,
    /// When.
    pub at: Micros,
    /// From where.
    pub address: Option<IpAddr>,
    /// Its release.
    pub version: String,
    /// What it has made come true, or tried to.
    pub generation: u64,
    /// The last question that it has heard.
    pub pulse: u64,
    /// Where its deckies can stand, JSON.
    pub ground: String,
    /// How its deckies do, JSON list.
    pub deckies: String,
    /// How far its log was forwarded, JSON.
    pub lag: String,
    /// What it says that somebody should look at.
    pub trouble: String,
}

/// A certificate that the authority signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmCertificate {
    /// SHA-256 of it, hex.
    pub fingerprint: String,
    /// Whose it is.
    pub host: String,
    /// `master` or `agent`.
    pub role: String,
    /// When it was signed.
    pub issued_at: Micros,
    /// When it expires.
    pub expires_at: Micros,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
    /// Why.
    pub reason: String,
}

/// What lets a host join once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmToken {
    /// SHA-256 of its secret, hex.
    pub hash: String,
    /// Name that the host gets.
    pub name: String,
    /// Labels that it gets, JSON object.
    pub labels: String,
    /// Weight that it gets.
    pub weight: u64,
    /// Capacity that it gets.
    pub capacity: Option<u64>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Micros,
    /// When it expires.
    pub expires_at: Micros,
    /// When it was used.
    pub used_at: Option<Micros>,
    /// SHA-256 of the public key that it was used with, hex: whoever lost the answer may ask again.
    pub used_key: String,
    /// The host that joined with it.
    pub host: String,
    /// What there is to know of the host that joins.
    pub notes: Option<String>,
}

/// An update of one host, or of the master itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwarmUpdate {
    /// Id: that of its roll-out, and of the host.
    pub id: String,
    /// The roll-out that it belongs to.
    pub rollout: String,
    /// Id of the host; `master` for the master itself.
    pub host: String,
    /// Its name.
    pub name: String,
    /// When its turn is: 0 at once, 1 when all of 0 have proved themselves.
    pub stage: u64,
    /// The release before, as far as it was known.
    pub from_version: String,
    /// The release that it gets.
    pub to_version: String,
    /// SHA-256 of the bundle, hex.
    pub sha256: String,
    /// Bytes of the bundle.
    pub size: u64,
    /// Its signature, as minisign's file.
    pub signature: String,
    /// How far it is.
    pub state: UpdateState,
    /// Why it is not done.
    pub reason: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Micros,
    /// When the state changed last.
    pub changed_at: Micros,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

/// How far an update of a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UpdateState {
    /// It is not its turn yet.
    Waiting,
    /// The host gets it as soon as it comes.
    Offered,
    /// The host fetches it.
    Fetching,
    /// The host has it and is busy with it.
    Trying,
    /// It runs and has proved itself.
    Done,
    /// It has not proved itself, and the one before runs again.
    RolledBack,
    /// The host does not take it, and has changed nothing.
    Refused,
    /// Nothing was heard of it for too long.
    Failed,
    /// Its turn never came.
    Cancelled,
}

impl UpdateState {
    /// All states.
    pub const ALL: &'static [UpdateState] = &[
        UpdateState::Waiting,
        UpdateState::Offered,
        UpdateState::Fetching,
        UpdateState::Trying,
        UpdateState::Done,
        UpdateState::RolledBack,
        UpdateState::Refused,
        UpdateState::Failed,
        UpdateState::Cancelled,
    ];

    /// Name in the store and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            UpdateState::Waiting => "waiting",
            UpdateState::Offered => "offered",
            UpdateState::Fetching => "fetching",
            UpdateState::Trying => "trying",
            UpdateState::Done => "done",
            UpdateState::RolledBack => "rolled-back",
            UpdateState::Refused => "refused",
            UpdateState::Failed => "failed",
            UpdateState::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more comes of it.
    pub fn is_ended(self) -> bool {
        !matches!(
            self,
            UpdateState::Waiting | UpdateState::Offered | UpdateState::Fetching | UpdateState::Trying
        )
    }
}

named!(UpdateState);
