//! What the broker publishes of itself below `$SYS`, in the order of mosquitto 2.0.11.

use super::{
    broker::{Counters, Sizes},
    telemetry::Device,
};

/// Seconds between two times (`sys_interval`).
pub(super) const INTERVAL: i64 = 10;
/// Topics of its own that the broker keeps.
const OWN: usize = 47;
/// Bytes of a message of a device, with what goes before it.
const BYTES: f64 = 64.0;
/// Packets of devices for each message: pings and acknowledgements are the rest.
const PACKETS: f64 = 1.1;
/// Minutes of the means, and how much of a slow change each shows.
const WINDOWS: [(&str, f64); 3] = [("1min", 1.0), ("5min", 0.42), ("15min", 0.18)];

/// What the topics are made of.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    pub(super) version: &'a str,
    /// Second in which the broker was started.
    pub(super) begun: i64,
    pub(super) devices: &'a [Device],
    pub(super) counters: Counters,
    pub(super) sizes: Sizes,
}

impl Standing<'_> {
    /// The topics with their values at `now`.
    pub(super) fn values(&self, now: i64) -> Vec<(String, String)> {
        let uptime = (now - now % INTERVAL - self.begun).max(0);
        let rate: f64 = self.devices.iter().map(|device| 1.0 / f64::from(device.period)).sum();
        let mut rows = self.clients(uptime);
        rows.extend(loads(rate, now));
        rows.extend(self.messages(rate, uptime));
        rows.into_iter().map(|(name, value)| (format!("$SYS/broker/{name}"), value)).collect()
    }

    fn clients(&self, uptime: i64) -> Vec<(String, String)> {
        // Two clients gather what the devices say: a display and a log.
        let devices = self.devices.len().div_ceil(3) + 2;
        let (total, active) = (self.sizes.sessions + devices, self.sizes.connected + devices);
        let away = total.saturating_sub(active);
        let mut rows = vec![
            ("version".to_owned(), format!("mosquitto version {}", self.version)),
            ("uptime".to_owned(), format!("{uptime} seconds")),
        ];
        let counts = [
            ("total", total),
            ("inactive", away),
            ("disconnected", away),
            ("active", active),
            ("connected", active),
            ("maximum", total.max(devices + 2)),
        ];
        rows.extend(counts.map(|(name, count)| (format!("clients/{name}"), count.to_string())));
        rows
    }

    fn messages(&self, rate: f64, uptime: i64) -> Vec<(String, String)> {
        let Counters { received, sent, published, delivered, bytes_in, bytes_out } = self.counters;
        let kept = self.sizes.kept + self.devices.iter().filter(|device| device.kept).count() + OWN;
        let (stored, publishes) = (kept as u64, counted(rate, uptime));
        let packets = counted(rate * PACKETS, uptime);
        let heap = 47_000 + stored * 120 + self.sizes.sessions as u64 * 900;
        let rows = [
            ("messages/stored", stored),
            ("messages/received", packets + received),
            ("messages/sent", 2 * packets + sent),
            ("store/messages/count", stored),
            ("store/messages/bytes", stored * 6),
            ("subscriptions/count", self.sizes.filters as u64 + 4),
            ("retained messages/count", stored),
            ("heap/current", heap),
            ("heap/maximum", heap + 26_000),
            ("publish/messages/received", publishes + published),
            ("publish/messages/sent", 2 * publishes + delivered),
            ("publish/bytes/received", 9 * publishes + bytes_in / 4),
            ("publish/bytes/sent", 18 * publishes + bytes_out / 4),
            ("bytes/received", counted(rate * BYTES, uptime) + bytes_in),
            ("bytes/sent", counted(rate * BYTES * 2.0, uptime) + bytes_out),
        ];
        rows.into_iter().map(|(name, count)| (name.to_owned(), count.to_string())).collect()
    }
}

/// Means of the last minutes.
fn loads(rate: f64, now: i64) -> Vec<(String, String)> {
    let minute = rate * 60.0;
    let kinds = [
        ("messages/received", minute * PACKETS, 3.0),
        ("messages/sent", minute * PACKETS * 2.0, 5.0),
        ("publish/received", minute, 2.0),
        ("publish/sent", minute * 2.0, 4.0),
        ("bytes/received", minute * BYTES, 90.0),
        ("bytes/sent", minute * BYTES * 2.0, 170.0),
        ("sockets", 0.6, 0.3),
        ("connections", 0.6, 0.3),
    ];
    let mut rows = Vec::new();
    for (name, mean, change) in kinds {
        for (window, part) in WINDOWS {
            let value = (mean + wave(now, change * part)).max(0.0);
            rows.push((format!("load/{name}/{window}"), format!("{value:.2}")));
        }
    }
    rows
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a count"
)]
fn counted(rate: f64, seconds: i64) -> u64 {
    (rate * seconds as f64) as u64
}

/// A slow change by so much.
#[expect(clippy::cast_precision_loss, reason = "an angle")]
fn wave(now: i64, by: f64) -> f64 {
    let step = (now / INTERVAL) as f64;
    by * ((step * 0.37).sin() + (step * 1.13).sin()) / 2.0
}
