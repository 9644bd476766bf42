//! Services that the operator brings along as containers, as JSON.

use decnet_model::{custom, fleet::Fleet};
use serde::Serialize;
use utoipa::ToSchema;

/// A service that the operator brings along.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomService {
    /// What deckies call it in `services`.
    pub name: String,
    /// Container image.
    pub image: String,
    /// Folder that the image is made from; absent: it is there, or in a registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Command that is run in it; absent: the image's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// TCP ports that it listens on.
    pub ports: Vec<u16>,
    /// UDP ports that it listens on.
    pub udp_ports: Vec<u16>,
    /// Names of its environment; values may be secrets.
    pub env: Vec<String>,
    /// Where it writes its lines: `stdout` or a file.
    pub log: String,
    /// Deckies that have it.
    pub deckies: Vec<String>,
}

impl CustomService {
    /// Those of a fleet, in its order.
    pub fn all(fleet: &Fleet) -> Vec<CustomService> {
        fleet.custom.iter().map(|service| CustomService::of(service, fleet)).collect()
    }

    fn of(service: &custom::CustomService, fleet: &Fleet) -> CustomService {
        let has = fleet.deckies.values().filter(|decky| decky.slugs().contains(&service.name));
        CustomService {
            name: service.name.clone(),
            image: service.image.clone(),
            build: service.build.clone(),
            command: service.command.clone(),
            ports: service.ports.clone(),
            udp_ports: service.udp_ports.clone(),
            env: service.env.keys().cloned().collect(),
            log: service.log.clone().into(),
            deckies: has.map(|decky| decky.name.to_string()).collect(),
        }
    }
}
