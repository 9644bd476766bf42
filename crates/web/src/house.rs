//! What the interface shows of the installation and cannot see by itself.

use decnet_shape::{Setting, Worker};
use std::fmt::Debug;

/// The installation that the interface is part of.
pub trait House: Debug + Send + Sync {
    /// How each worker of this host does.
    fn workers(&self) -> Vec<Worker>;

    /// Every setting with its origin, secrets hidden.
    fn settings(&self) -> Vec<Setting>;
}
