//! Who comes to which machine of a fleet, and from where.

use super::{
    Switch,
    roles::{Role, role_of},
};
use netsvc_persona::{
    Persona, Secret, User,
    daemon::REDHAT,
    routine::{Family, Hours, Routine, Way},
    subkey,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

/// Readers of a web server.
const READERS: usize = 5;

/// A machine of the fleet.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// Who it is.
    pub persona: &'a Persona,
    /// Slugs of its services.
    pub services: Vec<&'a str>,
}

/// The routine of each machine that has one, by its name. A machine that comes to the fleet changes those of few
/// others: who goes where is drawn for each two of them.
pub fn routines(secret: &[u8], switch: Switch, members: &[Member<'_>]) -> BTreeMap<String, Routine> {
    if !switch.on {
        return BTreeMap::new();
    }
    let fleet = Fleet { secret, switch, members };
    let mut all: BTreeMap<String, Routine> = BTreeMap::new();
    for member in members.iter().filter(|member| member.has_people_and_jobs()) {
        all.insert(member.persona.node.clone(), fleet.own(member));
    }
    for member in members.iter().filter(|member| member.lets_people_in()) {
        for (node, way) in fleet.ways(member) {
            if let Some(routine) = all.get_mut(&node) {
                routine.ways.push(way);
            }
        }
    }
    for routine in all.values_mut() {
        routine.ways.sort_by(|left, right| left.key.0.cmp(&right.key.0));
    }
    all
}

impl Member<'_> {
    /// Whether it runs a system whose shells and logs are shown.
    fn has_people_and_jobs(&self) -> bool {
        self.persona.os.family == "linux"
    }

    /// Whether people log in over the network.
    fn lets_people_in(&self) -> bool {
        self.has_people_and_jobs() && self.services.contains(&"ssh")
    }

    /// Whether somebody sits at it whose deeds nobody sees there.
    fn is_desk(&self) -> bool {
        let family = self.persona.os.family.as_str();
        !self.is_apart() && (family == "windows" || self.persona.os.id == "macos")
    }

    /// Whether it is on no segment, or on others too: who reaches it is another matter.
    fn is_apart(&self) -> bool {
        self.persona.place.inner
    }

    fn family(&self) -> Family {
        let id = self.persona.os.id.as_str();
        if id.starts_with("alpine") {
            Family::Alpine
        } else if REDHAT.iter().any(|pattern| id.starts_with(pattern.trim_end_matches('*'))) {
            Family::Redhat
        } else {
            Family::Debian
        }
    }

    /// Accounts of people, then the superuser.
    fn accounts(&self) -> Vec<&User> {
        let person = |user: &&User| user.uid >= 1000 && user.password.is_some();
        let users = &self.persona.users;
        users.iter().filter(person).chain(users.iter().filter(|user| user.uid == 0)).collect()
    }
}

struct Fleet<'a> {
    secret: &'a [u8],
    switch: Switch,
    members: &'a [Member<'a>],
}

impl Fleet<'_> {
    fn number(&self, labels: &[&str]) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = subkey::bytes(self.secret, labels);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    fn rated(&self, count: u32) -> u32 {
        count.saturating_mul(self.switch.rate) / 100
    }

    /// What a machine does without anybody from elsewhere.
    fn own(&self, member: &Member<'_>) -> Routine {
        let persona = member.persona;
        let role = role_of(&member.services);
        let hours = role.map_or_else(Hours::default, |role| role.hours);
        let pages = role.map_or(0, |role| self.rated(role.pages));
        let serves = ["http", "https"].iter().any(|slug| member.services.contains(slug));
        let owner = member.accounts().first().map(|user| user.name.clone()).unwrap_or_default();
        let share =
            if member.services.contains(&"smb") { share(&persona.os.id, member.family()) } else { "" };
        Routine {
            key: Secret(hex::encode(subkey::bytes(self.secret, &["node", &persona.node]))),
            duty: role.map(|role| role.duty).unwrap_or_default(),
            system: member.family(),
            unit: unit(member),
            hours,
            zone_minutes: persona.zone.offset_minutes,
            ways: Vec::new(),
            readers: if serves && pages > 0 { self.readers(member) } else { Vec::new() },
            pages: if serves { pages } else { 0 },
            share: share.to_owned(),
            sharer: owner,
        }
    }

    /// Who comes to a machine: each way with the machine that tells of it, which for one from another machine of the
    /// fleet is both.
    fn ways(&self, member: &Member<'_>) -> Vec<(String, Way)> {
        let node = member.persona.node.as_str();
        let accounts = member.accounts();
        let Some(role) = role_of(&member.services).filter(|_| !accounts.is_empty()) else {
            return Vec::new();
        };
        let count = 2 + self.number(&["ways", node]) % 2;
        let mut out = Vec::new();
        for (turn, account) in (0..count).zip(accounts.iter().cycle()) {
            let label = turn.to_string();
            let key = Secret(hex::encode(subkey::bytes(self.secret, &["way", node, &label])));
            // The first one sits at his desk; others come over a machine that they are at anyhow.
            let over = if turn == 0 { None } else { self.nearest(&["over", node, &label], member) };
            let over = over.and_then(|over| Some((over, guest(over, account)?)));
            let from = over.map_or_else(|| self.desk(member, &account.name), |(over, _)| over.persona.ip);
            let way = self.way(role, member, key, account, from);
            if let Some((over, guest)) = over {
                let onward = if guest.name == account.name {
                    member.persona.hostname.clone()
                } else {
                    format!("{}@{}", account.name, member.persona.hostname)
                };
                let leaves = Way {
                    account: guest.name.clone(),
                    home: guest.home.clone(),
                    from: self.desk(over, &guest.name),
                    onward: Some(onward),
                    ..way.clone()
                };
                out.push((over.persona.node.clone(), leaves));
            }
            out.push((node.to_owned(), way));
        }
        out
    }

    fn way(&self, role: &Role, member: &Member<'_>, key: Secret, account: &User, from: IpAddr) -> Way {
        // Nobody keeps the hours of another one.
        let shift = u16::try_from(self.number(&["hours", &key.0]) % 7 * 10).unwrap_or(0);
        let more = u32::try_from(self.number(&["often", &key.0]) % 60).unwrap_or(0);
        Way {
            account: account.name.clone(),
            home: account.home.clone(),
            from,
            onward: None,
            hours: Hours { from: role.hours.from + shift, to: role.hours.to + shift },
            zone_minutes: member.persona.zone.offset_minutes,
            often: self.rated(role.often * (70 + more) / 100),
            weekend: self.rated(role.weekend * (70 + more) / 100),
            key,
        }
    }

    /// Another machine that people log in to, on the same segment.
    fn nearest(&self, labels: &[&str], member: &Member<'_>) -> Option<&Member<'_>> {
        let fits = |other: &&Member<'_>| {
            other.persona.node != member.persona.node
                && other.lets_people_in()
                && !other.is_apart()
                && !member.is_apart()
                && network(other.persona) == network(member.persona)
        };
        let drawn = |other: &&Member<'_>| {
            let all: Vec<&str> = labels.iter().copied().chain([other.persona.node.as_str()]).collect();
            self.number(&all)
        };
        self.members.iter().filter(fits).min_by_key(drawn)
    }

    /// Where somebody sits who works at a machine: a desk of the fleet, or an address near it that nobody has.
    fn desk(&self, member: &Member<'_>, account: &str) -> IpAddr {
        let desks = self.members.iter().filter(|other| {
            other.is_desk() && !member.is_apart() && network(other.persona) == network(member.persona)
        });
        let drawn = |other: &&Member<'_>| self.number(&["desk", account, &other.persona.node]);
        desks
            .min_by_key(drawn)
            .map_or_else(|| self.free(member.persona, &["free", account]), |desk| desk.persona.ip)
    }

    /// Addresses of those who read the pages of a machine.
    fn readers(&self, member: &Member<'_>) -> Vec<IpAddr> {
        let node = member.persona.node.as_str();
        let mut desks: Vec<(u64, IpAddr)> = self
            .members
            .iter()
            .filter(|other| other.is_desk() && network(other.persona) == network(member.persona))
            .map(|other| (self.number(&["reads", node, &other.persona.node]), other.persona.ip))
            .collect();
        desks.sort_unstable();
        let mut out: Vec<IpAddr> = desks.into_iter().map(|(_, ip)| ip).take(READERS).collect();
        for turn in out.len()..READERS - 1 {
            out.push(self.free(member.persona, &["reader", node, &turn.to_string()]));
        }
        out
    }

    /// An address of a machine's segment that neither the fleet nor the gateway has.
    fn free(&self, persona: &Persona, labels: &[&str]) -> IpAddr {
        let taken: BTreeSet<IpAddr> =
            self.members.iter().map(|member| member.persona.ip).chain(persona.gateway).collect();
        let Some((first, size)) = network(persona) else { return persona.ip };
        // Offices have their desks in the lower half.
        let room = (size / 2).clamp(1, 1 << 16);
        let drawn = u32::try_from(self.number(labels) % u64::from(room)).unwrap_or(0);
        let at = |step: u32| IpAddr::V4(Ipv4Addr::from_bits(first + 1 + (drawn + step) % room));
        (0..room.min(4096)).map(at).find(|ip| !taken.contains(ip)).unwrap_or(persona.ip)
    }
}

/// Whose account somebody has on a machine that he goes on from: his own, or that of a person who works there.
fn guest<'m>(over: &'m Member<'_>, account: &User) -> Option<&'m User> {
    let accounts = over.accounts();
    let own = accounts.iter().find(|user| user.name == account.name).copied();
    own.or_else(|| accounts.first().copied())
}

/// First address and size of the network that a machine is in.
fn network(persona: &Persona) -> Option<(u32, u32)> {
    let IpAddr::V4(ip) = persona.ip else { return None };
    let host = u32::MAX.checked_shr(persona.prefix.into()).unwrap_or(0);
    Some((ip.to_bits() & !host, host))
}

/// A folder that the file server of a system has (`netsvc/windows`, `smb`).
fn share(system: &str, family: Family) -> &'static str {
    match family {
        Family::Redhat => "/srv/samba/archive",
        _ if system.starts_with("ubuntu") => "/srv/samba/dept",
        _ => "/srv/samba/transfer",
    }
}

/// The unit that people look after on a machine.
fn unit(member: &Member<'_>) -> String {
    let redhat = member.family() == Family::Redhat;
    let product = |slug: &str| {
        member.persona.products.get(slug).map(|product| product.name.to_ascii_lowercase()).unwrap_or_default()
    };
    let web = |slug: &str| match product(slug) {
        name if name.starts_with("nginx") => "nginx",
        name if name.starts_with("lighttpd") => "lighttpd",
        _ if redhat => "httpd",
        _ => "apache2",
    };
    let named = |slug: &str| match slug {
        "http" | "https" => Some(web(slug)),
        "smtp" if product(slug).starts_with("exim") => Some("exim4"),
        "smtp" => Some("postfix"),
        "imap" | "pop3" => Some("dovecot"),
        "mysql" if product(slug).starts_with("mariadb") => Some("mariadb"),
        "mysql" => Some(if redhat { "mysqld" } else { "mysql" }),
        "postgres" => Some("postgresql"),
        "mongodb" => Some("mongod"),
        "redis" => Some(if redhat { "redis" } else { "redis-server" }),
        "smb" => Some(if redhat { "smb" } else { "smbd" }),
        "ftp" if product(slug).starts_with("proftpd") => Some("proftpd"),
        "ftp" => Some("vsftpd"),
        _ => None,
    };
    let of_role = role_of(&member.services).map(|role| role.services.as_slice()).unwrap_or_default();
    let of_role = of_role.iter().map(String::as_str).filter(|slug| member.services.contains(slug));
    let found = of_role.chain(member.services.iter().copied()).find_map(named);
    found.unwrap_or(if redhat { "sshd" } else { "ssh" }).to_owned()
}
