//! zlib of the packet layer (RFC 4253 §6.2, delayed as `zlib@openssh.com`), bounded both ways.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Most bytes that one packet may unpack to, as in OpenSSH.
const UNPACKED_MAX: usize = 256 * 1024;
/// Bytes unpacked at a time.
const STEP: usize = 16 * 1024;

/// Packs payloads; the window runs on from packet to packet.
pub(crate) struct Packer(Compress);

impl Packer {
    /// A fresh stream at level 6.
    pub(crate) fn new() -> Self {
        Packer(Compress::new(Compression::new(6), true))
    }

    /// Packs a payload and flushes; `None` when the stream is broken.
    pub(crate) fn pack(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(payload.len() / 2 + 64);
        let mut rest = payload;
        loop {
            let before = self.0.total_in();
            if out.capacity() - out.len() < 64 {
                out.reserve(STEP);
            }
            self.0.compress_vec(rest, &mut out, FlushCompress::Partial).ok()?;
            let used = usize::try_from(self.0.total_in() - before).ok()?;
            rest = rest.get(used..)?;
            if rest.is_empty() && out.len() < out.capacity() {
                return Some(out);
            }
        }
    }
}

/// Unpacks payloads.
pub(crate) struct Unpacker(Decompress);

impl Unpacker {
    /// A fresh stream.
    pub(crate) fn new() -> Self {
        Unpacker(Decompress::new(true))
    }

    /// Unpacks a payload; `None` when the stream is broken or the payload too long.
    pub(crate) fn unpack(&mut self, packed: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(packed.len() + 64);
        let mut rest = packed;
        loop {
            let before = self.0.total_in();
            let length = out.len();
            if out.capacity() == length {
                out.reserve(STEP);
            }
            let status = self.0.decompress_vec(rest, &mut out, FlushDecompress::Sync).ok()?;
            let used = usize::try_from(self.0.total_in() - before).ok()?;
            rest = rest.get(used..)?;
            let full = out.len() == out.capacity();
            let stuck = used == 0 && out.len() == length;
            if UNPACKED_MAX < out.len() || status == Status::StreamEnd || (stuck && !rest.is_empty() && !full) {
                return None;
            }
            if rest.is_empty() && !full {
                return Some(out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_survive_packing() {
        let (mut packer, mut unpacker) = (Packer::new(), Unpacker::new());
        for payload in [vec![], b"hello".to_vec(), vec![7; 100_000], (0..=255).cycle().take(70_000).collect()] {
            let packed = packer.pack(&payload).unwrap();
            assert_eq!(unpacker.unpack(&packed).unwrap(), payload);
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let packed = Packer::new().pack(&vec![0; 2 << 20]).unwrap();
        assert!(Unpacker::new().unpack(&packed).is_none());
    }
}
