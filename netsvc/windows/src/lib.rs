//! Services of Windows networks: one file or folder in `services/` each, listed by the build script.

mod command_line;
mod rpc;
pub mod testing;
mod wire;

pub mod services {
    //! Every service of this family.
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

pub use services::ALL;
