//! The engine against the kernel: loopback always, namespaces where they may be made.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod lab;
mod loopback;
mod native;
mod set;
