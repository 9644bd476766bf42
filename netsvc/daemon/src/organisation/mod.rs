//! The organisation that the nodes of a domain belong to: its people, service accounts, computers and groups, as a
//! directory server tells of them. Every node of a domain tells the same, and knows the accounts that its own logins
//! know.

mod draw;
mod key;
mod names;

use netsvc_kit::{Accounts, Host, Link};
use netsvc_persona::{LoginPolicy, Persona};
use parking_lot::Mutex;
use std::{borrow::Cow, collections::BTreeMap, net::IpAddr, sync::Arc};

/// µs of a day.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It came with the domain: `Administrator`, `Guest`, `krbtgt`.
    Builtin,
    /// Somebody's.
    Person,
    /// A program runs as it.
    Service,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// Given name; empty: it is nobody's.
    pub given: String,
    /// Family name, or the whole one of an account that is nobody's.
    pub family: String,
    /// What it is for.
    pub role: Role,
    /// Department of a person.
    pub department: Cow<'static, str>,
    /// Title of a person.
    pub title: Cow<'static, str>,
    /// Address of a person for mail, without its domain.
    pub address: String,
    /// Whom a person answers to: the index of another account.
    pub manager: Option<usize>,
    /// What is said of it.
    pub about: String,
    /// Extension of the telephone.
    pub extension: u32,
    /// Its number in the domain.
    pub rid: u32,
    /// When it was made, µs since the epoch.
    pub created: i64,
    /// When its password was set.
    pub password_set: i64,
    /// When it was used last; none: never.
    pub last_logon: Option<i64>,
    /// How often it was used.
    pub logons: u32,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether its owner has to prove himself before he gets a ticket (Kerberos' pre-authentication).
    pub proves: bool,
    /// The services that it runs (service principal names).
    pub principals: Vec<String>,
    /// Its password, where one is known that lets in.
    pub password: Option<String>,
}

/// A computer of the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computer {
    /// Name, in upper case, of at most 15 letters.
    pub name: String,
    /// Name in DNS.
    pub dns: String,
    /// System, as a directory tells it.
    pub system: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Whether the directory itself runs there.
    pub controller: bool,
    /// Whether it is a server.
    pub server: bool,
    /// Address, where it has one.
    pub address: Option<IpAddr>,
    /// Its number in the domain.
    pub rid: u32,
    /// When it joined, µs since the epoch.
    pub created: i64,
    /// When it was there last.
    pub last_logon: i64,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: &'static str,
    /// What is said of it.
    pub about: &'static str,
    /// Its number: in the domain, or of all Windows where `builtin`.
    pub rid: u32,
    /// Whether every Windows has it.
    pub builtin: bool,
    /// Scope and kind, as `groupType` has it.
    pub kind: i32,
    /// Names of its accounts and groups.
    pub members: Vec<String>,
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Domain in DNS, in lower case.
    pub domain: String,
    /// Name of the domain in NetBIOS.
    pub netbios: String,
    /// What the identifiers (SID) of the domain are made of.
    pub sid: [u32; 3],
    /// When the domain was made, µs since the epoch.
    pub founded: i64,
    /// Accounts: those that came with the domain, people, service accounts.
    pub accounts: Vec<Account>,
    /// Computers, those with the directory first.
    pub computers: Vec<Computer>,
    /// Groups.
    pub groups: Vec<Group>,
    /// What everything else that must look random is drawn from.
    key: [u8; 32],
}

/// What was made last for each domain, with the turn of the stage's directory and the day that it is of.
#[derive(Default)]
struct Made(Mutex<BTreeMap<String, (u64, i64, Arc<Organisation>)>>);

/// The domain of `persona`, in lower case; one of its own where it has none.
pub fn domain(persona: &Persona) -> String {
    let domain = persona.domain.trim_matches('.').to_ascii_lowercase();
    if domain.is_empty() { format!("{}.lan", persona.hostname.to_ascii_lowercase()) } else { domain }
}

impl Organisation {
    /// The organisation that `host` belongs to, as it is now.
    pub fn of(host: &Host) -> Arc<Organisation> {
        let stage = &host.node.stage;
        let made = stage.shared(Made::default);
        let (domain, turn) = (domain(host.persona()), stage.directory.turn());
        let day = host.clock().div_euclid(DAY);
        if let Some((known, of, organisation)) = made.0.lock().get(&domain)
            && (*known, *of) == (turn, day)
        {
            return organisation.clone();
        }
        let key = key::of(stage, &domain, host.persona());
        let organisation = Arc::new(draw::organisation(&domain, key, host, day * DAY));
        made.0.lock().insert(domain, (turn, day, organisation.clone()));
        organisation
    }

    /// The account called `name`, in any case of letters.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name.eq_ignore_ascii_case(name))
    }

    /// The name of the domain in Kerberos.
    pub fn realm(&self) -> String {
        self.domain.to_ascii_uppercase()
    }

    /// 32 bytes for `labels` that nobody outside can know, the same at every node.
    pub fn secret(&self, labels: &[&str]) -> [u8; 32] {
        netsvc_persona::subkey::bytes(&self.key, labels)
    }

    /// The name of the account that `given` stands for: `DOMAIN\name`, `name@domain` or `name`. `None`: it is of
    /// another domain.
    pub fn own<'a>(&self, given: &'a str) -> Option<&'a str> {
        let ours = |domain: &str| {
            domain.is_empty()
                || domain.eq_ignore_ascii_case(&self.netbios)
                || domain.eq_ignore_ascii_case(&self.domain)
        };
        match (given.split_once('\\'), given.rsplit_once('@')) {
            (Some((domain, name)), _) | (None, Some((name, domain))) => ours(domain).then_some(name),
            (None, None) => Some(given),
        }
    }

    /// Whether the peer of `link` gets in at `host` as the account `name` with `password`: the accounts of the
    /// directory whose passwords are known do at every node, all others as the node decides.
    pub fn login(&self, host: &Host, link: &Link, name: &str, password: &[u8]) -> bool {
        let fits = |known: &String| known.as_bytes() == password && !password.is_empty();
        if let Some(account) = self.account(name).filter(|_| host.persona().login != LoginPolicy::Deny) {
            if !account.enabled {
                return false;
            }
            if account.role == Role::Service && account.password.as_ref().is_some_and(fits) {
                return true;
            }
        }
        let name = self.spelled(name);
        host.login(link, Accounts::System, name.as_bytes(), password)
    }

    /// The password of the account `name` that `fits`, as far as anything is known at `host` that could.
    pub fn password_of(
        &self,
        host: &Host,
        link: &Link,
        name: &str,
        fits: impl Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        let account = self.account(name).filter(|account| account.role == Role::Service);
        let known = account.and_then(|account| account.password.as_ref());
        let known = known.filter(|password| fits(password.as_bytes()));
        if let Some(password) = known.filter(|_| host.persona().login != LoginPolicy::Deny) {
            return Some(password.clone().into_bytes());
        }
        host.password_of(link, Accounts::System, self.spelled(name).as_bytes(), fits)
    }

    /// `name` as its account is written, where there is one: names are the same in any case of letters.
    fn spelled(&self, name: &str) -> String {
        self.account(name).map_or(name, |account| &account.name).to_owned()
    }
}

impl Account {
    /// Its full name.
    pub fn full(&self) -> String {
        if self.given.is_empty() { self.family.clone() } else { format!("{} {}", self.given, self.family) }
    }

    /// Its address for mail in `domain`, where it is somebody's.
    pub fn mail(&self, domain: &str) -> Option<String> {
        (self.role == Role::Person && !self.address.is_empty()).then(|| format!("{}@{domain}", self.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing::{host, link, persona, stage};

    #[test]
    fn every_node_of_a_domain_tells_of_the_same_organisation_and_another_domain_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let stage = stage(folder.path());
        let mut other = persona("dc-02");
        other.subkey = netsvc_persona::Secret("44".repeat(32));
        "srv-files-04".clone_into(&mut other.hostname);
        let first = host(&stage, persona("dc-01"), "ldap", &[]);
        let second = host(&stage, other.clone(), "ldap", &[]);
        let told = |organisation: &Organisation| {
            let accounts = organisation.accounts.iter();
            accounts.map(|account| (account.name.clone(), account.rid)).collect::<Vec<_>>()
        };
        let one = Organisation::of(&first);
        assert_eq!(one, Organisation::of(&second));
        other.domain = "else.example".to_owned();
        let elsewhere = Organisation::of(&host(&stage, other, "ldap", &[]));
        assert_ne!(told(&one), told(&elsewhere));
        assert_ne!(one.sid, elsewhere.sid);
        drop(first);
        let later = Organisation::of(&second);
        assert_eq!(one.sid, later.sid, "the domain outlives the node that it was drawn from");
    }

    #[test]
    fn numbers_and_names_are_unique_and_everybody_in_a_group_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&stage(folder.path()), persona("dc-01"), "ldap", &[]);
        let organisation = Organisation::of(&host);
        let accounts = organisation.accounts.iter();
        let mut names: Vec<_> = accounts.clone().map(|account| account.name.to_ascii_lowercase()).collect();
        let domain_groups = organisation.groups.iter().filter(|group| !group.builtin);
        let mut numbers: Vec<_> = accounts
            .map(|account| account.rid)
            .chain(organisation.computers.iter().map(|computer| computer.rid))
            .chain(domain_groups.map(|group| group.rid))
            .collect();
        let (all, most) = (names.len(), numbers.len());
        names.sort();
        names.dedup();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((names.len(), numbers.len()), (all, most));
        assert!(20 < all, "{all}");
        for member in organisation.groups.iter().flat_map(|group| &group.members) {
            let known = organisation.account(member).is_some()
                || organisation.groups.iter().any(|group| group.name == member)
                || organisation.computers.iter().any(|computer| computer.name == *member);
            assert!(known, "{member}");
        }
    }

    #[test]
    fn the_password_of_a_service_account_lets_in_and_no_other_does() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&stage(folder.path()), persona("dc-01"), "ldap", &[]);
        let organisation = Organisation::of(&host);
        let runs = |account: &&Account| !account.principals.is_empty() && account.password.is_some();
        let runs = organisation.accounts.iter().find(runs).unwrap();
        let password = runs.password.clone().unwrap();
        let enters =
            |name: &str, password: &str| organisation.login(&host, &link(389), name, password.as_bytes());
        assert!(enters(&runs.name.to_uppercase(), &password));
        assert!(!enters(&runs.name, "other") && !enters(&runs.name, ""));
        assert!(enters("root", "toor"), "accounts of the node are as they are");
        assert!(!enters("krbtgt", ""));
    }

    #[test]
    fn names_are_read_with_their_domain() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(&stage(folder.path()), persona("dc-01"), "ldap", &[]);
        let organisation = Organisation::of(&host);
        for (given, own) in [
            ("CORP\\ann", Some("ann")),
            ("ann@corp.example", Some("ann")),
            ("ann", Some("ann")),
            ("OTHER\\ann", None),
            ("ann@corp", Some("ann")),
            ("ann@other.example", None),
        ] {
            assert_eq!(organisation.own(given), own, "{given}");
        }
    }
}
