//! Where a decky of a topology stands.

use netsvc_persona::Place;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// Where a decky of a topology stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The topology.
    pub topology: String,
    /// Its home in it.
    pub lan: String,
    /// Prefix length of the network that its first address is in.
    pub prefix: u8,
    /// Gateway of that network.
    pub gateway: Option<Ipv4Addr>,
    /// What the stage is told.
    pub place: Place,
    /// Deckies further inside to which something on this one leads: their names in the fleet, and their addresses as
    /// this one reaches them.
    #[serde(default)]
    pub leads: Vec<(String, Ipv4Addr)>,
}
