//! Users of the interface, what lets them in, and what they changed.

use crate::access::Role;
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// Who may log in to the interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// PHC string of the password's hash.
    pub password_hash: String,
    /// What the user may do.
    pub role: Role,
    /// Whether the password was given by somebody else and has to be changed.
    pub must_change: bool,
    /// When it was made.
    pub created_at: Micros,
}

/// What became of a change of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// It is done.
    Done,
    /// There is no such user.
    Absent,
    /// Nobody would be left who manages the installation; nothing was changed.
    LastAdmin,
}

/// A login: a bearer token that was given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Id of the token.
    pub id: String,
    /// Whose it is.
    pub user_name: String,
    /// When it was given out.
    pub issued_at: Micros,
    /// When it expires.
    pub expires_at: Micros,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
    /// How it was come by: `password` or `link`.
    pub kind: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// What the client calls itself; bytes of a peer.
    pub agent: String,
}

/// A link that lets a user in once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginLink {
    /// SHA-256 of its secret, hex.
    pub hash: String,
    /// Whom it lets in.
    pub user_name: String,
    /// When it expires.
    pub expires_at: Micros,
}

/// A token for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Id by which it is revoked.
    pub id: String,
    /// Whose it is.
    pub user_name: String,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the token, hex.
    pub hash: String,
    /// Names of its scopes, separated by spaces.
    pub scopes: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it expires.
    pub expires_at: Micros,
    /// When it was used last, to the minute.
    pub used_at: Option<Micros>,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
}

/// A change that is to be noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// When.
    pub at: Micros,
    /// By whom: a user of the interface, or of this host.
    pub actor: String,
    /// How: `session`, `token`, `cli`, `login`.
    pub via: &'static str,
    /// From where.
    pub address: Option<IpAddr>,
    /// What was done, as `noun.verb`.
    pub action: &'static str,
    /// With what.
    pub target: String,
    /// HTTP status of the answer; 200 for the command line.
    pub outcome: u16,
}

/// A change as it was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Position in the log.
    pub id: i64,
    /// When.
    pub at: Micros,
    /// By whom.
    pub actor: String,
    /// How.
    pub via: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// What was done.
    pub action: String,
    /// With what.
    pub target: String,
    /// HTTP status of the answer.
    pub outcome: i64,
}
