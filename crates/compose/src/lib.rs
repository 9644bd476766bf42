//! What a fleet of the runtime docker is, as data: networks and containers, written as a Compose file for people and
//! as requests of the Docker API for us. Nothing here reads, writes or waits.

mod api;
pub mod class;
mod project;
pub mod sysctl;
mod yaml;

pub use api::{Created, create, network};
pub use project::{
    Attached, Carrier, Container, Health, LABEL_DECKY, LABEL_PART, LABEL_SITE, LABEL_SPEC, Machine, Mount,
    Part, Place, Project, SPOOL, STAGE_PROGRAM, containers, project_name,
};
pub use yaml::{FILE, yaml};
