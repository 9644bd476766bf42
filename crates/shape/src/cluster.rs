//! Identities and campaigns.

use crate::{
    Attribution,
    profile::{rows, since},
};
use decnet_model::{
    flaw::Flaw,
    record::{self, ClusterFilter},
};
use netsvc_wire::stamp::{self, Micros};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An identity: one actor behind some addresses. Or a campaign: identities that work together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cluster {
    /// Its number.
    pub id: i64,
    /// Members: addresses of an identity, identities of a campaign.
    pub members: u64,
    /// Addresses.
    pub addresses: u64,
    /// The largest risk of an address, 0 to 100.
    pub risk: u64,
    /// Events.
    pub events: u64,
    /// First event, RFC 3339.
    pub first_seen: String,
    /// Last event, RFC 3339.
    pub last_seen: String,
}

impl From<&record::Cluster> for Cluster {
    fn from(row: &record::Cluster) -> Self {
        Cluster {
            id: row.id,
            members: row.members,
            addresses: row.addresses,
            risk: row.risk,
            events: row.events,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
        }
    }
}

/// An address of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterAddress {
    /// Its number.
    pub number: i64,
    /// The address.
    pub src_ip: String,
    /// The identity that it is part of.
    pub identity: i64,
    /// Risk, 0 to 100.
    pub risk: u64,
    /// How it behaves.
    pub behaviour: &'static str,
    /// How far it came.
    pub phase: &'static str,
    /// Events.
    pub events: u64,
    /// First event, RFC 3339.
    pub first_seen: String,
    /// Last event, RFC 3339.
    pub last_seen: String,
}

impl From<&record::MemberSeen> for ClusterAddress {
    fn from(row: &record::MemberSeen) -> Self {
        ClusterAddress {
            number: row.member,
            src_ip: row.src_ip.to_string(),
            identity: row.identity,
            risk: row.risk,
            behaviour: row.behaviour.name(),
            phase: row.phase.name(),
            events: row.events,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
        }
    }
}

/// One reason of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterReason {
    /// What both have in common: `key`, `payload`, `host`, `mail`, `pair`, `principal`, `command`, `ssh`, `tls`, `web`,
    /// `client`, `network`, `rhythm`, `loot` or `concert`.
    pub kind: &'static str,
    /// The value, escaped and cut.
    pub value: String,
    /// At most so many have it.
    pub holders: u64,
    /// What it weighs; further values of one sort count less, and each sort has a bound.
    pub weight: u32,
}

/// A link between two members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterTie {
    /// Number of the older.
    pub older: i64,
    /// Number of the younger.
    pub younger: i64,
    /// Weight; 1000 binds. 0 where an analyst has said it.
    pub weight: u64,
    /// When it could be known first, RFC 3339.
    pub at: String,
    /// The reasons in words.
    pub because: String,
    /// The reasons.
    pub evidence: Vec<ClusterReason>,
}

impl ClusterTie {
    /// A link, with its reasons in words.
    pub fn new(link: &record::ClusterLink, because: String) -> ClusterTie {
        let reason = |one: &record::Evidence| ClusterReason {
            kind: one.kind.name(),
            value: one.value.clone(),
            holders: one.holders,
            weight: one.weight,
        };
        ClusterTie {
            older: link.older,
            younger: link.younger,
            weight: link.weight,
            at: stamp::format(link.at),
            because,
            evidence: link.evidence.iter().map(reason).collect(),
        }
    }
}

/// What an analyst has said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterDecision {
    /// Its number.
    pub id: i64,
    /// `merge`, `split` or `pin`.
    pub deed: &'static str,
    /// Addresses on the one side.
    pub left: Vec<String>,
    /// Addresses on the other.
    pub right: Vec<String>,
    /// Who said it.
    pub actor: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub reason: String,
    /// When it was taken back, RFC 3339; absent: it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<String>,
    /// Who took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<String>,
}

impl From<&record::Decision> for ClusterDecision {
    fn from(row: &record::Decision) -> Self {
        let texts = |list: &[std::net::IpAddr]| list.iter().map(ToString::to_string).collect();
        ClusterDecision {
            id: row.id,
            deed: row.deed.name(),
            left: texts(&row.left),
            right: texts(&row.right),
            actor: row.actor.clone(),
            at: stamp::format(row.at),
            reason: row.reason.clone(),
            undone_at: row.undone_at.map(stamp::format),
            undone_by: row.undone_by.clone(),
        }
    }
}

/// A cluster with what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterDetail {
    /// The cluster.
    #[serde(flatten)]
    pub cluster: Cluster,
    /// Of an identity: the campaign that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<i64>,
    /// Its addresses, the oldest first, a thousand at most.
    pub sources: Vec<ClusterAddress>,
    /// The links that hold it together.
    pub links: Vec<ClusterTie>,
    /// What analysts have said of its addresses, the latest first.
    pub decisions: Vec<ClusterDecision>,
    /// Of an identity with fingerprints: whether they stay the same, and who may be behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
}

impl ClusterDetail {
    /// A cluster; `because` says the reasons of a link in words, and `attribution` is made of its fingerprints.
    pub fn new(
        view: &record::ClusterView,
        because: impl Fn(&record::ClusterLink) -> String,
        attribution: Option<Attribution>,
    ) -> ClusterDetail {
        ClusterDetail {
            cluster: (&view.cluster).into(),
            campaign: view.campaign,
            sources: view.sources.iter().map(ClusterAddress::from).collect(),
            links: view.links.iter().map(|link| ClusterTie::new(link, because(link))).collect(),
            decisions: view.decisions.iter().map(ClusterDecision::from).collect(),
            attribution,
        }
    }
}

/// Which clusters are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClusterQuery {
    /// With at least so many members; 2 without it.
    pub members: Option<u64>,
    /// At least this risk, 0 to 100.
    #[param(maximum = 100)]
    pub risk: Option<u64>,
    /// Only what was seen at or after this time: RFC 3339, a date, or a span such as 30m, 12h, 7d.
    pub since: Option<String>,
    /// Most rows: 1 to 500, 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
}

impl ClusterQuery {
    /// The filter and the limit that are meant.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn filter(&self, now: Micros) -> Result<(ClusterFilter, u32), Vec<Flaw>> {
        let mut flaws = Vec::new();
        let limit = rows(self.limit, &mut flaws);
        let since = since(self.since.as_ref(), now, &mut flaws);
        if self.risk.is_some_and(|risk| 100 < risk) {
            flaws.push(("risk", "0 to 100".to_owned()));
        }
        let filter =
            ClusterFilter { members: self.members.unwrap_or(2), risk: self.risk.unwrap_or(0), since };
        if flaws.is_empty() { Ok((filter, limit)) } else { Err(flaws) }
    }
}
