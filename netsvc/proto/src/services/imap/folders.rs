//! CREATE, DELETE, RENAME and subscriptions (RFC 3501 §6.3).

use super::{argument::Argument, listing};
use crate::mailbox::{INBOX, Mailbox};

/// What is said where there is no room.
pub(super) const FULL: &str = "NO [OVERQUOTA] Quota exceeded (mailbox for user is full)";

/// Runs CREATE and its like.
///
/// # Errors
/// What Dovecot says; without `NO` it is about the arguments.
pub(super) fn change(mailbox: &mut Mailbox, verb: &str, arguments: &[Argument]) -> Result<String, String> {
    let texts: Vec<String> = arguments.iter().filter_map(Argument::text).collect();
    let needed = if verb == "RENAME" { 2 } else { 1 };
    if texts.len() < needed {
        return Err("Missing arguments".to_owned());
    }
    let name = listing::canonical(texts.first().map_or("", String::as_str));
    match verb {
        "CREATE" => create(mailbox, name.strip_suffix('.').unwrap_or(&name))?,
        "DELETE" if name == INBOX => return Err("NO INBOX can't be deleted".to_owned()),
        "DELETE" => {
            mailbox.folders.remove(&name).ok_or_else(|| missing(&name))?;
            mailbox.subscribed.remove(&name);
        }
        "RENAME" => rename(mailbox, &name, texts.get(1).map_or("", String::as_str))?,
        "SUBSCRIBE" if !mailbox.folders.contains_key(&name) => {
            return Err(format!("NO Mailbox doesn't exist: {name}"));
        }
        "SUBSCRIBE" => {
            mailbox.subscribed.insert(name);
        }
        _ => {
            mailbox.subscribed.remove(&name);
        }
    }
    let verb = verb.to_ascii_lowercase();
    let (first, rest) = verb.split_at_checked(1).unwrap_or_default();
    Ok(format!("OK {}{rest} completed", first.to_ascii_uppercase()))
}

fn missing(name: &str) -> String {
    format!("NO [NONEXISTENT] Mailbox doesn't exist: {name}")
}

fn create(mailbox: &mut Mailbox, name: &str) -> Result<(), String> {
    if let Some(fault) = listing::fault(name) {
        return Err(format!("NO {fault}"));
    }
    if mailbox.folders.contains_key(name) {
        return Err("NO [ALREADYEXISTS] Mailbox already exists".to_owned());
    }
    mailbox.create(name).map_err(|_| FULL.to_owned())
}

/// Gives a folder and those below it another name.
fn rename(mailbox: &mut Mailbox, from: &str, to: &str) -> Result<(), String> {
    if let Some(fault) = listing::fault(to) {
        return Err(format!("NO {fault}"));
    }
    if from == INBOX {
        return Err("NO [CANNOT] Renaming INBOX isn't supported".to_owned());
    }
    let below = format!("{from}.");
    let names: Vec<String> =
        mailbox.folders.keys().filter(|name| *name == from || name.starts_with(&below)).cloned().collect();
    if names.is_empty() {
        return Err(missing(from));
    }
    let to = listing::canonical(to);
    if mailbox.folders.contains_key(&to) {
        return Err("NO [ALREADYEXISTS] Target mailbox already exists".to_owned());
    }
    for name in names {
        if let Some(folder) = mailbox.folders.remove(&name) {
            mailbox.folders.insert(format!("{to}{}", name.strip_prefix(from).unwrap_or_default()), folder);
        }
    }
    Ok(())
}
