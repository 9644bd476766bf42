//! Where those who use canaries arrive.

use crate::settings::{Name, Settings};
use anyhow::Result;
use decnet_model::{canary::Origin, flaw};

/// Where things arrive, by the settings.
///
/// # Errors
/// When they are wrong.
pub fn origin(settings: &Settings) -> Result<Origin> {
    Origin::read(settings.text(Name::CanaryBase), settings.text(Name::CanaryZone))
        .map_err(|flaws| anyhow::anyhow!(flaw::told(&flaws, "")))
}
