//! One module a noun; each handler has its path and document beside it.

pub(crate) mod alert;
pub(crate) mod api_token;
pub(crate) mod artifact;
pub(crate) mod attacker;
pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod credential;
pub(crate) mod decky;
pub(crate) mod event;
pub(crate) mod export;
pub(crate) mod former;
pub(crate) mod health;
pub(crate) mod house;
pub(crate) mod incident;
pub(crate) mod inventory;
pub(crate) mod login;
pub(crate) mod me;
pub(crate) mod metrics;
pub(crate) mod numbers;
pub(crate) mod operation;
pub(crate) mod session;
pub(crate) mod stream;
pub(crate) mod swarm;
pub(crate) mod technique;
pub(crate) mod user;
