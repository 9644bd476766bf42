//! Whether packet filters are on.

use netsvc_persona::tables::{firewalls, systems};
use std::str::FromStr;

/// Whether a decky's packet filter is to be on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Off: closed ports reset.
    #[default]
    Off,
    /// On.
    On,
    /// As its system is delivered.
    Usual,
}

impl Filter {
    /// Whether it is on on `system`.
    pub fn on(self, system: &str) -> bool {
        let usual = || systems::find(system).and_then(|system| firewalls::find(system.family, system.id));
        match self {
            Filter::Off => false,
            Filter::On => true,
            Filter::Usual => usual().is_some_and(|wall| wall.usual),
        }
    }
}

impl FromStr for Filter {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "off" => Ok(Filter::Off),
            "on" => Ok(Filter::On),
            "default" => Ok(Filter::Usual),
            _ => Err("is none of on, off, default"),
        }
    }
}
