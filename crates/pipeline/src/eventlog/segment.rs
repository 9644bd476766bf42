//! Names of segments and places in them.

use crate::disk::DiskError;
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};

/// A place in the event log: a byte of a segment. Everything before it has been dealt with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Number of the segment, from 1; 0 is before the first.
    pub segment: u64,
    /// Byte offset in it.
    pub offset: u64,
}

/// Why the event log could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("use the event log")]
pub struct LogError(#[from] DiskError);

/// Name of the symbolic link to the active segment.
pub fn link_name() -> &'static str {
    "decnet.log"
}

/// Path of a segment.
pub fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("decnet-{number:010}.log"))
}

/// Numbers of the segments in a folder, ascending; empty when there is no folder.
///
/// # Errors
/// [`LogError`] when the folder cannot be read.
pub fn segment_list(folder: &Path) -> Result<Vec<u64>, LogError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LogError(DiskError::of("list", folder)(error))),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let entry = entry.map_err(DiskError::of("list", folder))?;
        numbers.extend(entry.file_name().to_str().and_then(number_of));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("decnet-")?.strip_suffix(".log")?;
    (digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_segments_have_numbers() {
        for (name, number) in [
            ("decnet-0000000001.log", Some(1)),
            ("decnet-9999999999.log", Some(9_999_999_999)),
            ("decnet-1.log", None),
            ("decnet.log", None),
            ("decnet-0000000001.json", None),
            ("decnet-+000000001.log", None),
        ] {
            assert_eq!(number_of(name), number, "{name}");
        }
    }
}
