//! INI files: the fleet's (deployment) and the host's. Every error keeps its line, and all errors of a
//! file are reported at once.

mod custom;
pub mod deploy;
mod desired;
mod general;
pub mod host;
pub mod key;
mod options;
mod read;
pub mod syntax;
mod text;
pub mod write;

pub use custom::{CustomKey, KEYS as CUSTOM_KEYS};
pub use syntax::{SpecError, TEXT_LIMIT};
