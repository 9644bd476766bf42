//! Certificates and keys as files.

use super::TlsError;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// Bytes of a file; a list of all authorities of the web has a quarter of it.
const MOST: u64 = 1 << 20;

/// How a file was when somebody looked: one that is written or put in its place has another stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Option<(u64, u64, i64, i64, u64)>);

impl Stamp {
    pub(super) fn of(path: &Path) -> Stamp {
        let data = fs::metadata(path).ok();
        Stamp(data.map(|data| (data.dev(), data.ino(), data.mtime(), data.mtime_nsec(), data.size())))
    }
}

/// The whole of a file that `setting` names.
///
/// # Errors
/// When it cannot be read or is too long.
pub(super) fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |why: String, remedy| TlsError { setting, path: path.to_owned(), why, remedy };
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied => failed(
            "the workers may not read it".to_owned(),
            "give it to their group (`chgrp decnet`, `chmod 640`), and let them through the folders above it",
        ),
        io::ErrorKind::NotFound => {
            failed("there is no such file".to_owned(), "put it there, or name another")
        }
        _ => failed(format!("it cannot be read ({error})"), "put it there, or name another"),
    };
    // Opening what is no file might wait for ever.
    let data = fs::metadata(path).map_err(cannot)?;
    if !data.is_file() {
        return Err(failed("that is no file".to_owned(), "name a file in PEM"));
    }
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut text)).map_err(cannot)?;
    if MOST < text.len() as u64 {
        return Err(failed(format!("it is longer than {MOST} bytes"), "name a file in PEM"));
    }
    Ok(text)
}

/// All certificates of a file.
///
/// # Errors
/// When it cannot be read or has none.
pub(crate) fn certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(setting, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let failed = |why: String| TlsError {
        setting,
        path: path.to_owned(),
        why,
        remedy: "write certificates in PEM into it, the one of this host first",
    };
    match found {
        Ok(found) if found.is_empty() => Err(failed("there is no certificate in it".to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(failed(format!("it cannot be read as PEM ({error})"))),
    }
}

/// The private key of a file.
///
/// # Errors
/// When it cannot be read or has none that is open.
pub(super) fn key(setting: &'static str, path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(setting, path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let locked = text.windows(9).any(|window| window == b"ENCRYPTED");
        let (why, remedy) = if locked {
            ("its key is locked by a password", "`openssl pkey -in OLD -out NEW` writes one that is not")
        } else {
            ("there is no private key in it", "write one in PEM into it")
        };
        TlsError { setting, path: path.to_owned(), why: why.to_owned(), remedy }
    })
}
