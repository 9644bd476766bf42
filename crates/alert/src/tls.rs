//! Whom we believe over TLS: the certificate authorities of the web, and those that the operator put into the
//! file `alert-ca.pem` of the state folder.

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{io, path::Path, sync::Arc};

/// Name of the operator's file.
pub(crate) const FILE: &str = "alert-ca.pem";

/// A configuration that believes the web's authorities and those of the folder.
///
/// # Errors
/// When the file is there and cannot be read, or has no certificate in it.
pub(crate) fn config(folder: &Path) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    match std::fs::read(folder.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
        Ok(text) => {
            let mut found = 0;
            for certificate in CertificateDer::pem_slice_iter(&text) {
                let certificate = certificate.map_err(io::Error::other)?;
                roots.add(certificate).map_err(io::Error::other)?;
                found += 1;
            }
            if found == 0 {
                return Err(io::Error::other("no certificate in it"));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
