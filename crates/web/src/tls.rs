//! TLS under the interface and the dashboard: what they show of themselves, and how the dashboard knows the interface.
//!
//! The certificate is the operator's own, or one that is made here and kept in the state folder. Its files are looked
//! at while it is shown, so that a renewed one needs no restart.

mod believed;
mod file;
mod made;
mod plain;
mod shown;

pub use believed::Believed;
pub use shown::{Secure, Source, Validity};

pub(crate) use file::certificates;
pub(crate) use plain::answers as plain_answers;

use rustls::crypto::CryptoProvider;
use std::{path::PathBuf, sync::Arc};

/// The one protocol that is spoken over TLS here (RFC 7301 §6).
const HTTP: &[u8] = b"http/1.1";
/// First byte of a TLS connection: a record of the handshake (RFC 8446 §5.1). No request begins with it.
pub(crate) const HANDSHAKE: u8 = 22;

/// A file that TLS cannot be made of.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{setting}: {}: {why}; {remedy}", .path.display())]
pub struct TlsError {
    /// The setting that names it.
    pub setting: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
    /// What helps.
    pub remedy: &'static str,
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
