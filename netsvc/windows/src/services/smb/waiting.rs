//! Requests that wait.

use super::message::Request;
use std::collections::BTreeMap;

/// Most requests that wait.
pub(super) const MOST: usize = 64;

/// A request that waits.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) request: Request<'static>,
    pub(super) file: u64,
}

/// Requests that wait, by their number.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) pending: BTreeMap<u64, Pending>,
    pub(super) last: u64,
}

impl Waiting {
    /// Forgets what a session waits for.
    pub(super) fn forget(&mut self, session: u64) {
        self.pending.retain(|_, pending| pending.request.session != session);
    }
}
