//! The engine against the kernel: loopback always, namespaces where they may be made.

mod lab;
mod loopback;
mod native;
mod set;
