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
            if UNPACKED_MAX < out.len() || status == Status::StreamEnd {
                return None;
            }
            // The decoder may hold output back at the seam of its window: it is done when it stands still.
            if used == 0 && out.len() == length && length < out.capacity() {
                return rest.is_empty().then_some(out);
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
        for payload in [vec![], b"hello".to_vec(), vec![7; 100_000], (0..=255).cycle().take(70_000).collect()]
        {
            let packed = packer.pack(&payload).unwrap();
            assert_eq!(unpacker.unpack(&packed).unwrap(), payload);
        }
    }

    /// What zlib writes for these payloads with `Z_PARTIAL_FLUSH`, as OpenSSH's clients do.
    #[test]
    fn partial_flushes_of_zlib_unpack() {
        let mut unpacker = Unpacker::new();
        for (packed, payload) in [
            ("789c0a08c00e0002", vec![b'P'; 24]),
            ("28233527275fa13cbf28274501cc0608", b"hello world hello".to_vec()),
            ("c01e1c13000000200cb27feac5f00106000000dc25", vec![0; 4000]),
            ("8092a0344b6a456a322340", b"b\0\0\0\0\0\0\0\x04exec\x01".to_vec()),
        ] {
            assert_eq!(unpacker.unpack(&hex::decode(packed).unwrap()), Some(payload));
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let packed = Packer::new().pack(&vec![0; 2 << 20]).unwrap();
        assert!(Unpacker::new().unpack(&packed).is_none());
    }
}
