//! What is told to other systems of an address, beside its profile.

use super::{Behaviour, Phase};
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// The part of a profile that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressSeen {
    /// Address.
    pub src_ip: IpAddr,
    /// Id of the first event.
    pub first_event: i64,
    /// Id of the last event.
    pub last_event: i64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// Events.
    pub events: u64,
    /// How it behaves.
    pub behaviour: Behaviour,
    /// How far it came.
    pub phase: Phase,
    /// Risk, 0 to 100.
    pub risk: u64,
    /// Hosts from which it wanted something fetched, as shown.
    pub hosts: Vec<String>,
}

/// In which order addresses are read, and after which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// By the time and the id of the first event.
    First(Micros, i64),
    /// By the time and the id of the last event.
    Last(Micros, i64),
}

/// Who is behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Address.
    pub src_ip: IpAddr,
    /// Its identity.
    pub identity: i64,
    /// The campaign of that identity; `None`: it was not looked at yet.
    pub campaign: Option<i64>,
}

/// A technique that an address showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Showed {
    /// Address.
    pub src_ip: IpAddr,
    /// Id of the technique.
    pub technique: String,
    /// Events that show it.
    pub events: u64,
    /// When first.
    pub first_seen: Micros,
    /// When last.
    pub last_seen: Micros,
}

/// A login name that an address offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Address.
    pub src_ip: IpAddr,
    /// The name as offered.
    pub principal: Vec<u8>,
    /// The secret as offered; `None`: secrets were not asked for, or it is none in the clear.
    pub secret: Option<Vec<u8>>,
    /// How often.
    pub attempts: u64,
}
