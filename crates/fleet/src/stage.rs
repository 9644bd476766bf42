//! What service processes are started with.

use crate::{Config, Error};
use decnet_engine::{native, stage::StageConfig};
use std::path::PathBuf;

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

pub(crate) fn config(config: &Config) -> Result<StageConfig, Error> {
    Ok(StageConfig {
        program: binary(config)?,
        spools: config.paths.spools(),
        sd_id: config.sd_id.clone(),
        limits: config.limits.clone(),
        natural_delays: true,
        user: other_user(),
    })
}

/// The service binary.
///
/// # Errors
/// When there is none where it is looked for.
pub fn binary(config: &Config) -> Result<PathBuf, Error> {
    if let Some(path) = &config.stage_binary {
        return if path.is_file() { Ok(path.clone()) } else { Err(Error::NoSuchBinary(path.clone())) };
    }
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join("netsvcd")));
    let folders = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let on_path = folders.into_iter().flatten().map(|folder| folder.join("netsvcd"));
    beside.into_iter().chain(on_path).find(|path| path.is_file()).ok_or(Error::NoBinary)
}
