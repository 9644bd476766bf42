//! From the bytes that a container's program wrote to its lines.

use netsvc_wire::stamp::{self, Micros};
use serde::Deserialize;

/// Most bytes kept of a line; what is beyond belongs to it and is left out.
const LINE_MOST: usize = 16 * 1024;
/// Entries that a line may be waited for; then it counts as ended.
const PATIENCE: u32 = 1000;

/// A line of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When, by the daemon's clock; `None`: nobody noted it.
    pub at: Option<Micros>,
    /// `stdout`, `stderr`, or the path of a file.
    pub stream: String,
    /// What, without the newline.
    pub text: Vec<u8>,
}

/// An entry of Docker's log driver `json-file`. One that is longer than 16 KiB comes in pieces, of which only the
/// last one ends with a newline.
#[derive(Deserialize)]
struct Entry {
    log: String,
    stream: String,
    time: String,
}

/// Puts lines together that came in pieces.
#[derive(Debug, Default)]
pub struct Joiner {
    parts: [Vec<u8>; STREAMS.len()],
    /// Entries since the oldest part came.
    waited: u32,
}

/// Streams of a container.
const STREAMS: [&str; 2] = ["stdout", "stderr"];

impl Joiner {
    /// Whether nothing is waited for.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Vec::is_empty)
    }

    /// Reads one entry; hands lines that are whole to `said`. Whether it was an entry at all.
    pub fn entry(&mut self, bytes: &[u8], said: &mut dyn FnMut(Said)) -> bool {
        let Ok(entry) = serde_json::from_slice::<Entry>(bytes) else { return false };
        let at = stamp::parse(&to_micros(&entry.time));
        let index = usize::from(entry.stream == "stderr");
        let (Some(part), Some(stream)) = (self.parts.get_mut(index), STREAMS.get(index)) else {
            return false;
        };
        let text = entry.log.as_bytes();
        let (text, whole) = text.strip_suffix(b"\n").map_or((text, false), |text| (text, true));
        let room = LINE_MOST.saturating_sub(part.len());
        part.extend_from_slice(text.get(..room).unwrap_or(text));
        if whole {
            said(Said { at, stream: (*stream).to_owned(), text: std::mem::take(part) });
        }
        self.waited = if self.is_empty() { 0 } else { self.waited + 1 };
        if PATIENCE <= self.waited {
            self.flush(at, said);
        }
        true
    }

    /// Nothing more comes: what is there are lines.
    pub fn flush(&mut self, at: Option<Micros>, said: &mut dyn FnMut(Said)) {
        for (part, stream) in self.parts.iter_mut().zip(STREAMS).filter(|(part, _)| !part.is_empty()) {
            said(Said { at, stream: stream.to_owned(), text: std::mem::take(part) });
        }
        self.waited = 0;
    }
}

/// A line of a file.
pub(super) fn plain(path: &str, bytes: &[u8]) -> Said {
    let text = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    Said { at: None, stream: path.to_owned(), text: text.get(..LINE_MOST).unwrap_or(text).to_vec() }
}

/// The time with at most six digits of fraction: Docker writes nine.
fn to_micros(time: &str) -> String {
    let Some((whole, rest)) = time.split_once('.') else { return time.to_owned() };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, zone) = rest.split_at(digits);
    format!("{whole}.{}{zone}", fraction.get(..6).unwrap_or(fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(joiner: &mut Joiner, entry: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let text = |said: Said| (said.stream, String::from_utf8(said.text).unwrap());
        assert!(joiner.entry(entry.as_bytes(), &mut |said| all.push(text(said))));
        all
    }

    #[test]
    fn pieces_of_a_line_are_one_line_for_each_stream() {
        let entry = |log: &str, stream: &str| {
            format!(r#"{{"log":"{log}","stream":"{stream}","time":"2026-11-30T16:00:00.123456789Z"}}"#)
        };
        let mut joiner = Joiner::default();
        assert!(lines(&mut joiner, &entry("on", "stdout")).is_empty() && !joiner.is_empty());
        assert_eq!(lines(&mut joiner, &entry("no\\n", "stderr")), [("stderr".into(), "no".into())]);
        assert_eq!(lines(&mut joiner, &entry("e\\n", "stdout")), [("stdout".into(), "one".into())]);
        assert!(joiner.is_empty());
        for _ in 1..PATIENCE {
            assert!(lines(&mut joiner, &entry("x", "stdout")).is_empty());
        }
        assert_eq!(lines(&mut joiner, &entry("x", "stdout")).len(), 1, "nobody waits for ever");
    }

    #[test]
    fn what_is_no_entry_is_refused_and_times_are_read() {
        let mut joiner = Joiner::default();
        for bytes in [&b""[..], b"{", b"[]", b"{\"log\":1}", b"\xff\xfe"] {
            assert!(!joiner.entry(bytes, &mut |_| panic!("a line of nothing")));
        }
        let at = stamp::parse(&to_micros("2026-11-30T16:00:00.123456789Z"));
        assert_eq!(at.map(stamp::format).as_deref(), Some("2026-11-30T16:00:00.123456Z"));
        assert_eq!(to_micros("2026-11-30T16:00:00Z"), "2026-11-30T16:00:00Z");
        assert_eq!(to_micros("x.y\u{e9}"), "x.y\u{e9}");
    }
}
