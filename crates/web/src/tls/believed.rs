//! How the dashboard knows the interface that it hands requests on to.

use super::{HTTP, TlsError, file, provider};
use file::Stamp;
use parking_lot::Mutex;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{path::PathBuf, sync::Arc};
use tokio_rustls::TlsConnector;

/// Whom the dashboard takes for its interface: who shows one of the certificates of a file, or for the interface's name
/// one that they have signed. The file is read again when it changes. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Believed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    setting: &'static str,
    path: PathBuf,
    held: Mutex<Option<(Stamp, Arc<ClientConfig>)>>,
}

impl Believed {
    /// Those of the file at `path` (PEM), which `setting` names. It need not be there yet.
    pub fn new(setting: &'static str, path: PathBuf) -> Self {
        Believed(Arc::new(Inner { setting, path, held: Mutex::new(None) }))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be, or has no certificate in it.
    pub fn check(&self) -> Result<(), TlsError> {
        file::certificates(self.0.setting, &self.0.path).map(drop)
    }

    /// What connects to the interface.
    ///
    /// # Errors
    /// When the file never could be read.
    pub(crate) fn connector(&self) -> Result<TlsConnector, TlsError> {
        let mut held = self.0.held.lock();
        let stamp = Stamp::of(&self.0.path);
        if let Some((known, config)) = held.as_ref()
            && *known == stamp
        {
            return Ok(Arc::clone(config).into());
        }
        match self.read() {
            Ok(config) => {
                *held = Some((stamp, Arc::clone(&config)));
                Ok(config.into())
            }
            // It may be that it is being written: what it had goes on.
            Err(error) => held.as_ref().map(|(_, config)| Arc::clone(config).into()).ok_or(error),
        }
    }

    fn read(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let pinned = file::certificates(self.0.setting, &self.0.path)?;
        let failed = |error: Error| TlsError {
            setting: self.0.setting,
            path: self.0.path.clone(),
            why: format!("nobody can be known by it ({error})"),
            remedy: "write the certificate of the API into it, or those that signed it",
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(pinned.iter().cloned());
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok();
        let verifier = Arc::new(Known { pinned, signed, provider: provider() });
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(failed)?;
        let mut config = config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = vec![HTTP.to_vec()];
        Ok(Arc::new(config))
    }
}

/// Believes certificates that it has, and those that they have signed.
#[derive(Debug)]
struct Known {
    pinned: Vec<CertificateDer<'static>>,
    /// `None`: none of them can sign anything.
    signed: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // Who has its key is who we were told of, by whatever name we reach it; the handshake proves that it has.
        if self.pinned.iter().any(|known| known == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.signed {
            Some(signed) => {
                signed.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
