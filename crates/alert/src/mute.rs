//! When a mute holds, and whether it is of everything.

use decnet_model::{alert::Quiet, record::AlertMute};
use netsvc_wire::stamp::Micros;

/// Whether a mute holds at this time of the day.
pub(crate) fn holds(mute: &AlertMute, now: Micros) -> bool {
    mute.hours.as_deref().and_then(|hours| hours.parse::<Quiet>().ok()).is_none_or(|hours| hours.has(now))
}

/// Whether it is of no certain address, node or service.
pub(crate) fn is_of_all(mute: &AlertMute) -> bool {
    mute.network.is_none() && mute.node.is_none() && mute.service.is_none()
}
