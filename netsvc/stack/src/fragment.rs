//! Fragments of IPv4 packets (RFC 791, 3.2): held until the packet is whole, so that a probe in pieces is
//! seen as the probe it is. The kernel gets the pieces as they came.

use crate::{
    bytes::put,
    checksum,
    packet::{Ipv4, PACKET},
};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Packets that are waited for at the same time, of one node and of all, and the bytes of all their pieces.
const OF_ONE: usize = 32;
const PACKETS: usize = 128;
const BYTES: usize = 512 * 1024;
/// Pieces of one packet.
const PIECES: usize = 64;
/// Seconds that a packet gets to become whole where the system says nothing when they are over (4.4BSD:
/// `IPFRAGTTL`).
const PATIENCE: u16 = 30;

type Key = (Ipv4Addr, Ipv4Addr, u8, u16);

/// A packet that is whole.
#[derive(Debug)]
pub(crate) struct Whole {
    /// The packet with one header.
    pub(crate) packet: Vec<u8>,
    /// The frames that it came in.
    pub(crate) frames: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Piece {
    offset: usize,
    more: bool,
    frame: Vec<u8>,
}

#[derive(Debug)]
struct Partial {
    begun: i64,
    /// When it is given up.
    until: i64,
    pieces: Vec<Piece>,
}

/// Packets in pieces.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    partial: BTreeMap<Key, Partial>,
    bytes: usize,
}

impl Fragments {
    /// Takes a frame whose packet is a fragment, which has so many seconds to become whole if the system has
    /// a time of its own; returns the packet when this completes it.
    pub(crate) fn add(
        &mut self,
        now: i64,
        packet: &Ipv4<'_>,
        frame: &[u8],
        patience: Option<u16>,
    ) -> Option<Whole> {
        let (offset, more) = packet.fragment();
        let end = offset.checked_add(packet.payload().len())?;
        // Every piece but the last has a multiple of eight bytes, and no packet is longer than 65,535.
        if end + 20 > usize::from(u16::MAX) || (more && !packet.payload().len().is_multiple_of(8)) {
            return None;
        }
        let key = (packet.source(), packet.destination(), packet.protocol(), packet.id());
        self.make_room(frame.len(), &key);
        let until = now.saturating_add(i64::from(patience.unwrap_or(PATIENCE)) * 1_000_000);
        let partial =
            self.partial.entry(key).or_insert_with(|| Partial { begun: now, until, pieces: Vec::new() });
        if partial.pieces.iter().any(|piece| piece.offset == offset && piece.frame == frame) {
            // The same once more.
            return None;
        }
        if partial.pieces.len() >= PIECES {
            self.forget(&key);
            return None;
        }
        self.bytes = self.bytes.saturating_add(frame.len());
        partial.pieces.push(Piece { offset, more, frame: frame.to_vec() });
        partial.pieces.sort_by_key(|piece| piece.offset);
        if !is_whole(&partial.pieces) {
            return None;
        }
        let pieces = self.forget(&key);
        assemble(pieces)
    }

    /// Gives up what was not whole in time; of each packet the frame of its beginning, if that came.
    pub(crate) fn give_up(&mut self, now: i64) -> Vec<Vec<u8>> {
        let late = self.partial.iter().filter(|(_, partial)| partial.until <= now);
        let late: Vec<Key> = late.map(|(key, _)| *key).collect();
        let first = |pieces: Vec<Piece>| pieces.into_iter().next().filter(|piece| piece.offset == 0);
        late.iter().filter_map(|key| first(self.forget(key))).map(|piece| piece.frame).collect()
    }

    /// Whether anything is waited for.
    pub(crate) fn waits(&self) -> bool {
        !self.partial.is_empty()
    }

    fn make_room(&mut self, length: usize, wanted: &Key) {
        let (_, node, ..) = wanted;
        let own = || self.partial.iter().filter(|((_, other, ..), _)| other == node);
        // Whoever floods one node with pieces takes nothing from the others.
        if !self.partial.contains_key(wanted) && own().count() >= OF_ONE {
            let oldest = own().min_by_key(|(_, partial)| partial.begun).map(|(key, _)| *key);
            oldest.map(|key| self.forget(&key));
        }
        while self.partial.len() >= PACKETS || self.bytes.saturating_add(length) > BYTES {
            let oldest = self.partial.iter().min_by_key(|(_, partial)| partial.begun).map(|(key, _)| *key);
            let Some(key) = oldest else { return };
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &Key) -> Vec<Piece> {
        let pieces = self.partial.remove(key).map(|partial| partial.pieces).unwrap_or_default();
        let bytes: usize = pieces.iter().map(|piece| piece.frame.len()).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        pieces
    }
}

fn is_whole(pieces: &[Piece]) -> bool {
    let mut reached = 0;
    for piece in pieces {
        // A hole, or an overlap, which nobody honest sends.
        if piece.offset != reached {
            return false;
        }
        reached += view(piece).map_or(0, |packet| packet.payload().len());
    }
    pieces.last().is_some_and(|piece| !piece.more)
}

fn view(piece: &Piece) -> Option<Ipv4<'_>> {
    Ipv4::parse(piece.frame.get(PACKET..)?)
}

fn assemble(pieces: Vec<Piece>) -> Option<Whole> {
    let first = view(pieces.first()?)?;
    let header = first.header;
    let mut packet = first.bytes.get(..header)?.to_vec();
    for piece in &pieces {
        packet.extend_from_slice(view(piece)?.payload());
    }
    let length = u16::try_from(packet.len()).ok()?;
    put(&mut packet, 2, &length.to_be_bytes());
    put(&mut packet, 6, &[0, 0]);
    checksum::write_header(&mut packet, header);
    Some(Whole { packet, frames: pieces.into_iter().map(|piece| piece.frame).collect() })
}
