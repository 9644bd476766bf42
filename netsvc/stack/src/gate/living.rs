//! What nodes do of their own accord, in their turns: what is due when, and what comes of it.

use super::{Gate, Output};
use crate::ambient::{Entry, Life, Task, Turn};
use netsvc_wire::Event;
use std::net::Ipv4Addr;

/// Things done in one call; what is left is due at once.
const AT_ONCE: usize = 256;

impl Gate {
    /// When a node has something to do of its own accord, µs since the epoch; `None`: never.
    pub fn due(&self) -> Option<i64> {
        self.agenda.next().into_iter().chain(self.introductions.next()).min()
    }

    /// Does what nodes do of their own accord at `now`, into `out` and `events`.
    pub fn live(&mut self, now: i64, events: &mut Vec<Event>, out: &mut impl Output) {
        for (node, life) in self.agenda.take_unborn() {
            let living = self.nodes.get(&node).filter(|_| self.lives.contains_key(&node));
            let delay = living.map(|node| node.entrance);
            if let Some(delay) = delay {
                self.agenda.add(Entry { at: now.saturating_add(delay), node, life, task: Task::Begin });
            }
        }
        self.go_on(now, out);
        for _ in 0..AT_ONCE {
            let Some(entry) = self.agenda.take(now) else { break };
            self.turn(now, entry.node, Some(entry.life), out, |life, turn| life.act(entry.task, turn));
        }
        events.append(&mut self.told);
    }

    /// Lets the life of `address` do something; with `number` only if it is that one.
    pub(crate) fn turn<T>(
        &mut self,
        now: i64,
        address: Ipv4Addr,
        number: Option<u64>,
        out: &mut impl Output,
        act: impl FnOnce(&mut Life, &mut Turn<'_>) -> T,
    ) -> Option<T> {
        let node = self.nodes.get_mut(&address)?;
        let life = self.lives.get_mut(&address)?;
        if number.is_some_and(|number| number != life.number()) {
            return None;
        }
        let mut turn = Turn::new(now, node);
        let result = act(life, &mut turn);
        let Turn { frames, agenda, reported, mut events, .. } = turn;
        let number = life.number();
        for (at, task) in agenda {
            self.agenda.add(Entry { at, node: address, life: number, task });
        }
        self.told.append(&mut events);
        for frame in frames {
            self.say(now, frame, out);
        }
        for group in reported {
            self.reported(address, group);
        }
        Some(result)
    }
}
