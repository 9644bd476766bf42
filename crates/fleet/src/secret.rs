//! The install secret: made once, kept for ever, never shown.

use crate::error::{Error, system};
use decnet_model::paths::Paths;
use std::{
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// The install secret of `paths`, made if there is none.
///
/// # Errors
/// When it cannot be read, is damaged, or others may read it.
pub fn secret(paths: &Paths) -> Result<[u8; 32], Error> {
    let path = paths.install_secret();
    if !path.exists() {
        make(&path)?;
    }
    let read = system("read the install secret");
    if fs_err::metadata(&path).map_err(&read)?.permissions().mode() & 0o077 != 0 {
        return Err(Error::SecretOpen(path));
    }
    let text = fs_err::read_to_string(&path).map_err(&read)?;
    let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or(Error::SecretDamaged(path))
}

fn make(path: &Path) -> Result<(), Error> {
    let mut bytes = [0; 32];
    let mut random = fs_err::File::open("/dev/urandom").map_err(system("make the install secret"))?;
    random.read_exact(&mut bytes).map_err(system("make the install secret"))?;
    // A second process that makes one at the same time fails here and then reads this one.
    let file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    match file {
        Ok(mut file) => file
            .write_all(hex::encode(bytes).as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(system("keep the install secret")),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::System("make the install secret", error)),
    }
}
