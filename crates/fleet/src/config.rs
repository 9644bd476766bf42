//! What the crate needs to know of an installation.

use crate::{Error, stage};
use decnet_model::paths::Paths;
use netsvc_persona::stage::Limits;
use std::path::PathBuf;

/// Settings of an installation, as far as its fleet is concerned.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its files.
    pub paths: Paths,
    /// The program that is started again as `netd` and as the lab's holder; `None`: this one.
    pub program: Option<PathBuf>,
    /// The service binary; `None`: it is looked for beside this program and on the PATH.
    pub stage_binary: Option<PathBuf>,
    /// SD-ID of event lines.
    pub sd_id: String,
    /// Quotas and connection limits of service processes.
    pub limits: Limits,
}

impl Config {
    /// The service binary.
    ///
    /// # Errors
    /// When there is none where it is looked for.
    pub fn stage_binary(&self) -> Result<PathBuf, Error> {
        stage::binary(self)
    }

    /// The program to start again.
    ///
    /// # Errors
    /// When the kernel does not say what this process runs.
    pub(crate) fn program(&self) -> std::io::Result<PathBuf> {
        self.program.clone().map_or_else(std::env::current_exe, Ok)
    }
}
