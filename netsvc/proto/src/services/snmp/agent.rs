//! What one peer says to the agent, datagram by datagram.

use super::{
    device::Device,
    message::{self, Message, Pdu, SET, shown},
    operations::{self, Asker},
    usm,
};
use netsvc_kit::{Credential, Host, Input, Link, Machine, Out};
use netsvc_wire::{Kind, field};
use std::sync::Arc;

/// Variables of a request that its event names.
const NAMED: usize = 16;
/// Most bytes of a datagram that its event has.
const SHOWN: usize = 256;

/// A peer.
pub(super) struct Session {
    host: Arc<Host>,
    link: Link,
    device: Arc<Device>,
    /// The community that was recorded last: walks say the same one over and over.
    recorded: Option<Vec<u8>>,
}

impl Session {
    pub(super) fn new(host: &Arc<Host>, link: &Link) -> Self {
        let device = host.node.shared(|| Device::of(host));
        Session { host: host.clone(), link: *link, device, recorded: None }
    }

    fn take(&mut self, datagram: &[u8], out: &mut Out) {
        let answer = match message::version(datagram) {
            Ok(0 | 1) => Message::read(datagram).map(|message| self.classic(&message, out)),
            Ok(3) if self.device.has_users() => {
                usm::Message::read(datagram).map(|message| self.third(datagram, &message, out))
            }
            Ok(3) => Ok(None),
            Ok(_) | Err(_) => Err(super::ber::Malformed),
        };
        match answer {
            Ok(Some(bytes)) => out.datagram(bytes),
            Ok(None) => {}
            Err(error) => {
                let data = datagram.get(..SHOWN).unwrap_or(datagram).to_vec();
                let reason = error.to_string().into_bytes();
                out.record(Kind::Malformed, vec![(field::REASON, reason), (field::DATA, data)]);
            }
        }
    }

    /// v1 and v2c: a community that is wrong gets silence.
    fn classic(&mut self, message: &Message, out: &mut Out) -> Option<Vec<u8>> {
        let known = self.device.knows(&message.community);
        if self.recorded.as_ref() != Some(&message.community) {
            self.recorded = Some(message.community.clone());
            out.credential(Credential {
                kind: "snmp_community",
                secret: message.community.clone(),
                method: if message.version == 0 { "v1" } else { "v2c" },
                accepted: known.is_some(),
                ..Credential::default()
            });
        }
        let writes = known?;
        let asker = Asker { source: self.link.peer.ip(), writes, now: self.host.clock() };
        let reply = operations::answer(&self.device, message, asker);
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        out.record(Kind::Command, told(&message.pdu, status));
        reply.map(|reply| message.answer(&reply))
    }

    /// v3: whoever does not know the engine is told it, and nobody's digest is right.
    fn third(&mut self, datagram: &[u8], message: &usm::Message<'_>, out: &mut Out) -> Option<Vec<u8>> {
        let judged = usm::judge(&self.device, message);
        if let Some(credential) = message.credential(datagram) {
            out.credential(credential);
        }
        let command = format!("v3 {} {}", message.level(), String::from_utf8_lossy(message.user));
        let mut fields = vec![
            (field::COMMAND, command.trim_ascii_end().as_bytes().to_vec()),
            (field::PRINCIPAL, message.user.to_vec()),
        ];
        fields.extend(judged.map(|judged| (field::OUTCOME, judged.name().as_bytes().to_vec())));
        out.record(Kind::Command, fields);
        let count = self.device.count(judged?);
        Some(usm::report(&self.device, message, judged?, count, self.host.clock()))
    }
}

impl Machine for Session {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        if let Input::Bytes(datagram) = input {
            self.take(datagram, out);
        }
    }
}

/// The fields of a request.
fn told(pdu: &Pdu, status: i64) -> Vec<(&'static str, Vec<u8>)> {
    let mut command = pdu.verb().as_bytes().to_vec();
    for asked in pdu.variables.iter().take(NAMED) {
        command.push(b' ');
        command.extend_from_slice(shown(&asked.name).as_bytes());
        if pdu.kind == SET {
            command.push(b'=');
            command.extend_from_slice(asked.content.get(..SHOWN).unwrap_or(&asked.content));
        }
    }
    if NAMED < pdu.variables.len() {
        command.extend_from_slice(format!(" and {} more", pdu.variables.len() - NAMED).as_bytes());
    }
    vec![(field::COMMAND, command), (field::STATUS, status.to_string().into_bytes())]
}
