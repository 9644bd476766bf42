//! Making a host run DECNET, and taking that back: accounts, folders, programs, settings, secrets, units.
//!
//! [`plan`] says which steps there are, all rendered from the worker list and the table of settings; [`step`] does
//! one, looks whether it is done, and undoes it; [`remove`] takes an installation away.

mod account;
mod layout;
mod plan;
mod remove;
mod render;
mod step;

pub use account::{Account, local_group, local_user};
pub use layout::{Asked, Layout, Refused};
pub use plan::steps;
pub use remove::{Removal, removals};
pub use render::unit;
pub use step::{Made, Owner, Step, Target};

/// Folder of units that administrators install.
pub const UNITS: &str = "/etc/systemd/system";

/// First words of every file that is ours to replace and remove.
pub const MARK: &str = "Made by `decnet init`";
