//! Telling people of incidents: which ones, how a message looks, sending it, and the worker that does so.
//!
//! A message is stored before it is sent and carries a token that stays the same when it is sent again, so that
//! nothing is lost when a process ends, and whoever gets a message twice can tell.

mod answer;
mod format;
mod mail;
mod mute;
mod send;
mod siem;
mod syslog;
mod tls;
mod watch;
mod web;
mod worker;

pub use answer::{Answer, SendError};
pub use send::send;
pub use watch::Vigil;
pub use worker::{AlertError, Counters, Settings, run};
