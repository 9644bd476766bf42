//! The descriptor protocol as programs that stand in for the service binary need it.

use anyhow::{Context as _, Result};
use netsvc_persona::stage::{Answer, CONTROL_FD, MAX_DESCRIPTORS, MAX_MESSAGE, Order, SETTINGS_FD};
use nix::{
    cmsg_space,
    sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, send},
};
use std::{
    fs::File,
    io::{IoSliceMut, Read},
    os::fd::{FromRawFd, OwnedFd, RawFd},
};

/// Takes the settings in, which are all the same to a measurement.
pub(crate) fn settings() -> Result<()> {
    let mut settings = String::new();
    File::from(owned(SETTINGS_FD)).read_to_string(&mut settings).context("read the settings")?;
    Ok(())
}

/// The next order; `None` at the end.
pub(crate) fn receive() -> Result<Option<(Order, Vec<OwnedFd>)>> {
    let mut buffer = vec![0; MAX_MESSAGE];
    let mut space = cmsg_space!([RawFd; MAX_DESCRIPTORS]);
    let mut slices = [IoSliceMut::new(&mut buffer)];
    let message = recvmsg::<()>(CONTROL_FD, &mut slices, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)
        .context("receive an order")?;
    let mut descriptors = Vec::new();
    for control in message.cmsgs().context("receive descriptors")? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            descriptors.extend(numbers.into_iter().map(owned));
        }
    }
    let length = message.bytes;
    if length == 0 {
        return Ok(None);
    }
    let order = serde_json::from_slice(buffer.get(..length).unwrap_or_default()).context("read an order")?;
    Ok(Some((order, descriptors)))
}

pub(crate) fn answer(answer: &Answer) -> Result<()> {
    send(CONTROL_FD, &serde_json::to_vec(answer)?, MsgFlags::MSG_NOSIGNAL).context("answer an order")?;
    Ok(())
}

#[expect(unsafe_code, reason = "inherited and passed descriptors are numbers")]
fn owned(number: RawFd) -> OwnedFd {
    // SAFETY: each number is taken once, from the protocol's own places.
    unsafe { OwnedFd::from_raw_fd(number) }
}
