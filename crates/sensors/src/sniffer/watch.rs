//! The thread that reads frames.

use super::Shared;
use crate::{capture::Link, sense::Sensor};
use decnet_engine::native::{FRAME_MAX, Frames};
use netsvc_wire::stamp;
use std::{path::Path, sync::atomic::Ordering, time::Duration};

/// Longest wait for a frame, after which it is looked whether the worker is to stop.
const PATIENCE: Duration = Duration::from_millis(250);
/// Time between two tries to find a gate.
const AGAIN: Duration = Duration::from_secs(1);
/// Frames between two looks at the counts.
const ROUND: u64 = 256;

/// Watches until the worker is to stop. A gate that is started again is found again.
pub(super) fn watch(shared: &Shared, socket: &Path, seed: u64) {
    let mut sensor = Sensor::new(seed);
    let mut buffer = vec![0; FRAME_MAX];
    while !shared.stop.load(Ordering::Relaxed) {
        // On a host whose deckies have no gate there is nothing to be seen, which is no fault.
        if let Ok(frames) = Frames::open(socket, None, PATIENCE) {
            tracing::info!("watching what the gate sees");
            shared.counters.lock().watching = true;
            look(shared, &frames, &mut sensor, &mut buffer);
            shared.counters.lock().watching = false;
        } else {
            std::thread::sleep(AGAIN.min(PATIENCE * 2));
        }
    }
    let mut findings = Vec::new();
    sensor.finish(&mut findings);
    shared.write(&findings);
}

fn look(shared: &Shared, frames: &Frames, sensor: &mut Sensor, buffer: &mut [u8]) {
    let mut findings = Vec::new();
    while !shared.stop.load(Ordering::Relaxed) {
        let idle = match frames.next_frame(buffer) {
            Ok(Some(frame)) => {
                sensor.take(stamp::now(), Link::Ethernet, frame, &mut findings);
                false
            }
            Ok(None) => {
                sensor.idle(stamp::now(), &mut findings);
                true
            }
            Err(_) => break,
        };
        if !findings.is_empty() {
            shared.write(&findings);
            findings.clear();
        }
        let seen = sensor.seen();
        if idle || seen.frames.is_multiple_of(ROUND) {
            shared.counters.lock().seen = seen;
        }
    }
    shared.counters.lock().seen = sensor.seen();
}
