//! Signing and encryption of SMB 2 and 3 ([MS-SMB2] §3.1.4).

use aes::{Aes128, Aes256};
use aes_gcm::{
    Aes128Gcm, Aes256Gcm, AesGcm, KeyInit,
    aead::{AeadInPlace, consts::U12},
};
use ccm::{
    Ccm,
    consts::{U11, U16},
};
use cmac::Cmac;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};

/// Where the signature of a message stands.
const SIGNATURE: usize = 48;
/// Bytes of the frame of an encrypted message.
pub(super) const FRAME: usize = 52;
/// How an encrypted message begins.
pub(super) const ENCRYPTED: &[u8; 4] = b"\xfdSMB";

/// How messages are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signing {
    /// HMAC-SHA256: SMB 2.
    Hmac = 0,
    /// AES-CMAC: SMB 3.
    Cmac = 1,
    /// AES-GMAC: SMB 3.1.1, where both know it.
    Gmac = 2,
}

/// How messages are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Ccm128 = 1,
    Gcm128 = 2,
    Ccm256 = 3,
    Gcm256 = 4,
}

impl Cipher {
    /// Bytes of its keys.
    fn key(self) -> usize {
        if matches!(self, Cipher::Ccm256 | Cipher::Gcm256) { 32 } else { 16 }
    }
}

/// The keys of a session.
#[derive(Clone)]
pub(super) struct Keys {
    signing: Signing,
    sign: [u8; 16],
    cipher: Cipher,
    /// Of messages to the server, and from it.
    inward: Vec<u8>,
    outward: Vec<u8>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keys").field("signing", &self.signing).finish_non_exhaustive()
    }
}

impl Keys {
    /// Those of a session of `dialect` whose key is `session`; `hash`: that of what was said, for 3.1.1.
    pub(super) fn new(
        dialect: u16,
        signing: Signing,
        cipher: Option<Cipher>,
        session: &[u8; 16],
        hash: &[u8; 64],
    ) -> Keys {
        let latest = 0x0311 <= dialect;
        let cipher = cipher.unwrap_or(Cipher::Ccm128);
        let one = |new: &[u8], old: &[u8], context: &[u8], length: usize| match latest {
            true => derive(session, new, hash, length),
            false => derive(session, old, context, length),
        };
        let mut sign = *session;
        if 0x0300 <= dialect {
            let derived = one(b"SMBSigningKey\0", b"SMB2AESCMAC\0", b"SmbSign\0", 16);
            sign = derived.try_into().unwrap_or(sign);
        }
        Keys {
            signing,
            sign,
            cipher,
            inward: one(b"SMBC2SCipherKey\0", b"SMB2AESCCM\0", b"ServerIn \0", cipher.key()),
            outward: one(b"SMBS2CCipherKey\0", b"SMB2AESCCM\0", b"ServerOut\0", cipher.key()),
        }
    }

    /// The signature of `message`, whose own place counts as zeros.
    fn signature(&self, message: &[u8]) -> Option<[u8; 16]> {
        let (head, rest) = message.split_at_checked(SIGNATURE)?;
        let (_, rest) = rest.split_at_checked(16)?;
        let parts = [head, &[0; 16], rest];
        match self.signing {
            Signing::Hmac => {
                let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.sign).ok()?;
                parts.iter().for_each(|part| mac.update(part));
                mac.finalize().into_bytes().first_chunk::<16>().copied()
            }
            Signing::Cmac => {
                let mut mac = <Cmac<Aes128> as Mac>::new_from_slice(&self.sign).ok()?;
                parts.iter().for_each(|part| mac.update(part));
                Some(mac.finalize().into_bytes().into())
            }
            Signing::Gmac => {
                let mut nonce = [0_u8; 12];
                nonce.iter_mut().zip(head.get(24..32)?).for_each(|(to, from)| *to = *from);
                let answer = head.get(16)? & 1;
                let cancel = u8::from(head.get(12..14)? == [0x0c, 0]) << 1;
                *nonce.get_mut(8)? = answer | cancel;
                let cipher = Aes128Gcm::new_from_slice(&self.sign).ok()?;
                cipher.encrypt_in_place_detached(&nonce.into(), &parts.concat(), &mut []).ok().map(Into::into)
            }
        }
    }

    /// Signs `message`.
    pub(super) fn sign(&self, message: &mut [u8]) {
        // The flag that says so is part of what is signed.
        if let Some(flags) = message.get_mut(16) {
            *flags |= 8;
        }
        if let Some(signature) = self.signature(message) {
            message.iter_mut().skip(SIGNATURE).zip(signature).for_each(|(to, from)| *to = from);
        }
    }

    /// Whether `message` is signed.
    pub(super) fn verifies(&self, message: &[u8]) -> bool {
        self.signature(message).is_some_and(|own| message.get(SIGNATURE..SIGNATURE + 16) == Some(&own[..]))
    }

    /// What an encrypted message of the peer holds.
    pub(super) fn open(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (frame, content) = message.split_at_checked(FRAME)?;
        let (tag, nonce) = (frame.get(4..20)?, frame.get(20..36)?);
        let mut content = content.to_vec();
        self.run(&self.inward, nonce, frame.get(20..)?, &mut content, Some(tag))?;
        Some(content)
    }

    /// `message` of the session, encrypted; `number` is one that was not used before.
    pub(super) fn close(&self, session: u64, number: u64, message: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0_u8; 16];
        nonce.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        let size = u32::try_from(message.len()).ok()?.to_le_bytes();
        let told = [&nonce[..], &size, &[0, 0, 1, 0], &session.to_le_bytes()].concat();
        let mut content = message.to_vec();
        let tag = self.run(&self.outward, &nonce, &told, &mut content, None)?;
        Some([&ENCRYPTED[..], &tag, &told, &content].concat())
    }

    /// Encrypts in place and gives the tag, or decrypts what has this tag.
    fn run(
        &self,
        key: &[u8],
        nonce: &[u8],
        told: &[u8],
        content: &mut [u8],
        tag: Option<&[u8]>,
    ) -> Option<[u8; 16]> {
        match self.cipher {
            Cipher::Ccm128 => aead::<Ccm<Aes128, U16, U11>>(key, nonce.get(..11)?, told, content, tag),
            Cipher::Ccm256 => aead::<Ccm<Aes256, U16, U11>>(key, nonce.get(..11)?, told, content, tag),
            Cipher::Gcm128 => aead::<AesGcm<Aes128, U12>>(key, nonce.get(..12)?, told, content, tag),
            Cipher::Gcm256 => aead::<Aes256Gcm>(key, nonce.get(..12)?, told, content, tag),
        }
    }
}

fn aead<A: AeadInPlace<TagSize = U16> + KeyInit>(
    key: &[u8],
    nonce: &[u8],
    told: &[u8],
    content: &mut [u8],
    tag: Option<&[u8]>,
) -> Option<[u8; 16]> {
    let cipher = A::new_from_slice(key).ok()?;
    match tag {
        None => cipher.encrypt_in_place_detached(nonce.into(), told, content).ok().map(Into::into),
        Some(tag) => {
            cipher.decrypt_in_place_detached(nonce.into(), told, content, tag.into()).ok()?;
            Some([0; 16])
        }
    }
}

/// The key derivation of SP 800-108 in counter mode, with HMAC-SHA256, of one block.
fn derive(key: &[u8], label: &[u8], context: &[u8], length: usize) -> Vec<u8> {
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else { return vec![0; length] };
    let bits = u32::try_from(length * 8).unwrap_or(128).to_be_bytes();
    [&[0, 0, 0, 1], label, &[0], context, &bits].iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().iter().copied().take(length).collect()
}

/// The hash of a conversation after `message`.
pub(super) fn hashed(before: &[u8; 64], message: &[u8]) -> [u8; 64] {
    let mut hash = Sha512::new();
    hash.update(before);
    hash.update(message);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_session_are_those_of_the_published_trace() {
        // Microsoft's "SMB 3.1.1 Encryption in Windows 10": session key and hash of a multichannel conversation.
        let session = hex::decode("270E1BA896585EEB7AF3472D3B4C75A7").unwrap().try_into().unwrap();
        let hash = hex::decode(
            "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB7928622DDDAD522D9751640A459762C5A9\
             D6BB084CBB3CE6BDADEF5D5BCE3C6C01",
        );
        let hash: [u8; 64] = hash.unwrap().try_into().unwrap();
        let keys = Keys::new(0x0311, Signing::Cmac, Some(Cipher::Gcm128), &session, &hash);
        assert_eq!(hex::encode_upper(keys.sign), "73FE7A9A77BEF0BDE49C650D8CCB5F76");
    }

    #[test]
    fn what_is_closed_can_be_opened_with_the_other_key_and_no_other() {
        for cipher in [Cipher::Ccm128, Cipher::Gcm128, Cipher::Ccm256, Cipher::Gcm256] {
            let mut keys = Keys::new(0x0311, Signing::Gmac, Some(cipher), &[7; 16], &[1; 64]);
            let closed = keys.close(5, 9, b"message").unwrap();
            assert_eq!(keys.open(&closed), None);
            std::mem::swap(&mut keys.inward, &mut keys.outward);
            assert_eq!(keys.open(&closed).as_deref(), Some(&b"message"[..]));
            assert_eq!(keys.open(&closed[..58]), None);
        }
    }

    #[test]
    fn a_signature_holds_for_the_message_only() {
        for signing in [Signing::Hmac, Signing::Cmac, Signing::Gmac] {
            let keys = Keys::new(0x0300, signing, None, &[7; 16], &[0; 64]);
            let mut message = vec![3; 80];
            keys.sign(&mut message);
            assert!(keys.verifies(&message), "{signing:?}");
            message[70] = 4;
            assert!(!keys.verifies(&message) && !keys.verifies(b"short"), "{signing:?}");
        }
    }
}
