//! What is wrong with a topology, each with a code of its own.

use crate::{Subnet, Topology, is_name, model::NAME_RULE, ways};
use decnet_model::{
    catalogue::{self, BadSetting},
    fleet::check_ports,
};
use netsvc_persona::tables::systems;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

/// Most LANs.
pub const MOST_LANS: usize = 256;
/// Most deckies.
pub const MOST_DECKIES: usize = 2000;
/// Most edges, and addresses, and ports of all rules.
pub const MOST_EDGES: usize = 8000;
/// Most rules: each is looked at for each pair of LANs that routers join.
pub const MOST_RULES: usize = 1000;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident = $name:literal;)+) => {
        /// What can be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[doc = $doc])+ $code,)+ }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Code] = &[$(Code::$code),+];

            /// The code as it is written.
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => $name,)+ }
            }
        }
    };
}

codes! {
    /// No LAN is the DMZ.
    DmzMissing = "DMZ_MISSING";
    /// More than one LAN is the DMZ.
    DmzMultiple = "DMZ_MULTIPLE";
    /// No decky has its home in the DMZ.
    DmzOrphan = "DMZ_ORPHAN";
    /// A decky has its home in no LAN.
    DeckyOrphan = "DECKY_ORPHAN";
    /// A decky has its home in more than one LAN.
    HomeMultiple = "HOME_MULTIPLE";
    /// Two LANs have one name.
    LanNameDup = "LAN_NAME_DUP";
    /// Two deckies have one name.
    DeckyNameDup = "DECKY_NAME_DUP";
    /// A name is none.
    NameMalformed = "NAME_MALFORMED";
    /// An edge names a decky or a LAN that is not there, or one twice.
    EdgeUnknown = "EDGE_UNKNOWN";
    /// An address is said to be in a LAN that the decky is not in.
    IpUnknownLan = "IP_UNKNOWN_LAN";
    /// A decky has no address in a LAN that it is in.
    IpMissing = "IP_MISSING";
    /// An address is no host's of its LAN.
    IpOutOfSubnet = "IP_OUT_OF_SUBNET";
    /// An address is none.
    IpMalformed = "IP_MALFORMED";
    /// Two deckies have one address.
    IpCollision = "IP_COLLISION";
    /// A LAN's addresses are no private network with a prefix from 16 to 29.
    SubnetMalformed = "SUBNET_MALFORMED";
    /// Two LANs have addresses in common.
    SubnetOverlap = "SUBNET_OVERLAP";
    /// No service has the slug.
    UnknownService = "UNKNOWN_SERVICE";
    /// A service has no such setting.
    ServiceCfgUndeclared = "SERVICE_CFG_UNDECLARED";
    /// A setting of a service has a value that does not fit.
    ServiceCfgMalformed = "SERVICE_CFG_MALFORMED";
    /// No system has the name.
    UnknownSystem = "UNKNOWN_SYSTEM";
    /// A service cannot stand on the system.
    ServiceUnfit = "SERVICE_UNFIT";
    /// A decky stands in front and has its home behind the DMZ.
    GatewayNotInDmz = "GATEWAY_NOT_IN_DMZ";
    /// A rule names a LAN that is not there.
    RuleUnknownLan = "RULE_UNKNOWN_LAN";
    /// No way leads from the DMZ into a LAN.
    LanUnreachable = "LAN_UNREACHABLE";
    /// There is more of something than can be.
    TooLarge = "TOO_LARGE";
    /// Two services of a decky claim one port.
    PortCollision = "PORT_COLLISION";
    /// No decky of the DMZ stands in front: nobody gets in.
    FrontShut = "FRONT_SHUT";
}

impl Code {
    /// Whether a topology can be deployed all the same.
    pub fn is_warning(self) -> bool {
        self == Code::FrontShut
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// The LAN, decky or rule that it is about; empty: the whole.
    pub subject: String,
    /// In words.
    pub detail: String,
}

/// What findings are added to.
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, code: Code, subject: &str, detail: impl Into<String>) {
        self.0.push(Finding { code, subject: subject.to_owned(), detail: detail.into() });
    }
}

/// Everything that is wrong, in the order of codes.
pub fn check(topology: &Topology) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    if sizes(topology, &mut found) {
        return found.0;
    }
    names(topology, &mut found);
    dmz(topology, &mut found);
    subnets(topology, &mut found);
    edges(topology, &mut found);
    addresses(topology, &mut found);
    services(topology, &mut found);
    rules(topology, &mut found);
    // Of one that is broken elsewhere nobody can say what is reached.
    if found.0.is_empty() {
        reached(topology, &mut found);
    }
    found.0.sort();
    found.0.dedup();
    found.0
}

/// Whether it can be deployed.
pub fn is_sound(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.code.is_warning())
}

fn sizes(topology: &Topology, found: &mut Findings) -> bool {
    for (what, count, most) in [
        ("LANs", topology.lans.len(), MOST_LANS),
        ("deckies", topology.deckies.len(), MOST_DECKIES),
        ("edges", topology.edges.len(), MOST_EDGES),
        ("rules", topology.rules.len(), MOST_RULES),
        ("ports of rules", topology.rules.iter().map(|rule| rule.ports.len()).sum(), MOST_EDGES),
        ("addresses", topology.deckies.iter().map(|decky| decky.ips.len()).sum(), MOST_EDGES),
    ] {
        if most < count {
            found.add(Code::TooLarge, "", format!("{count} {what}; {most} at most"));
        }
    }
    !found.0.is_empty()
}

fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}

fn names(topology: &Topology, found: &mut Findings) {
    let lans = || topology.lans.iter().map(|lan| lan.name.as_str());
    let deckies = || topology.deckies.iter().map(|decky| decky.name.as_str());
    for name in std::iter::once(topology.name.as_str()).chain(lans()).chain(deckies()) {
        if !is_name(name) {
            found.add(Code::NameMalformed, name, NAME_RULE);
        }
    }
    for name in twice(lans()) {
        found.add(Code::LanNameDup, name, "two LANs are called so");
    }
    for name in twice(deckies()) {
        found.add(Code::DeckyNameDup, name, "two deckies are called so");
    }
}

fn dmz(topology: &Topology, found: &mut Findings) {
    let mut all = topology.lans.iter().filter(|lan| lan.dmz);
    let Some(first) = all.next() else {
        return found.add(Code::DmzMissing, "", "one LAN has to be the DMZ");
    };
    for other in all {
        found.add(Code::DmzMultiple, &other.name, format!("{} is the DMZ already", first.name));
    }
    if !topology.edges.iter().any(|edge| edge.lan == first.name && !edge.bridge) {
        found.add(Code::DmzOrphan, &first.name, "no decky has its home there");
    }
    for decky in topology.deckies.iter().filter(|decky| decky.front) {
        if topology.home(&decky.name).is_some_and(|lan| !lan.dmz) {
            found.add(Code::GatewayNotInDmz, &decky.name, "only deckies of the DMZ stand in front");
        }
    }
    if !topology.deckies.iter().any(|decky| decky.front) {
        found.add(Code::FrontShut, &first.name, "no decky stands in front, so nobody gets in");
    }
}

fn subnets(topology: &Topology, found: &mut Findings) {
    let mut known: Vec<(&str, Subnet)> = Vec::new();
    for lan in &topology.lans {
        match lan.subnet.parse::<Subnet>() {
            Err(bad) => found.add(Code::SubnetMalformed, &lan.name, bad.to_string()),
            Ok(subnet) => {
                if let Some((other, _)) = known.iter().find(|(_, other)| other.overlaps(subnet)) {
                    found.add(Code::SubnetOverlap, &lan.name, format!("{subnet} overlaps that of {other}"));
                }
                known.push((&lan.name, subnet));
            }
        }
    }
}

fn edges(topology: &Topology, found: &mut Findings) {
    let mut seen = BTreeSet::new();
    for edge in &topology.edges {
        if topology.decky(&edge.decky).is_none() {
            found.add(Code::EdgeUnknown, &edge.decky, "an edge names it, and no decky is called so");
        }
        if topology.lan(&edge.lan).is_none() {
            found.add(Code::EdgeUnknown, &edge.lan, "an edge names it, and no LAN is called so");
        }
        if !seen.insert((&edge.decky, &edge.lan)) {
            found.add(Code::EdgeUnknown, &edge.decky, format!("it is joined to {} twice", edge.lan));
        }
    }
    for decky in &topology.deckies {
        match topology.edges_of(&decky.name).filter(|edge| !edge.bridge).count() {
            0 => found.add(Code::DeckyOrphan, &decky.name, "it has its home in no LAN"),
            1 => {}
            _ => found.add(Code::HomeMultiple, &decky.name, "it has its home in more than one LAN"),
        }
    }
}

fn addresses(topology: &Topology, found: &mut Findings) {
    let mut owners: BTreeMap<Ipv4Addr, &str> = BTreeMap::new();
    for decky in &topology.deckies {
        let name = decky.name.as_str();
        for edge in topology.edges_of(name).filter(|edge| !decky.ips.contains_key(&edge.lan)) {
            found.add(Code::IpMissing, name, format!("it has no address in {}", edge.lan));
        }
        for (lan, ip) in &decky.ips {
            if !topology.edges_of(name).any(|edge| edge.lan == *lan) {
                found.add(
                    Code::IpUnknownLan,
                    name,
                    format!("{ip} is said to be in {lan}, and it is not there"),
                );
            }
            let Ok(address) = ip.parse::<Ipv4Addr>() else {
                found.add(Code::IpMalformed, name, format!("{ip:?} is no address"));
                continue;
            };
            if ways::subnet(topology, lan).is_some_and(|subnet| !subnet.takes(address)) {
                found.add(Code::IpOutOfSubnet, name, format!("{ip} is no host's address in {lan}"));
            }
            if let Some(other) = owners.insert(address, name) {
                found.add(Code::IpCollision, name, format!("{other} has {ip}, too"));
            }
        }
    }
}

fn services(topology: &Topology, found: &mut Findings) {
    for decky in &topology.deckies {
        let name = decky.name.as_str();
        if systems::find(&decky.system).is_none() {
            found.add(Code::UnknownSystem, name, format!("no system is called {:?}", decky.system));
        }
        for spec in &decky.services {
            let Some(service) = catalogue::find(&spec.slug) else {
                found.add(Code::UnknownService, name, format!("no service is called {:?}", spec.slug));
                continue;
            };
            for (key, value) in &spec.settings {
                match catalogue::check(service, key, value) {
                    Ok(()) => {}
                    Err(BadSetting::Unknown { .. }) => {
                        let detail = format!("{} has no setting {key:?}", spec.slug);
                        found.add(Code::ServiceCfgUndeclared, name, detail);
                    }
                    // The value itself may be a secret.
                    Err(BadSetting::Value { wanted, .. }) => {
                        let detail = format!("{key} of {} is not {wanted}", spec.slug);
                        found.add(Code::ServiceCfgMalformed, name, detail);
                    }
                }
            }
            let slug = std::iter::once(spec.slug.as_str());
            if systems::find(&decky.system).is_some()
                && !decnet_plan::coherence::fits(&decky.system, None, slug)
            {
                found.add(Code::ServiceUnfit, name, format!("{} is not for {}", spec.slug, decky.system));
            }
        }
        let slugs: Vec<String> = decky.services.iter().map(|spec| spec.slug.clone()).collect();
        let mut served = BTreeSet::new();
        if let Some(twice) = slugs.iter().find(|slug| !served.insert(slug.as_str())) {
            found.add(Code::PortCollision, name, format!("{twice} is named twice"));
        }
        if let Err(clash) = check_ports(&slugs) {
            found.add(Code::PortCollision, name, clash.to_string());
        }
    }
}

fn rules(topology: &Topology, found: &mut Findings) {
    for (number, rule) in topology.rules.iter().enumerate() {
        for lan in [&rule.from, &rule.to] {
            if lan != "*" && topology.lan(lan).is_none() {
                let subject = format!("rule {}", number + 1);
                found.add(Code::RuleUnknownLan, &subject, format!("no LAN is called {lan:?}"));
            }
        }
    }
}

fn reached(topology: &Topology, found: &mut Findings) {
    let depths = ways::Map::new(topology).depths();
    // One in which nobody has his home is an empty street: it needs no way yet.
    let lived_in = |lan: &&crate::Lan| topology.edges.iter().any(|edge| edge.lan == lan.name && !edge.bridge);
    for lan in topology.lans.iter().filter(lived_in).filter(|lan| !depths.contains_key(&lan.name)) {
        let detail = "no way leads there from the DMZ: a bridge with ssh is missing, or a rule forbids it";
        found.add(Code::LanUnreachable, &lan.name, detail);
    }
}
