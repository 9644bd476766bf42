//! The built programs under real clients, on the loopback runtime and in a lab.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that cannot go on should fail where it stands"
)]

mod abuse;
mod algorithms;
mod ambient;
mod canaries;
mod chains;
mod client_ssh;
mod clients;
mod clients_api;
mod clients_desktop;
mod clients_device;
mod clients_directory;
mod clients_infrastructure;
mod clients_relays;
mod clients_web;
mod clients_windows;
mod clocks;
mod conflict;
mod containers;
mod discovery;
mod faces;
mod fleet;
mod hostile;
mod house;
mod hydra;
mod identities;
mod kills;
mod mailboxes;
mod mariadb;
mod mutate;
mod names;
mod native;
mod operate;
mod operators;
mod packages;
mod passive;
mod people;
mod poisoner;
mod rounds;
mod sensors;
mod sessions;
mod swarm;
mod sweep;
mod tarpit;
mod telnet;
mod topology;
mod udp;
mod updates;

use std::time::{Duration, Instant};

/// What `look` finds, as soon as it finds something.
pub(crate) fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {patience:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Ports that nobody listens on, all different.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let found: Vec<_> = (0..count).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    found.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}
