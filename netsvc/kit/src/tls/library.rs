//! What the TLS library of a system speaks: versions, ciphers in the order that it prefers, groups.
//!
//! Sources: Microsoft's pages "TLS cipher suites in Windows 7 / 8.1 / 10 v1607 and later" and "Protocols in TLS/SSL
//! (Schannel SSP)"; the change logs of OpenSSL 1.0.2, 1.1.0, 1.1.1 and 3.0. Servers of Windows 7 and its kin answer
//! `769,47,65281` and later ones AES-256 first, as JA3S of such servers tell.

use netsvc_persona::Os;
use openssl::ssl::{SslOptions, SslVersion};

/// `SSL_OP_NO_EXTENDED_MASTER_SECRET` and `SSL_OP_NO_ENCRYPT_THEN_MAC` of OpenSSL 3.
const NO_EXTENDED_MASTER_SECRET: u8 = 0;
const NO_ENCRYPT_THEN_MAC: u8 = 19;

/// The habits of one library.
#[derive(Clone, Debug)]
pub(super) struct Library {
    pub(super) oldest: SslVersion,
    pub(super) newest: SslVersion,
    /// Ciphers up to TLS 1.2, best first; `None`: OpenSSL's own.
    pub(super) ciphers: Option<&'static str>,
    /// Ciphers of TLS 1.3.
    pub(super) suites: Option<&'static str>,
    pub(super) groups: Option<&'static str>,
    /// Whether keys may be agreed on in a group of numbers.
    pub(super) finite: bool,
    tickets: bool,
    extended_master_secret: bool,
    encrypt_then_mac: bool,
}

/// OpenSSL since 1.1.1, as distributions deliver it.
const OPENSSL: Library = Library {
    oldest: SslVersion::TLS1_2,
    newest: SslVersion::TLS1_3,
    ciphers: None,
    suites: None,
    // Those of 3.0: later releases begin with groups against quantum computers.
    groups: Some("X25519:P-256:X448:P-521:P-384"),
    finite: false,
    tickets: true,
    extended_master_secret: true,
    encrypt_then_mac: true,
};

/// OpenSSL 1.0.1 and 1.0.2, which know neither TLS 1.3 nor what came with 1.1.0.
const OPENSSL_1_0: Library = Library {
    oldest: SslVersion::TLS1,
    newest: SslVersion::TLS1_2,
    ciphers: Some("HIGH:!aNULL:!CHACHA20:!AESCCM:!ARIA:!CAMELLIA:!PSK:!SRP:@SECLEVEL=0"),
    groups: Some("P-256:P-521:P-384"),
    extended_master_secret: false,
    encrypt_then_mac: false,
    ..OPENSSL
};

/// Schannel of Windows 10 since 1903 and of Server 2022.
const SCHANNEL: Library = Library {
    oldest: SslVersion::TLS1,
    newest: SslVersion::TLS1_2,
    ciphers: Some(
        "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384:\
         ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:AES256-GCM-SHA384:AES128-GCM-SHA256:\
         AES256-SHA256:AES128-SHA256:AES256-SHA:AES128-SHA:@SECLEVEL=0",
    ),
    suites: Some("TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"),
    groups: Some("X25519:P-256:P-384"),
    finite: false,
    tickets: false,
    extended_master_secret: true,
    encrypt_then_mac: false,
};

/// That of Windows 10 up to 1809, and of Server 2016 and 2019.
const SCHANNEL_1607: Library = Library {
    ciphers: Some(
        "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:\
         DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:\
         ECDHE-RSA-AES128-SHA:AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256:AES256-SHA:\
         AES128-SHA:@SECLEVEL=0",
    ),
    finite: true,
    ..SCHANNEL
};

/// That of Server 2012 R2: no GCM with ECDHE and RSA.
const SCHANNEL_6_3: Library = Library {
    ciphers: Some(
        "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:\
         DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256:AES256-SHA:AES128-SHA:@SECLEVEL=0",
    ),
    groups: Some("P-256:P-384"),
    finite: true,
    ..SCHANNEL
};

/// That of Windows 7 as it was delivered: TLS 1.0, and no key exchange before RSA's own.
const SCHANNEL_6_1: Library = Library {
    newest: SslVersion::TLS1,
    ciphers: Some("AES128-SHA:AES256-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:@SECLEVEL=0"),
    groups: Some("P-256:P-384"),
    extended_master_secret: false,
    ..SCHANNEL
};

/// First build of Windows 10 without DHE (1903).
const WITHOUT_DHE: u32 = 18_362;

/// The library of a system.
pub(super) fn of(os: &Os) -> Library {
    match os.id.as_str() {
        "windows7" => SCHANNEL_6_1,
        "windows_server_2012r2" => SCHANNEL_6_3,
        "windows11" | "windows_server_2022" => Library { newest: SslVersion::TLS1_3, ..SCHANNEL },
        id if id.starts_with("windows") && os.build < WITHOUT_DHE => SCHANNEL_1607,
        id if id.starts_with("windows") => SCHANNEL,
        "centos6" | "centos7" | "debian9" | "freebsd11" => OPENSSL_1_0,
        _ => OPENSSL,
    }
}

impl Library {
    /// What OpenSSL is told to leave out.
    pub(super) fn options(&self) -> SslOptions {
        let without = |here: bool, bit: u8| SslOptions::from_bits_retain(if here { 0 } else { 1 << bit });
        let tickets = if self.tickets { SslOptions::empty() } else { SslOptions::NO_TICKET };
        tickets
            | without(self.extended_master_secret, NO_EXTENDED_MASTER_SECRET)
            | without(self.encrypt_then_mac, NO_ENCRYPT_THEN_MAC)
    }
}
