//! What a certificate says of who shows it.

use crate::finding::Fields;
use netsvc_wire::field;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Names of a certificate that are told.
const NAMES: usize = 32;
/// Longest certificate that is looked into.
const LONGEST: usize = 64 * 1024;

/// SHA-256 of a certificate.
pub(crate) fn hash(der: &[u8]) -> String {
    hex::encode(Sha256::digest(der))
}

/// The fields that tell of the certificate `der`; of one that cannot be read, its hash.
pub(crate) fn fields(der: &[u8], side: &'static str) -> Fields {
    let fields = Fields::default().with(field::SIDE, side).with(field::CERTIFICATE_SHA256, hash(der));
    let Ok((_, certificate)) = X509Certificate::from_der(der.get(..LONGEST).unwrap_or(der)) else {
        return fields;
    };
    let time = |at: i64| {
        let at = OffsetDateTime::from_unix_timestamp(at).ok()?;
        at.format(&Rfc3339).ok()
    };
    let validity = certificate.validity();
    let own = certificate.subject() == certificate.issuer();
    fields
        .with(field::SUBJECT_NAME, certificate.subject().to_string())
        .with(field::ISSUER, certificate.issuer().to_string())
        .with(field::NAMES, names(&certificate))
        .maybe(field::FROM, time(validity.not_before.timestamp()))
        .maybe(field::TO, time(validity.not_after.timestamp()))
        .with(field::SELF_SIGNED, if own { "yes" } else { "no" })
}

fn names(certificate: &X509Certificate<'_>) -> String {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return String::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            Some((*name).to_owned())
        }
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
            let long = <[u8; 16]>::try_from(*bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
            four.or(long).ok()
        }
        _ => None,
    };
    let names: Vec<String> = extension.value.general_names.iter().filter_map(name).take(NAMES).collect();
    names.join(",")
}
