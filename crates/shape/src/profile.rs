//! Profiles of attackers, and secrets that come again.

use crate::{Contact, Origin, Reputation, SessionKeystrokes, condition::moment, shown};
use decnet_model::{
    flaw::Flaw,
    record::{self, Behaviour, ProfileFilter, ReuseFilter},
};
use netsvc_wire::{
    escape::printable,
    stamp::{self, Micros},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The profile of an address, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Profile {
    /// Address.
    pub src_ip: String,
    /// The identity that it is part of; absent until it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<i64>,
    /// Risk, 0 to 100.
    pub risk: u64,
    /// How it behaves: `unknown`, `scanning`, `slow-scan`, `brute-force`, `spraying`, `beaconing`, `scripted`,
    /// `interactive` or `mixed`.
    pub behaviour: &'static str,
    /// How far it came: `recon`, `access`, `action` or `exfil`.
    pub phase: &'static str,
    /// Events.
    pub events: u64,
    /// Distinct deckies, exact to 64.
    pub deckies: u64,
    /// Distinct services.
    pub services: u64,
    /// First event, RFC 3339.
    pub first_seen: String,
    /// Last event, RFC 3339.
    pub last_seen: String,
    /// Id of the last event.
    pub last_event: i64,
}

impl From<&record::ProfileRow> for Profile {
    fn from(row: &record::ProfileRow) -> Self {
        Profile {
            src_ip: row.src_ip.to_string(),
            identity: None,
            risk: row.risk,
            behaviour: row.behaviour.name(),
            phase: row.phase.name(),
            events: row.events,
            deckies: row.nodes,
            services: row.services,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
            last_event: row.last_event,
        }
    }
}

/// One part of a risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RiskTerm {
    /// What it adds, or takes away.
    pub points: i64,
    /// What for.
    pub reason: String,
}

/// What was done in one phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PhaseSeen {
    /// `recon`, `access`, `action` or `exfil`.
    pub phase: &'static str,
    /// Events.
    pub events: u64,
    /// The first of them.
    pub first_event: i64,
    /// When first, RFC 3339.
    pub first_seen: String,
    /// When last, RFC 3339.
    pub last_seen: String,
}

/// A program that somebody seems to use, and what says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToolGuess {
    /// Its name.
    pub name: String,
    /// `scanner`, `guesser`, `library`, `client`, `bot`, `exploit` or `survey`.
    pub role: String,
    /// The field that says so.
    pub field: String,
    /// The value of the field, escaped and cut.
    pub value: String,
    /// How often it was seen.
    pub times: u64,
    /// The first event that says so.
    pub first_event: i64,
}

/// A command and how often it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommandSeen {
    /// The command, escaped and cut.
    pub text: String,
    /// How often.
    pub times: u64,
    /// The first event.
    pub first_event: i64,
}

/// Gaps between things that happen, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pace {
    /// How many gaps.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The middle one, to the power of two.
    pub middle: u64,
    /// Standard deviation.
    pub deviation: f64,
    /// Standard deviation by mean.
    pub variation: f64,
    /// The shortest.
    pub least: u64,
    /// The longest.
    pub most: u64,
}

/// What was tried to get in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LoginsSeen {
    /// Secrets and keys offered.
    pub attempts: u64,
    /// Let in.
    pub accepted: u64,
    /// Distinct login names; numbers beyond 64 are estimates.
    pub principals: u64,
    /// Distinct secrets.
    pub secrets: u64,
    /// Distinct pairs of both.
    pub pairs: u64,
    /// Distinct pairs that are on no list.
    pub unlisted: u64,
}

/// What an address can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TraitSeen {
    /// What it is.
    pub kind: &'static str,
    /// The value, escaped and cut.
    pub value: String,
    /// When it was seen first, RFC 3339.
    pub since: String,
}

impl From<&record::Trait> for TraitSeen {
    fn from(one: &record::Trait) -> Self {
        TraitSeen { kind: one.kind.name(), value: one.value.clone(), since: stamp::format(one.since) }
    }
}

/// All that is known of an address.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ProfileFacts {
    /// Why that behaviour is said.
    pub behaviour_reason: String,
    /// The terms whose sum is the risk.
    pub risk_terms: Vec<RiskTerm>,
    /// What was done in each phase, in their order.
    pub phases: Vec<PhaseSeen>,
    /// Gaps between events.
    pub pace: Pace,
    /// Gaps between connections.
    pub calls: Pace,
    /// Gaps between commands of one session.
    pub typing: Pace,
    /// On how many days it was seen.
    pub days: u64,
    /// What it tried to get in.
    pub logins: LoginsSeen,
    /// Programs that it seems to use.
    pub tools: Vec<ToolGuess>,
    /// Commands that were executed, the first forty.
    pub commands: Vec<CommandSeen>,
    /// How many were executed.
    pub commanded: u64,
    /// Distinct payloads left.
    pub payloads: u64,
    /// Exploits tried.
    pub exploits: u64,
    /// Where it wanted something fetched from, the first sixteen.
    pub urls: Vec<String>,
    /// Bytes that it took.
    pub taken: u64,
    /// What it can be recognised by.
    pub traits: Vec<TraitSeen>,
}

/// A profile with what it is made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileDetail {
    /// The profile.
    #[serde(flatten)]
    pub profile: Profile,
    /// The rest.
    #[serde(flatten)]
    pub facts: ProfileFacts,
    /// Whose the address is.
    #[serde(flatten)]
    pub origin: Origin,
    /// What providers have answered of it.
    pub reputation: Vec<Reputation>,
    /// What it touched, in the order of the first contact.
    pub targets: Vec<Contact>,
    /// What it can be recognised by, told last first: two hundred at most.
    pub fingerprints: Vec<Fingerprint>,
    /// How what it typed came, in the recorded sessions begun last: four at most.
    pub keystrokes: Vec<SessionKeystrokes>,
    /// When the prober has asked it last what it is, RFC 3339; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probed_at: Option<String>,
}

/// Most fingerprints of one address that are shown.
pub const FINGERPRINTS: u32 = 200;

/// What an address can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fingerprint {
    /// What it is of: `tcp`, `ja3`, `ja4`, `ja3s`, `hassh`, `hassh_server`, `http2`, `certificate`, `dhcp`, `shared`,
    /// `beacon`, `clock`, `jarm`, `banner` or `syn_ack`.
    pub kind: &'static str,
    /// The fingerprint.
    pub value: String,
    /// What it means, as far as that is known.
    pub detail: String,
    /// Decky that saw it last; `-`: none.
    pub decky: String,
    /// Service or sensor that saw it last.
    pub service: String,
    /// How often it was told.
    pub events: u64,
    /// When first, RFC 3339.
    pub first_seen: String,
    /// When last, RFC 3339.
    pub last_seen: String,
}

impl From<&record::Fingerprint> for Fingerprint {
    fn from(row: &record::Fingerprint) -> Self {
        Fingerprint {
            kind: row.kind.name(),
            value: printable(row.value.as_bytes()).into_string(),
            detail: printable(row.detail.as_bytes()).into_string(),
            decky: row.node.clone(),
            service: row.service.clone(),
            events: row.events,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
        }
    }
}

/// Which profiles are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProfileQuery {
    /// At least this risk, 0 to 100.
    #[param(maximum = 100)]
    pub risk: Option<u64>,
    /// Only those that behave so.
    pub behaviour: Option<String>,
    /// Only what was seen at or after this time: RFC 3339, a date, or a span such as 30m, 12h, 7d.
    pub since: Option<String>,
    /// `last` (without it): active last first; `risk`: the largest risk first.
    #[param(pattern = "^(last|risk)$")]
    pub by: Option<String>,
    /// Most rows: 1 to 500, 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
    /// Profiles whose last event is older than this; not with `by=risk`.
    pub before: Option<i64>,
}

/// Most rows of an answer.
pub(crate) const MOST_ROWS: u32 = 500;
/// Rows of an answer where nobody says how many.
pub(crate) const ROWS: u32 = 50;

/// A limit that is asked for.
pub(crate) fn rows(limit: Option<u32>, flaws: &mut Vec<Flaw>) -> u32 {
    let rows = limit.unwrap_or(ROWS);
    if rows == 0 || MOST_ROWS < rows {
        flaws.push(("limit", format!("1 to {MOST_ROWS}")));
    }
    rows
}

/// A time that is asked for.
pub(crate) fn since(text: Option<&String>, now: Micros, flaws: &mut Vec<Flaw>) -> Option<Micros> {
    match moment(text?, now) {
        Ok(at) => Some(at),
        Err(why) => {
            flaws.push(("since", why));
            None
        }
    }
}

impl ProfileQuery {
    /// The filter and the page that are meant.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn filter(&self, now: Micros) -> Result<(ProfileFilter, record::Page), Vec<Flaw>> {
        let mut flaws = Vec::new();
        let limit = rows(self.limit, &mut flaws);
        let since = since(self.since.as_ref(), now, &mut flaws);
        let behaviour = self.behaviour.as_ref().and_then(|text| {
            let read = text.parse::<Behaviour>().ok();
            if read.is_none() {
                let known: Vec<_> = Behaviour::ALL.iter().map(|one| one.name()).collect();
                flaws.push(("behaviour", format!("{text:?} is none of {}", known.join(", "))));
            }
            read
        });
        if self.risk.is_some_and(|risk| 100 < risk) {
            flaws.push(("risk", "0 to 100".to_owned()));
        }
        let by_risk = match self.by.as_deref() {
            None | Some("last") => false,
            Some("risk") => true,
            Some(_) => {
                flaws.push(("by", "last or risk".to_owned()));
                false
            }
        };
        if by_risk && self.before.is_some() {
            flaws.push(("before", "only goes with by=last".to_owned()));
        }
        let page =
            self.before.map_or_else(|| record::Page::newest(limit), |id| record::Page::before(id, limit));
        let filter = ProfileFilter { risk: self.risk, behaviour, since, by_risk };
        if flaws.is_empty() { Ok((filter, page)) } else { Err(flaws) }
    }
}

/// A secret that came again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reuse {
    /// SHA-256 over kind and secret.
    pub id: String,
    /// Kind of secret.
    pub secret_kind: String,
    /// The secret, escaped.
    pub secret: String,
    /// The list that it is on: `default`, `common`; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<String>,
    /// How often it was offered.
    pub attempts: u64,
    /// How often it was let in.
    pub accepted: u64,
    /// Distinct services of deckies; numbers beyond 64 are estimates.
    pub targets: u64,
    /// Distinct deckies.
    pub deckies: u64,
    /// Distinct services.
    pub services: u64,
    /// Distinct login names.
    pub principals: u64,
    /// Distinct addresses.
    pub attackers: u64,
    /// First offer, RFC 3339.
    pub first_seen: String,
    /// Last offer, RFC 3339.
    pub last_seen: String,
    /// Id of the last event.
    pub last_event: i64,
}

impl From<&record::ReuseRow> for Reuse {
    fn from(row: &record::ReuseRow) -> Self {
        Reuse {
            id: hex::encode(&row.secret_hash),
            secret_kind: shown(&row.secret_kind),
            secret: printable(&row.secret).into_string(),
            listed: Some(row.listed.clone()).filter(|list| !list.is_empty()),
            attempts: row.attempts,
            accepted: row.accepted,
            targets: row.targets,
            deckies: row.nodes,
            services: row.services,
            principals: row.principals,
            attackers: row.attackers,
            first_seen: stamp::format(row.first_seen),
            last_seen: stamp::format(row.last_seen),
            last_event: row.last_event,
        }
    }
}

/// Names of what a secret was offered to and by, the first of each, escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReuseNames {
    /// What comes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_of: Option<String>,
    /// `DECKY:SERVICE`.
    pub targets: Vec<String>,
    /// Login names.
    pub principals: Vec<String>,
    /// Addresses.
    pub attackers: Vec<String>,
}

/// A secret that came again, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReuseDetail {
    /// The secret.
    #[serde(flatten)]
    pub reuse: Reuse,
    /// Where, and by whom.
    pub names: ReuseNames,
}

/// Which reused secrets are asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReuseQuery {
    /// Offered to at least so many services of deckies, or by as many addresses, or for as many names; 2 without it.
    pub least: Option<u64>,
    /// Without secrets that are on a list.
    pub unlisted: Option<bool>,
    /// Only this kind of secret.
    pub secret_kind: Option<String>,
    /// Only what was offered at or after this time: RFC 3339, a date, or a span such as 30m, 12h, 7d.
    pub since: Option<String>,
    /// Most rows: 1 to 500, 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<u32>,
    /// Rows whose last event is older than this.
    pub before: Option<i64>,
}

impl ReuseQuery {
    /// The filter and the page that are meant.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn filter(&self, now: Micros) -> Result<(ReuseFilter, record::Page), Vec<Flaw>> {
        let mut flaws = Vec::new();
        let limit = rows(self.limit, &mut flaws);
        let since = since(self.since.as_ref(), now, &mut flaws);
        let filter = ReuseFilter {
            least: self.least.unwrap_or(2),
            unlisted: self.unlisted.unwrap_or(false),
            secret_kind: self.secret_kind.clone(),
            since,
        };
        let page =
            self.before.map_or_else(|| record::Page::newest(limit), |id| record::Page::before(id, limit));
        if flaws.is_empty() { Ok((filter, page)) } else { Err(flaws) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_question_is_told() {
        let query = ProfileQuery {
            risk: Some(101),
            behaviour: Some("odd".into()),
            since: Some("yesterweek".into()),
            by: Some("risk".into()),
            limit: Some(0),
            before: Some(3),
        };
        let flaws: Vec<_> = query.filter(0).unwrap_err().into_iter().map(|(field, _)| field).collect();
        assert_eq!(flaws, ["limit", "since", "behaviour", "risk", "before"]);
        let query = ProfileQuery { behaviour: Some("slow-scan".into()), ..ProfileQuery::default() };
        assert_eq!(query.filter(0).unwrap().0.behaviour, Some(Behaviour::SlowScan));
        assert_eq!(
            ReuseQuery { limit: Some(501), ..ReuseQuery::default() }.filter(0).unwrap_err()[0].0,
            "limit"
        );
    }
}
