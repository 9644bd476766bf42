//! Asking the segment whether an address is taken before we take it: ARP probes (RFC 5227 §2.1.1).
//!
//! Two probes instead of three and fractions of a second instead of seconds: a fleet is deployed while
//! somebody waits, and hosts on one segment answer within milliseconds.

use crate::sockets;
use nix::sys::socket::{MsgFlags, recv, send};
use std::{
    collections::BTreeMap,
    io,
    net::Ipv4Addr,
    os::fd::{AsRawFd, OwnedFd},
    time::Duration,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::{Instant, timeout_at},
};

const ROUNDS: u32 = 2;
const ETHERNET_MIN: usize = 60;
const ARP: [u8; 2] = [0x08, 0x06];
/// Ethernet, IPv4, lengths 6 and 4.
const ARP_KIND: [u8; 6] = [0, 1, 8, 0, 6, 4];

/// An address that somebody else has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) address: Ipv4Addr,
    pub(super) mac: [u8; 6],
}

/// Sends probes.
#[derive(Debug)]
pub(super) struct Prober {
    socket: AsyncFd<OwnedFd>,
}

impl Prober {
    /// `socket`: an ARP socket on the segment. Needs a runtime.
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        Ok(Prober { socket: sockets::watch(socket)? })
    }

    /// The first of `wanted` (address and our MAC) that somebody answers for within `wait`.
    pub(super) async fn taken(
        &self,
        wanted: &BTreeMap<Ipv4Addr, [u8; 6]>,
        wait: Duration,
    ) -> io::Result<Option<Taken>> {
        self.discard();
        for _ in 0..ROUNDS {
            for (&address, &mac) in wanted {
                self.send(&probe(mac, address)).await?;
            }
            let end = Instant::now() + wait / ROUNDS;
            while let Ok(frame) = timeout_at(end, self.receive()).await {
                if let Some(taken) = conflict(&frame?, wanted) {
                    return Ok(Some(taken));
                }
            }
        }
        Ok(None)
    }

    /// Throws away what came in since the last time.
    fn discard(&self) {
        let mut buffer = [0; 64];
        while recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT).is_ok() {}
    }

    async fn send(&self, frame: &[u8]) -> io::Result<()> {
        let write = |socket: &OwnedFd| Ok(send(socket.as_raw_fd(), frame, MsgFlags::MSG_DONTWAIT)?);
        match self.socket.async_io(Interest::WRITABLE, write).await {
            // The device's queue is full: one probe less of two.
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => Ok(()),
            other => other.map(drop),
        }
    }

    async fn receive(&self) -> io::Result<Vec<u8>> {
        let read = |socket: &OwnedFd| {
            let mut buffer = vec![0; 128];
            let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT)?;
            buffer.truncate(length);
            Ok(buffer)
        };
        self.socket.async_io(Interest::READABLE, read).await
    }
}

/// A probe: a request for `address` from nobody, so that no cache learns anything from it.
fn probe(mac: [u8; 6], address: Ipv4Addr) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend(mac);
    frame.extend(ARP);
    frame.extend(ARP_KIND);
    frame.extend([0, 1]);
    frame.extend(mac);
    frame.extend([0; 10]);
    frame.extend(address.octets());
    frame.resize(ETHERNET_MIN, 0);
    frame
}

/// Whether `frame` says that somebody has, or is about to take, one of the addresses.
fn conflict(frame: &[u8], wanted: &BTreeMap<Ipv4Addr, [u8; 6]>) -> Option<Taken> {
    let arp = frame.get(12..)?.strip_prefix(&ARP)?.strip_prefix(&ARP_KIND)?;
    let mac: [u8; 6] = arp.get(2..8)?.try_into().ok()?;
    let sender = Ipv4Addr::from(<[u8; 4]>::try_from(arp.get(8..12)?).ok()?);
    let target = Ipv4Addr::from(<[u8; 4]>::try_from(arp.get(18..22)?).ok()?);
    // Another host's probe for the same address is a conflict too (RFC 5227 §2.1.1).
    let address = if sender.is_unspecified() { target } else { sender };
    let ours = wanted.get(&address)?;
    (*ours != mac).then_some(Taken { address, mac })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINE: [u8; 6] = [0xf4, 0x8e, 0x38, 0, 0, 1];
    const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 2];

    fn wanted() -> BTreeMap<Ipv4Addr, [u8; 6]> {
        [(Ipv4Addr::new(10, 66, 0, 9), MINE)].into()
    }

    #[test]
    fn only_somebody_else_with_our_address_is_a_conflict() {
        let address = Ipv4Addr::new(10, 66, 0, 9);
        let mut answer = probe(OTHER, Ipv4Addr::new(10, 66, 0, 1));
        answer.splice(20..22, [0, 2]);
        answer.splice(28..32, address.octets());
        let cases = [
            (answer, Some(OTHER)),
            (probe(OTHER, address), Some(OTHER)),
            (probe(MINE, address), None),
            (probe(OTHER, Ipv4Addr::new(10, 66, 0, 8)), None),
        ];
        for (frame, expected) in cases {
            assert_eq!(conflict(&frame, &wanted()).map(|taken| taken.mac), expected);
        }
    }

    proptest! {
        #[test]
        fn any_frame_is_read_without_harm(frame in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = conflict(&frame, &wanted());
        }
    }
}
