//! What the name servers of a domain say: the hosts that stand in it, by name and by address, and what they serve.
//! All servers of a domain say the same.

use super::{
    active,
    member::{HOUR, Member},
    name::Name,
    record::{Data, Soa, class, kind},
    zone::Zone,
};
use netsvc_kit::{Host, directory::Listed};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// Seconds that records live where an administrator writes them.
const DAY: u32 = 86_400;
/// What hosts of a domain of Windows write of themselves lives so long.
const DYNAMIC: u32 = 1_200;
/// Domains that are kept made.
const KEPT: usize = 64;

/// The zones of all domains, made when a domain has changed.
#[derive(Debug, Default)]
pub(super) struct Books(Mutex<BTreeMap<String, Page>>);

/// The zones of one domain, and the turn of the directory that they show.
type Page = (u64, Arc<Vec<Zone>>);

impl Books {
    /// The zones of the domain of `host`.
    pub(super) fn zones(&self, host: &Host) -> Arc<Vec<Zone>> {
        let (directory, domain) = (&host.node.stage.directory, &host.persona().domain);
        let turn = directory.turn();
        let mut pages = self.0.lock();
        if let Some((_, zones)) = pages.get(domain).filter(|(made, _)| *made == turn) {
            return zones.clone();
        }
        if KEPT <= pages.len() && !pages.contains_key(domain) {
            pages.pop_first();
        }
        let zones = Arc::new(of(domain, &directory.of(domain)));
        pages.insert(domain.clone(), (turn, zones.clone()));
        zones
    }
}

/// The zones that the servers of `domain` answer for.
fn of(domain: &str, listed: &[Listed]) -> Vec<Zone> {
    let apex = Name::of(domain);
    let member = |listed: &'_ Listed| match listed.persona.ip {
        IpAddr::V4(ip) => Some((ip, apex.below(&listed.persona.hostname.to_ascii_lowercase()))),
        IpAddr::V6(_) => None,
    };
    let mut members: Vec<Member<'_>> = listed
        .iter()
        .filter_map(|listed| {
            let (ip, name) = member(listed)?;
            Some(Member { persona: &listed.persona, services: &listed.services, name, ip })
        })
        .collect();
    members.sort_by_key(|member| member.ip);
    let servers: Vec<&Member<'_>> = members.iter().filter(|member| member.serves("dns")).collect();
    let Some(primary) = servers.first() else { return Vec::new() };
    let soa = soa(&apex, primary, &members);
    let mut zones = Vec::new();
    if !apex.is_root() {
        zones.push(forward(&apex, &soa, &members, &servers));
        if primary.windows() {
            zones.push(active::directory(&apex, &soa, &members));
        }
    }
    zones.extend(reverse(&soa, &members, &servers));
    zones
}

/// What the zones of a domain begin with. A zone was changed last when its newest host came.
fn soa(apex: &Name, primary: &Member<'_>, members: &[Member<'_>]) -> Soa {
    let newest = members.iter().map(|member| member.persona.installed_at).max().unwrap_or_default();
    let mailbox = apex.below("hostmaster");
    let primary_name = primary.name.clone();
    if primary.windows() {
        // The server counts the changes: a host makes a few over its life.
        let serial = u32::try_from(members.len()).unwrap_or_default() * 3 + 20;
        return Soa { primary: primary_name, mailbox, serial, times: [900, 600, DAY, HOUR] };
    }
    let day = crate::date::number(newest);
    Soa { primary: primary_name, mailbox, serial: day * 100 + 1, times: [3600, 900, 604_800, 3600] }
}

fn begin(apex: Name, soa: &Soa, servers: &[&Member<'_>]) -> Zone {
    let ttl = ttl(servers);
    let mut zone = Zone::new(apex.clone(), class::IN, ttl, soa.clone());
    servers.iter().for_each(|server| zone.add(&apex, kind::NS, ttl, Data::Name(server.name.clone())));
    zone
}

fn ttl(servers: &[&Member<'_>]) -> u32 {
    if servers.first().is_some_and(|first| first.windows()) { HOUR } else { DAY }
}

fn forward(apex: &Name, soa: &Soa, members: &[Member<'_>], servers: &[&Member<'_>]) -> Zone {
    let (mut zone, ttl) = (begin(apex.clone(), soa, servers), ttl(servers));
    let windows = servers.first().is_some_and(|first| first.windows());
    if windows {
        active::domain(&mut zone, apex, members);
    }
    let takes_mail = |member: &&Member<'_>| member.serves("smtp") || member.serves("smtp_relay");
    let mails = || members.iter().filter(takes_mail);
    for mail in mails() {
        zone.add(apex, kind::MX, ttl, Data::Mx(10, mail.name.clone()));
    }
    if mails().next().is_some() {
        zone.add(apex, kind::TXT, ttl, Data::text("v=spf1 mx -all"));
    }
    for member in members {
        let ttl = if windows && member.persona.os.family.starts_with("windows") { DYNAMIC } else { ttl };
        zone.add(&member.name, kind::A, ttl, Data::Bytes(member.ip.octets().to_vec()));
    }
    if let Some(gateway) = gateway(members) {
        let name = apex.below("gw");
        if !zone.has(&name) {
            zone.add(&name, kind::A, ttl, Data::Bytes(gateway.octets().to_vec()));
        }
    }
    let first = |wanted: &dyn Fn(&Member<'_>) -> bool| members.iter().find(|member| wanted(member));
    let web = first(&|member| member.server() && (member.serves("http") || member.serves("https")));
    for (alias, target) in [("www", web), ("mail", mails().next())] {
        let alias = apex.below(alias);
        if let Some(target) = target.filter(|_| !zone.has(&alias)) {
            zone.add(&alias, kind::CNAME, ttl, Data::Name(target.name.clone()));
        }
    }
    zone
}

/// The gateway, unless it is a host of the domain.
fn gateway(members: &[Member<'_>]) -> Option<Ipv4Addr> {
    let gateway = members.iter().find_map(|member| match member.persona.gateway {
        Some(IpAddr::V4(gateway)) => Some(gateway),
        _ => None,
    })?;
    members.iter().all(|member| member.ip != gateway).then_some(gateway)
}

/// A zone for each network of 256 addresses that has a host.
fn reverse(soa: &Soa, members: &[Member<'_>], servers: &[&Member<'_>]) -> Vec<Zone> {
    let mut zones: BTreeMap<[u8; 3], Zone> = BTreeMap::new();
    for member in members {
        let [a, b, c, d] = member.ip.octets();
        let apex = Name::of(&format!("{c}.{b}.{a}.in-addr.arpa"));
        let zone = zones.entry([a, b, c]).or_insert_with(|| begin(apex.clone(), soa, servers));
        zone.add(&apex.below(&d.to_string()), kind::PTR, ttl(servers), Data::Name(member.name.clone()));
    }
    zones.into_values().collect()
}
