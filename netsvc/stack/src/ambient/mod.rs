//! What a node says without being asked: a host that never speaks is no host.
//!
//! Every node has a [`Life`]: the habits of its system with values drawn from its own secret, so that no
//! two nodes keep step. What is due when stands in one [`Agenda`] for all nodes. A life begins when the
//! gate first looks at the clock after the node came: on the segment that is a link coming up, not a boot.
//!
//! Frames go to groups and to everybody on the segment, to the gateway, to servers of the segment that DHCP
//! names, and to those that the settings name, wherever they are; nowhere else.

mod agenda;
mod ask;
mod asked;
mod chance;
mod dhcp;
mod dialect;
mod dns;
mod habit;
mod hear;
mod life;
mod membership;
mod multicast;
mod names;
mod netbios;
mod ntp;
mod reach;
mod servers;
mod speech;
mod ssdp;
mod stray;
#[cfg(test)]
mod tests;
mod wsd;

pub(crate) use agenda::{Agenda, Entry};
pub(crate) use asked::Asked;
pub(crate) use dhcp::{Reply, is_reply};
pub(crate) use hear::hears;
pub(crate) use life::{Life, entrance};
pub(crate) use membership::{Heard, IGMP};
pub use names::Responder;
pub(crate) use speech::Speech;
pub(crate) use stray::{Asking, Poisoner, is_response};

use crate::{node::Node, roll::app};
use chance::SECOND;
use dhcp::Outcome;
use netsvc_wire::{Event, Kind, field};
use std::net::Ipv4Addr;

/// Something that a life does at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    /// The link comes up.
    Begin,
    /// A host of the segment that was asked for has not answered.
    Resolve,
    /// A host of the segment may have gone.
    Verify,
    /// Ask for the time.
    Time,
    /// Look something up; or again.
    LookUp,
    LookUpAgain,
    /// Report groups; how often that was done.
    Join(u8),
    /// Answer a query for a group, or for all.
    Report(u8),
    /// Multicast DNS: a step of its beginning, later questions.
    Name(u8),
    /// LLMNR: a step of its beginning.
    LinkName(u8),
    /// NetBIOS: the repetition of its registrations.
    Register(u8),
    /// The browser service; how often it has announced.
    Browse(u8),
    /// Look for a proxy by names of the segment.
    Proxy,
    /// Ask for a name that nobody has; how often that was done.
    Stray(u8),
    /// SSDP: a repetition.
    Search(u8),
    Notify,
    /// WS-Discovery.
    Hello,
    /// Give answers that waited.
    Answer,
    /// The address lease.
    Lease,
}

/// What a life may do in its turn.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) now: i64,
    pub(crate) node: &'a mut Node,
    /// Frames for the segment.
    pub(crate) frames: Vec<Vec<u8>>,
    /// What comes later: a time and a task.
    pub(crate) agenda: Vec<(i64, Task)>,
    /// Groups that were reported in a version whose members answer for each other.
    pub(crate) reported: Vec<Ipv4Addr>,
    /// What is told.
    pub(crate) events: Vec<Event>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(now: i64, node: &'a mut Node) -> Self {
        Turn { now, node, frames: Vec::new(), agenda: Vec::new(), reported: Vec::new(), events: Vec::new() }
    }

    /// Puts `task` on the agenda after `delay` µs.
    pub(crate) fn later(&mut self, delay: i64, task: Task) {
        self.agenda.push((self.now.saturating_add(delay), task));
    }

    /// Tells what became of asking for an address.
    pub(crate) fn lease(&mut self, outcome: Outcome, server: Option<Ipv4Addr>) {
        let text = match outcome {
            Outcome::Granted(seconds) => format!("granted for {seconds} s"),
            Outcome::Other(address) => format!("offered {address} instead; {} is kept", self.node.address),
            Outcome::Refused => format!("refused; {} is kept", self.node.address),
            Outcome::Silence => format!("no answer; {} is kept", self.node.address),
        };
        let mut event = Event::new(self.now, self.node.name.clone(), app(), Kind::Lease)
            .with(field::OUTCOME, text)
            .with(field::DST_IP, self.node.address.to_string());
        if let Some(server) = server {
            event = event.with(field::FROM, server.to_string());
        }
        self.events.push(event);
    }
}

/// A pause of roughly `seconds`: a tenth less or more.
fn roughly(chance: &mut chance::Chance, seconds: i64) -> i64 {
    let span = seconds.saturating_mul(SECOND);
    span + chance.between(-span / 10, span / 10)
}
