//! The section `[general]` of a deployment INI.

use super::{
    deploy::Options,
    nearest,
    syntax::{Entry, Errors, Section},
    text,
};
use crate::fleet::{LOOPBACK_NETWORK, Network};
use std::net::Ipv4Addr;

/// Longest interval between mutations, minutes: a year.
pub(super) const MOST_MINUTES: u32 = 525_600;
/// Keys of the section.
const KEYS: &str = "net, gw, interface, mutate_interval, seed, domain, runtime";

/// What holds for the whole fleet.
pub(super) struct General {
    pub(super) runtime: String,
    /// `None`: it cannot be read, which is an error already.
    pub(super) network: Option<Network>,
    pub(super) seed: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) mutate_interval: Option<u32>,
}

/// Reads the section, if there is one.
pub(super) fn read(section: Option<&Section>, options: &Options<'_>, errors: &mut Errors) -> General {
    let mut general =
        General { runtime: String::new(), network: None, seed: None, domain: None, mutate_interval: None };
    let (mut net, mut gateway, mut interface) = (None, None, None);
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
            "domain" if text::is_domain(&entry.value) => general.domain = Some(entry.value.clone()),
            "domain" => wrong(entry, "is no domain; write it as corp.example", errors),
            "runtime" if options.runtimes.contains(&entry.value.as_str()) => {
                general.runtime.clone_from(&entry.value);
            }
            "runtime" => {
                wrong(entry, &format!("is no runtime; there are: {}", options.runtimes.join(", ")), errors);
            }
            _ => {
                let near = nearest::hint(&entry.key, KEYS.split(", "));
                let message = format!("[general] has no key {:?}{near}; it has: {KEYS}", entry.given);
                errors.add(entry.line, message);
            }
        }
    }
    if let Some(runtime) = options.runtime.or(options.runtimes.first().copied())
        && (options.runtime.is_some() || general.runtime.is_empty())
    {
        runtime.clone_into(&mut general.runtime);
    }
    general.network =
        network(net, &general.runtime, options, section.map_or(1, |section| section.line), errors);
    if let (Some(network), Some(entry)) = (general.network.as_mut(), gateway) {
        network.gateway = gateway_of(entry, network, errors);
    }
    if let (Some(network), Some(interface)) = (general.network.as_mut(), interface) {
        network.interface = Some(interface);
    }
    general
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
    runtime: &str,
    options: &Options<'_>,
    line: usize,
    errors: &mut Errors,
) -> Option<Network> {
    let Some(entry) = entry else {
        let default = if runtime == "loopback" { Some(LOOPBACK_NETWORK) } else { options.network.clone() };
        if default.is_none() {
            errors.add(line, "no segment; name it in [general] as net = 192.168.1.0/24");
        }
        return default;
    };
    match entry.value.parse::<Network>() {
        Ok(network) if runtime == "loopback" && !network.address.is_loopback() => {
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
