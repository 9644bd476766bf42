//! What the two sides of the bus count.

use serde::Serialize;
use std::collections::BTreeMap;

/// What a bus handle has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClientCounters {
    /// Is there a connection (always true in-process)?
    pub connected: bool,
    /// Connections made after the first.
    pub reconnects: u64,
    /// Messages published through this handle.
    pub published: u64,
    /// Messages put into inboxes.
    pub received: u64,
    /// Messages dropped because an inbox was full.
    pub dropped_in: u64,
    /// Messages dropped because the server was away or slow.
    pub dropped_out: u64,
    /// Requests that the server refused.
    pub refused: u64,
}

/// What a server has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServerCounters {
    /// Connections now.
    pub connections: usize,
    /// Subscriptions now.
    pub subscriptions: usize,
    /// Messages taken.
    pub published: u64,
    /// Messages put into queues of connections.
    pub delivered: u64,
    /// Messages dropped because a connection's queue was full.
    pub dropped: u64,
    /// Requests refused for want of rights or beyond a limit, connections beyond the limit included.
    pub refused: u64,
    /// Connections closed because of bytes that are not the protocol.
    pub protocol_errors: u64,
    /// Dropped messages by the name that a live connection gave itself.
    pub dropped_by_client: BTreeMap<String, u64>,
}
