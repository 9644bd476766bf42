//! A node's groups: which they are, when it joins them and reports them.

use super::Life;
use crate::ambient::{
    Task, Turn,
    chance::{Chance, SECOND},
    membership::{self, ALL, Heard, Record},
    multicast, speech, ssdp,
};
use std::net::Ipv4Addr;

/// Repetitions of a report that nobody asked for (RFC 3376, 8.1).
const REPORTS: u8 = 2;

impl Life {
    /// Whether the node has joined its groups.
    pub(crate) fn is_member(&self) -> bool {
        self.member.joined
    }

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
    pub(in crate::ambient) fn joins(&self) -> bool {
        self.groups().next().is_some()
    }

    /// Reports the groups that the link brings with it.
    pub(in crate::ambient) fn join(&mut self, turns: u8, turn: &mut Turn<'_>) {
        self.member.joined = true;
        let all: Vec<_> = self.groups().map(|(_, group)| group).collect();
        self.report(turn, &all, Record::Change);
        if turns + 1 < REPORTS {
            turn.later(self.chance.between(SECOND / 10, SECOND), Task::Join(turns + 1));
        }
    }

    /// Sends what was asked for, if it still is.
    pub(in crate::ambient) fn answer_query(&mut self, number: u8, turn: &mut Turn<'_>) {
        let due = self.member.pending(number);
        if due == 0 || turn.now < due {
            return;
        }
        self.member.set(number, 0);
        let wanted = self.groups().filter(|(own, _)| number == ALL || *own == number);
        let wanted: Vec<_> = wanted.map(|(_, group)| group).collect();
        self.report(turn, &wanted, Record::Is);
    }

    fn report(&mut self, turn: &mut Turn<'_>, groups: &[Ipv4Addr], record: Record) {
        let kernel = self.habits.kernel;
        let version = self.member.version(turn.now);
        if version == 3 {
            let packet = membership::report_3(turn.node, kernel, groups, record);
            return turn.frames.extend(speech::to_many(turn.node, &packet));
        }
        for group in groups {
            let packet = membership::report_old(turn.node, kernel, *group, version);
            turn.frames.extend(speech::to_many(turn.node, &packet));
            turn.reported.push(*group);
        }
    }

    /// Hears what somebody says of groups.
    pub(crate) fn hear_membership(&mut self, turn: &mut Turn<'_>, heard: Heard) {
        let (version, group, within) = match heard {
            Heard::Member(group) => return self.leave_to_another(group),
            Heard::Query { version, group, within } => (version, group, within),
        };
        self.member.asked(turn.now, version, within);
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
    pub(crate) fn leave_to_another(&mut self, group: Ipv4Addr) {
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
