//! Captures of packets: reading pcap and pcapng, writing pcap.
//!
//! Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng. One buffer serves all frames of a file, which are shown
//! where they were read; no length in a file is believed beyond [`FRAME_MAX`].

mod pcap;
mod pcapng;
mod write;

pub use write::CaptureWriter;

use netsvc_wire::stamp::Micros;
use std::{
    io::{self, Read},
    ops::Range,
};

/// Longest frame that is read, in bytes: what tcpdump takes at most.
pub const FRAME_MAX: usize = 256 * 1024;
/// Bytes that are read from the file at once: more than any frame or block has.
const AHEAD: usize = 1 << 20;

/// What a frame begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Ethernet.
    Ethernet,
    /// IPv4 or IPv6 without anything before it.
    Raw,
    /// A family of four bytes in the order of the machine that captured (`DLT_NULL`), or in that of the network.
    Loopback,
    /// Linux "any", first form.
    Cooked,
    /// Linux "any", second form.
    Cooked2,
    /// Something else: its frames are passed over.
    Other(u16),
}

impl Link {
    /// By the number that captures have (LINKTYPE).
    pub(crate) fn of(number: u16) -> Link {
        match number {
            1 => Link::Ethernet,
            0 | 108 => Link::Loopback,
            12 | 14 | 101 | 228 | 229 => Link::Raw,
            113 => Link::Cooked,
            276 => Link::Cooked2,
            other => Link::Other(other),
        }
    }
}

/// A frame of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When it was captured.
    pub at: Micros,
    /// What it begins with.
    pub link: Link,
    /// Its bytes, as far as they were captured.
    pub bytes: &'a [u8],
}

/// Why a capture cannot be read, or not on.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be read.
    #[error("read the capture")]
    Read(#[from] io::Error),
    /// It is neither pcap nor pcapng.
    #[error("the file is neither pcap nor pcapng")]
    Unknown,
    /// A length in it cannot be.
    #[error("frame {number} of the capture is broken: {what}")]
    Broken {
        /// Which frame, from 1.
        number: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// A capture that is read frame by frame.
pub struct Capture<R> {
    input: Input<R>,
    form: Form,
}

enum Form {
    Pcap(pcap::Head),
    Ng(pcapng::Section),
}

/// What is read from, and what was read ahead of it.
struct Input<R> {
    from: R,
    buffer: Vec<u8>,
    /// What of the buffer was read and not taken.
    ahead: Range<usize>,
    /// What of it was taken last.
    taken: Range<usize>,
    frames: u64,
    cut: bool,
}

impl<R: Read> Capture<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// [`CaptureError`] when it is no capture.
    pub fn open(input: R) -> Result<Self, CaptureError> {
        let buffer = vec![0; AHEAD];
        let mut input = Input { from: input, buffer, ahead: 0..0, taken: 0..0, frames: 0, cut: false };
        let Some(magic) = input.array::<4>()? else { return Err(CaptureError::Unknown) };
        let form = match pcap::Head::read(magic, &mut input)? {
            Some(head) => Form::Pcap(head),
            None => Form::Ng(pcapng::Section::read(magic, &mut input)?.ok_or(CaptureError::Unknown)?),
        };
        Ok(Capture { input, form })
    }

    /// The next frame; `None` at the end.
    ///
    /// # Errors
    /// [`CaptureError`]; nothing can be read after it.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        let found = match &mut self.form {
            Form::Pcap(head) => head.next(&mut self.input)?,
            Form::Ng(section) => section.next(&mut self.input)?,
        };
        let Some((at, link, range)) = found else { return Ok(None) };
        self.input.frames += 1;
        Ok(self.input.taken().get(range).map(|bytes| Frame { at, link, bytes }))
    }

    /// Whether the file ends in the middle of a frame, as it does when whoever wrote it was killed.
    pub fn is_cut(&self) -> bool {
        self.input.cut
    }
}

impl<R: Read> Input<R> {
    /// The next `N` bytes; `None` at the end of the file.
    fn array<const N: usize>(&mut self) -> Result<Option<[u8; N]>, CaptureError> {
        let whole = self.take(N)?;
        Ok(self.taken().first_chunk().copied().filter(|_| whole))
    }

    /// Takes `length` bytes; false at the end of the file.
    fn take(&mut self, length: usize) -> Result<bool, CaptureError> {
        self.taken = 0..0;
        if self.ahead.len() < length && !self.fill(length)? {
            return Ok(false);
        }
        let end = self.ahead.start + length;
        self.taken = self.ahead.start..end;
        self.ahead.start = end;
        Ok(true)
    }

    /// What was taken last.
    fn taken(&self) -> &[u8] {
        self.buffer.get(self.taken.clone()).unwrap_or_default()
    }

    /// Reads on until `length` bytes are ahead; false at the end of the file.
    fn fill(&mut self, length: usize) -> Result<bool, CaptureError> {
        self.buffer.copy_within(self.ahead.clone(), 0);
        self.ahead = 0..self.ahead.len();
        while self.ahead.len() < length {
            let Some(room) = self.buffer.get_mut(self.ahead.end..).filter(|room| !room.is_empty()) else {
                return Err(self.broken("it is longer than frames are"));
            };
            match self.from.read(room) {
                Ok(0) => {
                    self.cut |= !self.ahead.is_empty();
                    return Ok(false);
                }
                Ok(read) => self.ahead.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    fn broken(&self, what: &'static str) -> CaptureError {
        CaptureError::Broken { number: self.frames + 1, what }
    }
}

/// Which end of a number comes first.
#[derive(Clone, Copy, Debug)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn number16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        }
    }

    fn number32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The number at `at`; 0 where there is none.
    fn at32(self, bytes: &[u8], at: usize) -> u32 {
        let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
        found.map_or(0, |bytes| self.number32(*bytes))
    }

    fn at16(self, bytes: &[u8], at: usize) -> u16 {
        let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
        found.map_or(0, |bytes| self.number16(*bytes))
    }
}

#[cfg(test)]
mod tests;
