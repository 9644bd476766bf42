//! Answers that a node gives after a while, as protocols ask whose questions go to everybody.

use super::Life;
use crate::{
    ambient::{Task, Turn, speech::Speech},
    bytes::Mac,
    packet::{self, ETHERTYPE_IPV4},
};

/// Answers that wait at one node; who asks for more gets none.
const MOST: usize = 12;

/// An answer that is not sent yet.
#[derive(Clone, Debug)]
pub(crate) struct Late {
    at: i64,
    /// Whom it goes to, if to one host of the segment, who has just said where he is.
    mac: Option<Mac>,
    speech: Speech,
}

impl Life {
    /// Sends `speech` after `delay` µs: to a group, or to the host at `mac`.
    pub(in crate::ambient) fn say_later(
        &mut self,
        turn: &mut Turn<'_>,
        delay: i64,
        mac: Option<Mac>,
        speech: Speech,
    ) {
        if MOST <= self.late.len() {
            return;
        }
        let at = turn.now.saturating_add(delay);
        turn.later(delay, Task::Answer);
        self.late.push(Late { at, mac, speech });
    }

    /// Sends what is due.
    pub(in crate::ambient) fn answer_late(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        for late in self.late.extract_if(.., |late| late.at <= now).collect::<Vec<_>>() {
            match late.mac {
                Some(mac) => self.say_to(turn, &late.speech, mac),
                None => self.say(turn, &late.speech),
            }
        }
        if self.late.is_empty() {
            self.late = Vec::new();
        }
    }

    /// Sends `speech` to one host of the segment, who has just said where he is.
    pub(in crate::ambient) fn say_to(&mut self, turn: &mut Turn<'_>, speech: &Speech, mac: Mac) {
        if turn.node.on_segment(speech.to.0) {
            let packet = self.packet(turn.node, speech);
            turn.frames.push(packet::frame(mac, turn.node.mac, ETHERTYPE_IPV4, &packet));
        }
    }
}
