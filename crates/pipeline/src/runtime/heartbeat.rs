//! `system.<worker>.health`, every 30 s, and the worker's note, every 5 s.

use super::{
    WorkerContext,
    noted::{self, Note},
};
use decnet_bus::Subject;
use decnet_model::worker::Worker;
use netsvc_wire::stamp;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Time between heartbeats. The bus server sends its own, every 10 s.
const PERIOD: Duration = Duration::from_secs(30);

/// A worker that has run this long since it failed does well again.
const STEADY: Duration = Duration::from_secs(10);

/// Sends heartbeats until it is dropped.
pub(super) async fn beat(context: WorkerContext) {
    // The bus server sends its own.
    let topic = (context.worker != Worker::Bus).then(|| Subject::Health(context.worker.name()).topic());
    let (started, since) = (Instant::now(), stamp::now());
    let mut tick = tokio::time::interval(noted::PERIOD);
    let mut last: Option<Instant> = None;
    loop {
        tick.tick().await;
        if STEADY <= started.elapsed() {
            context.status.steady();
        }
        Note::write(&context.paths, context.worker, &context.status, Some(since), None);
        if let Some(topic) = &topic
            && last.is_none_or(|last| PERIOD <= last.elapsed())
        {
            last = Some(Instant::now());
            context.bus.publish(topic, &payload(&context, started.elapsed()));
        }
    }
}

fn payload(context: &WorkerContext, uptime: Duration) -> Value {
    let now = Duration::from_micros(stamp::now().unsigned_abs());
    json!({
        "worker": context.worker.name(),
        "ts": now.as_secs_f64(),
        "pid": std::process::id(),
        "uptime_sec": uptime.as_secs(),
        "extra": { "status": context.status.copy(), "bus": context.bus.counters() },
    })
}
