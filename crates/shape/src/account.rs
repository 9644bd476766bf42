//! Users, logins, tokens and the audit log.

use crate::shown;
use decnet_model::record;
use netsvc_wire::{escape::printable, stamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// Login name.
    pub name: String,
    /// `admin`, `analyst` or `viewer`.
    pub role: String,
    /// Whether the password has to be changed first.
    pub password_change_required: bool,
    /// When it was made.
    pub created_at: String,
}

impl From<&record::User> for User {
    fn from(row: &record::User) -> Self {
        User {
            name: row.name.clone(),
            role: row.role.to_string(),
            password_change_required: row.must_change,
            created_at: stamp::format(row.created_at),
        }
    }
}

/// A login of a user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Login {
    /// Id by which it is revoked.
    pub id: String,
    /// When it began.
    pub issued_at: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// `password`, `link` or `oidc`.
    pub kind: String,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the client calls itself.
    pub agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Login {
    /// The shape of `row`, for whoever asks with the login `current`.
    pub fn of(row: &record::Login, current: Option<&str>) -> Self {
        Login {
            id: row.id.clone(),
            issued_at: stamp::format(row.issued_at),
            expires_at: stamp::format(row.expires_at),
            kind: row.kind.clone(),
            address: row.address.map(|address| address.to_string()),
            agent: printable(row.agent.as_bytes()).into_string(),
            current: current == Some(row.id.as_str()),
        }
    }
}

/// A token for a program; the token itself is shown once, when it is made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiToken {
    /// Id by which it is revoked.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// What it is for.
    pub name: String,
    /// `read`, `work`, `manage`.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// When it was used last, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<String>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

impl From<&record::ApiToken> for ApiToken {
    fn from(row: &record::ApiToken) -> Self {
        ApiToken {
            id: row.id.clone(),
            user: row.user_name.clone(),
            name: shown(&row.name),
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            created_at: stamp::format(row.created_at),
            expires_at: stamp::format(row.expires_at),
            used_at: row.used_at.map(stamp::format),
            revoked_at: row.revoked_at.map(stamp::format),
        }
    }
}

/// A change as it was noted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Position in the log.
    pub id: i64,
    /// When.
    pub at: String,
    /// By whom.
    pub actor: String,
    /// How: `session`, `token`, `cli`, `login`.
    pub via: String,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// With what.
    pub target: String,
    /// HTTP status of the answer.
    pub outcome: i64,
}

impl From<&record::AuditEntry> for AuditEntry {
    fn from(row: &record::AuditEntry) -> Self {
        AuditEntry {
            id: row.id,
            at: stamp::format(row.at),
            // A login that failed has whatever name was tried.
            actor: shown(&row.actor),
            via: row.via.clone(),
            address: row.address.map(|address| address.to_string()),
            action: row.action.clone(),
            target: shown(&row.target),
            outcome: row.outcome,
        }
    }
}
