//! The engine against the kernel: loopback always, namespaces where they may be made.

mod loopback;
mod set;
