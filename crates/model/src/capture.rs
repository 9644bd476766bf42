//! What programs of the operator's own write, on its way from the runtime to the collector.
//!
//! The runtime, which has the rights for it, copies bytes and understands nothing of them; the collector, which has
//! no rights, reads them. Between the two lies a folder of the spools for each container:
//! `capture.json` (a [`Capture`]), `lines/` with [`Segment`]s and `taken.json` of the collector, and `ended` as soon as
//! nothing more will come. Only `lines` can be written to by the collector: whoever has rights follows nothing there.

use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, str::FromStr};

/// How the names of such folders begin.
pub const PREFIX: &str = "log.";
/// What the folder is about.
pub const ABOUT: &str = "capture.json";
/// As far as the collector has taken it; beside the segments.
pub const TAKEN: &str = "taken.json";
/// Nothing more will come.
pub const ENDED: &str = "ended";
/// Folder of the segments.
pub const LINES: &str = "lines";
/// A segment that has so many bytes is followed by another one.
pub const SEGMENT_BYTES: u64 = 1 << 20;
/// Greatest number of a segment.
const SEQUENCE_MOST: u64 = 9_999_999_999;

/// What a folder is about. It never changes: another container has another folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Name of the decky.
    pub node: String,
    /// Name of the service.
    pub service: String,
    /// Address of the decky.
    pub address: IpAddr,
    /// Writer of its lines: 16 hex digits that nobody else has.
    pub writer: String,
    /// SD-ID of its lines.
    pub sd_id: String,
    /// How the bytes are to be read.
    pub format: Format,
    /// A line with a login.
    pub credential: Option<String>,
    /// The address of a peer in a line.
    pub source: Option<String>,
}

/// How the bytes are to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As Docker's log driver `json-file` writes: a JSON object a line.
    JsonFile,
    /// Lines of a file of the container that has this path there.
    Plain(String),
}

/// A file of a folder: its number from 1, and what of which file it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// Its place in the order.
    pub sequence: u64,
    /// Inode of the file that it was copied from.
    pub inode: u64,
    /// Where it begins in that file.
    pub start: u64,
}

impl Segment {
    /// The segment that follows, of the same file or another one.
    pub fn next(self, inode: u64, start: u64) -> Segment {
        Segment { sequence: self.sequence + 1, inode, start }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:010}-{}-{}.log", self.sequence, self.inode, self.start)
    }
}

impl FromStr for Segment {
    type Err = ();
    fn from_str(name: &str) -> Result<Self, ()> {
        let mut parts = name.strip_suffix(".log").ok_or(())?.split('-');
        let mut number = || {
            let part = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).ok_or(())?;
            part.parse::<u64>().map_err(|_| ())
        };
        let segment = Segment { sequence: number()?, inode: number()?, start: number()? };
        // Numbers beyond these are nobody's: whoever reads such a name counts on from there.
        let real = segment.sequence <= SEQUENCE_MOST && i64::try_from(segment.start).is_ok();
        if real && segment.to_string() == name { Ok(segment) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_called_as_it_is_read() {
        let segment = Segment { sequence: 7, inode: 4_711, start: 0 };
        assert_eq!(segment.to_string(), "0000000007-4711-0.log");
        assert_eq!(segment.to_string().parse(), Ok(segment));
        for name in [
            "",
            "7-1-0.log",
            "0000000007-1-0",
            "0000000007-1.log",
            "0000000007-1-0-0.log",
            "0000000007-+1-0.log",
            "18446744073709551615-1-0.log",
            "0000000007-1-18446744073709551615.log",
        ] {
            assert_eq!(name.parse::<Segment>(), Err(()), "{name}");
        }
    }
}
