//! An SSH-2 server that speaks like the OpenSSH release it claims to be: transport, authentication,
//! connections, SFTP and SCP; and a [`client`] for those who go on from a shell.
//!
//! [`serve`] runs one connection with a [`Config`] and a [`Handler`]. The handler decides who gets in,
//! starts programs on
//! channels and shows files through a [`files::FileSystem`]; it also hears of everything worth recording.

// The trial file system of the examples names the crate as a stranger would.
#[cfg(test)]
extern crate self as netsvc_ssh;

mod authentication;
mod channel;
mod channel_io;
pub mod client;
mod client_key;
mod codec;
mod config;
mod connection;
mod crypto;
mod error;
pub mod files;
mod handler;
mod host_key;
mod identification;
mod kex;
mod link;
mod numbers;
mod packet;
mod profile;
pub mod scp;
mod server;
pub mod sftp;
mod startups;
mod terms;
pub mod testing;
mod transport;

pub use channel_io::{ChannelIo, ChannelWriter, Event, Gone};
pub use codec::Malformed;
pub use config::Config;
pub use error::Error;
pub use handler::{
    ClientFacts, Forward, ForwardAnswer, Handler, KeyOffer, Meter, PasswordAttempt, Program, ProgramKind,
    Reached, Running, Terminal, Way,
};
pub use host_key::{HostKeys, LazyRsa};
pub use kex::negotiation::Offer;
pub use profile::Profile;
pub use server::{Outcome, serve};
pub use startups::Startups;
pub use terms::{Exit, WindowSize};
