//! What events mean: attackers, traversals, sessions, credentials for crackers. Pure: no file, no
//! clock, no random, no runtime.

pub mod attribution;
pub mod audit;
pub mod canary;
pub mod cluster;
pub mod correlate;
pub mod credential;
pub mod delta;
mod fingerprint;
pub mod incident;
pub mod jarm;
pub mod keystroke;
pub mod listed;
pub mod profile;
pub mod report;
pub mod reuse;
pub mod sketch;
pub mod technique;
pub mod touch;
pub mod views;
