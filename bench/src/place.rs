//! Where a run keeps its files, and the programs it measures.

use anyhow::{Context as _, Result, ensure};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// Lines shown of what a failed program said.
const LINES_SHOWN: usize = 3;

/// Names under which this program's gate is the one without faces: with services that move bytes, and with
/// those of the service binary.
pub(crate) const BARE: &str = "bare";
pub(crate) const BARE_SERVICES: &str = "bare-services";

/// A folder that is gone at the end, with copies of the programs: services run as another user, who may not
/// get through the folders above the originals.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// Makes the folder. `programs`: where `decnet` and `netsvcd` are.
    pub(crate) fn new(decnet: &Path, netsvcd: &Path) -> Result<Place> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir().context("make a folder")?;
        open_to_all(folder.path())?;
        let place = Place { folder };
        fs::create_dir(place.programs()).context("make the folder of programs")?;
        open_to_all(&place.programs())?;
        let own = std::env::current_exe().context("find this program")?;
        let copies = [
            (own.as_path(), place.own()),
            (own.as_path(), place.bare()),
            (own.as_path(), place.bare_services()),
            (decnet, place.decnet()),
            (netsvcd, place.netsvcd()),
        ];
        for (from, to) in copies {
            ensure!(from.is_file(), "{} is not there: `make bench` builds it", from.display());
            fs::copy(from, &to).with_context(|| format!("copy {}", from.display()))?;
            open_to_all(&to)?;
        }
        Ok(place)
    }

    /// A fresh folder.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join(name);
        open_folder(&folder)?;
        Ok(folder)
    }

    fn programs(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// This program.
    pub(crate) fn own(&self) -> PathBuf {
        self.programs().join("bench")
    }

    /// This program with a gate without faces.
    pub(crate) fn bare(&self) -> PathBuf {
        self.programs().join(BARE)
    }

    /// The same with the service binary's services.
    pub(crate) fn bare_services(&self) -> PathBuf {
        self.programs().join(BARE_SERVICES)
    }

    /// The operator's program.
    pub(crate) fn decnet(&self) -> PathBuf {
        self.programs().join("decnet")
    }

    /// The service binary.
    pub(crate) fn netsvcd(&self) -> PathBuf {
        self.programs().join("netsvcd")
    }
}

/// Makes a folder that others may enter.
pub(crate) fn open_folder(folder: &Path) -> Result<()> {
    fs::create_dir(folder).with_context(|| format!("make {}", folder.display()))?;
    open_to_all(folder)
}

fn open_to_all(path: &Path) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o755)).context("let other users in")
}

/// The end of what a program said, on one line.
fn end(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let words: Vec<&str> = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect();
    words.get(words.len().saturating_sub(LINES_SHOWN)..).unwrap_or_default().join("; ")
}

/// Runs `command` to its end and returns what it printed; fails with what it said, if it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = PathBuf::from(command.get_program());
    let output = command.output().with_context(|| format!("run {}", name.display()))?;
    ensure!(output.status.success(), "{}: {}", name.display(), end(&output.stderr));
    String::from_utf8(output.stdout).context("read what it printed")
}
