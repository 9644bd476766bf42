//! What an SSH peer offers in its first packet (RFC 4253 §7.1), and HASSH of it.
//!
//! Source: <https://github.com/salesforce/hassh>, its description and reference values.

use md5::{Digest, Md5};

/// Most bytes of a stream that are looked at: identification and one packet.
pub const MOST: usize = 40 * 1024;

const KEXINIT: u8 = 20;
/// Longest identification, and lines that a server may say before it (RFC 4253 §4.2).
const LINE: usize = 1024;
const LINES: usize = 16;
/// Longest packet (RFC 4253 §6.1).
const PACKET: usize = 35_000;
/// Message number and cookie.
const FIXED: usize = 17;
const LISTS: usize = 8;

/// How a peer begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Its identification without the line's end, such as `SSH-2.0-OpenSSH_9.2p1`.
    pub version: Vec<u8>,
    /// What it offers.
    pub offer: Offer,
}

/// The algorithms of a KEXINIT as HASSH joins them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    lists: [String; LISTS],
}

impl Greeting {
    /// Reads identification and KEXINIT at the start of what a peer has sent; `None`: it is not SSH, or not all of it.
    pub fn read(stream: &[u8]) -> Option<Greeting> {
        let stream = stream.get(..MOST.min(stream.len()))?;
        let (version, rest) = identification(stream)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|length| *length <= PACKET)?;
        let (padding, payload) = rest.get(..length)?.split_first()?;
        let payload = payload.get(..payload.len().checked_sub(usize::from(*padding))?)?;
        Some(Greeting { version: version.to_vec(), offer: Offer::read(payload)? })
    }
}

/// The identification at the start of `stream`, and what comes after it; `None`: there is none, or not all of it.
pub fn identification(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = stream;
    for _ in 0..LINES {
        let end = rest.iter().take(LINE).position(|byte| *byte == b'\n')?;
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.get(1..)?;
        if line.starts_with(b"SSH-") {
            return Some((line.strip_suffix(b"\r").unwrap_or(line), rest));
        }
    }
    None
}

impl Offer {
    /// Reads the payload of a KEXINIT.
    pub fn read(payload: &[u8]) -> Option<Offer> {
        let ([KEXINIT, ..], mut rest) = payload.split_at_checked(FIXED)? else { return None };
        let mut lists: [String; LISTS] = Default::default();
        for list in &mut lists {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (text, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            // Names are printable ASCII (RFC 4251 §6): what is something else is no offer.
            if !text.iter().all(u8::is_ascii_graphic) {
                return None;
            }
            *list = String::from_utf8_lossy(text).into_owned();
            rest = after;
        }
        Some(Offer { lists })
    }

    /// The text that HASSH, of who offers as a client, is the MD5 of.
    pub fn hassh_text(&self) -> String {
        let [kex, _, encryption, _, mac, _, compression, _] = &self.lists;
        format!("{kex};{encryption};{mac};{compression}")
    }

    /// The text that HASSHServer, of who offers as a server, is the MD5 of.
    pub fn hassh_server_text(&self) -> String {
        let [kex, _, _, encryption, _, mac, _, compression] = &self.lists;
        format!("{kex};{encryption};{mac};{compression}")
    }

    /// HASSH: 32 hexadecimal digits.
    pub fn hassh(&self) -> String {
        hex::encode(Md5::digest(self.hassh_text()))
    }

    /// HASSHServer: 32 hexadecimal digits.
    pub fn hassh_server(&self) -> String {
        hex::encode(Md5::digest(self.hassh_server_text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream(before: &str, lists: &[&str]) -> Vec<u8> {
        let mut payload = vec![KEXINIT];
        payload.extend([7; 16]);
        for list in lists {
            payload.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
            payload.extend(list.as_bytes());
        }
        payload.extend([0; 5]);
        let padding = 8_u8;
        let length = u32::try_from(payload.len() + 1 + usize::from(padding)).unwrap();
        let mut all = before.as_bytes().to_vec();
        all.extend(length.to_be_bytes());
        all.push(padding);
        all.extend(payload);
        all.extend([0; 8]);
        all
    }

    #[test]
    fn both_sides_are_told_by_the_lists_that_are_theirs() {
        let lists = ["kex", "keys", "enc-in", "enc-out", "mac-in", "mac-out", "none", "zlib", "", ""];
        let greeting = Greeting::read(&stream("hello\r\nSSH-2.0-x_1 y\r\n", &lists)).unwrap();
        assert_eq!(greeting.version, b"SSH-2.0-x_1 y");
        assert_eq!(greeting.offer.hassh_text(), "kex;enc-in;mac-in;none");
        assert_eq!(greeting.offer.hassh_server_text(), "kex;enc-out;mac-out;zlib");
        assert_eq!(greeting.offer.hassh().len(), 32);
    }

    #[test]
    fn what_is_not_whole_is_none() {
        let lists = ["kex", "keys", "a", "b", "c", "d", "e", "f", "", ""];
        let good = stream("SSH-2.0-x\r\n", &lists);
        assert!(Greeting::read(&good).is_some());
        for cut in 0..good.len() {
            assert_eq!(Greeting::read(&good[..cut]), None, "{cut}");
        }
        assert_eq!(Greeting::read(&stream("SSH-2.0-x\r\n", &["k\n", "", "", "", "", "", "", ""])), None);
        assert_eq!(Greeting::read(&stream("HTTP/1.1 200\r\n", &lists)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Greeting::read(&bytes);
            let _ = Offer::read(&bytes).map(|offer| (offer.hassh(), offer.hassh_server()));
        }
    }
}
