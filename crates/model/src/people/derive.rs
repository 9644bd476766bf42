//! The people of a domain as the install secret draws them, with those who have accounts on its machines.

use super::{Hours, Language, MOST, POOL_VERSION, Person, Pool, Style};
use netsvc_persona::{
    Persona, subkey,
    tables::people::{COLLEAGUES, DEPARTMENTS, Department, FAMILY, GIVEN},
};
use rand_core::RngCore;

/// People who are drawn beside those whom everybody knows: at least, and so many more.
const DRAWN: (u32, u32) = (8, 13);
/// Most people who are there because machines have accounts of theirs.
const USERS: usize = 30;

/// The people of `domain`, whose machines are `personas`.
pub fn derive(secret: &[u8], domain: &str, personas: &[&Persona]) -> Pool {
    let mut drawing = Drawing { secret, domain, people: Vec::new() };
    let mut random = subkey::generator(secret, &["people", domain]);
    let mut names: Vec<(&str, &str)> = COLLEAGUES.to_vec();
    for _ in 0..DRAWN.0 + random.next_u32() % DRAWN.1 {
        let word =
            |table: &'static [&'static str], drawn: u32| table.get(drawn as usize % table.len().max(1));
        let (given, family) = (word(GIVEN, random.next_u32()), word(FAMILY, random.next_u32()));
        names.extend(given.zip(family).map(|(given, family)| (*given, *family)));
    }
    for (given, family) in names {
        let initial: String = given.chars().take(1).collect();
        drawing.add(&format!("{initial}{family}").to_ascii_lowercase(), given, family);
    }
    let zone_minutes = personas.first().map_or(0, |persona| persona.zone.offset_minutes);
    let mut pool =
        Pool { version: POOL_VERSION, domain: domain.to_owned(), zone_minutes, people: drawing.people };
    lead(&mut pool);
    extend(secret, &mut pool, personas);
    acquaint(secret, &mut pool);
    pool
}

/// Adds those who have accounts on machines of the domain and are not there yet. Returns whether there were any.
pub fn extend(secret: &[u8], pool: &mut Pool, personas: &[&Persona]) -> bool {
    let before = pool.people.len();
    let domain = pool.domain.clone();
    let mut drawing = Drawing { secret, domain: &domain, people: std::mem::take(&mut pool.people) };
    let most = MOST.min(before + USERS);
    for user in personas.iter().flat_map(|persona| &persona.users) {
        let Some((given, family)) = user.full_name.split_once(' ').filter(|_| user.uid != 0) else {
            continue;
        };
        if drawing.people.len() < most && is_word(given) && is_word(family) {
            drawing.add(&user.name, given, family);
        }
    }
    pool.people = drawing.people;
    let grown = before < pool.people.len();
    if grown && before > 0 {
        acquaint(secret, pool);
    }
    grown
}

/// Names of tools (`GitLab Runner`) are none of people.
fn is_word(name: &str) -> bool {
    let tool = ["Runner", "Agent", "Service", "Deployment"].contains(&name);
    !tool && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

struct Drawing<'a> {
    secret: &'a [u8],
    domain: &'a str,
    people: Vec<Person>,
}

impl Drawing<'_> {
    /// Adds somebody, unless the login name or the address is taken. What is drawn is drawn from the login name.
    fn add(&mut self, account: &str, given: &str, family: &str) {
        let mail = format!("{given}.{family}").to_ascii_lowercase();
        if self.people.iter().any(|one| one.account == account || one.mail == mail) {
            return;
        }
        let mut random = subkey::generator(self.secret, &["person", self.domain, account]);
        let Some(department) = department(random.next_u32()) else { return };
        let place = 1 + random.next_u32() as usize % (department.titles.len() - 1).max(1);
        let from = 7 * 60 + 30 + u16::try_from(random.next_u32() % 7).unwrap_or(0) * 15;
        let length = 8 * 60 + u16::try_from(random.next_u32() % 5).unwrap_or(0) * 15;
        self.people.push(Person {
            account: account.to_owned(),
            given: given.to_owned(),
            family: family.to_owned(),
            mail,
            department: department.name.to_owned(),
            title: department.titles.get(place).copied().unwrap_or_default().to_owned(),
            language: language(self.people.len()),
            hours: Hours { from, to: from + length },
            style: Style::ALL
                .get(random.next_u32() as usize % Style::ALL.len())
                .copied()
                .unwrap_or(Style::Plain),
            writes_to: Vec::new(),
        });
    }
}

/// The language of who is at `place`: of eight people three write German, three English and two French.
fn language(place: usize) -> Language {
    match place % 8 {
        0 | 3 | 5 => Language::German,
        1 | 4 | 6 => Language::English,
        _ => Language::French,
    }
}

fn department(drawn: u32) -> Option<&'static Department> {
    let all: u32 = DEPARTMENTS.iter().map(|department| department.share).sum();
    let mut left = drawn % all.max(1);
    DEPARTMENTS.iter().find(|department| match left.checked_sub(department.share) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    })
}

/// The first of each department leads it.
fn lead(pool: &mut Pool) {
    for department in DEPARTMENTS {
        if let Some(first) = pool.people.iter_mut().find(|one| one.department == department.name) {
            first.title = department.titles.first().copied().unwrap_or_default().to_owned();
        }
    }
}

/// Who writes to whom, for those who write to nobody yet: some of the own department, its head, some of others, and
/// first of all those with whom one shares a language.
fn acquaint(secret: &[u8], pool: &mut Pool) {
    let known: Vec<(String, String, Language)> =
        pool.people.iter().map(|one| (one.account.clone(), one.department.clone(), one.language)).collect();
    for person in &mut pool.people {
        if !person.writes_to.is_empty() {
            continue;
        }
        let closeness = |other: &&(String, String, Language)| {
            let mut random = subkey::generator(secret, &["knows", &person.account, &other.0]);
            let near =
                u32::from(other.1 == person.department) * 150 + u32::from(other.2 == person.language) * 450;
            (near + random.next_u32() % 500, other.0.clone())
        };
        let mut others: Vec<_> =
            known.iter().filter(|other| other.0 != person.account).map(|other| closeness(&other)).collect();
        others.sort_by(|left, right| right.cmp(left));
        person.writes_to = others.into_iter().take(8).map(|(_, account)| account).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_persona::{Secret, User};

    fn with_user(name: &str, full: &str) -> Persona {
        let text = include_str!("../../../engine/tests/persona.json");
        let mut persona: Persona = serde_json::from_str(text).unwrap();
        persona.users = vec![User {
            name: name.to_owned(),
            full_name: full.to_owned(),
            uid: 1000,
            home: format!("/home/{name}"),
            shell: "/bin/sh".to_owned(),
            password: Some(Secret("x".to_owned())),
        }];
        persona
    }

    #[test]
    fn a_domain_has_its_people_and_those_with_accounts_on_its_machines() {
        let (anna, tool) = (with_user("aweber", "Anna Weber"), with_user("gitlab-runner", "GitLab Runner"));
        let pool = derive(b"secret", "corp.example", &[&anna, &tool]);
        assert_eq!(pool, derive(b"secret", "corp.example", &[&anna, &tool]));
        assert_ne!(pool, derive(b"other", "corp.example", &[&anna, &tool]));
        assert!((20..=60).contains(&pool.people.len()), "{}", pool.people.len());
        let own = pool.person("aweber").unwrap();
        assert_eq!((own.mail.as_str(), own.writes_to.len()), ("anna.weber", 8));
        assert!(pool.person("gitlab-runner").is_none());
        for language in Language::ALL {
            assert!(pool.people.iter().filter(|one| one.language == *language).count() > 1, "{language:?}");
        }
        let heads = pool.people.iter().filter(|one| one.title == "Head of IT").count();
        assert!(heads <= 1);
    }

    #[test]
    fn who_comes_later_changes_nobody_else() {
        let anna = with_user("aweber", "Anna Weber");
        let mut pool = derive(b"secret", "corp.example", &[]);
        let before = pool.clone();
        assert!(extend(b"secret", &mut pool, &[&anna]) && !extend(b"secret", &mut pool, &[&anna]));
        assert_eq!(pool.people.get(..before.people.len()), Some(before.people.as_slice()));
        assert!(pool.person("aweber").is_some_and(|own| !own.writes_to.is_empty()));
    }
}
