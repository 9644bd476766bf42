//! Updates of hosts: what a host does with a release ([`machine`]), in which order hosts get it ([`rollout`]), and the
//! files of releases that wait for somebody ([`shelf`]).

pub mod machine;
#[cfg(test)]
mod power;
pub mod rollout;
pub mod shelf;

pub use machine::{Act, Phase, Seen, Update, World, drive};
pub use shelf::{Offer, Shelf, Told};
