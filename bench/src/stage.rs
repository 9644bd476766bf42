//! A stage program for measuring the gate alone: its `gate` is the real one, its `serve` moves bytes and
//! does nothing else.

use crate::{
    bare,
    place::{BARE, BARE_SERVICES},
    traffic,
};
use anyhow::{Context as _, Result};
use netsvc_persona::stage::{Answer, CONTROL_FD, MAX_DESCRIPTORS, MAX_MESSAGE, Order, SETTINGS_FD};
use nix::{
    cmsg_space,
    sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, send},
};
use std::{
    fs::File,
    io::{IoSliceMut, Read},
    net::TcpListener,
    os::{
        fd::{FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    process::Command,
};

/// Becomes the gate of the service binary; under one of the names of [`crate::place`] the one without faces.
pub(crate) fn gate() -> Result<()> {
    if [BARE, BARE_SERVICES].iter().any(|name| is_called(name)) {
        bare::gate()
    } else {
        become_service("gate")
    }
}

fn is_called(name: &str) -> bool {
    std::env::current_exe().is_ok_and(|own| own.file_name().is_some_and(|own| own == name))
}

/// Becomes the service binary beside this program.
fn become_service(verb: &str) -> Result<()> {
    let program = std::env::current_exe().context("find this program")?.with_file_name("netsvcd");
    Err(Command::new(program).arg(verb).exec()).with_context(|| format!("become its {verb}"))
}

/// Serves what it is told to until it is told to stop; under a name of [`crate::place`] with the service binary.
pub(crate) fn serve() -> Result<()> {
    if is_called(BARE_SERVICES) {
        return become_service("serve");
    }
    settings()?;
    answer(&Answer::Ready { isolation: "none: a measurement".to_owned() })?;
    while let Some((order, descriptors)) = receive()? {
        let seq = match order {
            Order::Node { seq, ports, .. } => {
                for (port, socket) in ports.into_iter().zip(descriptors) {
                    traffic::serve(&port.slug, TcpListener::from(socket))?;
                }
                seq
            }
            Order::Remove { seq, .. } | Order::Gate { seq, .. } => seq,
            Order::Stop { seq } => return answer(&Answer::Done { seq }),
        };
        answer(&Answer::Done { seq })?;
    }
    Ok(())
}

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
