//! What is known of an address or a file: whose it is by the files of the folder `intel`, and what providers answered.

use anyhow::{Context as _, Result};
use decnet_enrich::{
    local::{Folder, Library},
    scope,
};
use decnet_model::record;
use decnet_shape::{Lookup, Reputation};
use decnet_store::Store;
use std::{net::IpAddr, path::PathBuf};

/// What is known of an address by the files of `intel`, and by what `store` holds, if there is one.
///
/// # Errors
/// When the files or the store cannot be read.
pub(crate) async fn of_address(intel: PathBuf, store: Option<&Store>, address: IpAddr) -> Result<Lookup> {
    let address = address.to_canonical();
    let look = move || {
        let folder = Folder::look(&intel).with_context(|| format!("read {}", intel.display()))?;
        anyhow::Ok(Library::read(&folder).origin(address))
    };
    // Databases are large, and others wait for this thread.
    let origin = tokio::task::spawn_blocking(look).await.context("read the files")??;
    let answers = match store {
        Some(store) => store.reputation_get(&[address]).await.context("read what providers answered")?,
        None => Vec::new(),
    };
    Ok(Lookup {
        subject: address.to_string(),
        scope: Some(scope::scope(address)),
        origin: (&origin).into(),
        reputation: answers.iter().map(Reputation::from).collect(),
    })
}

/// What is known of the file with this SHA-256, lower-case hex.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn of_file(store: &Store, sha256: String) -> Result<Lookup> {
    let answers = store.file_reputation_get(&sha256).await.context("read what providers answered")?;
    Ok(Lookup {
        subject: sha256,
        scope: None,
        origin: (&record::Origin::default()).into(),
        reputation: answers.iter().map(Reputation::from).collect(),
    })
}
