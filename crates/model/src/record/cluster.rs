//! Who is behind addresses: identities (one actor, some addresses) and campaigns (identities that work together).
//!
//! Both are the same thing one level apart. The number of an address is the id of its first event, that of an
//! identity the least number of its addresses, that of a campaign the least of its identities: whatever joins or
//! comes apart, a number leads to where its first address is.

use super::{Behaviour, Fingerprint, Phase};
use netsvc_wire::stamp::Micros;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Most addresses that a decision names on one side.
pub const MOST_ADDRESSES: usize = 1000;
/// Longest reason of a decision, in characters.
pub const LONGEST_REASON: usize = 1000;

macro_rules! names {
    ($(#[doc = $doc:literal])+ $type:ident { $($(#[doc = $about:literal])+ $variant:ident = $name:literal;)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $type { $($(#[doc = $about])+ $variant,)+ }

        named!($type);

        impl $type {
            /// All, in their order.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// Name, as operators see it.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)+ }
            }

            /// What it is.
            pub fn about(self) -> &'static str {
                match self { $($type::$variant => concat!($($about),+).trim_ascii(),)+ }
            }
        }
    };
}

names! {
    /// What is joined.
    Level {
        /// Addresses, to identities.
        Identity = "identity";
        /// Identities, to campaigns.
        Campaign = "campaign";
    }
}

names! {
    /// What somebody can be recognised by.
    TraitKind {
        /// a public key of SSH
        Key = "key";
        /// a payload that was left or fetched
        Payload = "payload";
        /// a host that something was to be fetched from
        Host = "host";
        /// a name in mail: what a client calls itself, a sender's domain
        Mail = "mail";
        /// a login with a secret that is on no list
        Pair = "pair";
        /// an uncommon login name
        Principal = "principal";
        /// a command line
        Command = "command";
        /// the handshake of an SSH client
        Ssh = "ssh";
        /// the hello of a TLS client
        Tls = "tls";
        /// the headers of a web client
        Web = "web";
        /// what a client of one's own calls itself
        Client = "client";
        /// a network
        Network = "network";
        /// the pace of connections
        Rhythm = "rhythm";
        /// a login that was let in on a decky
        Loot = "loot";
        /// a habit of worms: fetching from one's own address
        Spread = "spread";
        /// a way to act in concert
        Concert = "concert";
    }
}

names! {
    /// What an analyst said of identities or campaigns.
    Deed {
        /// They are one.
        Merge = "merge";
        /// They are not one.
        Split = "split";
        /// It is right as it is: nobody leaves and nobody joins.
        Pin = "pin";
    }
}

/// Something that an address can be recognised by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Trait {
    /// What it is.
    pub kind: TraitKind,
    /// The same for equal values.
    pub hash: u64,
    /// The value, as shown, cut.
    pub value: String,
    /// When it was seen first of this address.
    pub since: Micros,
}

/// Why two are linked, one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What they have in common.
    pub kind: TraitKind,
    /// The value.
    pub value: String,
    /// At most so many have it.
    pub holders: u64,
    /// What it adds to the weight of the link; 1000 binds.
    pub weight: u32,
}

/// Two that are linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterLink {
    /// The cluster that both are in; 0 where it was only asked what they have in common.
    pub cluster: i64,
    /// The older.
    pub older: i64,
    /// The younger.
    pub younger: i64,
    /// Weight; 1000 binds. 0 where an analyst has joined them.
    pub weight: u64,
    /// When it could be known first.
    pub at: Micros,
    /// Why.
    pub evidence: Vec<Evidence>,
}

impl ClusterLink {
    /// Whether an analyst has joined the two.
    pub fn is_decided(&self) -> bool {
        self.weight == 0 && self.cluster != 0
    }
}

/// The place of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterMember {
    /// Its number.
    pub member: i64,
    /// Its address; of an identity the least of its addresses.
    pub src_ip: IpAddr,
    /// The cluster that it is in.
    pub cluster: i64,
    /// Number of the last change of it.
    pub revision: i64,
}

/// What a pass of a clusterer changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterChange {
    /// Members whose place or traits are others.
    pub members: Vec<ClusterMember>,
    /// Members that there are no more.
    pub gone: Vec<i64>,
    /// Clusters whose links are replaced by `links`.
    pub relinked: Vec<i64>,
    /// Their links.
    pub links: Vec<ClusterLink>,
}

/// A cluster as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its number.
    pub id: i64,
    /// Members: addresses of an identity, identities of a campaign.
    pub members: u64,
    /// Addresses.
    pub addresses: u64,
    /// First event's time.
    pub first_seen: Micros,
    /// Last event's time.
    pub last_seen: Micros,
    /// Events.
    pub events: u64,
    /// The largest risk of an address.
    pub risk: u64,
}

/// Which clusters are wanted; all conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFilter {
    /// With at least so many members.
    pub members: u64,
    /// At least this risk.
    pub risk: u64,
    /// Seen at or after this time.
    pub since: Option<Micros>,
}

/// A member of a cluster as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSeen {
    /// Its number.
    pub member: i64,
    /// Its address.
    pub src_ip: IpAddr,
    /// The identity that the address is in.
    pub identity: i64,
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
}

/// What an analyst said. It is about addresses, so that it outlives the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its number.
    pub id: i64,
    /// On which level.
    pub level: Level,
    /// What.
    pub deed: Deed,
    /// Addresses on the one side; of a pin all.
    pub left: Vec<IpAddr>,
    /// Addresses on the other.
    pub right: Vec<IpAddr>,
    /// Who said it.
    pub actor: String,
    /// When.
    pub at: Micros,
    /// Why, in his words.
    pub reason: String,
    /// When it was taken back; `None`: it holds.
    pub undone_at: Option<Micros>,
    /// Who took it back.
    pub undone_by: Option<String>,
}

/// What an analyst says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDecision {
    /// On which level.
    pub level: Level,
    /// What.
    pub deed: Deed,
    /// Addresses on the one side.
    pub left: Vec<IpAddr>,
    /// Addresses on the other; none of a pin.
    pub right: Vec<IpAddr>,
    /// Who.
    pub actor: String,
    /// When.
    pub at: Micros,
    /// Why.
    pub reason: String,
}

/// A cluster with what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterView {
    /// The cluster.
    pub cluster: Cluster,
    /// Of an identity: the campaign that it is part of.
    pub campaign: Option<i64>,
    /// Its addresses, the oldest first, a thousand at most.
    pub sources: Vec<MemberSeen>,
    /// The links that hold it together.
    pub links: Vec<ClusterLink>,
    /// What analysts have said of its addresses, the latest first.
    pub decisions: Vec<Decision>,
    /// Of an identity: what its addresses were recognised by, of so many addresses and fingerprints of each as are
    /// looked at.
    pub fingerprints: Vec<Fingerprint>,
}

/// What an analyst asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Both are one.
    Merge(i64, i64),
    /// These members are not of it: addresses of an identity, numbers of identities of a campaign.
    Split(i64, Vec<String>),
    /// It is right as it is.
    Pin(i64),
}

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such cluster.
    #[error("there is no {0} {1}")]
    Missing(Level, i64),
    /// Both are one already.
    #[error("both are {0} {1}")]
    Same(Level, i64),
    /// A member is not in it.
    #[error("{1:?} is no member of {0} {2}")]
    Stranger(Level, String, i64),
    /// All members would leave, or none.
    #[error("some members have to leave, and some to stay")]
    Nobody,
    /// The reason is too long.
    #[error("a reason has at most {} characters", LONGEST_REASON)]
    Reason,
}

impl Level {
    /// What many of it are called, in paths and verbs.
    pub fn plural(self) -> &'static str {
        match self {
            Level::Identity => "identities",
            Level::Campaign => "campaigns",
        }
    }
}

impl Decision {
    /// Whether `newer` says the contrary, so that this one no longer holds.
    pub fn is_against(&self, newer: &NewDecision) -> bool {
        let meets = |one: &[IpAddr], two: &[IpAddr]| one.iter().any(|address| two.contains(address));
        let across = (meets(&self.left, &newer.left) && meets(&self.right, &newer.right))
            || (meets(&self.left, &newer.right) && meets(&self.right, &newer.left));
        self.level == newer.level
            && self.undone_at.is_none()
            && match (self.deed, newer.deed) {
                (Deed::Merge, Deed::Split) | (Deed::Split, Deed::Merge) => across,
                // Who is told to come, or to go, is no longer kept by a pin.
                (Deed::Pin, Deed::Merge) => meets(&self.left, &newer.left) || meets(&self.left, &newer.right),
                (Deed::Pin, Deed::Split) => meets(&self.left, &newer.left) && meets(&self.left, &newer.right),
                (Deed::Pin, Deed::Pin) => meets(&self.left, &newer.left),
                (Deed::Merge, _) | (Deed::Split, _) => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(numbers: &[u8]) -> Vec<IpAddr> {
        numbers.iter().map(|number| IpAddr::from([192, 0, 2, *number])).collect()
    }

    #[test]
    fn what_says_the_contrary_ends_what_was_said() {
        let old = |deed, left: &[u8], right: &[u8]| Decision {
            id: 1,
            level: Level::Identity,
            deed,
            left: addresses(left),
            right: addresses(right),
            actor: "eve".into(),
            at: 0,
            reason: String::new(),
            undone_at: None,
            undone_by: None,
        };
        let new = |deed, left: &[u8], right: &[u8]| NewDecision {
            level: Level::Identity,
            deed,
            left: addresses(left),
            right: addresses(right),
            actor: "eve".into(),
            at: 1,
            reason: String::new(),
        };
        use Deed::{Merge, Pin, Split};
        for (before, now, against) in [
            (old(Merge, &[1], &[2]), new(Split, &[2, 3], &[1]), true),
            (old(Merge, &[1], &[2]), new(Split, &[2], &[3]), false),
            (old(Split, &[1], &[2]), new(Merge, &[1], &[2]), true),
            (old(Split, &[1], &[2]), new(Split, &[1], &[2]), false),
            (old(Pin, &[1, 2], &[]), new(Merge, &[2], &[9]), true),
            (old(Pin, &[1, 2], &[]), new(Split, &[1], &[2]), true),
            (old(Pin, &[1, 2], &[]), new(Split, &[1], &[9]), false),
            (Decision { undone_at: Some(1), ..old(Split, &[1], &[2]) }, new(Merge, &[1], &[2]), false),
            (Decision { level: Level::Campaign, ..old(Split, &[1], &[2]) }, new(Merge, &[1], &[2]), false),
        ] {
            assert_eq!(before.is_against(&now), against, "{before:?} {now:?}");
        }
    }
}
