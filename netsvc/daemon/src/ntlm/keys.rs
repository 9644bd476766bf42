//! What follows from a password that is proven: session keys, signing and sealing ([MS-NLMP] §3.3.2 and §3.4).

use super::{Authenticate, utf16};
use hmac::{Hmac, Mac};
use md4::Md4;
use md5::{Digest, Md5};

/// Both sides send a key of their own choice, encrypted.
const KEY_EXCHANGE: u32 = 0x4000_0000;
const KEY_128: u32 = 0x2000_0000;
const KEY_56: u32 = 0x8000_0000;
/// Bytes of a signature.
const SIGNATURE: usize = 16;

/// RC4, which NTLM and old remote desktops encrypt with.
#[derive(Clone)]
pub struct Rc4 {
    state: [u8; 256],
    first: u8,
    second: u8,
}

impl Rc4 {
    /// The cipher under `key`; with an empty one, nothing is secret.
    pub fn new(key: &[u8]) -> Rc4 {
        let mut state = [0_u8; 256];
        for (number, place) in (0_u8..=255).zip(&mut state) {
            *place = number;
        }
        let mut other = 0_u8;
        for (at, byte) in (0..256).zip(key.iter().cycle()) {
            other = other.wrapping_add(state.get(at).copied().unwrap_or_default()).wrapping_add(*byte);
            state.swap(at, usize::from(other));
        }
        Rc4 { state, first: 0, second: 0 }
    }

    /// Encrypts or decrypts `bytes`.
    pub fn apply(&mut self, bytes: &mut [u8]) {
        let at = |state: &[u8; 256], index: u8| state.get(usize::from(index)).copied().unwrap_or_default();
        for byte in bytes {
            self.first = self.first.wrapping_add(1);
            self.second = self.second.wrapping_add(at(&self.state, self.first));
            self.state.swap(usize::from(self.first), usize::from(self.second));
            let sum = at(&self.state, self.first).wrapping_add(at(&self.state, self.second));
            *byte ^= at(&self.state, sum);
        }
    }
}

impl std::fmt::Debug for Rc4 {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Rc4")
    }
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    // HMAC takes a key of any length, so this cannot fail; the fallback only keeps the type honest.
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else { return [0; 16] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

impl Authenticate {
    /// The key of the session, if the answer to `nonce` is that of `password` by NTLMv2; NTLMv1 proves nothing here.
    pub fn proven_by(&self, password: &[u8], nonce: [u8; 8]) -> Option<[u8; 16]> {
        let password = String::from_utf8_lossy(password);
        let (proof, rest) = self.nt.split_at_checked(16).filter(|_| 24 < self.nt.len())?;
        let hash = Md4::digest(utf16(&password));
        let owner = utf16(&format!("{}{}", self.user.to_uppercase(), self.domain));
        let response = keyed(&hash, &[&owner]);
        if keyed(&response, &[&nonce, rest]) != proof {
            return None;
        }
        let mut key = keyed(&response, &[proof]);
        // A client that signs nothing may agree to exchange a key and send none.
        if self.flags & KEY_EXCHANGE != 0
            && let Ok(mut chosen) = <[u8; 16]>::try_from(self.session_key.as_slice())
        {
            Rc4::new(&key).apply(&mut chosen);
            key = chosen;
        }
        Some(key)
    }
}

/// One direction of a session.
#[derive(Clone, Debug)]
struct Direction {
    signing: [u8; 16],
    cipher: Rc4,
    number: u32,
    exchanged: bool,
}

impl Direction {
    fn new(key: &[u8; 16], flags: u32, direction: &str) -> Direction {
        let derived = |part: &[u8], purpose: &str| -> [u8; 16] {
            let label = format!("session key to {direction} {purpose} key magic constant\0");
            Md5::new().chain_update(part).chain_update(label).finalize().into()
        };
        let length = match flags {
            flags if flags & KEY_128 != 0 => 16,
            flags if flags & KEY_56 != 0 => 7,
            _ => 5,
        };
        let sealing = derived(key.get(..length).unwrap_or_default(), "sealing");
        let exchanged = flags & KEY_EXCHANGE != 0;
        Direction { signing: derived(key, "signing"), cipher: Rc4::new(&sealing), number: 0, exchanged }
    }

    /// The signature of `message`, the next one.
    fn sign(&mut self, message: &[u8]) -> [u8; SIGNATURE] {
        let number = self.number.to_le_bytes();
        let mut sum = keyed(&self.signing, &[&number, message]);
        let (told, _) = sum.split_at_mut(8);
        if self.exchanged {
            self.cipher.apply(told);
        }
        self.number = self.number.wrapping_add(1);
        let whole = [&1_u32.to_le_bytes()[..], told, &number].concat();
        whole.try_into().unwrap_or([0; SIGNATURE])
    }
}

impl Direction {
    /// What was sealed; `None` when it is not of this direction.
    fn open(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (signature, message) = sealed.split_at_checked(SIGNATURE)?;
        let mut message = message.to_vec();
        self.cipher.apply(&mut message);
        (self.sign(&message) == signature).then_some(message)
    }
}

/// A server's end of a session with extended session security.
#[derive(Debug)]
pub struct Sealing {
    ours: Direction,
    theirs: Direction,
    /// Both as they began, when a MIC was exchanged and nothing since.
    begun: Option<(Direction, Direction)>,
}

impl Sealing {
    /// The end of a session with this key, where these flags were agreed on.
    pub fn new(key: &[u8; 16], flags: u32) -> Sealing {
        Sealing {
            ours: Direction::new(key, flags, "server-to-client"),
            theirs: Direction::new(key, flags, "client-to-server"),
            begun: None,
        }
    }

    /// The MIC of SPNEGO's list of mechanisms, if the peer's is right: the first thing that a session signs.
    pub fn exchange_mic(&mut self, list: &[u8], mic: &[u8]) -> Option<Vec<u8>> {
        let begun = (self.ours.clone(), self.theirs.clone());
        if self.theirs.sign(list) != mic {
            return None;
        }
        self.begun = Some(begun);
        Some(self.ours.sign(list).to_vec())
    }

    /// `message` encrypted, after its signature.
    pub fn seal(&mut self, message: &[u8]) -> Vec<u8> {
        let mut sealed = message.to_vec();
        self.ours.cipher.apply(&mut sealed);
        let mut whole = self.ours.sign(message).to_vec();
        whole.extend(sealed);
        whole
    }

    /// What the peer sealed; `None` when it is not the peer's.
    pub fn unseal(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        if let Some((ours, theirs)) = self.begun.take() {
            // Windows begins its cipher anew after a MIC and goes on counting; others do neither, or both.
            for (anew, from_zero) in [(true, false), (false, false), (true, true)] {
                let again = |now: &Direction, begun: &Direction| Direction {
                    cipher: if anew { begun.cipher.clone() } else { now.cipher.clone() },
                    number: if from_zero { begun.number } else { now.number },
                    ..now.clone()
                };
                let mut theirs = again(&self.theirs, &theirs);
                if let Some(message) = theirs.open(sealed) {
                    (self.ours, self.theirs) = (again(&self.ours, &ours), theirs);
                    return Some(message);
                }
            }
            return None;
        }
        self.theirs.open(sealed)
    }

    /// The signature of `message`, which is sent in clear.
    pub fn sign(&mut self, message: &[u8]) -> Vec<u8> {
        self.ours.sign(message).to_vec()
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rc4_is_that_of_its_published_vectors() {
        // RFC 6229 §2: the first bytes under the keys 0x0102030405 and 0x01…10.
        let mut zeros = [0; 8];
        Rc4::new(&[1, 2, 3, 4, 5]).apply(&mut zeros);
        assert_eq!(hex::encode(zeros), "b2396305f03dc027");
        let key: Vec<u8> = (1..=16).collect();
        let mut zeros = [0; 8];
        Rc4::new(&key).apply(&mut zeros);
        assert_eq!(hex::encode(zeros), "9ac7cc9a609d1ef7");
    }

    /// The example of [MS-NLMP] §4.2.4: user `User` of `Domain` with `Password`.
    #[test]
    fn a_session_of_the_specification_has_its_keys() {
        let temp = "01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e00\
                    01000c005300650072007600650072000000000000000000";
        let proof = "68cd0ab851e51c96aabc927bebef6a1c";
        let answer = Authenticate {
            user: "User".to_owned(),
            domain: "Domain".to_owned(),
            nt: hex::decode(format!("{proof}{temp}")).unwrap(),
            flags: 0xe28a_8233,
            session_key: hex::decode("c5dad2544fc9799094ce1ce90bc9d03e").unwrap(),
            ..Authenticate::default()
        };
        let nonce = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        let key = answer.proven_by(b"Password", nonce).unwrap();
        assert_eq!(hex::encode(key), "55".repeat(16));
        assert_eq!(answer.proven_by(b"password", nonce), None);
        let sealed = hex::decode("010000007fb38ec5c55d497600000000").unwrap();
        let text = hex::decode("54e50165bf1936dc996020c1811b0f06fb5f").unwrap();
        let plain = Sealing::new(&key, answer.flags).unseal(&[sealed, text].concat());
        assert_eq!(plain, Some(utf16("Plaintext")));
    }

    #[test]
    fn what_is_changed_on_its_way_is_not_taken() {
        let key = [7; 16];
        let mut sealed = Sealing::new(&key, u32::MAX).seal(b"text");
        // Ends that speak to each other: what one seals, the other's peer does.
        let mut other = Sealing::new(&key, u32::MAX);
        std::mem::swap(&mut other.ours, &mut other.theirs);
        assert_eq!(other.unseal(&sealed), Some(b"text".to_vec()));
        let mut other = Sealing::new(&key, u32::MAX);
        std::mem::swap(&mut other.ours, &mut other.theirs);
        sealed[17] ^= 1;
        assert_eq!(other.unseal(&sealed), None);
        assert_eq!(other.unseal(b"short"), None);
    }
}
