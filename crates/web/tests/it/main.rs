//! The interface as a client sees it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail at once"
)]

mod account;
mod alert;
mod canary;
mod client;
mod crowd;
mod document;
mod front;
mod incident;
mod learn;
mod login;
mod oidc;
mod operation;
mod reading;
mod site;
mod streaming;
mod swarm;
mod taxii;
mod tls;
mod topology;
