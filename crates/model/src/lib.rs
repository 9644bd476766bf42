//! Plain data of the house: no file, no clock, no random, no runtime.

pub mod archetype;
pub mod catalogue;
pub mod coherence;
pub mod fleet;
pub mod ini;
pub mod nmap;
pub mod paths;
pub mod plan;
pub mod probe;
pub mod record;
pub mod runtime;
pub mod secret;
pub mod servers;
pub mod worker;
