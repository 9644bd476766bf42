//! Why a rule is left before its end.

use super::value::Value;
use crate::interpret::Flow;

/// Longest text that is made.
const LONGEST: usize = 1 << 20;

pub(super) enum Leave {
    Next,
    NextFile,
    Return(Value),
    Exit(i32),
    Break,
    Continue,
    Shell(Flow),
}

impl From<Flow> for Leave {
    fn from(flow: Flow) -> Leave {
        Leave::Shell(flow)
    }
}

/// Whether a text of so many bytes may be made.
pub(super) fn fits(bytes: usize) -> Result<(), Leave> {
    if LONGEST < bytes { Err(Leave::Shell(Flow::Exhausted)) } else { Ok(()) }
}
