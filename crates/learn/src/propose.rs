//! A plan that blends in: of the kinds that there are, named and made as they are, at addresses that nobody has.

use crate::{
    frame::Mac,
    guess::Kind,
    heard::{self, Heard},
    host::Host,
    survey::Survey,
};
use decnet_model::catalogue;
use netsvc_persona::{
    stage::Transport,
    subkey,
    tables::{hardware, systems},
};
use rand_core::RngCore;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    net::Ipv4Addr,
};

/// A decky to so many hosts, where nobody says how many.
const HOSTS_PER_DECKY: usize = 4;
/// Most and least deckies where nobody says how many.
const COUNT: (usize, usize) = (3, 60);
/// Of a hundred hosts of a kind so many have to serve a port for deckies of it to serve it, too.
const USUAL: usize = 30;
/// Most services of a decky.
const SERVICES: usize = 5;
/// Services that stand for a kind where no port of it was seen.
const FALLBACK: [(&str, &str); 5] = [
    ("linux", "ssh"),
    ("windows", "smb"),
    ("windows_server", "smb"),
    ("embedded", "http"),
    ("cisco", "telnet"),
];

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// How many deckies; `None`: one to four hosts.
    pub count: Option<usize>,
    /// The interface that they are to stand on.
    pub interface: Option<String>,
    /// What numbers and names are drawn from.
    pub seed: Vec<u8>,
}

/// A decky that is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposed {
    /// Its name in the plan.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its system.
    pub system: &'static str,
    /// Its host name, where those of the segment have a style.
    pub hostname: Option<String>,
    /// Its hardware address, where cards of the segment are known to be in such machines.
    pub mac: Option<String>,
    /// Its services.
    pub services: Vec<String>,
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// The segment: address and prefix length.
    pub network: (Ipv4Addr, u8),
    /// Its gateway.
    pub gateway: Option<Ipv4Addr>,
    /// Domain that DHCP names.
    pub domain: Option<String>,
    /// Interface that deckies are to stand on.
    pub interface: Option<String>,
    /// Hosts that were seen, by what they are.
    pub seen: BTreeMap<&'static str, usize>,
    /// Cards that were seen, by prefix and its owner.
    pub makers: BTreeMap<String, usize>,
    /// Hosts that were seen, the first thousand.
    pub hosts: Vec<Heard>,
    /// Frames that were looked at.
    pub frames: u64,
    /// Addresses that nobody seems to have.
    pub free: usize,
    /// The same as stretches of addresses that follow each other: first and last of each.
    pub stretches: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// What is proposed.
    pub deckies: Vec<Proposed>,
}

/// What blends in on the segment of `survey`; `None`: nobody was seen there, or no address is free.
pub fn propose(survey: &Survey, wish: &Wish) -> Option<Proposal> {
    let hosts = survey.hosts();
    let free = survey.free();
    let network = survey.network()?;
    let mut by_kind: BTreeMap<Kind, Vec<(Mac, Ipv4Addr, &Host)>> = BTreeMap::new();
    for (mac, address, host, kind) in &hosts {
        by_kind.entry(*kind).or_default().push((*mac, *address, *host));
    }
    let count = wish.count.unwrap_or((hosts.len() / HOSTS_PER_DECKY).clamp(COUNT.0, COUNT.1)).min(free.len());
    if hosts.is_empty() || count == 0 {
        return None;
    }
    let mut drawing = Drawing {
        seed: &wish.seed,
        names: hosts
            .iter()
            .flat_map(|(_, _, host, _)| host.names.iter().map(|name| name.to_lowercase()))
            .collect(),
        macs: hosts.iter().map(|(mac, ..)| *mac).collect(),
    };
    let mut places =
        spread(&free, &hosts.iter().map(|(_, address, ..)| *address).collect::<Vec<_>>(), count).into_iter();
    let mut deckies = Vec::new();
    for (kind, number) in shares(&by_kind, count) {
        let of_kind = by_kind.get(&kind).map_or(&[][..], Vec::as_slice);
        for place in 0..number {
            let Some(ip) = places.next() else { break };
            deckies.extend(drawing.decky(kind, place, ip, of_kind));
        }
    }
    Some(Proposal {
        network,
        gateway: survey.gateway(),
        domain: survey.domain().map(str::to_owned),
        interface: wish.interface.clone(),
        seen: by_kind.iter().map(|(kind, hosts)| (kind.name(), hosts.len())).collect(),
        makers: heard::makers(&hosts),
        hosts: heard::all(&hosts),
        frames: survey.frames(),
        free: free.len(),
        stretches: heard::stretches(&free),
        deckies,
    })
}

/// How many deckies of each kind: its share of the hosts, what is left by the largest rest.
fn shares(by_kind: &BTreeMap<Kind, Vec<(Mac, Ipv4Addr, &Host)>>, count: usize) -> Vec<(Kind, usize)> {
    let all: usize = by_kind.values().map(Vec::len).sum();
    let mut shares: Vec<(Kind, usize, usize)> = by_kind
        .iter()
        .map(|(kind, hosts)| (*kind, hosts.len() * count / all.max(1), hosts.len() * count % all.max(1)))
        .collect();
    let mut left = count - shares.iter().map(|(_, number, _)| number).sum::<usize>().min(count);
    shares.sort_by(|one, other| other.2.cmp(&one.2).then(one.0.cmp(&other.0)));
    for share in &mut shares {
        if left > 0 {
            share.1 += 1;
            left -= 1;
        }
    }
    shares.sort_by_key(|(kind, ..)| *kind);
    shares.into_iter().map(|(kind, number, _)| (kind, number)).collect()
}

/// Addresses for `count` deckies: free ones nearest to those that hosts have, spread over them.
fn spread(free: &[Ipv4Addr], taken: &[Ipv4Addr], count: usize) -> Vec<Ipv4Addr> {
    let near = |address: &Ipv4Addr| {
        taken.iter().map(|other| u32::from(*other).abs_diff(u32::from(*address))).min().unwrap_or(u32::MAX)
    };
    let mut all: Vec<(u32, Ipv4Addr)> = free.iter().map(|address| (near(address), *address)).collect();
    all.sort();
    // Of twice as many as are needed every second one, so that deckies are not a row.
    all.truncate((count * 2).max(1));
    all.sort_by_key(|(_, address)| *address);
    let step = (all.len() / count.max(1)).max(1);
    all.into_iter().step_by(step).take(count).map(|(_, address)| address).collect()
}

struct Drawing<'a> {
    seed: &'a [u8],
    names: BTreeSet<String>,
    macs: BTreeSet<Mac>,
}

impl Drawing<'_> {
    fn decky(
        &mut self,
        kind: Kind,
        place: usize,
        ip: Ipv4Addr,
        hosts: &[(Mac, Ipv4Addr, &Host)],
    ) -> Option<Proposed> {
        let systems = kind.systems();
        let system = systems::find(systems.get(place % systems.len().max(1))?)?;
        let services = services(system, hosts);
        let slug = kind.name().replace(' ', "-");
        Some(Proposed {
            name: format!("{slug}-{:02}", place + 1),
            kind: kind.name(),
            ip,
            system: system.id,
            // Printers are called by their cards, which are drawn.
            hostname: if kind == Kind::Printer { None } else { self.hostname(hosts) },
            mac: self.mac(system, hosts, ip),
            services,
        })
    }

    /// A name of the style that most names of these hosts have: letters, then a number of some digits.
    fn hostname(&mut self, hosts: &[(Mac, Ipv4Addr, &Host)]) -> Option<String> {
        let mut styles: BTreeMap<(String, usize), BTreeSet<u64>> = BTreeMap::new();
        for name in hosts.iter().flat_map(|(_, _, host)| &host.names) {
            let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
            let digits = name.get(stem.len()..).unwrap_or_default();
            if let (1..=6, Ok(number), true) = (digits.len(), digits.parse::<u64>(), is_name(stem)) {
                styles.entry((stem.to_owned(), digits.len())).or_default().insert(number);
            }
        }
        let ((stem, width), numbers) = styles.into_iter().max_by_key(|(_, numbers)| numbers.len())?;
        let (first, last) = (*numbers.first()?, *numbers.last()?);
        // A gap first, then on from the last.
        for number in (first..=last).chain(last + 1..last + 1000) {
            let name = format!("{stem}{number:0width$}");
            if self.names.insert(name.to_lowercase()) {
                return Some(name);
            }
        }
        None
    }

    /// A card of a maker whose cards are on the segment and in such machines.
    fn mac(
        &mut self,
        system: &systems::System,
        hosts: &[(Mac, Ipv4Addr, &Host)],
        ip: Ipv4Addr,
    ) -> Option<String> {
        let fits = |mac: &Mac| system.machines.iter().any(|(_, machine)| hardware::made(machine, *mac));
        let known: Vec<Mac> = hosts.iter().map(|(mac, ..)| *mac).filter(fits).collect();
        let mut random = subkey::generator(self.seed, &["card", &ip.to_string()]);
        let [a, b, c, ..] = *known.get((random.next_u32() as usize).checked_rem(known.len())?)?;
        loop {
            let [d, e, f, _] = random.next_u32().to_be_bytes();
            let mac = [a, b, c, d, e, f];
            if self.macs.insert(mac) {
                return Some(mac.map(|byte| format!("{byte:02x}")).join(":"));
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= 50
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What the system can serve of that which these hosts usually do, the most usual first.
fn services(system: &systems::System, hosts: &[(Mac, Ipv4Addr, &Host)]) -> Vec<String> {
    let can = |slug: &str| catalogue::products(system.id, slug).next().is_some();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for service in catalogue::services().iter().filter(|service| can(&service.slug)) {
        let open = |host: &Host| {
            service.ports.iter().any(|port| match port.transport {
                Transport::Tcp => host.ports.contains(&port.port),
                Transport::Udp => host.datagrams.contains(&port.port),
            })
        };
        let count = hosts.iter().filter(|(_, _, host)| open(host)).count();
        if count > 0 && hosts.len() * USUAL <= count * 100 {
            found.push((count, service.slug.as_str()));
        }
    }
    found.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    let mut slugs: Vec<String> = found.into_iter().take(SERVICES).map(|(_, slug)| slug.to_owned()).collect();
    if slugs.is_empty() {
        let usual = FALLBACK.iter().find(|(family, _)| *family == system.family).map(|(_, slug)| *slug);
        let first =
            || catalogue::services().iter().map(|service| service.slug.as_str()).find(|slug| can(slug));
        slugs.extend(usual.filter(|slug| can(slug)).or_else(first).map(str::to_owned));
    }
    slugs
}

impl Proposal {
    /// The proposal as a deployment INI.
    pub fn ini(&self) -> String {
        let mut text = String::from("; Proposed by `decnet learn` from what it heard:");
        // Writing into a string cannot fail.
        for (kind, count) in &self.seen {
            let _ = write!(text, " {count} {kind},");
        }
        let _ = writeln!(text, " {} addresses free.\n[general]", self.free);
        let (network, prefix) = self.network;
        let _ = writeln!(text, "net = {network}/{prefix}");
        if let Some(gateway) = self.gateway {
            let _ = writeln!(text, "gw = {gateway}");
        }
        if let Some(interface) = &self.interface {
            let _ = writeln!(text, "runtime = native\ninterface = {interface}");
        }
        if let Some(domain) = &self.domain {
            let _ = writeln!(text, "domain = {domain}");
        }
        for decky in &self.deckies {
            let _ = writeln!(text, "\n[{}]\nip = {}\ndistro = {}", decky.name, decky.ip, decky.system);
            if let Some(hostname) = &decky.hostname {
                let _ = writeln!(text, "hostname = {hostname}");
            }
            if let Some(mac) = &decky.mac {
                let _ = writeln!(text, "mac = {mac}");
            }
            let _ = writeln!(text, "services = {}", decky.services.join(", "));
        }
        text
    }
}
