//! What differs between the servers that a persona can claim.

use netsvc_kit::Host;

/// Capability flags (MySQL "Capabilities Flags").
pub(super) mod capability {
    pub(crate) const MYSQL: u32 = 1;
    pub(crate) const CONNECT_WITH_DB: u32 = 1 << 3;
    pub(crate) const COMPRESS: u32 = 1 << 5;
    pub(crate) const SSL: u32 = 1 << 11;
    pub(crate) const PROTOCOL_41: u32 = 1 << 9;
    pub(crate) const SECURE_CONNECTION: u32 = 1 << 15;
    pub(crate) const PLUGIN_AUTH: u32 = 1 << 19;
    pub(crate) const CONNECT_ATTRS: u32 = 1 << 20;
    pub(crate) const AUTH_LENENC: u32 = 1 << 21;
    pub(crate) const DEPRECATE_EOF: u32 = 1 << 24;
    pub(crate) const MULTI_STATEMENTS: u32 = 1 << 16;
    pub(crate) const OPTIONAL_METADATA: u32 = 1 << 25;
    pub(crate) const QUERY_ATTRIBUTES: u32 = 1 << 27;
    /// MariaDB, extended: columns carry a further text.
    pub(crate) const EXTENDED_METADATA: u32 = 1 << 3;
    /// MariaDB, extended: the column count is followed by whether the columns follow.
    pub(crate) const CACHE_METADATA: u32 = 1 << 4;
}

/// Authentication plugin with the hash of a SHA-1 scramble.
pub(super) const NATIVE: &str = "mysql_native_password";
/// Authentication plugin of MySQL 8.
pub(super) const CACHING: &str = "caching_sha2_password";

/// A server as its greeting shows it.
#[derive(Clone, Debug)]
pub(super) struct Flavour {
    /// Version in the greeting.
    pub greeting: String,
    /// What `SELECT VERSION()` returns.
    pub version: String,
    /// What `@@version_comment` returns.
    pub comment: String,
    /// Whether it is MariaDB.
    pub mariadb: bool,
    /// Capability flags.
    pub capabilities: u32,
    /// MariaDB's extended capability flags.
    pub extended: u32,
    /// Default character set.
    pub charset: u8,
    /// Default authentication plugin.
    pub plugin: &'static str,
}

impl Flavour {
    /// The server that the persona of `host` claims.
    pub(super) fn of(host: &Host) -> Self {
        let (name, version, packaging) = host
            .product()
            .map_or(("MariaDB", "10.11.6", "Debian-0+deb12u1"), |p| (&p.name, &p.version, &p.packaging));
        if name.eq_ignore_ascii_case("mariadb") {
            mariadb(version, packaging)
        } else {
            mysql(version, packaging)
        }
    }
}

fn mariadb(version: &str, packaging: &str) -> Flavour {
    // The packager's part begins with the distribution's name, which the version does not repeat.
    let suffix = packaging.split_once('-').map_or(packaging, |(_, suffix)| suffix);
    let name = packaging.split('-').next().unwrap_or_default();
    let version =
        if suffix.is_empty() { format!("{version}-MariaDB") } else { format!("{version}-MariaDB-{suffix}") };
    let old = version.starts_with("10.") || version.starts_with("5.");
    let comment = match name {
        "Debian" if version.contains("deb12") => "Debian 12".to_owned(),
        "Debian" if version.contains("deb11") => "Debian 11".to_owned(),
        "Ubuntu" => "Ubuntu 22.04".to_owned(),
        _ => "MariaDB Server".to_owned(),
    };
    Flavour {
        greeting: if old { format!("5.5.5-{version}") } else { version.clone() },
        version,
        comment,
        mariadb: true,
        // Recorded from mariadbd 10.11 of Debian 12, which has no TLS by default.
        capabilities: 0x81ff_f7fe,
        extended: 0x1d,
        charset: 45,
        plugin: NATIVE,
    }
}

fn mysql(version: &str, packaging: &str) -> Flavour {
    let eighth = !version.starts_with('5');
    let full = if packaging.is_empty() { version.to_owned() } else { format!("{version}-{packaging}") };
    Flavour {
        greeting: full.clone(),
        version: full,
        comment: if packaging.contains("ubuntu") { "(Ubuntu)" } else { "MySQL Community Server - GPL" }
            .to_owned(),
        mariadb: false,
        // Of the compressions, zstd is not among those that this server was set to.
        capabilities: if eighth { 0xdbff_ffff } else { 0xc1ff_ffff },
        extended: 0,
        charset: if eighth { 255 } else { 8 },
        plugin: if eighth { CACHING } else { NATIVE },
    }
}
