//! TLS 1.3 with certificates on both sides: who is let in, and as whom.

use crate::{
    Error,
    authority::{self, Certificate},
    refusal::Refusal,
};
use decnet_model::swarm::{Identity, Role};
use parking_lot::{Mutex, RwLock};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig,
    SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// What both sides of a forwarder's connection that acknowledges call it (RFC 7301). It stands in the first packet in
/// the clear, and says nothing of us.
pub const ACKNOWLEDGED: &[u8] = b"syslog/ack";

/// Fingerprints of certificates that are no longer valid, shared by all who look.
#[derive(Clone, Debug, Default)]
pub struct Revoked {
    list: Arc<RwLock<BTreeSet<String>>>,
    /// Those of the list that were shown since somebody asked.
    shown: Arc<Mutex<BTreeSet<String>>>,
}

impl Revoked {
    /// Those of `list`.
    pub fn new(list: impl IntoIterator<Item = String>) -> Revoked {
        Revoked { list: Arc::new(RwLock::new(list.into_iter().collect())), shown: Arc::default() }
    }

    /// Whether a certificate is one of them.
    pub fn contains(&self, fingerprint: &str) -> bool {
        let found = self.list.read().contains(fingerprint);
        if found {
            self.shown.lock().insert(fingerprint.to_owned());
        }
        found
    }

    /// Revoked certificates with which somebody came since this was asked last.
    pub fn take_shown(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.shown.lock())
    }

    /// Replaces the list. Returns whether it is another one than before.
    pub fn replace(&self, list: BTreeSet<String>) -> bool {
        let mut have = self.list.write();
        if *have == list {
            return false;
        }
        *have = list;
        true
    }
}

/// A certificate with its key, both PEM.
#[derive(Clone)]
pub struct Own {
    /// Certificate.
    pub certificate: String,
    /// Private key.
    pub key: String,
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn roots(authority: &str) -> Result<Arc<RootCertStore>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority::der(authority)?)?;
    Ok(Arc::new(roots))
}

/// The master's side. `strangers`: those without a certificate come in, to join.
///
/// # Errors
/// When the certificates are none.
pub fn server(own: &Own, authority: &str, revoked: &Revoked, strangers: bool) -> Result<ServerConfig, Error> {
    let inner = WebPkiClientVerifier::builder_with_provider(roots(authority)?, provider());
    let inner = if strangers { inner.allow_unauthenticated() } else { inner };
    let inner = inner.build().map_err(|_| Error::Unfit("the authority's certificate cannot be used"))?;
    let gate = Gate { inner, revoked: revoked.clone() };
    let chain = vec![authority::der(&own.certificate)?, authority::der(authority)?];
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(gate))
        .with_single_cert(chain, authority::key_der(&own.key)?)?;
    config.alpn_protocols = vec![ACKNOWLEDGED.to_vec(), b"http/1.1".to_vec()];
    // Who has been turned away since must not come back by a ticket.
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The agent's side, which believes the authority and speaks to the master alone. `protocol` is what the connection
/// is for, where it has a name.
///
/// # Errors
/// When the certificates are none.
pub fn client(
    own: Option<&Own>,
    authority: &str,
    revoked: &Revoked,
    protocol: Option<&[u8]>,
) -> Result<ClientConfig, Error> {
    let inner = WebPkiServerVerifier::builder_with_provider(roots(authority)?, provider());
    let inner = inner.build().map_err(|_| Error::Unfit("the authority's certificate cannot be used"))?;
    let verifier = Arc::new(Master { inner, revoked: revoked.clone() });
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    configured(config, own, protocol)
}

/// The side of somebody who joins: it believes whoever shows the authority's certificate with this SHA-256.
///
/// # Errors
/// When TLS cannot be set up.
pub fn joiner(pin: [u8; 32]) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { pin: hex::encode(pin), provider: provider() }));
    configured(config, None, None)
}

fn configured(
    config: rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>,
    own: Option<&Own>,
    protocol: Option<&[u8]>,
) -> Result<ClientConfig, Error> {
    let mut config = match own {
        Some(own) => config
            .with_client_auth_cert(vec![authority::der(&own.certificate)?], authority::key_der(&own.key)?)?,
        None => config.with_no_client_auth(),
    };
    // Our name would stand in the first packet, in the clear, on a network where nobody is to know of us.
    config.enable_sni = false;
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = protocol.map(<[u8]>::to_vec).into_iter().collect();
    Ok(config)
}

/// The name by which agents call the master.
///
/// # Errors
/// Never, as long as the name is one.
pub fn master_name() -> Result<ServerName<'static>, Error> {
    ServerName::try_from(Identity::master().dns()).map_err(|_| Error::Unfit("the master's name is none"))
}

/// Who is let in at the master.
#[derive(Debug)]
struct Gate {
    inner: Arc<dyn ClientCertVerifier>,
    revoked: Revoked,
}

/// Refuses a certificate with an alert of its own.
fn refuse(cause: CertificateError) -> rustls::Error {
    rustls::Error::InvalidCertificate(cause)
}

fn read(end_entity: &CertificateDer<'_>) -> Result<Certificate, rustls::Error> {
    Certificate::read(end_entity).map_err(|_| refuse(CertificateError::BadEncoding))
}

impl ClientCertVerifier for Gate {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // The authority's name is nobody's business who only knocks.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.inner.verify_client_cert(end_entity, intermediates, now)?;
        let certificate = read(end_entity)?;
        if self.revoked.contains(&certificate.fingerprint) {
            return Err(refuse(CertificateError::Revoked));
        }
        match certificate.identity {
            Some(Identity { role: Role::Agent, .. }) => Ok(verified),
            _ => Err(refuse(CertificateError::ApplicationVerificationFailure)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Whom an agent takes for the master: nobody but who has a certificate of that role.
#[derive(Debug)]
struct Master {
    inner: Arc<WebPkiServerVerifier>,
    revoked: Revoked,
}

impl ServerCertVerifier for Master {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let certificate = read(end_entity)?;
        if self.revoked.contains(&certificate.fingerprint) {
            return Err(refuse(CertificateError::Revoked));
        }
        match certificate.identity {
            Some(Identity { role: Role::Master, .. }) => Ok(verified),
            _ => Err(refuse(CertificateError::ApplicationVerificationFailure)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Whom a host that joins believes: who shows the authority that the token pins, and is its master.
#[derive(Debug)]
struct Pinned {
    pin: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let pinned = intermediates.iter().find(|shown| authority::fingerprint(shown) == self.pin);
        let pinned = pinned.ok_or_else(|| refuse(CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(pinned.clone().into_owned())?;
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider));
        let inner = inner.build().map_err(|_| refuse(CertificateError::BadEncoding))?;
        let master = Master { inner, revoked: Revoked::default() };
        master.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Who is at the other end of a connection that was accepted; `None`: somebody without a certificate.
///
/// # Errors
/// When the certificate is not one of an agent.
pub fn peer(connection: &rustls::ServerConnection) -> Result<Option<(Identity, Certificate)>, Error> {
    let Some(shown) = connection.peer_certificates().and_then(<[_]>::first) else { return Ok(None) };
    let certificate = Certificate::read(shown)?;
    let identity = certificate.identity.clone().ok_or(Error::Refused(Refusal::Role))?;
    Ok(Some((identity, certificate)))
}
