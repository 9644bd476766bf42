//! `backup` and `restore`: a whole installation in a file.

use super::{Context, version::version};
use crate::{
    archive::{self, Writer},
    house, output,
    restoration::{self, BESIDE, GATHERED, STATE, STORE, beside},
    settings::HOST_INI,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use decnet_pipeline::runtime::Claim;
use decnet_store::Store;
use netsvc_wire::stamp;
use serde_json::json;
use std::{
    fs,
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What the archive calls itself.
const KIND: &str = "decnet backup";
/// The host INI in it.
const INI: &str = "etc/decnet.ini";

/// Write the whole installation to a file: store, event log, artefacts, secrets, rules, settings
///
/// The workers may go on meanwhile. The file holds captured secrets and the install secret, and has mode 0600; its
/// copy of the store is the same for SQLite and MySQL.
#[derive(Args, Debug)]
pub struct Backup {
    /// File to be made
    file: PathBuf,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// Put back what `decnet backup` wrote, here or on another host
///
/// The file is looked through before anything is touched. No worker may run meanwhile.
#[derive(Args, Debug)]
pub struct Restore {
    /// The file
    file: PathBuf,
    /// Do it although there is an installation: what is in it now is gone then
    #[arg(long = "i-know-what-im-doing")]
    given: bool,
    /// JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    /// Runs the command.
    ///
    /// # Errors
    /// When something cannot be read or the file cannot be written; half a backup is removed.
    pub async fn run(self, context: &Context) -> Result<()> {
        let store = context.store().await?;
        let writer = Writer::create(&self.file)?;
        let dump = beside(&self.file, ".store");
        let done = write(context, &store, writer, &dump).await;
        // There is none where it could not be made.
        let _ = fs::remove_file(&dump);
        store.close().await;
        if done.is_err() {
            fs_err::remove_file(&self.file).context("remove half a backup")?;
        }
        let (rows, files) = done?;
        let bytes = fs_err::metadata(&self.file).map_or(0, |data| data.len());
        if self.json {
            output::json(&json!({ "file": self.file, "rows": rows, "files": files, "bytes": bytes }));
        } else {
            let file = self.file.display();
            output::line(&format!("{rows} rows and {files} files are in {file} ({})", output::bytes(bytes)));
        }
        Ok(())
    }
}

/// Writes the store first: what is recorded meanwhile is in the event log, which is read again from where it stood.
async fn write(context: &Context, store: &Store, mut writer: Writer, dump: &Path) -> Result<(u64, usize)> {
    let mut options = fs::OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(dump);
    let mut out = BufWriter::new(made.with_context(|| format!("make {}", dump.display()))?);
    let rows = store.dump(&mut out).await.context("copy the store")?;
    out.flush().context("copy the store")?;
    writer.file(STORE, dump)?;
    for (name, path, folder) in kept(context)? {
        let name = format!("{STATE}/{name}");
        if folder { writer.folder(&name, &path)? } else { writer.file(&name, &path)? }
    }
    writer.file(INI, Path::new(HOST_INI))?;
    let about = json!({ "made_at": stamp::format(context.now()), "by": version(), "rows": rows });
    Ok((rows, writer.finish(KIND, about)?))
}

/// Everything of the state folder that is to be kept: its name there, where it is, whether it is a folder.
///
/// # Errors
/// When a folder cannot be read: without what is in it there is no backup.
fn kept(context: &Context) -> Result<Vec<(String, PathBuf, bool)>> {
    let paths = context.paths();
    let database = context.database();
    // The copy of the store stands for them; locks are nobody's; what runs now and what a restore was busy with pass.
    let mut left: Vec<PathBuf> = BESIDE.map(|side| beside(&database, side)).into();
    left.push(database.clone());
    left.extend(restoration::own(&paths, &database));
    left.extend([paths.run(), paths.state_lock(), paths.keeper_lock(), paths.parcels(), paths.releases()]);
    let (mut found, mut folders) = (Vec::new(), vec![paths.root().to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            // Gone meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.with_context(|| format!("read {}", folder.display()))?,
        };
        for entry in entries {
            let path = entry.with_context(|| format!("read {}", folder.display()))?.path();
            // Links lead to what is there anyhow, sockets nowhere.
            let Ok(kind) = fs::symlink_metadata(&path).map(|data| data.file_type()) else { continue };
            if left.contains(&path) || !(kind.is_dir() || kind.is_file()) {
                continue;
            }
            let name = path.strip_prefix(paths.root()).unwrap_or(&path).display().to_string();
            found.push((name, path.clone(), kind.is_dir()));
            if kind.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether `file` is what `path` names, or is in it.
fn holds(path: &Path, file: &Path) -> bool {
    matches!((path.canonicalize(), file.canonicalize()), (Ok(path), Ok(file)) if file.starts_with(&path))
}

impl Restore {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file is none, there is an installation and nobody said to replace it, or somebody works there.
    pub async fn run(self, context: &Context) -> Result<()> {
        let paths = context.paths();
        // One that was interrupted is ended by this one.
        let there =
            restoration::is_half_done(&paths) || (context.is_installed() && !is_empty(context).await?);
        if there && !self.given {
            bail!(
                "{} has an installation: with --i-know-what-im-doing, what is in the file takes its place",
                paths.root().display()
            );
        }
        fs_err::create_dir_all(paths.root()).context("make the state folder")?;
        let _whole = Claim::whole(&paths)?;
        house::end_restore(context).await?;
        let fresh = paths.root().join(GATHERED);
        let manifest = archive::unpack(&self.file, KIND, &fresh)?;
        let rows = match house::put_back(context, stale(context, &self.file)?).await {
            Err(error) if !restoration::is_half_done(&paths) => {
                // What was there is there; if this fails, the next start does it.
                let _ = house::end_restore(context).await;
                return Err(error);
            }
            replaced => replaced?,
        };
        if manifest.files.contains_key(INI) && !Path::new(HOST_INI).exists() {
            output::note(&format!(
                "{HOST_INI} is not there: `decnet init` makes one; the backup has that of its host"
            ));
        }
        if self.json {
            let about = manifest.about;
            output::json(&json!({ "rows": rows, "files": manifest.files.len(), "about": about }));
        } else {
            let files = manifest.files.len();
            output::line(&format!("{rows} rows and {files} files are back in {}", paths.root().display()));
        }
        Ok(())
    }
}

/// What the copy that was unpacked does not have belongs to another installation: an authority's key, for one. `file`
/// stays.
fn stale(context: &Context, file: &Path) -> Result<Vec<String>> {
    let state = context.paths().root().join(GATHERED).join(STATE);
    let rest = kept(context)?.into_iter();
    let rest = rest.filter(|(name, ..)| !name.contains('/') && !state.join(name).exists());
    Ok(rest.filter(|(_, path, _)| !holds(path, file)).map(|(name, ..)| name).collect())
}

async fn is_empty(context: &Context) -> Result<bool> {
    let store = context.store().await?;
    let empty = store.is_empty().await.context("look at the store")?;
    store.close().await;
    Ok(empty && !context.paths().install_secret().exists())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Origin, Settings};
    use decnet_model::paths::Paths;

    /// Everything that `Paths` names, whoever adds to it: what is in none of both lists fails.
    #[test]
    fn a_backup_has_every_folder_of_an_installation_but_those_that_pass() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("state");
        let paths = Paths::new(&root);
        let state = root.display().to_string();
        let layer = vec![("DECNET_STATE_DIR".to_owned(), state, Origin::Flag("state-dir"))];
        let context = Context::new(Settings::resolve(&[layer]).unwrap());
        let (keeping, passing) = (paths.keeping(), paths.passing());
        for path in keeping.iter().chain(&passing) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        // And one that nobody has thought of.
        fs::create_dir(root.join("later")).unwrap();
        fs::write(root.join("later/x"), "x").unwrap();
        let found: Vec<PathBuf> = kept(&context)
            .unwrap()
            .into_iter()
            .filter(|(.., folder)| !folder)
            .map(|(_, path, _)| path)
            .collect();
        for path in &keeping {
            assert!(found.contains(path), "{} is to be in a backup", path.display());
        }
        assert!(found.contains(&root.join("later/x")));
        for path in &passing {
            assert!(!found.contains(path), "{} passes", path.display());
        }
    }
}
