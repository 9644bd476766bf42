//! What is in a release, and for which hosts it is.

use super::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the manifest in a bundle: its first member.
pub const MANIFEST: &str = "release.json";
/// The form of bundles that this program makes and reads.
pub const FORMAT: u32 = 1;
/// Bytes of a manifest that are read at most.
pub const LONGEST: u64 = 1 << 20;
/// Files of a release at most.
pub const FILES: usize = 4096;
/// Bytes of everything in a release at most, unpacked.
pub const LARGEST: u64 = 1 << 30;
/// Bytes of the name of a file at most: what a member of a tar has room for.
const NAME: usize = 100;
/// The program that has to be in it.
pub const PROGRAM: &str = "bin/decnet";
/// The service binary, which has to be beside it.
pub const STAGE: &str = "bin/netsvcd";

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// SHA-256, hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is run.
    #[serde(default)]
    pub run: bool,
}

/// The releases of masters and agents that this one understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peers {
    /// The oldest, by its first two numbers.
    pub min: Version,
    /// The newest, by its first two numbers.
    pub max: Version,
}

impl Peers {
    /// One minor both ways.
    pub fn of(version: Version) -> Peers {
        let at = |minor| Version { minor, patch: 0, ..version };
        Peers { min: at(version.minor.saturating_sub(1)), max: at(version.minor.saturating_add(1)) }
    }

    /// Whether it understands `other`.
    pub fn understands(&self, other: Version) -> bool {
        let short = |version: Version| (version.major, version.minor);
        (short(self.min)..=short(self.max)).contains(&short(other))
    }
}

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Form of the bundle.
    pub format: u32,
    /// The release.
    pub version: Version,
    /// The commit that it was built of; empty: nobody said.
    #[serde(default)]
    pub commit: String,
    /// For which machines: `x86_64-linux`.
    pub target: String,
    /// When the bundle was made, RFC 3339.
    pub created: String,
    /// Whom it understands.
    pub peers: Peers,
    /// Whether it may replace a newer one.
    #[serde(default)]
    pub allow_downgrade: bool,
    /// Its files by name.
    pub files: BTreeMap<String, Entry>,
}

/// The host that a release is for.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    /// What machine it is: `x86_64-linux`.
    pub target: &'a str,
    /// The release that runs there.
    pub runs: Version,
    /// The other side's release, where it is known.
    pub peer: Option<Version>,
}

/// Why a release is not for a host, or is none.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unfit {
    /// Its form is of a later time.
    #[error("its form is {0}, and this program reads {FORMAT}")]
    Format(u32),
    /// It is for other machines.
    #[error("it is for {wanted}, and this host is {here}")]
    Target {
        /// What it is for.
        wanted: String,
        /// What is here.
        here: String,
    },
    /// It is older than what runs.
    #[error("{version} is older than {runs}, which runs, and was not signed with --allow-downgrade")]
    Older {
        /// Its number.
        version: Version,
        /// What runs.
        runs: Version,
    },
    /// It runs already.
    #[error("{0} runs already")]
    Runs(Version),
    /// Master and agent would not understand each other.
    #[error(
        "{version} and {peer} on the other side are more than one minor apart: update by way of one in between"
    )]
    Skew {
        /// Its number.
        version: Version,
        /// The other side's.
        peer: Version,
    },
    /// A name that leads elsewhere, or is no plain one.
    #[error("{0:?} is no name of a file of a release")]
    Name(String),
    /// Something has to be in it and is not.
    #[error("it has no {0} that could be run")]
    Without(&'static str),
    /// There is too much of it.
    #[error("it has more than {FILES} files, or more than {LARGEST} bytes")]
    Large,
}

impl Manifest {
    /// Whether it can be a release at all.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn check(&self) -> Result<(), Unfit> {
        if self.format != FORMAT {
            return Err(Unfit::Format(self.format));
        }
        if let Some(name) = self.files.keys().find(|name| !is_name(name)) {
            return Err(Unfit::Name(name.chars().take(NAME).collect()));
        }
        for program in [PROGRAM, STAGE] {
            if !self.files.get(program).is_some_and(|entry| entry.run) {
                return Err(Unfit::Without(program));
            }
        }
        match self.bytes() {
            Some(bytes) if bytes <= LARGEST && self.files.len() <= FILES => Ok(()),
            _ => Err(Unfit::Large),
        }
    }

    /// Whether it may be installed on a host.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn fits(&self, here: &Here) -> Result<(), Unfit> {
        self.check()?;
        if self.target != here.target {
            return Err(Unfit::Target { wanted: self.target.clone(), here: here.target.to_owned() });
        }
        if self.version == here.runs {
            return Err(Unfit::Runs(self.version));
        }
        if self.version < here.runs && !self.allow_downgrade {
            return Err(Unfit::Older { version: self.version, runs: here.runs });
        }
        match here.peer {
            Some(peer) if !self.peers.understands(peer) || !self.version.is_near(peer) => {
                Err(Unfit::Skew { version: self.version, peer })
            }
            _ => Ok(()),
        }
    }

    /// Bytes of its files; `None`: more than can be counted.
    pub fn bytes(&self) -> Option<u64> {
        self.files.values().try_fold(0_u64, |sum, entry| sum.checked_add(entry.size))
    }
}

/// Whether a name stays in its folder: parts of plain letters between single strokes, none of them only dots.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'@');
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(plain) && !part.starts_with("..") && part != ".";
    name.len() <= NAME && name != MANIFEST && name.split('/').all(part)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    pub(crate) fn manifest(number: &str) -> Manifest {
        let entry = Entry { sha256: "00".repeat(32), size: 1, run: true };
        Manifest {
            format: FORMAT,
            version: version(number),
            commit: String::new(),
            target: "x86_64-linux".to_owned(),
            created: "2026-11-30T00:00:00Z".to_owned(),
            peers: Peers::of(version(number)),
            allow_downgrade: false,
            files: [PROGRAM, STAGE].map(|name| (name.to_owned(), entry.clone())).into(),
        }
    }

    #[test]
    fn a_release_is_refused_that_is_not_for_this_host() {
        let here = Here { target: "x86_64-linux", runs: version("1.2.3"), peer: Some(version("1.2.0")) };
        let old = || Unfit::Older { version: version("1.2.2"), runs: version("1.2.3") };
        let far = |number: &str| Unfit::Skew { version: version(number), peer: version("1.2.0") };
        for (number, wanted) in [
            ("1.2.4", Ok(())),
            ("1.3.0", Ok(())),
            ("1.2.3", Err(Unfit::Runs(version("1.2.3")))),
            ("1.2.2", Err(old())),
            ("1.4.0", Err(far("1.4.0"))),
            ("2.0.0", Err(far("2.0.0"))),
        ] {
            assert_eq!(manifest(number).fits(&here), wanted, "{number}");
        }
        let allowed = Manifest { allow_downgrade: true, ..manifest("1.1.9") };
        assert_eq!(allowed.fits(&here), Ok(()));
        let other = Manifest { target: "aarch64-linux".to_owned(), ..manifest("1.2.4") };
        assert!(matches!(other.fits(&here), Err(Unfit::Target { .. })));
        // Who signs may say that it understands fewer.
        let narrow =
            Manifest { peers: Peers { min: version("1.3.0"), max: version("1.3.0") }, ..manifest("1.3.0") };
        assert_eq!(narrow.fits(&here), Err(far("1.3.0")));
    }

    #[test]
    fn a_name_leads_nowhere_else_and_a_manifest_is_bounded() {
        for name in ["bin/decnet", "share/man/man1/decnet.1.gz", "share/doc/a_b+c@1.md"] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(101);
        for name in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a/.",
            "a b",
            "a\0b",
            "a\\b",
            "ü",
            MANIFEST,
            &long,
        ] {
            assert!(!is_name(name), "{name:?}");
        }
        let with = |name: &str, size| {
            let mut changed = manifest("1.0.0");
            changed.files.insert(name.to_owned(), Entry { sha256: String::new(), size, run: false });
            changed.check()
        };
        assert_eq!(with("share/x", 5), Ok(()));
        assert_eq!(with("../x", 5), Err(Unfit::Name("../x".to_owned())));
        assert_eq!(with("share/x", LARGEST), Err(Unfit::Large));
        assert_eq!(with("share/x", u64::MAX), Err(Unfit::Large));
        let mut bare = manifest("1.0.0");
        bare.files.remove(STAGE);
        assert_eq!(bare.check(), Err(Unfit::Without(STAGE)));
        assert_eq!(Manifest { format: 2, ..manifest("1.0.0") }.check(), Err(Unfit::Format(2)));
    }
}
