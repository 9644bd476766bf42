//! RSA keys, made at first use from the node's subkey and then kept in `state/`.
//!
//! RSA-3072 costs half a second, so a deploy of a thousand nodes cannot afford it; a peer that asks
//! for one waits once. The key is the same again if the file is lost, because its random numbers
//! come from the subkey.

use netsvc_persona::{Persona, subkey};
use parking_lot::Mutex;
use rsa::{
    RsaPrivateKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};
use tokio::sync::OnceCell;

type Slot = Arc<OnceCell<Arc<RsaPrivateKey>>>;

/// RSA keys of the nodes of one process.
#[derive(Debug)]
pub struct RsaKeys {
    folder: PathBuf,
    slots: Mutex<BTreeMap<(String, &'static str), Slot>>,
}

impl RsaKeys {
    /// Keys kept in `state/keys` below `spool`.
    pub fn new(spool: &std::path::Path) -> Self {
        RsaKeys { folder: spool.join("state").join("keys"), slots: Mutex::new(BTreeMap::new()) }
    }

    /// The key of `persona` for `purpose` (`ssh`, `tls`). Made off the async threads.
    ///
    /// # Errors
    /// When the key cannot be made (a broken random source or an odd size).
    pub async fn get(
        &self,
        persona: &Persona,
        purpose: &'static str,
        bits: u32,
    ) -> io::Result<Arc<RsaPrivateKey>> {
        let slot = self.slots.lock().entry((persona.node.clone(), purpose)).or_default().clone();
        let path = self.folder.join(format!("{}-{purpose}.der", persona.node));
        let key = persona.subkey.hex_bytes().unwrap_or_default();
        slot.get_or_try_init(|| async move {
            tokio::task::spawn_blocking(move || load_or_make(&path, &key, purpose, bits))
                .await
                .map_err(io::Error::other)?
        })
        .await
        .cloned()
    }

    /// Forgets the keys of a node that is gone.
    pub fn forget(&self, node: &str) {
        self.slots.lock().retain(|(owner, _), _| owner != node);
    }
}

fn load_or_make(
    path: &std::path::Path,
    subkey: &[u8],
    purpose: &str,
    bits: u32,
) -> io::Result<Arc<RsaPrivateKey>> {
    if let Ok(der) = std::fs::read(path)
        && let Ok(key) = RsaPrivateKey::from_pkcs8_der(&der)
    {
        return Ok(Arc::new(key));
    }
    let size = bits.to_string();
    let mut generator = subkey::generator(subkey, &["rsa", purpose, &size]);
    let size = usize::try_from(bits).unwrap_or(2048);
    let key = RsaPrivateKey::new(&mut generator, size).map_err(io::Error::other)?;
    if let (Some(folder), Ok(der)) = (path.parent(), key.to_pkcs8_der()) {
        // Without the file the same key is made again; only time is lost.
        let _ = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, der.as_bytes()));
    }
    Ok(Arc::new(key))
}
