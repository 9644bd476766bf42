//! Numbers of releases.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A release: three numbers, as `1.2.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    /// Changes with what breaks.
    pub major: u32,
    /// Changes with what is new.
    pub minor: u32,
    /// Changes with what is mended.
    pub patch: u32,
}

/// A text is no release.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no release: three numbers, as 1.2.3")]
pub struct BadVersion(pub String);

impl Version {
    /// Whether master and agent of these two understand each other: they are one minor apart at most, either way.
    pub fn is_near(self, other: Version) -> bool {
        self.major == other.major && self.minor.abs_diff(other.minor) <= 1
    }
}

impl FromStr for Version {
    type Err = BadVersion;
    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let bad = || BadVersion(text.chars().take(40).collect());
        // A number has one form only: it becomes the name of a folder.
        let number = |part: Option<&str>| {
            let part =
                part.filter(|part| part.len() < 8 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
            let plain = part == "0" || !part.starts_with('0');
            part.parse::<u32>().ok().filter(|_| plain)
        };
        let mut parts = text.split('.');
        let mut next = || number(parts.next()).ok_or_else(bad);
        let version = Version { major: next()?, minor: next()?, patch: next()? };
        if parts.next().is_some() { Err(bad()) } else { Ok(version) }
    }
}

impl TryFrom<String> for Version {
    type Error = BadVersion;
    fn try_from(text: String) -> Result<Self, BadVersion> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_three_numbers_in_one_form() {
        for text in ["0.1.0", "12.0.345"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
        for text in
            ["", "1", "1.2", "1.2.3.4", "01.2.3", "1..3", "1.2.x", "-1.2.3", "1.2.99999999", "../1.2.3"]
        {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        let of = |text: &str| text.parse::<Version>().unwrap();
        assert!(of("0.9.9") < of("0.10.0") && of("1.2.3") < of("1.2.4"));
        for (one, other, near) in [
            ("1.2.0", "1.3.9", true),
            ("1.3.0", "1.2.0", true),
            ("1.2.0", "1.4.0", false),
            ("1.0.0", "2.0.0", false),
        ] {
            assert_eq!(of(one).is_near(of(other)), near, "{one} {other}");
        }
    }
}
