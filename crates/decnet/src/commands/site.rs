//! The options that say where a fleet is to stand.

use super::Context;
use crate::output;
use anyhow::Result;
use clap::Args;
use decnet_fleet::site::{Ground, Site};
use decnet_model::{fleet::Network, runtime::Runtime};

/// The options that say where.
#[derive(Args, Debug, Clone, Default)]
pub struct Where {
    /// Put the fleet into the lab, which is started if it is not up (see `decnet lab`)
    #[arg(long, conflicts_with = "interface")]
    pub lab: bool,
    /// Put the fleet on the segment of this interface; its subnet, gateway and own address are read
    /// from it. Needs root
    #[arg(long, short, value_name = "IF")]
    pub interface: Option<String>,
}

impl Where {
    /// What they say, with the other options about the place.
    pub fn ground(&self, runtime: Option<Runtime>, subnet: Option<&Network>) -> Ground {
        Ground { lab: self.lab, interface: self.interface.clone(), runtime, subnet: subnet.cloned() }
    }
}

/// Finds the place, and says so where nobody named one. `act`: the fleet is to be deployed there.
///
/// # Errors
/// As for [`Ground::site`].
pub fn find(ground: &Ground, context: &Context, act: bool) -> Result<Site> {
    let site = ground.site(&context.fleet(), act)?;
    if site.runtime == Runtime::Loopback && ground.runtime.is_none() {
        output::note(
            "runtime loopback, ports offset by 10000: --lab or --interface IF gives deckies a segment",
        );
    }
    Ok(site)
}
