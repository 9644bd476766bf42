//! Fingerprints of programs by what their first messages look like: JA3 and JA4 of TLS clients, JA3S of their servers,
//! HASSH of both sides of SSH. Functions over bytes, without input or output, for whoever has the bytes: a server, or
//! a reader of captured packets.

mod client_hello;
mod grease;
mod ja3;
mod ja4;
mod kexinit;
mod server_hello;

pub use client_hello::{ClientHello, Extension, MAX};
pub use ja4::Carrier;
pub use kexinit::{Greeting, MOST as SSH_MAX, Offer, identification};
pub use server_hello::{ServerFlight, ServerHello};
