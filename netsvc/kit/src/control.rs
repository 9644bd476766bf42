//! The control socket: one message is one order, with descriptors; one answer each.

use netsvc_persona::stage::{Answer, MAX_DESCRIPTORS, MAX_MESSAGE, Order};
use nix::{
    cmsg_space,
    sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, send},
};
use std::{
    io::{self, IoSliceMut},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
};

/// The stage's end of the control socket.
#[derive(Debug)]
pub struct Control {
    socket: OwnedFd,
}

/// Why no order could be read.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The socket failed.
    #[error("read the control socket")]
    Socket(#[source] io::Error),
    /// A message was cut, so that descriptors may be missing.
    #[error("a control message is longer than {MAX_MESSAGE} bytes or {MAX_DESCRIPTORS} descriptors")]
    Truncated,
    /// A message is not an order.
    #[error("a control message is no order")]
    Order(#[source] serde_json::Error),
}

impl Control {
    /// Takes over the socket.
    pub fn new(socket: OwnedFd) -> Self {
        Control { socket }
    }

    /// The next order with its descriptors; `None` when the other end is gone. Blocks.
    ///
    /// # Errors
    /// [`ControlError`]; the caller should end the process, since an order may be lost.
    pub fn receive(&self) -> Result<Option<(Order, Vec<OwnedFd>)>, ControlError> {
        let mut buffer = vec![0; MAX_MESSAGE];
        let mut space = cmsg_space!([RawFd; MAX_DESCRIPTORS]);
        let (length, descriptors, flags) = loop {
            let mut slices = [IoSliceMut::new(&mut buffer)];
            let flags = MsgFlags::MSG_CMSG_CLOEXEC;
            match recvmsg::<()>(self.socket.as_raw_fd(), &mut slices, Some(&mut space), flags) {
                Ok(message) => {
                    let descriptors =
                        owned(message.cmsgs().map_err(|error| ControlError::Socket(error.into()))?);
                    break (message.bytes, descriptors, message.flags);
                }
                Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(ControlError::Socket(error.into())),
            }
        };
        if length == 0 {
            return Ok(None);
        }
        if flags.intersects(MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC) {
            return Err(ControlError::Truncated);
        }
        let order =
            serde_json::from_slice(buffer.get(..length).unwrap_or_default()).map_err(ControlError::Order)?;
        Ok(Some((order, descriptors)))
    }

    /// Sends `answer`.
    ///
    /// # Errors
    /// When the other end is gone.
    pub fn answer(&self, answer: &Answer) -> io::Result<()> {
        let message = serde_json::to_vec(answer).map_err(io::Error::other)?;
        send(self.socket.as_raw_fd(), &message, MsgFlags::MSG_NOSIGNAL)?;
        Ok(())
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn owned(messages: impl Iterator<Item = ControlMessageOwned>) -> Vec<OwnedFd> {
    let mut descriptors = Vec::new();
    for message in messages {
        if let ControlMessageOwned::ScmRights(raw) = message {
            for descriptor in raw {
                #[expect(unsafe_code, reason = "the kernel hands descriptors over as numbers")]
                // SAFETY: SCM_RIGHTS made this descriptor for us in this call; nobody else has it.
                descriptors.push(unsafe { OwnedFd::from_raw_fd(descriptor) });
            }
        }
    }
    descriptors
}
