//! Services of every system: one file or folder in `services/` each, listed by the build script.

pub mod testing;

use netsvc_daemon::{
    account, away, cast, container, cram, date, digest, dovecot, kept, mailbox, ntlm, onward, output, room,
};

pub mod services {
    //! Every service of this family.
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

pub use services::ALL;
