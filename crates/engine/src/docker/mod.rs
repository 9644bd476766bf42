//! The runtime of containers: a Docker daemon carries the deckies.
//!
//! Each decky is a container that owns its place on the network and does nothing, and beside it one that serves the
//! built-in services and one for each service of the operator's own, all in the first one's network namespace.
//! `decnet-compose` says what they are; here the daemon is asked to make it so ([`backend`]), over its socket and
//! without the Compose command ([`client`]). What the operator's programs write is copied into spools ([`porter`]).
//! [`shim`] gives the host a way to deckies on a segment, [`image`] makes images.

mod backend;
mod buildkit;
mod client;
mod held;
mod image;
mod listing;
mod place;
mod porter;
mod shim;
mod shut;
mod stands;

pub use backend::{Docker, DockerConfig, DockerStatus};
pub use client::{Client, DockerError, socket};
pub use decnet_compose::Carrier;
pub use image::{build, ensure, stage_image};
pub use place::{Left, left_over, remove_all, site_name};
