//! A fleet as it is wanted: deckies with their places, systems and services.

use crate::{
    canary::Plant, catalogue, custom::CustomService, nmap, persona::derive::Request, placed::Placed,
    runtime::Runtime, tarpit::Tarpit,
};
use netsvc_persona::{
    Life, LoginPolicy, Servers,
    service::ServiceInfo,
    stage::{PortSpec, ServiceSpec},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::Ipv4Addr,
    str::FromStr,
};

pub use crate::filter::Filter;

/// Name of a decky: 1 to 48 of letters, digits, `-`, `_` and `.`, a letter or digit at the ends. Its upper
/// bound is that of the HOSTNAME in our event lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeckyName(String);

/// Why a text is no decky name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is no decky name: 1 to 48 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
)]
pub struct BadName(pub String);

impl DeckyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a decky that has not got one yet.
impl Default for DeckyName {
    fn default() -> Self {
        DeckyName("decky".to_owned())
    }
}

impl FromStr for DeckyName {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        let fits = (1..=48).contains(&text.len())
            && text.bytes().all(plain)
            && end(text.bytes().next())
            && end(text.bytes().next_back());
        if fits { Ok(DeckyName(text.to_owned())) } else { Err(BadName(text.to_owned())) }
    }
}

impl TryFrom<String> for DeckyName {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<DeckyName> for String {
    fn from(name: DeckyName) -> String {
        name.0
    }
}

impl fmt::Display for DeckyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The segment that a fleet stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Network address.
    pub address: Ipv4Addr,
    /// Prefix length.
    pub prefix: u8,
    /// Gateway.
    pub gateway: Option<Ipv4Addr>,
    /// Interface of this host on the segment; `None`: not needed by the runtime, or found at deploy.
    pub interface: Option<String>,
}

/// Why a text is no network.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no network: write it as 192.168.1.0/24")]
pub struct BadNetwork(pub String);

impl FromStr for Network {
    type Err = BadNetwork;
    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(bad)?;
        let address: Ipv4Addr = address.parse().map_err(|_| bad())?;
        let prefix: u8 = prefix.parse().ok().filter(|prefix| (8..=30).contains(prefix)).ok_or_else(bad)?;
        let network = Network { address, prefix, gateway: None, interface: None };
        Ok(Network { address: Ipv4Addr::from(u32::from(address) & network.mask()), ..network })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

impl Network {
    fn mask(&self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0)
    }

    /// Whether `address` is in the network.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & self.mask() == u32::from(self.address)
    }

    /// Broadcast address.
    pub fn broadcast(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) | !self.mask())
    }

    /// Addresses of hosts, lowest first.
    pub fn hosts(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        (u32::from(self.address) + 1..u32::from(self.broadcast())).map(Ipv4Addr::from)
    }
}

/// A decky as it is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decky {
    /// Name, unique in the fleet.
    pub name: DeckyName,
    /// Address.
    pub ip: Ipv4Addr,
    /// Operating system of the persona.
    pub system: String,
    /// Archetype it was made from.
    pub archetype: Option<String>,
    /// Services with their settings.
    pub services: Vec<ServiceSpec>,
    /// Services that its archetype names and the catalogue lacks.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Host name; `None`: derived.
    #[serde(default)]
    pub hostname: Option<String>,
    /// MAC; `None`: derived.
    #[serde(default)]
    pub mac: Option<String>,
    /// Seed of this decky; `None`: the fleet's.
    #[serde(default)]
    pub seed: Option<String>,
    /// Who may log in.
    pub login: LoginPolicy,
    /// Minutes between mutations; `None`: the fleet's.
    #[serde(default)]
    pub mutate_interval: Option<u32>,
    /// Face of its network stack; `None`: that of its system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face: Option<nmap::Chosen>,
    /// Whether it speaks of its own accord; `None`: as the fleet does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ambient: Option<bool>,
    /// Whether it leaves its address to a host that has it; `None`: as the fleet does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraw: Option<bool>,
    /// Whether it asks a DHCP server for the address that the plan gives it.
    #[serde(default, skip_serializing_if = "is_off")]
    pub dhcp: bool,
    /// Servers that it asks; of a kind that is not named those of the fleet.
    #[serde(default, skip_serializing_if = "Servers::is_empty")]
    pub servers: Servers,
    /// How often it was given another persona on purpose.
    #[serde(default, skip_serializing_if = "is_first")]
    pub generation: u32,
    /// Whether the packet filter that its system comes with is on.
    #[serde(default, skip_serializing_if = "is_off")]
    pub firewall: bool,
    /// Programs that were updated since, by service: the version that they were updated to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub updates: BTreeMap<String, String>,
    /// Canaries that are laid among its files when it is deployed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plant: Vec<Plant>,
    /// Whom it keeps waiting; what it leaves open is as the fleet has it.
    #[serde(default, skip_serializing_if = "Tarpit::is_empty")]
    pub tarpit: Tarpit,
    /// Where it stands in a topology; `None`: it is of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<Placed>,
}

/// As [`is_first`].
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_off(switch: &bool) -> bool {
    !*switch
}

/// Whether nothing is to be written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(generation: &u32) -> bool {
    *generation == 0
}

impl Decky {
    /// A decky of which nothing else is said: no services, and everything else as usual.
    pub fn of(name: DeckyName, ip: Ipv4Addr, system: &str) -> Decky {
        Decky {
            name,
            ip,
            system: system.to_owned(),
            archetype: None,
            services: Vec::new(),
            absent: Vec::new(),
            hostname: None,
            mac: None,
            seed: None,
            login: LoginPolicy::AcceptListed,
            mutate_interval: None,
            face: None,
            ambient: None,
            withdraw: None,
            dhcp: false,
            servers: Servers::default(),
            generation: 0,
            firewall: false,
            updates: BTreeMap::new(),
            plant: Vec::new(),
            tarpit: Tarpit::default(),
            placed: None,
        }
    }

    /// The listeners of the decky, in the order of services.
    pub fn ports(&self) -> Vec<PortSpec> {
        let known = self.services.iter().filter_map(|service| catalogue::find(&service.slug));
        known.flat_map(|service| service.ports_on(&self.system).cloned()).collect()
    }

    /// What the persona is derived from.
    pub fn request<'a>(
        &'a self,
        network: &Network,
        slugs: &'a [String],
        install_secret: &'a [u8],
        fleet: &'a Fleet,
        now: i64,
    ) -> Request<'a> {
        Request {
            install_secret,
            node: self.name.as_str(),
            seed: self.seed.as_deref().or(fleet.seed.as_deref()),
            system: &self.system,
            services: slugs,
            ip: self.ip.into(),
            prefix: self.placed.as_ref().map_or(network.prefix, |placed| placed.prefix),
            gateway: self.placed.as_ref().map_or(network.gateway, |placed| placed.gateway).map(Into::into),
            hostname: self.hostname.as_deref(),
            domain: fleet.domain.as_deref(),
            mac: self.mac.as_deref(),
            login: self.login.clone(),
            taken: &NOBODY,
            face: self.face.as_ref().map(|face| face.text.as_str()),
            generation: self.generation,
            life: self.life(fleet),
            firewall: self.firewall,
            slow: self.tarpit.of(&fleet.tarpit),
            now,
        }
    }

    /// What it does without being asked.
    pub fn life(&self, fleet: &Fleet) -> Life {
        let usual = Life::default();
        let ambient = self.ambient.or(fleet.ambient).unwrap_or(usual.ambient);
        let stays = !self.withdraw.or(fleet.withdraw).unwrap_or(!usual.stays);
        Life { ambient, dhcp: self.dhcp, servers: self.servers.or(&fleet.servers), stays }
    }

    /// Slugs of its services.
    pub fn slugs(&self) -> Vec<String> {
        self.services.iter().map(|service| service.slug.clone()).collect()
    }
}

/// No host names.
static NOBODY: BTreeSet<String> = BTreeSet::new();

/// A fleet as it is wanted. This is what the store keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// How deckies come to exist.
    pub runtime: Runtime,
    /// The segment.
    pub network: Network,
    /// Fixes the plan stream of personas.
    #[serde(default)]
    pub seed: Option<String>,
    /// Domain of host names; `None`: derived.
    #[serde(default)]
    pub domain: Option<String>,
    /// Minutes between mutations.
    #[serde(default)]
    pub mutate_interval: Option<u32>,
    /// Whether deckies speak of their own accord; `None`: they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ambient: Option<bool>,
    /// Whether deckies leave their addresses to hosts that have them; `None`: they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraw: Option<bool>,
    /// Servers that deckies ask for names and for the time, on the segment or outside; none: the gateway.
    #[serde(default, skip_serializing_if = "Servers::is_empty")]
    pub servers: Servers,
    /// Whom deckies keep waiting.
    #[serde(default, skip_serializing_if = "Tarpit::is_empty")]
    pub tarpit: Tarpit,
    /// Whether the segment is that of the lab, which is started when it is not up.
    #[serde(default)]
    pub lab: bool,
    /// Services that the operator brings along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom: Vec<CustomService>,
    /// Of containers: how many are made at once, and how many images; `None`: as many as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// Of containers on a segment: whether they share the MAC of the interface (ipvlan); `None`: where that is Wi-Fi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipvlan: Option<bool>,
    /// The deckies, by name.
    pub deckies: BTreeMap<DeckyName, Decky>,
}

/// A difference between two fleets.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A decky goes.
    Remove(DeckyName),
    /// A decky comes.
    Add(DeckyName),
}

impl Fleet {
    /// A fleet without deckies, of which nothing else is said.
    pub fn of(runtime: Runtime, network: Network) -> Fleet {
        Fleet {
            runtime,
            network,
            seed: None,
            domain: None,
            mutate_interval: None,
            ambient: None,
            withdraw: None,
            servers: Servers::default(),
            tarpit: Tarpit::default(),
            lab: false,
            custom: Vec::new(),
            parallel: None,
            ipvlan: None,
            deckies: BTreeMap::new(),
        }
    }

    /// The steps from `have` to `self`: first what goes, then what comes. A decky that changed goes and
    /// comes; one that did not is not touched.
    pub fn steps(&self, have: &Fleet) -> Vec<Step> {
        let changed = |name: &DeckyName| {
            let life = |fleet: &Fleet| {
                let decky = fleet.deckies.get(name);
                decky.map(|decky| (decky.life(fleet), decky.tarpit.of(&fleet.tarpit)))
            };
            let (ours, theirs) = (self.deckies.get(name), have.deckies.get(name));
            let brings = || ours.into_iter().flat_map(|decky| self.brought(decky));
            let brought = || theirs.into_iter().flat_map(|decky| have.brought(decky));
            ours != theirs
                || life(self) != life(have)
                || !brings().eq(brought())
                || (&self.network, self.runtime, self.lab) != (&have.network, have.runtime, have.lab)
        };
        let goes = have.deckies.keys().filter(|name| changed(name)).cloned().map(Step::Remove);
        let comes = self.deckies.keys().filter(|name| changed(name)).cloned().map(Step::Add);
        goes.chain(comes).collect()
    }

    /// No deckies on the same segment.
    pub fn emptied(&self) -> Fleet {
        Fleet { deckies: BTreeMap::new(), ..self.clone() }
    }
}

/// Segment of the loopback runtime unless another is named.
pub const LOOPBACK_NETWORK: Network =
    Network { address: Ipv4Addr::new(127, 66, 0, 0), prefix: 16, gateway: None, interface: None };

/// Reads a login policy: `deny`, `accept-listed`, `accept-after=N` with N from 1 to 1000.
///
/// # Errors
/// What would have been one.
pub fn login_policy(text: &str) -> Result<LoginPolicy, String> {
    match (text, text.strip_prefix("accept-after=")) {
        ("deny", _) => Ok(LoginPolicy::Deny),
        ("accept-listed", _) => Ok(LoginPolicy::AcceptListed),
        (_, Some(count)) => match count.parse::<u32>() {
            Ok(count) if (1..=1000).contains(&count) => Ok(LoginPolicy::AcceptAfter(count)),
            _ => Err("accept-after takes a number from 1 to 1000".to_owned()),
        },
        _ => Err("one of deny, accept-listed, accept-after=N".to_owned()),
    }
}

/// Two services of one decky that claim the same port.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("services {first} and {second} both claim port {port}/{transport}; a decky can have one of them")]
pub struct PortClash {
    /// One service.
    pub first: String,
    /// The other.
    pub second: String,
    /// Port.
    pub port: u16,
    /// Transport.
    pub transport: &'static str,
}

/// Checks that no two services claim one port.
///
/// # Errors
/// The first clash.
pub fn check_ports(slugs: &[String]) -> Result<(), PortClash> {
    claim_ports(slugs.iter().filter_map(|slug| catalogue::find(slug)))
}

fn claim_ports<'a>(services: impl Iterator<Item = &'a ServiceInfo>) -> Result<(), PortClash> {
    let mut claimed: BTreeMap<_, &str> = BTreeMap::new();
    for service in services {
        for port in &service.ports {
            let key = (port.transport, port.port);
            if let Some(first) = claimed.insert(key, &service.slug)
                && first != service.slug
            {
                return Err(PortClash {
                    first: first.to_owned(),
                    second: service.slug.clone(),
                    port: port.port,
                    transport: port.transport.name(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_an_event_line() {
        for good in ["web", "web-01", "a", "Web_1", "corp.web"] {
            assert!(good.parse::<DeckyName>().is_ok());
        }
        for bad in ["", "-a", "a-", ".", "..", "_a", "a b", "a/b", "ä", &"a".repeat(49)] {
            assert!(bad.parse::<DeckyName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_knows_its_ends() {
        let network: Network = "10.66.1.7/21".parse().unwrap();
        assert_eq!(network.to_string(), "10.66.0.0/21");
        assert_eq!(network.broadcast(), Ipv4Addr::new(10, 66, 7, 255));
        assert_eq!(network.hosts().count(), 2046);
        assert!(
            network.contains(Ipv4Addr::new(10, 66, 7, 1)) && !network.contains(Ipv4Addr::new(10, 66, 8, 1))
        );
        for bad in ["10.0.0.0", "10.0.0.0/33", "x/24", "10.0.0.0/31", ""] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_has_one_owner_and_a_clash_names_both() {
        let redis = catalogue::find("redis").unwrap();
        let other = ServiceInfo { slug: "valkey".to_owned(), ..redis.clone() };
        assert_eq!(claim_ports([redis, redis].into_iter()), Ok(()));
        let clash = claim_ports([redis, &other].into_iter()).unwrap_err().to_string();
        assert_eq!(clash, "services redis and valkey both claim port 6379/tcp; a decky can have one of them");
    }
}
