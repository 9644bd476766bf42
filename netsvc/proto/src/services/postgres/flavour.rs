//! What differs between the servers that a persona can claim.

use super::places;
use netsvc_kit::Host;
use netsvc_persona::LoginPolicy;

/// How a password is asked for (`pg_hba.conf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Scram,
    Md5,
    Password,
}

/// A server as its clients see it.
#[derive(Clone, Debug)]
pub(super) struct Flavour {
    /// `15.6`.
    pub version: String,
    /// `15.6 (Debian 15.6-0+deb12u1)`.
    pub shown: String,
    /// What `version()` returns.
    pub full: String,
    pub major: u32,
    /// Column of the recorded places.
    pub release: usize,
    /// Debian and its kin switch TLS on.
    pub tls: bool,
    pub method: Method,
}

/// Compilers of the packages, by the system's id and the begin of the packaging.
const COMPILERS: &[(&str, &str, &str)] = &[
    ("debian12", "x86_64-pc-linux-gnu", "gcc (Debian 12.2.0-14) 12.2.0"),
    ("debian11", "x86_64-pc-linux-gnu", "gcc (Debian 10.2.1-6) 10.2.1 20210110"),
    ("debian10", "x86_64-pc-linux-gnu", "gcc (Debian 8.3.0-6) 8.3.0"),
    ("ubuntu1804", "x86_64-pc-linux-gnu", "gcc (Ubuntu 7.5.0-3ubuntu1~18.04) 7.5.0"),
    ("ubuntu2004", "x86_64-pc-linux-gnu", "gcc (Ubuntu 9.4.0-1ubuntu1~20.04.2) 9.4.0"),
    ("ubuntu2204", "x86_64-pc-linux-gnu", "gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0"),
    ("ubuntu2404", "x86_64-pc-linux-gnu", "gcc (Ubuntu 13.2.0-23ubuntu4) 13.2.0"),
    ("kali", "x86_64-pc-linux-gnu", "gcc (Debian 14.2.0-3) 14.2.0"),
    ("rocky8", "x86_64-redhat-linux-gnu", "gcc (GCC) 8.5.0 20210514 (Red Hat 8.5.0-20)"),
    ("rocky9", "x86_64-redhat-linux-gnu", "gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)"),
    ("fedora39", "x86_64-redhat-linux-gnu", "gcc (GCC) 13.3.1 20240522 (Red Hat 13.3.1-1)"),
    ("alpine319", "x86_64-alpine-linux-musl", "gcc (Alpine 13.2.1_git20231014) 13.2.1 20231014"),
    ("arch", "x86_64-pc-linux-gnu", "gcc (GCC) 14.2.1 20240805"),
];

impl Flavour {
    /// The server that the persona of `host` claims.
    pub(super) fn of(host: &Host) -> Self {
        let product = host.product();
        let (version, packaging) = product
            .map_or(("15.6", "Debian 15.6-0+deb12u1"), |product| (&product.version, &product.packaging));
        let shown =
            if packaging.is_empty() { version.to_owned() } else { format!("{version} ({packaging})") };
        let system = host.persona().os.id.as_str();
        let (_, target, compiler) = COMPILERS.iter().find(|(id, ..)| *id == system).copied().unwrap_or((
            "",
            "x86_64-pc-linux-gnu",
            "gcc (GCC) 12.2.0",
        ));
        // Packages of the security archive are built with the compiler of the last point release.
        let compiler = if packaging.ends_with("15.18-0+deb12u1") {
            "gcc (Debian 12.2.0-14+deb12u1) 12.2.0"
        } else {
            compiler
        };
        let major = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(15);
        Flavour {
            full: format!("PostgreSQL {shown} on {target}, compiled by {compiler}, 64-bit"),
            release: places::release(version),
            tls: !packaging.is_empty(),
            method: method(host, major),
            version: version.to_owned(),
            shown,
            major,
        }
    }
}

/// SCRAM is the default since release 14. A server that lets any password in cannot prove that it knows it, as SCRAM
/// asks of it, so such a cluster has kept its MD5 hashes when it was upgraded, as many have.
fn method(host: &Host, major: u32) -> Method {
    match host.setting("auth").unwrap_or_default() {
        "scram-sha-256" => Method::Scram,
        "md5" => Method::Md5,
        "password" => Method::Password,
        _ if major < 14 || matches!(host.persona().login, LoginPolicy::AcceptAfter(_)) => Method::Md5,
        _ => Method::Scram,
    }
}
