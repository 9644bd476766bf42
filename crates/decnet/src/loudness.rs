//! How much the running workers say, changed for all processes of this host while they run.

use crate::level::Levels;
use anyhow::{Context as _, Result};
use decnet_model::paths::Paths;
use decnet_pipeline::runtime::put;
use decnet_shape::LogLevels;
use std::io::ErrorKind;

/// How much they say, where the settings want `configured`.
pub(crate) fn shown(paths: &Paths, configured: &str) -> LogLevels {
    let changed = fs_err::read_to_string(paths.log_levels()).ok();
    LogLevels {
        changed: changed.is_some(),
        levels: changed.unwrap_or_else(|| configured.to_owned()),
        configured: configured.to_owned(),
    }
}

/// Has them say so much, until it is changed or the host starts anew; `None`: as much as the settings want.
pub(crate) fn change(paths: &Paths, levels: Option<&Levels>) -> Result<()> {
    let path = paths.log_levels();
    if let Some(levels) = levels {
        fs_err::create_dir_all(paths.run()).context("make the run folder")?;
        return put(&path, levels.to_string().as_bytes()).context("tell the workers; sudo may be needed");
    }
    match fs_err::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("tell the workers"),
        _ => Ok(()),
    }
}
