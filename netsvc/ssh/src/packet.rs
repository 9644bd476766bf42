//! The binary packet protocol (RFC 4253 §6): payloads to sealed packets and back, without any reading or writing.

use crate::crypto::{
    cipher::{Cipher, CipherKind, chacha_length, chacha_open, chacha_seal},
    compression::{Packer, Unpacker},
    mac::Mac,
    random,
};

/// Longest packet that is taken, as in OpenSSH.
pub(crate) const PACKET_MAX: usize = 256 * 1024;

/// Protection of one direction from one NEWKEYS to the next.
pub(crate) struct Keys {
    /// The cipher and its kind.
    pub(crate) cipher: (CipherKind, Cipher),
    /// The code; `None` beside a cipher that authenticates.
    pub(crate) mac: Option<Mac>,
}

/// Why a packet could not be opened, and what OpenSSH does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The connection goes without a word.
    Silently,
    /// A disconnect message with this text.
    WithText(String),
    /// So many more bytes are read before the connection goes.
    AfterReading(usize),
}

/// Seals outgoing payloads.
#[derive(Default)]
pub(crate) struct Sealer {
    keys: Option<Keys>,
    packer: Option<Packer>,
    sequence: u32,
    /// Packets and blocks since the last keys.
    pub(crate) used: Used,
}

/// Opens incoming packets.
#[derive(Default)]
pub(crate) struct Opener {
    keys: Option<Keys>,
    unpacker: Option<Unpacker>,
    sequence: u32,
    /// Length of the packet at the front of the input once it is known.
    length: Option<usize>,
    /// Packets and blocks since the last keys.
    pub(crate) used: Used,
}

/// How much was done under one set of keys.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    packets: u64,
    bytes: u64,
    block: u64,
}

impl Used {
    /// Whether OpenSSH would ask for new keys: 2^31 packets, or 2^(2·block) blocks, or 1 GiB under short blocks;
    /// `limit` bytes besides (`RekeyLimit`).
    pub(crate) fn up(self, limit: Option<u64>) -> bool {
        let blocks = self.bytes / self.block.max(8);
        let most =
            if self.block < 16 { (1 << 30) / self.block.max(8) } else { 1 << (self.block * 2).min(63) };
        (1 << 31) <= self.packets || most <= blocks || limit.is_some_and(|limit| limit <= self.bytes)
    }

    fn count(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }
}

impl Sealer {
    /// Puts new keys in force; `reset` starts the numbers again (strict key exchange).
    pub(crate) fn rekey(&mut self, keys: Keys, reset: bool) {
        self.used = Used { block: keys.cipher.0.block as u64, ..Used::default() };
        self.keys = Some(keys);
        if reset {
            self.sequence = 0;
        }
    }

    /// Starts a fresh compression, or none.
    pub(crate) fn compress(&mut self, on: bool) {
        self.packer = on.then(Packer::new);
    }

    /// Seals `payload` and appends the packet to `out`. `None`: the keys are unusable, which does not happen.
    pub(crate) fn seal(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let packed = match &mut self.packer {
            Some(packer) => Some(packer.pack(payload)?),
            None => None,
        };
        let payload = packed.as_deref().unwrap_or(payload);
        let clear_length = self.keys.as_ref().is_some_and(Keys::clear_length);
        let block = self.keys.as_ref().map_or(8, |keys| keys.cipher.0.block.max(8));
        let body = 1 + payload.len();
        let covered = if clear_length { body } else { body + 4 };
        let mut padding = block - covered % block;
        if padding < 4 {
            padding += block;
        }
        let start = out.len();
        let length = u32::try_from(body + padding).ok()?.to_be_bytes();
        out.extend_from_slice(&length);
        out.push(u8::try_from(padding).ok()?);
        out.extend_from_slice(payload);
        let padding_start = out.len();
        out.resize(padding_start + padding, 0);
        let sequence = self.sequence;
        if let Some(keys) = &mut self.keys {
            random(out.get_mut(padding_start..)?);
            keys.seal(sequence, length, out, start)?;
        }
        self.used.count(body + padding);
        self.sequence = self.sequence.wrapping_add(1);
        Some(())
    }
}

impl Keys {
    fn clear_length(&self) -> bool {
        0 < self.cipher.0.tag || self.mac.as_ref().is_some_and(|mac| mac.kind.after_encryption)
    }

    fn seal(&mut self, sequence: u32, length: [u8; 4], out: &mut Vec<u8>, start: usize) -> Option<()> {
        let packet = out.get_mut(start..)?;
        let tag = match &mut self.cipher.1 {
            Cipher::ChaCha(keys) => {
                let (body_key, length_key) = keys.as_ref();
                *packet.first_chunk_mut()? = chacha_length(length_key, sequence, length);
                chacha_seal(body_key, sequence, packet).to_vec()
            }
            Cipher::Gcm(gcm) => gcm.seal(length, packet.get_mut(4..)?)?.to_vec(),
            Cipher::Bulk(bulk) => match self.mac.as_ref()? {
                mac if mac.kind.after_encryption => {
                    bulk.encrypt(packet.get_mut(4..)?);
                    mac.tag(sequence, packet)
                }
                mac => {
                    let tag = mac.tag(sequence, packet);
                    bulk.encrypt(packet);
                    tag
                }
            },
        };
        out.extend_from_slice(&tag);
        Some(())
    }

    fn tag_length(&self) -> usize {
        self.mac.as_ref().map_or(self.cipher.0.tag, |mac| mac.kind.tag)
    }
}

impl Opener {
    /// Puts new keys in force; `reset` starts the numbers again (strict key exchange).
    pub(crate) fn rekey(&mut self, keys: Keys, reset: bool) {
        self.used = Used { block: keys.cipher.0.block as u64, ..Used::default() };
        self.keys = Some(keys);
        if reset {
            self.sequence = 0;
        }
    }

    /// Starts a fresh decompression, or none.
    pub(crate) fn compress(&mut self, on: bool) {
        self.unpacker = on.then(Unpacker::new);
    }

    /// Number that the next packet will have.
    pub(crate) fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Takes the packet at the front of `input` when it is complete and gives its payload.
    pub(crate) fn open(&mut self, input: &mut Vec<u8>) -> Result<Option<Vec<u8>>, Broken> {
        let Some(length) = self.read_length(input)? else { return Ok(None) };
        let tag = self.keys.as_ref().map_or(0, Keys::tag_length);
        let Some(total) = (length + 4).checked_add(tag) else { return Err(Broken::Silently) };
        if input.len() < total {
            return Ok(None);
        }
        let rest = input.split_off(total);
        let mut packet = std::mem::replace(input, rest);
        let tag = packet.split_off(length + 4);
        if let Some(keys) = &mut self.keys {
            keys.open(self.sequence, &mut packet, &tag, length)?;
        }
        self.length = None;
        self.used.count(length);
        self.sequence = self.sequence.wrapping_add(1);
        self.payload(packet).map(Some)
    }

    /// The length field, once enough is there to know it, checked as OpenSSH checks it.
    fn read_length(&mut self, input: &mut [u8]) -> Result<Option<usize>, Broken> {
        if let Some(length) = self.length {
            return Ok(Some(length));
        }
        let block = self.keys.as_ref().map_or(8, |keys| keys.cipher.0.block.max(8));
        let clear_length = self.keys.as_ref().is_some_and(Keys::clear_length);
        let needed = if clear_length { 4 } else { block };
        let Some(head) = input.get_mut(..needed) else { return Ok(None) };
        let sequence = self.sequence;
        if let (false, Some(Keys { cipher: (_, Cipher::Bulk(bulk)), .. })) = (clear_length, &mut self.keys) {
            bulk.decrypt(head);
        }
        let mut length = head.first_chunk().copied().unwrap_or_default();
        if let Some(Keys { cipher: (_, Cipher::ChaCha(keys)), .. }) = &self.keys {
            length = chacha_length(&keys.1, sequence, length);
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        let covered = if clear_length { length } else { length.wrapping_add(4).wrapping_sub(block) };
        if !(5..=PACKET_MAX).contains(&length) {
            return Err(self.discard(PACKET_MAX, clear_length));
        }
        if covered % block != 0 {
            return Err(self.discard(PACKET_MAX - block, clear_length));
        }
        self.length = Some(length);
        Ok(Some(length))
    }

    fn discard(&self, bytes: usize, clear_length: bool) -> Broken {
        match &self.keys {
            Some(keys) if keys.cipher.0.is_cbc() && !clear_length => Broken::AfterReading(bytes),
            _ => Broken::Silently,
        }
    }

    fn payload(&mut self, mut packet: Vec<u8>) -> Result<Vec<u8>, Broken> {
        let padding = packet.get(4).copied().map_or(0, usize::from);
        if padding < 4 {
            return Err(Broken::WithText(format!("Corrupted padlen {padding} on input.")));
        }
        let Some(end) = packet.len().checked_sub(padding).filter(|end| 5 <= *end) else {
            return Err(Broken::Silently);
        };
        packet.truncate(end);
        let payload = packet.split_off(5);
        match &mut self.unpacker {
            Some(unpacker) => unpacker.unpack(&payload).ok_or(Broken::Silently),
            None => Ok(payload),
        }
    }
}

impl Keys {
    fn open(&mut self, sequence: u32, packet: &mut [u8], tag: &[u8], length: usize) -> Result<(), Broken> {
        let broken = Broken::Silently;
        let block = self.cipher.0.block;
        match &mut self.cipher.1 {
            Cipher::ChaCha(keys) => chacha_open(&keys.0, sequence, packet, tag).then_some(()).ok_or(broken),
            Cipher::Gcm(gcm) => {
                let (clear, body) = packet.split_first_chunk_mut::<4>().ok_or(broken.clone())?;
                let tag = tag.try_into().map_err(|_| broken.clone())?;
                gcm.open(*clear, body, tag).then_some(()).ok_or(broken)
            }
            Cipher::Bulk(bulk) => match &self.mac {
                Some(mac) if mac.kind.after_encryption => {
                    if !mac.verify(sequence, packet, tag) {
                        return Err(broken);
                    }
                    bulk.decrypt(packet.get_mut(4..).unwrap_or_default());
                    Ok(())
                }
                Some(mac) => {
                    bulk.decrypt(packet.get_mut(block..).unwrap_or_default());
                    match (mac.verify(sequence, packet, tag), self.cipher.0.is_cbc()) {
                        (true, _) => Ok(()),
                        (false, true) => Err(Broken::AfterReading(PACKET_MAX.saturating_sub(length))),
                        (false, false) => Err(broken),
                    }
                }
                None => Err(broken),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::mac::MacKind;
    use proptest::prelude::*;

    fn keys(cipher: &str, mac: Option<&str>) -> Keys {
        let kind = CipherKind::named(cipher).unwrap();
        let mac = mac.map(|name| {
            let kind = MacKind::named(name).unwrap();
            Mac::new(kind, &vec![5; kind.key]).unwrap()
        });
        Keys { cipher: (kind, Cipher::new(kind, &vec![3; kind.key], &vec![4; kind.iv]).unwrap()), mac }
    }

    fn check(cipher: &str, mac: Option<&str>) {
        let (mut sealer, mut opener) = (Sealer::default(), Opener::default());
        sealer.rekey(keys(cipher, mac), false);
        opener.rekey(keys(cipher, mac), false);
        let mut wire = Vec::new();
        for size in [1, 2, 11, 12, 13, 300, 5000] {
            let payload = vec![9; size];
            sealer.seal(&payload, &mut wire).unwrap();
            let last = wire.pop().unwrap();
            assert_eq!(opener.open(&mut wire).unwrap(), None, "{cipher} {mac:?}");
            wire.push(last);
            assert_eq!(opener.open(&mut wire).unwrap().unwrap(), payload, "{cipher} {mac:?}");
            assert!(wire.is_empty());
        }
        sealer.seal(&[1; 40], &mut wire).unwrap();
        *wire.last_mut().unwrap() ^= 1;
        assert!(opener.open(&mut wire).is_err());
    }

    #[test]
    fn what_is_sealed_opens_under_every_cipher_and_code() {
        check("chacha20-poly1305@openssh.com", None);
        check("aes128-gcm@openssh.com", None);
        check("aes256-gcm@openssh.com", None);
        for cipher in
            ["aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc", "aes256-cbc", "3des-cbc", "blowfish-cbc"]
        {
            for mac in [
                "hmac-sha1",
                "hmac-sha2-256-etm@openssh.com",
                "umac-64@openssh.com",
                "umac-128-etm@openssh.com",
            ] {
                check(cipher, Some(mac));
            }
        }
    }

    #[test]
    fn a_length_out_of_bounds_ends_the_connection_silently() {
        for length in [0, 4, 0x4_0001, u32::MAX] {
            let mut input = length.to_be_bytes().to_vec();
            input.extend_from_slice(&[0; 12]);
            assert_eq!(Opener::default().open(&mut input), Err(Broken::Silently));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_open_or_break(bytes in proptest::collection::vec(any::<u8>(), 0..200), which in 0..4) {
            let mut opener = Opener::default();
            match which {
                0 => {}
                1 => opener.rekey(keys("chacha20-poly1305@openssh.com", None), true),
                2 => opener.rekey(keys("aes128-ctr", Some("umac-64@openssh.com")), true),
                _ => opener.rekey(keys("3des-cbc", Some("hmac-sha1")), true),
            }
            let mut input = bytes;
            while let Ok(Some(_)) = opener.open(&mut input) {}
        }
    }
}
