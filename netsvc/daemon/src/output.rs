//! Output of a shell, in its time and as a terminal shows it.

use netsvc_kit::recorder;
use std::time::Duration;

/// Longest that one piece of output waits.
pub const PAUSE: Duration = Duration::from_secs(600);
/// Time between two pieces of output that never ends.
pub const TRICKLE: Duration = Duration::from_secs(5);

/// Time until `at`, as long as one waits at once.
pub fn until(at: i64) -> Duration {
    Duration::from_micros(at.saturating_sub(recorder::now()).max(0).unsigned_abs()).min(PAUSE)
}

/// Line ends as a terminal shows them.
pub fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    for &byte in bytes {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}
