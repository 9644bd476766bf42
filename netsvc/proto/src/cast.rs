//! Recordings of terminals as asciicast v2.
//!
//! Source: <https://docs.asciinema.org/manual/asciicast/v2/>.

use netsvc_kit::{Host, Link};
use netsvc_wire::{Kind, field};
use serde_json::json;
use std::time::Instant;

/// Longest recording; what comes after is left out.
const LONGEST: usize = 8 << 20;

/// A recording that is being made.
#[derive(Debug)]
pub(crate) struct Cast {
    begun: Instant,
    text: String,
    full: bool,
}

impl Cast {
    /// A recording of a terminal of this size that begins at `now` (µs since the epoch).
    pub(crate) fn begin(columns: u32, rows: u32, terminal: &str, now: i64) -> Self {
        let head = json!({
            "version": 2, "width": columns, "height": rows, "timestamp": now / 1_000_000,
            "env": { "TERM": terminal },
        });
        Cast { begun: Instant::now(), text: format!("{head}\n"), full: false }
    }

    /// Bytes that the peer typed.
    pub(crate) fn input(&mut self, bytes: &[u8]) {
        self.add("i", bytes);
    }

    /// Bytes that the peer saw.
    pub(crate) fn output(&mut self, bytes: &[u8]) {
        self.add("o", bytes);
    }

    fn add(&mut self, stream: &str, bytes: &[u8]) {
        if bytes.is_empty() || self.full {
            return;
        }
        let at = self.begun.elapsed().as_secs_f64();
        let line = json!([(at * 1e6).round() / 1e6, stream, String::from_utf8_lossy(bytes)]);
        self.text.push_str(&format!("{line}\n"));
        self.full = LONGEST < self.text.len();
    }

    /// Stores the recording.
    pub(crate) fn store(self, host: &Host, link: &Link) {
        let fields = vec![
            (field::FORMAT, b"asciicast".to_vec()),
            (field::ORIGIN, b"recording".to_vec()),
            (field::DURATION_MS, self.begun.elapsed().as_millis().to_string().into_bytes()),
        ];
        host.capture(link, Kind::SessionRecorded, fields, self.text.as_bytes());
    }
}
