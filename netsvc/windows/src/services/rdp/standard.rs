//! Standard security: keys agreed on by RSA, and RC4, as clients without TLS have it ([MS-RDPBCGR] §5.3).

use md5::{Digest, Md5};
use netsvc_daemon::ntlm::Rc4;
use rsa::{
    BigUint, RsaPrivateKey,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use sha1::Sha1;

/// Methods of encryption (§2.2.1.3.3).
const BITS_40: u32 = 1;
const BITS_128: u32 = 2;
const BITS_56: u32 = 8;
/// Triple DES, as FIPS 140-1 has it.
pub(super) const FIPS: u32 = 16;
/// Client-compatible, the level of a host as it is delivered (§2.2.1.4.3).
pub(super) const LEVEL: u32 = 2;
/// Bytes of random numbers.
pub(super) const RANDOM: usize = 32;
/// Bytes of a signature.
pub(super) const SIGNATURE: usize = 8;
/// Messages after which a key is changed.
const KEY_LIFE: u32 = 4096;
/// Zeros after numbers of a proprietary certificate.
const PADDING: [u8; 8] = [0; 8];
/// The key that signs every proprietary certificate, which the specification tells (§5.3.3.1.1), lowest byte first.
const MODULUS: &str = "3d3a5ebd72433ec94dbbc11e4aba5fcb3e882087eff5c1e2d7b76b9af2524595\
                       ce63656b583afeef7ce7bffe3df65c7d6c5e06091af561bb2093095f056dea87";
const EXPONENT: &str = "87a71932da11875558001616256568f8243ee6fae9674994cf92cc3399e80860\
                        179a129f24ddb12499c73ab80a7b0ddd350779170b519bb3c7100113e73ff35f";

/// The strongest of the methods that a client takes; none: it takes none.
pub(super) fn method(taken: u32) -> Option<u32> {
    [BITS_128, BITS_56, BITS_40, FIPS].into_iter().find(|method| taken & method != 0)
}

fn number(text: &str) -> BigUint {
    BigUint::from_bytes_le(&hex::decode(text).unwrap_or_default())
}

/// A number of so many bytes, the lowest first.
fn bytes(number: &BigUint, length: usize) -> Vec<u8> {
    let mut bytes = number.to_bytes_le();
    bytes.resize(length, 0);
    bytes
}

/// The proprietary certificate of `key` (§2.2.1.4.3.1.1).
pub(super) fn certificate(key: &RsaPrivateKey) -> Vec<u8> {
    let length = key.size();
    let long = |number: usize| u32::try_from(number).unwrap_or_default().to_le_bytes();
    let short = |number: usize| u16::try_from(number).unwrap_or_default().to_le_bytes();
    let blob = [
        &b"RSA1"[..],
        &long(length + PADDING.len()),
        &long(length * 8),
        &long(length - 1),
        &bytes(key.e(), 4),
        &bytes(key.n(), length),
        &PADDING,
    ]
    .concat();
    let mut told = [1_u32, 1, 1].map(u32::to_le_bytes).concat();
    told.extend([&short(6)[..], &short(blob.len()), &blob].concat());
    let signed = signature(&told);
    told.extend([&short(8)[..], &short(signed.len() + PADDING.len()), &signed, &PADDING].concat());
    told
}

/// The signature of a certificate.
fn signature(told: &[u8]) -> Vec<u8> {
    let mut padded = Md5::digest(told).to_vec();
    padded.push(0);
    padded.resize(62, 0xff);
    padded.push(1);
    bytes(&BigUint::from_bytes_le(&padded).modpow(&number(EXPONENT), &number(MODULUS)), 64)
}

/// The random number that a client sends under `key`.
pub(super) fn client_random(key: &RsaPrivateKey, sent: &[u8]) -> Option<[u8; RANDOM]> {
    let sent = BigUint::from_bytes_le(sent.get(..key.size())?);
    let plain = bytes(&sent.modpow(key.d(), key.n()), key.size());
    plain.first_chunk().copied()
}

/// One direction.
#[derive(Debug)]
struct Direction {
    first: Vec<u8>,
    current: Vec<u8>,
    cipher: Rc4,
    messages: u32,
}

/// Keys of a session.
#[derive(Debug)]
pub(super) struct Cipher {
    method: u32,
    mac: Vec<u8>,
    ours: Direction,
    theirs: Direction,
}

/// As many bytes of a key as the method has, with the salt of short ones.
fn strengthened(method: u32, key: &[u8]) -> Vec<u8> {
    let (length, salt): (usize, &[u8]) = match method {
        BITS_40 => (8, &[0xd1, 0x26, 0x9e]),
        BITS_56 => (8, &[0xd1]),
        _ => (16, &[]),
    };
    let mut key = key.get(..length).unwrap_or(key).to_vec();
    key.iter_mut().zip(salt).for_each(|(to, from)| *to = *from);
    key
}

impl Direction {
    fn new(key: Vec<u8>) -> Direction {
        Direction { cipher: Rc4::new(&key), first: key.clone(), current: key, messages: 0 }
    }

    fn apply(&mut self, method: u32, data: &mut [u8]) {
        if self.messages == KEY_LIFE {
            self.renew(method);
        }
        self.cipher.apply(data);
        self.messages += 1;
    }

    fn renew(&mut self, method: u32) {
        let inner = Sha1::new()
            .chain_update(&self.first)
            .chain_update([0x36; 40])
            .chain_update(&self.current)
            .finalize();
        let outer =
            Md5::new().chain_update(&self.first).chain_update([0x5c; 48]).chain_update(inner).finalize();
        let mut key = outer.get(..self.first.len()).unwrap_or_default().to_vec();
        Rc4::new(&key.clone()).apply(&mut key);
        self.current = strengthened(method, &key);
        self.cipher = Rc4::new(&self.current);
        self.messages = 0;
    }
}

impl Cipher {
    /// The keys that follow from both random numbers.
    pub(super) fn new(method: u32, client: &[u8; RANDOM], server: &[u8; RANDOM]) -> Cipher {
        let salted = |secret: &[u8], label: &[u8]| -> Vec<u8> {
            let inner = Sha1::new()
                .chain_update(label)
                .chain_update(secret)
                .chain_update(client)
                .chain_update(server);
            Md5::new().chain_update(secret).chain_update(inner.finalize()).finalize().to_vec()
        };
        let expanded = |secret: &[u8], labels: [&[u8]; 3]| labels.map(|label| salted(secret, label));
        let half = |random: &[u8; RANDOM]| random.get(..24).unwrap_or_default().to_vec();
        let before = [half(client), half(server)].concat();
        let master = expanded(&before, [b"A", b"BB", b"CCC"]).concat();
        let [mac, second, third] = expanded(&master, [b"X", b"YY", b"ZZZ"]);
        let last = |key: &[u8]| -> Vec<u8> {
            Md5::new().chain_update(key).chain_update(client).chain_update(server).finalize().to_vec()
        };
        Cipher {
            method,
            mac: strengthened(method, &mac),
            ours: Direction::new(strengthened(method, &last(&second))),
            theirs: Direction::new(strengthened(method, &last(&third))),
        }
    }

    /// `data` encrypted, after its signature.
    pub(super) fn seal(&mut self, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap_or_default().to_le_bytes();
        let inner = Sha1::new()
            .chain_update(&self.mac)
            .chain_update([0x36; 40])
            .chain_update(length)
            .chain_update(data);
        let outer =
            Md5::new().chain_update(&self.mac).chain_update([0x5c; 48]).chain_update(inner.finalize());
        let mut whole = outer.finalize().get(..SIGNATURE).unwrap_or_default().to_vec();
        let mut data = data.to_vec();
        self.ours.apply(self.method, &mut data);
        whole.extend(data);
        whole
    }

    /// What stands behind the signature of a client, decrypted; that it is the client's is not asked.
    pub(super) fn unseal(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let mut data = sealed.get(SIGNATURE..)?.to_vec();
        self.theirs.apply(self.method, &mut data);
        Some(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_signed_with_the_key_that_everybody_knows() {
        let told = b"told";
        let signed = BigUint::from_bytes_le(&signature(told));
        let opened = bytes(&signed.modpow(&number("5b7b88c0"), &number(MODULUS)), 64);
        assert_eq!(opened.get(..16), Some(&Md5::digest(told)[..]));
        assert_eq!(opened.get(16..20), Some(&[0, 0xff, 0xff, 0xff][..]));
        assert_eq!(opened.get(61..), Some(&[0xff, 1, 0][..]));
    }

    #[test]
    fn both_ends_have_the_same_keys_however_long_they_talk() {
        for method in [BITS_40, BITS_56, BITS_128] {
            let (client, server) = ([1; RANDOM], [2; RANDOM]);
            let mut ours = Cipher::new(method, &client, &server);
            let mut other = Cipher::new(method, &client, &server);
            std::mem::swap(&mut other.ours, &mut other.theirs);
            for number in 0..9000_u32 {
                let sealed = ours.seal(&number.to_le_bytes());
                assert_ne!(sealed.get(SIGNATURE..), Some(&number.to_le_bytes()[..]), "{method}: {number}");
                assert_eq!(other.unseal(&sealed), Some(number.to_le_bytes().to_vec()), "{method}: {number}");
            }
        }
        assert_eq!((method(0x1b), method(9), method(1), method(16)), (Some(2), Some(8), Some(1), Some(16)));
    }
}
