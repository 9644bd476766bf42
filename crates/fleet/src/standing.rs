//! How the runtime of a fleet stands: what the worker writes down and others read.

use crate::error::{Error, document, system};
use decnet_model::{paths::Paths, runtime::Runtime};
use netsvc_persona::stage::AbsentNode;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How the runtime stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which it is.
    pub runtime: Runtime,
    /// What carries packets to the services: `kernel`, `gate`.
    pub carrier: String,
    /// What of the services' isolation is in force: `full`, or what is missing.
    pub isolation: String,
    /// User that the services run as.
    pub uid: u32,
    /// The process that serves; `None` while it is started again.
    pub process: Option<u32>,
    /// How often processes were started again.
    pub restarts: u64,
    /// Deckies that exist.
    pub nodes: usize,
    /// Listeners that are bound.
    pub listeners: usize,
    /// What only the native runtime has.
    #[serde(flatten)]
    pub native: Option<NativeStanding>,
}

/// What only the native runtime has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeStanding {
    /// How the gate reaches the engine side: `veth` or `tun`.
    pub device: String,
    /// The segment's interface.
    pub interface: String,
    /// Whether the segment is the lab's.
    pub lab: bool,
    /// The process that holds the lab's namespaces.
    pub holder: Option<u32>,
    /// Whether `netd` is root of a user namespace only.
    pub rootless: bool,
    /// Process of `netd`.
    pub netd: u32,
    /// Process of the gate.
    pub gate: Option<u32>,
    /// Frames that the segment socket has seen.
    pub packets: u64,
    /// Frames lost because the gate did not read them in time.
    pub drops: u64,
    /// Deckies that are off the segment because a host has their address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<AbsentNode>,
}

impl Standing {
    /// What was written last; `None` while no runtime runs.
    pub fn read(paths: &Paths) -> Option<Standing> {
        serde_json::from_slice(&decnet_pipeline::runtime::get(&file(paths)).ok()?).ok()
    }

    /// Whether the fleet stands in the lab.
    pub fn in_lab(&self) -> bool {
        self.native.as_ref().is_some_and(|native| native.lab)
    }

    /// Writes it down, whole or not at all: others read it at any time.
    pub(crate) fn write(&self, paths: &Paths) -> Result<(), Error> {
        const ATTEMPT: &str = "write the runtime's state";
        let path = file(paths);
        let text = serde_json::to_string(self).map_err(document(ATTEMPT))?;
        decnet_pipeline::runtime::put(&path, text.as_bytes()).map_err(system(ATTEMPT))
    }

    /// Nothing runs any more.
    pub(crate) fn remove(paths: &Paths) {
        let _ = fs_err::remove_file(file(paths));
    }
}

fn file(paths: &Paths) -> PathBuf {
    paths.run().join("runtime.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        fs_err::create_dir_all(paths.run()).unwrap();
        assert_eq!(Standing::read(&paths), None);
        let native = NativeStanding {
            device: "veth".to_owned(),
            interface: "seg0".to_owned(),
            lab: true,
            holder: Some(7),
            rootless: false,
            netd: 8,
            gate: None,
            packets: 1,
            drops: 0,
            absent: vec![AbsentNode {
                node: "web-01".to_owned(),
                mac: "02:00:00:00:00:01".to_owned(),
                since: 9,
            }],
        };
        let plain = Standing {
            runtime: Runtime::Loopback,
            carrier: "kernel".to_owned(),
            isolation: "full".to_owned(),
            uid: 1,
            process: Some(2),
            restarts: 0,
            nodes: 3,
            listeners: 4,
            native: None,
        };
        let other = Standing { runtime: Runtime::Native, native: Some(native), ..plain.clone() };
        for standing in [plain, other] {
            standing.write(&paths).unwrap();
            assert_eq!(Standing::read(&paths), Some(standing.clone()));
            assert_eq!(standing.in_lab(), standing.runtime == Runtime::Native);
        }
        Standing::remove(&paths);
        assert_eq!(Standing::read(&paths), None);
    }
}
