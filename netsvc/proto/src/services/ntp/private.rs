//! Private messages: what `ntpdc` asked servers before 4.2.7p26 for. The list of those who asked is known
//! for what was done with it; ours has a few entries, and goes to nobody more often than other answers.

use super::clock::{Clock, v4};
use netsvc_kit::Link;
use std::net::Ipv4Addr;

/// Requests for the list, old and new (`ntp_request.h`).
const LIST_OLD: u8 = 20;
const LIST: u8 = 42;
/// Bytes of an entry, of which the older form has fewer.
const ENTRY: usize = 72;
const ENTRY_OLD: usize = 32;
/// No such request.
const BAD_REQUEST: u8 = 4;

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    head: u8,
    implementation: u8,
    code: u8,
}

impl Request {
    pub(super) fn read(datagram: &[u8]) -> Option<Self> {
        let &[head, _, implementation, code, ..] = datagram.first_chunk::<8>()?;
        (head & 0x80 == 0).then_some(Request { head, implementation, code })
    }

    pub(super) fn line(self) -> Vec<u8> {
        match self.code {
            LIST_OLD | LIST => b"monlist".to_vec(),
            other => format!("private {other}").into_bytes(),
        }
    }

    /// The answer: one packet.
    pub(super) fn answer(self, link: &Link, clock: &Clock) -> Vec<u8> {
        let size = match self.code {
            LIST => ENTRY,
            LIST_OLD => ENTRY_OLD,
            _ => return self.packet(BAD_REQUEST, 0, 0, &[]),
        };
        let own = v4(link.local.ip());
        let asker = (v4(link.peer.ip()), link.peer.port(), 0_u32, 3_u8);
        let servers = clock.servers.iter().map(|server| (*server, 123, 40, 4));
        let entries: Vec<Vec<u8>> =
            std::iter::once(asker).chain(servers).map(|known| entry(size, known, own)).collect();
        self.packet(0, entries.len(), size, &entries.concat())
    }

    fn packet(self, error: u8, count: usize, size: usize, data: &[u8]) -> Vec<u8> {
        let [c1, c2] = (u16::try_from(count).unwrap_or(0) | u16::from(error) << 12).to_be_bytes();
        let [s1, s2] = u16::try_from(size).unwrap_or(0).to_be_bytes();
        let mut out = vec![0x80 | self.head & 0x3f, 0, self.implementation, self.code, c1, c2, s1, s2];
        out.extend_from_slice(data);
        out
    }
}

/// `info_monitor_1`: times, counts, who and whom, and how.
fn entry(size: usize, (peer, port, since, mode): (Ipv4Addr, u16, u32, u8), own: Ipv4Addr) -> Vec<u8> {
    let mut out = Vec::with_capacity(size);
    // The average interval, the time since the last packet, restrictions, packets.
    for number in [since * 25, since, 0, 1 + since * 31] {
        out.extend(number.to_be_bytes());
    }
    out.extend(peer.octets());
    if size == ENTRY {
        out.extend(own.octets());
        out.extend(1_u32.to_be_bytes());
    }
    out.extend(port.to_be_bytes());
    out.extend([mode, 4]);
    out.resize(size, 0);
    out
}
