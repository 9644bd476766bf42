//! Alerts. Where messages go and what they are signed with is never shown whole.

use crate::shown;
use decnet_model::{alert::Target, record};
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlertRule {
    /// Its name.
    pub name: String,
    /// Whether it is used.
    pub enabled: bool,
    /// Where messages go, without the path, which is a secret with most services.
    pub target: String,
    /// Whether messages are signed.
    pub signed: bool,
    /// `json`, `slack`, `mattermost`, `teams`, `discord`, `ntfy`, `ecs`, `cef`.
    pub format: &'static str,
    /// At least this urgent.
    pub severity: &'static str,
    /// At least this far.
    pub stage: &'static str,
    /// Only where this decky was touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decky: Option<String>,
    /// Only where this service was touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only from these addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Messages in an hour beyond which they are held for a digest.
    pub per_hour: u64,
    /// Hours (UTC) in which what is less than critical is held, as `22:00-06:30`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
    /// Who changed it last.
    pub changed_by: String,
    /// When, RFC 3339.
    pub changed_at: String,
}

impl From<&record::AlertRule> for AlertRule {
    fn from(row: &record::AlertRule) -> Self {
        AlertRule {
            name: shown(&row.name),
            enabled: row.enabled,
            target: row.target.parse::<Target>().map_or_else(|_| String::new(), |target| target.origin()),
            signed: !row.secret.is_empty(),
            format: row.format.name(),
            severity: row.severity.name(),
            stage: row.stage.name(),
            decky: row.node.as_deref().map(shown),
            service: row.service.as_deref().map(shown),
            network: row.network.as_deref().map(shown),
            per_hour: row.per_hour,
            quiet: row.quiet.as_deref().map(shown),
            changed_by: shown(&row.changed_by),
            changed_at: stamp::format(row.changed_at),
        }
    }
}

/// Incidents that nobody is told of for a while.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlertMute {
    /// Its number.
    pub id: i64,
    /// Only from these addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Only of this decky.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decky: Option<String>,
    /// Only of this service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only in these hours (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Why.
    pub reason: String,
    /// When it ends, RFC 3339; absent: when somebody ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whose it is.
    pub created_by: String,
    /// Since when, RFC 3339.
    pub created_at: String,
}

impl From<&record::AlertMute> for AlertMute {
    fn from(row: &record::AlertMute) -> Self {
        AlertMute {
            id: row.id,
            network: row.network.as_deref().map(shown),
            decky: row.node.as_deref().map(shown),
            service: row.service.as_deref().map(shown),
            hours: row.hours.as_deref().map(shown),
            reason: shown(&row.reason),
            until: row.until.map(stamp::format),
            created_by: shown(&row.created_by),
            created_at: stamp::format(row.created_at),
        }
    }
}

/// A message and what became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlertDelivery {
    /// Its number.
    pub id: i64,
    /// What tells it from all others, as the target gets it.
    pub token: String,
    /// The rule that it comes of.
    pub rule: String,
    /// `alert`, `digest`, `test`, `silence`.
    pub kind: &'static str,
    /// `waiting`, `delivered`, `failed`, `held`, `told`.
    pub state: &'static str,
    /// The incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<i64>,
    /// How urgent it was.
    pub severity: &'static str,
    /// What happened, in words.
    pub title: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it is tried next, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
    /// When it ended, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<String>,
    /// What the target said last, or why it could not be reached.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub answer: String,
}

impl From<&record::AlertDelivery> for AlertDelivery {
    fn from(row: &record::AlertDelivery) -> Self {
        let waits = row.state == record::DeliveryState::Waiting && row.attempts > 0;
        AlertDelivery {
            id: row.id,
            token: row.token.clone(),
            rule: shown(&row.rule),
            kind: row.kind.name(),
            state: row.state.name(),
            incident: Some(row.incident).filter(|id| *id > 0),
            severity: row.severity.name(),
            // Escaped when it was made.
            title: row.title.clone(),
            attempts: row.attempts,
            created_at: stamp::format(row.created_at),
            next_at: waits.then(|| stamp::format(row.next_at)),
            done_at: row.done_at.map(stamp::format),
            answer: row.answer.clone(),
        }
    }
}
