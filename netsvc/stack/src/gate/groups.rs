//! Messages about groups, which nobody passes on.

use super::{Arrival, Gate, Output};
use crate::{ambient::Heard, node::Node, packet::Ipv4};
use std::net::Ipv4Addr;

impl Gate {
    /// Hears a message about groups, which nobody passes on.
    pub(crate) fn hear_membership(&mut self, arrival: Arrival, view: &Ipv4<'_>, out: &mut impl Output) {
        let to = view.destination();
        let Some(heard) = Heard::parse(to, view.payload()).filter(|_| self.queries.take(arrival.now, 1))
        else {
            return;
        };
        let member = |node: &&Node| {
            self.lives.get(&node.address).is_some_and(|life| life.is_member())
                && node.address != view.source()
        };
        let members: Vec<Ipv4Addr> = self.nodes.values().filter(member).map(|node| node.address).collect();
        for member in members {
            self.turn(arrival.now, member, None, out, |life, turn| life.hear_membership(turn, heard));
        }
    }

    /// A node has reported a group in a version whose members answer for each other.
    pub(crate) fn reported(&mut self, reporter: Ipv4Addr, group: Ipv4Addr) {
        for (_, life) in self.lives.iter_mut().filter(|(node, _)| **node != reporter) {
            life.leave_to_another(group);
        }
    }
}
