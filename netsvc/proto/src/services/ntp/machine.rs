//! What one peer asks the server.

use super::{
    clock::{Clock, Make},
    control, private,
};
use netsvc_kit::{Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use parking_lot::Mutex;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// Bytes of a packet without extensions (RFC 5905, 7.3).
const PACKET: usize = 48;
/// Sources whose askings are counted; the first is forgotten for one more.
const SOURCES: usize = 4096;
/// Microseconds that an asking costs, and that a source may owe (`discard average 3`).
const COST: i64 = 8_000_000;
const CREDIT: i64 = 16 * COST;
/// Most bytes of a datagram that its event has.
const SHOWN: usize = 256;

/// What all peers of a server share.
#[derive(Debug)]
struct Server {
    clock: Clock,
    /// Until when a source has asked enough.
    owed: Mutex<BTreeMap<IpAddr, i64>>,
}

/// Whether a source is answered.
enum Turn {
    Answer,
    /// It is told, once, that it asks too often.
    Kiss,
    Silence,
}

impl Server {
    fn turn(&self, source: IpAddr, now: i64) -> Turn {
        if !self.clock.limits {
            return Turn::Answer;
        }
        let mut owed = self.owed.lock();
        if SOURCES <= owed.len() && !owed.contains_key(&source) {
            owed.pop_first();
        }
        let until = owed.entry(source).or_insert(now);
        *until = (*until).max(now) + COST;
        match *until - now {
            debt if debt <= CREDIT => Turn::Answer,
            debt => {
                // Whoever goes on has to pause before he is told again.
                *until = now + CREDIT + COST;
                if debt <= CREDIT + COST { Turn::Kiss } else { Turn::Silence }
            }
        }
    }
}

/// A peer.
pub(super) struct Peer {
    host: Arc<Host>,
    link: Link,
    server: Arc<Server>,
}

impl Peer {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let server = host.node.shared(|| Server { clock: Clock::of(host), owed: Mutex::default() });
        Peer { host: host.clone(), link: *link, server }
    }

    fn take(&self, datagram: &[u8], out: &mut Out) {
        let came = self.host.clock();
        let clock = &self.server.clock;
        let Some(first) = datagram.first() else { return };
        let version = first >> 3 & 7;
        match (first & 7, version) {
            // Clients of the first version have no mode, and ntpsec takes whoever speaks it for a client.
            (3, 1..=4) | (0, 1) if PACKET <= datagram.len() => self.time(datagram, version, came, out),
            (1, 1) if PACKET <= datagram.len() && clock.make == Make::Ntpsec => {
                self.time(datagram, version, came, out);
            }
            (6, 1..=4) => {
                let Some(request) = control::Request::read(datagram) else { return malformed(datagram, out) };
                told(request.line(), clock.queries, out);
                if clock.queries {
                    for packet in request.answer(&self.host, &self.link, clock, came) {
                        out.datagram(packet);
                    }
                }
            }
            (7, _) => {
                let Some(request) = private::Request::read(datagram) else { return malformed(datagram, out) };
                let answered = clock.queries && clock.lists;
                told(request.line(), answered, out);
                if answered {
                    out.datagram(request.answer(&self.link, clock));
                }
            }
            _ => malformed(datagram, out),
        }
    }
}

impl Peer {
    /// Answers a client, as far as what stands behind its packet lets the server.
    fn time(&self, datagram: &[u8], version: u8, came: i64, out: &mut Out) {
        let clock = &self.server.clock;
        let Some(tail) = clock.make.tail(datagram.get(PACKET..).unwrap_or_default()) else {
            return told(format!("time v{version}").into_bytes(), false, out);
        };
        let turn = self.server.turn(self.link.source(), came);
        match turn {
            Turn::Answer => {
                let answer = clock.answer(datagram, came, self.host.clock());
                out.datagram([&answer, tail].concat());
            }
            Turn::Kiss => out.datagram(Clock::kiss(datagram)),
            Turn::Silence => {}
        }
        told(format!("time v{version}").into_bytes(), matches!(turn, Turn::Answer), out);
    }
}

impl Machine for Peer {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        if let Input::Bytes(datagram) = input {
            self.take(datagram, out);
        }
    }
}

fn told(command: Vec<u8>, answered: bool, out: &mut Out) {
    let outcome = if answered { "accepted" } else { "denied" };
    out.record(Kind::Command, vec![(field::COMMAND, command), (field::OUTCOME, outcome.as_bytes().to_vec())]);
}

fn malformed(datagram: &[u8], out: &mut Out) {
    let data = datagram.get(..SHOWN).unwrap_or(datagram).to_vec();
    out.record(Kind::Malformed, vec![(field::REASON, b"no request".to_vec()), (field::DATA, data)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_kit::testing;

    fn server(system: &str, change: impl FnOnce(&mut netsvc_persona::Persona)) -> (tempfile::TempDir, Peer) {
        let folder = tempfile::tempdir().unwrap();
        let mut persona = testing::persona("time-01");
        persona.os.id = system.to_owned();
        change(&mut persona);
        let persona = testing::with_product(&super::super::SERVICE, persona);
        let host = testing::host(&testing::stage(folder.path()), persona, "ntp", &[]);
        (folder, Peer::new(&host, &testing::link(123)))
    }

    fn ask(peer: &Peer, datagram: &[u8]) -> Vec<Vec<u8>> {
        let mut out = Out::default();
        peer.take(datagram, &mut out);
        let sent = out.take().into_iter().filter_map(|action| match action {
            netsvc_kit::Action::Datagram(bytes) => Some(bytes),
            _ => None,
        });
        sent.collect()
    }

    #[test]
    fn the_time_is_that_of_the_node_and_the_question_comes_back() {
        let (_folder, peer) = server("debian12", |persona| persona.clock_offset_ms = 1_234_000);
        let mut asked = [0; PACKET];
        asked[0] = 0x23;
        asked[40..48].copy_from_slice(b"question");
        let answer = ask(&peer, &asked).remove(0);
        assert_eq!(
            (answer.len(), answer[0], answer[1], &answer[24..32]),
            (PACKET, 0x24, 2, &b"question"[..])
        );
        let now = super::super::clock::stamp(peer.host.clock());
        assert_eq!(answer[40..43], now[..3]);
    }

    #[test]
    fn who_asks_without_a_pause_is_told_once_and_then_nothing() {
        let (_folder, peer) = server("debian12", |_| {});
        let mut asked = [0; PACKET];
        asked[0] = 0x23;
        let strata: Vec<_> = (0..30).flat_map(|_| ask(&peer, &asked)).map(|answer| answer[1]).collect();
        assert_eq!(strata, [[2; 16].as_slice(), &[0]].concat());
    }

    #[test]
    fn versions_modes_and_trailers_are_answered_as_by_the_real_server() {
        // What ntpsec 1.2.2 answered, and as the source of ntpd 4.2.8 has it.
        let (mac, no_field) =
            ([&[0, 0, 0, 1][..], &[0; 16]].concat(), b"\0\x04\0\x10\0\0\0\0\0\0\0\0\0\0\0\0");
        let field = [&[0, 4, 0, 28][..], &[0; 24]].concat();
        for (system, first, tail, length) in [
            ("debian12", 0x03_u8, &b""[..], None),
            ("debian12", 0x08, b"", Some(48)),
            ("debian12", 0x09, b"", Some(48)),
            ("debian12", 0x0b, b"", Some(48)),
            ("debian12", 0x11, b"", None),
            ("debian12", 0x23, b"", Some(48)),
            ("debian12", 0x21, b"", None),
            ("debian12", 0x2b, b"", None),
            ("debian12", 0x23, &mac, None),
            ("debian12", 0x23, no_field, None),
            ("debian12", 0x23, b"\0\0\0\0", None),
            ("debian12", 0x23, &field, Some(48)),
            ("debian11", 0x23, &mac, Some(52)),
        ] {
            let (_folder, peer) = server(system, |_| {});
            let mut asked = [&[first][..], &[0; PACKET - 1]].concat();
            asked.extend_from_slice(tail);
            let answer = ask(&peer, &asked);
            assert_eq!(answer.first().map(Vec::len), length, "{system} {first:02x} {tail:?}");
        }
    }

    #[test]
    fn servers_tell_of_themselves_as_their_systems_set_them_up() {
        let (variables, list) = (b"\x16\x02\0\x01\0\0\0\0\0\0\0\0", b"\x17\0\x03\x2a\0\0\0\0");
        for (system, family, told, listed) in [
            ("debian12", "linux", false, false),
            ("rocky9", "linux", false, false),
            ("windows_server_2019", "windows_server", false, false),
            ("cisco_ios", "cisco", true, false),
            ("junos", "junos", true, true),
            ("qnap", "embedded", true, true),
        ] {
            let (_folder, peer) = server(system, |persona| persona.os.family = family.to_owned());
            let text = String::from_utf8_lossy(&ask(&peer, variables).concat()).into_owned();
            assert_eq!(text.contains("stratum="), told, "{system}: {text}");
            assert_eq!(!ask(&peer, list).is_empty(), listed, "{system}");
        }
    }
}
