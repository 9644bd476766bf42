//! Accounts of a node: the administrator, people, and what people's tools run as.

use super::{
    choice::choose,
    names::{FAMILY, GIVEN, PASSWORD_ENDINGS, PASSWORD_WORDS, SERVICE_ACCOUNTS},
};
use netsvc_persona::{
    Persona, Secret, User,
    tables::systems::{self, System},
};
use rand_core::RngCore;

/// The accounts, the administrator first. Names are of the plan, passwords are secret.
pub(crate) fn users(system: &System, plan: &mut impl RngCore, secret: &mut impl RngCore) -> Vec<User> {
    let weak = Some(guessable(secret));
    let windows = system.family.starts_with("windows");
    let mut users = if windows {
        vec![windows_user("Administrator", "", 500, weak)]
    } else {
        vec![unix_user(system, "root", "root", 0, weak)]
    };
    if matches!(system.family, "embedded" | "cisco" | "junos" | "esxi") {
        users.push(unix_user(system, "admin", "admin", 500, Some(guessable(secret))));
        return users;
    }
    for index in 0..1 + plan.next_u32() % 3 {
        let given = choose(GIVEN, plan.next_u64()).unwrap_or("jan");
        let family = choose(FAMILY, plan.next_u64()).unwrap_or("meier");
        let initial: String = given.chars().take(1).collect();
        let full = format!("{} {}", capital(given), capital(family));
        let password = (index == 0).then(|| personal(secret));
        add(&mut users, system, &format!("{initial}{family}"), &full, password);
    }
    if plan.next_u32().is_multiple_of(2) {
        let (name, full) = choose(SERVICE_ACCOUNTS, plan.next_u64()).unwrap_or(("deploy", "Deployment"));
        add(&mut users, system, name, full, None);
    }
    users
}

/// Gives the account `name` a password, and makes it if there is none; without a name it is the administrator's.
pub fn give(persona: &mut Persona, name: Option<&str>, password: Option<Secret>) {
    let Some(name) = name else {
        if let (Some(first), Some(password)) = (persona.users.first_mut(), password) {
            first.password = Some(password);
        }
        return;
    };
    if let Some(known) = persona.users.iter_mut().find(|known| known.name == name) {
        known.password = password.or(known.password.take());
    } else if let Some(system) = systems::find(&persona.os.id) {
        add(&mut persona.users, system, name, &capital(name), password);
    }
}

/// A password of an administrator who did not care: it is to be found by those who guess.
fn guessable(random: &mut impl RngCore) -> Secret {
    let word = choose(PASSWORD_WORDS, random.next_u64()).unwrap_or("admin");
    let ending = choose(PASSWORD_ENDINGS, random.next_u64()).unwrap_or("123");
    let capital = random.next_u32().is_multiple_of(2);
    Secret(if capital { format!("{}{ending}", self::capital(word)) } else { format!("{word}{ending}") })
}

/// A password that a person made up: nobody else has it.
fn personal(random: &mut impl RngCore) -> Secret {
    let (first, second) = (choose(GIVEN, random.next_u64()), choose(PASSWORD_WORDS, random.next_u64()));
    let sign = choose(&["-", "_", ".", "+", "!"], random.next_u64()).unwrap_or("-");
    let number = random.next_u32() % 1_000_000;
    Secret(format!("{}{sign}{}{number:06}", capital(first.unwrap_or("jan")), second.unwrap_or("office")))
}

/// Adds an account with the next number, unless the name is taken.
fn add(users: &mut Vec<User>, system: &System, name: &str, full: &str, password: Option<Secret>) {
    if users.iter().any(|known| known.name == name) {
        return;
    }
    let first = if system.family.starts_with("windows") { 1001 } else { 1000 };
    let uid = users.iter().map(|known| known.uid + 1).filter(|uid| first < *uid).max().unwrap_or(first);
    users.push(if system.family.starts_with("windows") {
        windows_user(name, full, uid, password)
    } else {
        unix_user(system, name, full, uid, password)
    });
}

fn windows_user(name: &str, full: &str, uid: u32, password: Option<Secret>) -> User {
    User {
        name: name.to_owned(),
        full_name: full.to_owned(),
        uid,
        home: format!("C:\\Users\\{name}"),
        shell: "C:\\Windows\\system32\\cmd.exe".to_owned(),
        password,
    }
}

fn unix_user(system: &System, name: &str, full: &str, uid: u32, password: Option<Secret>) -> User {
    let shell = match system.id {
        "alpine319" => "/bin/sh",
        _ if matches!(system.family, "embedded" | "bsd" | "cisco" | "junos" | "esxi") => "/bin/sh",
        "macos" => "/bin/zsh",
        _ => "/bin/bash",
    };
    User {
        name: name.to_owned(),
        full_name: full.to_owned(),
        uid,
        home: if uid == 0 { "/root".to_owned() } else { format!("/home/{name}") },
        shell: shell.to_owned(),
        password,
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::{subkey, tables::systems::SYSTEMS};
    use std::collections::BTreeSet;

    #[test]
    fn each_system_has_its_administrator_and_nobody_shares_a_number() {
        for system in SYSTEMS {
            for node in ["a", "b", "c", "d"] {
                let users = users(
                    system,
                    &mut subkey::generator(b"plan", &[node]),
                    &mut subkey::generator(b"secret", &[node]),
                );
                let numbers: BTreeSet<_> = users.iter().map(|user| user.uid).collect();
                assert_eq!(numbers.len(), users.len(), "{users:?}");
                let first = if system.family.starts_with("windows") { "Administrator" } else { "root" };
                assert_eq!(users.first().map(|user| user.name.as_str()), Some(first));
                let listed = users.iter().filter(|user| user.password.is_some()).count();
                assert!((1..=2).contains(&listed));
            }
        }
    }
}
