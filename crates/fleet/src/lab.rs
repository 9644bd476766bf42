//! The lab of an installation: its settings, and starting it where a fleet needs it.

use crate::{Config, Error, error::system, standing::Standing, supervisor};
use decnet_engine::lab::{Lab, LabConfig, LabState};
use decnet_model::{fleet::Network, paths::Paths};
use std::net::Ipv4Addr;

/// Network of a lab unless another is named; a thousand deckies fit.
pub const DEFAULT_NETWORK: Network =
    Network { address: Ipv4Addr::new(10, 66, 0, 0), prefix: 21, gateway: None, interface: None };

/// What a lab is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its network, prefix 8 to 29.
    pub network: Network,
    /// How many hosts to attack from, 1 to 16.
    pub attackers: u8,
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted { network: DEFAULT_NETWORK, attackers: 1 }
    }
}

/// The lab of the installation, started if none is up; and whether it was started just now.
///
/// # Errors
/// When it cannot be started, or another one is up.
pub fn ensure_up(config: &Config, wanted: &Wanted) -> Result<(Lab, bool), Error> {
    let run = config.paths.run();
    if let Some(lab) = Lab::find(&run) {
        let state = lab.state();
        let there = (state.network, state.prefix, state.attackers.len());
        if there != (wanted.network.address, wanted.network.prefix, usize::from(wanted.attackers)) {
            let (network, prefix, attackers) = there;
            return Err(Error::OtherLab { network, prefix, attackers });
        }
        return Ok((lab, false));
    }
    fs_err::create_dir_all(&run).map_err(system("make the run folder"))?;
    let made = LabConfig {
        run,
        network: wanted.network.address,
        prefix: wanted.network.prefix,
        attackers: wanted.attackers,
    };
    let program = config.program().map_err(system("find this program"))?;
    let lab = Lab::up(&program, &made).map_err(|error| Error::Lab("start the lab", error))?;
    Ok((lab, true))
}

/// The network of a lab as the planner sees it.
pub fn network(state: &LabState) -> Network {
    Network {
        address: state.network,
        prefix: state.prefix,
        gateway: Some(state.router.address),
        interface: Some(state.interface.clone()),
    }
}

/// Whether workers keep a fleet in the lab.
pub fn is_used(paths: &Paths) -> bool {
    supervisor::running(paths).is_some() && Standing::read(paths).is_some_and(|standing| standing.in_lab())
}
