//! The built programs under real clients, on the loopback runtime and in a lab.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that cannot go on should fail where it stands"
)]

mod abuse;
mod algorithms;
mod ambient;
mod chains;
mod client_ssh;
mod clients;
mod clients_desktop;
mod clients_device;
mod clients_directory;
mod clients_infrastructure;
mod clients_web;
mod clients_windows;
mod clocks;
mod discovery;
mod faces;
mod fleet;
mod hostile;
mod house;
mod hydra;
mod kills;
mod mailboxes;
mod mariadb;
mod mutate;
mod names;
mod native;
mod passive;
mod rounds;
mod sessions;
mod swarm;
mod sweep;
mod telnet;
mod udp;
