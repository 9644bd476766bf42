//! From an order to a release beside the one that runs: believed only by the operator's signature, and refused with
//! nothing changed where anything is not as it should be.

use super::{
    own,
    slots::{Noted, Slots},
};
use crate::{
    commands::Context,
    runner::{self, Runner},
    stead,
};
use anyhow::{Context as _, Result, bail};
use decnet_model::worker::Worker;
use decnet_pipeline::runtime::Note;
use decnet_swarm::{
    files::Files,
    release::{self, Here, Manifest, Signature, Version, bundle},
    update::{Offer, Shelf, Update, shelf},
};
use netsvc_wire::stamp;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Our copy of a bundle, which nobody changes after its signature was looked at.
const COPY: &str = "incoming.release";
/// Folder that a bundle is unpacked into before it gets its name.
const UNPACKED: &str = "incoming";
/// Seconds that a release has to prove itself, least and most.
const PATIENCE: (u64, u64) = (10, 3600);

/// What machine this is, as releases name it.
pub(crate) fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// Unpacks the release that is ordered, and notes that it is to be tried.
///
/// # Errors
/// Why it is refused; then nothing was changed.
pub(super) fn stage(context: &Context, slots: &Slots, order: &Offer) -> Result<Noted> {
    let noted = before(context, order)?;
    let shelf = Shelf::new(&context.paths());
    let copy = slots.at(COPY);
    let staged = copied(&shelf.path(&order.sha256)?, &copy).and_then(|()| unpacked(slots, order, &copy));
    // The release has been unpacked, or is of no use.
    let _ = fs::remove_file(&copy);
    staged?;
    if own::running().is_none() {
        // What another program, which was installed in this one's place, was updated to.
        slots.flip(None)?;
        slots.put_base(&own::build())?;
    }
    slots.note(&noted)?;
    forget(context);
    Ok(noted)
}

/// Lets go of bundles that are not read again. A master keeps them for its agents.
pub(super) fn forget(context: &Context) {
    let paths = context.paths();
    if Files::new(&paths).is_agent() {
        let shelf = Shelf::new(&paths);
        // As the house: it may have put a link in the place of its folder. What stays takes room and no more.
        let _ = stead::act(paths.root(), move || shelf.forget_all_but(&[]));
    }
}

/// What runs now, and by whom.
fn before(context: &Context, order: &Offer) -> Result<Noted> {
    let paths = context.paths();
    let words = match runner::of(&paths) {
        Runner::Units => Vec::new(),
        Runner::Supervisor(holder) if holder.verb == "run" => {
            if holder.pid == 1 {
                bail!("this host is the image of a container: start it from another image");
            }
            words(holder.pid).context("find out how the workers were started")?
        }
        Runner::Supervisor(holder) => bail!("`decnet {}` runs here, which is not updated", holder.verb),
        Runner::Nobody => bail!("nobody runs the workers here, so that no release could prove itself"),
    };
    // By units, who updates is the release before until all is over, and says nothing of the new one.
    let judged = |worker: &Worker| !(words.is_empty() && *worker == Worker::Updater);
    let notes: Vec<(Worker, Note)> = Worker::ALL
        .iter()
        .copied()
        .filter(judged)
        .filter_map(|worker| Some((worker, Note::read(&paths, worker)?)))
        .collect();
    let now = stamp::now();
    let names = |list: Vec<&(Worker, Note)>| -> Vec<String> {
        list.iter().map(|(worker, _)| worker.name().to_owned()).collect()
    };
    let patience = order.patience.clamp(PATIENCE.0, PATIENCE.1);
    Ok(Noted {
        update: Update::staged(&order.id, own::running(), &order.version, patience, now),
        program: std::env::current_exe().context("find this program")?,
        words,
        workers: names(notes.iter().collect()),
        ill: names(notes.iter().filter(|(_, note)| note.is_bad(now)).collect()),
        started: None,
    })
}

/// The arguments of a process.
fn words(pid: u32) -> Result<Vec<String>> {
    let line = fs_err::read(format!("/proc/{pid}/cmdline"))?;
    let words = line.split(|byte| *byte == 0).skip(1).map(|word| String::from_utf8(word.to_owned()));
    let mut words: Vec<String> = words.collect::<Result<_, _>>().context("read its arguments")?;
    // What ends the last of them begins no other.
    words.pop();
    if words.is_empty() {
        bail!("it has no arguments");
    }
    Ok(words)
}

/// Copies a bundle from the folder of the house, which may put anything in its place.
fn copied(from: &Path, to: &Path) -> Result<()> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let source = OpenOptions::new().read(true).custom_flags(flags).open(from);
    let source = source.context("read the release")?;
    if !source.metadata().context("read the release")?.is_file() {
        bail!("the release is no file");
    }
    // One that an attempt left is nobody's.
    let _ = fs::remove_file(to);
    let copy = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
        io::copy(&mut source.take(shelf::LARGEST + 1), &mut file)?;
        file.sync_all()
    };
    copy().context("copy the release")
}

fn unpacked(slots: &Slots, order: &Offer, copy: &Path) -> Result<()> {
    let key = slots.trusted()?;
    let signature = Signature::read(&order.signature)?;
    signature.verify(&key, File::open(copy).context("read the release")?)?;
    fits(&bundle::peek(copy)?, order)?;
    let folder = slots.at(UNPACKED);
    // One that an attempt left is nobody's.
    let _ = fs::remove_dir_all(&folder);
    let manifest = release::unpack(File::open(copy).context("read the release")?, &folder)?;
    let place = slots.at(&manifest.version.to_string());
    if slots.current() == Some(manifest.version.to_string()) {
        bail!("release {} is installed already", manifest.version);
    }
    if place.exists() {
        // It was tried once, and is not the one that runs.
        fs_err::remove_dir_all(&place).context("remove the release of an earlier attempt")?;
    }
    fs_err::rename(&folder, &place).context("put the release in its place")?;
    slots.sync()
}

/// Whether the release is what was ordered, and for this host.
fn fits(manifest: &Manifest, order: &Offer) -> Result<()> {
    if manifest.version.to_string() != order.version {
        bail!("it is release {}, and {} was ordered", manifest.version, order.version);
    }
    let runs: Version = own::version().parse()?;
    let target = target();
    let here = Here { target: &target, runs, peer: order.master.parse().ok() };
    Ok(manifest.fits(&here)?)
}
