//! Topologies as a whole.

mod broken;
mod whole;
