//! The TLS face of a node: one key and certificate for all its services, on OpenSSL, because
//! scanners know rustls by its hello (`TLS-02`). What a system's own library would choose is chosen here too, as
//! far as OpenSSL can be told; the order of extensions in its hello is its own.

mod client;
mod identity;
mod library;
mod piped;

pub use client::Secured;
pub use identity::{Form, Identity};
pub use piped::Piped;

use crate::{Node, alpn};
use library::Library;
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    dh::Dh,
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{PKey, Private},
    ssl::{SslContext, SslMethod, SslOptions},
    x509::{
        X509, X509Builder, X509Name,
        extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName},
    },
};
use parking_lot::Mutex;
use rsa::pkcs8::EncodePrivateKey;
use std::io;

/// Held while a context is built. The first ones make OpenSSL fetch nearly all algorithms that it will ever need;
/// two threads that did so at the same moment crashed now and then in `ossl_method_store_add` (3.6.3).
static BUILDING: Mutex<()> = Mutex::new(());

/// The server context of `node`.
///
/// # Errors
/// When the key or the certificate cannot be made.
pub async fn context(node: &Node) -> io::Result<SslContext> {
    context_as(node, &Identity::of(&node.persona)).await
}

/// As [`context`], with the key and certificate of a service that has its own.
///
/// # Errors
/// When the key or the certificate cannot be made.
pub async fn context_as(node: &Node, identity: &Identity) -> io::Result<SslContext> {
    let key = node.stage.rsa().get(&node.persona, identity.key, 2048).await?;
    let der = key.to_pkcs8_der().map_err(io::Error::other)?;
    let _alone = BUILDING.lock();
    let key = PKey::private_key_from_pkcs8(der.as_bytes()).map_err(io::Error::other)?;
    build(identity, &key, &library::of(&node.persona.os)).map_err(io::Error::other)
}

fn build(identity: &Identity, key: &PKey<Private>, library: &Library) -> Result<SslContext, ErrorStack> {
    let mut builder = SslContext::builder(SslMethod::tls_server())?;
    builder.set_certificate(certificate_of(identity, key)?.as_ref())?;
    builder.set_private_key(key)?;
    builder.set_min_proto_version(Some(library.oldest))?;
    builder.set_max_proto_version(Some(library.newest))?;
    if let Some(ciphers) = library.ciphers {
        builder.set_cipher_list(ciphers)?;
    }
    if let Some(suites) = library.suites {
        builder.set_ciphersuites(suites)?;
    }
    if let Some(groups) = library.groups {
        builder.set_groups_list(groups)?;
    }
    if library.finite {
        // Schannel has the groups of RFC 3526.
        let prime = BigNum::get_rfc3526_prime_2048()?;
        builder.set_tmp_dh(Dh::from_pqg(prime, None, BigNum::from_u32(2)?)?.as_ref())?;
    }
    let options = SslOptions::CIPHER_SERVER_PREFERENCE | SslOptions::NO_RENEGOTIATION;
    builder.set_options(options | library.options());
    builder.set_session_id_context(b"s")?;
    builder.set_alpn_select_callback(|ssl, list| alpn::select(ssl, list));
    Ok(builder.build())
}

fn certificate_of(identity: &Identity, key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let wanted = &identity.certificate;
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
    extend(&mut builder, identity)?;
    builder.sign(key, if identity.sha1 { MessageDigest::sha1() } else { MessageDigest::sha256() })?;
    Ok(builder.build())
}

fn extend(builder: &mut X509Builder, identity: &Identity) -> Result<(), ErrorStack> {
    match identity.form {
        Form::Web => {
            builder.append_extension(BasicConstraints::new().build()?)?;
            if !identity.certificate.names.is_empty() {
                let mut names = SubjectAlternativeName::new();
                for name in &identity.certificate.names {
                    names.dns(name);
                }
                let names = names.build(&builder.x509v3_context(None, None))?;
                builder.append_extension(names)?;
            }
        }
        Form::Desktop => {
            builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
            builder.append_extension(KeyUsage::new().key_encipherment().data_encipherment().build()?)?;
        }
        Form::Plain => {}
    }
    Ok(())
}

fn name(common: &str, organization: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    if !organization.is_empty() {
        name.append_entry_by_text("O", organization)?;
    }
    name.append_entry_by_text("CN", common)?;
    Ok(name.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::{
        rsa::Rsa,
        ssl::{Ssl, SslConnector, SslVerifyMode, SslVersion},
    };
    use std::{
        net::{TcpListener, TcpStream},
        thread,
    };

    /// Version and cipher that a node of `system` chooses with a client that takes `ciphers`.
    fn chosen(system: &str, build_number: u32, ciphers: &str) -> (String, String) {
        let persona = crate::testing::persona(system);
        let mut os = persona.os.clone();
        (os.id, os.build) = (system.to_owned(), build_number);
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let context = build(&Identity::of(&persona), &key, &library::of(&os)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let _ = Ssl::new(&context).unwrap().accept(stream);
        });
        let mut connector = SslConnector::builder(SslMethod::tls()).unwrap();
        connector.set_verify(SslVerifyMode::NONE);
        connector.set_min_proto_version(Some(SslVersion::TLS1)).unwrap();
        connector.set_cipher_list(&format!("{ciphers}:@SECLEVEL=0")).unwrap();
        let stream = connector.build().connect("a", TcpStream::connect(address).unwrap()).unwrap();
        let ssl = stream.ssl();
        let found = (ssl.version_str().to_owned(), ssl.current_cipher().unwrap().name().to_owned());
        drop(stream);
        server.join().unwrap();
        found
    }

    #[test]
    fn each_system_chooses_what_its_library_does() {
        const ALL: &str = "ALL";
        const FEW: &str = "AES128-SHA:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384";
        for (system, build, ciphers, version, cipher) in [
            ("debian12", 0, ALL, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
            ("centos7", 0, ALL, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"),
            ("windows7", 7601, ALL, "TLSv1", "AES128-SHA"),
            ("windows_server_2012r2", 9600, ALL, "TLSv1.2", "ECDHE-RSA-AES256-SHA384"),
            ("windows_server_2012r2", 9600, FEW, "TLSv1.2", "DHE-RSA-AES256-GCM-SHA384"),
            ("windows_server_2019", 17_763, ALL, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"),
            ("windows_server_2019", 17_763, FEW, "TLSv1.2", "DHE-RSA-AES256-GCM-SHA384"),
            ("windows10", 19_045, FEW, "TLSv1.2", "AES128-SHA"),
            ("windows_server_2022", 20_348, ALL, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
        ] {
            let expected = (version.to_owned(), cipher.to_owned());
            assert_eq!(chosen(system, build, ciphers), expected, "{system} {ciphers}");
        }
    }
}
