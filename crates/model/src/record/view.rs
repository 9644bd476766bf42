//! What is made of events so that nobody has to look through them: views, each with a cursor of its own.

use super::{AttackerDeltas, CanaryHit, Fingerprint, IncidentDelta, ProfileRow, ReuseRow, TechniqueHit};
use crate::worker::Worker;
use netsvc_wire::stamp::Micros;
use std::collections::BTreeMap;

/// Something that is made of events, in their order, and can be made anew from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Attackers, their contacts and traversals.
    Attackers,
    /// Numbers of events by time.
    Timeline,
    /// What was seen most.
    Rankings,
    /// The words of events.
    Words,
    /// Incidents.
    Incidents,
    /// Techniques that were shown. It is made by rules, which may be others some day.
    Techniques,
    /// What each attacker is like.
    Profiles,
    /// Secrets that were offered more than once.
    Reuse,
    /// What became of canaries.
    Canaries,
    /// What attackers' hosts and programs can be recognised by.
    Fingerprints,
}

named!(View);

impl View {
    /// Every view.
    pub const ALL: &'static [View] = &[
        View::Attackers,
        View::Timeline,
        View::Rankings,
        View::Words,
        View::Incidents,
        View::Techniques,
        View::Canaries,
        View::Fingerprints,
        View::Profiles,
        View::Reuse,
    ];

    /// The worker that keeps it up to date, under whose fence it is written.
    pub fn worker(self) -> Worker {
        match self {
            View::Attackers
            | View::Timeline
            | View::Rankings
            | View::Words
            | View::Incidents
            | View::Techniques
            | View::Canaries
            | View::Fingerprints => Worker::Correlator,
            View::Profiles => Worker::Profiler,
            View::Reuse => Worker::ReuseCorrelator,
        }
    }

    /// Name of its cursor.
    pub fn name(self) -> &'static str {
        match self {
            View::Attackers => "correlator",
            View::Timeline => "timeline",
            View::Rankings => "rankings",
            View::Words => "words",
            View::Incidents => "incidents",
            View::Techniques => "techniques",
            View::Profiles => "profiles",
            View::Reuse => "reuse",
            View::Canaries => "canaries",
            View::Fingerprints => "fingerprints",
        }
    }
}

/// What a batch of events adds to a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// To attackers.
    Attackers(AttackerDeltas),
    /// Numbers of events by minute, node and kind.
    Timeline(BTreeMap<(Micros, String, String), u64>),
    /// To rankings, by day, subject and value.
    Rankings(BTreeMap<(Micros, Subject, Vec<u8>), RankChange>),
    /// The words of events, by id.
    Words(Vec<(i64, String)>),
    /// To incidents.
    Incidents(IncidentDelta),
    /// To techniques.
    Techniques(Vec<TechniqueHit>),
    /// Profiles as they are now.
    Profiles(Vec<ProfileRow>),
    /// Reused secrets as they are now.
    Reuse(Vec<ReuseRow>),
    /// To canaries.
    Canaries(Vec<CanaryHit>),
    /// To fingerprints.
    Fingerprints(Vec<Fingerprint>),
}

impl Change {
    /// The view that it is of.
    pub fn view(&self) -> View {
        match self {
            Change::Attackers(_) => View::Attackers,
            Change::Timeline(_) => View::Timeline,
            Change::Rankings(_) => View::Rankings,
            Change::Words(_) => View::Words,
            Change::Incidents(_) => View::Incidents,
            Change::Techniques(_) => View::Techniques,
            Change::Profiles(_) => View::Profiles,
            Change::Reuse(_) => View::Reuse,
            Change::Canaries(_) => View::Canaries,
            Change::Fingerprints(_) => View::Fingerprints,
        }
    }

    /// How many things it changes.
    pub fn len(&self) -> usize {
        match self {
            Change::Attackers(deltas) => deltas.len(),
            Change::Timeline(counts) => counts.len(),
            Change::Rankings(counts) => counts.len(),
            Change::Words(texts) => texts.len(),
            Change::Incidents(delta) => delta.strokes.len(),
            Change::Techniques(hits) => hits.len(),
            Change::Profiles(rows) => rows.len(),
            Change::Reuse(rows) => rows.len(),
            Change::Canaries(hits) => hits.len(),
            Change::Fingerprints(found) => found.len(),
        }
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How long one number of the timeline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// A minute; kept for a week.
    Minute,
    /// An hour; kept for good.
    Hour,
}

named!(Span);

impl Span {
    /// Both.
    pub const ALL: &'static [Span] = &[Span::Minute, Span::Hour];

    /// `minute` or `hour`.
    pub fn name(self) -> &'static str {
        match self {
            Span::Minute => "minute",
            Span::Hour => "hour",
        }
    }

    /// Its length.
    pub fn micros(self) -> Micros {
        match self {
            Span::Minute => 60_000_000,
            Span::Hour => 3_600_000_000,
        }
    }

    /// When the span that holds `at` began.
    pub fn begin(self, at: Micros) -> Micros {
        at.saturating_sub(at.rem_euclid(self.micros()))
    }
}

/// What the numbers of a timeline are told apart by, beside time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Nothing.
    #[default]
    All,
    /// The kind of event.
    Kind,
    /// How much the kind of event matters.
    Class,
    /// The decky.
    Node,
}

named!(By);

impl By {
    /// Every one.
    pub const ALL: &'static [By] = &[By::All, By::Kind, By::Class, By::Node];

    /// `all`, `kind`, `class` or `decky`.
    pub fn name(self) -> &'static str {
        match self {
            By::All => "all",
            By::Kind => "kind",
            By::Class => "class",
            By::Node => "decky",
        }
    }
}

/// Which part of the timeline is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineFilter {
    /// Length of a bucket.
    pub span: Span,
    /// Buckets that begin at or after this time.
    pub since: Micros,
    /// Buckets that begin before this time.
    pub until: Micros,
    /// Of one node.
    pub node: Option<String>,
    /// Of one kind.
    pub kind: Option<String>,
    /// What buckets of the same time are told apart by.
    pub by: By,
}

/// Most buckets of one answer.
pub const BUCKETS: usize = 10_000;

/// How many events there were in one span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When the span began.
    pub at: Micros,
    /// Kind, class or node; empty where they are not told apart.
    pub name: String,
    /// How many.
    pub events: u64,
}

/// What is ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Addresses, by events.
    Attacker,
    /// Login names, by offers.
    Username,
    /// Secrets in the clear, by offers.
    Password,
    /// Services, by events.
    Service,
    /// Deckies, by events.
    Decky,
}

named!(Subject);

impl Subject {
    /// Every subject.
    pub const ALL: &'static [Subject] =
        &[Subject::Attacker, Subject::Username, Subject::Password, Subject::Service, Subject::Decky];

    /// `attacker`, `username`, `password`, `service` or `decky`.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Attacker => "attacker",
            Subject::Username => "username",
            Subject::Password => "password",
            Subject::Service => "service",
            Subject::Decky => "decky",
        }
    }
}

/// What a batch adds to one value of a ranking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RankChange {
    /// How often.
    pub events: u64,
    /// When last.
    pub last_seen: Micros,
}

/// One value of a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The value: an address, a name, a secret as offered (its first KiB).
    pub value: Vec<u8>,
    /// How often.
    pub events: u64,
    /// When last.
    pub last_seen: Micros,
}
