//! What the interface shows of the installation and cannot see by itself.

use decnet_model::{canary::Origin, flaw::Flaw};
use decnet_shape::{
    Attribution, Keystrokes, LogLevels, Lookup, ProfileFacts, ReuseDetail, Setting, TechniqueCoverage,
    TechniqueRule, Worker,
};
use decnet_store::{
    Store,
    record::{ClusterLink, Fingerprint, Level, ProfileRow, ReuseRow},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    net::IpAddr,
    pin::Pin,
};

/// Where agents knock.
#[derive(Clone, Debug)]
pub struct SwarmDoor {
    /// Port of the controller.
    pub port: u16,
    /// Seconds of silence after which a host is unreachable.
    pub stale: u64,
}

/// What is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked {
    /// An address.
    Address(IpAddr),
    /// A file, by its SHA-256 in lower-case hex.
    File(String),
}

/// The installation that the interface is part of.
pub trait House: Debug + Send + Sync {
    /// How each worker of this host does.
    fn workers(&self) -> Vec<Worker>;

    /// Every setting with its origin, secrets hidden.
    fn settings(&self) -> Vec<Setting>;

    /// How agents of a swarm find this master, and how they are waited for.
    fn swarm(&self) -> SwarmDoor {
        SwarmDoor { port: 8770, stale: 60 }
    }

    /// A token by which a host can join the swarm of `authority` (PEM), and its hash; `None`: it cannot be made.
    fn swarm_token(&self, _authority: &str) -> Option<(String, String)> {
        None
    }

    /// The key by which hosts that join believe releases, in one line; `None`: no key is trusted here.
    fn release_key(&self) -> Option<String> {
        None
    }

    /// Where what canaries say arrives.
    ///
    /// # Errors
    /// What is wrong with the settings.
    fn canary_origin(&self) -> Result<Origin, Vec<Flaw>>;

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

    /// What a profile is made of; `None`: something else has written it.
    fn facts(&self, row: &ProfileRow) -> Option<ProfileFacts>;

    /// How what was typed in a recorded session came; `None`: there are no keys in the recording.
    fn keystrokes(&self, _recording: &[u8]) -> Option<Keystrokes> {
        None
    }

    /// Where a secret was offered; `None`: something else has written it.
    fn reuse(&self, row: &ReuseRow) -> Option<ReuseDetail>;

    /// What the fingerprints of an identity say of who is behind it; `None`: there are none.
    fn attribution(&self, _rows: &[Fingerprint]) -> Option<Attribution> {
        None
    }

    /// How much the program says of itself; `None`: it cannot be said here.
    fn log_levels(&self) -> Option<LogLevels> {
        None
    }

    /// Has it say so much, `None`: as much as the settings want.
    ///
    /// # Errors
    /// What is wrong with the levels.
    fn log_levels_change(&self, _levels: Option<&str>) -> Result<(), String> {
        Err("levels cannot be changed here".to_owned())
    }

    /// Wakes whoever keeps the fleet as it is wanted: a setting that deckies go by is another one.
    fn wake_fleet(&self) {}

    /// What is known of an address or a file; `None`: it cannot be looked up here.
    fn lookup(
        &self,
        _store: Store,
        _subject: Looked,
    ) -> Pin<Box<dyn Future<Output = Option<Lookup>> + Send>> {
        Box::pin(async { None })
    }

    /// The reasons of a link in words.
    fn because(&self, link: &ClusterLink, level: Level) -> String;

    /// What two members have in common; `None`: there is no such member, or it cannot be said.
    fn why(
        &self,
        store: Store,
        level: Level,
        one: i64,
        two: i64,
    ) -> Pin<Box<dyn Future<Output = Option<ClusterLink>> + Send>>;
}
