//! The install secret: made once, kept for ever, never shown.

use anyhow::{Context as _, Result, ensure};
use decnet_model::paths::Paths;
use std::{
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
};

/// The install secret of `paths`, made if there is none.
///
/// # Errors
/// When it cannot be read, is damaged, or others may read it.
pub fn secret(paths: &Paths) -> Result<[u8; 32]> {
    let path = paths.install_secret();
    if !path.exists() {
        make(&path)?;
    }
    let mode = fs_err::metadata(&path).context("read the install secret")?.permissions().mode();
    ensure!(mode & 0o077 == 0, "{} may be read by others: chmod 600 it", path.display());
    let text = fs_err::read_to_string(&path).context("read the install secret")?;
    let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.with_context(|| format!("{} is damaged: it must hold 64 hex digits", path.display()))
}

fn make(path: &std::path::Path) -> Result<()> {
    let mut bytes = [0; 32];
    let mut random = fs_err::File::open("/dev/urandom").context("make the install secret")?;
    random.read_exact(&mut bytes).context("make the install secret")?;
    // A second process that makes one at the same time fails here and then reads this one.
    let file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    match file {
        Ok(mut file) => file
            .write_all(hex::encode(bytes).as_bytes())
            .and_then(|()| file.sync_all())
            .context("keep the install secret"),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).with_context(|| format!("create {}", path.display())),
    }
}
