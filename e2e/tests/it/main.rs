//! The built programs under real clients, on the loopback runtime.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on should fail where it stands"
)]

mod clients;
mod fleet;
mod rounds;
