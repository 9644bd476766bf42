//! Copies of the segment's frames for who watches: a socket each, that is written to and never read.

use netsvc_stack::{Mac, OFFLOAD};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{MsgFlags, send},
};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// Mirrors at once.
const MOST: usize = 8;

/// Who watches.
#[derive(Debug, Default)]
pub(super) struct Mirrors(Vec<Mirror>);

#[derive(Debug)]
struct Mirror {
    into: OwnedFd,
    mac: Option<Mac>,
}

impl Mirrors {
    /// One more.
    pub(super) fn add(&mut self, into: OwnedFd, mac: Option<Mac>) -> Result<(), String> {
        // Those whose peers have gone make room.
        self.0.retain(|mirror| !mirror.is_left());
        if MOST <= self.0.len() {
            return Err(format!("there are {MOST} mirrors already"));
        }
        self.0.push(Mirror { into, mac });
        Ok(())
    }

    /// Shows a frame, with its offload header, to whom it concerns. Who does not read in time misses it.
    pub(super) fn show(&mut self, frame: &[u8]) {
        self.0.retain(|mirror| {
            !mirror.concerned(frame) || !is_gone(send(mirror.into.as_raw_fd(), frame, FLAGS))
        });
    }
}

/// A peer that has gone is an error, not a signal.
const FLAGS: MsgFlags = MsgFlags::MSG_DONTWAIT.union(MsgFlags::MSG_NOSIGNAL);

fn is_gone(sent: nix::Result<usize>) -> bool {
    !matches!(sent, Ok(_) | Err(Errno::EAGAIN | Errno::EINTR | Errno::ENOBUFS | Errno::EMSGSIZE))
}

impl Mirror {
    fn is_left(&self) -> bool {
        let mut polled = [PollFd::new(self.into.as_fd(), PollFlags::empty())];
        let _ = poll(&mut polled, PollTimeout::ZERO);
        polled.iter().filter_map(PollFd::revents).any(|events| !events.is_empty())
    }

    /// Frames from or to the address, and those to a group.
    fn concerned(&self, frame: &[u8]) -> bool {
        let Some(mac) = self.mac else { return true };
        let Some(ends) = frame.get(OFFLOAD..).and_then(|frame| frame.first_chunk::<12>()) else {
            return false;
        };
        let (to, from) = ends.split_at(6);
        to == mac || from == mac || to.first().is_some_and(|byte| byte & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, recv, socketpair};

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).unwrap()
    }

    fn frame(to: Mac, from: Mac) -> Vec<u8> {
        [vec![0; OFFLOAD], to.to_vec(), from.to_vec(), vec![8, 0]].concat()
    }

    fn read(socket: &OwnedFd) -> usize {
        recv(socket.as_raw_fd(), &mut [0; 99], MsgFlags::MSG_DONTWAIT).unwrap_or_default()
    }

    #[test]
    fn who_watches_sees_what_concerns_it_and_who_has_gone_is_forgotten() {
        let (one, two, other) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 9]);
        let mut mirrors = Mirrors::default();
        let ((all, saw_all), (of_one, saw_one)) = (pair(), pair());
        mirrors.add(all, None).unwrap();
        mirrors.add(of_one, Some(one)).unwrap();
        for (frame, concerns_one) in [
            (frame(one, other), true),
            (frame(other, one), true),
            (frame(two, other), false),
            (frame([255; 6], other), true),
        ] {
            mirrors.show(&frame);
            let expected = if concerns_one { frame.len() } else { 0 };
            assert_eq!((read(&saw_all), read(&saw_one)), (frame.len(), expected));
        }
        drop(saw_one);
        mirrors.show(&frame(one, other));
        assert_eq!(mirrors.0.len(), 1);
    }

    #[test]
    fn there_are_only_so_many_and_those_that_have_gone_do_not_count() {
        let mut mirrors = Mirrors::default();
        let mut peers: Vec<OwnedFd> = Vec::new();
        for _ in 0..MOST {
            let (into, peer) = pair();
            mirrors.add(into, None).unwrap();
            peers.push(peer);
        }
        assert!(mirrors.add(pair().0, None).is_err());
        peers.pop();
        let (into, _peer) = pair();
        assert!(mirrors.add(into, None).is_ok());
    }
}
