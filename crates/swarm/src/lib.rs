//! One master and its agents: who believes whom, what agents are to do, and how what they recorded comes home.
//!
//! Pure: [`place`] says which host gets which decky at which address, [`frame`] reads frames, [`refusal`] says why
//! somebody is turned away, [`message`] is what controller and agents say to each other, [`release`] what an update
//! brings and [`update`] how. With keys:
//! [`authority`] and [`tls`]. With input and output: [`controller`] and [`listener`] on the master, [`link`] and
//! [`forwarder`] on agents, [`brought`] where an agent is lost, [`join`] for both, [`fleet`] for whoever deploys.
//!
//! Agents connect to the master and listen to nobody: there is no port by which one could reach another.

pub mod authority;
pub mod brought;
pub mod controller;
mod error;
pub mod files;
pub mod fleet;
pub mod forwarder;
pub mod frame;
mod hand_out;
#[cfg(test)]
mod home;
mod http;
#[cfg(test)]
mod impostors;
mod inbox;
pub mod join;
pub mod link;
pub mod listener;
pub mod message;
pub mod place;
pub mod refusal;
pub mod release;
pub mod tls;
pub mod update;
mod watch;

pub use error::Error;
