//! Services that an operator brings along as container images, `[custom-NAME]` in a deployment INI.
//!
//! They need the runtime docker. Until it exists they are kept, written back, and told as absent.

use serde::{Deserialize, Serialize};

/// A service of the operator's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomService {
    /// What deckies call it in `services`.
    pub name: String,
    /// Container image.
    pub image: String,
    /// Command that is run in it; `None`: the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// TCP ports that it listens on.
    #[serde(default)]
    pub ports: Vec<u16>,
}
