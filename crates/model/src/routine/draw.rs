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

/// The routine of each machine that has one, by its name. Those that are `kept` stay as they are as long as they fit:
/// a machine that comes to the fleet, or leaves it, changes no other one.
pub fn routines(
    secret: &[u8],
    switch: Switch,
    roles: &[Role],
    members: &[Member<'_>],
    kept: &BTreeMap<String, Routine>,
) -> BTreeMap<String, Routine> {
    if !switch.on {
        return BTreeMap::new();
    }
    let taken = members.iter().flat_map(|member| [Some(member.persona.ip), member.persona.gateway]).flatten();
    let taken = taken.collect();
    let mut fleet =
        Fleet { secret, switch, roles, members, marks: Vec::new(), taken, fresh: BTreeSet::new() };
    fleet.marks = members.iter().map(|member| fleet.number(&["mark", &member.persona.node])).collect();
    let mut all: BTreeMap<String, Routine> = BTreeMap::new();
    for member in members.iter().filter(|member| member.has_people_and_jobs()) {
        let (node, mut own) = (member.persona.node.clone(), fleet.own(member));
        match kept.get(&node).filter(|old| old.key == own.key && member.fits(old)) {
            Some(old) => {
                own.ways.clone_from(&old.ways);
                if !own.readers.is_empty() && !old.readers.is_empty() {
                    own.readers.clone_from(&old.readers);
                }
            }
            None => {
                fleet.fresh.insert(node.clone());
            }
        }
        all.insert(node, own);
    }
    for member in members.iter().filter(|member| member.lets_people_in() && fleet.is_fresh(member)) {
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

    /// Whether what was drawn for it once can still be done on it.
    fn fits(&self, routine: &Routine) -> bool {
        let has = |way: &Way| {
            self.persona.users.iter().any(|user| user.name == way.account && user.home == way.home)
        };
        self.lets_people_in() != routine.ways.is_empty() && routine.ways.iter().all(has)
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
        } else if ["centos6", "centos7"].contains(&id) {
            Family::Yum
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
    roles: &'a [Role],
    members: &'a [Member<'a>],
    /// A number of each member, in their order.
    marks: Vec<u64>,
    /// Addresses that members and gateways have.
    taken: BTreeSet<IpAddr>,
    /// Members whose routine is drawn now.
    fresh: BTreeSet<String>,
}

/// A number that two numbers draw: the finalizer of `SplitMix64` (Steele, Lea, Flood 2014) over both.
fn mixed(left: u64, right: u64) -> u64 {
    let mut value = left ^ right.rotate_left(23);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Fleet<'_> {
    fn number(&self, labels: &[&str]) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = subkey::bytes(self.secret, labels);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    fn is_fresh(&self, member: &Member<'_>) -> bool {
        self.fresh.contains(&member.persona.node)
    }

    fn rated(&self, count: u32) -> u32 {
        count.saturating_mul(self.switch.rate) / 100
    }

    /// What a machine does without anybody from elsewhere.
    fn own(&self, member: &Member<'_>) -> Routine {
        let persona = member.persona;
        let role = role_of(self.roles, &member.services);
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
            unit: unit(member, role),
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
        let Some(role) = role_of(self.roles, &member.services).filter(|_| !accounts.is_empty()) else {
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

    /// Another machine that people log in to, on the same segment. One whose routine stays cannot tell of anybody new.
    fn nearest(&self, labels: &[&str], member: &Member<'_>) -> Option<&Member<'_>> {
        self.first(self.number(labels), |other| {
            other.persona.node != member.persona.node
                && other.lets_people_in()
                && self.is_fresh(other)
                && !other.is_apart()
                && !member.is_apart()
                && network(other.persona) == network(member.persona)
        })
    }

    /// Where somebody sits who works at a machine: a desk of the fleet, or an address near it that nobody has.
    fn desk(&self, member: &Member<'_>, account: &str) -> IpAddr {
        let desk = self.first(self.number(&["desk", account]), |other| {
            other.is_desk() && !member.is_apart() && network(other.persona) == network(member.persona)
        });
        desk.map_or_else(|| self.free(member.persona, &["free", account]), |desk| desk.persona.ip)
    }

    /// Of the members that fit the one that a number draws: the same as long as it is there, whoever else comes.
    fn first(&self, number: u64, fits: impl Fn(&&Member<'_>) -> bool) -> Option<&Member<'_>> {
        let all = self.members.iter().zip(&self.marks);
        let fitting = all.filter(|(member, _)| fits(member));
        fitting.min_by_key(|(_, mark)| mixed(number, **mark)).map(|(member, _)| member)
    }

    /// Addresses of those who read the pages of a machine.
    fn readers(&self, member: &Member<'_>) -> Vec<IpAddr> {
        let node = member.persona.node.as_str();
        let number = self.number(&["reads", node]);
        let all = self.members.iter().zip(&self.marks);
        let near =
            all.filter(|(other, _)| other.is_desk() && network(other.persona) == network(member.persona));
        let mut desks: Vec<(u64, IpAddr)> =
            near.map(|(other, mark)| (mixed(number, *mark), other.persona.ip)).collect();
        desks.sort_unstable();
        let mut out: Vec<IpAddr> = desks.into_iter().map(|(_, ip)| ip).take(READERS).collect();
        for turn in out.len()..READERS - 1 {
            out.push(self.free(member.persona, &["reader", node, &turn.to_string()]));
        }
        out
    }

    /// An address of a machine's segment that neither the fleet nor the gateway has.
    fn free(&self, persona: &Persona, labels: &[&str]) -> IpAddr {
        let Some((first, size)) = network(persona) else { return persona.ip };
        // Offices have their desks in the lower half.
        let room = (size / 2).clamp(1, 1 << 16);
        let drawn = u32::try_from(self.number(labels) % u64::from(room)).unwrap_or(0);
        let at = |step: u32| IpAddr::V4(Ipv4Addr::from_bits(first + 1 + (drawn + step) % room));
        (0..room.min(4096)).map(at).find(|ip| !self.taken.contains(ip)).unwrap_or(persona.ip)
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
        Family::Redhat | Family::Yum => "/srv/samba/archive",
        _ if system.starts_with("ubuntu") => "/srv/samba/dept",
        _ => "/srv/samba/transfer",
    }
}

/// The unit that people look after on a machine.
fn unit(member: &Member<'_>, role: Option<&Role>) -> String {
    let redhat = matches!(member.family(), Family::Redhat | Family::Yum);
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
    let of_role = role.map(|role| role.services.as_slice()).unwrap_or_default();
    let of_role = of_role.iter().map(String::as_str).filter(|slug| member.services.contains(slug));
    let found = of_role.chain(member.services.iter().copied()).find_map(named);
    found.unwrap_or(if redhat { "sshd" } else { "ssh" }).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routine::known;
    use netsvc_persona::routine::{DAY, sessions};

    fn persona(node: &str, number: u8, system: (&str, &str)) -> Persona {
        let text = include_str!("../../../engine/tests/persona.json");
        let mut persona: Persona = serde_json::from_str(text).unwrap();
        let user = |name: &str, uid: u32| User {
            name: name.to_owned(),
            full_name: String::new(),
            uid,
            home: if uid == 0 { "/root".to_owned() } else { format!("/home/{name}") },
            shell: String::new(),
            password: Some(Secret("x".to_owned())),
        };
        persona.users = vec![user("root", 0), user(&format!("user{}", number % 4), 1000)];
        persona.node = node.to_owned();
        persona.hostname = node.to_owned();
        (persona.os.family, persona.os.id) = (system.0.to_owned(), system.1.to_owned());
        (persona.ip, persona.prefix) = ([10, 0, 0, number].into(), 24);
        persona.gateway = Some([10, 0, 0, 1].into());
        persona
    }

    fn fleet(count: u8) -> Vec<Persona> {
        let linux =
            (2..2 + count).map(|number| persona(&format!("d{number}"), number, ("linux", "debian12")));
        let desks = (200..204).map(|number| persona(&format!("w{number}"), number, ("windows", "windows10")));
        linux.chain(desks).collect()
    }

    fn drawn(personas: &[Persona], switch: Switch) -> BTreeMap<String, Routine> {
        redrawn(personas, switch, &BTreeMap::new())
    }

    fn redrawn(
        personas: &[Persona],
        switch: Switch,
        kept: &BTreeMap<String, Routine>,
    ) -> BTreeMap<String, Routine> {
        let members: Vec<Member<'_>> =
            personas.iter().map(|persona| Member { persona, services: vec!["ssh", "http", "smb"] }).collect();
        routines(b"secret", switch, &known(None), &members, kept)
    }

    #[test]
    fn people_come_from_desks_and_over_machines_that_tell_of_them_too() {
        let personas = fleet(30);
        let all = drawn(&personas, Switch::default());
        assert_eq!(all.len(), 30, "nobody sees what is done on Windows");
        let ip = |node: &str| personas.iter().find(|persona| persona.node == node).map(|persona| persona.ip);
        let mut over = 0;
        for (node, routine) in &all {
            assert!(routine.ways.len() >= 2 && !routine.readers.is_empty(), "{routine:?}");
            assert_eq!((routine.unit.as_str(), routine.share.as_str()), ("smbd", "/srv/samba/transfer"));
            for way in &routine.ways {
                let desk = personas.iter().any(|one| one.os.family == "windows" && one.ip == way.from);
                let onward = way.onward.is_some();
                let source = all.iter().find(|(other, _)| ip(other) == Some(way.from));
                assert!(desk != (source.is_some() && !onward), "{node}: {way:?}");
                let Some((_, source)) = source else { continue };
                let other = source.ways.iter().find(|other| other.key == way.key);
                let other = other.expect("the machine that he comes over tells of him");
                assert_eq!((other.hours, other.often, other.weekend), (way.hours, way.often, way.weekend));
                assert!(other.onward.as_ref().is_some_and(|to| to.ends_with(node.as_str())));
                over += 1;
            }
        }
        assert!(over >= 30, "{over}");
        let plan = |node: &str| sessions(&all[node], 20_000 * DAY, 20_010 * DAY).len();
        assert!(plan("d2") > 3 && plan("d3") > 3);
    }

    #[test]
    fn who_comes_to_the_fleet_or_leaves_it_changes_nobody_else() {
        let before = drawn(&fleet(30), Switch::default());
        assert_eq!(before, redrawn(&fleet(30), Switch::default(), &before));
        let mut more = redrawn(&fleet(33), Switch::default(), &before);
        let added: Vec<Routine> =
            ["d32", "d33", "d34"].iter().filter_map(|node| more.remove(*node)).collect();
        assert_eq!(more, before);
        assert!(added.len() == 3 && added.iter().all(|routine| routine.ways.len() >= 2));
        let less = redrawn(&fleet(20), Switch::default(), &before);
        assert!(less.len() == 20 && less.iter().all(|(node, routine)| before.get(node) == Some(routine)));
        let mut other = fleet(30);
        other[0].users.truncate(1);
        let changed = redrawn(&other, Switch::default(), &before);
        let same = before.iter().filter(|(node, routine)| changed.get(*node) == Some(routine)).count();
        assert_eq!(same, 29, "who has other accounts is drawn anew");
    }

    #[test]
    fn a_switch_says_how_much_is_done() {
        assert!(drawn(&fleet(3), Switch { on: false, rate: 100 }).is_empty());
        let often = |rate: u32| {
            let all = drawn(&fleet(30), Switch { on: true, rate });
            all.values().flat_map(|routine| &routine.ways).map(|way| way.often).sum::<u32>()
        };
        assert!(often(50) > 0 && often(50) * 2 <= often(100));
    }

    #[test]
    fn without_desks_people_sit_where_nobody_else_is() {
        let personas: Vec<Persona> = fleet(5).into_iter().filter(|one| one.os.family == "linux").collect();
        for routine in drawn(&personas, Switch::default()).values() {
            for way in routine.ways.iter().filter(|way| way.onward.is_some()) {
                assert!(!personas.iter().any(|one| one.ip == way.from || one.gateway == Some(way.from)));
            }
        }
    }
}
