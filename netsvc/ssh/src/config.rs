//! Settings of a server: what `sshd_config` would say, and whether time is spent as the real daemon spends it.

use crate::{host_key::HostKeys, profile::Profile, startups::Startups};
use std::time::Duration;

/// Settings that all connections of a server share.
#[derive(Debug)]
pub struct Config {
    /// The release that is claimed.
    pub profile: Profile,
    /// Host keys.
    pub keys: HostKeys,
    /// Time from the first byte to a successful login (`LoginGraceTime`).
    pub grace: Duration,
    /// Failures that end a connection (`MaxAuthTries`).
    pub attempts: u32,
    /// Session channels at a time (`MaxSessions`).
    pub sessions: usize,
    /// Connections that may wait to log in (`MaxStartups`).
    pub startups: Startups,
    /// Bytes of one direction after which new keys are asked for, besides the limits of the cipher (`RekeyLimit`).
    pub rekey_bytes: Option<u64>,
    /// Text before authentication (`Banner`); none by default.
    pub greeting: Option<String>,
    /// Whether failures cost the time that PAM and sshd take.
    pub natural_delays: bool,
    /// Mean of PAM's delay after a wrong password; each one is within half of it.
    pub failure_delay: Duration,
    /// Time that a right password takes to be checked.
    pub success_delay: Duration,
    /// Makes the delays of users this server's own (`timing_secret`).
    pub delay_secret: u64,
    /// Names of environment variables that are taken, `*` at the end standing for anything.
    pub environment: Vec<String>,
}

impl Config {
    /// The settings that the distributions ship.
    pub fn new(profile: Profile, keys: HostKeys) -> Config {
        let environment = profile.accepted_environment();
        Config {
            profile,
            keys,
            grace: Duration::from_secs(120),
            attempts: 6,
            sessions: 10,
            startups: Startups::default(),
            rekey_bytes: None,
            greeting: None,
            natural_delays: true,
            failure_delay: Duration::from_secs(2),
            success_delay: Duration::from_millis(90),
            delay_secret: 0,
            environment,
        }
    }

    /// Whether the environment variable `name` is taken.
    pub(crate) fn takes_variable(&self, name: &[u8]) -> bool {
        self.environment.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix.as_bytes()),
            None => name == pattern.as_bytes(),
        })
    }
}
