//! Subscriptions, and what a client gets for them at once.

use super::{
    broker::Subscription,
    connection::Connection,
    message::Message,
    packet::{Fault, MALFORMED, PROTOCOL, Reader, kind, packet},
    properties::{self, SUBSCRIPTION},
    topic,
};
use netsvc_kit::Out;
use netsvc_wire::{Kind, field};

/// Most filters of one packet.
const FILTERS: usize = 64;
/// Codes: no subscription; there was none.
const FAILED: u8 = 0x80;
const TOO_MANY: u8 = 0x97;
const NONE: u8 = 0x11;

impl Connection {
    pub(super) fn subscribe(&mut self, body: &[u8], out: &mut Out) -> Result<(), Fault> {
        let Some(client) = &self.client else { return Err(Fault::Silent) };
        let (version, name) = (client.version, client.name.clone());
        let mut rest = Reader(body);
        let number = rest.short()?;
        if number == 0 {
            return Err(MALFORMED);
        }
        let own = rest.properties(version, properties::SUBSCRIBE)?;
        let mut wanted: Vec<(Subscription, u8)> = Vec::new();
        while !rest.0.is_empty() {
            let filter = rest.text()?;
            let options = rest.byte()?;
            let allowed = if version == 5 { 0x3f } else { 0x03 };
            let bad = options & 3 == 3 || options & !allowed != 0 || options >> 4 & 3 == 3;
            if !topic::is_filter(filter) || bad || FILTERS <= wanted.len() {
                return Err(MALFORMED);
            }
            let shared = filter.starts_with(b"$share/");
            if shared && options & 4 != 0 {
                return Err(PROTOCOL);
            }
            let subscription = Subscription {
                filter: filter.to_vec(),
                quality: options & 3,
                others_only: options & 4 != 0,
                as_published: options & 8 != 0,
                number: own.number(SUBSCRIPTION),
            };
            wanted.push((subscription, if shared { 2 } else { options >> 4 & 3 }));
        }
        if wanted.is_empty() && version != 3 {
            return Err(MALFORMED);
        }
        let mut codes = Vec::new();
        let mut first = Vec::new();
        for (subscription, handling) in wanted {
            let quality = format!(" qos{}", subscription.quality);
            let command = [b"SUBSCRIBE ", &subscription.filter[..], quality.as_bytes()].concat();
            out.record(Kind::Command, vec![(field::COMMAND, command)]);
            let fresh = self.server.broker.lock().subscribe(&name, subscription.clone());
            codes.push(match fresh {
                Some(_) => subscription.quality,
                None if version == 5 => TOO_MANY,
                None => FAILED,
            });
            if fresh.is_some_and(|fresh| handling == 0 || handling == 1 && fresh) {
                first.push(subscription);
            }
        }
        self.answer(kind::SUBACK, number, version, &codes, out);
        self.watch();
        for subscription in first {
            self.give_kept(&subscription, out);
        }
        Ok(())
    }

    pub(super) fn unsubscribe(&mut self, body: &[u8], out: &mut Out) -> Result<(), Fault> {
        let Some(client) = &self.client else { return Err(Fault::Silent) };
        let (version, name) = (client.version, client.name.clone());
        let mut rest = Reader(body);
        let number = rest.short()?;
        rest.properties(version, properties::UNSUBSCRIBE)?;
        if number == 0 || rest.0.is_empty() && version != 3 {
            return Err(MALFORMED);
        }
        let mut codes = Vec::new();
        while !rest.0.is_empty() {
            let filter = rest.text()?;
            if !topic::is_filter(filter) || FILTERS <= codes.len() {
                return Err(MALFORMED);
            }
            out.record(Kind::Command, vec![(field::COMMAND, [&b"UNSUBSCRIBE "[..], filter].concat())]);
            let had = self.server.broker.lock().unsubscribe(&name, filter);
            codes.push(if had { 0 } else { NONE });
        }
        if version < 5 {
            codes.clear();
        }
        self.answer(kind::UNSUBACK, number, version, &codes, out);
        self.watch();
        Ok(())
    }

    fn answer(&self, kind: u8, number: u16, version: u8, codes: &[u8], out: &mut Out) {
        let none: &[u8] = if version == 5 { &[0] } else { &[] };
        self.say(packet(kind, 0, &[&number.to_be_bytes()[..], none, codes].concat()), out);
    }

    /// Notes which subscriptions there are.
    pub(super) fn watch(&mut self) {
        let Some(client) = &self.client else { return };
        self.watched = self.server.broker.lock().subscriptions(&client.name);
        self.watched.retain(|known| !known.filter.starts_with(b"$share/"));
        if self.published == 0 {
            self.published = self.now();
        }
    }

    /// Gives what is kept for the topics of a new subscription: of clients, of devices and of the broker.
    fn give_kept(&mut self, wanted: &Subscription, out: &mut Out) {
        let now = self.now();
        let Some(client) = &self.client else { return };
        let mailbox = client.joined.mailbox.clone();
        let mut found = self.server.broker.lock().kept(&wanted.filter);
        let devices = self.server.devices.iter().filter(|device| device.kept);
        let devices = devices.filter(|device| topic::matches(&wanted.filter, device.topic.as_bytes()));
        found.extend(devices.map(|device| device.content(&self.host, device.last(now))));
        for content in found {
            let quality = wanted.quality.min(content.quality);
            let subscriptions = wanted.number.into_iter().collect();
            mailbox.put(Message { content, quality, kept: true, subscriptions });
            self.pump(out);
        }
        if topic::matches(&wanted.filter, b"$SYS/broker/version") || wanted.filter.starts_with(b"$SYS") {
            self.tell_status(now, &wanted.filter, true, out);
        }
    }
}
