//! What an operator changes of one decky: a service comes, goes, or is set in another way; whom it keeps waiting.

use crate::coherence;
use decnet_model::{
    catalogue,
    flaw::Flaw,
    fleet::{Decky, Fleet, check_ports},
    nearest,
    tarpit::Tarpit,
};
use netsvc_persona::stage::ServiceSpec;
use std::collections::BTreeMap;

/// A change of one decky.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// This service comes, set like this.
    Add(ServiceSpec),
    /// This service goes.
    Remove(String),
    /// This service is set like this; an empty value takes a setting back, settings that are not named stay.
    Set(ServiceSpec),
    /// It keeps these waiting from now on, in the place of what was said of that before.
    Tarpit(Tarpit),
}

impl Edit {
    /// The service that it is about; of what is about none, its name.
    pub fn slug(&self) -> &str {
        match self {
            Edit::Tarpit(_) => "tarpit",
            Edit::Add(spec) | Edit::Set(spec) => &spec.slug,
            Edit::Remove(slug) => slug,
        }
    }
}

/// `decky` of `fleet` after `edit`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn edited(fleet: &Fleet, decky: &Decky, edit: &Edit) -> Result<Decky, Vec<Flaw>> {
    if let Edit::Tarpit(tarpit) = edit {
        return Ok(Decky { tarpit: tarpit.clone(), ..decky.clone() });
    }
    let slug = edit.slug();
    let present = decky.services.iter().any(|service| service.slug == slug);
    let mut changed = decky.clone();
    match edit {
        Edit::Add(_) if present => return Err(flaw(format!("{} has {slug} already", decky.name))),
        Edit::Remove(_) | Edit::Set(_) if !present => {
            let there = decky.slugs().join(", ");
            return Err(flaw(format!("{} has no {slug}; it has: {there}", decky.name)));
        }
        Edit::Remove(_) if decky.services.len() == 1 => {
            let why = format!("{slug} is all that {} serves; `decnet teardown` takes it down", decky.name);
            return Err(flaw(why));
        }
        Edit::Remove(_) => changed.services.retain(|service| service.slug != slug),
        Edit::Add(spec) => {
            known(spec)?;
            changed.services.push(spec.clone());
            changed.absent.retain(|absent| absent != slug);
        }
        Edit::Set(spec) => {
            known(spec)?;
            for service in changed.services.iter_mut().filter(|service| service.slug == slug) {
                spec.settings.iter().for_each(|(key, value)| set(&mut service.settings, key, value));
            }
        }
        Edit::Tarpit(_) => {}
    }
    let mut flaws: Vec<Flaw> = check_ports(&changed.slugs())
        .err()
        .map(|clash| ("services", clash.to_string()))
        .into_iter()
        .collect();
    let before = coherence::decky(fleet, decky);
    let after = coherence::decky(fleet, &changed).into_iter().filter(|found| !before.contains(found));
    flaws.extend(after.map(|found| ("services", found.to_string())));
    if flaws.is_empty() { Ok(changed) } else { Err(flaws) }
}

fn set(settings: &mut BTreeMap<String, String>, key: &str, value: &str) {
    if value.is_empty() {
        settings.remove(key);
    } else {
        settings.insert(key.to_owned(), value.to_owned());
    }
}

/// The service exists, and so do its settings.
fn known(spec: &ServiceSpec) -> Result<(), Vec<Flaw>> {
    let Some(service) = catalogue::find(&spec.slug) else {
        let all = catalogue::services().iter().map(|service| service.slug.as_str());
        let hint = nearest::hint(&spec.slug, all);
        return Err(flaw(format!(
            "no service is called {:?}{hint}; `decnet services` lists them",
            spec.slug
        )));
    };
    let given = spec.settings.iter().filter(|(_, value)| !value.is_empty());
    let checked = given.map(|(key, value)| catalogue::check(service, key, value).map_err(|bad| (key, bad)));
    let flaws: Vec<Flaw> =
        checked.filter_map(Result::err).map(|(key, bad)| ("settings", format!("{key}: {bad}"))).collect();
    if flaws.is_empty() { Ok(()) } else { Err(flaws) }
}

fn flaw(text: String) -> Vec<Flaw> {
    vec![("service", text)]
}

/// Settings as they are shown: those that hold a secret without it.
pub fn shown(slug: &str, settings: &BTreeMap<String, String>) -> String {
    let one = |(key, value): (&String, &String)| {
        if catalogue::is_secret(slug, key) { format!("{key}=***") } else { format!("{key}={value}") }
    };
    settings.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{self, Request};
    use decnet_model::runtime::Runtime;

    fn fleet() -> Fleet {
        let network = "192.0.2.0/24".parse().unwrap();
        plan::fleet(&Request::plain(1, &["ssh", "redis"], Runtime::Native, network)).unwrap()
    }

    fn spec(slug: &str, settings: &[(&str, &str)]) -> ServiceSpec {
        let pairs = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        ServiceSpec { slug: slug.to_owned(), settings: pairs.collect() }
    }

    #[test]
    fn a_service_comes_is_set_and_goes() {
        let fleet = fleet();
        let decky = fleet.deckies.values().next().unwrap();
        let with = edited(&fleet, decky, &Edit::Add(spec("mysql", &[]))).unwrap();
        assert_eq!(with.slugs(), ["ssh", "redis", "mysql"]);
        let set = edited(&fleet, &with, &Edit::Set(spec("redis", &[("password", "s3cr3t")]))).unwrap();
        let settings = &set.services[1].settings;
        assert_eq!(
            (settings["password"].as_str(), shown("redis", settings).as_str()),
            ("s3cr3t", "password=***")
        );
        let unset = edited(&fleet, &set, &Edit::Set(spec("redis", &[("password", "")]))).unwrap();
        assert_eq!(unset, with);
        let without = edited(&fleet, &with, &Edit::Remove("mysql".to_owned())).unwrap();
        assert_eq!(&without, decky);
    }

    #[test]
    fn whom_it_keeps_waiting_is_said_anew() {
        let fleet = fleet();
        let decky = fleet.deckies.values().next().unwrap();
        let tarpit = Tarpit { on: Some(true), ..Tarpit::default() };
        let waiting = edited(&fleet, decky, &Edit::Tarpit(tarpit.clone())).unwrap();
        assert_eq!(waiting, Decky { tarpit, ..decky.clone() });
        assert_eq!(&edited(&fleet, &waiting, &Edit::Tarpit(Tarpit::default())).unwrap(), decky);
    }

    #[test]
    fn what_cannot_be_is_told_and_says_what_could() {
        let fleet = fleet();
        let decky = fleet.deckies.values().next().unwrap();
        let check = |edit: Edit, part: &str| {
            let flaws = edited(&fleet, decky, &edit).unwrap_err();
            assert!(flaws.iter().any(|(_, text)| text.contains(part)), "{flaws:?}");
        };
        check(Edit::Add(spec("ssh", &[])), "has ssh already");
        check(Edit::Add(spec("mysq", &[])), "did you mean \"mysql\"?");
        check(Edit::Remove("ftp".to_owned()), "it has: ssh, redis");
        check(Edit::Set(spec("redis", &[("colour", "red")])), "has no setting \"colour\"");
        check(Edit::Set(spec("redis", &[("persistence", "perhaps")])), "yes or no");
        check(Edit::Add(spec("telnet", &[("login", "x")])), "");
        let one = edited(&fleet, decky, &Edit::Remove("redis".to_owned())).unwrap();
        let last = edited(&fleet, &one, &Edit::Remove("ssh".to_owned())).unwrap_err();
        assert!(last[0].1.contains("teardown"), "{last:?}");
    }
}
