//! `services`, `distros`, `archetypes`: what a decky can be made of.

use crate::output;
use clap::Args;
use decnet_model::{
    archetype::{ARCHETYPES, DISTROS},
    catalogue,
};
use serde_json::json;

/// List form.
#[derive(Args, Debug)]
pub struct Listing {
    /// A JSON list
    #[arg(long)]
    json: bool,
}

/// Prints the services.
pub fn services(listing: &Listing) {
    if listing.json {
        return output::json(catalogue::services());
    }
    output::table(&["SERVICE", "PORTS", "ABOUT", "SETTINGS"], catalogue::services(), |service| {
        let ports = service.ports.iter().map(|port| {
            let tls = if port.tls { " (tls)" } else { "" };
            format!("{}/{}{tls}", port.port, port.transport.name())
        });
        let settings: Vec<_> = service.settings.iter().map(|setting| setting.key.clone()).collect();
        vec![
            service.slug.clone(),
            ports.collect::<Vec<_>>().join(" "),
            service.about.clone(),
            settings.join(" "),
        ]
    });
}

/// Prints the distributions.
pub fn distros(listing: &Listing) {
    if listing.json {
        let rows = DISTROS
            .iter()
            .map(|distro| json!({"slug": distro.slug, "name": distro.name, "system": distro.system}));
        return output::json(&rows.collect::<Vec<_>>());
    }
    output::table(&["DISTRO", "NAME", "SYSTEM"], DISTROS, |distro| {
        vec![distro.slug.to_owned(), distro.name.to_owned(), distro.system.to_owned()]
    });
}

/// Prints the archetypes.
pub fn archetypes(listing: &Listing) {
    let split = |services: &'static [&'static str]| -> (Vec<&'static str>, Vec<&'static str>) {
        services.iter().copied().partition(|slug| catalogue::find(slug).is_some())
    };
    if listing.json {
        let rows = ARCHETYPES.iter().map(|archetype| {
            let (services, absent) = split(archetype.services);
            json!({
                "slug": archetype.slug, "name": archetype.name, "about": archetype.about, "family": archetype.family,
                "services": services, "absent": absent, "systems": archetype.systems,
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    output::table(&["ARCHETYPE", "SERVICES", "ABSENT", "SYSTEMS", "ABOUT"], ARCHETYPES, |archetype| {
        let (services, absent) = split(archetype.services);
        vec![
            archetype.slug.to_owned(),
            services.join(" "),
            absent.join(" "),
            archetype.systems.join(" "),
            archetype.about.to_owned(),
        ]
    });
}
