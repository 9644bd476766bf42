//! Techniques that events have shown.

use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// What one rule has seen of one address on one decky.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TechniqueHit {
    /// The rule.
    pub rule: String,
    /// The technique that it is about.
    pub technique: String,
    /// Whose deeds.
    pub src_ip: IpAddr,
    /// On which decky.
    pub node: String,
    /// At which service last.
    pub service: String,
    /// How often it has to be seen before it means anything.
    pub needs: u64,
    /// How often it was seen.
    pub events: u64,
    /// First event that shows it.
    pub first_event: i64,
    /// Last event that shows it.
    pub last_event: i64,
    /// When first.
    pub first_seen: Micros,
    /// When last.
    pub last_seen: Micros,
}

/// What one rule has seen of all addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TechniqueSeen {
    /// The rule.
    pub rule: String,
    /// The technique that it is about.
    pub technique: String,
    /// How many addresses.
    pub attackers: u64,
    /// On how many deckies.
    pub nodes: u64,
    /// How many events.
    pub events: u64,
    /// When first.
    pub first_seen: Micros,
    /// When last.
    pub last_seen: Micros,
}

/// Which hits are wanted; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TechniqueFilter {
    /// Of this technique.
    pub technique: Option<String>,
    /// Of this address.
    pub src_ip: Option<IpAddr>,
    /// On this decky.
    pub node: Option<String>,
    /// Seen at or after this time.
    pub since: Option<Micros>,
}
