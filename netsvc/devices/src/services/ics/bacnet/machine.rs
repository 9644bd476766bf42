//! Datagrams: the virtual link (annex J), the network layer (clause 6), messages (clause 20.1).

use super::{
    super::{device::Site, peer::Peer},
    services::{Desk, Done, Refusal, error},
};
use crate::bytes::Reader;
use netsvc_kit::{Host, Input, Link, Machine, Out};
use std::sync::Arc;

/// Kinds of the virtual link's messages.
const RESULT: u8 = 0;
const UNICAST: u8 = 0x0a;
const BROADCAST: u8 = 0x0b;

/// A peer.
pub(in super::super) struct Datagrams {
    peer: Peer,
    site: Arc<Site>,
}

impl Datagrams {
    pub(in super::super) fn new(host: &Arc<Host>, link: &Link) -> Datagrams {
        Datagrams { peer: Peer::new(host, link), site: Site::of(host) }
    }

    fn take(&self, datagram: &[u8], out: &mut Out) -> Option<()> {
        let mut reader = Reader::new(datagram);
        let (0x81, function, length) = (reader.byte()?, reader.byte()?, reader.word()?) else { return None };
        (usize::from(length) == datagram.len()).then_some(())?;
        match function {
            UNICAST | BROADCAST => {
                let apdu = network(&mut reader)?;
                if let Some(answer) = self.message(apdu, out) {
                    // No further network, and no answer is expected.
                    out.datagram(link(UNICAST, &[&[1, 0][..], &answer].concat()));
                }
            }
            // Lists of broadcast management, which this device does not do: each has its own refusal (J.2).
            1 | 2 | 5 | 6 | 7 | 8 | 9 => {
                Peer::command(&format!("bacnet link function {function}"), false, out);
                let code = match function {
                    1 => 0x10,
                    2 => 0x20,
                    5 => 0x30,
                    6 => 0x40,
                    7 | 8 => 0x50,
                    _ => 0x60,
                };
                out.datagram(link(RESULT, &[0, code]));
            }
            _ => {}
        }
        Some(())
    }

    fn message(&self, apdu: &[u8], out: &mut Out) -> Option<Vec<u8>> {
        let desk = Desk { peer: &self.peer, site: &self.site };
        let mut reader = Reader::new(apdu);
        let kind = reader.byte()?;
        match kind >> 4 {
            0 => {
                // In segments nothing is taken.
                if kind & 8 != 0 {
                    let (_, invoke) = (reader.byte()?, reader.byte()?);
                    return Some(vec![0x71, invoke, 4]);
                }
                let (_, invoke, service) = (reader.byte()?, reader.byte()?, reader.byte()?);
                Some(match desk.confirmed(service, reader.rest(), out) {
                    Ok(Done::Simple) => vec![0x20, invoke, service],
                    Ok(Done::Complex(answer)) => [&[0x30, invoke, service][..], &answer].concat(),
                    Err(Refusal::Error(fault)) => [&[0x50, invoke, service][..], &error(fault)].concat(),
                    Err(Refusal::Reject(reason)) => vec![0x60, invoke, reason],
                    Err(Refusal::Abort(reason)) => vec![0x71, invoke, reason],
                })
            }
            1 => desk.unconfirmed(reader.byte()?, reader.rest(), out),
            _ => None,
        }
    }
}

/// What a message of the network layer carries to applications; `None`: nothing (clause 6.2).
fn network<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let (1, control) = (reader.byte()?, reader.byte()?) else { return None };
    if control & 0x80 != 0 {
        return None;
    }
    let mut remote = false;
    for present in [control & 0x20, control & 0x08] {
        if present != 0 {
            let net = reader.word()?;
            let length = reader.byte()?;
            reader.take(length.into())?;
            remote |= present == 0x20 && net != u16::MAX;
        }
    }
    if control & 0x20 != 0 {
        reader.byte()?;
    }
    // It is no router, so nothing is passed on.
    (!remote).then(|| reader.rest())
}

/// A message of the virtual link.
fn link(function: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len() + 4).unwrap_or(u16::MAX).to_be_bytes();
    [&[0x81, function][..], &length, bytes].concat()
}

impl Machine for Datagrams {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        let Input::Bytes(datagram) = input else { return };
        if self.take(datagram, out).is_none() {
            Peer::malformed("message", datagram, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::device::tests_site;
    use super::*;
    use netsvc_kit::testing;

    fn ask(request: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let host = tests_site("building_controller", folder.path());
        let mut machine = Datagrams::new(&host, &testing::link(47_808));
        let mut out = Out::default();
        machine.step(Input::Bytes(&hex::decode(request).unwrap()), &mut out);
        hex::encode(testing::sent(&out.take()))
    }

    #[test]
    fn who_is_asks_and_properties_are_read() {
        let here = ask("810b000c0120ffff00ff1008");
        assert!(here.starts_with("810a0014") && here.contains("1000c402"), "{here}");
        // The model, of any device.
        let model = ask("810a001101040005010c0c023fffff1946");
        assert!(model.contains("30010c0c02") && model.contains("19463e75"), "{model}");
        assert_eq!(ask("810a001101040005010c0c0000ff001955"), "810a000d010050010c9101911f");
        assert_eq!(ask("810a000f0104000501634001020304"), "810a00090100600109");
        assert_eq!(ask("81020004"), "810000060020");
        assert_eq!(ask("810a0005"), "");
        // All of the device's: one message holds it.
        let all = ask("810a001301040205010e0c023fffff1e09081f");
        assert!(all.contains("30010e"), "{all}");
    }
}
