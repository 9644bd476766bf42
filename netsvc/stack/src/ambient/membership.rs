//! Groups that a node is in, and how it tells routers and switches of them (IGMP: RFC 3376, 2236, 1112).
//!
//! A node that does not speak of its own accord is in no group but that of all hosts, which nobody reports,
//! so it answers no query.

use super::{chance::SECOND, speech::Kernel};
use crate::{bytes::put, checksum, counters::Purpose, node::Node};
use std::net::Ipv4Addr;

/// Number of the protocol.
pub(crate) const IGMP: u8 = 2;
/// All hosts, and where IGMPv3 reports go (RFC 3376, 4.1.12 and 4.2.14).
const HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
const ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);
/// Groups that a node may be in.
const GROUPS: usize = 3;
/// What is due for all groups at once, in the place of a group's number.
pub(super) const ALL: u8 = GROUPS as u8;
/// How long a querier of an older version is remembered: twice the usual interval, and the time that it gave
/// (RFC 3376, 8.12), µs.
const REMEMBERED: i64 = 250 * SECOND;
/// Types of messages.
const QUERY: u8 = 0x11;
const REPORT_1: u8 = 0x12;
const REPORT_2: u8 = 0x16;
const REPORT_3: u8 = 0x22;

/// What somebody says of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Who is in `group`; unspecified: in which is anybody. The version of the querier, and how long an answer
    /// may take, µs.
    Query { version: u8, group: Ipv4Addr, within: i64 },
    /// Somebody is in this group, told in a version whose members answer for each other.
    Member(Ipv4Addr),
}

impl Heard {
    /// Reads a message to `to`.
    pub(crate) fn parse(to: Ipv4Addr, data: &[u8]) -> Option<Self> {
        let [kind, code, ..] = *data else { return None };
        let octets = crate::bytes::array::<4>(data, 4)?;
        let group = Ipv4Addr::from(octets);
        if !checksum::fits(&[data]) {
            return None;
        }
        match kind {
            REPORT_1 | REPORT_2 => (group == to).then_some(Heard::Member(group)),
            QUERY => {
                let tenths = i64::from(code) * SECOND / 10;
                let (version, within) = match (data.len(), code) {
                    (8, 0) => (1, 10 * SECOND),
                    (8, _) => (2, tenths),
                    (12.., 128..) => (3, (i64::from(code & 15 | 16) << ((code >> 4 & 7) + 3)) * SECOND / 10),
                    (12.., _) => (3, tenths),
                    _ => return None,
                };
                let general = group.is_unspecified() && to == HOSTS;
                (general || group == to).then_some(Heard::Query { version, group, within })
            }
            _ => None,
        }
    }
}

/// What a node knows of those who ask, and what it has still to answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Member {
    pub(super) joined: bool,
    /// Until when queriers of the versions 1 and 2 are there, µs.
    old: [i64; 2],
    /// When a group is to be reported, all of them at last; 0: it is not.
    due: [i64; GROUPS + 1],
}

impl Member {
    pub(super) fn version(&self, now: i64) -> u8 {
        match self.old {
            [first, _] if now < first => 1,
            [_, second] if now < second => 2,
            _ => 3,
        }
    }

    pub(super) fn pending(&self, number: u8) -> i64 {
        self.due.get(usize::from(number)).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, number: u8, at: i64) {
        if let Some(due) = self.due.get_mut(usize::from(number)) {
            *due = at;
        }
    }

    /// A querier of `version` is there; an answer to it may take `within` µs.
    pub(super) fn asked(&mut self, now: i64, version: u8, within: i64) {
        if let Some(old) = self.old.get_mut(usize::from(version.saturating_sub(1))) {
            *old = now.saturating_add(REMEMBERED).saturating_add(within);
        }
    }
}

/// Whether a report says the state of groups or that it changed (RFC 3376, 4.2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// MODE_IS_EXCLUDE.
    Is = 2,
    /// CHANGE_TO_EXCLUDE_MODE.
    Change = 4,
}

/// A report of the groups in `groups` (RFC 3376, 4.2): a record of the kind `record` for each, without sources.
pub(super) fn report_3(node: &mut Node, kernel: Kernel, groups: &[Ipv4Addr], record: Record) -> Vec<u8> {
    let count = u8::try_from(groups.len()).unwrap_or(u8::MAX);
    let mut report = vec![REPORT_3, 0, 0, 0, 0, 0, 0, count];
    for group in groups.iter().take(usize::from(count)) {
        report.extend_from_slice(&[record as u8, 0, 0, 0]);
        report.extend_from_slice(&group.octets());
    }
    message(node, kernel, ROUTERS, report)
}

/// A report of the versions 1 (RFC 1112, appendix I) and 2 (RFC 2236, 2).
pub(super) fn report_old(node: &mut Node, kernel: Kernel, group: Ipv4Addr, version: u8) -> Vec<u8> {
    let kind = if version == 1 { REPORT_1 } else { REPORT_2 };
    let mut report = vec![kind, 0, 0, 0];
    report.extend_from_slice(&group.octets());
    message(node, kernel, group, report)
}

/// A message with its checksum in a packet with the router alert option (RFC 2113).
fn message(node: &mut Node, kernel: Kernel, to: Ipv4Addr, mut message: Vec<u8>) -> Vec<u8> {
    let sum = checksum::of(&[&message]).to_be_bytes();
    put(&mut message, 2, &sum);
    let linux = kernel == Kernel::Linux;
    let id = if linux { 0 } else { node.counters.id(&node.face, Purpose::Icmp) };
    let total = u16::try_from(message.len().saturating_add(24)).unwrap_or(u16::MAX);
    // Six words, as the option asks.
    let mut packet = vec![0x46, if linux { 0xc0 } else { 0 }];
    packet.extend_from_slice(&total.to_be_bytes());
    packet.extend_from_slice(&id.to_be_bytes());
    packet.extend_from_slice(&[if linux { 0x40 } else { 0 }, 0, 1, IGMP, 0, 0]);
    packet.extend_from_slice(&node.address.octets());
    packet.extend_from_slice(&to.octets());
    packet.extend_from_slice(&[0x94, 4, 0, 0]);
    checksum::write_header(&mut packet, 24);
    packet.append(&mut message);
    packet
}
