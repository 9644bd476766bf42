//! Personas: one document per node that says everything a peer can observe of it.
//!
//! The house derives a [`Persona`] once ([`derive::derive`]), stores it whole, and hands it to the stage
//! finished; the stage only reads it. [`stage`] holds what goes with it: the settings of a process
//! and the messages that carry listeners.

pub mod accounts;
pub mod check;
mod choice;
pub mod derive;
mod document;
mod fingerprint;
mod hostname;
pub mod stage;
pub mod subkey;
pub mod tables;

pub use document::*;
