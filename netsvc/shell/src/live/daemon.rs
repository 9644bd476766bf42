//! What runs the services of a node: one list for processes, sockets, units, packages, accounts and files, so that
//! they agree with the banners.

use super::Live;
use netsvc_persona::{Persona, daemon::Daemon, stage::Transport};

/// A service that a node has open.
#[derive(Clone, Debug)]
pub struct Service {
    /// Slug.
    pub slug: String,
    /// Where it listens.
    pub ports: Vec<(Transport, u16)>,
    /// What runs it, by system and product.
    pub daemons: &'static [Daemon],
}

impl Service {
    /// What runs it on the host of `persona`; `None`: nothing that has a process of its own.
    pub(crate) fn daemon(&self, persona: &Persona) -> Option<&'static Daemon> {
        Daemon::of(self.daemons, persona, &self.slug)
    }
}

impl Live {
    /// The node's services that have a process, each with what runs it.
    pub(crate) fn daemons(&self) -> impl Iterator<Item = (&Service, &'static Daemon)> {
        self.services.iter().filter_map(|service| Some((service, service.daemon(&self.persona)?)))
    }

    /// What runs the services, each once, with the first service that it runs: one web server has both of its ports.
    pub(crate) fn software(&self) -> impl Iterator<Item = (&Service, &'static Daemon)> {
        let mut seen: Vec<&'static Daemon> = Vec::new();
        self.daemons().filter(move |(_, daemon)| {
            let fresh = !seen.contains(daemon);
            seen.push(daemon);
            fresh
        })
    }

    /// Where the peer logged in, and what runs that.
    pub(crate) fn entrance(&self) -> Option<(&Service, &'static Daemon)> {
        self.daemons().find(|(service, _)| service.slug == self.facts.service)
    }
}
