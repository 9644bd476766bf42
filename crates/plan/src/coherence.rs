//! What cannot stand together in one machine, seen before it is made.

use decnet_model::{
    archetype::{Archetype, DISTROS},
    catalogue,
    fleet::{Decky, DeckyName, Fleet},
    persona::{
        check::{self, Incoherence},
        derive::derive,
    },
};
use netsvc_persona::{
    LoginPolicy,
    tables::systems::{self, SYSTEMS},
};

/// A persona for the check needs some time and some secret; neither changes what it finds.
const MOMENT: i64 = 1_767_225_600_000_000;

/// Most distros that a remedy names.
const MOST_NAMED: usize = 9;

/// A contradiction with the decky that it is in.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{decky}: {what}")]
pub struct Contradiction {
    /// The decky.
    pub decky: DeckyName,
    /// What contradicts, and what would be right.
    pub what: Incoherence,
}

/// Every contradiction of the fleet.
pub fn fleet(fleet: &Fleet) -> Vec<Contradiction> {
    let named = |decky: &Decky, what| Contradiction { decky: decky.name.clone(), what };
    let all = fleet.deckies.values();
    all.flat_map(|decky| self::decky(fleet, decky).into_iter().map(move |what| named(decky, what))).collect()
}

/// Every contradiction of one decky: archetype, system and services first, then what the operator fixed.
pub fn decky(fleet: &Fleet, decky: &Decky) -> Vec<Incoherence> {
    let archetype = decky.archetype.as_deref().and_then(decnet_model::archetype::archetype);
    let slugs = decky.slugs();
    let mut found: Vec<_> = of_archetype(&decky.system, archetype).into_iter().collect();
    found.extend(slugs.iter().filter_map(|slug| of_service(&decky.system, slug)));
    found.extend(of_face(decky));
    found.extend(of_login(decky));
    found.extend(of_settings(decky));
    found.extend(decnet_model::logins::check(decky));
    let request = decky.request(&fleet.network, &slugs, &[0; 32], fleet, MOMENT);
    match derive(&request) {
        Ok(persona) => found.extend(check::check(&persona)),
        Err(error) => found.push(Incoherence {
            subject: "system",
            detail: error.to_string(),
            remedy: "choose a distro from `decnet distros`".to_owned(),
        }),
    }
    found
}

/// Whether a machine of `system` can be of the archetype and serve all of `slugs`.
pub fn fits<'a>(
    system: &str,
    archetype: Option<&Archetype>,
    slugs: impl IntoIterator<Item = &'a str>,
) -> bool {
    of_archetype(system, archetype).is_none()
        && slugs.into_iter().all(|slug| of_service(system, slug).is_none())
}

/// Whether a machine of `system` is given `slug`, which only the archetype has said: not if the system is one of
/// those that the archetype takes in turn, and does not have it.
pub fn given(archetype: Option<&Archetype>, system: &str, slug: &str) -> bool {
    of_service(system, slug).is_none()
        || archetype.is_none_or(|archetype| !archetype.systems.contains(&system))
}

/// Who may log in where nothing else was asked for: nobody at a command line that cannot be shown.
pub fn login<'a>(
    system: &str,
    slugs: impl IntoIterator<Item = &'a str>,
    wanted: &LoginPolicy,
) -> LoginPolicy {
    let shown = *wanted != LoginPolicy::AcceptListed || has_shell(system, slugs);
    if shown { wanted.clone() } else { LoginPolicy::Deny }
}

/// Whether logins at the services `slugs` end at a command line that can be shown.
fn has_shell<'a>(system: &str, slugs: impl IntoIterator<Item = &'a str>) -> bool {
    systems::find(system).is_none_or(|system| system.shell)
        || slugs.into_iter().filter_map(catalogue::find).all(|service| !service.command_line)
}

/// Nobody gets to a command line that cannot be shown.
fn of_login(decky: &Decky) -> Option<Incoherence> {
    let slugs = decky.services.iter().map(|service| service.slug.as_str());
    if decky.login == LoginPolicy::Deny || has_shell(&decky.system, slugs) {
        return None;
    }
    Some(Incoherence {
        subject: "login",
        detail: format!("there is no command line of {} to log in to", decky.system),
        remedy: "leave login out, or use login = deny".to_owned(),
    })
}

/// An archetype runs the systems of its family; a device runs its own firmware.
fn of_archetype(system: &str, archetype: Option<&Archetype>) -> Option<Incoherence> {
    let archetype = archetype?;
    let family = systems::find(system)?.family;
    let own = archetype.systems.contains(&system);
    if own || (family == archetype.family && family != "embedded") {
        return None;
    }
    Some(Incoherence {
        subject: "distro",
        detail: format!("a {} does not run {system}", archetype.slug),
        remedy: format!("leave the distro out, or choose one of: {}", archetype.systems.join(", ")),
    })
}

/// A face is of the family of its system; devices run many things.
fn of_face(decky: &Decky) -> Option<Incoherence> {
    let (face, system) = (decky.face.as_ref()?, systems::find(&decky.system)?);
    let desktop = ["Windows", "Mac OS X", "macOS", "OS X", "FreeBSD"];
    let fits = |family: &String| match system.family {
        "linux" => family == "Linux",
        "windows" | "windows_server" => family == "Windows",
        "bsd" => family.ends_with("BSD"),
        "macos" => ["Mac OS X", "macOS", "OS X"].contains(&family.as_str()),
        "cisco" => family.starts_with("IOS"),
        "junos" => family == "JUNOS",
        "esxi" => family.starts_with("ESX"),
        _ => !desktop.contains(&family.as_str()),
    };
    if face.families.iter().any(fits) {
        return None;
    }
    Some(Incoherence {
        subject: "face",
        detail: format!("{} has no face of {}", decky.system, face.families.join(" or ")),
        remedy: "choose a distro that it fits, or another face".to_owned(),
    })
}

/// A service needs a product on the system. One that the operator has made shows none.
fn of_service(system: &str, slug: &str) -> Option<Incoherence> {
    let service = catalogue::find(slug)?;
    let runs = |system: &str| service.products_on(system).next().is_some();
    if runs(system) {
        return None;
    }
    let distros = DISTROS.iter().filter(|distro| runs(distro.system)).map(|distro| distro.slug);
    let others = SYSTEMS.iter().filter(|other| runs(other.id)).map(|other| other.id);
    let mut known: Vec<_> = distros.collect();
    if known.is_empty() {
        known = others.collect();
    }
    let more = if MOST_NAMED < known.len() { ", … (`decnet distros`)" } else { "" };
    known.truncate(MOST_NAMED);
    Some(Incoherence {
        subject: "services",
        detail: format!("{system} does not run {slug}"),
        remedy: format!("leave {slug} out, or choose one of these distros: {}{more}", known.join(", ")),
    })
}

/// A setting is honoured where it is given, or refused with the reason.
fn of_settings(decky: &Decky) -> Vec<Incoherence> {
    let mut found = Vec::new();
    for spec in &decky.services {
        let Some(service) = catalogue::find(&spec.slug) else { continue };
        // One site may be served by two services: what is set at one of them holds for both.
        let site = catalogue::product_of(&spec.slug);
        let shared = decky.services.iter().filter(|other| catalogue::product_of(&other.slug) == site);
        let of = |key: &str| {
            let own = spec.settings.get(key).into_iter();
            let mut all = own.chain(shared.clone().filter_map(|other| other.settings.get(key)));
            all.find(|value| !value.is_empty()).map_or("", String::as_str)
        };
        for setting in &service.settings {
            let Some(value) = spec.settings.get(&setting.key).filter(|value| !value.is_empty()) else {
                continue;
            };
            let limit = setting.limits.iter().find(|limit| limit.refuses(value, &decky.system, of));
            found.extend(limit.map(|limit| Incoherence {
                subject: "services",
                detail: format!(
                    "{} = {value} of {} cannot be shown: {}",
                    setting.key, spec.slug, limit.because
                ),
                remedy: limit.remedy.clone(),
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::{archetype::archetype, fleet::Network};
    use netsvc_persona::{LoginPolicy, stage::ServiceSpec};
    use std::collections::BTreeMap;

    fn shown(system: &str, archetype: Option<&str>, slugs: &[&str], change: fn(&mut Decky)) -> Vec<String> {
        let service = |slug: &&str| ServiceSpec { slug: (*slug).to_owned(), settings: BTreeMap::new() };
        let name: DeckyName = "web-01".parse().unwrap();
        let mut decky = Decky {
            name: name.clone(),
            placed: None,
            ip: [192, 0, 2, 9].into(),
            system: system.to_owned(),
            archetype: archetype.map(str::to_owned),
            services: slugs.iter().map(service).collect(),
            absent: Vec::new(),
            hostname: None,
            mac: None,
            seed: None,
            login: LoginPolicy::Deny,
            mutate_interval: None,
            face: None,
            ambient: None,
            withdraw: None,
            dhcp: false,
            servers: Default::default(),
            tarpit: Default::default(),
            generation: 0,
            firewall: false,
            updates: Default::default(),
            plant: Vec::new(),
        };
        change(&mut decky);
        let network: Network = "192.0.2.0/24".parse().unwrap();
        let whole = Fleet {
            runtime: decnet_model::runtime::Runtime::Native,
            network,
            seed: None,
            domain: None,
            mutate_interval: None,
            ambient: None,
            withdraw: None,
            servers: Default::default(),
            tarpit: Default::default(),
            lab: false,
            custom: Vec::new(),
            parallel: None,
            ipvlan: None,
            deckies: [(name, decky)].into(),
        };
        fleet(&whole).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_mix_that_no_host_has_names_decky_and_remedy() {
        let check = |shown: Vec<String>, parts: &[&str]| {
            assert_eq!(shown.len(), parts.len(), "{shown:?}");
            for (line, part) in shown.iter().zip(parts) {
                assert!(line.starts_with("web-01: ") && line.contains(part), "{line}");
            }
        };
        check(shown("windows10", None, &["http", "redis"], |_| ()), &["leave redis out"]);
        check(
            shown("debian12", Some("printer"), &["http"], |_| ()),
            &["choose one of: hp_printer, brother_printer"],
        );
        check(shown("arch", Some("linux-server"), &["ssh", "http"], |_| ()), &[]);
        check(
            shown("debian12", None, &["ssh"], |decky| decky.mac = Some("44:19:b6:01:02:03".to_owned())),
            &["44:19:b6"],
        );
        check(
            shown("windows10", None, &["http"], |decky| {
                decky.hostname = Some("a-name-of-eighteen".to_owned());
            }),
            &["15 characters"],
        );
    }

    #[test]
    fn every_archetype_fits_its_own_systems() {
        for one in decnet_model::archetype::ARCHETYPES {
            for system in one.systems {
                let served = one.services.iter().filter(|slug| catalogue::find(slug).is_some());
                let served: Vec<_> =
                    served.copied().filter(|slug| given(archetype(one.slug), system, slug)).collect();
                assert!(fits(system, archetype(one.slug), served.iter().copied()), "{} {system}", one.slug);
            }
        }
    }
}
