//! Who and what there is in an organisation: some of it is told by the nodes of its domain, the rest is drawn.

mod groups;

use super::{
    Account, Computer, DAY, Organisation, Role,
    names::{ENDINGS, SERVANTS, STEMS, Servant},
};
use netsvc_kit::{Host, directory::Listed};
use netsvc_persona::{
    Colleague, Persona, User, subkey,
    tables::people::{COLLEAGUES, DEPARTMENTS, Department, FAMILY, GIVEN},
};
use rand_core::RngCore;
use std::collections::BTreeSet;

/// People who are drawn: at least, and so many more.
const PEOPLE: (u32, u32) = (14, 40);
/// First number of what people make in a domain.
const FIRST: u32 = 1103;
/// First number of what nodes bring, and how many there are.
const OF_NODES: (u32, u32) = (2600, 20_000);
/// Services by which a node tells of its domain.
const TELLS: [&str; 2] = ["ldap", "kerberos"];

/// The organisation of `domain`, one of whose nodes is `host`, on the day that begins at `today`.
pub(super) fn organisation(domain: &str, key: [u8; 32], host: &Host, today: i64) -> Organisation {
    let mut nodes = host.node.stage.directory.of(&host.persona().domain);
    if nodes.is_empty() {
        nodes.push(Listed { persona: host.node.persona.clone(), services: BTreeSet::new() });
    }
    let tells = |listed: &&Listed| {
        listed.persona.node == host.persona().node || TELLS.iter().any(|slug| listed.services.contains(*slug))
    };
    let founded = nodes.iter().filter(tells).map(|listed| listed.persona.installed_at).min();
    let mut drawing = Drawing {
        key,
        domain,
        today,
        founded: founded.unwrap_or(today).min(today - 30 * DAY),
        numbers: BTreeSet::new(),
        accounts: Vec::new(),
    };
    drawing.builtin(host.persona());
    // All nodes that tell of people tell of the same.
    match nodes.iter().find(|listed| !listed.persona.people.is_empty()) {
        Some(listed) => drawing.told(&listed.persona.people),
        None => drawing.people(),
    }
    for listed in nodes.iter().filter(tells) {
        listed.persona.users.iter().for_each(|user| drawing.user(user));
    }
    drawing.servants();
    let computers = drawing.computers(&nodes, &tells);
    drawing.managers();
    let groups = groups::all(&drawing.accounts);
    let mut sid = drawing.random("sid");
    Organisation {
        domain: domain.to_owned(),
        netbios: netbios(domain),
        sid: [0; 3].map(|_: u32| sid.next_u32() | 0x1000_0000),
        founded: drawing.founded,
        accounts: drawing.accounts,
        computers,
        groups,
        key,
    }
}

/// The name of the domain in NetBIOS.
fn netbios(domain: &str) -> String {
    domain.split('.').next().unwrap_or(domain).to_uppercase().chars().take(15).collect()
}

struct Drawing<'a> {
    key: [u8; 32],
    domain: &'a str,
    today: i64,
    founded: i64,
    numbers: BTreeSet<u32>,
    accounts: Vec<Account>,
}

fn choose<T: Copy>(all: &[T], random: &mut impl RngCore) -> Option<T> {
    all.get(random.next_u32() as usize % all.len().max(1)).copied()
}

impl Drawing<'_> {
    fn random(&self, label: &str) -> impl RngCore + use<> {
        subkey::generator(&self.key, &[label])
    }

    fn has(&self, name: &str) -> bool {
        self.accounts.iter().any(|account| account.name.eq_ignore_ascii_case(name))
    }

    /// The first free number from `wanted` on.
    fn number(&mut self, wanted: u32) -> u32 {
        let mut number = wanted;
        while !self.numbers.insert(number) {
            number += 1;
        }
        number
    }

    /// The number of what a node brings: the same whatever else there is, as far as can be.
    fn number_of(&mut self, name: &str) -> u32 {
        let (first, most) = OF_NODES;
        let drawn = self.random(&format!("number {}", name.to_ascii_lowercase())).next_u32();
        self.number(first + drawn % most)
    }

    /// An account as most are; what is drawn is drawn from its name.
    fn account(&self, name: &str, rid: u32, role: Role) -> Account {
        let mut random = self.random(&format!("account {}", name.to_ascii_lowercase()));
        let age = (self.today - self.founded).max(DAY);
        let within = |random: &mut dyn RngCore, width: i64| {
            i64::try_from(random.next_u64() % width.max(1).unsigned_abs()).unwrap_or(0)
        };
        let created = self.founded + within(&mut random, age * 9 / 10);
        let since = (self.today - created).max(1);
        let password_set = if role == Role::Person {
            created.max(self.today - within(&mut random, since.min(170 * DAY)))
        } else {
            created
        };
        // An account that is used is so every few days, and its directory notes that every nine to fourteen.
        let period = (9 + within(&mut random, 5)) * DAY;
        let phase = within(&mut random, period);
        let hour = 7 * DAY / 24 + within(&mut random, DAY * 9 / 24);
        let last = (self.today - phase).div_euclid(period) * period + phase;
        let last = (last - last.rem_euclid(DAY) + hour).min(self.today);
        Account {
            name: name.to_owned(),
            given: String::new(),
            family: String::new(),
            role,
            department: "".into(),
            title: "".into(),
            address: String::new(),
            manager: None,
            about: String::new(),
            extension: 100 + random.next_u32() % 800,
            rid,
            created,
            password_set,
            last_logon: Some(last.max(created)),
            logons: 3 + random.next_u32() % 900,
            enabled: true,
            proves: true,
            principals: Vec::new(),
            password: None,
        }
    }

    fn builtin(&mut self, persona: &Persona) {
        for (name, rid, enabled, about) in [
            ("Administrator", 500, true, "Built-in account for administering the computer/domain"),
            ("Guest", 501, false, "Built-in account for guest access to the computer/domain"),
            ("krbtgt", 502, false, "Key Distribution Center Service Account"),
        ] {
            let mut account = self.account(name, rid, Role::Builtin);
            self.numbers.insert(rid);
            name.clone_into(&mut account.family);
            about.clone_into(&mut account.about);
            account.enabled = enabled;
            account.created = self.founded;
            account.password_set = self.founded;
            if rid == 500 {
                let first = persona.users.first().filter(|user| user.name == name);
                account.password = first.and_then(|user| user.password.clone()).map(|secret| secret.0);
            } else {
                (account.last_logon, account.logons) = (None, 0);
            }
            if rid == 502 {
                account.principals = vec!["kadmin/changepw".to_owned()];
            }
            self.accounts.push(account);
        }
    }

    /// People whom a node knows.
    fn told(&mut self, people: &[Colleague]) {
        for (index, one) in (0..).zip(people) {
            if self.has(&one.account) {
                continue;
            }
            let rid = self.number(FIRST + 20 + index * 3);
            let mut account = self.account(&one.account, rid, Role::Person);
            account.department = one.department.clone().into();
            account.title = one.title.clone().into();
            one.given.clone_into(&mut account.given);
            one.family.clone_into(&mut account.family);
            one.mail.clone_into(&mut account.address);
            self.accounts.push(account);
        }
    }

    fn people(&mut self) {
        let mut random = self.random("people");
        let count = PEOPLE.0 + random.next_u32() % PEOPLE.1;
        let mut all: Vec<(&str, &str)> = COLLEAGUES.to_vec();
        for _ in 0..count {
            let given = choose(GIVEN, &mut random).unwrap_or("Jan");
            all.push((given, choose(FAMILY, &mut random).unwrap_or("Meyer")));
        }
        for (index, (given, family)) in (0..).zip(all) {
            self.person(given, family, None, FIRST + 20 + index * 3);
        }
    }

    /// Adds a person, unless the name is taken.
    fn person(&mut self, given: &str, family: &str, name: Option<&str>, wanted: u32) {
        let initial: String = given.chars().take(1).collect();
        let drawn = format!("{initial}{family}").to_ascii_lowercase();
        let name = name.map_or(drawn, str::to_owned);
        if self.has(&name) {
            return;
        }
        let rid = self.number(wanted);
        let mut account = self.account(&name, rid, Role::Person);
        let mut random = self.random(&format!("place of {name}"));
        let department = department(&mut random);
        account.department = department.name.into();
        let place = 1 + random.next_u32() as usize % (department.titles.len() - 1).max(1);
        account.title = department.titles.get(place).copied().unwrap_or_default().into();
        account.given = given.to_owned();
        account.family = family.to_owned();
        account.address = format!("{given}.{family}").to_ascii_lowercase();
        // Who left is kept for a while.
        account.enabled = !random.next_u32().is_multiple_of(12);
        if !account.enabled {
            account.last_logon = Some(account.created + (self.today - account.created) / 2);
        }
        self.accounts.push(account);
    }

    /// An account that a node has: people and their tools, not root.
    fn user(&mut self, user: &User) {
        let password = user.password.clone().map(|secret| secret.0);
        if let Some(known) = self.accounts.iter_mut().find(|known| known.name == user.name) {
            known.password = password.or(known.password.take());
            known.enabled = true;
            return;
        }
        if user.uid == 0 || self.has(&user.name) {
            return;
        }
        let rid = self.number_of(&user.name);
        match user.full_name.split_once(' ') {
            Some((given, family)) => self.person(given, family, Some(&user.name), rid),
            None => {
                let mut account = self.account(&user.name, rid, Role::Service);
                user.full_name.clone_into(&mut account.family);
                self.accounts.push(account);
            }
        }
        if let Some(added) = self.accounts.last_mut().filter(|added| added.name == user.name) {
            (added.enabled, added.password) = (true, password);
        }
    }

    fn servants(&mut self) {
        for (index, servant) in (0..).zip(SERVANTS) {
            self.servant(servant, FIRST + 200 + index * 7);
        }
    }

    fn servant(&mut self, servant: &Servant, wanted: u32) {
        let mut random = self.random(servant.full);
        let name = choose(servant.names, &mut random).unwrap_or("svc");
        if self.has(name) {
            return;
        }
        let stem = choose(STEMS, &mut random).unwrap_or("Service");
        let password = format!("{stem}{}", choose(ENDINGS, &mut random).unwrap_or("2023!"));
        let server = format!("sql{:02}", 1 + random.next_u32() % 3);
        let rid = self.number(wanted);
        let mut account = self.account(name, rid, Role::Service);
        servant.full.clone_into(&mut account.family);
        account.about = servant.about.replace("{password}", &password);
        let filled = |text: &&str| text.replace("{host}", &server).replace("{domain}", self.domain);
        account.principals = servant.principals.iter().map(filled).collect();
        account.proves = servant.proves;
        account.password = Some(password);
        self.accounts.push(account);
    }

    /// The first of each department leads it, and answers to who leads the organisation.
    fn managers(&mut self) {
        let heads: Vec<(usize, &Department)> = DEPARTMENTS
            .iter()
            .filter_map(|department| {
                let of = |account: &Account| account.enabled && account.department == department.name;
                Some((self.accounts.iter().position(of)?, department))
            })
            .collect();
        let top = heads.iter().find(|(_, department)| department.name == "Management").map(|(at, _)| *at);
        for (index, account) in self.accounts.iter_mut().enumerate() {
            let Some((head, department)) = heads.iter().find(|(_, of)| of.name == account.department) else {
                continue;
            };
            if index == *head {
                account.title = department.titles.first().copied().unwrap_or_default().into();
                account.manager = top.filter(|top| *top != index);
            } else {
                account.manager = Some(*head);
            }
        }
    }

    fn computers(&mut self, nodes: &[Listed], tells: &impl Fn(&&Listed) -> bool) -> Vec<Computer> {
        let mut computers = Vec::new();
        let windows = |listed: &&Listed| listed.persona.os.family.starts_with("windows");
        for listed in nodes.iter().filter(windows) {
            let persona = &listed.persona;
            let controller = tells(&listed);
            let server = controller || persona.os.family == "windows_server";
            let name = persona.hostname.to_ascii_uppercase().chars().take(15).collect();
            let rid =
                if controller && self.numbers.insert(1000) { 1000 } else { self.number_of(&persona.node) };
            let (system, version) = system(&persona.os.id);
            computers.push(Computer {
                name,
                dns: format!("{}.{}", persona.hostname, self.domain),
                system,
                version,
                controller,
                server,
                address: Some(persona.ip),
                rid,
                created: persona.installed_at.max(self.founded),
                last_logon: self.today - DAY / 3,
            });
        }
        computers.sort_by_key(|computer| !computer.controller);
        self.desks(&mut computers);
        computers
    }

    /// The computers on people's desks, which are off or elsewhere.
    fn desks(&mut self, computers: &mut Vec<Computer>) {
        let mut random = self.random("desks");
        let people = self.accounts.iter().filter(|account| account.role == Role::Person).count();
        for index in 0..u32::try_from(people).unwrap_or(0) / 2 {
            let number = 100 + index * 3 + random.next_u32() % 3;
            let kind = choose(&["PC", "NB"], &mut random).unwrap_or("PC");
            let id = choose(&["windows10", "windows10", "windows11"], &mut random).unwrap_or("windows10");
            let (system, version) = system(id);
            let name = format!("{kind}{number:04}");
            let rid = self.number(FIRST + 300 + index * 2);
            let age = (self.today - self.founded).max(DAY).unsigned_abs();
            let created = self.founded + i64::try_from(random.next_u64() % age).unwrap_or(0);
            computers.push(Computer {
                dns: format!("{}.{}", name.to_ascii_lowercase(), self.domain),
                name,
                system,
                version,
                controller: false,
                server: false,
                address: None,
                rid,
                created,
                last_logon: (self.today - i64::from(random.next_u32() % 12) * DAY).max(created),
            });
        }
    }
}

fn department(random: &mut impl RngCore) -> &'static Department {
    let all: u32 = DEPARTMENTS.iter().map(|department| department.share).sum();
    let mut drawn = random.next_u32() % all.max(1);
    for department in DEPARTMENTS {
        if drawn < department.share {
            return department;
        }
        drawn -= department.share;
    }
    &OTHERS
}

/// Where those are whom no share holds.
static OTHERS: Department =
    Department { name: "Sales", titles: &["Head of Sales", "Inside Sales"], share: 0 };

/// What a computer with the system `id` tells the directory of it.
fn system(id: &str) -> (&'static str, &'static str) {
    match id {
        "windows7" => ("Windows 7 Professional", "6.1 (7601)"),
        "windows11" => ("Windows 11 Pro", "10.0 (22631)"),
        "windows_server_2012r2" => ("Windows Server 2012 R2 Standard", "6.3 (9600)"),
        "windows_server_2016" => ("Windows Server 2016 Standard", "10.0 (14393)"),
        "windows_server_2019" => ("Windows Server 2019 Standard", "10.0 (17763)"),
        "windows_server_2022" => ("Windows Server 2022 Standard", "10.0 (20348)"),
        _ => ("Windows 10 Pro", "10.0 (19045)"),
    }
}
