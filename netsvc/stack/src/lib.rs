//! What a node's network stack does with a packet, as functions over bytes: no socket, no clock, no
//! privilege. A carrier (a raw socket and a device, a packet queue) feeds frames to a [`Gate`] and
//! sends what it says.
//!
//! Frames are a 10-byte offload header (`struct virtio_net_hdr`), an Ethernet header and a packet.
//! Times are µs since the epoch, as the carrier's clock has them.

mod ambient;
mod among;
#[cfg(test)]
mod among_tests;
mod answer;
mod arp;
mod bytes;
mod checksum;
mod claim;
#[cfg(test)]
mod claim_tests;
mod counters;
mod dialogue;
mod exact;
pub mod face;
mod flow;
mod fragment;
mod gate;
#[cfg(test)]
mod gate_tests;
mod handshake;
mod hold;
mod holding;
#[cfg(test)]
mod holding_tests;
#[cfg(test)]
mod hostile_tests;
mod icmp;
#[cfg(test)]
mod icmp_tests;
mod inward;
mod neighbour;
#[cfg(test)]
mod neighbour_tests;
mod node;
#[cfg(test)]
mod odd_tests;
mod options;
mod outward;
mod packet;
mod ports;
#[cfg(test)]
mod probe_tests;
mod question;
mod rate;
mod recent;
mod reply;
#[cfg(test)]
mod resend_tests;
mod roll;
mod route;
mod segment;
#[cfg(test)]
mod segment_tests;
mod shape;
mod sweep;
mod table;
mod wall;
#[cfg(test)]
mod wall_tests;

pub use ambient::Responder;
pub use bytes::Mac;
pub use face::{BadFace, Face, Unknown};
pub use gate::{Gate, Output, Port, Wiring};
pub use node::BadNode;
pub use packet::{ETHERNET, OFFLOAD};
