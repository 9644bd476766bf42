//! Whom we believe over TLS: the certificate authorities of the web, and those that the operator put into the
//! file `alert-ca.pem` of the state folder.

use decnet_outward::trust;
use rustls::ClientConfig;
use std::{io, path::Path, sync::Arc};

/// Name of the operator's file.
pub(crate) const FILE: &str = "alert-ca.pem";

/// A configuration that believes the web's authorities and those of the folder.
///
/// # Errors
/// When the file is there and cannot be read, or has no certificate in it.
pub(crate) fn config(folder: &Path) -> io::Result<Arc<ClientConfig>> {
    trust::config(&folder.join(FILE))
}

/// The operator's file, if there is one: certificates in PEM.
///
/// # Errors
/// When it cannot be read, or has no certificate in it.
pub(crate) fn own(folder: &Path) -> io::Result<Option<Vec<u8>>> {
    trust::own(&folder.join(FILE))
}
