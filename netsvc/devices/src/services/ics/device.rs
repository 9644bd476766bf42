//! Which controller a node is, and what it says of itself.
//!
//! Sources: data sheets and manuals of the makers, ODVA's and ASHRAE's lists of vendors, answers of such
//! devices that
//! scanning projects publish.

use super::plant::{Deeds, Plant};
use netsvc_daemon::kept::Kept;
use netsvc_kit::Host;
use rand_core::RngCore;
use std::sync::Arc;

/// Peers whose writes are kept.
const PEERS: usize = 64;

/// A make of controller: one node is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brand {
    /// SIMATIC S7-300.
    Simatic,
    /// ControlLogix behind a 1756-ENBT.
    Logix,
    /// Modicon M340.
    Modicon,
    /// Motorola ACE3600, a remote terminal unit.
    Ace3600,
    /// A controller of a building, Andover Continuum.
    Building,
}

/// What a controller says of itself.
#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) brand: Brand,
    pub(super) maker: String,
    pub(super) model: String,
    /// Version of the firmware.
    pub(super) revision: String,
    /// Serial number as the maker writes it.
    pub(super) serial: String,
    /// A number of this device that it is told by.
    pub(super) number: u32,
    /// What the people who use it call it.
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: &'static str,
}

/// A controller with the process behind it.
pub(super) struct Site {
    pub(super) device: Device,
    pub(super) plant: Plant,
    pub(super) kept: Kept<Deeds, PEERS>,
}

impl Site {
    /// That of the node of `host`.
    pub(super) fn of(host: &Host) -> Arc<Site> {
        host.node.shared(|| Site { device: Device::of(host), plant: Plant::of(host), kept: Kept::default() })
    }
}

impl Device {
    fn of(host: &Host) -> Device {
        let persona = host.persona();
        let mut random = host.generator("device");
        let number = random.next_u32();
        let drawn = |list: &[&'static str]| {
            let at = usize::try_from(number / 7).unwrap_or_default() % list.len().max(1);
            list.get(at).copied().unwrap_or_default()
        };
        let product = persona.products.get(host.app.as_str());
        let version = product.map_or("", |product| product.version.as_str()).to_owned();
        let model = product.map_or("", |product| product.packaging.as_str()).to_owned();
        let device = |brand, maker: &str, serial: String| Device {
            brand,
            maker: maker.to_owned(),
            model: model.clone(),
            revision: version.clone(),
            serial,
            number,
            name: persona.hostname.clone(),
            place: drawn(&["Pump house 2", "Building 3", "Waterworks", "Hall 1", "Utility room"]),
        };
        // A module of another maker stands in another rack.
        let is_modicon = persona.os.id == "modicon_plc" || persona.hardware.vendor.starts_with("Schneider");
        match persona.os.id.as_str() {
            "siemens_plc" => Device {
                model: persona.hardware.product.clone(),
                revision: Some(&persona.os.kernel)
                    .filter(|kernel| kernel.starts_with('V'))
                    .unwrap_or(&version)
                    .clone(),
                ..device(
                    Brand::Simatic,
                    "Siemens",
                    format!("S C-{}{:07}", drawn(&["C2U", "D4U", "A6U"]), number % 10_000_000),
                )
            },
            "modicon_plc" | "vxworks" if is_modicon => Device {
                model: if persona.os.id == "vxworks" { "BMX NOC 0401".to_owned() } else { model.clone() },
                revision: if persona.os.id == "vxworks" { "V2.1".to_owned() } else { version.clone() },
                ..device(Brand::Modicon, "Schneider Electric", format!("{number:010}"))
            },
            "rtu" => {
                device(Brand::Ace3600, "Motorola Solutions, Inc.", format!("F{:08}", number % 100_000_000))
            }
            "building_controller" => {
                device(Brand::Building, "Schneider Electric", format!("{}", number % 10_000_000))
            }
            _ => device(Brand::Logix, "Rockwell Automation/Allen-Bradley", format!("{number:08X}")),
        }
    }

    /// Major and minor number of the firmware.
    pub(super) fn version(&self) -> (u8, u8) {
        let mut parts = self.revision.trim_start_matches(['V', 'v']).split('.');
        let mut next = || parts.next().and_then(|part| part.parse().ok()).unwrap_or_default();
        (next(), next())
    }
}

#[cfg(test)]
pub(super) fn tests_site(system: &str, folder: &std::path::Path) -> Arc<Host> {
    use netsvc_kit::testing;
    let mut persona = testing::persona("plc-01");
    persona.os.id = system.to_owned();
    persona.os.family = "embedded".to_owned();
    persona.hardware.product = "6ES7 315-2EH14-0AB0".to_owned();
    let persona = testing::with_product(&super::SERVICE, persona);
    testing::host(&testing::stage(folder), persona, "ics", &[])
}
