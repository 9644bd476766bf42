//! From what an operator asks for to a fleet, and back: the planner, deployment and host INIs with their keys,
//! what cannot stand together, what is only odd, what a deploy would change, and how deckies change while they run.
//! Pure.

pub mod changes;
pub mod coherence;
mod draw;
pub mod edit;
pub mod ini;
pub mod mutate;
pub mod notice;
pub mod plan;

pub use ini::key;
