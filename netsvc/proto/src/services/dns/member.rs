//! A host of a domain, as its zones have it.

use super::name::Name;
use netsvc_persona::Persona;
use std::{collections::BTreeSet, net::Ipv4Addr};

/// Seconds that the records of a Windows zone live.
pub(super) const HOUR: u32 = 3_600;

/// A host of the domain.
pub(super) struct Member<'a> {
    pub persona: &'a Persona,
    pub services: &'a BTreeSet<String>,
    pub name: Name,
    pub ip: Ipv4Addr,
}

impl Member<'_> {
    pub(super) fn serves(&self, slug: &str) -> bool {
        self.services.contains(slug)
    }

    pub(super) fn windows(&self) -> bool {
        self.persona.os.family == "windows_server"
    }

    /// Whether it is a machine that serves a site to others.
    pub(super) fn server(&self) -> bool {
        matches!(self.persona.os.family.as_str(), "linux" | "windows_server" | "bsd")
    }
}
