//! The hello of a QUIC client: its first packets are encrypted with keys that anybody can derive (RFC 9001 §5.2).

use super::bounded::Bounded;
use aes::{
    Aes128,
    cipher::{BlockEncrypt, KeyInit, generic_array::GenericArray},
};
use aes_gcm::{Aes128Gcm, aead::AeadInPlace};
use hmac::{Hmac, Mac};
use netsvc_fingerprint::ClientHello;
use sha2::Sha256;
use std::net::IpAddr;

/// Connections whose hello is not whole yet, and bytes of such a hello.
const MOST: usize = 512;
const HELLO: usize = 16 * 1024;
/// Packets of a connection, packets of a datagram and frames of a packet that are looked at.
const PACKETS: u8 = 16;
const COALESCED: usize = 4;
const FRAMES: usize = 64;
const CLIENT_HELLO: u8 = 1;

/// Versions, with their salts and names of keys (RFC 9001 §5.2, RFC 9369 §3.3).
const VERSIONS: [(u32, [u8; 20], &str, u8); 2] = [
    (
        1,
        [
            0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
            0xcc, 0xbb, 0x7f, 0x0a,
        ],
        "quic ",
        0,
    ),
    (
        0x6b33_43cf,
        [
            0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb,
            0xf9, 0xbd, 0x2e, 0xd9,
        ],
        "quicv2 ",
        1,
    ),
];

/// Who speaks to whom.
type Ends = (IpAddr, u16, IpAddr, u16);

/// Clients whose hello is on its way.
#[derive(Debug)]
pub(super) struct Quic(Bounded<Ends, Opening>);

#[derive(Debug)]
struct Opening {
    keys: Keys,
    hello: Vec<u8>,
    /// Which bytes of the hello have come, from and to.
    come: Vec<(usize, usize)>,
    packets: u8,
    done: bool,
}

impl Quic {
    pub(super) fn new(seed: u64) -> Self {
        Quic(Bounded::new(MOST, seed))
    }

    /// Whether a datagram may be a client's first, at a glance.
    pub(super) fn is_opening(datagram: &[u8]) -> bool {
        // RFC 9000 §14.1: a client's first datagrams have 1200 bytes at least.
        datagram.len() >= 1200 && datagram.first().is_some_and(|first| first & 0xc0 == 0xc0)
    }

    /// Takes a datagram of a client; its hello, once all of it has come.
    pub(super) fn take(&mut self, ends: Ends, datagram: &[u8]) -> Option<ClientHello> {
        let mut rest = datagram;
        for _ in 0..COALESCED {
            let packet = Initial::read(rest)?;
            let after = rest.get(packet.bytes.len()..).unwrap_or_default();
            if self.0.get(ends).is_none() {
                let opening = Opening {
                    keys: Keys::of(&packet),
                    hello: Vec::new(),
                    come: Vec::new(),
                    packets: 0,
                    done: false,
                };
                self.0.put(ends, opening, |_, _| {});
            }
            let opening = self.0.get(ends)?;
            if PACKETS <= opening.packets || opening.done {
                return None;
            }
            opening.packets += 1;
            let plain = opening.keys.open(&packet)?;
            if let Some(hello) = opening.take(&plain) {
                opening.done = true;
                opening.hello = Vec::new();
                return Some(hello);
            }
            rest = after;
        }
        None
    }
}

impl Opening {
    /// Takes the frames of a packet (RFC 9000 §19).
    fn take(&mut self, frames: &[u8]) -> Option<ClientHello> {
        let mut rest = frames;
        for _ in 0..FRAMES {
            // Padding has no length; after it there may be nothing.
            let Some(start) = rest.iter().position(|byte| *byte != 0) else { break };
            let (kind, after) = rest.get(start..)?.split_first()?;
            rest = match kind {
                1 => after,
                2 | 3 => acknowledged(after, *kind == 3)?,
                6 => {
                    let (at, after) = integer(after)?;
                    let (length, after) = integer(after)?;
                    let (bytes, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
                    self.keep(usize::try_from(at).ok()?, bytes)?;
                    after
                }
                _ => break,
            };
            if rest.is_empty() {
                break;
            }
        }
        self.whole()
    }

    fn keep(&mut self, at: usize, bytes: &[u8]) -> Option<()> {
        let end = at.checked_add(bytes.len()).filter(|end| *end <= HELLO)?;
        if self.hello.len() < end {
            self.hello.resize(end, 0);
        }
        self.hello.get_mut(at..end)?.copy_from_slice(bytes);
        self.come.push((at, end));
        Some(())
    }

    fn whole(&mut self) -> Option<ClientHello> {
        self.come.sort_unstable();
        let reached = self.come.iter().fold(0, |to, (from, end)| if *from <= to { to.max(*end) } else { to });
        let ([CLIENT_HELLO, a, b, c], body) = self.hello.get(..reached)?.split_first_chunk::<4>()? else {
            return None;
        };
        let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?;
        ClientHello::message(body.get(..length)?)
    }
}

/// Passes over a frame of acknowledgements.
fn acknowledged(bytes: &[u8], counts: bool) -> Option<&[u8]> {
    let (_, rest) = integer(bytes)?;
    let (_, rest) = integer(rest)?;
    let (ranges, rest) = integer(rest)?;
    let (_, mut rest) = integer(rest)?;
    let more = ranges.checked_mul(2)?.checked_add(if counts { 3 } else { 0 })?;
    if more > u64::try_from(rest.len()).ok()? {
        return None;
    }
    for _ in 0..more {
        (_, rest) = integer(rest)?;
    }
    Some(rest)
}

/// A number of variable length (RFC 9000 §16), and what comes after it.
fn integer(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let first = bytes.first()?;
    let (number, rest) = bytes.split_at_checked(1 << (first >> 6))?;
    let value = number.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    let bits = 8 * number.len() - 2;
    Some((value & ((1_u64 << bits) - 1), rest))
}

/// An Initial packet.
struct Initial<'a> {
    version: (u32, [u8; 20], &'static str, u8),
    /// The id that the client has drawn for its server.
    id: &'a [u8],
    /// All of it.
    bytes: &'a [u8],
    /// Where its number begins.
    number: usize,
}

impl<'a> Initial<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let version = VERSIONS.into_iter().find(|known| known.0 == u32::from_be_bytes(*version))?;
        if first & 0xc0 != 0xc0 || first >> 4 & 3 != version.3 {
            return None;
        }
        let (length, rest) = rest.split_first()?;
        let (id, rest) = rest.split_at_checked(usize::from(*length)).filter(|_| *length <= 20)?;
        let (length, rest) = rest.split_first()?;
        let rest = rest.get(usize::from(*length)..)?;
        let (token, rest) = integer(rest)?;
        let rest = rest.get(usize::try_from(token).ok()?..)?;
        let (length, rest) = integer(rest)?;
        let number = bytes.len() - rest.len();
        let end = number.checked_add(usize::try_from(length).ok()?)?;
        Some(Initial { version, id, bytes: bytes.get(..end)?, number })
    }
}

/// What a client's packets are protected with.
#[derive(Debug)]
struct Keys {
    key: [u8; 16],
    nonce: [u8; 12],
    header: [u8; 16],
}

impl Keys {
    fn of(packet: &Initial<'_>) -> Keys {
        let (_, salt, name, _) = packet.version;
        let secret = mac(&salt, &[packet.id]);
        let client = expand::<32>(&secret, "client in");
        let label = |last: &str| format!("{name}{last}");
        Keys {
            key: expand(&client, &label("key")),
            nonce: expand(&client, &label("iv")),
            header: expand(&client, &label("hp")),
        }
    }

    /// What a packet carries; `None`: it is protected with something else.
    fn open(&self, packet: &Initial<'_>) -> Option<Vec<u8>> {
        let sample = packet.bytes.get(packet.number + 4..)?.first_chunk::<16>()?;
        let mut mask = GenericArray::from(*sample);
        Aes128::new(&GenericArray::from(self.header)).encrypt_block(&mut mask);
        let (first, masks) = mask.split_first()?;
        let mut head = packet.bytes.get(..packet.number + 4)?.to_vec();
        let flags = head.first_mut()?;
        *flags ^= first & 0x0f;
        let length = usize::from(*flags & 3) + 1;
        head.truncate(packet.number + length);
        let mut nonce = self.nonce;
        for (index, mask) in (0..length).zip(masks) {
            let byte = head.get_mut(packet.number + index)?;
            *byte ^= mask;
            *nonce.get_mut(12 - length + index)? ^= *byte;
        }
        let sealed = packet.bytes.get(packet.number + length..)?;
        let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
        let mut plain = body.to_vec();
        let cipher = Aes128Gcm::new(&GenericArray::from(self.key));
        let tag = GenericArray::from_slice(tag);
        cipher.decrypt_in_place_detached(&GenericArray::from(nonce), &head, &mut plain, tag).ok()?;
        Some(plain)
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand-Label of TLS 1.3 (RFC 8446 §7.1), of at most 32 bytes.
fn expand<const N: usize>(secret: &[u8; 32], label: &str) -> [u8; N] {
    let length = u16::try_from(N).unwrap_or_default().to_be_bytes();
    let label = format!("tls13 {label}");
    let name = [u8::try_from(label.len()).unwrap_or_default()];
    let whole = mac(secret, &[&length, &name, label.as_bytes(), &[0], &[1]]);
    let mut key = [0; N];
    key.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const ENDS: Ends = (IpAddr::V4(Ipv4Addr::LOCALHOST), 1, IpAddr::V4(Ipv4Addr::LOCALHOST), 443);

    /// RFC 9001, A.1: the client's keys.
    #[test]
    fn keys_are_those_of_the_specification() {
        let id = hex::decode("8394c8f03e515708").unwrap();
        let packet = Initial { version: VERSIONS[0], id: &id, bytes: &[], number: 0 };
        let keys = Keys::of(&packet);
        assert_eq!(hex::encode(keys.key), "1f369613dd76d5467730efcbe3b1a22d");
        assert_eq!(hex::encode(keys.nonce), "fa044b2f42a3fd3b46fb255c");
        assert_eq!(hex::encode(keys.header), "9f50449e04a0e810283a1e9933adedd2");
        let packet = Initial { version: VERSIONS[1], ..packet };
        // RFC 9369, A.1.
        assert_eq!(hex::encode(Keys::of(&packet).key), "8b1a0bc121284290a29e0971b5cd045d");
    }

    #[test]
    fn numbers_have_four_lengths() {
        for (bytes, number) in [
            (&[0x25][..], 37),
            (&[0x7b, 0xbd], 15_293),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
        ] {
            assert_eq!(integer(bytes), Some((number, &[][..])));
            assert_eq!(integer(&bytes[..bytes.len() - 1]), None);
        }
    }

    /// A client's packet with these frames, protected as RFC 9001 §5 says.
    fn sealed(version: usize, number: u8, frames: &[u8]) -> Vec<u8> {
        let (word, _, _, kind) = VERSIONS[version];
        let mut head = vec![0xc0 | kind << 4];
        head.extend(word.to_be_bytes());
        head.extend([8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0]);
        let mut plain = frames.to_vec();
        plain.resize(plain.len().max(1170), 0);
        // One byte of number, and the tag.
        head.extend((u16::try_from(1 + plain.len() + 16).unwrap() | 0x4000).to_be_bytes());
        let at = head.len();
        head.push(number);
        let id = [1, 2, 3, 4, 5, 6, 7, 8];
        let packet = Initial { version: VERSIONS[version], id: &id, bytes: &[], number: 0 };
        let keys = Keys::of(&packet);
        let mut nonce = keys.nonce;
        nonce[11] ^= number;
        let cipher = Aes128Gcm::new(&GenericArray::from(keys.key));
        let tag = cipher.encrypt_in_place_detached(&GenericArray::from(nonce), &head, &mut plain).unwrap();
        let mut all = [head, plain, tag.to_vec()].concat();
        let sample: [u8; 16] = all[at + 4..at + 20].try_into().unwrap();
        let mut mask = GenericArray::from(sample);
        Aes128::new(&GenericArray::from(keys.header)).encrypt_block(&mut mask);
        all[0] ^= mask[0] & 0x0f;
        all[at] ^= mask[1];
        all
    }

    /// A frame with what of the hello begins at `at`.
    fn crypto(hello: &[u8], at: usize, to: usize) -> Vec<u8> {
        let number = |number: usize| (u16::try_from(number).unwrap() | 0x4000).to_be_bytes();
        [&[6][..], &number(at), &number(to - at), &hello[at..to]].concat()
    }

    #[test]
    fn a_hello_is_read_of_packets_in_any_order() {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 2, 0x13, 1, 1, 0]);
        let mut hello = vec![1, 0, 0, u8::try_from(body.len()).unwrap()];
        hello.extend(body);
        for version in [0, 1] {
            let mut quic = Quic::new(1);
            let one = sealed(version, 0, &crypto(&hello, 20, hello.len()));
            let two = sealed(version, 1, &[vec![0, 1], crypto(&hello, 0, 20)].concat());
            assert!(Quic::is_opening(&one) && Quic::is_opening(&two));
            assert_eq!(quic.take(ENDS, &one), None);
            let found = quic.take(ENDS, &two).unwrap();
            assert_eq!(found.ciphers, [0x1301]);
            assert_eq!(quic.take(ENDS, &two), None, "once");
            let mut changed = one;
            changed[100] ^= 1;
            assert_eq!(Quic::new(1).take(ENDS, &changed), None, "what is forged is not read");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(mut bytes in proptest::collection::vec(any::<u8>(), 5..1400)) {
            let mut quic = Quic::new(1);
            bytes[..5].copy_from_slice(&[0xc3, 0, 0, 0, 1]);
            let _ = quic.take(ENDS, &bytes);
            let _ = quic.take(ENDS, &bytes);
        }
    }
}
