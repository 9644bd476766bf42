//! What never ends: `yes`, `/dev/zero`, loops. A line that reaches its bounds is not ended: it goes on without output
//! or with the output that it repeats, at no cost, until somebody stops it.

use super::{Flow, Shell};
use crate::event::Stream;

/// Devices that can be read for ever.
const DEVICES: [&str; 3] = ["/dev/zero", "/dev/urandom", "/dev/random"];
/// Bytes of repeated output that are looked at and repeated.
const SAMPLE: usize = 4_096;
/// Programs that write only when their input has ended.
const GATHERERS: [&str; 17] = [
    "wc",
    "tail",
    "sort",
    "tac",
    "md5sum",
    "sha1sum",
    "sha224sum",
    "sha256sum",
    "sha384sum",
    "sha512sum",
    "b2sum",
    "cksum",
    "sum",
    "shuf",
    "sh",
    "bash",
    "dash",
];

impl Shell {
    /// Whether a path is a device that can be read for ever.
    pub(crate) fn is_endless(&self, path: &str) -> bool {
        DEVICES.contains(&path)
            || self.fs.resolve(path, true).is_ok_and(|path| DEVICES.contains(&path.as_str()))
    }

    /// The running program reads something that never ends.
    pub(crate) fn meet_endless(&mut self) -> Result<(), Flow> {
        if GATHERERS.contains(&self.running.as_str()) {
            return Err(Flow::Exhausted);
        }
        self.endless |= !self.stops_early;
        Ok(())
    }

    /// Gives what follows a program that used up the steps something to run with; the line has that once.
    pub(crate) fn recover(&mut self) {
        self.endless = false;
        self.steps += std::mem::take(&mut self.reserve);
    }

    /// Remembers which program runs, and whether it can end before its input does.
    pub(super) fn begin_program(&mut self, arguments: &[String]) -> (String, bool) {
        let name = arguments.first().map_or("", |name| crate::fs::name(name)).to_owned();
        let has = |text: &str| arguments.iter().skip(1).any(|word| word.contains(text));
        let stops_early = match name.as_str() {
            "head" | "cmp" | "xxd" | "od" | "hexdump" => {
                name == "head" || has("-N") || has("-n") || has("-l")
            }
            "grep" | "egrep" | "fgrep" => has("-m") || has("-q"),
            "sed" => has("q"),
            "awk" | "mawk" => has("exit"),
            "dd" => has("count="),
            _ => false,
        };
        (std::mem::replace(&mut self.running, name), std::mem::replace(&mut self.stops_early, stops_early))
    }

    pub(super) fn end_program(&mut self, outer: (String, bool)) {
        (self.running, self.stops_early) = outer;
    }

    /// What a line that never ends goes on to write: its last output if that repeats itself.
    pub(super) fn repeated_output(&self) -> Vec<u8> {
        let Some(last) = self.output.last().filter(|last| last.stream == Stream::Out) else {
            return Vec::new();
        };
        let tail = last.bytes.get(last.bytes.len().saturating_sub(SAMPLE)..).unwrap_or(&[]);
        if tail.len() < SAMPLE {
            return Vec::new();
        }
        if tail.windows(2).all(|pair| matches!(pair, [first, second] if first == second)) {
            return tail.to_vec();
        }
        let mut lines =
            tail.split_inclusive(|byte| *byte == b'\n').skip(1).filter(|line| line.ends_with(b"\n"));
        let Some(line) = lines.next() else { return Vec::new() };
        if lines.all(|other| other == line) { line.repeat(SAMPLE / line.len().max(1)) } else { Vec::new() }
    }
}
