//! Plain data of the house: no file, no clock, no random, no runtime.

pub mod access;
pub mod alert;
pub mod archetype;
pub mod canary;
pub mod capture;
pub mod catalogue;
pub mod custom;
pub mod export;
mod filter;
pub mod flaw;
pub mod fleet;
pub mod logins;
pub mod nearest;
pub mod nmap;
pub mod operation;
pub mod paths;
pub mod people;
pub mod persona;
pub mod placed;
pub mod probe;
pub mod record;
pub mod runtime;
pub mod secret;
pub mod servers;
pub mod swarm;
pub mod words;
pub mod worker;
