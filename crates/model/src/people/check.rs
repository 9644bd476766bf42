//! What is wrong with a pool that an operator wrote.

use super::{MOST, POOL_VERSION, Pool};
use crate::flaw::Flaw;
use std::collections::BTreeSet;

/// Longest name of anything.
const LONGEST: usize = 64;
/// Longest login name: what Windows takes.
const ACCOUNT: usize = 20;
/// Most to whom one writes.
const WRITES: usize = 30;

/// Flaws of `pool`; none: it can be used. Only names that stand as they are in headers of mails and in names of a
/// directory are taken: letters, digits and a few signs of ASCII.
pub fn check(pool: &Pool) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if pool.version != POOL_VERSION {
        flaws.push(("version", format!("{} is not {POOL_VERSION}", pool.version)));
    }
    if !is_domain(&pool.domain) {
        flaws.push(("domain", format!("{:?} is no domain", pool.domain)));
    }
    if !(-14 * 60..=14 * 60).contains(&pool.zone_minutes) {
        flaws.push(("zone_minutes", "-840 to 840".to_owned()));
    }
    if !(2..=MOST).contains(&pool.people.len()) {
        flaws.push(("people", format!("2 to {MOST}")));
    }
    let (mut accounts, mut mails) = (BTreeSet::new(), BTreeSet::new());
    for person in &pool.people {
        let name = &person.account;
        let words = [&person.given, &person.family, &person.department, &person.title];
        if !is_local(name) || ACCOUNT < name.len() {
            flaws.push(("account", format!("{name:?}: 1 to {ACCOUNT} small letters, digits, `.`, `-`, `_`")));
        } else if !is_local(&person.mail) {
            flaws.push(("mail", format!("{name}: {:?} is no address without a domain", person.mail)));
        } else if !accounts.insert(name) || !mails.insert(&person.mail) {
            flaws.push(("people", format!("{name:?} or its address is there twice")));
        } else if let Some(bad) = words.iter().find(|word| !is_plain(word)) {
            flaws.push((
                "people",
                format!("{name}: {bad:?}: letters, digits, spaces, and `.`, `-`, `'`, `&`, `/`"),
            ));
        } else if WRITES < person.writes_to.len() {
            flaws.push(("writes_to", format!("{name}: at most {WRITES}")));
        } else if let Some(who) =
            person.writes_to.iter().find(|who| *who == name || pool.person(who).is_none())
        {
            flaws.push(("writes_to", format!("{name}: {who:?} is nobody else here")));
        }
    }
    flaws
}

/// A part of an address, in small letters.
fn is_local(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(known)
        && !text.starts_with('.')
        && !text.ends_with('.')
        && !text.contains("..")
}

fn is_plain(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b" .-'&/".contains(&byte);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(known) && text.trim() == text
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Person, derive};

    #[test]
    fn what_is_derived_has_no_flaw_and_what_is_odd_is_told() {
        let pool = derive(&[1; 32], "corp.example", &[]);
        assert_eq!(check(&pool), []);
        let broken = |change: fn(&mut Pool)| {
            let mut pool = pool.clone();
            change(&mut pool);
            check(&pool).first().map(|(field, _)| *field)
        };
        let first: fn(&mut Pool) -> &mut Person = |pool| pool.people.first_mut().unwrap();
        assert_eq!(broken(|_| ()), None);
        assert_eq!(broken(|pool| pool.version = 2), Some("version"));
        assert_eq!(broken(|pool| pool.domain = "a b".to_owned()), Some("domain"));
        assert_eq!(broken(|pool| pool.people.truncate(1)), Some("people"));
        for (field, text) in [("account", "A\r\nBcc: b"), ("account", ""), ("account", "..")] {
            let mut pool = pool.clone();
            text.clone_into(&mut first(&mut pool).account);
            assert_eq!(check(&pool).first().map(|(field, _)| *field), Some(field), "{text}");
        }
        for text in ["", "a,OU=b", "a\nb", " a", "\u{e9}"] {
            let mut pool = pool.clone();
            text.clone_into(&mut first(&mut pool).department);
            assert_eq!(check(&pool).first().map(|(field, _)| *field), Some("people"), "{text}");
        }
        assert_eq!(broken(|pool| pool.people.push(pool.people.first().unwrap().clone())), Some("people"));
        assert_eq!(
            broken(|pool| pool.people.first_mut().unwrap().writes_to = vec!["nobody".to_owned()]),
            Some("writes_to")
        );
    }
}
