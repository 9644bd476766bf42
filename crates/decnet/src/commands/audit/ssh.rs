//! What an SSH server shows before anybody logs in: its name, what it offers, its host keys (RFC 4253).

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use md5::Md5;
use sha2::{Digest, Sha256};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
};

const KEXINIT: u8 = 20;
const KEX_INIT: u8 = 30;
const KEX_REPLY: u8 = 31;
/// Longest packet (RFC 4253 §6.1), longest line, lines before the identification, packets before the reply.
const PACKET: u32 = 35_000;
const LINE: u64 = 1024;
const PREFACE: usize = 8;
const BETWEEN: usize = 8;
const NAME: &[u8] = b"SSH-2.0-OpenSSH_9.6\r\n";
const CURVES: [&str; 2] = ["curve25519-sha256", "curve25519-sha256@libssh.org"];
const GROUPS: [&str; 2] = ["diffie-hellman-group14-sha256", "diffie-hellman-group14-sha1"];
/// Kinds of host keys, and the algorithms that prove each (RFC 4253, RFC 5656, RFC 8332, RFC 8709).
pub(super) const KINDS: [(&str, &str); 4] = [
    ("ed25519", "ssh-ed25519"),
    ("ECDSA", "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"),
    ("RSA", "rsa-sha2-256,rsa-sha2-512,ssh-rsa"),
    ("DSA", "ssh-dss"),
];

/// What was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ssh {
    pub(super) version: String,
    pub(super) hassh: String,
    /// Kinds of host keys that it lists, of [`KINDS`].
    pub(super) kinds: Vec<&'static str>,
}

/// One host key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HostKey {
    /// `SHA256:…`.
    pub(super) fingerprint: String,
    /// Bits of an RSA key.
    pub(super) bits: Option<u32>,
}

/// Asks what it offers.
///
/// # Errors
/// When the peer does not speak SSH.
pub(super) fn look(stream: TcpStream) -> io::Result<Ssh> {
    let mut writer = stream.try_clone()?;
    let (version, lists) = greeting(&mut BufReader::new(stream), &mut writer)?;
    let listed = |name: &&str| lists.get(1).is_some_and(|list| list.split(',').any(|other| other == *name));
    let kinds = KINDS.iter().filter(|(_, names)| names.split(',').any(|name| listed(&name)));
    Ok(Ssh { version, hassh: hassh(&lists), kinds: kinds.map(|(kind, _)| *kind).collect() })
}

/// Asks for the host key of one of [`KINDS`], by accepting no other. The exchange is left where the key has
/// come: nothing secret is agreed on. `None`: both sides have no exchange in common, or no key came.
///
/// # Errors
/// When the peer does not speak SSH, or hangs up.
pub(super) fn host_key(stream: TcpStream, kind: &str) -> io::Result<Option<HostKey>> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let (_, lists) = greeting(&mut reader, &mut writer)?;
    let Some(first) = exchange(&lists) else { return Ok(None) };
    let names = KINDS.iter().find(|(other, _)| *other == kind).map_or("", |(_, names)| *names);
    writer.write_all(&framed(&own_offer(names)))?;
    writer.write_all(&framed(&first))?;
    for _ in 0..BETWEEN {
        let reply = packet(&mut reader)?;
        if reply.first() == Some(&KEX_REPLY) {
            return Ok(reply.get(1..).and_then(string).map(|(key, _)| judged(key)));
        }
    }
    Ok(None)
}

/// Its identification and its name lists.
fn greeting(reader: &mut impl BufRead, writer: &mut impl Write) -> io::Result<(String, Vec<String>)> {
    let version = version(reader)?;
    writer.write_all(NAME)?;
    let offer = packet(reader)?;
    Ok((version, lists(&offer).ok_or_else(|| bad("no offer of algorithms"))?))
}

fn judged(key: &[u8]) -> HostKey {
    let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)));
    HostKey { fingerprint, bits: rsa_bits(key) }
}

/// Bits of the modulus: `ssh-rsa`, exponent, modulus (RFC 4253, 6.6).
fn rsa_bits(key: &[u8]) -> Option<u32> {
    let (name, rest) = string(key)?;
    let (_exponent, rest) = string(rest).filter(|_| name == b"ssh-rsa")?;
    let (modulus, _) = string(rest)?;
    let bits = |digits: &[u8]| Some(u32::try_from(digits.len()).ok()? * 8 - digits.first()?.leading_zeros());
    let start = modulus.iter().position(|byte| *byte != 0)?;
    bits(modulus.get(start..)?)
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn version(reader: &mut impl BufRead) -> io::Result<String> {
    for _ in 0..PREFACE {
        let mut line = Vec::new();
        reader.by_ref().take(LINE).read_until(b'\n', &mut line)?;
        if line.starts_with(b"SSH-") {
            return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
        if line.is_empty() {
            break;
        }
    }
    Err(bad("no identification"))
}

/// The payload of the next packet.
fn packet(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = [0; 5];
    reader.read_exact(&mut head)?;
    let [a, b, c, d, padding] = head;
    let length = u32::from_be_bytes([a, b, c, d]);
    let payload = length.checked_sub(1 + u32::from(padding)).filter(|_| length <= PACKET);
    let payload = payload.ok_or_else(|| bad("a packet without a sound length"))?;
    let mut body = vec![0; usize::try_from(length - 1).unwrap_or_default()];
    reader.read_exact(&mut body)?;
    body.truncate(usize::try_from(payload).unwrap_or_default());
    Ok(body)
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let padding = 8 - (payload.len() + 5) % 8 + if (payload.len() + 5) % 8 > 4 { 8 } else { 0 };
    let length = u32::try_from(payload.len() + padding + 1).unwrap_or_default();
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).unwrap_or_default());
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

/// A string and what follows it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The ten name lists of an offer.
fn lists(offer: &[u8]) -> Option<Vec<String>> {
    let mut rest = offer.get(17..).filter(|_| offer.first() == Some(&KEXINIT))?;
    let mut lists = Vec::with_capacity(10);
    for _ in 0..10 {
        let (list, after) = string(rest)?;
        lists.push(String::from_utf8_lossy(list).into_owned());
        rest = after;
    }
    Some(lists)
}

/// HASSHServer: key exchange, then what it sends with.
fn hassh(lists: &[String]) -> String {
    let named = [0, 3, 5, 7].map(|index: usize| lists.get(index).map_or("", String::as_str));
    hex::encode(Md5::digest(named.join(";")))
}

/// Our offer: what [`exchange`] can begin, these host keys, and everything that there is for the rest.
fn own_offer(host_keys: &str) -> Vec<u8> {
    let kex = [CURVES, GROUPS].concat().join(",");
    let ciphers = "aes128-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes128-cbc";
    let macs = "hmac-sha2-256,hmac-sha1,hmac-sha2-512,hmac-sha2-256-etm@openssh.com";
    let mut offer = vec![KEXINIT];
    offer.extend_from_slice(&[0; 16]);
    for list in [&kex, host_keys, ciphers, ciphers, macs, macs, "none", "none", "", ""] {
        offer.extend_from_slice(&u32::try_from(list.len()).unwrap_or_default().to_be_bytes());
        offer.extend_from_slice(list.as_bytes());
    }
    offer.extend_from_slice(&[0; 5]);
    offer
}

/// The first message of the exchange that both sides would choose; `None`: they have none in common.
fn exchange(lists: &[String]) -> Option<Vec<u8>> {
    let theirs = lists.first()?;
    let chosen =
        [CURVES, GROUPS].concat().into_iter().find(|name| theirs.split(',').any(|other| other == *name))?;
    // A point and a number as good as any: the answer is not made use of.
    let public = if CURVES.contains(&chosen) { vec![9; 32] } else { vec![0x42; 256] };
    let mut message = vec![KEX_INIT];
    message.extend_from_slice(&u32::try_from(public.len()).unwrap_or_default().to_be_bytes());
    message.extend_from_slice(&public);
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_framed_as_they_are_read() {
        for length in 1..100 {
            let payload = vec![7; length];
            let framed = framed(&payload);
            assert!(framed.len().is_multiple_of(8) && framed[4] >= 4, "{length}");
            assert_eq!(packet(&mut framed.as_slice()).unwrap(), payload);
        }
        assert!(packet(&mut [0, 0, 0, 1, 9, 0, 0].as_slice()).is_err());
        assert!(packet(&mut [255, 0, 0, 1, 9, 0, 0].as_slice()).is_err());
    }

    #[test]
    fn our_own_offer_can_be_read() {
        let lists = lists(&own_offer("ssh-rsa")).unwrap();
        assert_eq!(lists[1], "ssh-rsa");
        assert_eq!(exchange(&lists).unwrap().len(), 1 + 4 + 32);
        let old = vec!["diffie-hellman-group14-sha1".to_owned()];
        assert_eq!(exchange(&old).unwrap().len(), 1 + 4 + 256);
        assert_eq!(super::lists(&[KEXINIT; 30]), None);
    }

    #[test]
    fn lines_before_the_identification_are_passed_over() {
        let mut text = "welcome\r\nSSH-2.0-OpenSSH_7.4\r\nmore".as_bytes();
        assert_eq!(version(&mut text).unwrap(), "SSH-2.0-OpenSSH_7.4");
        assert!(version(&mut "".as_bytes()).is_err());
    }

    #[test]
    fn an_rsa_key_has_as_many_bits_as_its_modulus() {
        let key = |name: &str, modulus: &[u8]| {
            let parts = [name.as_bytes(), &[1, 0, 1], modulus];
            parts
                .iter()
                .flat_map(|part| [&u32::try_from(part.len()).unwrap().to_be_bytes(), *part].concat())
                .collect::<Vec<u8>>()
        };
        let padded = [&[0, 0x80], [7; 383].as_slice()].concat();
        assert_eq!(rsa_bits(&key("ssh-rsa", &padded)), Some(3072));
        assert_eq!(rsa_bits(&key("ssh-rsa", &[0x7f; 128])), Some(1023));
        assert_eq!(rsa_bits(&key("ssh-rsa", &[])), None);
        assert_eq!(rsa_bits(&key("ssh-ed25519", &padded)), None);
    }

    /// A server with these host key algorithms, and the key that it shows to who asks.
    fn server(names: &'static str) -> std::net::SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let mut writer = stream.try_clone().unwrap();
                writer.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
                writer.write_all(&framed(&own_offer(names))).unwrap();
                let mut reader = BufReader::new(stream);
                let _ = version(&mut reader);
                let Ok(offer) = packet(&mut reader) else { continue };
                let asked = lists(&offer).unwrap()[1].clone();
                let mut reply = vec![KEX_REPLY];
                reply.extend_from_slice(&u32::try_from(asked.len()).unwrap().to_be_bytes());
                reply.extend_from_slice(asked.as_bytes());
                let _ = writer.write_all(&framed(&reply));
            }
        });
        address
    }

    #[test]
    fn each_kind_that_is_listed_is_asked_for() {
        let address = server("rsa-sha2-512,ssh-ed25519,sk-ssh-ed25519@openssh.com");
        let connect = || TcpStream::connect(address).unwrap();
        let seen = look(connect()).unwrap();
        assert_eq!(
            (seen.version.as_str(), seen.kinds.as_slice()),
            ("SSH-2.0-OpenSSH_9.2", &["ed25519", "RSA"][..])
        );
        for (kind, names) in KINDS {
            let key = host_key(connect(), kind).unwrap().unwrap();
            assert_eq!(key, judged(names.as_bytes()), "{kind}");
        }
    }
}
