//! A swarm: one master, and agents on other hosts. Names, certificates' identities, one-time tokens, states.

use crate::{
    fleet::{DeckyName, Network},
    record::{SwarmHost, SwarmReport, SwarmToken},
    runtime::Runtime,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::Ipv4Addr,
    str::FromStr,
    time::Duration,
};

/// Most letters of a host's name, so that its id is a label of a DNS name (RFC 1035 §2.3.4).
const NAME_MOST: usize = 40;
/// Bytes of a token's secret.
pub const SECRET_BYTES: usize = 24;
/// Bytes of the SHA-256 of the authority's certificate.
pub const PIN_BYTES: usize = 32;
/// What all names in our certificates end with; no resolver knows it (RFC 6762 §appendix G, `.internal`).
const ZONE: &str = "swarm.internal";
/// Name of the setting that holds the authority's certificate, PEM.
pub const AUTHORITY: &str = "swarm.authority";
/// Name of the setting that holds the swarm's fleet with its placement.
pub const FLEET: &str = "swarm.fleet";

/// Whether `name` can be a host's.
///
/// # Errors
/// Says what a name looks like.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=NAME_MOST).contains(&name.len())
        && name.bytes().all(plain)
        && !name.starts_with('-')
        && !name.ends_with('-');
    let wanted = "1 to 40 lower-case letters, digits and `-`, with a letter or digit at both ends";
    if fits { Ok(()) } else { Err(format!("{name:?} is no name of a host: {wanted}")) }
}

/// Who a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The master: controller and listener.
    Master,
    /// An agent.
    Agent,
}

impl Role {
    /// `master` or `agent`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Master => "master",
            Role::Agent => "agent",
        }
    }
}

/// Who somebody is by his certificate: its only DNS name is `HOST.ROLE.swarm.internal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What he may do.
    pub role: Role,
    /// Id of the host; `master` for the master.
    pub host: String,
}

impl Identity {
    /// The master.
    pub fn master() -> Identity {
        Identity { role: Role::Master, host: "master".to_owned() }
    }

    /// An agent on the host with this id.
    pub fn agent(host: &str) -> Identity {
        Identity { role: Role::Agent, host: host.to_owned() }
    }

    /// The name that the certificate carries.
    pub fn dns(&self) -> String {
        format!("{}.{}.{ZONE}", self.host, self.role.name())
    }
}

impl FromStr for Identity {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_suffix(ZONE).and_then(|rest| rest.strip_suffix('.')).ok_or(())?;
        let (host, role) = rest.split_once('.').ok_or(())?;
        let role = [Role::Master, Role::Agent].into_iter().find(|known| known.name() == role).ok_or(())?;
        let label = !host.is_empty() && host.len() <= 63;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if label && host.bytes().all(plain) { Ok(Identity { role, host: host.to_owned() }) } else { Err(()) }
    }
}

/// What lets a host join once: a secret, and the SHA-256 of the authority's certificate, which the host believes
/// and no other.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The secret; the master keeps only its hash.
    pub secret: [u8; SECRET_BYTES],
    /// SHA-256 of the authority's certificate.
    pub pin: [u8; PIN_BYTES],
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = self.secret.iter().chain(&self.pin).copied().collect();
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A text is no token.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("that is no token of `decnet swarm enroll`: copy the whole command that it printed")]
pub struct BadToken;

impl FromStr for Token {
    type Err = BadToken;
    fn from_str(text: &str) -> Result<Self, BadToken> {
        if text.len() > 128 {
            return Err(BadToken);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| BadToken)?;
        let (secret, pin) = bytes.split_at_checked(SECRET_BYTES).ok_or(BadToken)?;
        Ok(Token {
            secret: secret.try_into().map_err(|_| BadToken)?,
            pin: pin.try_into().map_err(|_| BadToken)?,
        })
    }
}

/// Longest notes of a host, in characters.
pub const NOTES: usize = 2000;

/// A host that is to join.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its weight, from 1.
    pub weight: u64,
    /// Most deckies of it.
    pub capacity: Option<u64>,
    /// How long the token is valid.
    pub valid: Duration,
    /// Who invites.
    pub by: String,
    /// What there is to know of it.
    pub notes: Option<String>,
}

impl Invited {
    /// Whether there can be such a host beside `hosts`.
    ///
    /// # Errors
    /// Says what is in the way.
    pub fn check(&self, hosts: &[SwarmHost]) -> Result<(), String> {
        check_name(&self.name)?;
        if self.notes.as_ref().is_some_and(|notes| notes.chars().count() > NOTES) {
            return Err(format!("notes have at most {NOTES} characters"));
        }
        if self.weight == 0 {
            return Err("a weight is 1 or more; `decnet swarm drain` keeps deckies away".to_owned());
        }
        if hosts.iter().any(|host| host.name == self.name && host.left_at.is_none()) {
            return Err(format!(
                "there is a host called {0} already: choose another name, or `decnet swarm decommission --name {0}`",
                self.name
            ));
        }
        Ok(())
    }

    /// The token with this hash, as it is kept from `now` (µs) on.
    pub fn row(&self, hash: String, now: i64) -> SwarmToken {
        let valid = i64::try_from(self.valid.as_micros()).unwrap_or(i64::MAX);
        SwarmToken {
            hash,
            name: self.name.clone(),
            labels: serde_json::to_string(&self.labels).unwrap_or_else(|_| "{}".to_owned()),
            weight: self.weight,
            capacity: self.capacity,
            created_by: self.by.clone(),
            created_at: now,
            expires_at: now.saturating_add(valid),
            used_at: None,
            used_key: String::new(),
            host: String::new(),
            notes: self.notes.clone(),
        }
    }
}

/// Labels of a host.
pub type Labels = BTreeMap<String, String>;

/// Reads `KEY=VALUE`.
///
/// # Errors
/// Says what a label looks like.
pub fn label(text: &str) -> Result<(String, String), String> {
    let plain = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    match text.split_once('=') {
        Some((key, value)) if plain(key) && plain(value) => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("{text:?} is no label: KEY=VALUE, both of letters, digits, `-`, `_` and `.`")),
    }
}

/// Where the deckies of an agent can stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// How deckies come to exist there.
    pub runtime: Runtime,
    /// The segment.
    pub network: Network,
    /// Whether it is a lab.
    pub lab: bool,
    /// Addresses there that are somebody's.
    pub taken: BTreeSet<Ipv4Addr>,
    /// Lowest addresses that deckies leave free if they can.
    pub skipped: usize,
}

/// How a decky of an agent does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeckyReport {
    /// Its name.
    pub name: DeckyName,
    /// What it is seen to be: `running`, `failed`, …
    pub state: String,
    /// Why, when it failed.
    #[serde(default)]
    pub reason: String,
}

/// How far an agent's log has been forwarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lag {
    /// Bytes of its event log that the master has not taken in.
    pub bytes: u64,
    /// Lines that the master has taken in since the forwarder began.
    pub lines: u64,
    /// Lines in the last second.
    pub rate: u64,
}

/// How a host stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostState {
    /// It has joined and has not been heard of yet.
    Enrolled,
    /// It reports.
    Active,
    /// It reports, and is to have no deckies.
    Drained,
    /// It has been silent for too long.
    Unreachable,
    /// It belongs to the swarm no more.
    Decommissioned,
}

impl HostState {
    /// Every state.
    pub const ALL: &'static [HostState] = &[
        HostState::Enrolled,
        HostState::Active,
        HostState::Drained,
        HostState::Unreachable,
        HostState::Decommissioned,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            HostState::Enrolled => "enrolled",
            HostState::Active => "active",
            HostState::Drained => "drained",
            HostState::Unreachable => "unreachable",
            HostState::Decommissioned => "decommissioned",
        }
    }

    /// How a host stands at `now` (µs) that is unreachable after `stale` seconds of silence.
    pub fn of(host: &SwarmHost, report: Option<&SwarmReport>, now: i64, stale: u64) -> HostState {
        let stale = i64::try_from(stale).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        match report {
            _ if host.left_at.is_some() => HostState::Decommissioned,
            None => HostState::Enrolled,
            Some(report) if stale < now.saturating_sub(report.at) => HostState::Unreachable,
            Some(_) if host.drained => HostState::Drained,
            Some(_) => HostState::Active,
        }
    }

    /// Whether deckies may be put there.
    pub fn takes_deckies(self) -> bool {
        self == HostState::Active
    }
}

impl FromStr for HostState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = HostState::ALL.iter().map(|state| state.name()).collect::<Vec<_>>().join(", ");
        let found = HostState::ALL.iter().copied().find(|state| state.name() == text);
        found.ok_or_else(|| format!("{text:?} is no state of a host: {known}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_identity_is_read_as_it_was_written_and_nothing_else_is_one() {
        for identity in [Identity::master(), Identity::agent("berlin-3f9a2c")] {
            assert_eq!(identity.dns().parse(), Ok(identity));
        }
        for text in [
            "master",
            "x.agent.swarm.example",
            "x.root.swarm.internal",
            ".agent.swarm.internal",
            "a.b.agent.swarm.internal",
        ] {
            assert_eq!(text.parse::<Identity>(), Err(()), "{text}");
        }
    }

    #[test]
    fn names_and_labels_are_plain() {
        assert!(check_name("berlin-1").is_ok());
        for name in ["", "-a", "a-", "A", "a.b", "a b", &"a".repeat(41)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert_eq!(label("site=berlin"), Ok(("site".to_owned(), "berlin".to_owned())));
        assert!(["site", "=x", "a=", "a b=c", "a=b=c"].iter().all(|text| label(text).is_err()));
    }

    #[test]
    fn a_silent_host_becomes_unreachable_by_itself() {
        let host = SwarmHost::new("a-1", "a", 5);
        let report = SwarmReport { at: 1_000_000, ..SwarmReport::default() };
        let state =
            |host: &SwarmHost, report: Option<&SwarmReport>, now| HostState::of(host, report, now, 60);
        assert_eq!(state(&host, None, 9), HostState::Enrolled);
        assert_eq!(state(&host, Some(&report), 61_000_000), HostState::Active);
        assert_eq!(state(&host, Some(&report), 61_000_001), HostState::Unreachable);
        let drained = SwarmHost { drained: true, ..host.clone() };
        assert_eq!(state(&drained, Some(&report), 2_000_000), HostState::Drained);
        let left = SwarmHost { left_at: Some(7), ..host };
        assert_eq!(state(&left, Some(&report), 2_000_000), HostState::Decommissioned);
    }

    proptest! {
        #[test]
        fn a_token_is_read_as_it_was_written(secret: [u8; SECRET_BYTES], pin: [u8; PIN_BYTES]) {
            let token = Token { secret, pin };
            prop_assert_eq!(token.to_string().parse::<Token>(), Ok(token));
        }

        #[test]
        fn no_text_breaks_the_reader_of_tokens_and_names(text in ".{0,200}") {
            let _ = text.parse::<Token>();
            let _ = text.parse::<Identity>();
            let _ = (check_name(&text), label(&text));
        }
    }
}
