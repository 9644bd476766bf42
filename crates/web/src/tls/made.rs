//! The certificate that is made here where the operator has none: signed by itself, valid for a year and a month, made
//! anew before it ends.
//!
//! Key and certificate are one file, so that they are one at any moment, whoever of our processes makes them; another
//! file has the certificate alone, for those who are to believe it.

use super::{TlsError, Validity, file};
use rand_core::{OsRng, RngCore};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    net::IpAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use time::OffsetDateTime;
use x509_parser::{extensions::GeneralName, prelude::FromDer};

/// The setting by which it is switched on.
pub(super) const SETTING: &str = "web.tls";
/// Key and certificate.
const WHOLE: &str = "key.pem";
/// The certificate alone.
const SHOWN: &str = "certificate.pem";
/// Days that it is valid: what browsers take at most.
const DAYS: i64 = 397;
const DAY: i64 = 86_400;
/// A clock may be so much behind, in seconds.
const SKEW: i64 = 300;
/// Names and addresses in it.
const NAMES_MOST: usize = 64;

/// The file with key and certificate.
pub(super) fn whole(folder: &Path) -> PathBuf {
    folder.join(WHOLE)
}

/// The file with the certificate alone.
pub(super) fn shown(folder: &Path) -> PathBuf {
    folder.join(SHOWN)
}

/// Makes a certificate for `names`, whose first is its own, where there is none, or one that cannot be used, ends soon
/// or lacks one of them.
///
/// # Errors
/// When it cannot be written.
pub(super) fn keep(folder: &Path, names: &[String], now: i64) -> Result<(), TlsError> {
    let wanted: BTreeSet<String> = names.iter().take(NAMES_MOST).cloned().collect();
    match has(folder) {
        Some((validity, has)) if !validity.is_due(now) && wanted.is_subset(&has) => {}
        Some((validity, has)) if !validity.is_due(now) => {
            // What it is known by so far stays: another process of ours may be spoken to by other names.
            let more = has.difference(&wanted).cloned();
            let all: Vec<String> = names.iter().cloned().chain(more).take(NAMES_MOST).collect();
            make(folder, &all, now)?;
        }
        _ => make(folder, names, now)?,
    }
    publish(folder).map_err(|error| cannot(folder, &error))
}

/// Of the certificate in the folder how long it is valid, and its names and addresses; `None`: there is none that can
/// be used.
fn has(folder: &Path) -> Option<(Validity, BTreeSet<String>)> {
    let path = whole(folder);
    file::key(SETTING, &path).ok()?;
    let chain = file::certificates(SETTING, &path).ok()?;
    let der = chain.first()?;
    Some((Validity::of(der)?, names_of(der)?))
}

fn names_of(der: &CertificateDer<'_>) -> Option<BTreeSet<String>> {
    let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(der).ok()?;
    let names = parsed.subject_alternative_name().ok()??;
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    Some(names.value.general_names.iter().filter_map(name).collect())
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Makes key and certificate, and puts them in the place of those that are there.
///
/// # Errors
/// When they cannot be written.
pub(super) fn make(folder: &Path, names: &[String], now: i64) -> Result<(), TlsError> {
    let pem = signed(names, now).map_err(|error| cannot(folder, &io::Error::other(error)))?;
    let written = DirBuilder::new().recursive(true).mode(0o750).create(folder);
    written
        .and_then(|()| replace(&whole(folder), pem.as_bytes(), 0o600))
        .map_err(|error| cannot(folder, &error))
}

fn cannot(folder: &Path, error: &io::Error) -> TlsError {
    TlsError {
        setting: SETTING,
        path: folder.to_owned(),
        why: format!("no certificate can be made there ({error})"),
        remedy: "the workers must be able to write there; or name one of your own in web.certificate",
    }
}

/// A new key and its certificate, PEM.
fn signed(names: &[String], now: i64) -> Result<String, rcgen::Error> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, names.first().map_or("localhost", String::as_str));
    params.distinguished_name = subject;
    let name = |name: &String| match name.parse::<IpAddr>() {
        Ok(address) => Some(SanType::IpAddress(address)),
        // What is no name cannot be asked for either.
        Err(_) => Some(SanType::DnsName(name.as_str().try_into().ok()?)),
    };
    params.subject_alt_names = names.iter().filter_map(name).take(NAMES_MOST).collect();
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.serial_number = Some(serial());
    let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| rcgen::Error::Time);
    let now = now.div_euclid(1_000_000);
    (params.not_before, params.not_after) = (at(now - SKEW)?, at(now + DAYS * DAY)?);
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
}

/// 127 random bits, as RFC 5280 §4.1.2.2 has it: positive.
fn serial() -> SerialNumber {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    bytes[0] &= 0x7f;
    SerialNumber::from_slice(&bytes)
}

/// Writes the certificate alone beside the file with its key, where another or none stands there.
fn publish(folder: &Path) -> io::Result<()> {
    let text = fs::read_to_string(whole(folder))?;
    let Some(at) = text.find("-----BEGIN CERTIFICATE") else { return Ok(()) };
    let certificate = text.get(at..).unwrap_or_default();
    let path = shown(folder);
    if fs::read_to_string(&path).is_ok_and(|there| there == certificate) {
        return Ok(());
    }
    replace(&path, certificate.as_bytes(), 0o644)
}

/// Writes a file in one step: who reads it has the old one or the new one.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // Of one process, too, several may be at it.
    let fresh = path.with_extension(format!("{:016x}.new", OsRng.next_u64()));
    let written =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
    written.and_then(|()| fs::rename(&fresh, path)).inspect_err(|_| {
        let _ = fs::remove_file(&fresh);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const NOW: i64 = 1_796_000_000_000_000;

    fn names(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn read(folder: &Path) -> String {
        fs::read_to_string(shown(folder)).unwrap()
    }

    #[test]
    fn a_certificate_is_made_once_for_its_names_and_its_key_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("tls");
        keep(&folder, &names("ops.example localhost 192.0.2.1 ::1"), NOW).unwrap();
        let first = read(&folder);
        let (validity, has) = has(&folder).unwrap();
        assert_eq!(has, names("ops.example localhost 192.0.2.1 ::1").into_iter().collect());
        assert_eq!(validity.ends_at, NOW + DAYS * DAY * 1_000_000);
        assert_eq!(fs::metadata(whole(&folder)).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!first.contains("PRIVATE"), "{first}");
        keep(&folder, &names("localhost"), NOW + DAY * 1_000_000).unwrap();
        assert_eq!(read(&folder), first, "it is good, and has all that is asked for");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing is left over");
    }

    #[test]
    fn one_that_lacks_a_name_ends_soon_or_is_broken_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        keep(folder, &names("a.example"), NOW).unwrap();
        let first = read(folder);
        keep(folder, &names("b.example"), NOW).unwrap();
        let second = read(folder);
        assert_ne!(second, first);
        assert_eq!(has(folder).unwrap().1, names("a.example b.example").into_iter().collect());
        let later = NOW + DAYS * DAY * 1_000_000 * 2 / 3 + SKEW * 1_000_000;
        keep(folder, &names("b.example"), later).unwrap();
        assert_ne!(read(folder), second);
        assert_eq!(has(folder).unwrap().1, names("b.example").into_iter().collect());
        fs::write(whole(folder), "x").unwrap();
        keep(folder, &names("b.example"), later).unwrap();
        assert!(has(folder).is_some());
    }
}
