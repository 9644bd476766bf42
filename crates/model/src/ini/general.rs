//! The section `[general]` of a deployment INI.

use super::{
    nearest,
    options::{FILE_LIMIT, Options},
    syntax::{self, Entry, Errors, Section},
    text,
};
use crate::{
    catalogue,
    fleet::{LOOPBACK_NETWORK, Network},
    key::{self, Scope},
    runtime::Runtime,
    servers,
};
use netsvc_persona::Servers;
use std::net::Ipv4Addr;

/// Longest interval between mutations, minutes: a year.
pub(super) const MOST_MINUTES: u32 = 525_600;
/// What holds for the whole fleet.
pub(super) struct General {
    pub(super) runtime: Runtime,
    /// `None`: it cannot be read, which is an error already.
    pub(super) network: Option<Network>,
    pub(super) seed: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) mutate_interval: Option<u32>,
    pub(super) ambient: Option<bool>,
    pub(super) servers: Servers,
    pub(super) lab: bool,
}

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

/// Reads the section, if there is one.
pub(super) fn read(section: Option<&Section>, options: &Options<'_>, errors: &mut Errors) -> General {
    let mut general = General {
        runtime: Runtime::Loopback,
        network: None,
        seed: None,
        domain: None,
        mutate_interval: None,
        ambient: None,
        servers: Servers::default(),
        lab: false,
    };
    let (mut net, mut gateway, mut interface) = (None, None, None);
    let mut lines = ServerLines::default();
    for entry in section.map(|section| section.entries.as_slice()).unwrap_or_default() {
        if is_empty(entry, errors) {
            continue;
        }
        match entry.key.as_str() {
            "net" => net = Some(entry),
            "gw" => gateway = Some(entry),
            "interface" if text::is_interface(&entry.value) => interface = Some(entry.value.clone()),
            "interface" => wrong(entry, "is no interface; `ip link` lists them", errors),
            "mutate-interval" => general.mutate_interval = interval(entry, errors),
            "seed" => general.seed = Some(entry.value.clone()),
            "lab" => general.lab = switch(entry, errors).unwrap_or_default(),
            "ambient" => general.ambient = switch(entry, errors),
            "dns" | "ntp" => lines.read(entry, &mut general.servers, errors),
            "domain" if text::is_domain(&entry.value) => general.domain = Some(entry.value.clone()),
            "domain" => wrong(entry, "is no domain; write it as corp.example", errors),
            "runtime" => match entry.value.parse() {
                Ok(runtime) => general.runtime = runtime,
                Err(error) => errors.add(entry.line, format!("{}: {error}", entry.given)),
            },
            _ => {
                let near =
                    nearest::hint(&entry.key.replace('-', "_"), key::of(Scope::General).map(|key| key.name));
                let message = format!(
                    "[general] has no key {:?}{near}; it has: {}",
                    entry.given,
                    key::names(Scope::General)
                );
                errors.add(entry.line, message);
            }
        }
    }
    general.runtime = options.runtime.unwrap_or(general.runtime);
    general.network =
        network(net, general.runtime, options, section.map_or(1, |section| section.line), errors);
    if let (Some(network), Some(entry)) = (general.network.as_mut(), gateway) {
        network.gateway = gateway_of(entry, network, errors);
    }
    if let (Some(network), Some(interface)) = (general.network.as_mut(), interface) {
        network.interface = Some(interface);
    }
    complete(general.network.as_mut(), options.network.as_ref());
    lines.check(&general.servers, general.network.as_ref(), errors);
    general
}

/// Where lists of servers stand.
#[derive(Clone, Copy, Default)]
pub(super) struct ServerLines {
    dns: Option<usize>,
    ntp: Option<usize>,
}

impl ServerLines {
    /// Reads the entry `dns` or `ntp` into `servers`.
    pub(super) fn read(&mut self, entry: &Entry, servers: &mut Servers, errors: &mut Errors) {
        let (list, line) = match entry.key.as_str() {
            "dns" => (&mut servers.dns, &mut self.dns),
            _ => (&mut servers.ntp, &mut self.ntp),
        };
        match servers::list(&entry.value) {
            Ok(read) => (*list, *line) = (read, Some(entry.line)),
            Err(why) => wrong(entry, &why, errors),
        }
    }

    /// Reports servers that cannot be asked from `network`.
    pub(super) fn check(self, servers: &Servers, network: Option<&Network>, errors: &mut Errors) {
        for (key, list, line) in [("dns", &servers.dns, self.dns), ("ntp", &servers.ntp, self.ntp)] {
            let why = network.and_then(|network| servers::misplaced(list, network));
            if let (Some(why), Some(line)) = (why, line) {
                errors.add(line, format!("{key}: {why}"));
            }
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
