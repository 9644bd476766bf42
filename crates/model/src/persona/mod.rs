//! Personas: how they are derived, and what contradicts itself in one.

pub mod accounts;
pub mod check;
mod choice;
pub mod derive;
mod hostname;
pub mod names;
pub mod overused;
pub mod seen;
