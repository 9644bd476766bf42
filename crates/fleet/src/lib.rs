//! What is done with a fleet, for whoever asks: command line, API, reconciler.
//!
//! [`intent`] stores the fleet that is wanted and reads it, [`worker`] makes it come true, [`wait`] says
//! what became of it, [`mutate`] changes it while it runs, [`teardown`] ends it. Nothing here reads arguments or
//! prints: who asks gives a [`Config`] and a store, and gets values or typed errors.

mod config;
mod error;
pub mod images;
pub mod intent;
pub mod lab;
pub mod mutate;
pub mod mutator;
mod outage;
pub mod people;
mod personas;
pub mod placed;
mod planted;
mod routine;
mod running;
pub mod secret;
pub mod site;
mod stage;
mod standing;
pub mod supervisor;
pub mod teardown;
mod topologies;
pub mod wait;
pub mod worker;

pub use config::Config;
pub use error::{Error, SiteError};
pub use stage::{binary as stage_binary, user as stage_user};
pub use standing::{NativeStanding, Standing};
