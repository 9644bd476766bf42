//! Putting an installation back: the store, and the order of the steps that `restoration` has for files.

use super::{hand_over, house_user};
use crate::{
    commands::Context,
    restoration::{self, GATHERED, Note, STORE, WAITING, beside},
};
use anyhow::{Context as _, Result, bail};
use decnet_pipeline::runtime::Claim;
use decnet_store::Store;
use nix::unistd::geteuid;
use std::{fs, io::BufReader, os::unix::fs::MetadataExt, path::Path};

/// Finishes or undoes a restore that was interrupted. Nobody may work in the folder meanwhile.
///
/// # Errors
/// When somebody does, or we may not, or the disk refuses.
pub(super) async fn settle(context: &Context) -> Result<()> {
    let paths = context.paths();
    let gathered = fs::symlink_metadata(paths.root().join(GATHERED));
    if gathered.is_err() && !restoration::is_half_done(&paths) {
        return Ok(());
    }
    if gathered.is_ok_and(|data| !geteuid().is_root() && data.uid() != geteuid().as_raw()) {
        bail!("a restore was interrupted here; `decnet restore` or `decnet run`, as root, ends it");
    }
    let _whole = Claim::whole(&paths)?;
    end(context).await
}

/// As [`settle`], for who has the whole folder.
///
/// # Errors
/// When the disk or the database refuses; it can be done again.
pub(crate) async fn end(context: &Context) -> Result<()> {
    let paths = context.paths();
    if restoration::is_half_done(&paths) {
        tracing::warn!("a restore was interrupted and is finished");
        return finish(context).await;
    }
    let local = (!context.is_remote()).then(|| context.database());
    restoration::undo(paths.root(), local.as_deref())
}

/// Puts what was unpacked into [`GATHERED`] in the place of what is there; `stale` goes. How many rows the store has
/// then.
///
/// # Errors
/// When the copy is damaged: then nothing was touched. When the disk or the database refuses.
pub(crate) async fn replace(context: &Context, stale: Vec<String>) -> Result<u64> {
    let paths = context.paths();
    let root = paths.root();
    let mut copy = open_copy(&root.join(GATHERED))?;
    // Nothing goes before it is certain that something comes.
    let mut rows = Store::look_through(&mut copy).context("read the copy of the store")?;
    let database = (!context.is_remote()).then(|| context.database());
    if let Some(database) = &database {
        rows = fill(context, database, root).await?;
        restoration::sync(database.parent().unwrap_or(root))?;
    }
    restoration::sync(root)?;
    restoration::write_note(root, &Note { stale, database })?;
    finish(context).await?;
    Ok(rows)
}

/// The copy of the store in `gathered`.
fn open_copy(gathered: &Path) -> Result<BufReader<fs_err::File>> {
    let copy = fs_err::File::open(gathered.join(STORE)).context("open the copy of the store")?;
    Ok(BufReader::new(copy))
}

/// Makes the new database beside the old one.
async fn fill(context: &Context, database: &Path, root: &Path) -> Result<u64> {
    let waiting = beside(database, WAITING);
    restoration::undo_waiting(&waiting)?;
    let place = waiting.display().to_string();
    let store = Store::open_by(&place, context.stead()).await.context("make the new store")?;
    let rows = store.fill(&mut open_copy(&root.join(GATHERED))?).await.context("fill the store");
    store.close().await;
    rows
}

/// Does what the note says.
async fn finish(context: &Context) -> Result<()> {
    let paths = context.paths();
    let root = paths.root();
    let note = restoration::read_note(root)?;
    if note.database != (!context.is_remote()).then(|| context.database()) {
        bail!(
            "a restore was interrupted that was begun with another database: give the same settings once more"
        );
    }
    restoration::put_files(root, &note, &mut || Ok(()))?;
    if note.database.is_none()
        && let Some(held) = restoration::held(root)?
        && held.place.join(STORE).exists()
    {
        let store = context.store_or_new().await?;
        store.reset().await.context("empty the store")?;
        store.fill(&mut open_copy(&held.place)?).await.context("fill the store")?;
        store.close().await;
    }
    restoration::clear_gathered(root, &mut || Ok(()))?;
    // On this host the workers may be another user than where it was made.
    hand_over(&paths, house_user(context.settings())?)?;
    restoration::clear(root, &mut || Ok(()))
}
