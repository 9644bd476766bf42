//! A node that is handed to a stage without a fleet around it.

use crate::place;
use anyhow::{Context as _, Result};
use decnet_engine::{node::NodeSpec, stage::StageConfig};
use decnet_model::persona::derive::{Request, derive};
use netsvc_persona::stage::{Limits, PortSpec, ServiceSpec, Transport};
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

/// Host time that personas are derived at, µs since the epoch.
const NOW: i64 = 1_764_000_000_000_000;

/// A node of `system` at `ip` with one port for each service.
pub(crate) fn node(system: &str, ip: Ipv4Addr, prefix: u8, services: &[(&str, u16)]) -> Result<NodeSpec> {
    let name = format!("bench-{}", ip.to_bits() & 0xffff);
    let slugs: Vec<String> = services.iter().map(|(slug, _)| (*slug).to_owned()).collect();
    let plain = Request::plain(&[7; 32], &name, system, &slugs, (ip.into(), prefix), NOW);
    let persona = derive(&Request { seed: Some("bench"), ..plain }).context("derive a persona")?;
    Ok(NodeSpec {
        persona,
        services: slugs
            .iter()
            .map(|slug| ServiceSpec { slug: slug.clone(), settings: BTreeMap::new() })
            .collect(),
        ports: services
            .iter()
            .map(|(slug, port)| PortSpec {
                slug: (*slug).to_owned(),
                transport: Transport::Tcp,
                port: *port,
                tls: false,
            })
            .collect(),
        custom: Vec::new(),
    })
}

/// How `program` is run as a stage below `folder`: as another user if we are root, without natural delays, and
/// with room for everything that a measurement writes.
pub(crate) fn stage(program: PathBuf, folder: &Path) -> Result<StageConfig> {
    let spools = folder.join("spool");
    place::open_folder(&spools)?;
    let root = nix::unistd::geteuid().is_root();
    let user = decnet_engine::native::existing_user(root.then_some(decnet_engine::native::STAGE_USER));
    Ok(StageConfig {
        program,
        spools,
        sd_id: netsvc_wire::DEFAULT_SD_ID.to_owned(),
        limits: Limits { spool_bytes: 4 << 30, ..Limits::default() },
        natural_delays: false,
        user,
    })
}
