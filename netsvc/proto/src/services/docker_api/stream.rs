//! Output of a process on a connection: as it is from a terminal, in frames otherwise.

use super::process::Piece;
use netsvc_shell::Stream;

/// Kind of a stream of a terminal, and of frames from version 1.42 of the API on.
pub(super) const RAW: &str = "application/vnd.docker.raw-stream";
pub(super) const FRAMED: &str = "application/vnd.docker.multiplexed-stream";

/// Which output is wanted, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) out: bool,
    pub(super) errors: bool,
    pub(super) terminal: bool,
    pub(super) times: bool,
}

impl Look {
    /// `piece` as it is sent; `None`: it is not wanted.
    pub(super) fn write(self, piece: &Piece) -> Option<Vec<u8>> {
        let (wanted, number) = match piece.stream {
            Stream::Out => (self.out, 1),
            Stream::Err => (self.errors, 2),
        };
        if !wanted {
            return None;
        }
        let bytes = if self.times { timed(piece) } else { piece.bytes.clone() };
        if self.terminal {
            return Some(bytes);
        }
        let length = u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes();
        Some([&[number, 0, 0, 0][..], &length, &bytes].concat())
    }
}

/// Each line after its time.
fn timed(piece: &Piece) -> Vec<u8> {
    let stamp = super::view::stamp(piece.at);
    let lines = piece.bytes.split_inclusive(|byte| *byte == b'\n');
    lines.flat_map(|line| [stamp.as_bytes(), b" ", line].concat()).collect()
}
