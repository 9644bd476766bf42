//! What is beyond the proxy: nothing is ever connected to. Hosts that the process serves answer as they would, known
//! services of the world as made-up hosts do, and everything else is closed or silent.

use super::{flavour::Outcome, request::Target};
use crate::services::{http, imap, pop3, smtp_relay};
use netsvc_kit::{Def, Host, Link, Machine};
use netsvc_persona::{LoginPolicy, Persona, Product};
use rand_core::RngCore;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// What a target is.
pub(super) struct Beyond {
    /// What the proxy says of it.
    pub(super) outcome: Outcome,
    /// What answers there.
    pub(super) machine: Option<Box<dyn Machine>>,
    /// Whether that is behind TLS.
    pub(super) tls: bool,
    /// What it says first, where nothing answers.
    pub(super) banner: Vec<u8>,
}

/// Services of the world by port, and whether they are behind TLS.
static WORLD: [(u16, &Def, bool); 12] = [
    (25, &smtp_relay::SERVICE, false),
    (80, &http::SERVICE, false),
    (110, &pop3::SERVICE, false),
    (143, &imap::SERVICE, false),
    (443, &http::SERVICE, true),
    (465, &smtp_relay::SERVICE, true),
    (587, &smtp_relay::SERVICE, false),
    (993, &imap::SERVICE, true),
    (995, &pop3::SERVICE, true),
    (8000, &http::SERVICE, false),
    (8080, &http::SERVICE, false),
    (8443, &http::SERVICE, true),
];
/// Domains that no name server knows (RFC 2606, 6761, 7686).
const NOWHERE: [&str; 6] = ["invalid", "test", "local", "localhost", "onion", "lan"];

impl Beyond {
    /// Nothing at all, for this reason.
    pub(super) fn nothing(outcome: Outcome) -> Self {
        Beyond { outcome, machine: None, tls: false, banner: Vec::new() }
    }

    /// What `target` is to a peer on `link`.
    pub(super) fn of(host: &Arc<Host>, link: &Link, target: &Target, port: u16) -> Self {
        match host.setting("targets") {
            Some("refuse") => return Beyond::nothing(Outcome::Refused),
            Some("silent") => return Beyond::nothing(Outcome::Late),
            _ => {}
        }
        let own = host.persona();
        match target {
            Target::Address(IpAddr::V6(_)) => Beyond::nothing(Outcome::NoWay),
            Target::Address(address) if address.is_loopback() || *address == own.ip => {
                Beyond::served(host, link, own, port)
            }
            Target::Address(address) => match neighbour(host, port, |persona| persona.ip == *address) {
                Some(persona) => Beyond::served(host, link, &persona, port),
                None if is_near(own, *address) => Beyond::nothing(Outcome::NoHost),
                None => Beyond::world(host, link, "", *address, port),
            },
            Target::Name(name) => Beyond::named(host, link, &String::from_utf8_lossy(name), port),
        }
    }

    fn named(host: &Arc<Host>, link: &Link, name: &str, port: u16) -> Self {
        let own = host.persona();
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Beyond::of(host, link, &Target::Address(address.into()), port);
        }
        let is = |persona: &Persona| {
            persona.fqdn().eq_ignore_ascii_case(&name) || persona.hostname.eq_ignore_ascii_case(&name)
        };
        if name == "localhost" || is(own) {
            return Beyond::served(host, link, own, port);
        }
        if let Some(persona) = neighbour(host, port, is) {
            return Beyond::served(host, link, &persona, port);
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let top = name.rsplit('.').next().unwrap_or_default();
        let is_own = !own.domain.is_empty() && name.ends_with(&own.domain.to_ascii_lowercase());
        if !name.contains('.') || !name.chars().all(plain) || NOWHERE.contains(&top) || is_own {
            return Beyond::nothing(Outcome::NoName);
        }
        // An address of the world that the name has as long as the host lives.
        let mut drawn = [0; 3];
        host.generator(&format!("address {name}")).fill_bytes(&mut drawn);
        let [b, c, d] = drawn;
        Beyond::world(host, link, &name, Ipv4Addr::new(45 + b % 50, b, c, d).into(), port)
    }

    /// A port of a host that the process serves.
    fn served(host: &Arc<Host>, link: &Link, persona: &Persona, port: u16) -> Self {
        let catalogue = host.node.stage.catalogue();
        let serves = |def: &&&Def| {
            persona.products.contains_key(def.slug)
                && def.slug != host.app.as_str()
                && def.ports_on(&persona.os.id).any(|known| known.number == port)
        };
        let Some(def) = catalogue.iter().find(serves) else { return Beyond::nothing(Outcome::Refused) };
        let tls = def.ports.iter().any(|known| known.number == port && known.tls);
        Beyond::answered(host, link, persona.clone(), def, (port, tls))
    }

    /// A port of a host anywhere else.
    fn world(host: &Arc<Host>, link: &Link, name: &str, address: IpAddr, port: u16) -> Self {
        let persona = foreigner(host.persona(), name, address);
        if let Some((_, def, tls)) = WORLD.iter().find(|(known, ..)| *known == port) {
            return Beyond::answered(host, link, persona, def, (port, *tls));
        }
        if port == 22 {
            return Beyond { banner: banner(&persona), ..Beyond::nothing(Outcome::Connected) };
        }
        // Most ports of the world are filtered; some say so.
        let drawn = host.generator(&format!("port {address} {port}")).next_u32();
        Beyond::nothing(if drawn % 5 < 2 { Outcome::Refused } else { Outcome::Late })
    }

    fn answered(
        host: &Arc<Host>,
        link: &Link,
        mut persona: Persona,
        def: &Def,
        (port, tls): (u16, bool),
    ) -> Self {
        let Some(open) = def.serve.streams().first().copied() else {
            let banner = if def.slug == "ssh" { banner(&persona) } else { Vec::new() };
            return Beyond { banner, ..Beyond::nothing(Outcome::Connected) };
        };
        let info = def.info();
        let shown =
            info.products_on(&persona.os.id).find(|product| 0 < product.weight).or(info.products.first());
        if let Some(shown) = shown {
            let (name, version, packaging) =
                (shown.name.clone(), shown.version.clone(), shown.packaging.clone());
            persona.products.entry(def.slug.to_owned()).or_insert(Product { name, version, packaging });
        }
        let local = (persona.ip, port).into();
        let Ok(other) = Host::new(host.node.beyond(persona), def.slug, BTreeMap::new()) else {
            return Beyond::nothing(Outcome::Refused);
        };
        let machine = open(&other, &Link { local, port, tls, ..*link });
        Beyond { outcome: Outcome::Connected, machine: Some(machine), tls, banner: Vec::new() }
    }
}

/// The host of the same domain that `is` holds for, if a connection to `port` gets there.
fn neighbour(host: &Host, port: u16, is: impl Fn(&Persona) -> bool) -> Option<Persona> {
    let listed = host.node.stage.directory.of(&host.persona().domain);
    listed
        .into_iter()
        .map(|listed| listed.persona)
        .filter(|persona| !persona.place.inner || has_way(host.persona(), persona.ip, port))
        .find(|persona| is(persona))
        .map(|persona| Persona::clone(&persona))
}

/// Whether the host reaches a port of a node that is on no segment.
fn has_way(own: &Persona, address: IpAddr, port: u16) -> bool {
    let IpAddr::V4(address) = address else { return false };
    own.place.way(address).is_some_and(|way| way.lets(port))
}

/// Whether an address is of the host's segment, or of a network that nobody routes.
fn is_near(own: &Persona, address: IpAddr) -> bool {
    let (IpAddr::V4(own_address), IpAddr::V4(address)) = (own.ip, address) else { return false };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(own.prefix.into())).unwrap_or(0);
    let same = (own_address.to_bits() ^ address.to_bits()) & mask == 0;
    same && !own_address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_unspecified()
}

/// A host of the world called `name`, with the system of the one that shows it. Nobody logs in there.
fn foreigner(own: &Persona, name: &str, address: IpAddr) -> Persona {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    // A name of two parts is the domain itself.
    let (hostname, domain) = if rest.contains('.') { (first, rest) } else { ("web", name) };
    let mut persona = own.clone();
    hostname.clone_into(&mut persona.hostname);
    domain.clone_into(&mut persona.domain);
    (persona.ip, persona.login) = (address, LoginPolicy::Deny);
    persona.users.clear();
    persona.products.clear();
    persona.routine = Default::default();
    persona
}

/// What an SSH server says first.
fn banner(persona: &Persona) -> Vec<u8> {
    let product = persona.products.get("ssh");
    let version = product.map_or("9.2p1", |product| &product.version);
    let packaging = product.map_or("Debian-2+deb12u3", |product| &product.packaging);
    format!("SSH-2.0-OpenSSH_{version} {packaging}").trim_end().bytes().chain(*b"\r\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing;
    use netsvc_persona::Reach;

    #[test]
    fn rules_of_routers_hold_for_what_goes_through_the_proxy_too() {
        let mut own = testing::persona("front");
        let (network, from) = (Ipv4Addr::new(172, 16, 2, 0), Ipv4Addr::new(172, 16, 1, 9));
        own.place.reach = vec![Reach { network, prefix: 24, from, ports: vec![22], hops: 1 }];
        let way = |last, port| has_way(&own, Ipv4Addr::new(172, 16, last, 7).into(), port);
        assert!(way(2, 22) && !way(2, 445) && !way(3, 22));
    }
}
