//! How what was typed in a recorded session came.

use decnet_model::record;
use netsvc_wire::stamp;
use serde::Serialize;
use utoipa::ToSchema;

/// How what was typed in a recorded session came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Keystrokes {
    /// Keys.
    pub keys: u64,
    /// Lines that were entered, without empty ones.
    pub lines: u64,
    /// Whether the recording is longer than what was looked at.
    pub cut: bool,
    /// What is said of them.
    pub features: Vec<KeystrokeFeature>,
}

/// One thing that is said of keystrokes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeystrokeFeature {
    /// What it is of: `author`, `input`, `cadence`, `corrections`, `mastery` or `latency`.
    pub name: &'static str,
    /// What is said.
    pub value: String,
    /// How sure that is, in percent.
    pub confidence: u8,
    /// Why.
    pub evidence: String,
}

/// The keystrokes of one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionKeystrokes {
    /// Id of the session.
    pub session: String,
    /// First event of the session, RFC 3339.
    pub started_at: String,
    /// How what was typed came.
    #[serde(flatten)]
    pub keystrokes: Keystrokes,
}

impl SessionKeystrokes {
    /// Those of a session.
    pub fn of(session: &record::Session, keystrokes: Keystrokes) -> SessionKeystrokes {
        let started_at = stamp::format(session.started_at);
        SessionKeystrokes { session: crate::shown(&session.id), started_at, keystrokes }
    }
}

/// Most sessions of one address whose keystrokes are shown with it: each recording is read for it.
pub const KEYSTROKE_SESSIONS: u32 = 4;
