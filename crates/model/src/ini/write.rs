//! A fleet as a deployment INI that reads as the same fleet.

use super::{desired::is_service, syntax::written};
use crate::{
    archetype::{self, DISTROS},
    catalogue, coherence,
    fleet::{Decky, Fleet},
    nmap::PREFIX,
};
use netsvc_persona::{LoginPolicy, Servers};
use std::fmt::Write as _;

/// Why a fleet cannot be written down.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum WriteError {
    /// The value has control characters.
    #[error("write {key} of [{section}]: control characters have no place in an INI file")]
    Value {
        /// Section.
        section: String,
        /// Key.
        key: String,
    },
    /// The section of that name is something else.
    #[error("write [{0}]: a decky of this name cannot stand in an INI file")]
    Name(String),
    /// Nothing would say what the decky is.
    #[error("write [{0}]: it has neither services nor an archetype")]
    Nothing(String),
}

/// Writes `fleet`, a section for each decky. What reads it knows the same services; which services an
/// archetype lacks is not written, because it follows from those.
///
/// # Errors
/// [`WriteError`] for what an INI file cannot hold; a fleet that was planned or read has nothing of it.
pub fn ini(fleet: &Fleet) -> Result<String, WriteError> {
    let mut text = Text::default();
    text.section("general");
    text.entry("runtime", fleet.runtime.name())?;
    text.entry("net", &fleet.network.to_string())?;
    text.optional("gw", fleet.network.gateway.map(|address| address.to_string()))?;
    text.optional("interface", fleet.network.interface.clone())?;
    text.optional("lab", fleet.lab.then(|| switch(true)))?;
    text.optional("seed", fleet.seed.clone())?;
    text.optional("domain", fleet.domain.clone())?;
    text.optional("mutate_interval", fleet.mutate_interval.map(|minutes| minutes.to_string()))?;
    text.optional("ambient", fleet.ambient.map(switch))?;
    text.servers(&fleet.servers)?;
    for custom in &fleet.custom {
        text.section(&format!("custom-{}", custom.name));
        text.entry("binary", &custom.image)?;
        text.optional("exec", custom.command.clone())?;
        let ports: Vec<_> = custom.ports.iter().map(ToString::to_string).collect();
        text.optional("ports", Some(ports.join(", ")).filter(|ports| !ports.is_empty()))?;
    }
    for decky in fleet.deckies.values() {
        text.decky(fleet, decky)?;
    }
    Ok(text.lines)
}

/// The text so far.
#[derive(Default)]
struct Text {
    lines: String,
    section: String,
}

impl Text {
    fn section(&mut self, name: &str) {
        let gap = if self.lines.is_empty() { "" } else { "\n" };
        name.clone_into(&mut self.section);
        // Writing to a string does not fail.
        let _ = writeln!(self.lines, "{gap}[{name}]");
    }

    fn entry(&mut self, key: &str, value: &str) -> Result<(), WriteError> {
        let Some(value) = written(value) else {
            return Err(WriteError::Value { section: self.section.clone(), key: key.to_owned() });
        };
        let _ = writeln!(self.lines, "{key} = {value}");
        Ok(())
    }

    fn optional(&mut self, key: &str, value: Option<String>) -> Result<(), WriteError> {
        value.map_or(Ok(()), |value| self.entry(key, &value))
    }

    fn servers(&mut self, servers: &Servers) -> Result<(), WriteError> {
        for (key, list) in [("dns", &servers.dns), ("ntp", &servers.ntp)] {
            let text: Vec<_> = list.iter().map(ToString::to_string).collect();
            self.optional(key, Some(text.join(", ")).filter(|text| !text.is_empty()))?;
        }
        Ok(())
    }

    fn decky(&mut self, fleet: &Fleet, decky: &Decky) -> Result<(), WriteError> {
        let name = decky.name.as_str();
        let of_service = name.rsplit_once('.').is_some_and(|(_, slug)| is_service(slug));
        if name == "general" || name.starts_with("custom-") || of_service {
            return Err(WriteError::Name(name.to_owned()));
        }
        self.section(name);
        self.entry("ip", &decky.ip.to_string())?;
        self.optional("archetype", decky.archetype.clone())?;
        if !follows(decky) {
            if decky.services.is_empty() {
                return Err(WriteError::Nothing(name.to_owned()));
            }
            let brought = |slug: &&String| fleet.custom.iter().any(|custom| custom.name == **slug);
            let all: Vec<_> =
                decky.slugs().into_iter().chain(decky.absent.iter().filter(brought).cloned()).collect();
            self.entry("services", &all.join(", "))?;
        }
        self.entry("distro", distro(&decky.system))?;
        self.optional("hostname", decky.hostname.clone())?;
        self.optional("mac", decky.mac.clone())?;
        self.optional("seed", decky.seed.clone())?;
        self.optional("login", login(&decky.login))?;
        self.optional("face", decky.face.as_ref().map(|face| format!("{PREFIX}{}", face.name)))?;
        self.optional("firewall", decky.firewall.then(|| "on".to_owned()))?;
        self.optional("mutate_interval", decky.mutate_interval.map(|minutes| minutes.to_string()))?;
        self.optional("ambient", decky.ambient.map(switch))?;
        self.optional("dhcp", decky.dhcp.then(|| switch(true)))?;
        self.servers(&decky.servers)?;
        for service in decky.services.iter().filter(|service| !service.settings.is_empty()) {
            self.section(&format!("{name}.{}", service.slug));
            for (key, value) in &service.settings {
                self.entry(key, value)?;
            }
        }
        Ok(())
    }
}

/// Whether the services follow from the archetype.
fn follows(decky: &Decky) -> bool {
    let Some(archetype) = decky.archetype.as_deref().and_then(archetype::archetype) else { return false };
    let (present, absent): (Vec<&str>, Vec<&str>) =
        archetype.services.iter().partition(|slug| catalogue::find(slug).is_some());
    let present: Vec<_> =
        present.into_iter().filter(|slug| coherence::given(Some(archetype), &decky.system, slug)).collect();
    decky.slugs() == present && decky.absent == absent
}

fn distro(system: &str) -> &str {
    DISTROS.iter().find(|distro| distro.system == system).map_or(system, |distro| distro.slug)
}

fn switch(on: bool) -> String {
    if on { "yes" } else { "no" }.to_owned()
}

/// A login policy that is not the usual one.
fn login(login: &LoginPolicy) -> Option<String> {
    match login {
        LoginPolicy::Deny => Some("deny".to_owned()),
        LoginPolicy::AcceptListed => None,
        LoginPolicy::AcceptAfter(count) => Some(format!("accept-after={count}")),
    }
}
