//! `services`, `distros`, `archetypes`: what a decky can be made of.

use crate::{output, reference};
use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use decnet_model::{
    archetype::{ARCHETYPES, DISTROS},
    catalogue, nearest,
};
use decnet_shape::{Archetype, Distro};

/// List form.
#[derive(Args, Debug)]
pub struct Listing {
    /// A JSON list
    #[arg(long)]
    json: bool,
}

/// List the services that a decky can have, or show one
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Services {
    #[command(flatten)]
    listing: Listing,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Show the ports, settings, products, events and limits of a service
    Show {
        /// The service
        service: String,
        /// JSON
        #[arg(long)]
        json: bool,
    },
}

impl Services {
    /// Runs the command.
    ///
    /// # Errors
    /// When no service is called so.
    pub fn run(self) -> Result<()> {
        let Some(Verb::Show { service, json }) = self.verb else {
            services(&self.listing);
            return Ok(());
        };
        let Some(found) = catalogue::find(&service) else {
            let known = catalogue::services().iter().map(|service| service.slug.as_str());
            bail!("no service is called {service:?}{}", nearest::hint(&service, known));
        };
        if json {
            output::json(found);
            return Ok(());
        }
        Ok(output::raw(reference::service(found).as_bytes())?)
    }
}

fn services(listing: &Listing) {
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
pub fn distros(listing: &Listing) -> Result<()> {
    if listing.json {
        output::json(&DISTROS.iter().map(Distro::from).collect::<Vec<_>>());
        return Ok(());
    }
    output::table(&["DISTRO", "NAME", "SYSTEM"], DISTROS, |distro| {
        vec![distro.slug.to_owned(), distro.name.to_owned(), distro.system.to_owned()]
    });
    Ok(())
}

/// Prints the archetypes.
pub fn archetypes(listing: &Listing) -> Result<()> {
    let rows: Vec<_> = ARCHETYPES.iter().map(Archetype::from).collect();
    if listing.json {
        output::json(&rows);
        return Ok(());
    }
    output::table(&["ARCHETYPE", "SERVICES", "ABSENT", "SYSTEMS", "ABOUT"], &rows, |archetype| {
        vec![
            archetype.slug.to_owned(),
            archetype.services.join(" "),
            archetype.absent.join(" "),
            archetype.systems.join(" "),
            archetype.about.to_owned(),
        ]
    });
    Ok(())
}
