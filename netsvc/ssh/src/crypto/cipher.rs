//! Ciphers by their SSH names.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{
        Block, BlockCipher, BlockDecrypt, BlockEncrypt, BlockSizeUser, KeyInit, KeyIvInit, StreamCipher,
    },
};
use aes_gcm::{AeadInPlace, Aes128Gcm, Aes256Gcm, aead::generic_array::GenericArray};
use blowfish::Blowfish;
use cast5::Cast5;
use chacha20::ChaCha20Legacy;
use ctr::Ctr128BE;
use des::TdesEde3;
use poly1305::Poly1305;
use subtle::ConstantTimeEq;

/// A cipher that can be negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CipherKind {
    /// Bytes of key.
    pub(crate) key: usize,
    /// Bytes of initial vector.
    pub(crate) iv: usize,
    /// Bytes of block; padding goes by it.
    pub(crate) block: usize,
    /// Bytes of tag of a cipher that authenticates, otherwise 0.
    pub(crate) tag: usize,
    algorithm: Algorithm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    ChaCha20Poly1305,
    AesCtr,
    AesGcm,
    AesCbc,
    TripleDesCbc,
    BlowfishCbc,
    CastCbc,
}

impl CipherKind {
    /// The cipher called `name`.
    pub(crate) fn named(name: &str) -> Option<CipherKind> {
        use Algorithm::{AesCbc, AesCtr, AesGcm, BlowfishCbc, CastCbc, ChaCha20Poly1305, TripleDesCbc};
        let (algorithm, key, iv, block, tag) = match name {
            "chacha20-poly1305@openssh.com" => (ChaCha20Poly1305, 64, 0, 8, 16),
            "aes128-ctr" => (AesCtr, 16, 16, 16, 0),
            "aes192-ctr" => (AesCtr, 24, 16, 16, 0),
            "aes256-ctr" => (AesCtr, 32, 16, 16, 0),
            "aes128-gcm@openssh.com" => (AesGcm, 16, 12, 16, 16),
            "aes256-gcm@openssh.com" => (AesGcm, 32, 12, 16, 16),
            "aes128-cbc" => (AesCbc, 16, 16, 16, 0),
            "aes192-cbc" => (AesCbc, 24, 16, 16, 0),
            "aes256-cbc" => (AesCbc, 32, 16, 16, 0),
            "3des-cbc" => (TripleDesCbc, 24, 8, 8, 0),
            "blowfish-cbc" => (BlowfishCbc, 16, 8, 8, 0),
            "cast128-cbc" => (CastCbc, 16, 8, 8, 0),
            _ => return None,
        };
        Some(CipherKind { key, iv, block, tag, algorithm })
    }

    /// Whether a broken packet is read to its end before the connection goes (RFC 4253 says why CBC needs it).
    pub(crate) fn is_cbc(self) -> bool {
        matches!(
            self.algorithm,
            Algorithm::AesCbc | Algorithm::TripleDesCbc | Algorithm::BlowfishCbc | Algorithm::CastCbc
        )
    }
}

/// A cipher with key and state, for one direction.
pub(crate) enum Cipher {
    /// Encrypts block by block or byte by byte; needs a MAC beside it.
    Bulk(Box<dyn Bulk>),
    /// AES-GCM.
    Gcm(Box<Gcm>),
    /// ChaCha20-Poly1305 of OpenSSH: keys of the body and of the length.
    ChaCha(Box<([u8; 32], [u8; 32])>),
}

/// Encryption whose state runs on from packet to packet.
pub(crate) trait Bulk: Send + Sync {
    /// Encrypts whole blocks in place.
    fn encrypt(&mut self, bytes: &mut [u8]);
    /// Decrypts whole blocks in place.
    fn decrypt(&mut self, bytes: &mut [u8]);
}

/// AES-GCM with the counter of RFC 5647.
pub(crate) struct Gcm {
    key: GcmKey,
    nonce: [u8; 12],
}

enum GcmKey {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl Cipher {
    /// Keys a cipher; `None` when key or vector has the wrong length.
    pub(crate) fn new(kind: CipherKind, key: &[u8], iv: &[u8]) -> Option<Cipher> {
        Some(match (kind.algorithm, kind.key) {
            (Algorithm::ChaCha20Poly1305, _) => {
                let (body, length) = key.split_at_checked(32)?;
                Cipher::ChaCha(Box::new((body.try_into().ok()?, length.try_into().ok()?)))
            }
            (Algorithm::AesGcm, 16) => {
                Cipher::gcm(GcmKey::Aes128(Box::new(Aes128Gcm::new_from_slice(key).ok()?)), iv)?
            }
            (Algorithm::AesGcm, _) => {
                Cipher::gcm(GcmKey::Aes256(Box::new(Aes256Gcm::new_from_slice(key).ok()?)), iv)?
            }
            (Algorithm::AesCtr, 16) => Cipher::stream::<Ctr128BE<Aes128>>(key, iv)?,
            (Algorithm::AesCtr, 24) => Cipher::stream::<Ctr128BE<Aes192>>(key, iv)?,
            (Algorithm::AesCtr, _) => Cipher::stream::<Ctr128BE<Aes256>>(key, iv)?,
            (Algorithm::AesCbc, 16) => Cipher::chained::<Aes128>(key, iv)?,
            (Algorithm::AesCbc, 24) => Cipher::chained::<Aes192>(key, iv)?,
            (Algorithm::AesCbc, _) => Cipher::chained::<Aes256>(key, iv)?,
            (Algorithm::TripleDesCbc, _) => Cipher::chained::<TdesEde3>(key, iv)?,
            (Algorithm::BlowfishCbc, _) => Cipher::chained::<Blowfish>(key, iv)?,
            (Algorithm::CastCbc, _) => Cipher::chained::<Cast5>(key, iv)?,
        })
    }

    fn gcm(key: GcmKey, iv: &[u8]) -> Option<Cipher> {
        Some(Cipher::Gcm(Box::new(Gcm { key, nonce: iv.try_into().ok()? })))
    }

    fn stream<C: KeyIvInit + StreamCipher + Send + Sync + 'static>(key: &[u8], iv: &[u8]) -> Option<Cipher> {
        Some(Cipher::Bulk(Box::new(Stream(C::new_from_slices(key, iv).ok()?))))
    }

    fn chained<C>(key: &[u8], iv: &[u8]) -> Option<Cipher>
    where
        C: KeyInit + BlockCipher + BlockEncrypt + BlockDecrypt + Send + Sync + 'static,
    {
        if iv.len() != C::block_size() {
            return None;
        }
        Some(Cipher::Bulk(Box::new(Chained {
            cipher: C::new_from_slice(key).ok()?,
            last: Block::<C>::clone_from_slice(iv),
        })))
    }
}

struct Stream<C>(C);

impl<C: StreamCipher + Send + Sync> Bulk for Stream<C> {
    fn encrypt(&mut self, bytes: &mut [u8]) {
        self.0.apply_keystream(bytes);
    }

    fn decrypt(&mut self, bytes: &mut [u8]) {
        self.0.apply_keystream(bytes);
    }
}

/// CBC with the vector carried over (RFC 4253 §6.3).
struct Chained<C: BlockSizeUser> {
    cipher: C,
    last: Block<C>,
}

impl<C: BlockEncrypt + BlockDecrypt + Send + Sync> Bulk for Chained<C> {
    fn encrypt(&mut self, bytes: &mut [u8]) {
        for block in bytes.chunks_exact_mut(C::block_size()) {
            for (byte, last) in block.iter_mut().zip(&self.last) {
                *byte ^= last;
            }
            let block = Block::<C>::from_mut_slice(block);
            self.cipher.encrypt_block(block);
            self.last.copy_from_slice(block);
        }
    }

    fn decrypt(&mut self, bytes: &mut [u8]) {
        for block in bytes.chunks_exact_mut(C::block_size()) {
            let block = Block::<C>::from_mut_slice(block);
            let sealed = block.clone();
            self.cipher.decrypt_block(block);
            for (byte, last) in block.iter_mut().zip(&self.last) {
                *byte ^= last;
            }
            self.last = sealed;
        }
    }
}

impl Gcm {
    /// Encrypts `body` in place and gives its tag; `length` is authenticated and stays clear.
    pub(crate) fn seal(&mut self, length: [u8; 4], body: &mut [u8]) -> Option<[u8; 16]> {
        let nonce = GenericArray::from(self.nonce);
        let tag = match &self.key {
            GcmKey::Aes128(key) => key.encrypt_in_place_detached(&nonce, &length, body),
            GcmKey::Aes256(key) => key.encrypt_in_place_detached(&nonce, &length, body),
        };
        self.advance();
        tag.ok().map(Into::into)
    }

    /// Decrypts `body` in place; false when the tag is wrong.
    pub(crate) fn open(&mut self, length: [u8; 4], body: &mut [u8], tag: [u8; 16]) -> bool {
        let nonce = GenericArray::from(self.nonce);
        let tag = GenericArray::from(tag);
        let opened = match &self.key {
            GcmKey::Aes128(key) => key.decrypt_in_place_detached(&nonce, &length, body, &tag),
            GcmKey::Aes256(key) => key.decrypt_in_place_detached(&nonce, &length, body, &tag),
        };
        self.advance();
        opened.is_ok()
    }

    fn advance(&mut self) {
        if let Some(counter) = self.nonce.last_chunk_mut::<8>() {
            *counter = u64::from_be_bytes(*counter).wrapping_add(1).to_be_bytes();
        }
    }
}

/// Encrypts or decrypts the length of a packet.
pub(crate) fn chacha_length(key: &[u8; 32], sequence: u32, mut length: [u8; 4]) -> [u8; 4] {
    chacha(key, sequence).apply_keystream(&mut length);
    length
}

/// Encrypts `packet` (sealed length first, then the body) in place and gives its tag.
pub(crate) fn chacha_seal(key: &[u8; 32], sequence: u32, packet: &mut [u8]) -> [u8; 16] {
    let (mut cipher, poly) = chacha_body(key, sequence);
    if let Some((_, body)) = packet.split_at_mut_checked(4) {
        cipher.apply_keystream(body);
    }
    poly.compute_unpadded(packet).into()
}

/// Decrypts the body of `packet` in place; false when the tag is wrong.
pub(crate) fn chacha_open(key: &[u8; 32], sequence: u32, packet: &mut [u8], tag: &[u8]) -> bool {
    let (mut cipher, poly) = chacha_body(key, sequence);
    let expected: [u8; 16] = poly.compute_unpadded(packet).into();
    if !bool::from(expected.ct_eq(tag)) {
        return false;
    }
    if let Some((_, body)) = packet.split_at_mut_checked(4) {
        cipher.apply_keystream(body);
    }
    true
}

fn chacha(key: &[u8; 32], sequence: u32) -> ChaCha20Legacy {
    ChaCha20Legacy::new(key.into(), &u64::from(sequence).to_be_bytes().into())
}

/// The first block of the key stream keys Poly1305; the body begins with the second.
fn chacha_body(key: &[u8; 32], sequence: u32) -> (ChaCha20Legacy, Poly1305) {
    let mut cipher = chacha(key, sequence);
    let mut block = [0; 64];
    cipher.apply_keystream(&mut block);
    let poly_key = block.first_chunk::<32>().copied().unwrap_or_default();
    (cipher, Poly1305::new(&poly_key.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_packet_opens_and_a_changed_one_does_not() {
        let key = [7; 32];
        let mut packet = *b"lenga body of some length";
        let clear = packet;
        let tag = chacha_seal(&key, 3, &mut packet);
        let mut opened = packet;
        assert!(chacha_open(&key, 3, &mut opened, &tag));
        assert_eq!(opened, clear);
        assert!(!chacha_open(&key, 4, &mut packet, &tag));
    }

    /// The key stream of draft-strombergson-chacha-test-vectors, TC1, 256-bit key, 20 rounds.
    #[test]
    fn the_key_stream_is_that_of_the_original_chacha() {
        let mut stream = [0; 16];
        chacha(&[0; 32], 0).apply_keystream(&mut stream);
        assert_eq!(hex::encode(stream), "76b8e0ada0f13d90405d6ae55386bd28");
    }

    /// NIST SP 800-38A, F.2.1.
    #[test]
    fn chaining_is_that_of_nist() {
        let kind = CipherKind::named("aes128-cbc").unwrap();
        let key = hex::decode("2b7e151628aed2a6abf7158809cf4f3c").unwrap();
        let iv = hex::decode("000102030405060708090a0b0c0d0e0f").unwrap();
        let Some(Cipher::Bulk(mut cipher)) = Cipher::new(kind, &key, &iv) else {
            panic!("not a block cipher")
        };
        let mut block = hex::decode("6bc1bee22e409f96e93d7e117393172a").unwrap();
        cipher.encrypt(&mut block);
        assert_eq!(hex::encode(block), "7649abac8119b246cee98e9b12e9197d");
    }
}
