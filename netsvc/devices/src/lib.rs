//! Services of devices and plants: one file or folder in `services/` each, listed by the build script.

mod bytes;
mod head;

use netsvc_daemon::{account, away, cast, onward};

pub mod services {
    //! Every service of this family.
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

pub use services::ALL;
