//! A private network on this host: a segment, a router and hosts for attackers, made of namespaces and
//! virtual Ethernet only. Nothing of it touches the machine's own interfaces.
//!
//! A holder process ([`lab_main`]) keeps the namespaces open; others enter them through its descriptors.
//! Without root it works in a user namespace, where the system allows one.

mod build;
mod enter;
mod holder;
mod state;

pub use enter::Place;
pub use holder::lab_main;
pub use state::{Lab, LabConfig, LabError, LabHost, LabState};
