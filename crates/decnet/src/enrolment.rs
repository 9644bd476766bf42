//! What a host needs to join a swarm in one file, to be carried there: `swarm enroll --bundle` writes it, `join
//! --bundle` reads it.

use anyhow::{Context as _, Result, bail};
use decnet_model::swarm::Token;
use decnet_swarm::join;
use serde::{Deserialize, Serialize};
use std::{
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Longest file, in bytes.
const LONGEST: u64 = 64 << 10;

/// What a host needs to join.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bundle {
    /// Name that the host gets.
    pub(crate) name: String,
    /// The master, HOST:PORT.
    pub(crate) master: String,
    /// The token, which is a secret.
    pub(crate) token: String,
    /// Certificate of the authority, PEM.
    pub(crate) authority: String,
    /// The key of releases that are believed, where the master believes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release_key: Option<String>,
}

impl Bundle {
    /// Writes a new file that only its owner reads.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("write the bundle")?;
        let mut options = std::fs::OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(path);
        let mut file = made.with_context(|| format!("make {}", path.display()))?;
        file.write_all(text.as_bytes()).with_context(|| format!("write {}", path.display()))
    }

    /// Reads a file. Its token is one of its authority, so that it is whole.
    pub(crate) fn read(path: &Path) -> Result<Bundle> {
        let attempt = || format!("read {}", path.display());
        let mut text = String::new();
        let file = fs_err::File::open(path).with_context(attempt)?;
        let length = file.take(LONGEST + 1).read_to_string(&mut text).with_context(attempt)?;
        if LONGEST < length as u64 {
            bail!("{} is no file of `decnet swarm enroll --bundle`", path.display());
        }
        let bundle: Bundle = serde_json::from_str(&text)
            .with_context(|| format!("{} is no file of `decnet swarm enroll --bundle`", path.display()))?;
        let token: Token = bundle.token.parse()?;
        let (of_authority, _) = join::fresh(&bundle.authority).with_context(attempt)?;
        if of_authority.pin != token.pin {
            bail!("{}: the token is none of the authority's: it was changed", path.display());
        }
        Ok(bundle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_none_of_ours_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.join");
        let wrong = r#"{"name":"a","master":"m:1","token":"AAAA","authority":"x"}"#;
        for text in ["", "{}", wrong, &" ".repeat(70_000), &wrong.replace("name", "names")] {
            std::fs::write(&path, text).unwrap();
            assert!(Bundle::read(&path).is_err(), "{text}");
        }
        assert!(Bundle::read(&folder.path().join("none")).is_err());
    }
}
