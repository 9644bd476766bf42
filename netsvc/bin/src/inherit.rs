//! What a process is started with: its settings and its control socket.

use netsvc_kit::{blob::Blobs, control::Control, recorder::Recorder, spool::Spool};
use netsvc_persona::stage::{CONTROL_FD, SETTINGS_FD, Settings};
use netsvc_wire::WriterId;
use rand_core::{OsRng, RngCore};
use std::{
    fs::File,
    io::{self, Read},
    os::fd::{FromRawFd, OwnedFd},
};

/// Longest settings.
const MAX_SETTINGS: u64 = 1 << 20;

/// Reads the settings and takes over the control socket. Called once, first thing.
///
/// # Errors
/// When the process was not started by its supervisor.
pub(crate) fn take() -> io::Result<(Settings, Control)> {
    for descriptor in [SETTINGS_FD, CONTROL_FD] {
        nix::fcntl::fcntl(borrowed(descriptor), nix::fcntl::FcntlArg::F_GETFD).map_err(|_| {
            io::Error::other("not started by its supervisor: descriptors 3 and 4 are missing")
        })?;
    }
    let mut text = Vec::new();
    File::from(owned(SETTINGS_FD)).take(MAX_SETTINGS).read_to_end(&mut text)?;
    let settings = serde_json::from_slice(&text).map_err(io::Error::other)?;
    Ok((settings, Control::new(owned(CONTROL_FD))))
}

/// Opens the spool as a new writer.
///
/// # Errors
/// When the spool cannot be written.
pub(crate) fn recorder(settings: &Settings) -> io::Result<Recorder> {
    let sd_id = settings.sd_id.parse().map_err(io::Error::other)?;
    let spool = Spool::open(&settings.spool, sd_id, WriterId(OsRng.next_u64()), settings.limits.spool_bytes)?;
    spool.keep_synced();
    let blobs = Blobs::open(&settings.spool, settings.limits.blob_bytes, settings.limits.blob_max)?;
    std::fs::create_dir_all(settings.spool.join("state"))?;
    Ok(Recorder::new(spool, blobs))
}

#[expect(unsafe_code, reason = "inherited descriptors are numbers")]
fn owned(descriptor: i32) -> OwnedFd {
    // SAFETY: the supervisor put these two descriptors here, checked above, and each is taken once.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

#[expect(unsafe_code, reason = "inherited descriptors are numbers")]
fn borrowed(descriptor: i32) -> std::os::fd::BorrowedFd<'static> {
    // SAFETY: only asked whether it is open; a closed one makes the call fail.
    unsafe { std::os::fd::BorrowedFd::borrow_raw(descriptor) }
}
