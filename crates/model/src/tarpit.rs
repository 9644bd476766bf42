//! Whom deckies keep waiting: what an operator says of it, for a fleet or a decky.

use crate::{catalogue, nearest};
use netsvc_persona::{Peers, Slow};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// What is said of keeping attackers waiting. What a decky leaves open is as its fleet has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tarpit {
    /// Whether it is on; `None`: it is where sources are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    /// Networks whose hosts are kept waiting; none: everybody is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Peers>,
    /// Services that answer slowly themselves; connections to all others are held before a service hears of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

impl Tarpit {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Tarpit::default()
    }

    /// What comes of it for a decky of a fleet that says `fleet`; `None`: nobody waits.
    pub fn of(&self, fleet: &Tarpit) -> Option<Slow> {
        fn chosen<T: Clone>(own: &[T], other: &[T]) -> Vec<T> {
            if own.is_empty() { other.to_vec() } else { own.to_vec() }
        }
        let peers = chosen(&self.sources, &fleet.sources);
        let services = chosen(&self.services, &fleet.services);
        // Who names sources of a decky means it, whatever its fleet does.
        let own = self.on.or((!self.sources.is_empty()).then_some(true));
        let on = own.or(fleet.on).unwrap_or(!peers.is_empty());
        on.then_some(Slow { peers, services })
    }
}

/// Reads networks: `10.0.0.0/8, 192.0.2.7`.
///
/// # Errors
/// What is wrong with them and what would be right, to follow key and value.
pub fn sources(text: &str) -> Result<Vec<Peers>, String> {
    let mut all = Vec::new();
    for item in text.split(',').map(str::trim) {
        let peers = source(item)?;
        if all.contains(&peers) {
            return Err(format!("names {item} twice; remove one"));
        }
        all.push(peers);
    }
    if Slow::MOST < all.len() {
        return Err(format!("names {} networks; leave {} at most", all.len(), Slow::MOST));
    }
    Ok(all)
}

/// Reads one network, or one address.
///
/// # Errors
/// As [`sources`].
pub fn source(text: &str) -> Result<Peers, String> {
    let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
    let wrong = || format!("names {text:?}, which is no network; write them as 10.0.0.0/8, 192.0.2.7");
    let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
    let prefix: u8 = prefix.parse().ok().filter(|prefix| *prefix <= 32).ok_or_else(wrong)?;
    let peers = Peers::of(address, prefix);
    if peers.network != address {
        return Err(format!(
            "names {text}, which has bits behind its prefix; the network is {}",
            shown(&peers)
        ));
    }
    Ok(peers)
}

/// Reads services that answer slowly.
///
/// # Errors
/// As [`sources`].
pub fn services(text: &str) -> Result<Vec<String>, String> {
    let mut all: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim) {
        let slug = catalogue::slug_of(name);
        let Some(service) = catalogue::find(slug) else {
            let known = catalogue::services().iter().map(|service| service.slug.as_str());
            let hint = nearest::hint(slug, known);
            return Err(format!("names {name:?}, which is no service{hint}; `decnet services` lists them"));
        };
        if all.contains(&service.slug) {
            return Err(format!("names {name} twice; remove one"));
        }
        all.push(service.slug.clone());
    }
    Ok(all)
}

/// A network as it is written.
fn shown(peers: &Peers) -> String {
    if peers.prefix == 32 { peers.network.to_string() } else { format!("{}/{}", peers.network, peers.prefix) }
}

/// Networks as [`sources`] reads them; `None`: there are none.
pub fn written(sources: &[Peers]) -> Option<String> {
    let text: Vec<_> = sources.iter().map(shown).collect();
    Some(text.join(", ")).filter(|text| !text.is_empty())
}

/// What a list shows of it: `off`, `all`, or who is meant; services that are slow themselves follow.
pub fn brief(slow: Option<&Slow>) -> String {
    let Some(slow) = slow else { return "off".to_owned() };
    let whom = written(&slow.peers).unwrap_or_else(|| "all".to_owned());
    if slow.services.is_empty() { whom } else { format!("{whom}; slow: {}", slow.services.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_they_are_written() {
        for text in ["10.0.0.0/8", "10.0.0.0/8, 192.0.2.7", "0.0.0.0/0"] {
            assert_eq!(written(&sources(text).unwrap()).as_deref(), Some(text));
        }
        for (text, wrong) in [
            ("lan", "names \"lan\", which is no network; write them as 10.0.0.0/8, 192.0.2.7"),
            (
                "10.0.0.0/33",
                "names \"10.0.0.0/33\", which is no network; write them as 10.0.0.0/8, 192.0.2.7",
            ),
            ("10.0.0.1/8", "names 10.0.0.1/8, which has bits behind its prefix; the network is 10.0.0.0/8"),
            ("10.0.0.1, 10.0.0.1", "names 10.0.0.1 twice; remove one"),
        ] {
            assert_eq!(sources(text), Err(wrong.to_owned()));
        }
    }

    #[test]
    fn a_decky_goes_before_its_fleet() {
        let said = |on, text: &str| Tarpit {
            on,
            sources: if text.is_empty() { Vec::new() } else { sources(text).unwrap() },
            services: Vec::new(),
        };
        for (own, fleet, shown) in [
            (said(None, ""), said(None, ""), "off"),
            (said(Some(true), ""), said(None, ""), "all"),
            (said(None, ""), said(Some(true), "10.0.0.0/8"), "10.0.0.0/8"),
            (said(Some(false), ""), said(Some(true), "10.0.0.0/8"), "off"),
            (said(None, "192.0.2.7"), said(Some(false), "10.0.0.0/8"), "192.0.2.7"),
            (said(None, ""), said(None, "10.0.0.0/8"), "10.0.0.0/8"),
        ] {
            assert_eq!(brief(own.of(&fleet).as_ref()), shown, "{own:?} {fleet:?}");
        }
    }
}
