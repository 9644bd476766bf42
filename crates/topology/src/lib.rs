//! Networks of deckies: LANs behind a DMZ, joined by bridges. What they are, how they are drawn, what is wrong with
//! them, how they change, who reaches whom, and what deckies of a fleet they make. Pure.

pub mod change;
pub mod check;
pub mod draw;
mod model;
pub mod place;
pub mod text;
pub mod ways;

pub use model::{Decky, Edge, Lan, NAME_MAX, NAME_RULE, Rule, Subnet, Topology, Verdict, is_name};
