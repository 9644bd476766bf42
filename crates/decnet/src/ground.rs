//! Where deckies can stand on this host, for the master of its swarm to plan with.

use crate::{commands::Context, mode};
use anyhow::{Result, bail};
use decnet_fleet::site;
use decnet_model::{swarm::Ground, worker::Role};
use decnet_swarm::files::Files;
use std::net::{SocketAddr, ToSocketAddrs};

/// What an agent needs before its workers run: where its deckies can stand, for the master to plan with.
///
/// # Errors
/// When this host has joined no swarm, or its place is gone.
pub fn prepare(context: &Context) -> Result<()> {
    if mode::role(context.settings()) != Role::Agent {
        bail!(decnet_swarm::Error::NotJoined);
    }
    let files = Files::new(&context.paths());
    let member = files.membership()?;
    files.put_ground(&looked(context, member.interface, member.lab, &member.master)?)?;
    Ok(())
}

/// Where deckies can stand on this host, whose master has the name or address `master`: no decky takes its place.
///
/// # Errors
/// When there is no such place.
pub fn looked(context: &Context, interface: Option<String>, lab: bool, master: &str) -> Result<Ground> {
    let asked = site::Ground { lab, interface, runtime: None, subnet: None };
    let mut found = asked.site(&context.fleet(), false)?;
    // One that has no address now is reached later or never; that is told where it is reached for.
    let masters = (master, 0).to_socket_addrs().into_iter().flatten();
    found.taken.extend(masters.filter_map(|place| match place {
        SocketAddr::V4(place) => Some(*place.ip()),
        SocketAddr::V6(_) => None,
    }));
    Ok(Ground {
        runtime: found.runtime,
        network: found.network,
        lab: found.lab,
        taken: found.taken,
        skipped: found.skipped,
    })
}
