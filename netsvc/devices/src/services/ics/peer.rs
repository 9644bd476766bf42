//! A peer of a controller: what it sees, what it does to the process, and what is written down of it.

use super::{
    device::Site,
    plant::{Deeds, Plant, Space},
};
use netsvc_kit::{Host, Link, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Most of a command that is written down, bytes.
const COMMAND: usize = 2048;
/// Most of what is malformed that is written down, bytes.
const DATA: usize = 512;

/// A peer.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) host: Arc<Host>,
    pub(super) link: Link,
}

impl Peer {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Peer {
        Peer { host: host.clone(), link: *link }
    }

    /// The second of the node's clock.
    pub(super) fn second(&self) -> i64 {
        self.host.clock() / 1_000_000
    }

    /// What `look` finds in the process as it stands for the peer.
    pub(super) fn look<T>(&self, site: &Site, look: impl FnOnce(&Plant, i64, &Deeds) -> T) -> T {
        match site.kept.get(self.link.source()) {
            Some(deeds) => look(&site.plant, self.second(), &deeds.lock()),
            None => look(&site.plant, self.second(), &Deeds::default()),
        }
    }

    /// Does something to the process.
    pub(super) fn act<T>(&self, site: &Site, act: impl FnOnce(&Plant, i64, &mut Deeds) -> T) -> T {
        let deeds = site.kept.of(self.link.source(), Deeds::default);
        let mut deeds = deeds.lock();
        act(&site.plant, self.second(), &mut deeds)
    }

    /// Writes bytes to `space` from `at` on; false where there is no more room.
    pub(super) fn write(&self, site: &Site, space: Space, at: u16, bytes: &[u8]) -> bool {
        self.act(site, |plant, second, deeds| {
            (at..).zip(bytes).all(|(at, byte)| match (space, at) {
                (Space::Marks | Space::Outputs, 0) => {
                    plant.switch(second, deeds, byte & 1 == 1, byte & 2 == 2);
                    true
                }
                _ => deeds.write(space, at, *byte),
            })
        })
    }

    /// Sets a bit of `space`. The first is whether the pump is left to itself, the second whether it runs.
    pub(super) fn set_bit(&self, site: &Site, space: Space, at: u16, on: bool) -> bool {
        self.act(site, |plant, second, deeds| {
            let now = plant.at(second, deeds);
            match (space, at) {
                (Space::Marks | Space::Outputs, 0) => plant.switch(second, deeds, on, now.running),
                (Space::Marks | Space::Outputs, 1) => plant.switch(second, deeds, false, on),
                // What the program sets, it sets again.
                (Space::Marks | Space::Outputs, 2..8) => {}
                _ => {
                    let old = plant.byte(space, at / 8, second, deeds);
                    let bit = 1 << (at % 8);
                    return deeds.write(space, at / 8, if on { old | bit } else { old & !bit });
                }
            }
            true
        })
    }

    /// Writes down what the peer asked for, and whether it was done.
    pub(super) fn command(command: &str, accepted: bool, out: &mut Out) {
        let outcome = if accepted { "accepted" } else { "rejected" };
        let command = command.as_bytes().get(..COMMAND).unwrap_or(command.as_bytes()).to_vec();
        out.record(Kind::Command, vec![(field::COMMAND, command), (field::OUTCOME, outcome.into())]);
    }

    /// Writes down bytes that are not the protocol.
    pub(super) fn malformed(reason: &str, data: &[u8], out: &mut Out) {
        let data = data.get(..DATA).unwrap_or(data).to_vec();
        out.record(Kind::Malformed, vec![(field::REASON, reason.into()), (field::DATA, data)]);
    }
}
