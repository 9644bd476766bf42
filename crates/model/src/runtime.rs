//! How deckies come to exist on a host.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A way to make deckies exist. What it takes to start, watch and end one is in the crate `fleet`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// Loopback addresses with ports moved; needs no rights and gives no decky a network stack.
    Loopback,
    /// Addresses and MACs of their own on a segment, behind the gate.
    Native,
    /// Containers of a Docker daemon: an address and MAC each, on the segment of an interface or on a bridge of
    /// the host's own. Only here the operator's own images are services.
    Docker,
}

impl Runtime {
    /// Every runtime; the first is that of a fleet that names none.
    pub const ALL: &'static [Runtime] = &[Runtime::Loopback, Runtime::Native, Runtime::Docker];

    /// The value of `--runtime` and of `runtime` in `[general]`.
    pub const fn name(self) -> &'static str {
        match self {
            Runtime::Loopback => "loopback",
            Runtime::Native => "native",
            Runtime::Docker => "docker",
        }
    }

    /// Whether deckies stand on a segment, which somebody has to name.
    pub const fn needs_segment(self) -> bool {
        match self {
            Runtime::Loopback => false,
            Runtime::Native | Runtime::Docker => true,
        }
    }

    /// Whether each decky has the network stack of its own system.
    pub const fn has_faces(self) -> bool {
        match self {
            Runtime::Loopback | Runtime::Docker => false,
            Runtime::Native => true,
        }
    }

    /// Names of all runtimes for a message.
    pub fn names() -> String {
        Runtime::ALL.iter().map(|runtime| runtime.name()).collect::<Vec<_>>().join(", ")
    }
}

/// A text that names no runtime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no runtime; there are: {names}", names = Runtime::names())]
pub struct UnknownRuntime(pub String);

impl FromStr for Runtime {
    type Err = UnknownRuntime;
    fn from_str(text: &str) -> Result<Self, UnknownRuntime> {
        let found = Runtime::ALL.iter().find(|runtime| runtime.name() == text);
        found.copied().ok_or_else(|| UnknownRuntime(text.to_owned()))
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_written_everywhere_as_it_is_read() {
        for &runtime in Runtime::ALL {
            assert_eq!(runtime.name().parse(), Ok(runtime));
            assert_eq!(serde_json::to_value(runtime).unwrap(), runtime.name());
        }
        let error = "podman".parse::<Runtime>().unwrap_err().to_string();
        assert_eq!(error, "\"podman\" is no runtime; there are: loopback, native, docker");
    }
}
