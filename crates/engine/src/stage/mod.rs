//! Running the stage: start its processes, hand them nodes, start them again when they die.
//!
//! [`Keeper`] is what backends use. It keeps a duplicate of every descriptor, so a stage process that
//! dies is replaced and gets all its nodes back without anything being bound anew.

mod channel;
mod keeper;
mod launch;
mod order;

pub use channel::StageError;
pub use keeper::{GateLink, Keeper, Kept, Role, StageStatus};
pub(crate) use launch::make_spool;
pub use launch::{Launch, StageConfig};
