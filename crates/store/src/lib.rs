//! All SQL of the house: one [`Store`] over SQLite or MySQL/MariaDB; nobody outside can name a backend.
//!
//! Every write is one transaction: `BEGIN IMMEDIATE` on the only writing connection of SQLite, repeated
//! whole after a deadlock on MySQL. A worker's transactions check its [`Fence`], so that a holder that
//! was replaced can no longer write.

mod access;
mod alert;
mod artefact;
mod attacker;
mod canary;
mod care;
mod cluster;
mod correlate;
mod credential;
mod database;
mod dialect;
mod dump;
mod enrichment;
mod error;
mod event;
mod export;
mod fields;
mod filter;
mod fleet;
mod growth;
mod incident;
mod ingest;
mod known;
mod lease;
mod life;
mod migrate;
mod mutation;
mod operation;
mod people;
mod position;
mod profile;
mod projection;
mod ranking;
mod retire;
mod reuse;
mod row;
mod schema;
mod sensor;
mod session;
mod setting;
mod stats;
mod store;
mod swarm;
mod tables;
mod technique;
mod text;
mod timeline;
mod topology;
mod update;
mod user;
mod words;

pub use care::TableSize;
pub use database::Answer;
pub use decnet_model::record;
pub use dump::DumpError;
pub use enrichment::Answered;
pub use error::Error;
pub use growth::{Growth, Most, Rule, growth};
pub use ingest::Ingested;
pub use lease::Fence;
pub use mutation::ChangedFleet;
pub use position::Position;
pub use profile::Traited;
pub use store::{Assume, Store};
pub use swarm::{SwarmJoined, SwarmWish};
