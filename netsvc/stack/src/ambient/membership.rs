//! Groups that a node is in, and how it tells routers and switches of them (IGMP: RFC 3376, 2236, 1112).
//!
//! A node that does not speak of its own accord is in no group but that of all hosts, which nobody reports,
//! so it answers no query.

use super::{
    Task, Turn,
    chance::{Chance, SECOND},
    habit::Kernel,
    life::Life,
    multicast, speech, ssdp,
};
use crate::{
    bytes::put,
    checksum,
    counters::Purpose,
    gate::{Arrival, Gate, Output},
    node::Node,
    packet::Ipv4,
};
use std::net::Ipv4Addr;

/// Number of the protocol.
pub(crate) const IGMP: u8 = 2;
/// All hosts, and where IGMPv3 reports go (RFC 3376, 4.1.12 and 4.2.14).
const HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
const ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);
/// Groups that a node may be in.
const GROUPS: usize = 3;
/// What is due for all groups at once, in the place of a group's number.
const ALL: u8 = GROUPS as u8;
/// Repetitions of a report that nobody asked for (RFC 3376, 8.1).
const REPORTS: u8 = 2;
/// How long a querier of an older version is remembered: twice the usual interval, and the time that it gave
/// (RFC 3376, 8.12), µs.
const REMEMBERED: i64 = 250 * SECOND;
/// Types of messages.
const QUERY: u8 = 0x11;
const REPORT_1: u8 = 0x12;
const REPORT_2: u8 = 0x16;
const REPORT_3: u8 = 0x22;
/// Types of records: the state of a group, and that it changed (RFC 3376, 4.2.12).
const IS_EXCLUDE: u8 = 2;
const TO_EXCLUDE: u8 = 4;

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
    joined: bool,
    /// Until when queriers of the versions 1 and 2 are there, µs.
    old: [i64; 2],
    /// When a group is to be reported, all of them at last; 0: it is not.
    due: [i64; GROUPS + 1],
}

impl Member {
    fn version(&self, now: i64) -> u8 {
        match self.old {
            [first, _] if now < first => 1,
            [_, second] if now < second => 2,
            _ => 3,
        }
    }

    fn pending(&self, number: u8) -> i64 {
        self.due.get(usize::from(number)).copied().unwrap_or_default()
    }

    fn set(&mut self, number: u8, at: i64) {
        if let Some(due) = self.due.get_mut(usize::from(number)) {
            *due = at;
        }
    }
}

impl Gate {
    /// Hears a message about groups, which nobody passes on.
    pub(crate) fn hear_membership(&mut self, arrival: Arrival, view: &Ipv4<'_>, out: &mut impl Output) {
        let to = view.destination();
        let Some(heard) = Heard::parse(to, view.payload()).filter(|_| self.queries.take(arrival.now, 1))
        else {
            return;
        };
        let member = |node: &&Node| {
            node.life.as_ref().is_some_and(|life| life.member.joined) && node.address != view.source()
        };
        let members: Vec<Ipv4Addr> = self.nodes.values().filter(member).map(|node| node.address).collect();
        for member in members {
            self.turn(arrival.now, member, None, out, |life, turn| life.hear_membership(turn, heard));
        }
    }

    /// A node has reported a group in a version whose members answer for each other.
    pub(crate) fn reported(&mut self, reporter: Ipv4Addr, group: Ipv4Addr) {
        let others = self.nodes.values_mut().filter(|node| node.address != reporter);
        for life in others.filter_map(|node| node.life.as_mut()) {
            life.leave_to_another(group);
        }
    }
}

impl Life {
    /// Groups that the node is in, with their numbers.
    fn groups(&self) -> impl Iterator<Item = (u8, Ipv4Addr)> + use<> {
        let habits = &self.habits;
        let all = [
            (habits.multicast.is_some(), multicast::MDNS.0),
            (habits.llmnr, multicast::LLMNR.0),
            // That of WS-Discovery too.
            (habits.searches || self.announcer.is_some() || self.endpoint.is_some(), ssdp::SSDP.0),
        ];
        (0..).zip(all).filter(|(_, (joined, _))| *joined).map(|(number, (_, group))| (number, group))
    }

    /// Whether the node joins any group.
    pub(super) fn joins(&self) -> bool {
        self.groups().next().is_some()
    }

    /// Reports the groups that the link brings with it.
    pub(super) fn join(&mut self, turns: u8, turn: &mut Turn<'_>) {
        self.member.joined = true;
        let all: Vec<_> = self.groups().map(|(_, group)| group).collect();
        self.report(turn, &all, TO_EXCLUDE);
        if turns + 1 < REPORTS {
            turn.later(self.chance.between(SECOND / 10, SECOND), Task::Join(turns + 1));
        }
    }

    /// Sends what was asked for, if it still is.
    pub(super) fn answer_query(&mut self, number: u8, turn: &mut Turn<'_>) {
        let due = self.member.pending(number);
        if due == 0 || turn.now < due {
            return;
        }
        self.member.set(number, 0);
        let wanted = self.groups().filter(|(own, _)| number == ALL || *own == number);
        let wanted: Vec<_> = wanted.map(|(_, group)| group).collect();
        self.report(turn, &wanted, IS_EXCLUDE);
    }

    fn report(&mut self, turn: &mut Turn<'_>, groups: &[Ipv4Addr], record: u8) {
        let kernel = self.habits.kernel;
        let version = self.member.version(turn.now);
        if version == 3 {
            let packet = report_3(turn.node, kernel, groups, record);
            return turn.frames.extend(speech::to_many(turn.node, &packet));
        }
        for group in groups {
            let packet =
                report_old(turn.node, kernel, *group, if version == 1 { REPORT_1 } else { REPORT_2 });
            turn.frames.extend(speech::to_many(turn.node, &packet));
            turn.reported.push(*group);
        }
    }

    fn hear_membership(&mut self, turn: &mut Turn<'_>, heard: Heard) {
        let (version, group, within) = match heard {
            Heard::Member(group) => return self.leave_to_another(group),
            Heard::Query { version, group, within } => (version, group, within),
        };
        if let Some(old) = self.member.old.get_mut(usize::from(version.saturating_sub(1))) {
            *old = turn.now.saturating_add(REMEMBERED).saturating_add(within);
        }
        let general = group.is_unspecified();
        let all = self.groups().filter(|(_, own)| general || *own == group);
        // In version 3 one message tells of all groups.
        let together = general && self.member.version(turn.now) == 3;
        let numbers: Vec<u8> = if together { vec![ALL] } else { all.map(|(number, _)| number).collect() };
        for number in numbers {
            let at = turn.now.saturating_add(within_of(&mut self.chance, within));
            let sooner = |due: i64| due != 0 && due <= at;
            if !sooner(self.member.pending(number)) && !sooner(self.member.pending(ALL)) {
                self.member.set(number, at);
                turn.agenda.push((at, Task::Report(number)));
            }
        }
    }

    /// Somebody else has answered for a group.
    fn leave_to_another(&mut self, group: Ipv4Addr) {
        let number = self.groups().find(|(_, own)| *own == group);
        if let Some((number, _)) = number {
            self.member.set(number, 0);
        }
    }
}

/// A time up to `most` µs.
fn within_of(chance: &mut Chance, most: i64) -> i64 {
    chance.between(1, most.max(2))
}

/// A report of the groups in `groups` (RFC 3376, 4.2): a record of the kind `record` for each, without sources.
fn report_3(node: &mut Node, kernel: Kernel, groups: &[Ipv4Addr], record: u8) -> Vec<u8> {
    let count = u8::try_from(groups.len()).unwrap_or(u8::MAX);
    let mut report = vec![REPORT_3, 0, 0, 0, 0, 0, 0, count];
    for group in groups.iter().take(usize::from(count)) {
        report.extend_from_slice(&[record, 0, 0, 0]);
        report.extend_from_slice(&group.octets());
    }
    message(node, kernel, ROUTERS, report)
}

/// A report of the versions 1 (RFC 1112, appendix I) and 2 (RFC 2236, 2).
fn report_old(node: &mut Node, kernel: Kernel, group: Ipv4Addr, kind: u8) -> Vec<u8> {
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
