//! How what was typed in a recorded session came.

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
