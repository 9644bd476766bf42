//! `gate` of the stub: answers ARP for its nodes and passes IPv4 on, unchanged, between segment, probe
//! and engine; node to node as well. The engine side is Ethernet or bare IP (TUN).

use crate::{Error, control};
use netsvc_persona::stage::{Answer, CONTROL_FD, Order};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{MsgFlags, recv, send},
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
};

type Mac = [u8; 6];
/// Length of the offload header.
const OFFLOAD: usize = 10;
/// Length of an Ethernet header.
const ETHERNET: usize = 14;

#[derive(Default)]
struct Gate {
    ports: Vec<OwnedFd>,
    /// MACs of the engine side's near and far end; `None`: bare IP.
    engine: Option<(Mac, Mac)>,
    nodes: BTreeMap<String, (Ipv4Addr, Mac)>,
    neighbours: BTreeMap<Ipv4Addr, (usize, Mac)>,
    switched: u64,
}

const ENGINE: usize = 1;

pub(crate) fn run() -> Result<(), Error> {
    control::settings()?;
    control::answer(&Answer::Ready { isolation: "stub".to_owned() })?;
    let mut gate = Gate::default();
    loop {
        let ready: Vec<bool> = {
            #[expect(unsafe_code, reason = "the control socket is a number")]
            // SAFETY: descriptor 4 is the control socket for the life of the process.
            let control = unsafe { BorrowedFd::borrow_raw(CONTROL_FD) };
            let mut polled = vec![PollFd::new(control, PollFlags::POLLIN)];
            polled.extend(gate.ports.iter().map(|port| PollFd::new(port.as_fd(), PollFlags::POLLIN)));
            poll(&mut polled, PollTimeout::NONE)?;
            polled.iter().map(|entry| entry.any().unwrap_or_default()).collect()
        };
        let (control_ready, port_ready) = ready.split_first().unwrap_or((&false, &[]));
        for (port, _) in port_ready.iter().enumerate().filter(|(_, ready)| **ready) {
            gate.drain(port);
        }
        if *control_ready && !gate.order()? {
            return Ok(());
        }
    }
}

impl Gate {
    fn order(&mut self) -> Result<bool, Error> {
        let Some((order, descriptors)) = control::receive()? else { return Ok(false) };
        let (seq, go_on) = match order {
            Order::Gate { seq, gate } => {
                self.engine = mac(gate.engine_peer_mac.as_deref()).zip(mac(gate.engine_mac.as_deref()));
                self.ports = descriptors;
                (seq, true)
            }
            Order::Node { seq, persona, .. } => {
                if let (IpAddr::V4(address), Some(mac)) = (persona.ip, persona.mac_bytes()) {
                    self.nodes.insert(persona.node.clone(), (address, mac));
                }
                (seq, true)
            }
            Order::Remove { seq, node } => {
                self.nodes.remove(&node);
                (seq, true)
            }
            Order::Mirror { seq, .. } | Order::Letters { seq, .. } => (seq, true),
            Order::Absent { seq } => {
                control::answer(&Answer::Absent { seq, nodes: Vec::new() })?;
                return Ok(true);
            }
            Order::Stop { seq } => (seq, false),
        };
        control::answer(&Answer::Done { seq })?;
        Ok(go_on)
    }

    fn drain(&mut self, port: usize) {
        let mut buffer = vec![0; 70_000];
        for _ in 0..64 {
            let Some(descriptor) = self.ports.get(port) else { return };
            let bare = port == ENGINE && self.engine.is_none();
            // A bare packet is read so far back that an Ethernet header fits before it.
            let start = if bare { ETHERNET } else { 0 };
            let Some(space) = buffer.get_mut(start..) else { return };
            let read = if bare {
                nix::unistd::read(descriptor, space)
            } else {
                recv(descriptor.as_raw_fd(), space, MsgFlags::MSG_DONTWAIT)
            };
            let Ok(length) = read else { return };
            let Some(frame) = buffer.get_mut(..start + length) else { return };
            if bare {
                move_header(frame, ETHERNET, 0, 14);
                if let Some(kind) = frame.get_mut(OFFLOAD + 12..OFFLOAD + 14) {
                    kind.copy_from_slice(&[8, 0]);
                }
            }
            if port == ENGINE {
                self.outward(frame);
            } else {
                self.inward(port, frame);
            }
        }
    }

    fn inward(&mut self, port: usize, frame: &mut [u8]) {
        let Some(source) = bytes::<6>(frame, OFFLOAD + 6) else { return };
        match bytes::<2>(frame, OFFLOAD + 12) {
            Some([8, 6]) => self.arp(port, source, frame),
            Some([8, 0]) => {
                let (Some(from), Some(to)) = (address(frame, 12), address(frame, 16)) else { return };
                if !self.nodes.values().any(|(address, _)| *address == to) {
                    return;
                }
                self.neighbours.insert(from, (port, source));
                self.transmit_engine(frame);
            }
            _ => {}
        }
    }

    fn outward(&mut self, frame: &mut [u8]) {
        let (Some(from), Some(to)) = (address(frame, 12), address(frame, 16)) else { return };
        let Some((_, own)) = self.nodes.values().find(|(address, _)| *address == from).copied() else {
            return;
        };
        if self.nodes.values().any(|(address, _)| *address == to) {
            self.switched += 1;
            // Whole or not at all: a test reads it any time.
            let _ = std::fs::write("state/switched.next", self.switched.to_string());
            let _ = std::fs::rename("state/switched.next", "state/switched");
            self.transmit_engine(frame);
        } else if let Some(&(port, neighbour)) = self.neighbours.get(&to) {
            self.transmit(port, frame, neighbour, own);
        }
    }

    fn arp(&mut self, port: usize, source: Mac, frame: &[u8]) {
        let body = OFFLOAD + 14;
        let (Some([0, 1]), Some(from), Some(wanted)) =
            (bytes::<2>(frame, body + 6), bytes::<4>(frame, body + 14), bytes::<4>(frame, body + 24))
        else {
            return;
        };
        let wanted = Ipv4Addr::from(wanted);
        let Some((_, own)) = self.nodes.values().find(|(address, _)| *address == wanted).copied() else {
            return;
        };
        self.neighbours.insert(Ipv4Addr::from(from), (port, source));
        let mut answer = vec![0; OFFLOAD + 12];
        answer.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
        answer.extend(own);
        answer.extend(wanted.octets());
        answer.extend(source);
        answer.extend(from);
        answer.resize(OFFLOAD + 60, 0);
        self.transmit(port, &mut answer, source, own);
    }

    fn transmit_engine(&self, frame: &mut [u8]) {
        if let Some((near, far)) = self.engine {
            return self.transmit(ENGINE, frame, near, far);
        }
        move_header(frame, 0, ETHERNET, -14);
        if let (Some(port), Some(packet)) = (self.ports.get(ENGINE), frame.get(ETHERNET..)) {
            let _ = nix::unistd::write(port, packet);
        }
    }

    fn transmit(&self, port: usize, frame: &mut [u8], to: Mac, from: Mac) {
        for (place, byte) in frame.iter_mut().skip(OFFLOAD).zip(to.into_iter().chain(from)) {
            *place = byte;
        }
        if let Some(descriptor) = self.ports.get(port) {
            let _ = send(descriptor.as_raw_fd(), frame, MsgFlags::MSG_DONTWAIT);
        }
    }
}

/// Moves the offload header and shifts its offsets by the length of an Ethernet header.
fn move_header(frame: &mut [u8], from: usize, to: usize, shift: i16) {
    let Some(mut header) = bytes::<OFFLOAD>(frame, from) else { return };
    let [flags, kind, ..] = header;
    // Bytes 2 and 6: length of headers, start of the checksum (virtio, struct virtio_net_hdr).
    for (offset, used) in [(2, kind != 0), (6, flags & 1 != 0)] {
        let place = header.get_mut(offset..offset + 2).filter(|_| used);
        if let Some([low, high]) = place {
            let value = u16::from_ne_bytes([*low, *high]).saturating_add_signed(shift);
            [*low, *high] = value.to_ne_bytes();
        }
    }
    if let Some(place) = frame.get_mut(to..to + OFFLOAD) {
        place.copy_from_slice(&header);
    }
}

fn address(frame: &[u8], offset: usize) -> Option<Ipv4Addr> {
    bytes::<4>(frame, OFFLOAD + 14 + offset).map(Ipv4Addr::from)
}

fn bytes<const N: usize>(frame: &[u8], start: usize) -> Option<[u8; N]> {
    frame.get(start..start + N)?.try_into().ok()
}

fn mac(text: Option<&str>) -> Option<Mac> {
    let mut bytes = [0; 6];
    let mut parts = text?.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    Some(bytes)
}
