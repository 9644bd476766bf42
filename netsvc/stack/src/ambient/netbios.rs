//! NetBIOS over UDP (RFC 1001, 1002): names by broadcast, and the browser's announcements ([MS-BRWS]).

use super::speech::Speech;
use crate::bytes::{Mac, array, number16, put};
use std::net::Ipv4Addr;

/// Ports of the name service and of datagrams.
pub(crate) const NAMES: u16 = 137;
pub(crate) const DATAGRAMS: u16 = 138;
/// Suffixes: workstation, server, master browser of a group.
pub(crate) const WORKSTATION: u8 = 0x00;
pub(crate) const SERVER: u8 = 0x20;
const MASTER: u8 = 0x1d;
/// Seconds that a registration holds: 300,000 ms times a thousand, as Windows writes it.
const TTL: u32 = 300_000;
/// Type NB, class IN.
const NB_IN: [u8; 4] = [0, 0x20, 0, 1];
const NBSTAT_IN: [u8; 4] = [0, 0x21, 0, 1];
/// Longest name without its suffix.
const LONGEST: usize = 15;

/// A name as NetBIOS has it: upper case, at most fifteen characters.
pub(crate) fn name(text: &str) -> String {
    let label = text.split('.').next().unwrap_or_default();
    label.chars().filter(char::is_ascii).take(LONGEST).collect::<String>().to_ascii_uppercase()
}

/// A name with its suffix in the first-level encoding (RFC 1001, 14.1), as one label.
fn encoded(name: &str, suffix: u8) -> Vec<u8> {
    let padded = name.bytes().chain(std::iter::repeat(b' ')).take(LONGEST).chain([suffix]);
    let halves = padded.flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 15)]);
    [32].into_iter().chain(halves).chain([0]).collect()
}

/// A name of the node or of its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) name: &'a str,
    pub(crate) suffix: u8,
    pub(crate) group: bool,
}

/// Registers a name by broadcast (RFC 1002, 4.2.2).
pub(crate) fn registration(id: u16, broadcast: Ipv4Addr, claim: &Claim<'_>, own: Ipv4Addr) -> Speech {
    // Registration, recursion desired, broadcast; one question, one additional record.
    let mut data = vec![0, 0, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1];
    put(&mut data, 0, &id.to_be_bytes());
    data.extend_from_slice(&encoded(claim.name, claim.suffix));
    data.extend_from_slice(&NB_IN);
    // The name again, by a pointer to the question.
    data.extend_from_slice(&[0xc0, 0x0c]);
    data.extend_from_slice(&NB_IN);
    data.extend_from_slice(&TTL.to_be_bytes());
    data.extend_from_slice(&[0, 6, if claim.group { 0x80 } else { 0 }, 0]);
    data.extend_from_slice(&own.octets());
    Speech { from: NAMES, to: (broadcast, NAMES), ttl: None, connected: false, data }
}

/// Asks everybody where a name is (RFC 1002, 4.2.12).
pub(crate) fn query(id: u16, broadcast: Ipv4Addr, name: &str, suffix: u8) -> Speech {
    let mut data = vec![0, 0, 0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, 0];
    put(&mut data, 0, &id.to_be_bytes());
    data.extend_from_slice(&encoded(name, suffix));
    data.extend_from_slice(&NB_IN);
    Speech { from: NAMES, to: (broadcast, NAMES), ttl: None, connected: false, data }
}

/// A question for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    id: u16,
    pub(crate) name: String,
    suffix: u8,
    /// Whether it asks for all names of the host (RFC 1002, 4.2.17).
    pub(crate) status: bool,
}

impl Question {
    /// The question as people write it.
    pub(crate) fn text(&self) -> String {
        format!("{}<{:02x}> {}", self.name, self.suffix, if self.status { "NBSTAT" } else { "NB" })
    }
}

/// The question of a query, for a host or its server or for the names of any; `None` for everything else.
pub(crate) fn question(data: &[u8]) -> Option<Question> {
    // A query with one question, of type NB.
    let is_query = number16(data, 2) & 0xf800 == 0 && number16(data, 4) == 1;
    let status = array(data, 46) == Some(NBSTAT_IN);
    let label = data.get(12..46).filter(|_| is_query && (status || array(data, 46) == Some(NB_IN)))?;
    let (pairs, _) = label.get(1..33).filter(|_| label.first() == Some(&32))?.as_chunks::<2>();
    let half = |byte: u8| byte.checked_sub(b'A').filter(|half| *half < 16);
    let decoded: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(half(*high)? << 4 | half(*low)?)).collect();
    let decoded = decoded?;
    let (suffix, name) = decoded.split_last()?;
    let name = str::from_utf8(name).ok()?.trim_end_matches([' ', '\0']).to_owned();
    matches!(*suffix, WORKSTATION | SERVER).then_some(Question {
        status,
        id: number16(data, 0),
        name,
        suffix: *suffix,
    })
}

/// The answer to a question for the node's own name (RFC 1002, 4.2.13).
pub(crate) fn answer(asked: &Question, own: Ipv4Addr, from: (Ipv4Addr, u16)) -> Speech {
    let mut reply = vec![0, 0, 0x85, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    put(&mut reply, 0, &asked.id.to_be_bytes());
    reply.extend_from_slice(&encoded(&asked.name, asked.suffix));
    reply.extend_from_slice(&NB_IN);
    reply.extend_from_slice(&TTL.to_be_bytes());
    reply.extend_from_slice(&[0, 6, 0, 0]);
    reply.extend_from_slice(&own.octets());
    Speech { from: NAMES, to: from, ttl: None, connected: false, data: reply }
}

/// All names of a host and its hardware address (RFC 1002, 4.2.18), as it has registered them.
pub(crate) fn status(asked: &Question, names: (&str, &str), mac: Mac, from: (Ipv4Addr, u16)) -> Speech {
    const ACTIVE: u8 = 0x04;
    let (host, group) = names;
    let mut reply = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    put(&mut reply, 0, &asked.id.to_be_bytes());
    // The name of all hosts: an asterisk and zeros.
    reply.extend_from_slice(b"\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0");
    reply.extend_from_slice(&NBSTAT_IN);
    let list = [(host, WORKSTATION, ACTIVE), (group, WORKSTATION, ACTIVE | 0x80), (host, SERVER, ACTIVE)];
    let length = u16::try_from(1 + list.len() * 18 + 46).unwrap_or_default();
    reply.extend_from_slice(&[0, 0, 0, 0]);
    reply.extend_from_slice(&length.to_be_bytes());
    reply.push(u8::try_from(list.len()).unwrap_or_default());
    for (name, suffix, flags) in list {
        reply.extend(name.bytes().chain(std::iter::repeat(b' ')).take(LONGEST));
        reply.extend_from_slice(&[suffix, flags, 0]);
    }
    reply.extend_from_slice(&mac);
    reply.extend_from_slice(&[0; 40]);
    Speech { from: NAMES, to: from, ttl: None, connected: false, data: reply }
}

/// What a host announces to the master browser of its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host<'a> {
    pub(crate) name: &'a str,
    pub(crate) group: &'a str,
    /// Milliseconds until the next announcement.
    pub(crate) period: u32,
    /// Server type, major and minor version.
    pub(crate) about: (u32, u8, u8),
}

/// Announces a host ([MS-BRWS] 2.2.1) in a mailslot ([MS-MAIL] 2.2.1) in a datagram (RFC 1002, 4.4.2).
pub(crate) fn host_announcement(id: u16, own: Ipv4Addr, broadcast: Ipv4Addr, host: &Host<'_>) -> Speech {
    const MAILSLOT: &[u8] = b"\\MAILSLOT\\BROWSE\0";
    let (kind, major, minor) = host.about;
    let mut announcement = vec![1, 0];
    announcement.extend_from_slice(&host.period.to_le_bytes());
    announcement.extend(host.name.bytes().chain(std::iter::repeat(0)).take(16));
    announcement.extend_from_slice(&[major, minor]);
    announcement.extend_from_slice(&kind.to_le_bytes());
    // Browser version 15.1, its mark, no comment.
    announcement.extend_from_slice(&[15, 1, 0x55, 0xaa, 0]);
    let length = u16::try_from(announcement.len()).unwrap_or_default();

    let mut message = vec![0xff, b'S', b'M', b'B', 0x25];
    message.resize(32, 0);
    // Seventeen words: counts and limits, a second's patience, where the data is, three words of setup.
    message.extend_from_slice(&[17, 0, 0]);
    message.extend_from_slice(&length.to_le_bytes());
    message.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0, 0, 0, 0, 0, 0, 0]);
    message.extend_from_slice(&length.to_le_bytes());
    let offset = u16::try_from(message.len() + 2 + 2 + 6 + 2 + MAILSLOT.len()).unwrap_or_default();
    message.extend_from_slice(&offset.to_le_bytes());
    // Write to a mailslot, priority 0, unreliable.
    message.extend_from_slice(&[3, 0, 1, 0, 0, 0, 2, 0]);
    let bytes = u16::try_from(MAILSLOT.len() + announcement.len()).unwrap_or_default();
    message.extend_from_slice(&bytes.to_le_bytes());
    message.extend_from_slice(MAILSLOT);
    message.append(&mut announcement);

    let mut names = encoded(host.name, SERVER);
    names.append(&mut encoded(host.group, MASTER));
    let length = u16::try_from(names.len() + message.len()).unwrap_or_default();
    // Direct group datagram, first and only fragment of a broadcasting node.
    let mut data = vec![0x11, 2];
    data.extend_from_slice(&id.to_be_bytes());
    data.extend_from_slice(&own.octets());
    data.extend_from_slice(&DATAGRAMS.to_be_bytes());
    data.extend_from_slice(&length.to_be_bytes());
    data.extend_from_slice(&[0, 0]);
    data.append(&mut names);
    data.append(&mut message);
    Speech { from: DATAGRAMS, to: (broadcast, DATAGRAMS), ttl: None, connected: false, data }
}
