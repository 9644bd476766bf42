//! Tags of the controller's program, as far as it shows them.

use super::super::{device::Site, peer::Peer, plant::Space};

/// Types of values (volume 1, appendix C-6).
pub(super) const BOOL: u16 = 0xc1;
pub(super) const INT: u16 = 0xc3;
pub(super) const REAL: u16 = 0xca;

/// Name, type, and which word of the process it shows; of a BOOL which bit.
type Tag = (&'static str, u16, u16);

/// Every tag; the number of an instance is its place.
pub(super) const TAGS: [Tag; 9] = [
    ("Tank_Level", REAL, 0),
    ("Tank_Flow", REAL, 1),
    ("Header_Pressure", INT, 2),
    ("Motor_Current", REAL, 4),
    ("Motor_Speed", INT, 5),
    ("Auto_Mode", BOOL, 0),
    ("Pump_Run", BOOL, 1),
    ("Level_SP_High", INT, 10),
    ("Level_SP_Low", INT, 11),
];
/// Blocks in which written tags are kept, from this number on.
const KEPT: u16 = 1000;

/// The place of the tag called `name`.
pub(super) fn find(name: &str) -> Option<usize> {
    TAGS.iter().position(|(known, ..)| known.eq_ignore_ascii_case(name))
}

/// Bytes of a value.
fn width(kind: u16) -> usize {
    match kind {
        BOOL => 1,
        INT => 2,
        _ => 4,
    }
}

/// Type and value of a tag.
pub(super) fn get(peer: &Peer, site: &Site, at: usize) -> Option<(u16, Vec<u8>)> {
    let (_, kind, word) = *TAGS.get(at)?;
    let own = Space::Block(KEPT + u16::try_from(at).ok()?);
    let value = peer.look(site, |plant, second, deeds| {
        if deeds.has(own, 0) {
            return (0..4).take(width(kind)).map(|at| plant.byte(own, at, second, deeds)).collect();
        }
        let reading = plant.at(second, deeds);
        let value = reading.words().get(usize::from(word)).copied().unwrap_or_default();
        match kind {
            BOOL => vec![if reading.bits() >> word & 1 == 1 { 0xff } else { 0 }],
            INT => value.to_le_bytes().to_vec(),
            _ => (f32::from(value.cast_signed()) / 10.0).to_le_bytes().to_vec(),
        }
    });
    Some((kind, value))
}

/// Writes `value` to a tag; false where type or length are not its own.
pub(super) fn set(peer: &Peer, site: &Site, at: usize, kind: u16, value: &[u8]) -> bool {
    let Some((_, own, bit)) = TAGS.get(at).copied() else { return false };
    // What is behind the value is not looked at.
    let Some(value) = value.get(..width(kind)).filter(|_| own == kind) else { return false };
    if kind == BOOL {
        let on = value.iter().any(|byte| *byte != 0);
        return peer.set_bit(site, Space::Outputs, bit, on);
    }
    let kept = Space::Block(KEPT + u16::try_from(at).unwrap_or_default());
    peer.write(site, kept, 0, value)
}
