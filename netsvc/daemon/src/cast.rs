//! Recordings of terminals as asciicast v2.
//!
//! Source: <https://docs.asciinema.org/manual/asciicast/v2/>.

use netsvc_kit::{Host, Link};
use netsvc_wire::{Kind, field};
use serde_json::json;
use std::time::Instant;

/// Longest recording; what comes after is left out.
const LONGEST: usize = 8 << 20;

/// Size of a terminal that says it has none, as players fall back to.
const USUAL: (u32, u32) = (80, 24);
/// Most columns or rows that a recording claims; players draw a terminal of what is said here.
const WIDEST: u32 = 1000;

/// A recording that is being made.
#[derive(Debug)]
pub struct Cast {
    begun: Instant,
    text: String,
    full: bool,
    typed: Characters,
    seen: Characters,
}

/// Bytes of one stream on their way to becoming text: those of an unfinished character wait.
#[derive(Debug, Default)]
struct Characters {
    unfinished: Vec<u8>,
}

impl Cast {
    /// A recording of a terminal of this size that begins at `now` (µs since the epoch).
    pub fn begin(columns: u32, rows: u32, terminal: &str, now: i64) -> Self {
        let size = |told: u32, usual: u32| if told == 0 { usual } else { told.min(WIDEST) };
        let head = json!({
            "version": 2, "width": size(columns, USUAL.0), "height": size(rows, USUAL.1),
            "timestamp": now / 1_000_000, "env": { "TERM": terminal },
        });
        Cast {
            begun: Instant::now(),
            text: format!("{head}\n"),
            full: false,
            typed: Characters::default(),
            seen: Characters::default(),
        }
    }

    /// Bytes that the peer typed.
    pub fn input(&mut self, bytes: &[u8]) {
        let text = self.typed.take(bytes);
        self.add("i", &text);
    }

    /// Bytes that the peer saw.
    pub fn output(&mut self, bytes: &[u8]) {
        let text = self.seen.take(bytes);
        self.add("o", &text);
    }

    fn add(&mut self, stream: &str, text: &str) {
        if text.is_empty() || self.full {
            return;
        }
        let at = self.begun.elapsed().as_secs_f64();
        let line = json!([(at * 1e6).round() / 1e6, stream, text]);
        self.text.push_str(&format!("{line}\n"));
        self.full = LONGEST < self.text.len();
    }

    /// Stores the recording.
    pub fn store(mut self, host: &Host, link: &Link) {
        self.finish();
        let fields = vec![
            (field::FORMAT, b"asciicast".to_vec()),
            (field::ORIGIN, b"recording".to_vec()),
            (field::DURATION_MS, self.begun.elapsed().as_millis().to_string().into_bytes()),
        ];
        host.capture(link, Kind::SessionRecorded, fields, self.text.as_bytes());
    }
    /// Writes what still waits for the rest of its character.
    fn finish(&mut self) {
        let (typed, seen) = (self.typed.rest(), self.seen.rest());
        self.add("i", &typed);
        self.add("o", &seen);
    }
}

impl Characters {
    /// The text of what waited and `bytes`, but for an unfinished character at its end. What is no UTF-8 becomes
    /// U+FFFD.
    fn take(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.unfinished);
        all.extend_from_slice(bytes);
        // A character has at most four bytes, so an unfinished one at most three.
        let tail = all.len().saturating_sub(3);
        let unfinished = (tail..all.len()).find(|&at| {
            let rest = std::str::from_utf8(all.get(at..).unwrap_or_default());
            rest.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        });
        if let Some(at) = unfinished {
            self.unfinished = all.split_off(at);
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    fn rest(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.unfinished)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn lines(mut cast: Cast) -> Vec<Value> {
        cast.finish();
        cast.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn shown(cast: Cast, stream: &str) -> Vec<String> {
        let of_stream = |line: &Value| {
            (line.get(1)? == stream).then(|| line.get(2).and_then(Value::as_str).map(str::to_owned))?
        };
        lines(cast).iter().skip(1).filter_map(of_stream).collect()
    }

    #[test]
    fn an_unfinished_character_waits_for_the_next_event_of_its_stream() {
        let mut cast = Cast::begin(80, 24, "xterm", 0);
        cast.output(b"a\xe5");
        cast.input(b"x\xf0\x9f");
        cast.output(b"\x9c\x8d\r\n");
        cast.input(b"\x98\x80");
        cast.output(b"\xe5z\xff");
        cast.output(b"end\xc3");
        let (mut other, bytes) = (Cast::begin(80, 24, "", 0), b"x\xf0\x9f\x98\x80");
        other.input(bytes);
        assert_eq!(shown(other, "i").concat(), "x\u{1f600}");
        assert_eq!(shown(cast, "o"), ["a", "\u{570d}\r\n", "\u{fffd}z\u{fffd}", "end", "\u{fffd}"]);
    }

    #[test]
    fn a_terminal_without_a_size_or_with_an_absurd_one_is_given_one() {
        for (told, written) in [
            ((0, 0), (80, 24)),
            ((0, 50), (80, 50)),
            ((132, 0), (132, 24)),
            ((u32::MAX, 65_535), (1000, 1000)),
            ((132, 43), (132, 43)),
        ] {
            let head = lines(Cast::begin(told.0, told.1, "xterm", 0)).swap_remove(0);
            assert_eq!(
                (head.get("width"), head.get("height")),
                (Some(&json!(written.0)), Some(&json!(written.1)))
            );
        }
    }

    proptest! {
        #[test]
        fn how_a_stream_is_cut_changes_no_character(text: String, junk: Vec<u8>, cuts: [usize; 3]) {
            let bytes = [text.as_bytes(), &junk].concat();
            let mut cuts = cuts.map(|cut| cut % (bytes.len() + 1));
            cuts.sort_unstable();
            let mut characters = Characters::default();
            let [a, b, c] = cuts;
            let mut whole = String::new();
            for piece in [&bytes[..a], &bytes[a..b], &bytes[b..c], &bytes[c..]] {
                whole.push_str(&characters.take(piece));
            }
            whole.push_str(&characters.rest());
            prop_assert_eq!(whole, String::from_utf8_lossy(&bytes));
        }
    }
}
