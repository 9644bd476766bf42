//! What was seen of a decky by those who looked.

use crate::jarm::Jarm;
use std::collections::{BTreeMap, BTreeSet};

/// What was seen of one decky. What was not looked at is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Identification line of its SSH server.
    pub ssh_version: Option<String>,
    /// HASSHServer: MD5 of the algorithms that it offers.
    pub hassh: Option<String>,
    /// Kinds of SSH host keys that it lists: `ed25519`, `ECDSA`, `RSA`, `DSA`.
    pub host_key_kinds: BTreeSet<String>,
    /// Fingerprints of the keys that it shows, `SHA256:…`, by kind.
    pub host_keys: BTreeMap<String, String>,
    /// Bits of its RSA host key.
    pub rsa_bits: Option<u32>,
    /// SHA-256 of the certificate, hex.
    pub certificate: Option<String>,
    /// JA3S: MD5 of version, cipher and extensions of the TLS answer.
    pub tls: Option<String>,
    /// JARM of its TLS ports.
    pub jarm: BTreeMap<u16, Jarm>,
    /// `Server` of HTTP.
    pub http_server: Option<String>,
    /// `Date` of HTTP less the time at which it came, in µs.
    pub http_ahead: Option<i64>,
    /// When its TCP timestamps began to count, µs since the epoch, and the time after which they begin anew.
    pub booted: Option<(i64, i64)>,
    /// Identifications of the IP packets that answered one scan, in their order.
    pub ids: Vec<u16>,
    /// Initial sequence numbers that answered one scan, in their order.
    pub isns: Vec<u32>,
    /// What a passive observer calls its system.
    pub passive: Option<String>,
}
