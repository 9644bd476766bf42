//! The thread that reads frames.

use super::{Nodes, Shared};
use crate::{
    capture::Link,
    recorder::{Recorded, Recorder},
    sense::Sensor,
};
use decnet_engine::native::{FRAME_MAX, Frames};
use decnet_model::probe;
use netsvc_wire::stamp;
use std::{
    path::Path,
    sync::{Arc, atomic::Ordering, mpsc::SyncSender},
    time::Duration,
};

/// Longest wait for a frame, after which it is looked whether the worker is to stop.
const PATIENCE: Duration = Duration::from_millis(250);
/// Time between two tries to find a gate.
const AGAIN: Duration = Duration::from_secs(1);
/// Frames between two looks at the counts.
const ROUND: u64 = 256;

/// Who records sessions, and where captures go.
pub(super) type Recording = (Recorder, SyncSender<Recorded>);

/// Watches until the worker is to stop. A gate that is started again is found again.
pub(super) fn watch(shared: &Shared, socket: &Path, seed: u64, recording: Option<Recording>) {
    let mut watch = Watch {
        shared,
        sensor: Sensor::new(seed),
        recording,
        nodes: shared.nodes.read().clone(),
        over: Vec::new(),
    };
    let mut buffer = vec![0; FRAME_MAX];
    while !shared.stop.load(Ordering::Relaxed) {
        // On a host whose deckies have no gate there is nothing to be seen, which is no fault.
        if let Ok(frames) = Frames::open(socket, None, PATIENCE) {
            tracing::info!("watching what the gate sees");
            shared.counters.lock().watching = true;
            watch.look(&frames, &mut buffer);
            shared.counters.lock().watching = false;
        } else {
            std::thread::sleep(AGAIN.min(PATIENCE * 2));
        }
    }
    watch.finish();
}

struct Watch<'a> {
    shared: &'a Shared,
    sensor: Sensor,
    recording: Option<Recording>,
    /// Deckies as of the last look.
    nodes: Arc<Nodes>,
    over: Vec<Recorded>,
}

impl Watch<'_> {
    fn look(&mut self, frames: &Frames, buffer: &mut [u8]) {
        let mut findings = Vec::new();
        while !self.shared.stop.load(Ordering::Relaxed) {
            let idle = match frames.next_frame(buffer) {
                Ok(Some(frame)) => {
                    let at = stamp::now();
                    self.sensor.take(at, Link::Ethernet, frame, &mut findings);
                    self.record(at, Some(frame));
                    false
                }
                Ok(None) => {
                    let at = stamp::now();
                    self.sensor.idle(at, &mut findings);
                    self.record(at, None);
                    true
                }
                Err(_) => break,
            };
            if !findings.is_empty() {
                self.shared.write(&findings);
                findings.clear();
            }
            let seen = self.sensor.seen();
            if idle || seen.frames.is_multiple_of(ROUND) {
                self.nodes = self.shared.nodes.read().clone();
                self.shared.counters.lock().seen = seen;
            }
        }
        self.shared.counters.lock().seen = self.sensor.seen();
    }

    /// Shows the recorder a frame, or that none came.
    fn record(&mut self, at: stamp::Micros, frame: Option<&[u8]>) {
        let Some((recorder, _)) = &mut self.recording else { return };
        match frame {
            Some(frame) => {
                let nodes = &self.nodes;
                recorder.take(at, frame, (|address| nodes.has(address), probe::is_own), &mut self.over);
            }
            None => recorder.idle(at, &mut self.over),
        }
        self.hand_over();
    }

    fn hand_over(&mut self) {
        let Some((_, shelf)) = &self.recording else { return };
        for one in self.over.drain(..) {
            // Frames wait for no disk.
            if shelf.try_send(one).is_err() {
                self.shared.counters.lock().captures_lost += 1;
            }
        }
    }

    /// No more comes.
    fn finish(mut self) {
        let mut findings = Vec::new();
        self.sensor.finish(&mut findings);
        self.shared.write(&findings);
        let Some((recorder, shelf)) = &mut self.recording else { return };
        recorder.finish(stamp::now(), &mut self.over);
        for one in self.over.drain(..) {
            // No frame waits any more; when nobody takes it, the shelf has ended before us.
            let _ = shelf.send(one);
        }
    }
}
