//! What service processes are started with.

use crate::{commands::Context, settings::Name};
use anyhow::Result;
use decnet_engine::{native, stage::StageConfig};
use netsvc_persona::stage::Limits;

/// User id that services run as: when their supervisor is root a fixed one, so that no account has to be
/// made; otherwise our own.
pub fn user() -> u32 {
    other_user().unwrap_or(nix::unistd::geteuid().as_raw())
}

fn other_user() -> Option<u32> {
    // Root of a user namespace may not have it.
    let wanted = nix::unistd::geteuid().is_root().then_some(native::STAGE_USER);
    native::existing_user(wanted)
}

pub(super) fn config(context: &Context) -> Result<StageConfig> {
    let settings = context.settings();
    let count = |name| usize::try_from(settings.number(name)).unwrap_or(usize::MAX);
    Ok(StageConfig {
        program: context.stage_binary()?,
        spools: context.paths().spools(),
        sd_id: settings.text(Name::SdId).to_owned(),
        limits: Limits {
            connections: count(Name::Connections),
            connections_per_source: count(Name::ConnectionsPerSource),
            spool_bytes: settings.number(Name::SpoolBytes),
            ..Limits::default()
        },
        natural_delays: true,
        user: other_user(),
    })
}
