//! Questions to servers: for the time and for names.

use super::{
    Task, Turn,
    chance::SECOND,
    dns::{self, Lookup},
    life::Life,
    ntp,
    servers::Kind,
    speech::Speech,
    ssdp,
};
use crate::{bytes::number16, packet::Datagram};
use std::net::Ipv4Addr;

/// Seconds until a client looks again whether there is a server.
const NO_SERVER: (i64, i64) = (60, 90);

impl Life {
    pub(super) fn ask_time(&mut self, turn: &mut Turn<'_>) {
        let Some(client) = &mut self.time else { return };
        if self.servers.count(Kind::Time) == 0 {
            return turn.later(self.chance.seconds(NO_SERVER), Task::Time);
        }
        let speech = client.ask(turn, &mut self.chance, self.habits.ports);
        let Some(server) = self.servers.turn(Kind::Time, client.number()) else { return };
        self.say(turn, &Speech { to: (server, speech.to.1), ..speech });
    }

    pub(super) fn look_up(&mut self, turn: &mut Turn<'_>) {
        let Some(lookups) = self.habits.lookups else { return };
        let Some(server) = self.servers.turn(Kind::Names, 0) else {
            return turn.later(self.chance.seconds(NO_SERVER), Task::LookUp);
        };
        // The first of all comes with the link.
        let names =
            if self.lookup.is_none() && !lookups.first.is_empty() { lookups.first } else { lookups.later };
        let drawn = self.chance.next32();
        let index = usize::try_from(drawn).ok().and_then(|drawn| drawn.checked_rem(names.len()));
        turn.later(self.chance.seconds(lookups.pause), Task::LookUp);
        let Some(name) = index.and_then(|index| names.get(index)) else { return };
        let lookup = Lookup::new(name, self.chance.port(self.habits.ports), &mut self.chance);
        let speech = lookup.speech(server, lookups.edns);
        self.again(turn, 0);
        self.lookup = Some(lookup);
        self.say(turn, &speech);
    }

    /// Puts the repetition with this number on the agenda, if there is one: every server is asked before one
    /// is asked again.
    fn again(&mut self, turn: &mut Turn<'_>, number: usize) {
        let round = number.checked_div(self.servers.count(Kind::Names)).unwrap_or(number);
        let pause = self.habits.lookups.and_then(|lookups| lookups.again.get(round));
        if let Some(seconds) = pause {
            turn.later(seconds.saturating_mul(SECOND), Task::LookUpAgain);
        }
    }

    pub(super) fn look_up_again(&mut self, turn: &mut Turn<'_>) {
        let Some(lookups) = self.habits.lookups else { return };
        let Some(lookup) = self.lookup.as_mut().filter(|lookup| !lookup.answered) else { return };
        lookup.repeated = lookup.repeated.saturating_add(1);
        let number = lookup.repeated;
        let Some(server) = self.servers.turn(Kind::Names, number) else { return };
        let speech = lookup.speech(server, lookups.edns);
        self.again(turn, number);
        self.say(turn, &speech);
    }

    /// Takes a datagram that `host` sent from the port `from`; true when it answers an open question.
    pub(crate) fn hear(&mut self, host: Ipv4Addr, from: u16, datagram: &Datagram<'_>) -> bool {
        let port = datagram.destination_port;
        match from {
            ntp::NTP if self.servers.serves(Kind::Time, host) => {
                self.time.as_mut().is_some_and(|time| time.hear(port, datagram.data))
            }
            dns::DNS if self.servers.serves(Kind::Names, host) => {
                let lookup = self.lookup.as_mut().filter(|lookup| lookup.is_answer(port, datagram.data));
                lookup.map(|lookup| lookup.answered = true).is_some()
            }
            // Gateways answer from any port.
            _ => port == self.search_port && ssdp::is_answer(datagram.data),
        }
    }

    /// Whether a datagram of `host` is a server's word on what was asked, though nobody waits for it any more:
    /// it is no probe, and gets what the system gives to what comes late.
    pub(crate) fn is_late_answer(&self, host: Ipv4Addr, payload: &[u8]) -> bool {
        let (from, port) = (number16(payload, 0), number16(payload, 2));
        match from {
            ntp::NTP => {
                self.servers.serves(Kind::Time, host)
                    && self.time.as_ref().is_some_and(|time| time.asked_from(port))
            }
            dns::DNS => {
                self.servers.serves(Kind::Names, host)
                    && self.lookup.as_ref().is_some_and(|lookup| lookup.asked_from(port))
            }
            _ => false,
        }
    }

    /// Whether `host` is one of the servers that this node asks, or has its address from.
    pub(crate) fn is_served_by(&self, host: Ipv4Addr) -> bool {
        self.servers.serves(Kind::Names, host)
            || self.servers.serves(Kind::Time, host)
            || self.lease.as_ref().is_some_and(|lease| lease.server() == Some(host))
    }
}
