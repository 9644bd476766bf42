//! What the reader of a deployment INI knows beside the file.

use super::syntax::TEXT_LIMIT;
use decnet_model::{fleet::Network, nmap, runtime::Runtime};
use std::{collections::BTreeSet, net::Ipv4Addr};

/// Most bytes of a file that a program wrote: room for a section for each of 10,000 deckies.
pub const FILE_LIMIT: usize = 8 * TEXT_LIMIT;

/// What the reader knows beside the file.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Goes before the file's runtime.
    pub runtime: Option<Runtime>,
    /// Segment of a file that names none; the runtime `loopback` has its own.
    pub network: Option<Network>,
    /// Hosts of the segment, from the lowest on, whose addresses are given out last.
    pub skipped: usize,
    /// Addresses that are somebody's: this host, neighbours.
    pub taken: BTreeSet<Ipv4Addr>,
    /// Where faces are looked up.
    pub faces: &'a nmap::Database,
    /// Most bytes: [`TEXT_LIMIT`] for what somebody typed, [`FILE_LIMIT`] for a file.
    pub limit: usize,
}
