//! Messages from a client and to it, with what each side says of having got them (MQTT 5.0 §4.3).

use super::{
    connect::ALIASES,
    connection::Connection,
    flow::Sent,
    message::Content,
    packet::{Fault, MALFORMED, PROTOCOL, Reader, kind, packet},
    properties::{self, ALIAS, EXPIRY},
    topic,
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Longest payload that stands in an event; longer ones are artefacts.
const SHOWN: usize = 4096;
/// Reason of version 5: nobody has subscribed; that topic is not for clients; an alias that there is none of; too much.
const NOBODY: u8 = 0x10;
const DENIED: u8 = 0x87;
const BAD_ALIAS: Fault = Fault::Told(0x94);
const TOO_MUCH: Fault = Fault::Told(0x93);

impl Connection {
    /// Takes a message of the client.
    pub(super) fn publish(&mut self, first: u8, body: &[u8], out: &mut Out) -> Result<(), Fault> {
        let now = self.now();
        let Some(client) = &mut self.client else { return Err(Fault::Silent) };
        let version = client.version;
        let (quality, keep) = (first >> 1 & 3, first & 1 != 0);
        if quality == 3 {
            return Err(MALFORMED);
        }
        let mut rest = Reader(body);
        let mut name = rest.text()?.to_vec();
        let number = if 0 < quality { rest.short()? } else { 0 };
        if 0 < quality && number == 0 {
            return Err(PROTOCOL);
        }
        let own = rest.properties(version, properties::PUBLISH)?;
        if let Some(alias) = own.number(ALIAS) {
            let alias = u16::try_from(alias).unwrap_or_default();
            match alias {
                0 => return Err(MALFORMED),
                _ if ALIASES < alias => return Err(BAD_ALIAS),
                _ if name.is_empty() => name = client.flow.aliases.get(&alias).cloned().ok_or(PROTOCOL)?,
                _ => drop(client.flow.aliases.insert(alias, name.clone())),
            }
        }
        if !topic::is_name(&name) {
            return Err(PROTOCOL);
        }
        let payload = rest.0.to_vec();
        told(&name, &payload, quality, keep, out);
        let expires = own.number(EXPIRY).map(|seconds| now + i64::from(seconds));
        let denied = name.starts_with(b"$SYS/");
        let content = Content { topic: name, payload, quality, carried: own.carried, expires };
        if quality == 2 {
            if !denied && !client.flow.hold(number, content, keep) {
                return Err(TOO_MUCH);
            }
            self.acknowledge(kind::PUBREC, 0, number, if denied { DENIED } else { 0 }, out);
            return Ok(());
        }
        let found = denied || self.route(content, keep, out);
        if quality == 1 {
            let reason = if denied { DENIED } else { 0 };
            self.acknowledge(kind::PUBACK, 0, number, if found { reason } else { NOBODY }, out);
        }
        Ok(())
    }

    /// Gives a message to those who subscribed to it; whether there were any.
    fn route(&mut self, content: Content, keep: bool, out: &mut Out) -> bool {
        let Some(client) = &self.client else { return false };
        let found = self.server.broker.lock().publish(&client.name, content, keep);
        // What the client gets of its own comes before the answer.
        self.pump(out);
        found
    }

    fn acknowledge(&self, kind: u8, flags: u8, number: u16, reason: u8, out: &mut Out) {
        let version = self.client.as_ref().map_or(4, |client| client.version);
        let mut body = number.to_be_bytes().to_vec();
        if version == 5 && reason != 0 {
            body.push(reason);
        }
        self.say(packet(kind, flags, &body), out);
    }

    /// Takes what the client says of a message.
    pub(super) fn acknowledged(&mut self, what: u8, body: &[u8], out: &mut Out) -> Result<(), Fault> {
        let Some(client) = &mut self.client else { return Err(Fault::Silent) };
        let mut rest = Reader(body);
        let number = rest.short()?;
        let reason = if client.version == 5 && !rest.0.is_empty() { rest.byte()? } else { 0 };
        if client.version == 5 && !rest.0.is_empty() {
            rest.properties(5, properties::ACK)?;
        }
        let flow = &mut client.flow;
        let found = flow.sent.iter().position(|sent| sent.number == number);
        match (what, found) {
            (kind::PUBREL, _) => {
                if let Some((content, keep)) = flow.release(number) {
                    self.route(content, keep, out);
                }
                self.acknowledge(kind::PUBCOMP, 0, number, 0, out);
            }
            (kind::PUBREC, Some(at)) if reason < 0x80 => {
                if let Some(sent) = flow.sent.get_mut(at) {
                    sent.received = true;
                }
                self.acknowledge(kind::PUBREL, 2, number, 0, out);
            }
            (_, Some(at)) => drop(flow.sent.remove(at)),
            _ => {}
        }
        Ok(())
    }

    /// Sends what waits for the client, as far as it takes more.
    pub(super) fn pump(&mut self, out: &mut Out) {
        let now = self.now();
        while !out.full() && !out.closing() {
            let Some(client) = &mut self.client else { return };
            if !client.flow.has_room() {
                return;
            }
            let Some(message) = client.joined.mailbox.take() else { return };
            if message.content.is_over(now) {
                continue;
            }
            let number = if 0 < message.quality { client.flow.number() } else { 0 };
            let bytes = message.publish(client.version, number, now);
            if 0 < message.quality {
                client.flow.sent.push(Sent { number, received: false, message });
            }
            self.server.broker.lock().counters.delivered += 1;
            self.say(bytes, out);
        }
    }
}

/// Writes what was published.
fn told(name: &[u8], payload: &[u8], quality: u8, keep: bool, out: &mut Out) {
    let kept = if keep { " retain" } else { "" };
    let command = [b"PUBLISH ", name, format!(" qos{quality}{kept}").as_bytes()].concat();
    let mut fields = vec![(field::COMMAND, command), (field::NAME, name.to_vec())];
    if payload.len() <= SHOWN {
        fields.push((field::DATA, payload.to_vec()));
    } else {
        let own = vec![(field::PATH, name.to_vec()), (field::ORIGIN, b"upload".to_vec())];
        out.capture(Kind::FileCaptured, own, payload.to_vec());
    }
    out.record(Kind::Command, fields);
}
