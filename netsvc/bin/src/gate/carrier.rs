//! The gate's ports: raw sockets with offload headers, and a device of bare packets.

use super::mirror::Mirrors;
use netsvc_stack::{ETHERNET, Gate, Mac, OFFLOAD, Output, Port};
use nix::{
    errno::Errno,
    sys::{
        socket::{MsgFlags, recv, send},
        uio::writev,
    },
};
use std::{
    io::IoSlice,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
};

/// Longest frame: a segment that the kernel will cut up, and its headers.
const FRAME: usize = 70_000;
/// Frames that are taken from one port before the others have their turn.
const TURN: usize = 64;

/// The gate's ports.
#[derive(Debug)]
pub(crate) struct Ports {
    segment: OwnedFd,
    engine: OwnedFd,
    /// Whether the engine side carries packets without Ethernet.
    bare: bool,
    probe: Option<OwnedFd>,
    mirrors: Mirrors,
    buffer: Vec<u8>,
}

impl Ports {
    pub(crate) fn new(segment: OwnedFd, engine: OwnedFd, bare: bool, probe: Option<OwnedFd>) -> Self {
        Ports { segment, engine, bare, probe, mirrors: Mirrors::default(), buffer: vec![0; FRAME] }
    }

    /// Copies frames of the segment into `into` from now on: those of `mac`, or all.
    ///
    /// # Errors
    /// When there are as many mirrors as there may be.
    pub(crate) fn mirror(&mut self, into: OwnedFd, mac: Option<Mac>) -> Result<(), String> {
        self.mirrors.add(into, mac)
    }

    /// Each port with its descriptor.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = (Port, BorrowedFd<'_>)> {
        let probe = self.probe.as_ref().map(|probe| (Port::Probe, probe.as_fd()));
        [(Port::Segment, self.segment.as_fd()), (Port::Engine, self.engine.as_fd())].into_iter().chain(probe)
    }

    /// Feeds the gate what has come in by `port`. True when something has.
    pub(crate) fn drain(&mut self, port: Port, gate: &mut Gate, now: i64) -> bool {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut some = false;
        for _ in 0..TURN {
            let Some(length) = self.receive(port, &mut buffer) else { break };
            some = true;
            if let Some(frame) = buffer.get_mut(..length) {
                if port == Port::Segment {
                    self.mirrors.show(frame);
                }
                gate.receive(now, port, frame, self);
            }
        }
        self.buffer = buffer;
        some
    }

    fn descriptor(&self, port: Port) -> Option<&OwnedFd> {
        match port {
            Port::Segment => Some(&self.segment),
            Port::Engine => Some(&self.engine),
            Port::Probe => self.probe.as_ref(),
        }
    }

    /// Reads one frame; its length.
    fn receive(&self, port: Port, buffer: &mut [u8]) -> Option<usize> {
        let descriptor = self.descriptor(port)?;
        if port != Port::Engine || !self.bare {
            return recv(descriptor.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)
                .ok()
                .filter(|read| *read > 0);
        }
        // Read so far back that an Ethernet header fits between the offload header and the packet.
        let read =
            nix::unistd::read(descriptor, buffer.get_mut(ETHERNET..)?).ok().filter(|read| *read > 0)?;
        let header = shifted(buffer.get(ETHERNET..)?, 14)?;
        let (head, _) = buffer.split_first_chunk_mut::<{ OFFLOAD + ETHERNET }>()?;
        head.fill(0);
        head.get_mut(..OFFLOAD)?.copy_from_slice(&header);
        head.get_mut(OFFLOAD + 12..)?.copy_from_slice(&[8, 0]);
        Some(read + ETHERNET)
    }
}

impl Output for Ports {
    fn send(&mut self, port: Port, frame: &[u8]) {
        if port == Port::Segment {
            self.mirrors.show(frame);
        }
        let Some(descriptor) = self.descriptor(port) else { return };
        // What does not fit is lost, as on any wire; the sender's TCP knows what to do.
        if port != Port::Engine || !self.bare {
            while send(descriptor.as_raw_fd(), frame, MsgFlags::MSG_DONTWAIT) == Err(Errno::EINTR) {}
            return;
        }
        let (Some(header), Some(packet)) = (shifted(frame, -14), frame.get(OFFLOAD + ETHERNET..)) else {
            return;
        };
        let parts = [IoSlice::new(&header), IoSlice::new(packet)];
        while writev(descriptor, &parts) == Err(Errno::EINTR) {}
    }
}

/// The offload header (`struct virtio_net_hdr`) at the start of `frame`, its offsets moved by the length of an
/// Ethernet header.
fn shifted(frame: &[u8], shift: i16) -> Option<[u8; OFFLOAD]> {
    let mut header = *frame.first_chunk::<OFFLOAD>()?;
    let [flags, kind, ..] = header;
    // Bytes 2 and 6: length of the headers if the packet is to be cut, start of the open checksum.
    for (offset, used) in [(2, kind != 0), (6, flags & 1 != 0)] {
        if let Some([low, high]) = header.get_mut(offset..offset + 2).filter(|_| used) {
            let value = u16::from_ne_bytes([*low, *high]).saturating_add_signed(shift);
            [*low, *high] = value.to_ne_bytes();
        }
    }
    Some(header)
}
