//! Nodes on a real segment, behind one gate, without a kernel object per node.
//!
//! `netd` ([`netd_main`]) is the only privileged process. It builds a [`site`] (an engine namespace where
//! the listeners live, a probe namespace, and raw sockets between them and the segment), starts the
//! gate and the service process without privileges, and takes orders on a UNIX socket ([`protocol`]).
//! [`NetdClient`] gives the orders; [`Native`] makes a backend of it.

mod arp;
mod backend;
mod client;
mod config;
mod engine;
mod filter;
mod hear;
pub(crate) mod limits;
pub mod namespace;
mod packet;
pub mod protocol;
mod record;
mod server;
mod site;
mod teardown;
mod watch;

pub use backend::{NAME, Native};
pub use client::{ClientError, NetdClient, spawn_netd};
pub use config::{Device, NetdConfig, PROBE_ADDRESS, STAGE_USER};
pub use hear::Ear;
pub use limits::existing_user;
pub use server::{NetdError, netd_main};
pub use teardown::teardown;
pub use watch::{FRAME_MAX, Frames, FramesError};
