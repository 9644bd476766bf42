//! The stub's side of the descriptor protocol, written from its description alone.

use crate::Error;
use netsvc_persona::stage::{Answer, CONTROL_FD, MAX_DESCRIPTORS, MAX_MESSAGE, Order, SETTINGS_FD, Settings};
use nix::{
    cmsg_space,
    sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, send},
};
use std::{
    fs::File,
    io::{IoSliceMut, Read},
    os::fd::{FromRawFd, OwnedFd, RawFd},
};

/// Reads the settings and proves that the spool can be written.
pub(crate) fn settings() -> Result<Settings, Error> {
    let mut text = String::new();
    File::from(owned(SETTINGS_FD)).read_to_string(&mut text)?;
    let settings: Settings = serde_json::from_str(&text)?;
    for folder in ["lines", "blobs", "state"] {
        std::fs::create_dir_all(settings.spool.join(folder))?;
    }
    std::fs::write(settings.spool.join("state/limits"), std::fs::read_to_string("/proc/self/status")?)?;
    Ok(settings)
}

/// The next order; `None` at the end.
pub(crate) fn receive() -> Result<Option<(Order, Vec<OwnedFd>)>, Error> {
    let mut buffer = vec![0; MAX_MESSAGE];
    let mut space = cmsg_space!([RawFd; MAX_DESCRIPTORS]);
    let mut slices = [IoSliceMut::new(&mut buffer)];
    let message = recvmsg::<()>(CONTROL_FD, &mut slices, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            descriptors.extend(numbers.into_iter().map(owned));
        }
    }
    let length = message.bytes;
    if length == 0 {
        return Ok(None);
    }
    Ok(Some((serde_json::from_slice(buffer.get(..length).unwrap_or_default())?, descriptors)))
}

pub(crate) fn answer(answer: &Answer) -> Result<(), Error> {
    send(CONTROL_FD, &serde_json::to_vec(answer)?, MsgFlags::MSG_NOSIGNAL)?;
    Ok(())
}

#[expect(unsafe_code, reason = "inherited and passed descriptors are numbers")]
fn owned(number: RawFd) -> OwnedFd {
    // SAFETY: each number is taken once, from the protocol's own places.
    unsafe { OwnedFd::from_raw_fd(number) }
}
