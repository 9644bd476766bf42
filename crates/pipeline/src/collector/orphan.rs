//! Blobs whose line never came, because the process was killed between the two: kept as artefacts all the
//! same. Temporary files of killed processes are removed.

use super::{
    CollectError,
    blob::{self, Outcome, Shelf},
    stock::UNFINISHED,
};
use std::{
    fs,
    time::{Duration, SystemTime},
};

/// Age at which a blob's line is not waited for any more.
const AGE: Duration = Duration::from_secs(3600);

/// Files looked at in one sweep of a spool.
const MAX_FILES: usize = 10_000;

/// Sweeps the blobs of one spool; returns how many artefacts were saved.
pub(super) fn sweep(shelf: &mut Shelf<'_>, spool: &str, now: SystemTime) -> Result<u64, CollectError> {
    let folder = shelf.paths.spool(spool).join("blobs");
    let folder_itself = fs::symlink_metadata(&folder).is_ok_and(|data| data.is_dir());
    let Some(entries) = fs::read_dir(&folder).ok().filter(|_| folder_itself) else { return Ok(0) };
    let mut saved = 0;
    for entry in entries.flatten().take(MAX_FILES) {
        let name = entry.file_name();
        let (Some(name), Ok(data)) = (name.to_str(), entry.metadata()) else { continue };
        let age = data.modified().ok().and_then(|at| now.duration_since(at).ok());
        if !data.is_file() || age.is_none_or(|age| age < AGE) {
            continue;
        }
        if blob::is_name(name) {
            let outcome = blob::keep(shelf, &entry.path(), name, None)?;
            saved += u64::from(outcome == Outcome::Copied);
        } else if !name.starts_with(UNFINISHED) {
            continue;
        }
        if let Err(error) = shelf.disk.remove(&entry.path()) {
            tracing::warn!(%error, cause = %error.source, "spool blob stays");
        }
    }
    Ok(saved)
}
