//! Canaries and what became of them.

use crate::{Texts, shown};
use decnet_model::record::{self, CanarySummary};
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A canary, without what it holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Canary {
    /// Its id.
    pub id: String,
    /// What it looks like: `docx`, `ssh-key`, ….
    pub kind: &'static str,
    /// What somebody said of it.
    pub memo: String,
    /// Name of its file.
    pub file: String,
    /// Media type of its file.
    pub media: String,
    /// What the kind says of it: a host, a domain, a web page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What it leads to: an address, a name, a fingerprint.
    pub lead: String,
    /// Decky that it lies on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decky: Option<String>,
    /// Its path there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Times that it was read where it lies.
    pub reads: u64,
    /// Times that it was used.
    pub hits: u64,
    /// Calls that say little: previewers, scanners, repeats.
    pub noise: u64,
    /// When it was used last, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_hit: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When, RFC 3339.
    pub created_at: String,
    /// Since when it counts no more, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

impl Canary {
    /// A canary with what became of it.
    pub fn new(row: &record::Canary, summary: &CanarySummary) -> Canary {
        Canary {
            id: row.id.clone(),
            kind: row.kind.name(),
            memo: shown(&row.memo),
            file: shown(&row.file),
            media: row.media.clone(),
            target: row.target.as_deref().map(shown),
            lead: shown(&row.lead),
            decky: row.node.as_deref().map(shown),
            path: row.path.as_deref().map(shown),
            reads: summary.reads,
            hits: summary.hits,
            noise: summary.noise,
            last_hit: summary.last_hit.map(stamp::format),
            created_by: shown(&row.created_by),
            created_at: stamp::format(row.created_at),
            revoked_at: row.revoked_at.map(stamp::format),
        }
    }
}

/// One time that a canary was taken or used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CanaryHit {
    /// Id of its event.
    pub event: i64,
    /// The canary.
    pub canary: String,
    /// When, RFC 3339.
    pub at: String,
    /// `read` where it lay, `http`, `dns`, `secret`, `login`, `key`, `mail`.
    pub channel: &'static str,
    /// Why it says little: `previewer`, `scanner`, `repeated`, `echo`, `test`, …; absent: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<String>,
    /// How many there were.
    pub count: u64,
    /// From where; for a name, the resolver that asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_ip: Option<String>,
    /// Decky that it lies on, or at which it was used; `-`: none.
    pub decky: String,
    /// Service there; `canary`: the listeners.
    pub service: String,
    /// What the client says it is.
    pub client: String,
    /// What was asked for, read or offered.
    pub target: String,
    /// Exact bytes, base64, of the texts that are not shown as they are.
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub exact: Texts,
}

impl From<&record::CanaryHit> for CanaryHit {
    fn from(row: &record::CanaryHit) -> Self {
        let mut exact = Texts::default();
        CanaryHit {
            event: row.event,
            canary: row.canary.clone(),
            at: stamp::format(row.at),
            channel: row.channel.name(),
            noise: (!row.noise.is_empty()).then(|| shown(&row.noise)),
            count: row.count,
            src_ip: row.src_ip.map(|address| address.to_string()),
            decky: shown(&row.node),
            service: shown(&row.service),
            client: exact.show("client", &row.client),
            target: exact.show("target", &row.target),
            exact,
        }
    }
}

/// A kind of canary.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CanaryKind {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Name of its file; empty: it is a text to be put somewhere.
    pub file: &'static str,
    /// How its use is noticed: `http`, `dns`, `secret`, `login`, `key`, `mail`.
    pub channels: Vec<&'static str>,
    /// What it cannot do without: `base`, `zone`, `domain`, or nothing.
    pub needs: &'static str,
    /// Whether that is there.
    pub ready: bool,
    /// Where it usually lies.
    pub place: &'static str,
    /// What makes it fire.
    pub fires: &'static str,
    /// What does not.
    pub silent: &'static str,
    /// What `target` is for; empty: it has none.
    pub target: &'static str,
}

impl CanaryKind {
    /// Every kind, where things arrive at `origin`.
    pub fn all(origin: &decnet_model::canary::Origin) -> Vec<CanaryKind> {
        use decnet_model::canary::Needs;
        let of = |kind: &record::CanaryKind| {
            let traits = kind.traits();
            let (needs, ready) = match traits.needs {
                Needs::Base => ("base", origin.base.is_some()),
                Needs::Zone => ("zone", origin.zone.is_some()),
                Needs::Domain => ("domain", true),
                Needs::Nothing => ("", true),
            };
            CanaryKind {
                name: kind.name(),
                about: kind.about(),
                file: traits.file,
                channels: traits.channels.iter().map(|channel| channel.name()).collect(),
                needs,
                ready,
                place: traits.place,
                fires: traits.fires,
                silent: traits.silent,
                target: traits.target,
            }
        };
        record::CanaryKind::ALL.iter().map(of).collect()
    }
}

/// Where a secret was planted that somebody offered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Provenance {
    /// The canary that it is of.
    pub canary: String,
    /// What that looks like.
    pub kind: &'static str,
    /// Decky that it lies on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decky: Option<String>,
    /// Its path there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What somebody said of it.
    pub memo: String,
}

impl From<&record::Canary> for Provenance {
    fn from(row: &record::Canary) -> Self {
        Provenance {
            canary: row.id.clone(),
            kind: row.kind.name(),
            decky: row.node.as_deref().map(shown),
            path: row.path.as_deref().map(shown),
            memo: shown(&row.memo),
        }
    }
}
