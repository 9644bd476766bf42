//! What a listener shows of itself.

use super::{HTTP, TlsError, file, made, provider};
use file::Stamp;
use parking_lot::{Mutex, RwLock};
use rustls::{
    Error, InconsistentKeys, ServerConfig,
    pki_types::CertificateDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::FromDer;

/// The settings of an own certificate.
const CERTIFICATE: &str = "web.certificate";
const KEY: &str = "web.key";
/// µs between two tries to make a certificate anew that ends soon.
const AGAIN: i64 = 3_600_000_000;

/// Where certificate and key come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Files of the operator's, in PEM. They may be the same.
    Own {
        /// The certificate, and what signed it after it.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Made here.
    Made {
        /// Where they are kept.
        folder: PathBuf,
        /// Names and addresses by which it is spoken to.
        names: Vec<String>,
    },
}

impl Source {
    fn files(&self) -> [PathBuf; 2] {
        match self {
            Source::Own { certificate, key } => [certificate.clone(), key.clone()],
            Source::Made { folder, .. } => [made::whole(folder), made::whole(folder)],
        }
    }

    /// The file by which the dashboard knows who shows this certificate: it is another one when that is.
    pub fn known_by(&self) -> PathBuf {
        let [certificate, _] = self.files();
        certificate
    }

    /// The certificate, without its key: for those who are to believe it.
    pub fn certificate(&self) -> PathBuf {
        match self {
            Source::Own { certificate, .. } => certificate.clone(),
            Source::Made { folder, .. } => made::shown(folder),
        }
    }

    fn settings(&self) -> [&'static str; 2] {
        match self {
            Source::Own { .. } => [CERTIFICATE, KEY],
            Source::Made { .. } => [made::SETTING; 2],
        }
    }

    fn stamps(&self) -> [Stamp; 2] {
        self.files().map(|path| Stamp::of(&path))
    }

    /// What stands in the files now.
    fn load(&self) -> Result<(Arc<CertifiedKey>, Validity), TlsError> {
        let ([certificate, key], [certificate_of, key_of]) = (self.files(), self.settings());
        let chain = file::certificates(certificate_of, &certificate)?;
        let unfit = |why: &str| TlsError {
            setting: certificate_of,
            path: certificate.clone(),
            why: why.to_owned(),
            remedy: "write the certificate of this host first, then those that signed it",
        };
        let validity =
            chain.first().and_then(Validity::of).ok_or_else(|| unfit("its first certificate is none"))?;
        let wrong =
            |why: &str, remedy| TlsError { setting: key_of, path: key.clone(), why: why.to_owned(), remedy };
        let loaded = provider().key_provider.load_private_key(file::key(key_of, &key)?).map_err(|_| {
            wrong(
                "TLS cannot be spoken with that key",
                "use one of RSA (2048 bits or more), ECDSA or Ed25519",
            )
        })?;
        let certified = CertifiedKey::new(chain, loaded);
        match certified.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(Error::InconsistentKeys(_)) => {
                return Err(wrong(
                    "that is the key of another certificate",
                    "name the key that web.certificate was made for",
                ));
            }
            Err(_) => return Err(unfit("its first certificate cannot be used")),
        }
        Ok((Arc::new(certified), validity))
    }
}

/// How long a certificate is valid, µs since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From when.
    pub begins_at: i64,
    /// Until when.
    pub ends_at: i64,
}

impl Validity {
    pub(super) fn of(der: &CertificateDer<'static>) -> Option<Validity> {
        let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(der).ok()?;
        let micros = |time: x509_parser::time::ASN1Time| time.timestamp().saturating_mul(1_000_000);
        let validity = parsed.validity();
        Some(Validity { begins_at: micros(validity.not_before), ends_at: micros(validity.not_after) })
    }

    /// Of the first certificate in the file at `path` (PEM), which `setting` names.
    ///
    /// # Errors
    /// When it cannot be read or has none.
    pub fn read(setting: &'static str, path: &Path) -> Result<Validity, TlsError> {
        let found = file::certificates(setting, path)?;
        found.first().and_then(Validity::of).ok_or_else(|| TlsError {
            setting,
            path: path.to_owned(),
            why: "its first certificate is none".to_owned(),
            remedy: "write another one into it",
        })
    }

    /// Whether two thirds of it are over.
    pub(super) fn is_due(self, now: i64) -> bool {
        let span = self.ends_at.saturating_sub(self.begins_at);
        self.begins_at.saturating_add(span / 3 * 2) <= now
    }

    /// Whether `now` lies outside of it.
    pub fn is_over(self, now: i64) -> bool {
        now < self.begins_at || self.ends_at <= now
    }
}

/// What is shown of a listener over TLS 1.2 and 1.3. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Secure(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    looked: Mutex<Looked>,
}

/// The certificate that is shown to the next who comes.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().clone())
    }
}

#[derive(Debug)]
struct Looked {
    /// The files whose content is shown.
    shown: [Stamp; 2],
    validity: Validity,
    /// Files that were found unfit, and how often: of two that are written one after the other, the first is.
    unfit: Option<([Stamp; 2], u32)>,
    /// When a certificate that ends soon may be made anew.
    next_try: i64,
}

impl Secure {
    /// What `source` has at `now`, µs; where it is to be made here, it is.
    ///
    /// # Errors
    /// The file that it cannot be made of.
    pub fn open(source: Source, now: i64) -> Result<Self, TlsError> {
        if let Source::Made { folder, names } = &source {
            made::keep(folder, names, now)?;
        }
        let shown = source.stamps();
        let (certified, validity) = source.load()?;
        told(&source, validity, now);
        let current = Arc::new(Current(RwLock::new(certified)));
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| TlsError {
                setting: made::SETTING,
                path: PathBuf::new(),
                why: format!("TLS cannot be spoken ({error})"),
                remedy: "switch it off",
            })?;
        let mut config = config
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![HTTP.to_vec()];
        let looked = Mutex::new(Looked { shown, validity, unfit: None, next_try: 0 });
        Ok(Secure(Arc::new(Inner { source, current, config: Arc::new(config), looked })))
    }

    /// How long the certificate of `source` is valid; nothing is made.
    ///
    /// # Errors
    /// The file that TLS cannot be made of.
    pub fn check(source: &Source) -> Result<Validity, TlsError> {
        source.load().map(|(_, validity)| validity)
    }

    /// Whether the certificate is the operator's own: one that those who come are meant to know.
    pub fn is_own(&self) -> bool {
        matches!(self.0.source, Source::Own { .. })
    }

    /// Where it comes from.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// Looks whether the files have changed, at `now`, µs: what is new in them is shown to whoever comes next. Unfit
    /// ones change nothing, and are told once.
    pub fn look(&self, now: i64) {
        let Inner { source, current, looked, .. } = self.0.as_ref();
        let mut looked = looked.lock();
        if let Source::Made { folder, names } = source
            && looked.validity.is_due(now)
            && looked.next_try <= now
        {
            looked.next_try = now.saturating_add(AGAIN);
            if let Err(error) = made::keep(folder, names, now) {
                tracing::error!(%error, "the certificate ends soon and cannot be made anew");
            }
        }
        let stamps = source.stamps();
        if stamps == looked.shown {
            return;
        }
        match source.load() {
            Ok((certified, validity)) => {
                *current.0.write() = certified;
                (looked.shown, looked.validity, looked.unfit) = (stamps, validity, None);
                tracing::info!("another certificate is shown from now on");
                told(source, validity, now);
            }
            Err(error) => {
                let times =
                    looked.unfit.filter(|(unfit, _)| *unfit == stamps).map_or(1, |(_, times)| times + 1);
                looked.unfit = Some((stamps, times));
                if times == 2 {
                    tracing::error!(%error, "the certificate has changed and cannot be used; the old one is shown");
                }
            }
        }
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.config))
    }
}

/// Says so where a certificate is of no use to those who come: they decide whether they believe it.
fn told(source: &Source, validity: Validity, now: i64) {
    let [path, _] = source.files();
    if validity.is_over(now) {
        tracing::warn!(path = %path.display(), "the certificate is not valid at this time");
    }
}
