//! The TLS face of a node: one key and certificate for all its services, on OpenSSL, because
//! scanners know rustls by its hello (`TLS-02`).

use crate::Node;
use netsvc_persona::Certificate;
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{PKey, Private},
    ssl::{SslContext, SslMethod, SslOptions, SslVersion},
    x509::{
        X509, X509Name,
        extension::{BasicConstraints, SubjectAlternativeName},
    },
};
use rsa::pkcs8::EncodePrivateKey;
use std::io;

/// The server context of `node`.
///
/// # Errors
/// When the key or the certificate cannot be made.
pub async fn context(node: &Node) -> io::Result<SslContext> {
    let key = node.stage.rsa().get(&node.persona, "tls", 2048).await?;
    let der = key.to_pkcs8_der().map_err(io::Error::other)?;
    let key = PKey::private_key_from_pkcs8(der.as_bytes()).map_err(io::Error::other)?;
    build(&node.persona.certificate, &key).map_err(io::Error::other)
}

fn build(certificate: &Certificate, key: &PKey<Private>) -> Result<SslContext, ErrorStack> {
    let mut builder = SslContext::builder(SslMethod::tls_server())?;
    builder.set_certificate(certificate_of(certificate, key)?.as_ref())?;
    builder.set_private_key(key)?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_options(SslOptions::CIPHER_SERVER_PREFERENCE | SslOptions::NO_RENEGOTIATION);
    builder.set_session_id_context(b"s")?;
    Ok(builder.build())
}

fn certificate_of(wanted: &Certificate, key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = BigNum::from_hex_str(&wanted.serial)?.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(name(&wanted.common_name, &wanted.organization)?.as_ref())?;
    builder.set_issuer_name(name(&wanted.issuer, &wanted.organization)?.as_ref())?;
    let before = Asn1Time::from_unix(wanted.not_before / 1_000_000)?;
    let after = Asn1Time::from_unix(wanted.not_after / 1_000_000)?;
    builder.set_not_before(&before)?;
    builder.set_not_after(&after)?;
    builder.set_pubkey(key)?;
    builder.append_extension(BasicConstraints::new().build()?)?;
    if !wanted.names.is_empty() {
        let mut names = SubjectAlternativeName::new();
        for name in &wanted.names {
            names.dns(name);
        }
        let names = names.build(&builder.x509v3_context(None, None))?;
        builder.append_extension(names)?;
    }
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn name(common: &str, organization: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    if !organization.is_empty() {
        name.append_entry_by_text("O", organization)?;
    }
    name.append_entry_by_text("CN", common)?;
    Ok(name.build())
}
