//! The people of domains: the same on every machine that tells of them. Like canaries they are no part of a stored
//! persona; what they write is handed on without any machine noticing.

use crate::error::{Error, document, stored};
use decnet_engine::node::{Nodes, Post};
use decnet_model::{
    people::{self, MAILBOXES, Pool},
    record::{LetterFilter, LetterRow, PEOPLE_SECRET, PoolRow},
};
use decnet_store::Store;
use netsvc_persona::{Letter, LetterCopy, Persona, subkey};
use netsvc_wire::stamp::{DAY, Micros};
use std::collections::{BTreeMap, BTreeSet};

/// Services that tell of people, or hold mail for them.
const TELL: [&str; 6] = ["imap", "pop3", "smtp", "smtp_relay", "ldap", "kerberos"];
/// Days after which a letter is in no mailbox any more.
const KEPT: i64 = 66;
/// Most letters of a domain.
const LETTERS: u32 = 5000;

/// What people of an install are drawn from. It leads back to no other secret, and stands in the store, so that whoever
/// writes their letters need not know those.
async fn secret(store: &Store, install: &[u8; 32]) -> Result<[u8; 32], Error> {
    let secret = subkey::bytes(install, &["people"]);
    let text = hex::encode(secret);
    if store.setting_get(PEOPLE_SECRET).await.map_err(stored("read a setting"))?.as_ref() != Some(&text) {
        store.setting_put(PEOPLE_SECRET, &text).await.map_err(stored("store a setting"))?;
    }
    Ok(secret)
}

/// Tells machines of the people of their domains, and gives them the files of what those work on. A domain that has no
/// people yet gets them, and those who have accounts on new machines are added.
pub(super) async fn lay(
    store: &Store,
    install: &[u8; 32],
    nodes: &mut Nodes,
    now: Micros,
) -> Result<(), Error> {
    let tells = |node: &decnet_engine::node::NodeSpec| {
        node.services.iter().any(|service| TELL.contains(&service.slug.as_str()))
    };
    let telling = nodes.values().filter(|node| tells(node) && !node.persona.domain.is_empty());
    let domains: BTreeSet<String> = telling.map(|node| node.persona.domain.clone()).collect();
    if domains.is_empty() {
        return Ok(());
    }
    let secret = secret(store, install).await?;
    for domain in domains {
        let mut own: Vec<&Persona> =
            nodes.values().map(|node| &node.persona).filter(|persona| persona.domain == domain).collect();
        own.sort_by_key(|persona| !MAILBOXES.iter().any(|slug| persona.products.contains_key(*slug)));
        let people = pool(store, &secret, &domain, &own, now).await?.colleagues();
        let keeper = people::file_host(own.iter().copied()).map(|persona| persona.node.clone());
        for (name, node) in nodes.iter_mut().filter(|(_, node)| node.persona.domain == domain) {
            if tells(node) {
                node.persona.people.clone_from(&people);
            }
            if Some(name) == keeper.as_ref() {
                let files = people::files(&secret, &node.persona);
                node.persona.files.extend(files);
            }
        }
    }
    Ok(())
}

/// The people of `domain`. Those that an operator wrote stay as he wrote them.
async fn pool(
    store: &Store,
    secret: &[u8; 32],
    domain: &str,
    personas: &[&Persona],
    now: Micros,
) -> Result<Pool, Error> {
    let row = store.pool_get(domain).await.map_err(stored("read the people of a domain"))?;
    let (mut pool, written) = match row {
        Some(row) => {
            let pool: Pool =
                serde_json::from_str(&row.document).map_err(document("read the people of a domain"))?;
            (pool, !row.by.is_empty())
        }
        None => {
            let pool = people::derive(secret, domain, personas);
            put(store, &pool, now).await?;
            return Ok(pool);
        }
    };
    if !written && people::extend(secret, &mut pool, personas) {
        put(store, &pool, now).await?;
    }
    Ok(pool)
}

async fn put(store: &Store, pool: &Pool, now: Micros) -> Result<(), Error> {
    let row = PoolRow {
        domain: pool.domain.clone(),
        document: serde_json::to_string(pool).map_err(document("write the people of a domain"))?,
        by: String::new(),
        changed_at: now,
    };
    store.pool_put(&row).await.map_err(stored("store the people of a domain"))
}

/// What lies in the mailboxes of each machine that has some.
pub(super) async fn post(store: &Store, nodes: &Nodes, now: Micros) -> Result<Vec<Post>, Error> {
    let mut by_domain: BTreeMap<&str, Vec<&Persona>> = BTreeMap::new();
    for node in nodes.values() {
        if node.services.iter().any(|service| MAILBOXES.contains(&service.slug.as_str())) {
            by_domain.entry(&node.persona.domain).or_default().push(&node.persona);
        }
    }
    let mut all = Vec::new();
    for (domain, hosts) in by_domain {
        let filter = LetterFilter {
            domain: Some(domain.to_owned()),
            since: Some(now - KEPT * DAY),
            ..LetterFilter::default()
        };
        let mut rows = store.letter_list(&filter, LETTERS).await.map_err(stored("read letters"))?;
        rows.reverse();
        for (place, host) in hosts.iter().enumerate() {
            let letters = rows.iter().filter_map(|row| letter(row, host, &hosts, place)).collect();
            all.push(Post { node: host.node.clone(), letters });
        }
    }
    Ok(all)
}

/// A letter as far as it lies in mailboxes of `host`, which is the one at `place` of `hosts`.
fn letter(row: &LetterRow, host: &Persona, hosts: &[&Persona], place: usize) -> Option<Letter> {
    let here = |copy: &LetterCopy| home(&copy.account, hosts) == place;
    let copies: Vec<LetterCopy> = row.copies().into_iter().filter(here).collect();
    let sender = host.people.iter().find(|one| one.account == row.sender);
    let from = sender.map_or_else(|| row.sender.clone(), |one| one.mail.clone());
    (!copies.is_empty()).then(|| Letter {
        id: row.id.clone(),
        from: format!("{from}@{}", row.domain),
        at: row.at,
        content: row.content.clone(),
        copies,
    })
}

/// Which of `hosts` has the mailbox of `account`: one on which he has an account, or one that his name draws.
fn home(account: &str, hosts: &[&Persona]) -> usize {
    let has = |host: &&Persona| host.users.iter().any(|user| user.name == account);
    let drawn =
        account.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    hosts.iter().position(has).unwrap_or(drawn % hosts.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, user: &str) -> Persona {
        let text = include_str!("../../engine/tests/persona.json");
        let mut persona: Persona = serde_json::from_str(text).unwrap();
        persona.node = name.to_owned();
        user.clone_into(&mut persona.users.first_mut().unwrap().name);
        persona
    }

    #[test]
    fn a_letter_lies_where_the_mailboxes_of_its_people_are() {
        let (one, two) = (host("mail-01", "anna"), host("mail-02", "ben"));
        let hosts = [&one, &two];
        let copy = |account: &str, sent| LetterCopy {
            account: account.to_owned(),
            sent,
            seen_at: 0,
            answered_at: None,
        };
        let row = LetterRow {
            id: "1".to_owned(),
            thread: "1".to_owned(),
            domain: "corp.example".to_owned(),
            sender: "anna".to_owned(),
            recipients: "ben".to_owned(),
            subject: String::new(),
            language: "en".to_owned(),
            origin: "template".to_owned(),
            at: 5,
            copies: serde_json::to_string(&[copy("anna", true), copy("ben", false)]).unwrap(),
            content: "x".to_owned(),
        };
        let (first, second) =
            (letter(&row, &one, &hosts, 0).unwrap(), letter(&row, &two, &hosts, 1).unwrap());
        assert_eq!((first.copies, first.from.as_str()), (vec![copy("anna", true)], "anna@corp.example"));
        assert_eq!(second.copies, vec![copy("ben", false)]);
        let alone = letter(&row, &one, &[&one], 0).unwrap();
        assert_eq!(alone.copies.len(), 2);
    }
}
