//! Mistakes of the operator in what he asks to be deployed.

use decnet_plan::{ini::SpecError, plan};
use std::{io, path::PathBuf};

/// What was asked for cannot be; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BadInput {
    /// All mistakes of a deployment INI, one a line.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<SpecError>),
    /// The deployment INI cannot be read.
    #[error("{}: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    /// The fleet of the deployment INI cannot stand where it says.
    #[error("{}: {:#}", .0.display(), .1)]
    Place(PathBuf, anyhow::Error),
    /// Something that runs would go.
    #[error("{}\nerror: this takes away what is deployed; --yes does it", .0.join("\n"))]
    TakesAway(Vec<String>),
    /// The answer was no.
    #[error("nothing was changed")]
    Unwanted,
    /// There can be no such fleet.
    #[error(transparent)]
    Plan(#[from] plan::PlanError),
}
