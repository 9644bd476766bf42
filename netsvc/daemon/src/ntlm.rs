//! NTLM as a server sees it ([MS-NLMP]): a challenge with the persona's names, and what the peer's answer
//! gives for cracking.

mod judged;
mod keys;

pub use judged::Judged;
pub use keys::{Rc4, Sealing};

use netsvc_kit::Credential;
use netsvc_persona::Persona;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// Flags of a challenge: Unicode, request target, NTLM, always sign, extended session security, target info, version,
/// 128-bit, key exchange, 56-bit.
const FLAGS: u32 = 0xe288_8205;
/// Whether the target is a domain, or the server itself.
const OF_DOMAIN: u32 = 0x0001_0000;
const OF_SERVER: u32 = 0x0002_0000;
/// Flags that a challenge only has where the peer asked for them: sign, seal, always sign, version, 128-bit, key
/// exchange, 56-bit.
const ASKED: u32 = 0xe200_8030;
/// Seconds from 1601 to 1970.
const WINDOWS_EPOCH: i64 = 11_644_473_600;

/// The AUTHENTICATE message of a peer ([MS-NLMP] §2.2.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authenticate {
    /// Domain as the peer gives it.
    pub domain: String,
    /// User name.
    pub user: String,
    /// Name of the peer's machine.
    pub workstation: String,
    /// LM response.
    pub lm: Vec<u8>,
    /// NT response: 24 bytes for NTLMv1, more for NTLMv2.
    pub nt: Vec<u8>,
    /// What both sides agreed on.
    pub flags: u32,
    /// The session key that the peer chose, encrypted; empty: none.
    pub session_key: Vec<u8>,
}

/// Type of an NTLM message (1, 2 or 3), if it is one.
pub fn message_type(bytes: &[u8]) -> Option<u32> {
    (bytes.get(..8)? == SIGNATURE).then(|| number(bytes, 8))?
}

/// The name of the computer, as NetBIOS has it.
pub fn computer(persona: &Persona) -> String {
    persona.hostname.to_uppercase().chars().take(15).collect()
}

/// The name of its domain, as NetBIOS has it; in none, that of the computer.
pub fn domain(persona: &Persona) -> String {
    match persona.domain.split('.').next() {
        Some(first) if !first.is_empty() => first.to_uppercase(),
        _ => computer(persona),
    }
}

/// The CHALLENGE message of `persona` with `nonce`; `clock` in µs since the epoch.
pub fn challenge(persona: &Persona, nonce: [u8; 8], clock: i64) -> Vec<u8> {
    with_flags(persona, FLAGS, nonce, clock)
}

/// As [`challenge`], to the NEGOTIATE message `negotiate`: of signing, sealing and key lengths it has what is asked for
/// there ([MS-NLMP] §3.2.5.1.1).
pub fn challenge_to(persona: &Persona, negotiate: &[u8], nonce: [u8; 8], clock: i64) -> Vec<u8> {
    let asked = number(negotiate, 12).unwrap_or_default();
    with_flags(persona, FLAGS & !ASKED | asked & ASKED, nonce, clock)
}

fn with_flags(persona: &Persona, flags: u32, nonce: [u8; 8], clock: i64) -> Vec<u8> {
    let server = Server::of(persona);
    let flags = flags | if server.member { OF_DOMAIN } else { OF_SERVER };
    let target = utf16(&server.domain);
    let info = server.info(clock);
    let mut message = Vec::with_capacity(56 + target.len() + info.len());
    message.extend_from_slice(SIGNATURE);
    message.extend_from_slice(&2_u32.to_le_bytes());
    descriptor(&mut message, target.len(), 56);
    message.extend_from_slice(&flags.to_le_bytes());
    message.extend_from_slice(&nonce);
    message.extend_from_slice(&[0; 8]);
    descriptor(&mut message, info.len(), 56 + target.len());
    message.extend_from_slice(&server.version);
    message.extend_from_slice(&target);
    message.extend_from_slice(&info);
    message
}

/// Who a server says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// NetBIOS name of the host.
    pub computer: String,
    /// NetBIOS name of its domain; that of the host where it is in none.
    pub domain: String,
    /// Whether it is a member of a domain.
    pub member: bool,
    /// DNS names of the domain, may be empty, and of the host.
    dns: (String, String),
    /// Major and minor version and build of the system, and the revision of NTLM.
    version: [u8; 8],
}

impl Server {
    /// That of `persona`: Windows is a member of its domain, anything else stands alone and calls itself the version
    /// that Samba does.
    pub fn of(persona: &Persona) -> Server {
        let windows = persona.os.build != 0 || persona.os.family.starts_with("windows");
        let member = windows && !persona.domain.is_empty();
        Server {
            domain: if member { domain(persona) } else { computer(persona) },
            computer: computer(persona),
            member,
            dns: (persona.domain.clone(), persona.fqdn()),
            version: if windows { version(persona) } else { [6, 1, 0, 0, 0, 0, 0, 15] },
        }
    }

    fn info(&self, clock: i64) -> Vec<u8> {
        let mut info = Vec::new();
        let file_time =
            (clock / 1_000_000 + WINDOWS_EPOCH).saturating_mul(10_000_000) + clock % 1_000_000 * 10;
        let (domain, computer) = &self.dns;
        pair(&mut info, 2, &utf16(&self.domain));
        pair(&mut info, 1, &utf16(&self.computer));
        pair(&mut info, 4, &utf16(domain));
        pair(&mut info, 3, &utf16(computer));
        if self.member {
            pair(&mut info, 5, &utf16(domain));
        }
        pair(&mut info, 7, &file_time.to_le_bytes());
        pair(&mut info, 0, &[]);
        info
    }
}

fn version(persona: &Persona) -> [u8; 8] {
    let mut numbers = persona.os.version.split('.').map(|part| part.parse::<u8>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(10), numbers.next().unwrap_or(0));
    let build = u16::try_from(persona.os.build).unwrap_or(0).to_le_bytes();
    let [low, high] = build;
    [major, minor, low, high, 0, 0, 0, 15]
}

fn pair(info: &mut Vec<u8>, id: u16, value: &[u8]) {
    info.extend_from_slice(&id.to_le_bytes());
    info.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
    info.extend_from_slice(value);
}

fn descriptor(message: &mut Vec<u8>, length: usize, offset: usize) {
    let length = u16::try_from(length).unwrap_or(0).to_le_bytes();
    message.extend_from_slice(&length);
    message.extend_from_slice(&length);
    message.extend_from_slice(&u32::try_from(offset).unwrap_or(0).to_le_bytes());
}

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

impl Authenticate {
    /// Reads the message; `None` when it is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if message_type(bytes)? != 3 {
            return None;
        }
        let unicode = number(bytes, 60).unwrap_or(1) & 1 == 1;
        Some(Authenticate {
            lm: payload(bytes, 12)?.to_vec(),
            nt: payload(bytes, 20)?.to_vec(),
            domain: text(payload(bytes, 28)?, unicode),
            user: text(payload(bytes, 36)?, unicode),
            workstation: text(payload(bytes, 44)?, unicode),
            flags: number(bytes, 60).unwrap_or_default(),
            session_key: payload(bytes, 52).unwrap_or_default().to_vec(),
        })
    }

    /// Whether the peer gave no name, as a null session does.
    pub fn is_anonymous(&self) -> bool {
        self.user.is_empty() && self.nt.len() < 24
    }

    /// The answer to `nonce` as a credential.
    pub fn credential(&self, nonce: [u8; 8], accepted: bool) -> Credential {
        let (nonce_text, user, domain) = (hex::encode(nonce), &self.user, &self.domain);
        let (kind, line) = match self.nt.split_at_checked(16) {
            Some((proof, rest)) if self.nt.len() > 24 => (
                "ntlmssp_v2",
                Some(format!("{user}::{domain}:{nonce_text}:{}:{}", hex::encode(proof), hex::encode(rest))),
            ),
            Some(_) if self.nt.len() == 24 => (
                "ntlmssp_v1",
                Some(format!(
                    "{user}::{domain}:{}:{}:{nonce_text}",
                    hex::encode(&self.lm),
                    hex::encode(&self.nt)
                )),
            ),
            _ => ("ntlmssp_v1", None),
        };
        Credential {
            principal: self.user.as_bytes().to_vec(),
            kind,
            secret: self.nt.clone(),
            challenge: Some(nonce.to_vec()),
            crack_line: line,
            method: "NTLM",
            accepted,
        }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn payload(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let offset = usize::try_from(number(bytes, at + 4)?).ok()?;
    bytes.get(offset..offset.checked_add(length)?)
}

fn text(bytes: &[u8], unicode: bool) -> String {
    if !unicode {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes(pair.try_into().unwrap_or_default()));
    char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_challenge_carries_the_names_of_the_persona() {
        let mut persona = netsvc_kit::testing::persona("web-01");
        persona.os.version = "10.0".to_owned();
        persona.os.build = 17763;
        let message = challenge(&persona, *b"12345678", 1_795_238_403_000_000);
        assert_eq!(message_type(&message), Some(2));
        assert_eq!(message.get(24..32), Some(&b"12345678"[..]));
        assert_eq!(message.get(48..56), Some(&[10, 0, 0x63, 0x45, 0, 0, 0, 15][..]));
        assert_eq!(payload(&message, 12), Some(&utf16("CORP")[..]));
    }

    #[test]
    fn a_version_two_answer_becomes_a_line_for_cracking() {
        let mut message = [SIGNATURE.as_slice(), &3_u32.to_le_bytes()].concat();
        let parts: [&[u8]; 5] = [&[0; 24], &[7; 40], &utf16("CORP"), &utf16("eve"), &utf16("PC")];
        let mut offset = 64;
        for part in parts {
            descriptor(&mut message, part.len(), offset);
            offset += part.len();
        }
        message.extend_from_slice(&[0; 8]);
        message.extend_from_slice(&1_u32.to_le_bytes());
        for part in parts {
            message.extend_from_slice(part);
        }
        let answer = Authenticate::parse(&message).unwrap();
        assert_eq!((answer.user.as_str(), answer.workstation.as_str()), ("eve", "PC"));
        let line = answer.credential([1; 8], false).crack_line.unwrap();
        assert_eq!(line, format!("eve::CORP:0101010101010101:{}:{}", "07".repeat(16), "07".repeat(24)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Authenticate::parse(&bytes);
            let _ = Authenticate::parse(&[SIGNATURE.as_slice(), &[3, 0, 0, 0], &bytes].concat());
        }
    }
}
