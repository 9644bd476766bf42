//! Hearing what is said on a segment, without a word of our own.

use super::packet;
use nix::{
    net::if_::if_nametoindex,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{MsgFlags, recv},
};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    time::Instant,
};

/// Longest frame that is heard whole.
const FRAME: usize = 65_535;

/// An interface that is listened at.
#[derive(Debug)]
pub struct Ear {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl Ear {
    /// Listens at `interface`: to what is sent to everybody, to groups and to this host, and to what it sends itself.
    ///
    /// # Errors
    /// When there is no such interface, or we may not (CAP_NET_RAW).
    pub fn open(interface: &str) -> io::Result<Self> {
        let socket = packet::ear(if_nametoindex(interface)?)?;
        Ok(Ear { socket, buffer: vec![0; FRAME] })
    }

    /// The next frame before `end`; none: there was none.
    ///
    /// # Errors
    /// When the interface is gone.
    pub fn next(&mut self, end: Instant) -> io::Result<Option<&[u8]>> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let millis = u16::try_from(left.as_millis()).unwrap_or(u16::MAX);
            match recv(self.socket.as_raw_fd(), &mut self.buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(length) => return Ok(self.buffer.get(..length)),
                Err(nix::Error::EAGAIN | nix::Error::EINTR) if left.is_zero() => return Ok(None),
                Err(nix::Error::EAGAIN | nix::Error::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            let mut wait = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            match poll(&mut wait, PollTimeout::from(millis)) {
                Ok(_) | Err(nix::Error::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
