//! What a peer has open.

use super::{
    file::File,
    pipe::Pipe,
    status::Status,
    tree::Tree,
    volume::{Meta, Volume},
    wire::{Put, filetime},
};
use netsvc_kit::{Charge, Out};
use netsvc_wire::{Kind as Event, field};

/// Something that is open.
pub(super) struct Open {
    pub(super) tree: u32,
    /// Its path in the volume, or the name of the pipe.
    pub(super) path: String,
    /// Whether it is removed when it is closed.
    pub(super) doomed: bool,
    pub(super) access: u32,
    pub(super) what: What,
    /// Ranges that are locked.
    pub(super) locks: Vec<(u64, u64)>,
}

/// What is open.
pub(super) enum What {
    File(File),
    Folder(Folder),
    Pipe(Box<Pipe>),
}

/// How far a folder was listed.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) entries: Option<Vec<(String, Meta)>>,
    pub(super) at: usize,
    pub(super) charge: Charge,
}

/// Writes down a deed at a path of a share.
pub(super) fn note(verb: &str, tree: &Tree, path: &str, status: Status, out: &mut Out) {
    let path = format!("\\{}\\{}", tree.share.name, path.trim_start_matches('\\').replace('/', "\\"));
    out.record(
        Event::Command,
        vec![
            (field::COMMAND, format!("{verb} {path}").into_bytes()),
            (field::PATH, path.into_bytes()),
            (field::STATUS, status.name().into_bytes()),
        ],
    );
}

/// The four times of a file.
pub(super) fn times(body: &mut Vec<u8>, meta: &Meta) {
    for time in [meta.created, meta.accessed, meta.written, meta.changed] {
        body.u64(filetime(time));
    }
}

impl Open {
    /// Closes it: what was written is kept, and what is doomed is gone.
    pub(super) fn close(self, tree: &mut Tree, out: &mut Out) {
        let Open { path, what, doomed, .. } = self;
        if let What::File(file) = what {
            // Whoever closes is told of no error; what he sent is kept as evidence in any case.
            let _ = file.keep(tree, &path, out);
        }
        if doomed && let Some(volume) = tree.volume.as_deref_mut() {
            let status = volume.remove(&path).err().unwrap_or(Status::SUCCESS);
            note("DELETE", tree, &path, status, out);
        }
    }

    /// The volume of its tree.
    pub(super) fn volume<'a>(&self, tree: &'a mut Tree) -> Result<&'a mut dyn Volume, Status> {
        match tree.volume.as_deref_mut() {
            Some(volume) => Ok(volume),
            None => Err(Status::INVALID_DEVICE_REQUEST),
        }
    }
}
