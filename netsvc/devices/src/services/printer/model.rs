//! Which printer a node is.

use super::panel::Panel;
use netsvc_daemon::kept::Kept;
use netsvc_kit::Host;
use rand_core::RngCore;
use std::sync::Arc;

/// Peers whose doings are kept.
const PEERS: usize = 64;

/// What a printer says of itself.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) hp: bool,
    /// Maker and model.
    pub(super) name: String,
    pub(super) maker: String,
    /// What `INFO ID` says.
    pub(super) id: String,
    pub(super) serial: String,
    pub(super) firmware: String,
    pub(super) hostname: String,
    pub(super) uuid: String,
    /// KiB.
    pub(super) memory: u64,
    /// Pages that it has printed by the day of its installation.
    pub(super) pages: u32,
    /// Web server as it names itself.
    pub(super) server: String,
    /// When it was switched on, µs.
    pub(super) booted: i64,
}

/// A printer with what peers have left in it.
pub(super) struct Printer {
    pub(super) model: Model,
    pub(super) kept: Kept<Panel, PEERS>,
}

impl Printer {
    /// That of the node of `host`.
    pub(super) fn of(host: &Host) -> Arc<Printer> {
        host.node.shared(|| Printer { model: Model::of(host), kept: Kept::default() })
    }
}

impl Model {
    fn of(host: &Host) -> Model {
        let persona = host.persona();
        let (hardware, os) = (&persona.hardware, &persona.os);
        let hp = os.id == "hp_printer";
        let product = hardware.product.strip_prefix("HP ").unwrap_or(&hardware.product);
        let name = format!("{} {product}", hardware.vendor);
        let mut random = host.generator("printer");
        let pages = 1500 + random.next_u32() % 40_000;
        let web = persona.products.get("http");
        let server = match web {
            Some(web) if hp => format!(
                "{}; {}; Serial Number: {}; Built: {}",
                web.name, web.version, hardware.serial, "Tue Oct 06, 2020 09:48:47AM {2409048}"
            ),
            Some(web) => format!("{}/{}", web.name, web.version),
            None => String::new(),
        };
        let mac = persona.mac.replace(':', "").to_lowercase();
        let prefix = if hp { "564e4233-4c30-3438-3736" } else { "e3248000-80ce-11db-8000" };
        Model {
            hp,
            id: if hp { name.clone() } else { format!("{name}:8C5-F41:Ver.{}", os.version) },
            name,
            maker: hardware.vendor.clone(),
            serial: hardware.serial.clone(),
            firmware: os.version.clone(),
            hostname: persona.hostname.clone(),
            uuid: format!("{prefix}-{mac}"),
            memory: hardware.memory_kib,
            pages,
            server,
            booted: persona.booted_at,
        }
    }
}
