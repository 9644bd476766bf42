//! Accounts of a node by their number, and the identifiers of its domains ([MS-DTYP] §2.4).

use super::{
    super::flavour::{Family, key},
    super::login::Rights,
    Caller,
};
use netsvc_daemon::ntlm::Server;
use netsvc_persona::subkey;

/// Sub-authorities of a domain.
pub(super) type Domain = [u32; 4];

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User = 1,
    Group = 2,
    Alias = 4,
    /// What comes with the system.
    Known = 5,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) full: String,
    pub(super) about: &'static str,
    pub(super) kind: Kind,
    /// Flags of a user: what he is, whether he is off.
    pub(super) flags: u32,
}

/// Flags of users: an ordinary one, one that is off, one whose password does not expire, a machine's.
const NORMAL: u32 = 0x10;
const OFF: u32 = 0x11;
const FOREVER: u32 = 0x200;

/// The builtin domain.
pub(super) const BUILTIN: &[u32] = &[32];

/// Aliases of the builtin domain.
pub(super) const ALIASES: &[(u32, &str)] = &[
    (544, "Administrators"),
    (545, "Users"),
    (546, "Guests"),
    (551, "Backup Operators"),
    (555, "Remote Desktop Users"),
    (556, "Network Configuration Operators"),
    (558, "Performance Monitor Users"),
    (559, "Performance Log Users"),
    (562, "Distributed COM Users"),
    (573, "Event Log Readers"),
    (580, "Remote Management Users"),
];

/// The domain whose accounts the node itself keeps: its name and its sub-authorities.
pub(super) fn own(caller: &Caller<'_>) -> (String, Domain) {
    let server = Server::of(caller.host.persona());
    match caller.flavour.controller {
        true => (server.domain, numbers(caller, &format!("domain {}", caller.host.persona().domain))),
        false => (server.computer, numbers(caller, "machine")),
    }
}

/// The domain that the node is a member of, if it is in one.
pub(super) fn joined(caller: &Caller<'_>) -> Option<(String, Domain)> {
    let server = Server::of(caller.host.persona());
    server
        .member
        .then(|| (server.domain, numbers(caller, &format!("domain {}", caller.host.persona().domain))))
}

fn numbers(caller: &Caller<'_>, label: &str) -> Domain {
    let drawn = subkey::bytes(&key(caller.host.persona()), &["smb", "sid", label]);
    let mut parts = drawn.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().unwrap_or_default()));
    let mut next = || parts.next().unwrap_or(1);
    [21, next(), next(), next()]
}

/// The users of the node's own domain, by their number.
pub(super) fn users(caller: &Caller<'_>) -> Vec<Account> {
    let persona = caller.host.persona();
    let user = |number: u32, name: &str, full: &str, about: &'static str, flags: u32| Account {
        number,
        name: name.to_owned(),
        full: full.to_owned(),
        about,
        kind: Kind::User,
        flags,
    };
    let mut users = Vec::new();
    if caller.flavour.family == Family::Samba {
        let known = persona.users.iter().filter(|user| user.password.is_some());
        for (account, number) in known.zip(1000..) {
            users.push(user(number, &account.name, &account.full_name, "", NORMAL));
        }
        return users;
    }
    users.push(user(
        501,
        "Guest",
        "",
        "Built-in account for guest access to the computer/domain",
        OFF | FOREVER | 4,
    ));
    if 10_000 <= persona.os.build && !caller.flavour.controller {
        users.push(user(
            503,
            "DefaultAccount",
            "",
            "A user account managed by the system.",
            OFF | FOREVER | 4,
        ));
    }
    if caller.flavour.controller {
        users.push(user(502, "krbtgt", "", "Key Distribution Center Service Account", OFF));
    }
    for (account, place) in persona.users.iter().zip(0_u32..) {
        let (number, about) = match place {
            0 => (500, "Built-in account for administering the computer/domain"),
            _ => (1000 + place, ""),
        };
        users.push(user(number, &account.name, &account.full_name, about, NORMAL | FOREVER));
    }
    users.sort_by_key(|account| account.number);
    users
}

/// The groups of the node's own domain.
pub(super) fn groups(caller: &Caller<'_>) -> Vec<Account> {
    let all: &[(u32, &str)] = match (caller.flavour.family, caller.flavour.controller) {
        (Family::Samba, _) => &[],
        (_, false) => &[(513, "None")],
        (_, true) => &[
            (512, "Domain Admins"),
            (513, "Domain Users"),
            (514, "Domain Guests"),
            (515, "Domain Computers"),
            (516, "Domain Controllers"),
            (518, "Schema Admins"),
            (519, "Enterprise Admins"),
            (520, "Group Policy Creator Owners"),
        ],
    };
    all.iter().map(|(number, name)| known(*number, name, Kind::Group)).collect()
}

/// The aliases of the builtin domain that the node has.
pub(super) fn aliases(caller: &Caller<'_>) -> Vec<Account> {
    let few = caller.flavour.family == Family::Samba;
    let all = ALIASES.iter().filter(|(number, _)| !few || *number < 547);
    all.map(|(number, name)| known(*number, name, Kind::Alias)).collect()
}

fn known(number: u32, name: &str, kind: Kind) -> Account {
    Account { number, name: name.to_owned(), full: String::new(), about: "", kind, flags: 0 }
}

/// The account with these sub-authorities: its domain's name and sub-authorities, and what it is.
pub(super) fn find(
    caller: &Caller<'_>,
    authority: u8,
    numbers: &[u32],
) -> Option<(String, Vec<u32>, Account)> {
    let (name, domain) = own(caller);
    if authority == 22 && caller.flavour.family == Family::Samba {
        let [1, number] = numbers else { return None };
        let user = caller.host.persona().users.iter().find(|user| user.uid == *number)?;
        return Some(("Unix User".to_owned(), vec![1], known(*number, &user.name, Kind::User)));
    }
    let (last, rest) = numbers.split_last()?;
    if rest == domain {
        let all = users(caller).into_iter().chain(groups(caller));
        return all
            .into_iter()
            .find(|account| account.number == *last)
            .map(|found| (name, rest.to_vec(), found));
    }
    if rest == BUILTIN {
        let found = aliases(caller).into_iter().find(|account| account.number == *last)?;
        return Some(("BUILTIN".to_owned(), rest.to_vec(), found));
    }
    let well = [(18, "SYSTEM"), (19, "LOCAL SERVICE"), (20, "NETWORK SERVICE"), (11, "Authenticated Users")];
    let found = well.iter().find(|(number, _)| authority == 5 && rest.is_empty() && number == last)?;
    Some(("NT AUTHORITY".to_owned(), Vec::new(), known(found.0, found.1, Kind::Known)))
}

/// Whether the caller may look into the accounts. Since 2016, Windows lets administrators do so only, and domain
/// controllers whoever has an account.
pub(super) fn may_look(caller: &Caller<'_>) -> bool {
    let needed = match (caller.flavour.family, caller.flavour.controller) {
        (Family::Samba, _) => Rights::Nameless,
        (_, true) => Rights::User,
        (_, false) if 14_000 < caller.host.persona().os.build => Rights::Administrator,
        _ => Rights::User,
    };
    needed <= caller.who.rights
}
