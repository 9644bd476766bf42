//! What a decky can be made of.

use decnet_model::{
    archetype,
    catalogue::{self, ServiceInfo},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A kind of machine.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Archetype {
    /// Slug.
    pub slug: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Family of its systems.
    pub family: &'static str,
    /// Services that such a machine has.
    pub services: Vec<&'static str>,
    /// Services that such a machine has and that do not exist here.
    pub absent: Vec<&'static str>,
    /// Systems that it runs, taken in turn.
    pub systems: Vec<&'static str>,
}

impl From<&'static archetype::Archetype> for Archetype {
    fn from(row: &'static archetype::Archetype) -> Self {
        let (services, absent) =
            row.services.iter().copied().partition(|slug| catalogue::find(slug).is_some());
        Archetype {
            slug: row.slug,
            name: row.name,
            about: row.about,
            family: row.family,
            services,
            absent,
            systems: row.systems.to_vec(),
        }
    }
}

/// A system that can be asked for by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Distro {
    /// Slug.
    pub slug: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Id of the system.
    pub system: &'static str,
}

impl From<&archetype::Distro> for Distro {
    fn from(row: &archetype::Distro) -> Self {
        Distro { slug: row.slug, name: row.name, system: row.system }
    }
}

/// A service that a decky can have.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Service {
    /// Slug.
    pub slug: String,
    /// What it is.
    pub about: String,
    /// Ports that it serves by default.
    pub ports: Vec<ServicePort>,
    /// Settings that it takes.
    pub settings: Vec<ServiceSetting>,
}

/// A port of a service.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ServicePort {
    /// Number.
    pub port: u16,
    /// `tcp` or `udp`.
    pub transport: &'static str,
    /// Whether TLS begins with the first byte.
    pub tls: bool,
}

/// A setting of a service.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ServiceSetting {
    /// Key.
    pub key: String,
    /// `text`, `bool`, `int`, `enum`, `secret`.
    pub kind: String,
    /// Value where none is given; empty: from the persona.
    pub default: String,
    /// `LOW..HIGH` of an int, values of an enum separated by `|`.
    pub range: String,
    /// What it does.
    pub help: String,
}

impl From<&ServiceInfo> for Service {
    fn from(row: &ServiceInfo) -> Self {
        let port = |port: &catalogue::PortSpec| ServicePort {
            port: port.port,
            transport: port.transport.name(),
            tls: port.tls,
        };
        let setting = |setting: &catalogue::SettingInfo| ServiceSetting {
            key: setting.key.clone(),
            kind: setting.kind.clone(),
            default: setting.default.clone(),
            range: setting.range.clone(),
            help: setting.help.clone(),
        };
        Service {
            slug: row.slug.clone(),
            about: row.about.clone(),
            ports: row.ports.iter().map(port).collect(),
            settings: row.settings.iter().map(setting).collect(),
        }
    }
}
