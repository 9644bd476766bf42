//! Plain data of the house: no file, no clock, no random, no runtime.

pub mod archetype;
pub mod catalogue;
pub mod changes;
pub mod coherence;
pub mod custom;
pub(crate) mod draw;
pub mod fleet;
pub mod ini;
pub mod logins;
pub mod nmap;
pub mod notice;
pub mod paths;
pub mod persona;
pub mod plan;
pub mod probe;
pub mod record;
pub mod runtime;
pub mod secret;
pub mod servers;
pub mod words;
pub mod worker;

pub use ini::key;
