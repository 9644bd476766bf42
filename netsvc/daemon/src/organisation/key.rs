//! The secret that a domain is drawn from: that of the node which tells of it first, kept beyond the node's own life.

use netsvc_kit::Stage;
use netsvc_persona::{Persona, subkey};
use std::{fs, path::Path};

/// The secret of `domain` in the process `stage`, one of whose nodes is `persona`.
pub(super) fn of(stage: &Stage, domain: &str, persona: &Persona) -> [u8; 32] {
    let name = hex::encode(subkey::bytes(b"", &["domain", domain]));
    let path = stage.state_folder().join("domains").join(name.get(..32).unwrap_or(&name));
    if let Some(kept) = kept(&path) {
        return kept;
    }
    let nodes = stage.directory.of(&persona.domain);
    // By name, so that it makes no difference who is asked first.
    let first = nodes.iter().map(|listed| &*listed.persona).min_by(|left, right| left.node.cmp(&right.node));
    let node_key = first.unwrap_or(persona).subkey.hex_bytes().unwrap_or_default();
    let key = subkey::bytes(&node_key, &["organisation", domain]);
    // Without its folder a domain is drawn anew after the process ends, and goes on.
    let _ = path.parent().map(fs::create_dir_all);
    let _ = fs::write(&path, hex::encode(key));
    key
}

fn kept(path: &Path) -> Option<[u8; 32]> {
    hex::decode(fs::read_to_string(path).ok()?.trim()).ok()?.try_into().ok()
}
