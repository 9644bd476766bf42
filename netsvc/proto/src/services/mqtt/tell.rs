//! What the node itself publishes to a client: what devices say, and what the broker says of itself.

use super::{
    broker::Subscription,
    connection::Connection,
    message::{Content, Message},
    status, topic,
};
use netsvc_kit::Out;
use std::sync::Arc;

/// What version is shown where the persona has none.
const VERSION: &str = "2.0.11";
/// Seconds of which a client is told later.
const LATE: i64 = 5;
/// Seconds from the start of the system to that of the broker.
const STARTED: i64 = 14;

impl Connection {
    /// Publishes what is due up to `now` to who watches it: what devices say, and what the broker says of itself.
    pub(super) fn tell(&mut self, now: i64, out: &mut Out) {
        // Who was away for long gets what is new.
        let from = self.published.max(now - LATE);
        self.published = now;
        let devices = self.server.devices.clone();
        for second in from + 1..=now {
            for device in devices.iter().filter(|device| device.is_due(second)) {
                let name = device.topic.as_bytes();
                let fits = |wanted: &&Subscription| topic::matches(&wanted.filter, name);
                let Some(wanted) = self.watched.iter().find(fits) else { continue };
                let content = device.content(&self.host, second);
                let quality = wanted.quality.min(content.quality);
                let subscriptions = wanted.number.into_iter().collect();
                if let Some(client) = &self.client {
                    let kept = device.kept && wanted.as_published;
                    client.joined.mailbox.put(Message { content, quality, kept, subscriptions });
                }
                self.pump(out);
            }
            if second % status::INTERVAL == 0 {
                let filters: Vec<Vec<u8>> = self.watched.iter().map(|wanted| wanted.filter.clone()).collect();
                for filter in filters.iter().filter(|filter| filter.starts_with(b"$SYS")) {
                    self.tell_status(second, filter, false, out);
                }
            }
        }
    }

    /// Publishes the broker's own topics that `filter` selects: all of them as `kept`, or what has changed.
    pub(super) fn tell_status(&mut self, now: i64, filter: &[u8], kept: bool, out: &mut Out) {
        for (name, value) in self.status_values(now) {
            if !topic::matches(filter, name.as_bytes()) {
                continue;
            }
            let old = self.told.insert(name.clone(), value.clone());
            if !kept && old.as_ref() == Some(&value) {
                continue;
            }
            let (topic, payload) = (name.into_bytes(), value.into_bytes());
            let content = Content { topic, payload, quality: 0, carried: Vec::new(), expires: None };
            let content = Arc::new(content);
            if let Some(client) = &self.client {
                let message = Message { content, quality: 0, kept, subscriptions: Vec::new() };
                client.joined.mailbox.put(message);
            }
            self.pump(out);
        }
    }

    fn status_values(&self, now: i64) -> Vec<(String, String)> {
        let (counters, sizes) = {
            let broker = self.server.broker.lock();
            (broker.counters, broker.sizes())
        };
        let standing = status::Standing {
            version: self.host.product().map_or(VERSION, |product| product.version.as_str()),
            begun: self.host.persona().booted_at / 1_000_000 + STARTED,
            devices: &self.server.devices,
            counters,
            sizes,
        };
        standing.values(now)
    }
}
