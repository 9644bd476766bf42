//! Services that keep data for programs: one file or folder in `services/` each, listed by the build script.

pub mod people;
mod ransom;
pub mod services {
    //! Every service of this family.
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

pub use services::ALL;
