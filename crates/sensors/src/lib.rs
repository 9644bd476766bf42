//! Sensors: what packets tell of those who send them. [`Sensor`] takes frames and finds; [`capture`] reads and writes
//! them; the worker `sniffer` sees those that the gate sees.

pub mod capture;
mod finding;
pub mod packet;
pub mod prober;
pub mod recorder;
mod sense;
pub mod system;

pub use finding::Finding;
pub use sense::{Seen, Sensor};
pub mod sniffer;
