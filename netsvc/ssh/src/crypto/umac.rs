//! UMAC (RFC 4418) with 64- and 128-bit tags on AES-128, as `umac-64@openssh.com` and `umac-128@openssh.com`.
//!
//! The nonce is the packet's sequence number as eight big-endian bytes.

use aes::{
    Aes128,
    cipher::{BlockEncrypt, KeyInit},
};

/// Bytes that one NH key covers.
const BLOCK: usize = 1024;
const P36: u64 = (1 << 36) - 5;
const P64: u64 = u64::MAX - 58;

/// UMAC with `STREAMS` streams of 32 bits: 2 for a 64-bit tag, 4 for a 128-bit tag.
pub(crate) struct Umac<const STREAMS: usize> {
    nh_key: Vec<u32>,
    poly_keys: [u64; STREAMS],
    l3_keys: [[u64; 8]; STREAMS],
    l3_masks: [u32; STREAMS],
    pad: Aes128,
}

impl<const STREAMS: usize> Umac<STREAMS> {
    /// Derives the subkeys from a 16-byte key.
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        let cipher = Aes128::new(&(*key).into());
        let nh_bytes = derive(&cipher, 1, BLOCK + 16 * (STREAMS - 1));
        let poly = derive(&cipher, 2, 24 * STREAMS);
        let l3 = derive(&cipher, 3, 64 * STREAMS);
        let masks = derive(&cipher, 4, 4 * STREAMS);
        let pad_key = derive(&cipher, 0, 16).try_into().unwrap_or([0; 16]);
        let mut poly_keys = [0; STREAMS];
        for (key, bytes) in poly_keys.iter_mut().zip(poly.chunks_exact(24)) {
            *key = be64(bytes) & 0x01ff_ffff_01ff_ffff;
        }
        let mut l3_keys = [[0; 8]; STREAMS];
        for (keys, bytes) in l3_keys.iter_mut().zip(l3.chunks_exact(64)) {
            for (key, bytes) in keys.iter_mut().zip(bytes.chunks_exact(8)) {
                *key = be64(bytes) % P36;
            }
        }
        let mut l3_masks = [0; STREAMS];
        for (mask, bytes) in l3_masks.iter_mut().zip(masks.chunks_exact(4)) {
            *mask = be32(bytes);
        }
        Umac {
            nh_key: nh_bytes.chunks_exact(4).map(be32).collect(),
            poly_keys,
            l3_keys,
            l3_masks,
            pad: Aes128::new(&<[u8; 16]>::into(pad_key)),
        }
    }

    /// The tag of `message`, 4 bytes a stream.
    pub(crate) fn tag(&self, nonce: u64, message: &[u8]) -> Vec<u8> {
        let pad = self.pad_bytes(nonce);
        let mut tag = Vec::with_capacity(4 * STREAMS);
        for (stream, pad) in (0..STREAMS).zip(pad.chunks_exact(4)) {
            let hashed = self.hash(stream, message);
            tag.extend_from_slice(&(hashed ^ be32(pad)).to_be_bytes());
        }
        tag
    }

    /// RFC 4418 §3.3: an AES block serves two 64-bit tags, so the low bit of the nonce picks a half.
    fn pad_bytes(&self, nonce: u64) -> Vec<u8> {
        let size = 4 * STREAMS;
        let index = if size == 16 { 0 } else { nonce & 1 };
        let mut block = [0; 16];
        let (head, _) = block.split_at_mut(8);
        head.copy_from_slice(&(nonce ^ index).to_be_bytes());
        let mut block = block.into();
        self.pad.encrypt_block(&mut block);
        let start = if index == 0 { 0 } else { size };
        block.iter().copied().skip(start).take(size).collect()
    }

    fn hash(&self, stream: usize, message: &[u8]) -> u32 {
        let key = self.nh_key.get(4 * stream..).unwrap_or_default();
        let poly_key = self.poly_keys.get(stream).copied().unwrap_or_default();
        let chunks = message.len().div_ceil(BLOCK).max(1);
        let mut sum: u128 = 0;
        if chunks == 1 {
            sum = u128::from(nh(key, message));
        } else {
            let mut state = 1u64;
            for chunk in message.chunks(BLOCK) {
                state = poly_step(state, poly_key, nh(key, chunk));
            }
            sum |= u128::from(state);
        }
        let keys = self.l3_keys.get(stream).copied().unwrap_or_default();
        let mask = self.l3_masks.get(stream).copied().unwrap_or_default();
        layer_three(&keys, sum) ^ mask
    }
}

/// RFC 4418 §5.2.2: the NH hash of a chunk padded to 32 bytes, plus its length in bits.
fn nh(key: &[u32], chunk: &[u8]) -> u64 {
    let padded = chunk.len().div_ceil(32).max(1) * 32;
    let mut sum = 0u64;
    for (part, key) in (0..padded / 32).zip(key.chunks_exact(8)) {
        let mut bytes = [0u8; 32];
        let rest = chunk.get(part * 32..).unwrap_or_default();
        for (to, from) in bytes.iter_mut().zip(rest) {
            *to = *from;
        }
        let mut words = [0u32; 8];
        for ((word, bytes), key) in words.iter_mut().zip(bytes.chunks_exact(4)).zip(key) {
            *word = u32::from_le_bytes(bytes.try_into().unwrap_or_default()).wrapping_add(*key);
        }
        let [a0, a1, a2, a3, b0, b1, b2, b3] = words.map(u64::from);
        for (a, b) in [(a0, b0), (a1, b1), (a2, b2), (a3, b3)] {
            sum = sum.wrapping_add(a.wrapping_mul(b));
        }
    }
    sum.wrapping_add(8 * chunk.len() as u64)
}

/// RFC 4418 §5.3.2 with a 64-bit prime. Packets are far below the 2^17 bytes × 128 where the second prime begins.
fn poly_step(state: u64, key: u64, word: u64) -> u64 {
    let times = |state: u64, word: u64| -> u64 {
        let product = u128::from(key) * u128::from(state) + u128::from(word);
        u64::try_from(product % u128::from(P64)).unwrap_or_default()
    };
    if word >= u64::MAX - 0xffff_ffff {
        let marked = times(state, P64 - 1);
        times(marked, word.wrapping_sub(59))
    } else {
        times(state, word)
    }
}

/// RFC 4418 §5.4: to 32 bits.
fn layer_three(keys: &[u64; 8], sum: u128) -> u32 {
    let mut total = 0u64;
    for (key, word) in keys.iter().zip(sum.to_be_bytes().chunks_exact(2)) {
        let word = u16::from_be_bytes(word.try_into().unwrap_or_default());
        total = total.wrapping_add(u64::from(word) * key);
    }
    u32::try_from((total % P36) & 0xffff_ffff).unwrap_or_default()
}

/// The KDF of RFC 4418 §3.2.1.
fn derive(cipher: &Aes128, index: u8, bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + 16);
    let mut counter = 1u64;
    while out.len() < bytes {
        let mut block = [0u8; 16];
        let (head, tail) = block.split_at_mut(8);
        if let Some(last) = head.last_mut() {
            *last = index;
        }
        tail.copy_from_slice(&counter.to_be_bytes());
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        out.extend_from_slice(&block);
        counter += 1;
    }
    out.truncate(bytes);
    out
}

fn be32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)).unwrap_or_default()
}

fn be64(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &[u8], tag64: &str, tag128: &str) {
        let nonce = u64::from_be_bytes(*b"bcdefghi");
        assert_eq!(hex::encode_upper(Umac::<2>::new(b"abcdefghijklmnop").tag(nonce, message)), tag64);
        if !tag128.is_empty() {
            assert_eq!(hex::encode_upper(Umac::<4>::new(b"abcdefghijklmnop").tag(nonce, message)), tag128);
        }
    }

    /// RFC 4418, appendix, with the errata's 128-bit tags left to the client runs.
    #[test]
    fn tags_are_those_of_rfc_4418() {
        check(b"", "6E155FAD26900BE1", "");
        check(b"aaa", "44B5CB542F220104", "");
        check(&[b'a'; 1 << 10], "26BF2F5D60118BD9", "");
        check(&[b'a'; 1 << 15], "27F8EF643B0D118D", "");
        check(b"abc", "D4D7B9F6BD4FBFCF", "");
        check(&b"abc".repeat(500), "D4CF26DDEFD5C01A", "");
    }
}
