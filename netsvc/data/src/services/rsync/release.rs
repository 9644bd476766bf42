//! What the daemon of a release says of itself and agrees to.
//!
//! Sources: the release notes of rsync, the protocol's constants in its `compat.c`, and recordings of the daemons.

use super::digest::{LOGIN, Sum};
use netsvc_kit::Host;

/// A release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Release {
    /// Highest protocol.
    pub(super) protocol: u32,
    /// Whether the greeting lists digests for logins (since 3.2.7).
    pub(super) lists_digests: bool,
    /// Whether checksums and compression are agreed on by lists, and flags are numbers of any length (since 3.2.0).
    pub(super) negotiates: bool,
    /// Whether the names of number 0 are sent (since 3.2.4).
    pub(super) names_zero: bool,
}

/// What both sides know of each other's abilities (`CF_…`).
const SYMLINK_TIMES: u32 = 2;
const SYMLINK_ICONV: u32 = 4;
/// Flags by the letter with which the client says that it knows them, and the release that knows them first.
const KNOWN: [(char, u32, Since); 6] = [
    ('f', 8, Since::Protocol31),
    ('x', 16, Since::Protocol31),
    ('C', 32, Since::Protocol31),
    ('I', 64, Since::Negotiation),
    ('v', 128, Since::Negotiation),
    ('u', 256, Since::NamesZero),
];

#[derive(Clone, Copy, Debug)]
enum Since {
    Protocol31,
    Negotiation,
    NamesZero,
}

impl Release {
    /// The release that `host` shows.
    pub(super) fn of(host: &Host) -> Self {
        let version = host.product().map_or("3.2.7", |product| product.version.as_str());
        let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0_u32);
        let number = (next(), next(), next());
        Release {
            protocol: if number < (3, 1, 0) { 30 } else { 31 },
            lists_digests: (3, 2, 7) <= number,
            negotiates: (3, 2, 0) <= number,
            names_zero: (3, 2, 4) <= number,
        }
    }

    /// The greeting.
    pub(super) fn greeting(self) -> String {
        let digests: Vec<&str> = LOGIN.iter().map(|(name, _)| *name).filter(|_| self.lists_digests).collect();
        let list = if digests.is_empty() { String::new() } else { format!(" {}", digests.join(" ")) };
        format!("@RSYNCD: {}.0{list}\n", self.protocol)
    }

    /// The flags that are agreed on with a client whose abilities are `letters`. Lists are always sent whole, so the
    /// flag for sending them piece by piece is never set.
    pub(super) fn flags(self, letters: &str) -> u32 {
        let knows = |since: Since| match since {
            Since::Protocol31 => 31 <= self.protocol,
            Since::Negotiation => self.negotiates,
            Since::NamesZero => self.names_zero,
        };
        let agreed = KNOWN.iter().filter(|(letter, _, since)| letters.contains(*letter) && knows(*since));
        SYMLINK_TIMES | SYMLINK_ICONV | agreed.map(|(_, flag, _)| flag).sum::<u32>()
    }

    /// Checksums that it offers, the best first.
    pub(super) fn checksums(self) -> &'static [Sum] {
        &[Sum::Xxh128, Sum::Xxh3, Sum::Xxh64, Sum::Md5, Sum::Md4]
    }
}

/// Whether flags are numbers of any length.
pub(super) fn long_flags(flags: u32) -> bool {
    flags & 128 != 0
}

/// Whether the names of number 0 follow the lists of names.
pub(super) fn zero_named(flags: u32) -> bool {
    flags & 256 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str) -> Release {
        let folder = tempfile::tempdir().unwrap();
        let stage = netsvc_kit::testing::stage(folder.path());
        let mut persona = netsvc_kit::testing::persona_with(&super::super::SERVICE, "files-01");
        if let Some(product) = persona.products.get_mut("rsync") {
            version.clone_into(&mut product.version);
        }
        Release::of(&netsvc_kit::testing::host(&stage, persona, "rsync", &[]))
    }

    #[test]
    fn releases_greet_and_agree_as_they_did() {
        for (version, greeting, flags) in [
            ("3.3.0", "@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n", 0x1fe),
            ("3.2.7", "@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n", 0x1fe),
            ("3.2.3", "@RSYNCD: 31.0\n", 0xfe),
            ("3.1.2", "@RSYNCD: 31.0\n", 0x3e),
            ("3.0.6", "@RSYNCD: 30.0\n", 0x06),
        ] {
            let release = release(version);
            assert_eq!(
                (release.greeting().as_str(), release.flags(".iLsfxCIvu")),
                (greeting, flags),
                "{version}"
            );
        }
    }
}
