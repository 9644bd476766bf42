//! `backup` and `restore`: a whole installation in a file.

use super::{Context, version::version};
use crate::{
    archive::{self, Writer},
    house, output,
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
    io::{self, BufReader, BufWriter, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What the archive calls itself.
const KIND: &str = "decnet backup";
/// The store in it.
const STORE: &str = "store.dump";
/// The state folder in it.
const STATE: &str = "state";
/// The host INI in it.
const INI: &str = "etc/decnet.ini";
/// Folders of the state folder that hold nothing to keep: what runs now, and what a restore was busy with.
const PASSING: [&str; 2] = ["run", "restore.new"];

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
        let dump = beside(&self.file);
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

/// The name of a file for the time being.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".store");
    PathBuf::from(name)
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
    let beside = |path: &Path, side: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(side);
        PathBuf::from(name)
    };
    // The copy of the store stands for them; locks are nobody's.
    let mut left: Vec<PathBuf> = ["", "-wal", "-shm"].map(|side| beside(&database, side)).into();
    left.extend(PASSING.map(|name| paths.root().join(name)));
    left.extend([paths.state_lock(), paths.keeper_lock()]);
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

/// Removes a file or a folder with all that is in it, if it is there.
fn remove(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs_err::remove_dir_all(path).context("make room"),
        Ok(_) => fs_err::remove_file(path).context("make room"),
        Err(_) => Ok(()),
    }
}

impl Restore {
    /// Runs the command.
    ///
    /// # Errors
    /// When the file is none, there is an installation and nobody said to replace it, or somebody works there.
    pub async fn run(self, context: &Context) -> Result<()> {
        let paths = context.paths();
        let there = context.is_installed() && !is_empty(context).await?;
        if there && !self.given {
            bail!(
                "{} has an installation: with --i-know-what-im-doing, what is in the file takes its place",
                paths.root().display()
            );
        }
        fs_err::create_dir_all(paths.root()).context("make the state folder")?;
        let _whole = Claim::whole(&paths)?;
        let fresh = paths.root().join(PASSING[1]);
        if fresh.exists() {
            fs_err::remove_dir_all(&fresh).context("remove what another restore left")?;
        }
        let manifest = archive::unpack(&self.file, KIND, &fresh)?;
        let done = replace(context, &fresh, &self.file).await;
        fs_err::remove_dir_all(&fresh).context("remove what was unpacked")?;
        let rows = done?;
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

async fn is_empty(context: &Context) -> Result<bool> {
    let store = context.store().await?;
    let empty = store.is_empty().await.context("look at the store")?;
    store.close().await;
    Ok(empty && !context.paths().install_secret().exists())
}

/// Puts what was unpacked of `file` in the place of what is there; how many rows the store has then.
async fn replace(context: &Context, fresh: &Path, file: &Path) -> Result<u64> {
    let mut copy =
        BufReader::new(fs_err::File::open(fresh.join(STORE)).context("open the copy of the store")?);
    // Nothing goes before it is certain that something comes.
    Store::look_through(&mut copy).context("read the copy of the store")?;
    copy.rewind().context("read the copy of the store")?;
    let state = fresh.join(STATE);
    // What the copy does not have belongs to another installation: an authority's key, for one.
    let rest =
        kept(context)?.into_iter().filter(|(name, ..)| !name.contains('/') && !state.join(name).exists());
    let stale: Vec<PathBuf> = rest.map(|(_, path, _)| path).filter(|path| !holds(path, file)).collect();
    let store = context.store_or_new().await?;
    store.reset().await.context("empty the store")?;
    let rows = store.fill(&mut copy).await.context("fill the store")?;
    store.close().await;
    let root = context.paths().root().to_owned();
    stale.iter().try_for_each(|path| remove(path))?;
    for entry in fs::read_dir(&state).into_iter().flatten().flatten() {
        let to = root.join(entry.file_name());
        remove(&to)?;
        fs_err::rename(entry.path(), &to).context("put it in its place")?;
    }
    // On this host the workers may be another user than where it was made.
    house::hand_over(&context.paths(), house::house_user(context.settings())?)?;
    let ini = fresh.join(INI);
    if ini.is_file() && !Path::new(HOST_INI).exists() {
        output::note(&format!(
            "{HOST_INI} is not there: `decnet init` makes one; the backup has that of its host"
        ));
    }
    Ok(rows)
}
