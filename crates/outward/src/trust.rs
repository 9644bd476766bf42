//! Whom we believe over TLS: the certificate authorities of the web, and those that the operator put into a file.

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{io, path::Path, sync::Arc};

/// A configuration that believes the web's authorities and those of `file`, which need not be there.
///
/// # Errors
/// When the file is there and cannot be read, or has no certificate in it.
pub fn config(file: &Path) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(text) = own(file)? {
        for certificate in CertificateDer::pem_slice_iter(&text) {
            roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
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

/// The operator's file, if there is one: certificates in PEM.
///
/// # Errors
/// When it cannot be read, or has no certificate in it.
pub fn own(file: &Path) -> io::Result<Option<Vec<u8>>> {
    let text = match std::fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    if CertificateDer::pem_slice_iter(&text).next().is_none() {
        return Err(io::Error::other("no certificate in it"));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_told_and_none_is_no_matter() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(own(&file).unwrap().is_none() && config(&file).is_ok());
        std::fs::write(&file, "nothing").unwrap();
        assert!(own(&file).is_err() && config(&file).is_err());
    }
}
