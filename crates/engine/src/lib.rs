//! Makes nodes exist on a host: observe, plan (pure), apply, undo on failure.
//!
//! A runtime is a [`plan::Backend`]. [`loopback`] serves nodes on 127.0.0.0/8 without any privilege;
//! [`native`] drives `netd`, the one privileged process, which puts them on a real segment or into the
//! private network that [`lab`] makes. Both start the same stage process through [`stage`]. [`docker`] has a daemon
//! run the same stage, and the operator's own images, in containers.

pub mod command;
pub mod confine;
pub mod docker;
pub mod lab;
pub mod loopback;
pub mod native;
mod netlink;
pub mod node;
pub mod plan;
pub mod process;
mod sockets;
pub mod stage;
