//! What an attacker is like, and which secrets come again.

use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

macro_rules! ranked {
    ($(#[doc = $doc:literal])+ $type:ident { $($(#[doc = $about:literal])+ $variant:ident = $name:literal;)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[doc = $about])+ $variant,)+ }

        named!($type);

        impl $type {
            /// All, in their order.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// Name, as operators see it.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)+ }
            }

            /// What it means.
            pub fn about(self) -> &'static str {
                match self { $($type::$variant => concat!($($about),+).trim_ascii(),)+ }
            }
        }
    };
}

ranked! {
    /// What somebody is about, in the order in which an attack goes.
    Phase {
        /// Looks what there is.
        Recon = "recon";
        /// Tries to get in, or has got in.
        Access = "access";
        /// Does something inside.
        Action = "action";
        /// Takes something with him.
        Exfil = "exfil";
    }
}

ranked! {
    /// How somebody behaves.
    Behaviour {
        /// Too little was seen.
        Unknown = "unknown";
        /// Touches many deckies or services in a short time.
        Scanning = "scanning";
        /// Touches many deckies or services, slowly.
        SlowScan = "slow-scan";
        /// Tries many secrets for few names.
        BruteForce = "brute-force";
        /// Tries few secrets for many names.
        Spraying = "spraying";
        /// Comes back at even times.
        Beaconing = "beaconing";
        /// Gives commands at the pace of a program.
        Scripted = "scripted";
        /// Gives commands at the pace of a person.
        Interactive = "interactive";
        /// None of these alone.
        Mixed = "mixed";
    }
}

/// The profile of an address as it is stored. What is listed and sorted by has columns; the rest is in `state`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// Address.
    pub src_ip: IpAddr,
    /// Id of the first event; the number of the address.
    pub first_event: i64,
    /// Id of the last event; profiles are ordered by it.
    pub last_event: i64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// Events.
    pub events: u64,
    /// How it behaves.
    pub behaviour: Behaviour,
    /// How far it came.
    pub phase: Phase,
    /// Risk, 0 to 100.
    pub risk: u64,
    /// Distinct nodes, exact to 64.
    pub nodes: u64,
    /// Distinct services.
    pub services: u64,
    /// What it can be recognised by: a JSON list of [`super::Trait`].
    pub traits: String,
    /// Everything else, as `decnet-analysis` writes it.
    pub state: String,
}

/// Which profiles are wanted; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFilter {
    /// At least this risk.
    pub risk: Option<u64>,
    /// Behaving so.
    pub behaviour: Option<Behaviour>,
    /// Seen at or after this time.
    pub since: Option<Micros>,
    /// The largest risk first, not the last event.
    pub by_risk: bool,
}

/// A secret and who offered it where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReuseRow {
    /// SHA-256 over kind and secret.
    pub secret_hash: Vec<u8>,
    /// Kind of secret.
    pub secret_kind: String,
    /// The secret, its first KiB.
    pub secret: Vec<u8>,
    /// How often it was offered.
    pub attempts: u64,
    /// How often it was let in.
    pub accepted: u64,
    /// Distinct services of nodes.
    pub targets: u64,
    /// Distinct nodes.
    pub nodes: u64,
    /// Distinct services.
    pub services: u64,
    /// Distinct login names.
    pub principals: u64,
    /// Distinct addresses.
    pub attackers: u64,
    /// Id of the first event.
    pub first_event: i64,
    /// Id of the last event; rows are ordered by it.
    pub last_event: i64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// The list that it is on: `default`, `common`; empty: none.
    pub listed: String,
    /// Names of what it was offered to and by, as `decnet-analysis` writes it.
    pub state: String,
}

/// Which reused secrets are wanted; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReuseFilter {
    /// Offered to at least so many services of deckies, or by as many addresses, or for as many login names.
    pub least: u64,
    /// Without secrets that are on a list.
    pub unlisted: bool,
    /// Of this kind.
    pub secret_kind: Option<String>,
    /// Offered at or after this time.
    pub since: Option<Micros>,
}
