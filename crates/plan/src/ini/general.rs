//! The section `[general]` of a deployment INI.

use super::{
    options::{FILE_LIMIT, Options},
    syntax::{self, Entry, Errors},
    text,
};
use decnet_model::{
    catalogue,
    fleet::{Fleet, LOOPBACK_NETWORK, Network},
    runtime::Runtime,
    servers,
};
use netsvc_persona::Servers;
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Longest interval between mutations, minutes: a year.
pub(super) const MOST_MINUTES: u32 = 525_600;

/// What holds for the whole fleet.
pub(super) struct General<'a> {
    /// The fleet without its deckies; its segment is [`General::network`].
    pub(super) fleet: Fleet,
    /// `None`: it cannot be read, which is an error already.
    pub(super) network: Option<Network>,
    /// Interface that the section names.
    interface: Option<String>,
    /// What the section gives, by key.
    told: Told<'a>,
}

/// Entries of a section, by key.
pub(super) type Told<'a> = BTreeMap<&'static str, &'a Entry>;

/// Where a deployment INI wants its fleet, as far as it can be read: what is wrong is for
/// [`super::deploy::fleet`] to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Runtime.
    pub runtime: Option<Runtime>,
    /// The segment.
    pub network: Option<Network>,
    /// Interface on it.
    pub interface: Option<String>,
    /// Whether it is the lab's.
    pub lab: bool,
}

/// Reads where the fleet of a deployment INI is to stand.
pub fn place(text: &[u8]) -> Place {
    let sections = syntax::sections(text, FILE_LIMIT, &mut Errors::new(""));
    let general = sections.iter().find(|section| section.name == "general");
    let value = |key: &str| {
        let entry = general.and_then(|section| section.entries.iter().find(|entry| entry.key == key));
        entry.map(|entry| entry.value.clone())
    };
    Place {
        runtime: value("runtime").and_then(|name| name.parse().ok()),
        network: value("net").and_then(|net| net.parse().ok()),
        interface: value("interface"),
        lab: value("lab").is_some_and(|lab| catalogue::boolean(&lab) == Some(true)),
    }
}

impl<'a> General<'a> {
    /// Nothing is said yet.
    pub(super) fn new() -> Self {
        let fleet = Fleet::of(Runtime::Loopback, LOOPBACK_NETWORK);
        General { fleet, network: None, interface: None, told: Told::new() }
    }

    /// Notes an entry that has a value.
    pub(super) fn note(&mut self, key: &'static str, entry: &'a Entry) {
        self.told.insert(key, entry);
    }

    /// Reads what only all entries together say. `line`: where errors of the section stand.
    pub(super) fn settle(&mut self, options: &Options<'_>, line: usize, errors: &mut Errors) {
        self.fleet.runtime = options.runtime.unwrap_or(self.fleet.runtime);
        let told = |key: &str| self.told.get(key).copied();
        if let Some(entry) = told("ipvlan")
            && self.fleet.ipvlan == Some(true)
            && self.fleet.runtime != Runtime::Docker
        {
            wrong(entry, "is about containers; it needs runtime = docker", errors);
        }
        let mut network = network(told("net"), self.fleet.runtime, options, line, errors);
        if let (Some(network), Some(entry)) = (network.as_mut(), told("gw")) {
            network.gateway = gateway_of(entry, network, errors);
        }
        if let (Some(network), Some(interface)) = (network.as_mut(), self.interface.take()) {
            network.interface = Some(interface);
        }
        complete(network.as_mut(), options.network.as_ref());
        check_servers(
            &self.fleet.servers,
            network.as_ref(),
            |key| self.told.get(key).map(|entry| entry.line),
            errors,
        );
        self.network = network;
    }
}

/// Reads the runtime.
pub(super) fn runtime(general: &mut General<'_>, entry: &Entry, errors: &mut Errors) {
    match entry.value.parse() {
        Ok(runtime) => general.fleet.runtime = runtime,
        Err(error) => errors.add(entry.line, format!("{}: {error}", entry.given)),
    }
}

/// Reads the interface.
pub(super) fn interface(general: &mut General<'_>, entry: &Entry, errors: &mut Errors) {
    if text::is_interface(&entry.value) {
        general.interface = Some(entry.value.clone());
    } else {
        wrong(entry, "is no interface; `ip link` lists them", errors);
    }
}

/// Reads the domain.
pub(super) fn domain(general: &mut General<'_>, entry: &Entry, errors: &mut Errors) {
    if text::is_domain(&entry.value) {
        general.fleet.domain = Some(entry.value.clone());
    } else {
        wrong(entry, "is no domain; write it as corp.example", errors);
    }
}

/// Reports servers that cannot be asked from `network`; `line`: where a key stands.
pub(super) fn check_servers(
    servers: &Servers,
    network: Option<&Network>,
    line: impl Fn(&str) -> Option<usize>,
    errors: &mut Errors,
) {
    for (key, list) in [("dns", &servers.dns), ("ntp", &servers.ntp)] {
        let why = network.and_then(|network| servers::misplaced(list, network));
        if let (Some(why), Some(line)) = (why, line(key)) {
            errors.add(line, format!("{key}: {why}"));
        }
    }
}

/// What the file leaves open is as the host finds it.
fn complete(network: Option<&mut Network>, found: Option<&Network>) {
    if let (Some(network), Some(found)) = (network, found)
        && (network.address, network.prefix) == (found.address, found.prefix)
    {
        network.gateway = network.gateway.or(found.gateway);
        network.interface = network.interface.take().or_else(|| found.interface.clone());
    }
}

/// Reports a value that does not fit.
pub(super) fn wrong(entry: &Entry, why: &str, errors: &mut Errors) {
    errors.add(entry.line, format!("{}: {:?} {why}", entry.given, entry.value));
}

/// Whether `entry` has no value, which is reported. A seed may be empty.
pub(super) fn is_empty(entry: &Entry, errors: &mut Errors) -> bool {
    let empty = entry.value.is_empty() && entry.key != "seed";
    if empty {
        errors.add(entry.line, format!("{} has no value; give it one or remove the line", entry.given));
    }
    empty
}

/// Reads yes or no.
pub(super) fn switch(entry: &Entry, errors: &mut Errors) -> Option<bool> {
    let value = catalogue::boolean(&entry.value);
    if value.is_none() {
        wrong(entry, "is not yes or no", errors);
    }
    value
}

/// Reads minutes between mutations.
pub(super) fn interval(entry: &Entry, errors: &mut Errors) -> Option<u32> {
    let minutes = text::number(&entry.value, MOST_MINUTES);
    if minutes.is_none() {
        wrong(entry, &format!("is no number of minutes from 1 to {MOST_MINUTES}"), errors);
    }
    minutes
}

fn network(
    entry: Option<&Entry>,
    runtime: Runtime,
    options: &Options<'_>,
    line: usize,
    errors: &mut Errors,
) -> Option<Network> {
    let Some(entry) = entry else {
        let own = Some(LOOPBACK_NETWORK).filter(|_| runtime == Runtime::Loopback);
        let default = options.network.clone().filter(|network| fits(runtime, network)).or(own);
        if default.is_none() {
            errors.add(line, "no segment; name it in [general] as net = 192.168.1.0/24");
        }
        return default;
    };
    match entry.value.parse::<Network>() {
        Ok(network) if !fits(runtime, &network) => {
            wrong(entry, "is not in 127.0.0.0/8, which the runtime loopback needs", errors);
            None
        }
        Ok(network) if !entry.value.starts_with(&format!("{}/", network.address)) => {
            wrong(entry, &format!("has bits behind its prefix; the network is {network}"), errors);
            None
        }
        Ok(network) => Some(network),
        Err(_) => {
            wrong(entry, "is no network; write it as 192.168.1.0/24", errors);
            None
        }
    }
}

/// The runtime `loopback` needs loopback addresses.
fn fits(runtime: Runtime, network: &Network) -> bool {
    runtime != Runtime::Loopback || network.address.is_loopback()
}

fn gateway_of(entry: &Entry, network: &Network, errors: &mut Errors) -> Option<Ipv4Addr> {
    let Ok(address) = entry.value.parse::<Ipv4Addr>() else {
        wrong(entry, "is no IPv4 address; write it as 192.168.1.1", errors);
        return None;
    };
    if !network.contains(address) || address == network.address || address == network.broadcast() {
        wrong(entry, &format!("is no host of {network}; name one that is"), errors);
        return None;
    }
    Some(address)
}
