//! The Internet checksum (RFC 1071) of IPv4, TCP, UDP and ICMP.

use crate::bytes::{number16, put};
use std::net::Ipv4Addr;

/// The checksum over `parts`, each but the last of even length.
pub(crate) fn of(parts: &[&[u8]]) -> u16 {
    let mut sum: u64 = 0;
    for part in parts {
        let (pairs, rest) = part.as_chunks::<2>();
        sum += pairs.iter().map(|pair| u64::from(u16::from_be_bytes(*pair))).sum::<u64>();
        sum += rest.first().map_or(0, |byte| u64::from(*byte) << 8);
    }
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    // Folded to 16 bits above.
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

/// Whether the checksum inside `parts` fits them.
pub(crate) fn fits(parts: &[&[u8]]) -> bool {
    of(parts) == 0
}

/// The part of a packet's addresses that TCP and UDP checksums cover.
pub(crate) fn pseudo_header(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    length: usize,
) -> [u8; 12] {
    let [s0, s1, s2, s3] = source.octets();
    let [d0, d1, d2, d3] = destination.octets();
    let [l0, l1] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [s0, s1, s2, s3, d0, d1, d2, d3, 0, protocol, l0, l1]
}

/// Writes the checksum of an IPv4 header of `length` bytes.
pub(crate) fn write_header(packet: &mut [u8], length: usize) {
    put(packet, 10, &[0, 0]);
    let sum = packet.get(..length).map_or(0, |header| of(&[header]));
    put(packet, 10, &sum.to_be_bytes());
}

/// Adjusts the header checksum after the 16-bit word at `at` became `new` (RFC 1624), and writes it.
pub(crate) fn replace_word(packet: &mut [u8], at: usize, new: u16) {
    let old = number16(packet, at);
    let mut sum = u32::from(!number16(packet, 10)) + u32::from(!old) + u32::from(new);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put(packet, at, &new.to_be_bytes());
    put(packet, 10, &(!u16::try_from(sum).unwrap_or(u16::MAX)).to_be_bytes());
}

/// The checksum `sum` after a 32-bit value in what it covers went from `old` to `new` (RFC 1624).
pub(crate) fn replaced(sum: u16, old: u32, new: u32) -> u16 {
    let halves = |value: u32| (value >> 16) + (value & 0xffff);
    let mut total = u32::from(!sum) + halves(!old) + halves(new);
    while total >> 16 != 0 {
        total = (total & 0xffff) + (total >> 16);
    }
    !u16::try_from(total).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071() {
        assert_eq!(of(&[&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]]), !0xddf2);
    }

    #[test]
    fn a_replaced_word_leaves_a_right_checksum() {
        let mut header = [0x45, 0, 0, 40, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        write_header(&mut header, 20);
        assert!(fits(&[&header]));
        for (at, new) in [(8, 0x8006), (4, 0), (4, 0xffff), (6, 0)] {
            replace_word(&mut header, at, new);
            assert!(fits(&[&header]), "word {at} := {new:#x}");
        }
    }
}
