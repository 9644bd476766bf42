//! The authority: one key pair that signs who is who. Keys are born where they are used and never travel.

use crate::Error;
use decnet_model::swarm::Identity;
use rand_core::{OsRng, RngCore};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use x509_parser::{extensions::GeneralName, prelude::FromDer};

/// Days that a certificate is valid.
pub const DAYS: i64 = 90;
/// Days that the authority's own is valid.
const AUTHORITY_DAYS: i64 = 3650;
/// A clock may be so much behind, in seconds.
const SKEW: i64 = 300;
const DAY: i64 = 86_400;

/// The authority with its key.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate that was signed.
#[derive(Clone, Debug)]
pub struct Signed {
    /// PEM.
    pub pem: String,
    /// SHA-256 of the DER, hex.
    pub fingerprint: String,
    /// When it was signed, µs.
    pub issued_at: i64,
    /// When it expires, µs.
    pub expires_at: i64,
}

/// A key that was born here, and the request for a certificate.
pub struct Request {
    /// Private key, PEM.
    pub key: String,
    /// Request, PEM.
    pub request: String,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is; `None`: it is none of ours.
    pub identity: Option<Identity>,
    /// SHA-256 of the DER, hex.
    pub fingerprint: String,
    /// When it began to be valid, µs.
    pub begins_at: i64,
    /// When it expires, µs.
    pub expires_at: i64,
}

impl Certificate {
    /// Reads a certificate, whoever signed it.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(der: &[u8]) -> Result<Certificate, Error> {
        let unfit = || Error::Unfit("that is no certificate");
        let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(der).map_err(|_| unfit())?;
        let names = parsed.subject_alternative_name().map_err(|_| unfit())?;
        // One name and no other: whose it is must not be a matter of choice.
        let identity = names.and_then(|names| match names.value.general_names.as_slice() {
            [GeneralName::DNSName(name)] => name.parse().ok(),
            _ => None,
        });
        let micros = |time: x509_parser::time::ASN1Time| time.timestamp().saturating_mul(1_000_000);
        Ok(Certificate {
            identity,
            fingerprint: fingerprint(der),
            begins_at: micros(parsed.validity().not_before),
            expires_at: micros(parsed.validity().not_after),
        })
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// When there is none.
    pub fn read_pem(pem: &str) -> Result<Certificate, Error> {
        Certificate::read(&der(pem)?)
    }

    /// Whether two thirds of its time are over at `now`, µs.
    pub fn is_due(&self, now: i64) -> bool {
        let span = self.expires_at.saturating_sub(self.begins_at);
        self.begins_at.saturating_add(span / 3 * 2) <= now
    }
}

/// The first certificate of a PEM text.
///
/// # Errors
/// When there is none.
pub fn der(pem: &str) -> Result<CertificateDer<'static>, Error> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| Error::Unfit("that is no certificate in PEM"))
}

/// The private key of a PEM text.
///
/// # Errors
/// When there is none.
pub fn key_der(pem: &str) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| Error::Unfit("that is no private key in PEM"))
}

/// SHA-256 of a certificate, hex.
pub fn fingerprint(der: &[u8]) -> String {
    hex::encode(Sha256::digest(der))
}

/// A new key and the request for a certificate, which names nobody: who it is for is the authority's to say.
///
/// # Errors
/// When there is no random number.
pub fn request() -> Result<Request, Error> {
    let failed = |error| Error::Certificate("make a key", error);
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let request = CertificateParams::default().serialize_request(&key).map_err(failed)?;
    Ok(Request { key: key.serialize_pem(), request: request.pem().map_err(failed)? })
}

impl Authority {
    /// A new authority; returns it with its private key as PEM.
    ///
    /// # Errors
    /// When there is no random number.
    pub fn make(now: i64) -> Result<(Authority, String), Error> {
        let failed = |error| Error::Certificate("make the authority", error);
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let mut params = CertificateParams::default();
        // A name of its own: whoever has joined two swarms can tell them apart.
        params.distinguished_name = named(&format!("swarm authority {}", hex::encode(random::<4>())));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(serial());
        (params.not_before, params.not_after) = span(now, AUTHORITY_DAYS * DAY)?;
        let certificate = params.self_signed(&key).map_err(failed)?.pem();
        let text = key.serialize_pem();
        Ok((Authority { certificate, issuer: Issuer::new(params, key) }, text))
    }

    /// The authority that `certificate` and `key`, both PEM, make.
    ///
    /// # Errors
    /// When they are none.
    pub fn load(certificate: &str, key: &str) -> Result<Authority, Error> {
        let failed = |error| Error::Certificate("read the authority", error);
        let key = KeyPair::from_pem(key).map_err(failed)?;
        let issuer = Issuer::from_ca_cert_pem(certificate, key).map_err(failed)?;
        Ok(Authority { certificate: certificate.to_owned(), issuer })
    }

    /// Its certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Signs `request`, PEM, for `identity`: valid for [`DAYS`]. Of the request only the key counts.
    ///
    /// # Errors
    /// When it is none, or its signature is not that of its key.
    pub fn sign(&self, request: &str, identity: &Identity, now: i64) -> Result<Signed, Error> {
        self.sign_for(request, identity, now, DAYS * DAY)
    }

    /// As [`Authority::sign`], valid for `seconds`.
    ///
    /// # Errors
    /// As [`Authority::sign`].
    pub fn sign_for(
        &self,
        request: &str,
        identity: &Identity,
        now: i64,
        seconds: i64,
    ) -> Result<Signed, Error> {
        let failed = |error| Error::Certificate("read the request for a certificate", error);
        let mut asked = CertificateSigningRequestParams::from_pem(request).map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(&identity.host);
        params.subject_alt_names = vec![SanType::DnsName(identity.dns().try_into().map_err(failed)?)];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(serial());
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = span(now, seconds)?;
        asked.params = params;
        let signed = asked.signed_by(&self.issuer).map_err(failed)?;
        let fingerprint = fingerprint(signed.der());
        let expires_at = now.saturating_add(seconds.saturating_mul(1_000_000));
        Ok(Signed { pem: signed.pem(), fingerprint, issued_at: now, expires_at })
    }
}

/// SHA-256 of the public key of a request, hex.
///
/// # Errors
/// When it is none, or its signature is not that of its key.
pub fn request_key(request: &str) -> Result<String, Error> {
    let failed = |error| Error::Certificate("read the request for a certificate", error);
    let asked = CertificateSigningRequestParams::from_pem(request).map_err(failed)?;
    Ok(hex::encode(Sha256::digest(asked.public_key.der_bytes())))
}

/// `N` random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

fn named(name: &str) -> DistinguishedName {
    let mut of = DistinguishedName::new();
    of.push(DnType::CommonName, name);
    of
}

/// 127 random bits, as RFC 5280 §4.1.2.2 has it: positive.
fn serial() -> SerialNumber {
    let mut bytes = random::<16>();
    if let Some(first) = bytes.first_mut() {
        *first &= 0x7f;
    }
    SerialNumber::from_slice(&bytes)
}

fn span(now: i64, seconds: i64) -> Result<(OffsetDateTime, OffsetDateTime), Error> {
    let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds);
    let now = now.div_euclid(1_000_000);
    let both = at(now - SKEW).and_then(|begin| Ok((begin, at(now + seconds)?)));
    both.map_err(|_| Error::Unfit("the clock of this host says no time that a certificate can carry"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_796_000_000_000_000;

    #[test]
    fn a_certificate_names_whom_the_authority_says_whatever_was_asked_for() {
        let (authority, key) = Authority::make(NOW).unwrap();
        let asked = request().unwrap();
        let identity = Identity::agent("berlin-3f9a2c");
        let signed = authority.sign(&asked.request, &identity, NOW).unwrap();
        let read = Certificate::read_pem(&signed.pem).unwrap();
        assert_eq!((read.identity, &read.fingerprint), (Some(identity.clone()), &signed.fingerprint));
        assert_eq!(read.expires_at, NOW + DAYS * DAY * 1_000_000);
        let again = Authority::load(authority.certificate(), &key).unwrap();
        let other = again.sign(&asked.request, &identity, NOW).unwrap();
        assert_ne!(other.fingerprint, signed.fingerprint, "serial numbers are random");
        assert_eq!(Certificate::read_pem(authority.certificate()).unwrap().identity, None);
    }

    #[test]
    fn a_certificate_is_due_at_two_thirds_of_its_time() {
        let day = DAY * 1_000_000;
        let of =
            Certificate { identity: None, fingerprint: String::new(), begins_at: 0, expires_at: 90 * day };
        assert!(!of.is_due(60 * day - 1) && of.is_due(60 * day));
    }

    #[test]
    fn a_request_whose_signature_is_wrong_is_refused() {
        let (authority, _) = Authority::make(NOW).unwrap();
        let text = request().unwrap().request;
        let at = text.len() / 2;
        let old = text.as_bytes()[at];
        let new = if old == b'A' { "B" } else { "A" };
        let bad = format!("{}{new}{}", &text[..at], &text[at + 1..]);
        assert!(authority.sign(&bad, &Identity::agent("a-1"), NOW).is_err());
        assert!(authority.sign("x", &Identity::agent("a-1"), NOW).is_err() && request_key("x").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Certificate::read(&bytes);
            let text = String::from_utf8_lossy(&bytes);
            let _ = (Certificate::read_pem(&text), request_key(&text));
        }
    }
}
