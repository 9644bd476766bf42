//! A gate without faces: it answers ARP and moves frames between the segment and the services' kernel as they
//! are. What the real gate costs beyond it is what the faces cost.

use crate::orders::{answer, receive, settings};
use anyhow::{Context as _, Result, bail};
use netsvc_persona::stage::{Answer, CONTROL_FD, GateSpec, Order};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{MsgFlags, recv, send},
};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
};

/// Length of the offload header before each frame, and of that and an Ethernet header.
const OFFLOAD: usize = 10;
const PACKET: usize = OFFLOAD + 14;
/// Longest frame, and frames that one side may send before the other has its turn: as at the real gate.
const FRAME: usize = 70_000;
const TURN: usize = 64;

type Mac = [u8; 6];

/// Its sides, and who is where.
struct Bare {
    segment: OwnedFd,
    engine: OwnedFd,
    /// Its own address towards the kernel, and the kernel's.
    wiring: (Mac, Mac),
    nodes: HashMap<Ipv4Addr, Mac>,
    peers: HashMap<Ipv4Addr, Mac>,
}

/// Runs until it is told to stop.
pub(crate) fn gate() -> Result<()> {
    settings()?;
    answer(&Answer::Ready { isolation: "none: a measurement".to_owned() })?;
    let Some((Order::Gate { seq, gate }, descriptors)) = receive()? else { bail!("no ports were given") };
    let mut bare = Bare::new(&gate, descriptors)?;
    answer(&Answer::Done { seq })?;
    let mut buffer = vec![0; FRAME];
    while bare.turn(&mut buffer)? {}
    Ok(())
}

impl Bare {
    fn new(spec: &GateSpec, descriptors: Vec<OwnedFd>) -> Result<Bare> {
        let mut descriptors = descriptors.into_iter();
        let (Some(segment), Some(engine)) = (descriptors.next(), descriptors.next()) else {
            bail!("two sides are needed");
        };
        let end = |text: &Option<String>| mac(text.as_deref().context("the kernel's side is no Ethernet")?);
        let wiring = (end(&spec.engine_mac)?, end(&spec.engine_peer_mac)?);
        Ok(Bare { segment, engine, wiring, nodes: HashMap::new(), peers: HashMap::new() })
    }

    /// Waits for something to do and does it; false when that was the end.
    fn turn(&mut self, buffer: &mut [u8]) -> Result<bool> {
        #[expect(unsafe_code, reason = "an inherited descriptor is a number")]
        // SAFETY: the control socket is open as long as the process lives.
        let control = unsafe { BorrowedFd::borrow_raw(CONTROL_FD) };
        let sides = [control, self.segment.as_fd(), self.engine.as_fd()];
        let mut polled = sides.map(|side| PollFd::new(side, PollFlags::POLLIN));
        poll(&mut polled, PollTimeout::NONE).context("wait")?;
        let [orders, segment, engine] = polled.map(|entry| entry.any().unwrap_or_default());
        if segment {
            while_some(|| self.inward(buffer));
        }
        if engine {
            while_some(|| self.outward(buffer));
        }
        if orders { self.order() } else { Ok(true) }
    }

    fn order(&mut self) -> Result<bool> {
        let Some((order, _)) = receive()? else { return Ok(false) };
        let (seq, on) = match order {
            Order::Node { seq, persona, .. } => {
                if let IpAddr::V4(address) = persona.ip {
                    self.nodes.insert(address, mac(&persona.mac)?);
                }
                (seq, true)
            }
            Order::Remove { seq, .. }
            | Order::Absent { seq, .. }
            | Order::Gate { seq, .. }
            | Order::Letters { seq, .. }
            | Order::Mirror { seq, .. } => (seq, true),
            Order::Stop { seq } => (seq, false),
        };
        answer(&Answer::Done { seq })?;
        Ok(on)
    }

    /// One frame from the segment.
    fn inward(&mut self, buffer: &mut [u8]) -> Option<()> {
        let frame = take(&self.segment, buffer)?;
        match frame.get(OFFLOAD + 12..PACKET) {
            Some([8, 0]) => {
                let (peer, node) = (address(frame, PACKET + 12)?, address(frame, PACKET + 16)?);
                self.peers.insert(peer, array(frame, OFFLOAD + 6)?);
                if self.nodes.contains_key(&node) {
                    let (own, engine) = self.wiring;
                    readdress(frame, engine, own);
                    give(&self.engine, frame);
                }
            }
            Some([8, 6]) => self.resolve(frame),
            _ => {}
        }
        Some(())
    }

    /// One frame of the services' kernel.
    fn outward(&mut self, buffer: &mut [u8]) -> Option<()> {
        let frame = take(&self.engine, buffer)?;
        let (node, peer) = (address(frame, PACKET + 12)?, address(frame, PACKET + 16)?);
        if let (Some(own), Some(peer)) = (self.nodes.get(&node), self.peers.get(&peer)) {
            readdress(frame, *peer, *own);
            give(&self.segment, frame);
        }
        Some(())
    }

    /// Answers an ARP request (RFC 826) for a node.
    fn resolve(&self, frame: &mut [u8]) {
        let Some(own) = address(frame, PACKET + 24).and_then(|target| self.nodes.get(&target)) else {
            return;
        };
        let Some((asker, rest)) = array::<10>(frame, PACKET + 8).zip(array::<4>(frame, PACKET + 24)) else {
            return;
        };
        let Some(mac) = asker.first_chunk::<6>() else { return };
        readdress(frame, *mac, *own);
        if let Some(place) = frame.get_mut(PACKET + 6..PACKET + 28) {
            place.copy_from_slice(&[&[0, 2], own.as_slice(), &rest, &asker].concat());
            give(&self.segment, frame);
        }
    }
}

fn while_some(mut step: impl FnMut() -> Option<()>) {
    for _ in 0..TURN {
        if step().is_none() {
            return;
        }
    }
}

fn take<'a>(side: &OwnedFd, buffer: &'a mut [u8]) -> Option<&'a mut [u8]> {
    let length = recv(side.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT).ok().filter(|length| *length > 0)?;
    buffer.get_mut(..length)
}

/// What cannot be sent is lost, as on a wire.
fn give(side: &OwnedFd, frame: &[u8]) {
    let _ = send(side.as_raw_fd(), frame, MsgFlags::MSG_DONTWAIT);
}

fn readdress(frame: &mut [u8], to: Mac, from: Mac) {
    if let Some(place) = frame.get_mut(OFFLOAD..OFFLOAD + 12) {
        let (first, second) = place.split_at_mut(6);
        first.copy_from_slice(&to);
        second.copy_from_slice(&from);
    }
}

fn address(frame: &[u8], at: usize) -> Option<Ipv4Addr> {
    array::<4>(frame, at).map(Ipv4Addr::from)
}

fn array<const LENGTH: usize>(frame: &[u8], at: usize) -> Option<[u8; LENGTH]> {
    frame.get(at..)?.first_chunk().copied()
}

fn mac(text: &str) -> Result<Mac> {
    let bytes: Vec<u8> = text
        .split(':')
        .map(|part| u8::from_str_radix(part, 16))
        .collect::<Result<_, _>>()
        .with_context(|| format!("read the hardware address {text:?}"))?;
    bytes.try_into().map_err(|_| anyhow::anyhow!("{text:?} is no hardware address"))
}
