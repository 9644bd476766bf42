//! Writing pcap, as tcpdump and all others read it.

use super::FRAME_MAX;
use netsvc_wire::stamp::Micros;
use std::io::{self, Write};

/// A capture of Ethernet frames that is written.
#[derive(Debug)]
pub struct CaptureWriter<W> {
    output: W,
}

impl<W: Write> CaptureWriter<W> {
    /// Begins one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(mut output: W) -> io::Result<Self> {
        let mut head = Vec::with_capacity(24);
        head.extend(0xa1b2_c3d4_u32.to_le_bytes());
        // Version 2.4, then zone and accuracy, which nobody uses.
        head.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        head.extend(u32::try_from(FRAME_MAX).unwrap_or(u32::MAX).to_le_bytes());
        head.extend(1_u32.to_le_bytes());
        output.write_all(&head)?;
        Ok(CaptureWriter { output })
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn frame(&mut self, at: Micros, bytes: &[u8]) -> io::Result<()> {
        let kept = bytes.get(..FRAME_MAX).unwrap_or(bytes);
        let whole = |number: i64| u32::try_from(number).unwrap_or_default();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let head =
            [whole(at.div_euclid(1_000_000)), whole(at.rem_euclid(1_000_000)), length(kept), length(bytes)];
        for number in head {
            self.output.write_all(&number.to_le_bytes())?;
        }
        self.output.write_all(kept)
    }

    /// What was written to, all of it flushed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}
