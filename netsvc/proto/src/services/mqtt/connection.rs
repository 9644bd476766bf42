//! One connection: bytes in, packets out of them, what is done with each.

use super::{
    Server,
    broker::{Joined, Subscription},
    connect::{self, Connect, Refusal, Will},
    flow::Flow,
    packet::{self, Fault, MALFORMED, PROTOCOL, Reader, kind, packet},
    properties::{self, SESSION_EXPIRY},
};
use netsvc_kit::{Accounts, Credential, Gathered, Host, Input, Link, Machine, Out};
use netsvc_persona::subkey;
use netsvc_wire::{Kind, field};
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Longest packet.
const PACKET: usize = 1 << 20;
/// Seconds that a client may be silent before it has said how long it will be.
const ALIVE: u16 = 60;
/// Seconds between looks at what devices publish.
const TICK: u64 = 1;

/// A client that was let in.
pub(super) struct Client {
    pub(super) name: Vec<u8>,
    pub(super) version: u8,
    pub(super) joined: Joined,
    pub(super) flow: Flow,
    stays: i64,
    will: Option<Will>,
    /// Whether its packets so far ended it in order.
    left: bool,
}

pub(super) struct Connection {
    pub(super) host: Arc<Host>,
    link: Link,
    pub(super) server: Server,
    input: Gathered,
    /// Bytes to come of a packet that is too long to be kept.
    unwanted: Option<usize>,
    pub(super) client: Option<Client>,
    /// Subscriptions, as far as they select what the node itself publishes.
    pub(super) watched: Vec<Subscription>,
    /// Second up to which that was published.
    pub(super) published: i64,
    /// The values of the broker's own topics that were told last.
    pub(super) told: BTreeMap<String, String>,
    alive: u16,
    heard: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Connection {
    pub(super) fn new(host: &Arc<Host>, link: &Link, server: Server) -> Self {
        Connection {
            host: host.clone(),
            link: *link,
            server,
            input: Gathered::new(PACKET + 5),
            unwanted: None,
            client: None,
            watched: Vec::new(),
            published: 0,
            told: BTreeMap::new(),
            alive: ALIVE,
            heard: None,
            timer: None,
        }
    }

    /// The node's clock in seconds.
    pub(super) fn now(&self) -> i64 {
        self.host.clock() / 1_000_000
    }

    /// Takes a packet; `false` when there is none.
    fn turn(&mut self, out: &mut Out) -> bool {
        if self.unwanted.is_some() {
            return self.skip(out);
        }
        let head = match packet::head(self.input.bytes()) {
            Ok(Some(head)) => head,
            Ok(None) => return false,
            Err(fault) => return self.end(fault, out),
        };
        let (first, before, length) = head;
        if self.client.is_none() && first >> 4 != kind::CONNECT {
            return self.end(Fault::Silent, out);
        }
        if PACKET < length {
            self.unwanted = Some(before + length);
            return self.skip(out);
        }
        if self.input.len() < before + length {
            return false;
        }
        self.input.skip(before);
        let body = self.input.take(length);
        {
            let mut broker = self.server.broker.lock();
            broker.counters.received += 1;
            broker.counters.bytes_in += (before + length) as u64;
        }
        if let Err(fault) = self.packet(first, &body, out) {
            return self.end(fault, out);
        }
        self.pump(out);
        true
    }

    /// Throws away what came of a packet that is longer than what is kept; its end is that of the connection, as where
    /// memory does not suffice for it. Always `false`.
    fn skip(&mut self, out: &mut Out) -> bool {
        let left = self.unwanted.unwrap_or_default();
        let came = left.min(self.input.len());
        self.input.skip(came);
        self.unwanted = Some(left - came);
        if came == left { self.end(Fault::Silent, out) } else { false }
    }

    fn packet(&mut self, first: u8, body: &[u8], out: &mut Out) -> Result<(), Fault> {
        let version = self.client.as_ref().map_or(0, |client| client.version);
        // Version 3.1 did not say what these flags are.
        let flagged = 4 <= version && first & 0xf != 2;
        match first >> 4 {
            kind::CONNECT if self.client.is_none() => self.connect(body, out),
            // What comes out of its order ends without a word, in each version.
            kind::CONNECT | 15 => return Err(Fault::Silent),
            kind::PUBLISH => return self.publish(first, body, out),
            kind::PUBACK | kind::PUBREC | kind::PUBREL | kind::PUBCOMP => {
                return self.acknowledged(first >> 4, body, out);
            }
            kind::SUBSCRIBE | kind::UNSUBSCRIBE if flagged => return Err(MALFORMED),
            kind::SUBSCRIBE => return self.subscribe(body, out),
            kind::UNSUBSCRIBE => return self.unsubscribe(body, out),
            kind::PINGREQ => self.say(packet(kind::PINGRESP, 0, &[]), out),
            kind::DISCONNECT => return self.disconnect(body, out),
            _ => return Err(PROTOCOL),
        }
        Ok(())
    }

    fn connect(&mut self, body: &[u8], out: &mut Out) {
        let wanted = match connect::read(body, self.now()) {
            Ok(wanted) => wanted,
            Err(refusal) => {
                if refusal == Refusal::Version {
                    self.say(connect::answer(4, false, 1, None), out);
                }
                let data = body.get(..4096).unwrap_or(body).to_vec();
                out.record(Kind::Malformed, vec![(field::REASON, b"connect".to_vec()), (field::DATA, data)]);
                return out.close();
            }
        };
        let told = match wanted.version {
            3 => "MQTT 3.1",
            4 => "MQTT 3.1.1",
            _ => "MQTT 5.0",
        };
        let mut seen =
            vec![(field::CLIENT_NAME, wanted.client.clone()), (field::CLIENT_VERSION, told.into())];
        if let Some(will) = &wanted.will {
            seen.push((field::NAME, will.content.topic.clone()));
            seen.push((
                field::DATA,
                will.content.payload.get(..4096).unwrap_or(&will.content.payload).to_vec(),
            ));
        }
        out.record(Kind::ClientFingerprint, seen);
        let code = self.judge(&wanted, out);
        if code != 0 {
            self.say(connect::answer(wanted.version, false, code, None), out);
            return out.close();
        }
        self.join(wanted, out);
    }

    /// Whether a client is let in: zero, or what it is told.
    fn judge(&self, wanted: &Connect, out: &mut Out) -> u8 {
        let (bad_name, denied, method) = if wanted.version == 5 { (0x85, 0x87, 0x8c) } else { (2, 5, 5) };
        let unnamed = wanted.client.is_empty();
        if unnamed && (wanted.version == 3 || wanted.version == 4 && !wanted.fresh) {
            return bad_name;
        }
        if wanted.method {
            return method;
        }
        let open = super::is_open(&self.host);
        let accepted = match (&wanted.user, &wanted.password) {
            (None, None) => open,
            (user, password) => {
                let user = user.as_deref().unwrap_or_default();
                let secret = password.as_deref().unwrap_or_default();
                let accepted = open
                    || password.is_some() && self.host.login(&self.link, Accounts::Clients, user, secret);
                out.credential(Credential::plaintext(user, secret, "CONNECT", accepted));
                accepted
            }
        };
        if accepted { 0 } else { denied }
    }

    fn join(&mut self, wanted: Connect, out: &mut Out) {
        let (name, given) = match wanted.client.is_empty() {
            true => (self.drawn_name(), true),
            false => (wanted.client, false),
        };
        let now = self.now();
        let joined = self.server.broker.lock().join(&name, wanted.fresh, now);
        let shown = given.then_some(name.as_slice());
        self.say(connect::answer(wanted.version, joined.present, 0, shown), out);
        let user = wanted.user.unwrap_or_default();
        out.record(Kind::SessionStart, vec![(field::PRINCIPAL, user), (field::CLIENT_NAME, name.clone())]);
        self.alive = wanted.alive;
        self.client = Some(Client {
            name,
            version: wanted.version,
            joined,
            flow: Flow::new(wanted.most),
            stays: wanted.stays,
            will: wanted.will,
            left: false,
        });
        self.watch();
    }

    /// A name for a client that has none.
    fn drawn_name(&self) -> Vec<u8> {
        let key = self.host.persona().subkey.hex_bytes().unwrap_or_default();
        let session = self.link.session.to_string();
        let drawn = hex::encode_upper(subkey::bytes(&key, &["mqtt client", &session]));
        let part = |from: usize, to: usize| drawn.get(from..to).unwrap_or_default().to_owned();
        let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
        format!("auto-{}", parts.join("-")).into_bytes()
    }

    fn disconnect(&mut self, body: &[u8], out: &mut Out) -> Result<(), Fault> {
        let Some(client) = &mut self.client else { return Ok(()) };
        let mut with_will = false;
        if client.version == 5 && !body.is_empty() {
            let mut rest = Reader(body);
            with_will = rest.byte()? == 4;
            if !rest.0.is_empty() {
                let own = rest.properties(5, properties::DISCONNECT)?;
                if let Some(stays) = own.number(SESSION_EXPIRY) {
                    client.stays = i64::from(stays);
                }
            }
        }
        client.left = !with_will;
        out.close();
        Ok(())
    }

    /// Ends the connection; what version 5 is told of it. Always `false`.
    fn end(&mut self, fault: Fault, out: &mut Out) -> bool {
        let version = self.client.as_ref().map_or(0, |client| client.version);
        let data = self.input.bytes().get(..256).unwrap_or(self.input.bytes()).to_vec();
        out.record(Kind::Malformed, vec![(field::REASON, b"packet".to_vec()), (field::DATA, data)]);
        if let (5, Fault::Told(reason)) = (version, fault) {
            self.say(packet(kind::DISCONNECT, 0, &[reason]), out);
        }
        out.close();
        false
    }

    /// Takes the client out of the broker, with its will.
    fn leave(&mut self) {
        let Some(mut client) = self.client.take() else { return };
        let now = self.now();
        let unanswered = client.flow.take_unanswered();
        unanswered.into_iter().for_each(|message| client.joined.mailbox.put(message));
        let mut broker = self.server.broker.lock();
        if let Some(will) = client.will.filter(|_| !client.left) {
            broker.will(&client.name, will.content, will.kept, will.delay, now);
        }
        broker.leave(&client.name, client.joined.connection, client.stays, now);
    }

    /// Sends a packet and counts it.
    pub(super) fn say(&self, bytes: Vec<u8>, out: &mut Out) {
        let mut broker = self.server.broker.lock();
        broker.counters.sent += 1;
        broker.counters.bytes_out += bytes.len() as u64;
        drop(broker);
        out.send(bytes);
    }

    fn is_late(&self) -> bool {
        let (Some(heard), 1..) = (self.heard, self.alive) else { return false };
        Duration::from_millis(u64::from(self.alive) * 1500) <= heard.elapsed()
    }
}

impl Machine for Connection {
    fn step(&mut self, input: Input<'_>, out: &mut Out) {
        match input {
            Input::Open => {}
            Input::Eof => self.leave(),
            Input::Bytes(bytes) => {
                self.heard = None;
                if self.input.push(bytes).is_err() {
                    return out.close();
                }
                self.pump(out);
                while !out.closing() && !out.full() && self.turn(out) {}
            }
        }
    }

    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let waits = self
            .client
            .as_ref()
            .is_some_and(|client| client.flow.has_room() && client.joined.mailbox.waits(context.waker()));
        if waits {
            return Poll::Ready(());
        }
        let heard = *self.heard.get_or_insert_with(Instant::now);
        let deadline = heard + Duration::from_millis(u64::from(self.alive).max(1) * 1500);
        let tick = Instant::now() + Duration::from_secs(TICK);
        let next = match (self.watched.is_empty(), self.alive) {
            (true, 0) => return Poll::Pending,
            (true, _) => deadline,
            (false, 0) => tick,
            (false, _) => tick.min(deadline),
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
        // What was subscribed to since is due earlier than the end of the client's patience.
        if next < timer.deadline() {
            timer.as_mut().reset(next);
        }
        if Future::poll(timer.as_mut(), context).is_ready() {
            self.timer = None;
            return Poll::Ready(());
        }
        Poll::Pending
    }

    fn woken(&mut self, out: &mut Out) {
        let replaced = self.client.as_ref().is_some_and(|client| client.joined.mailbox.is_replaced());
        if replaced || self.is_late() {
            return out.close();
        }
        let now = self.now();
        self.server.broker.lock().tidy(now);
        self.pump(out);
        self.tell(now, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::mqtt::SERVICE;
    use netsvc_kit::testing::{host, link, persona_with, sent, stage};
    use std::future::poll_fn;

    #[tokio::test]
    async fn what_devices_publish_reaches_who_subscribes_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let stage = stage(folder.path());
        let settings = [("anonymous", "yes"), ("place", "water")];
        let host = host(&stage, persona_with(&SERVICE, "iot-01"), "mqtt", &settings);
        let netsvc_kit::Serve::Machine(open) = SERVICE.serve else { return };
        let mut machine = open(&host, &link(1883));
        let mut out = Out::default();
        machine.step(Input::Bytes(b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01a"), &mut out);
        // The wait for the client's next packet begins before it subscribes.
        assert!(poll_fn(|context| Poll::Ready(machine.poll_woken(context).is_pending())).await);
        machine.step(Input::Bytes(b"\x82\x0c\0\x01\0\x07scada/#\0"), &mut out);
        let kept = sent(&out.take());
        assert!(kept.windows(6).any(|window| window == b"intake"), "{kept:?}");
        let published = async {
            loop {
                poll_fn(|context| machine.poll_woken(context)).await;
                machine.woken(&mut out);
                let bytes = sent(&out.take());
                if bytes.windows(6).any(|window| window == b"scada/") {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), published).await.unwrap();
    }
}
