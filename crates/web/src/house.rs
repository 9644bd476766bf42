//! What the interface shows of the installation and cannot see by itself.

use decnet_shape::{Setting, TechniqueCoverage, TechniqueRule, Worker};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

/// The installation that the interface is part of.
pub trait House: Debug + Send + Sync {
    /// How each worker of this host does.
    fn workers(&self) -> Vec<Worker>;

    /// Every setting with its origin, secrets hidden.
    fn settings(&self) -> Vec<Setting>;

    /// The rules by which techniques are seen.
    fn rules(&self) -> Vec<TechniqueRule>;

    /// Which techniques a fleet with these services would notice, with how many addresses have shown each.
    fn coverage(&self, services: &BTreeSet<String>, seen: &BTreeMap<String, u64>) -> Vec<TechniqueCoverage>;

    /// The same as a layer of the ATT&CK Navigator, of the matrix that is so called; `None`: there is none.
    fn layer(
        &self,
        matrix: &str,
        services: &BTreeSet<String>,
        seen: &BTreeMap<String, u64>,
    ) -> Option<serde_json::Value>;
}
