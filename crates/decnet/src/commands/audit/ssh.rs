//! What an SSH server shows before anybody logs in: its name, what it offers, its host key (RFC 4253).

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
const HOST_KEYS: &str = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-256,ssh-rsa";

/// What was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ssh {
    pub(super) version: String,
    pub(super) hassh: String,
    /// `SHA256:…`, if a key was shown.
    pub(super) host_key: Option<String>,
}

/// Asks for it. The exchange is left where the key has come: nothing secret is agreed on.
///
/// # Errors
/// When the peer does not speak SSH.
pub(super) fn look(stream: TcpStream) -> io::Result<Ssh> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let version = version(&mut reader)?;
    writer.write_all(NAME)?;
    let offer = packet(&mut reader)?;
    let lists = lists(&offer).ok_or_else(|| bad("no offer of algorithms"))?;
    let mut seen = Ssh { version, hassh: hassh(&lists), host_key: None };
    let Some(first) = exchange(&lists) else { return Ok(seen) };
    writer.write_all(&framed(&own_offer()))?;
    writer.write_all(&framed(&first))?;
    for _ in 0..BETWEEN {
        let reply = packet(&mut reader)?;
        if reply.first() == Some(&KEX_REPLY) {
            let key = reply.get(1..).and_then(string).map(|(key, _)| key);
            seen.host_key = key.map(|key| format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key))));
            break;
        }
    }
    Ok(seen)
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

/// Our offer: what [`exchange`] can begin, and everything that there is for the rest.
fn own_offer() -> Vec<u8> {
    let kex = [CURVES, GROUPS].concat().join(",");
    let ciphers = "aes128-ctr,aes256-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes128-cbc";
    let macs = "hmac-sha2-256,hmac-sha1,hmac-sha2-512,hmac-sha2-256-etm@openssh.com";
    let mut offer = vec![KEXINIT];
    offer.extend_from_slice(&[0; 16]);
    for list in [&kex, HOST_KEYS, ciphers, ciphers, macs, macs, "none", "none", "", ""] {
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
        let lists = lists(&own_offer()).unwrap();
        assert_eq!(lists[1], HOST_KEYS);
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
}
