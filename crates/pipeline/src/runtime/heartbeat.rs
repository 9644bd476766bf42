//! `system.<worker>.health`, every 30 s.

use super::WorkerContext;
use decnet_bus::Topic;
use decnet_model::worker::Worker;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time between heartbeats. The bus server sends its own, every 10 s.
const PERIOD: Duration = Duration::from_secs(30);

/// Sends heartbeats until it is dropped.
pub(super) async fn beat(context: WorkerContext) {
    if context.worker == Worker::Bus {
        return std::future::pending().await;
    }
    let Ok(topic) = format!("system.{}.health", context.worker.name()).parse::<Topic>() else { return };
    let started = Instant::now();
    let mut tick = tokio::time::interval(PERIOD);
    loop {
        tick.tick().await;
        if PERIOD <= started.elapsed() {
            context.status.steady();
        }
        context.bus.publish(&topic, &payload(&context, started.elapsed()));
    }
}

fn payload(context: &WorkerContext, uptime: Duration) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({
        "worker": context.worker.name(),
        "ts": now.as_secs_f64(),
        "pid": std::process::id(),
        "uptime_sec": uptime.as_secs(),
        "extra": { "status": context.status.copy(), "bus": context.bus.counters() },
    })
}
