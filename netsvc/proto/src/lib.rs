//! The services: one file or folder in `services/` each, listed by `build.rs`.

mod account;
mod away;
mod cast;
mod cram;
pub mod date;
mod digest;
mod dovecot;
mod kept;
mod mailbox;
pub mod ntlm;
mod output;
pub mod testing;

pub mod services {
    //! Every service that there is.
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

pub use services::ALL;
