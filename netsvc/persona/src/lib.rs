//! Personas: one document per node that says everything a peer can observe of it.
//!
//! A [`Persona`] is derived once, before it gets here, stored whole, and handed to the stage finished; the stage only
//! reads it. [`stage`] holds what goes with it: the settings of a process and the messages that carry listeners.
//! [`service`], [`exchange`] and [`daemon`] say what a service declares of itself.

pub mod daemon;
mod document;
pub mod exchange;
mod fingerprint;
mod people;
mod place;
pub mod routine;
pub mod service;
mod slow;
pub mod stage;
pub mod subkey;
pub mod tables;

pub use document::*;
pub use people::{Colleague, Letter, LetterCopy};
pub use place::{Attached, Place, Reach};
pub use slow::{Peers, Slow};
