//! What each OpenSSH release and packaging shows on the wire: names, their order, extensions and habits.
//!
//! Sources: `myproposal.h`, `kex.c`, `sftp-server.c` and `auth2.c` of each release; the changelogs of Debian and
//! Ubuntu for what was added to a stable release later; the crypto-policies of Red Hat. Debian 12's lists were read
//! off a running sshd (see `tests/`).

/// Wire behaviour of one release as one distribution ships it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Identification without line end: `SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3`.
    pub banner: String,
    /// Key exchange methods in order, markers included.
    pub kex: String,
    /// Host key algorithms in order.
    pub host_keys: String,
    /// Ciphers in order.
    pub ciphers: String,
    /// MACs in order.
    pub macs: String,
    /// Compressions in order.
    pub compressions: String,
    /// `server-sig-algs` of the extension message.
    pub signatures: String,
    /// Authentication methods in the order of the failure message.
    pub methods: String,
    /// Release.
    pub(crate) release: Release,
    /// Packager.
    pub(crate) packager: Packager,
}

/// Major and minor number of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release(pub(crate) u32, pub(crate) u32);

/// Who built it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packager {
    Debian,
    Ubuntu,
    RedHat,
    /// Nobody changed the defaults.
    Upstream,
}

const ECDH: &str =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521";
const GROUPS: &str =
    "diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512";
/// Red Hat's policy orders the groups by itself.
const GROUPS_RED_HAT: &str = "diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,\
     diffie-hellman-group16-sha512,diffie-hellman-group18-sha512";
const SNTRUP_OLD: &str = "sntrup761x25519-sha512@openssh.com";
const SNTRUP: &str = "sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com";
const MLKEM: &str = "mlkem768x25519-sha256";
const STRICT: &str = "kex-strict-s-v00@openssh.com";

const CIPHERS: &str = "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,\
     aes128-gcm@openssh.com,aes256-gcm@openssh.com";
const CIPHERS_GCM_FIRST: &str = "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,\
     aes128-ctr,aes192-ctr,aes256-ctr";
const CIPHERS_OLD: &str = "aes128-cbc,aes192-cbc,aes256-cbc,blowfish-cbc,cast128-cbc,3des-cbc";
const CIPHERS_RED_HAT: &str = "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,\
     aes128-gcm@openssh.com,aes128-ctr";
const CIPHERS_RED_HAT_8: &str = "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes256-cbc,\
     aes128-gcm@openssh.com,aes128-ctr,aes128-cbc";
const MACS: &str = "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,\
     hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,\
     hmac-sha2-256,hmac-sha2-512,hmac-sha1";
const MACS_RED_HAT: &str = "hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-128-etm@openssh.com,\
     hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha1,umac-128@openssh.com,hmac-sha2-512";

const SIGNATURES_7_4: &str = "rsa-sha2-256,rsa-sha2-512";
const SIGNATURES_8_0: &str = "ssh-ed25519,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,\
     ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521";
const SIGNATURES_8_2: &str = "ssh-ed25519,sk-ssh-ed25519@openssh.com,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,\
     ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com";
const SIGNATURES_8_4: &str = "ssh-ed25519,sk-ssh-ed25519@openssh.com,ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,\
     ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,\
     webauthn-sk-ecdsa-sha2-nistp256@openssh.com";
const SIGNATURES_9_2: &str = "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,\
     ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,webauthn-sk-ecdsa-sha2-nistp256@openssh.com,\
     ssh-dss,ssh-rsa,rsa-sha2-256,rsa-sha2-512";
const SIGNATURES_9_6: &str = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,\
     sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256";

impl Profile {
    /// The behaviour of OpenSSH `version` (`9.2p1`) with the packager's suffix `packaging` (`Debian-2+deb12u3`, may be
    /// empty) on the system `system` (`debian12`, `rocky9`, `alpine319`, …). `None` for releases that are not known
    /// well enough to be claimed: before 7.4, between 7.6 and 7.9, and after 10.0.
    pub fn new(version: &str, packaging: &str, system: &str) -> Option<Profile> {
        let release = Release::parse(version)?;
        let old = [Release(7, 4), Release(7, 5), Release(7, 6), Release(7, 9)].contains(&release);
        let known = old || (Release(8, 0)..=Release(10, 0)).contains(&release);
        if !known {
            return None;
        }
        let packager = Packager::of(packaging, system);
        let upstream = version.split('p').next().unwrap_or(version);
        let banner = match packaging {
            "" => format!("SSH-2.0-OpenSSH_{upstream}"),
            packaging => format!("SSH-2.0-OpenSSH_{version} {packaging}"),
        };
        Some(Profile {
            banner,
            kex: kex(release, packager, packaging, system),
            host_keys: host_keys(release).to_owned(),
            ciphers: ciphers(release, packager),
            macs: if packager == Packager::RedHat && release != Release(7, 4) { MACS_RED_HAT } else { MACS }
                .to_owned(),
            compressions: "none,zlib@openssh.com".to_owned(),
            signatures: signatures(release).to_owned(),
            methods: methods(packager, system).to_owned(),
            release,
            packager,
        })
    }

    /// The key exchange list after the first exchange: without the markers that only the first one has.
    pub(crate) fn kex_again(&self) -> String {
        let names = self.kex.split(',').filter(|name| *name != STRICT && *name != "ext-info-s");
        names.collect::<Vec<_>>().join(",")
    }

    /// Whether strict key exchange is offered.
    pub(crate) fn strict(&self) -> bool {
        self.kex.ends_with(STRICT)
    }

    /// Extensions that are announced besides `server-sig-algs`, with their values.
    pub(crate) fn extensions(&self) -> Vec<(&'static str, &'static str)> {
        [(Release(8, 9), "publickey-hostbound@openssh.com"), (Release(9, 5), "ping@openssh.com")]
            .into_iter()
            .filter(|(since, _)| *since <= self.release)
            .map(|(_, name)| (name, "0"))
            .collect()
    }

    /// Whether public keys may be offered by `publickey-hostbound-v00@openssh.com` too.
    pub(crate) fn binds_keys_to_host(&self) -> bool {
        Release(8, 9) <= self.release
    }

    /// Whether RSA host keys are proved with SHA-512; earlier releases used the scheme of the key exchange or SHA-1.
    pub(crate) fn proves_with_sha512(&self) -> bool {
        Release(8, 9) <= self.release
    }

    /// Whether signals for programs of this user are refused: sshd knows the request from 7.9 on, and without a process
    /// of lower rights between, which root does not get, it does not pass them on.
    pub(crate) fn keeps_signals_from(&self, user: &[u8]) -> bool {
        self.release < Release(7, 9) || (self.release < Release(9, 8) && user == b"root")
    }

    /// Whether a program's status usually precedes its end of data, as before the main loop was rewritten for `ppoll`.
    pub(crate) fn tells_status_first(&self) -> bool {
        self.release < Release(8, 9)
    }

    /// Whether `ping@openssh.com` is answered.
    pub(crate) fn answers_ping(&self) -> bool {
        Release(9, 5) <= self.release
    }

    /// Whether a client may ask for the signature algorithms again during authentication.
    pub(crate) fn updates_signatures(&self) -> bool {
        Release(9, 6) <= self.release
    }

    /// Whether a bad identification gets the short answers of releases before 8.0.
    pub(crate) fn old_identification(&self) -> bool {
        self.release < Release(8, 0)
    }

    /// What a connection is told that `MaxStartups` turns away.
    pub(crate) fn turned_away(&self) -> &'static str {
        match self.release {
            release if release < Release(8, 0) => "",
            release if release < Release(9, 8) => "Exceeded MaxStartups\r\n",
            _ => "Not allowed at this time\r\n",
        }
    }

    /// Whether failures are stretched to a multiple of a delay that is the user's own (since 7.8).
    pub(crate) fn delays_failures(&self) -> bool {
        Release(7, 8) <= self.release
    }

    /// Whether the identification of an SSH scanner ends the connection silently; every release does.
    pub(crate) fn shuns(client: &[u8]) -> bool {
        client.starts_with(b"Probe-") || client.windows(18).any(|part| part == b"SSH_Version_Mapper")
    }

    /// `AcceptEnv` of the distribution's configuration.
    pub(crate) fn accepted_environment(&self) -> Vec<String> {
        let names: &[&str] = match self.packager {
            Packager::Debian | Packager::Ubuntu => &["LANG", "LC_*"],
            Packager::RedHat => &["LANG", "LC_*", "LANGUAGE", "XMODIFIERS"],
            Packager::Upstream => &[],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Extensions of the SFTP server with their data, in the order of its version message.
    pub(crate) fn sftp_extensions(&self) -> Vec<(&'static str, &'static str)> {
        [
            (Release(5, 0), "posix-rename@openssh.com", "1"),
            (Release(5, 0), "statvfs@openssh.com", "2"),
            (Release(5, 0), "fstatvfs@openssh.com", "2"),
            (Release(5, 7), "hardlink@openssh.com", "1"),
            (Release(6, 5), "fsync@openssh.com", "1"),
            (Release(8, 0), "lsetstat@openssh.com", "1"),
            (Release(8, 5), "limits@openssh.com", "1"),
            (Release(8, 6), "expand-path@openssh.com", "1"),
            (Release(9, 0), "copy-data", "1"),
            (Release(9, 1), "home-directory", "1"),
            (Release(9, 1), "users-groups-by-id@openssh.com", "1"),
        ]
        .into_iter()
        .filter(|(since, _, _)| *since <= self.release)
        .map(|(_, name, data)| (name, data))
        .collect()
    }
}

impl Release {
    fn parse(version: &str) -> Option<Release> {
        let (major, minor) = version.split('p').next()?.split_once('.')?;
        Some(Release(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl Packager {
    fn of(packaging: &str, system: &str) -> Packager {
        let red_hat = ["rocky", "centos", "fedora", "rhel", "alma", "oracle"];
        if packaging.starts_with("Ubuntu") {
            Packager::Ubuntu
        } else if packaging.starts_with("Debian") || packaging.starts_with("Raspbian") {
            Packager::Debian
        } else if red_hat.iter().any(|name| system.starts_with(name)) {
            Packager::RedHat
        } else {
            Packager::Upstream
        }
    }
}

fn kex(release: Release, packager: Packager, packaging: &str, system: &str) -> String {
    let sha1 = "diffie-hellman-group-exchange-sha1";
    let mut names = match (release, packager) {
        (Release(7, 4), Packager::RedHat) => {
            let old = "diffie-hellman-group14-sha256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1";
            vec![ECDH, GROUPS, sha1, old]
        }
        (Release(8, 0), Packager::RedHat) => vec![ECDH, GROUPS_RED_HAT, sha1, "diffie-hellman-group14-sha1"],
        (_, Packager::RedHat) => vec![ECDH, GROUPS_RED_HAT],
        (release, _) => upstream_kex(release, sntrup_has_two_names(release, packaging)),
    };
    if Release(9, 6) <= release {
        names.push("ext-info-s");
    }
    if strict(release, packager, packaging, system) {
        names.push(STRICT);
    }
    names.join(",")
}

fn upstream_kex(release: Release, two_names: bool) -> Vec<&'static str> {
    let sntrup = if two_names { SNTRUP } else { SNTRUP_OLD };
    let group14 = "diffie-hellman-group14-sha256";
    match release {
        Release(7, _) | Release(8, 0..=1) => vec![ECDH, GROUPS, group14, "diffie-hellman-group14-sha1"],
        Release(8, 2..=4) => vec![ECDH, GROUPS, group14],
        Release(8, _) => vec![ECDH, sntrup, GROUPS, group14],
        Release(9, 0..=8) => vec![sntrup, ECDH, GROUPS, group14],
        Release(9, _) => vec![sntrup, MLKEM, ECDH, GROUPS, group14],
        _ => vec![MLKEM, sntrup, ECDH],
    }
}

/// The name without the suffix came with 9.9, and with `9.2p1 Debian-2+deb12u4`.
fn sntrup_has_two_names(release: Release, packaging: &str) -> bool {
    Release(9, 9) <= release || suffix(packaging, "Debian-2+deb12u").is_some_and(|update| 4 <= update)
}

/// Strict key exchange came with 9.6 and was added to what the distributions maintained in December 2023.
fn strict(release: Release, packager: Packager, packaging: &str, system: &str) -> bool {
    let since = |prefix: &str, first: u32| suffix(packaging, prefix).is_some_and(|update| first <= update);
    if Release(9, 6) <= release {
        return true;
    }
    match packager {
        Packager::Debian => since("Debian-2+deb12u", 2) || since("Debian-5+deb11u", 3),
        Packager::Ubuntu => since("Ubuntu-4ubuntu0.", 10) || since("Ubuntu-3ubuntu0.", 5),
        Packager::RedHat => release != Release(7, 4),
        Packager::Upstream => system.starts_with("alpine318") && release == Release(9, 3),
    }
}

/// The number after `prefix`.
fn suffix(packaging: &str, prefix: &str) -> Option<u32> {
    let digits: String = packaging.strip_prefix(prefix)?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn host_keys(release: Release) -> &'static str {
    match release {
        Release(7, 4..=6) => "ssh-rsa,rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519",
        Release(7, _) | Release(8, 0..=6) => {
            "rsa-sha2-512,rsa-sha2-256,ssh-rsa,ecdsa-sha2-nistp256,ssh-ed25519"
        }
        Release(8, 7) | Release(8, _) | Release(_, _) => {
            "rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519"
        }
    }
}

fn ciphers(release: Release, packager: Packager) -> String {
    match (release, packager) {
        (Release(7, 4), Packager::RedHat) => format!("{CIPHERS},{CIPHERS_OLD}"),
        (Release(8, 0), Packager::RedHat) => CIPHERS_RED_HAT_8.to_owned(),
        (_, Packager::RedHat) => CIPHERS_RED_HAT.to_owned(),
        (Release(10, _), _) => CIPHERS_GCM_FIRST.to_owned(),
        _ => CIPHERS.to_owned(),
    }
}

fn signatures(release: Release) -> &'static str {
    match release {
        Release(7, _) => SIGNATURES_7_4,
        Release(8, 0..=1) => SIGNATURES_8_0,
        Release(8, 2..=3) => SIGNATURES_8_2,
        Release(8, _) | Release(9, 0..=1) => SIGNATURES_8_4,
        Release(9, 2..=5) => SIGNATURES_9_2,
        _ => SIGNATURES_9_6,
    }
}

fn methods(packager: Packager, system: &str) -> &'static str {
    match packager {
        Packager::Debian | Packager::Ubuntu => "publickey,password",
        Packager::RedHat => "publickey,gssapi-keyex,gssapi-with-mic,password",
        Packager::Upstream if system.starts_with("arch") => "publickey,password",
        Packager::Upstream => "publickey,password,keyboard-interactive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{cipher::CipherKind, mac::MacKind},
        host_key::Algorithm,
        kex::secret::Method,
    };
    use md5::{Digest, Md5};

    fn profiles() -> Vec<Profile> {
        [
            ("7.4p1", "", "centos7"),
            ("7.6p1", "Ubuntu-4ubuntu0.7", "ubuntu1804"),
            ("7.9p1", "Debian-10+deb10u4", "debian10"),
            ("7.5", "FreeBSD-20170903", "freebsd11"),
            ("9.1", "FreeBSD-20221019", "freebsd12"),
            ("8.0p1", "", "rocky8"),
            ("8.2p1", "Ubuntu-4ubuntu0.11", "ubuntu2004"),
            ("8.4p1", "Debian-5+deb11u3", "debian11"),
            ("8.7p1", "", "rocky9"),
            ("8.9p1", "Ubuntu-3ubuntu0.10", "ubuntu2204"),
            ("9.2p1", "Debian-2+deb12u2", "debian12"),
            ("9.2p1", "Debian-2+deb12u10", "debian12"),
            ("9.3p1", "", "fedora39"),
            ("9.6p1", "Ubuntu-3ubuntu13.5", "ubuntu2404"),
            ("9.6p1", "", "alpine319"),
            ("9.7p1", "", "arch"),
            ("9.9p1", "Debian-3", "kali"),
            ("10.0p2", "Debian-7", "debian13"),
        ]
        .into_iter()
        .map(|(version, packaging, system)| Profile::new(version, packaging, system).unwrap())
        .collect()
    }

    fn hassh_server(profile: &Profile) -> String {
        let text = format!("{};{};{};{}", profile.kex, profile.ciphers, profile.macs, profile.compressions);
        hex::encode(Md5::digest(text))
    }

    #[test]
    fn every_name_that_is_offered_exists() {
        for profile in profiles() {
            for name in profile.kex.split(',').filter(|name| *name != STRICT && *name != "ext-info-s") {
                assert!(Method::named(name).is_some(), "{name}");
            }
            for name in profile.ciphers.split(',') {
                assert!(CipherKind::named(name).is_some(), "{name}");
            }
            for name in profile.macs.split(',') {
                assert!(MacKind::named(name).is_some(), "{name}");
            }
            for name in profile.host_keys.split(',') {
                assert!(Algorithm::named(name).is_some(), "{name}");
            }
        }
    }

    /// SSH-03: hashes of libraries that are no OpenSSH.
    #[test]
    fn no_profile_has_the_hash_of_a_library() {
        for profile in profiles() {
            let hash = hassh_server(&profile);
            // Libraries have copied the lists that OpenSSH had from 7.4 to 8.1.
            let copied = profile.release < Release(8, 2) && profile.packager != Packager::RedHat;
            for known in [
                "92585b26f6634475d2d35bddbcdd1917",
                "41a85c886a9e9b845f0e69d68994492a",
                "b12d2871a1189eff20364cf5333619ee",
                "ec7378c1a92f5a8dde7e8b7a1ddf33d1",
            ] {
                assert!(copied || hash != known, "{}", profile.banner);
            }
        }
    }

    /// Hashes computed from the lists that these very packages sent.
    #[test]
    fn the_server_hash_is_that_of_the_real_daemon() {
        for (version, packaging, hash) in [
            ("8.4p1", "Debian-5+deb11u3", "779664e66160bf75999f091fce5edb5a"),
            ("9.2p1", "Debian-2+deb12u10", "425d29fe50d8e4f5e37efb6e24bcf660"),
            ("10.0p2", "Debian-7~bpo12+1", "671c5858369db8e0a60108d866bbf8ec"),
        ] {
            assert_eq!(hassh_server(&Profile::new(version, packaging, "").unwrap()), hash, "{version}");
        }
    }

    #[test]
    fn banners_are_written_as_the_packagers_write_them() {
        let banners: Vec<_> = profiles().into_iter().map(|profile| profile.banner).collect();
        assert!(banners.contains(&"SSH-2.0-OpenSSH_7.4".to_owned()));
        assert!(banners.contains(&"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10".to_owned()));
    }

    #[test]
    fn releases_that_are_not_known_are_not_claimed() {
        for version in ["", "5.1p1", "7.3p1", "11.0p1", "x.yp1"] {
            assert_eq!(Profile::new(version, "", ""), None, "{version}");
        }
    }
}
