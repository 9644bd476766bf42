//! The operator's program.

pub mod accounts;
pub mod api;
mod archive;
mod book;
pub mod canary;
pub mod cli;
pub mod commands;
mod enrolment;
pub mod examples;
pub mod firedrill;
mod former;
pub mod ground;
pub mod hidden;
pub mod house;
pub mod install;
pub mod intruder;
pub mod level;
pub mod logs;
mod lookup;
mod loudness;
pub mod mode;
mod notify;
pub mod oidc;
mod operator;
pub mod output;
pub mod reference;
mod restoration;
pub mod runner;
pub mod settings;
mod stead;
pub mod tls;
pub mod updater;
pub mod web;
pub mod workers;

// Used for what they turn on only.
#[cfg(feature = "tested")]
use {regex_syntax as _, rustix as _};
