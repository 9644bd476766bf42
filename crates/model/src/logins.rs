//! Accounts that settings of services name: a system has them once, whatever service they log in by.

use crate::persona::{accounts, check::Incoherence};
use crate::{catalogue, fleet::Decky};
use netsvc_persona::{LoginPolicy, Persona, Secret};
use std::collections::BTreeMap;

/// What one service says of accounts.
#[derive(Default)]
struct Told<'a> {
    admin: Option<&'a str>,
    user: Option<&'a str>,
    user_password: Option<&'a str>,
}

/// Puts the accounts that the settings of `decky` name into its persona.
pub fn apply(decky: &Decky, persona: &mut Persona) {
    let secret = |text: &str| Secret(text.to_owned());
    for told in told(decky) {
        if let Some(password) = told.admin {
            accounts::give(persona, None, Some(secret(password)));
        }
        if let Some(user) = told.user {
            accounts::give(persona, Some(user), told.user_password.or(told.admin).map(secret));
        }
    }
}

/// Accounts that cannot be as the settings want them.
pub fn check(decky: &Decky) -> Option<Incoherence> {
    let told = told(decky);
    if told.is_empty() {
        return None;
    }
    let found = |detail: String, remedy: &str| {
        Some(Incoherence { subject: "services", detail, remedy: remedy.to_owned() })
    };
    if decky.login != LoginPolicy::AcceptListed {
        let detail = "passwords are set, but only login = accept-listed asks for them".to_owned();
        return found(detail, "leave login out, or the passwords");
    }
    let mut passwords: BTreeMap<Option<&str>, &str> = BTreeMap::new();
    for one in &told {
        let user = one.user.map(|user| (Some(user), one.user_password.or(one.admin)));
        for (name, password) in [(None, one.admin)].into_iter().chain(user) {
            let Some(password) = password else { continue };
            if passwords.insert(name, password).is_some_and(|other| other != password) {
                let whose = name.unwrap_or("the administrator");
                let detail = format!("two services give {whose} different passwords; a system has one");
                return found(detail, "set it at one of them");
            }
        }
    }
    let lonely = told.iter().any(|one| one.user_password.is_some() && one.user.is_none());
    if lonely {
        return found("user_password is set without user".to_owned(), "name the user, or use password");
    }
    None
}

/// What each service of `decky` says, those that say something.
fn told(decky: &Decky) -> Vec<Told<'_>> {
    let mut all = Vec::new();
    for spec in &decky.services {
        let Some(service) = catalogue::find(&spec.slug) else { continue };
        let of = |kind: &str| {
            let setting = service.settings.iter().find(|setting| setting.kind == kind)?;
            spec.settings.get(&setting.key).map(String::as_str).filter(|value| !value.is_empty())
        };
        let told =
            Told { admin: of("admin_password"), user: of("account"), user_password: of("account_password") };
        if told.admin.or(told.user).or(told.user_password).is_some() {
            all.push(told);
        }
    }
    all
}
