//! Encryption of Kerberos: AES with HMAC-SHA-1 (RFC 3961, RFC 3962) and RC4 with HMAC-MD5 (RFC 4757).

use aes::{
    Aes128, Aes256, Block,
    cipher::{BlockDecrypt, BlockEncrypt, KeyInit},
};
use hmac::{Hmac, Mac};
use md4::Md4;
use md5::Md5;
use netsvc_daemon::ntlm::Rc4;
use sha1::{Digest, Sha1};

const BLOCK: usize = 16;
/// Bytes of a checksum of AES's kinds.
const CHECK: usize = 12;
/// Rounds by which a password becomes a key (RFC 3962 §4).
const ROUNDS: u32 = 4096;

/// A kind of encryption (RFC 3961 §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// rc4-hmac.
    Rc4,
    /// aes128-cts-hmac-sha1-96.
    Aes128,
    /// aes256-cts-hmac-sha1-96.
    Aes256,
}

/// A key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Key({:?})", self.kind)
    }
}

impl Kind {
    /// The kind with this number.
    pub(super) fn of(number: i64) -> Option<Kind> {
        match number {
            17 => Some(Kind::Aes128),
            18 => Some(Kind::Aes256),
            23 => Some(Kind::Rc4),
            _ => None,
        }
    }

    /// Its number.
    pub(super) fn number(self) -> i64 {
        match self {
            Kind::Aes128 => 17,
            Kind::Aes256 => 18,
            Kind::Rc4 => 23,
        }
    }

    /// Bytes of its keys.
    pub(super) fn length(self) -> usize {
        if self == Kind::Aes256 { 32 } else { 16 }
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <M as Mac>::new_from_slice(key) else { return Vec::new() };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn sha(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    mac::<Hmac<Sha1>>(key, parts)
}

fn md(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    mac::<Hmac<Md5>>(key, parts)
}

/// Encrypts one block in place.
fn encrypt_block(key: &[u8], block: &mut [u8; BLOCK]) {
    let mut whole = Block::from(*block);
    if let Ok(cipher) = Aes256::new_from_slice(key) {
        cipher.encrypt_block(&mut whole);
    } else if let Ok(cipher) = Aes128::new_from_slice(key) {
        cipher.encrypt_block(&mut whole);
    }
    *block = whole.into();
}

fn decrypt_block(key: &[u8], block: &mut [u8; BLOCK]) {
    let mut whole = Block::from(*block);
    if let Ok(cipher) = Aes256::new_from_slice(key) {
        cipher.decrypt_block(&mut whole);
    } else if let Ok(cipher) = Aes128::new_from_slice(key) {
        cipher.decrypt_block(&mut whole);
    }
    *block = whole.into();
}

/// The block at the start of `bytes`, filled up with zeros.
fn block(bytes: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    block
}

fn xor(left: [u8; BLOCK], right: &[u8; BLOCK]) -> [u8; BLOCK] {
    let mut out = left;
    out.iter_mut().zip(right).for_each(|(to, from)| *to ^= from);
    out
}

/// CBC with ciphertext stealing, both last blocks exchanged (RFC 3962 §5), with a first vector of zeros.
fn cts_encrypt(key: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut blocks: Vec<[u8; BLOCK]> = Vec::with_capacity(plain.len() / BLOCK + 1);
    let mut last = [0; BLOCK];
    for piece in plain.chunks(BLOCK) {
        let mut next = xor(block(piece), &last);
        encrypt_block(key, &mut next);
        last = next;
        blocks.push(next);
    }
    let count = blocks.len();
    if count > 1 {
        blocks.swap(count - 1, count - 2);
    }
    let mut out = blocks.concat();
    out.truncate(plain.len());
    out
}

fn cts_decrypt(key: &[u8], cipher: &[u8]) -> Vec<u8> {
    let count = cipher.len().div_ceil(BLOCK);
    if count < 2 {
        let mut only = block(cipher);
        decrypt_block(key, &mut only);
        return only.to_vec();
    }
    let (head, tail) = cipher.split_at_checked((count - 2) * BLOCK).unwrap_or_default();
    let (second, short) = tail.split_at_checked(BLOCK).unwrap_or_default();
    let mut out = Vec::with_capacity(cipher.len());
    let mut last = [0; BLOCK];
    for piece in head.chunks(BLOCK) {
        let mut next = block(piece);
        decrypt_block(key, &mut next);
        out.extend_from_slice(&xor(next, &last));
        last = block(piece);
    }
    // The last block but one holds what the last one lacks.
    let mut mixed = block(second);
    decrypt_block(key, &mut mixed);
    let mut whole = mixed;
    whole.iter_mut().zip(short).for_each(|(to, from)| *to = *from);
    let end = xor(mixed, &whole);
    decrypt_block(key, &mut whole);
    out.extend_from_slice(&xor(whole, &last));
    out.extend(end.iter().take(short.len()));
    out
}

/// `text` stretched or folded to so many bytes (RFC 3961 §5.1).
fn fold(text: &[u8], length: usize) -> Vec<u8> {
    let bits = text.len() * 8;
    if bits == 0 || length == 0 {
        return vec![0; length];
    }
    let divides = |size: &usize| text.len().is_multiple_of(*size) && length.is_multiple_of(*size);
    let common = (1..=text.len().max(length)).rev().find(divides);
    let whole = text.len() * length / common.unwrap_or(1);
    // The bit at a place of the text, turned 13 to the right for each time that it is repeated.
    let bit = |place: usize| {
        let (turn, at) = (place / bits, place % bits);
        let from = (at + bits - 13 * turn % bits) % bits;
        text.get(from / 8).is_some_and(|byte| byte >> (7 - from % 8) & 1 == 1)
    };
    let long: Vec<u8> = (0..whole)
        .map(|index| (0..8).fold(0, |byte, at| byte << 1 | u8::from(bit(index * 8 + at))))
        .collect();
    let mut out = vec![0_u8; length];
    for piece in long.chunks(length) {
        add(&mut out, piece);
    }
    out
}

/// Adds in ones' complement.
fn add(sum: &mut [u8], piece: &[u8]) {
    let mut carry = 0_u16;
    for (to, from) in sum.iter_mut().zip(piece).rev() {
        let total = u16::from(*to) + u16::from(*from) + carry;
        *to = total as u8;
        carry = total >> 8;
    }
    while carry > 0 {
        for to in sum.iter_mut().rev() {
            let total = u16::from(*to) + carry;
            *to = total as u8;
            carry = total >> 8;
        }
    }
}

/// A key derived from `key` for `constant` (RFC 3961 §5.1).
fn derive(key: &[u8], constant: &[u8]) -> Vec<u8> {
    let mut next = block(&fold(constant, BLOCK));
    let mut out = Vec::with_capacity(key.len() + BLOCK);
    while out.len() < key.len() {
        encrypt_block(key, &mut next);
        out.extend_from_slice(&next);
    }
    out.truncate(key.len());
    out
}

/// The key for a use: 0xaa to encrypt, 0x55 to check.
fn used(key: &[u8], usage: u32, what: u8) -> Vec<u8> {
    let [a, b, c, d] = usage.to_be_bytes();
    derive(key, &[a, b, c, d, what])
}

impl Key {
    /// The key of an account with `password`; `salt` counts for AES alone.
    pub(super) fn of_password(kind: Kind, password: &[u8], salt: &[u8]) -> Key {
        let bytes = if kind == Kind::Rc4 {
            let text = String::from_utf8_lossy(password);
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            Md4::digest(wide).to_vec()
        } else {
            let mut made = Vec::new();
            let mut number = 1_u32;
            while made.len() < kind.length() {
                let mut last = sha(password, &[salt, &number.to_be_bytes()]);
                let mut sum = last.clone();
                for _ in 1..ROUNDS {
                    last = sha(password, &[&last]);
                    sum.iter_mut().zip(&last).for_each(|(to, from)| *to ^= from);
                }
                made.extend(sum);
                number += 1;
            }
            made.truncate(kind.length());
            derive(&made, b"kerberos")
        };
        Key { kind, bytes }
    }

    /// Encrypts `plain` for `usage`, with `noise` of 16 bytes before it.
    pub(super) fn encrypt(&self, usage: u32, noise: &[u8; BLOCK], plain: &[u8]) -> Vec<u8> {
        if self.kind == Kind::Rc4 {
            let mut whole = [noise.get(..8).unwrap_or_default(), plain].concat();
            let first = md(&self.bytes, &[&rc4_usage(usage)]);
            let check = md(&first, &[&whole]);
            Rc4::new(&md(&first, &[&check])).apply(&mut whole);
            return [check, whole].concat();
        }
        let whole = [noise.as_slice(), plain].concat();
        let check = sha(&used(&self.bytes, usage, 0x55), &[&whole]);
        let mut out = cts_encrypt(&used(&self.bytes, usage, 0xaa), &whole);
        out.extend(check.iter().take(CHECK));
        out
    }

    /// Decrypts what was encrypted for `usage`; `None` when it was not, or with another key.
    pub(super) fn decrypt(&self, usage: u32, cipher: &[u8]) -> Option<Vec<u8>> {
        if self.kind == Kind::Rc4 {
            let (check, rest) = cipher.split_at_checked(16)?;
            let first = md(&self.bytes, &[&rc4_usage(usage)]);
            let mut whole = rest.to_vec();
            Rc4::new(&md(&first, &[check])).apply(&mut whole);
            return (md(&first, &[&whole]) == check).then(|| whole.get(8..).map(<[u8]>::to_vec))?;
        }
        let (rest, check) = cipher.split_at_checked(cipher.len().checked_sub(CHECK)?)?;
        if rest.len() < BLOCK {
            return None;
        }
        let whole = cts_decrypt(&used(&self.bytes, usage, 0xaa), rest);
        let right = sha(&used(&self.bytes, usage, 0x55), &[&whole]);
        (right.get(..CHECK)? == check).then(|| whole.get(BLOCK..).map(<[u8]>::to_vec))?
    }
}

/// RC4 has numbers of its own for some uses (RFC 4757 §3).
fn rc4_usage(usage: u32) -> [u8; 4] {
    match usage {
        3 => 8,
        other => other,
    }
    .to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standards_are_right() {
        // RFC 3961, A.1.
        for (text, length, wanted) in [
            (&b"012345"[..], 8, "be072631276b1955"),
            (b"password", 7, "78a07b6caf85fa"),
            (b"kerberos", 16, "6b65726265726f737b9b5b2b93132b93"),
        ] {
            assert_eq!(hex::encode(fold(text, length)), wanted);
        }
        // RFC 3962, B, ciphertext stealing.
        let key = b"chicken teriyaki";
        let text = b"I would like the General Gau's Chicken, please, and wonton soup.";
        for (length, end) in [
            (17, "c6353568f2bf8cb4d8a580362da7ff7f97"),
            (31, "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"),
            (32, "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"),
        ] {
            let plain = text.get(..length).unwrap();
            let cipher = cts_encrypt(key, plain);
            assert_eq!(hex::encode(&cipher), end);
            assert_eq!(cts_decrypt(key, &cipher), plain);
        }
    }

    #[test]
    fn the_examples_of_crackers_are_opened_with_their_password() {
        // Hashcat's examples of the modes 19900 and 19800, both of the password "hashcat".
        for (kind, salt, cipher) in [
            (
                Kind::Aes256,
                "HASHCATDOMAIN.COMhashcat",
                "96c289009b05181bfd32062962740b1b1ce5f74eb12e0266cde74e81094661addab08c0c1a178882c91a0ed89ae4e0e68d2\
                 820b9cce69770",
            ),
            (
                Kind::Aes128,
                "HASHCATDOMAIN.COMhashcat",
                "a17776abe5383236c58582f515843e029ecbff43706d177651b7b6cdb2713b17597ddb35b1c9c470c281589fd1d51cca125\
                 414d19e40e333",
            ),
        ] {
            let cipher = hex::decode(cipher).unwrap();
            let key = Key::of_password(kind, b"hashcat", salt.as_bytes());
            assert!(key.decrypt(1, &cipher).is_some(), "{kind:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encrypted_comes_back_and_nothing_else(
            plain in proptest::collection::vec(any::<u8>(), 0..100),
            usage in 1_u32..30,
        ) {
            for kind in [Kind::Rc4, Kind::Aes128, Kind::Aes256] {
                let key = Key { kind, bytes: vec![7; kind.length()] };
                let cipher = key.encrypt(usage, &[9; 16], &plain);
                prop_assert_eq!(key.decrypt(usage, &cipher), Some(plain.clone()));
                let mut other = cipher.clone();
                if let Some(byte) = other.last_mut() { *byte ^= 1; }
                prop_assert_eq!(key.decrypt(usage, &other), None);
                prop_assert_eq!(key.decrypt(usage + 100, &cipher), None);
            }
        }

        #[test]
        fn any_bytes_are_decrypted_without_panic(bytes: Vec<u8>) {
            for kind in [Kind::Rc4, Kind::Aes128, Kind::Aes256] {
                let _ = Key { kind, bytes: vec![7; kind.length()] }.decrypt(1, &bytes);
            }
        }
    }
}
