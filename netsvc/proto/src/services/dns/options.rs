//! Options of OPT (RFC 6891, 6.1.2), as BIND takes and gives them.

use super::message::Request;

pub(super) const NSID: u16 = 3;
pub(super) const NETWORK: u16 = 8;
pub(super) const EXPIRE: u16 = 9;
pub(super) const COOKIE: u16 = 10;
pub(super) const KEEPALIVE: u16 = 11;
pub(super) const REASON: u16 = 15;
/// Half a minute (`tcp-advertised-timeout`), in tenths of seconds.
pub(super) const KEPT: [u8; 2] = 300_u16.to_be_bytes();
/// Prohibited (RFC 8914, 4.19).
pub(super) const PROHIBITED: [u8; 2] = 18_u16.to_be_bytes();

pub(super) fn write(to: &mut Vec<u8>, code: u16, data: &[u8]) {
    to.extend(code.to_be_bytes());
    to.extend(u16::try_from(data.len()).unwrap_or_default().to_be_bytes());
    to.extend_from_slice(data);
}

/// Whether the peer says of a network what only a server says (RFC 7871, 7.1.1).
pub(super) fn scoped(request: &Request) -> bool {
    let network = request.option(NETWORK);
    matches!(network, Some([0, 1 | 2, bits, scope, ..]) if *scope > 0 && fits(network, *bits))
}

/// Whether cookie and network have the lengths that they may have.
pub(super) fn sound(request: &Request, cookies: bool) -> bool {
    let cookie = request.option(COOKIE).map_or(8, <[u8]>::len);
    let network = request.option(NETWORK);
    (!cookies || matches!(cookie, 8 | 16..=40)) && (network.is_none() || network_is_sound(network))
}

fn network_is_sound(network: Option<&[u8]>) -> bool {
    match network {
        Some([0, 0, 0, 0]) => true,
        Some([0, 1 | 2, bits, 0, address @ ..]) => {
            let past = address.last().map_or(0, |last| last & 0xff >> (bits % 8));
            fits(network, *bits)
                && address.len() == usize::from(bits.div_ceil(8))
                && (bits % 8 == 0 || past == 0)
        }
        _ => false,
    }
}

/// Whether an address of the family has so many bits.
fn fits(network: Option<&[u8]>, bits: u8) -> bool {
    match network {
        Some([0, 1, ..]) => bits <= 32,
        Some([0, 2, ..]) => bits <= 128,
        _ => false,
    }
}
