//! Requests beside those for variables: lists, blocks, clock, password.

use super::{
    super::{device::Site, peer::Peer},
    blocks, clock,
    lists::{self, State},
    pdu::{Fault, NO_BLOCK, NO_FUNCTION},
};
use crate::bytes::Reader;
use netsvc_kit::{Credential, Out};

/// A request: its group and function, and what it brings.
pub(super) struct Ask<'a> {
    pub(super) group: u8,
    pub(super) function: u8,
    pub(super) sequence: u8,
    pub(super) bytes: &'a [u8],
}

impl<'a> Ask<'a> {
    /// Reads parameters and data of a message.
    pub(super) fn read(parameters: &[u8], data: &'a [u8]) -> Option<Ask<'a>> {
        let mut reader = Reader::new(parameters);
        let (_, _, _) = (reader.number(3)?, reader.byte()?, reader.byte()?);
        let (kind, function, sequence) = (reader.byte()?, reader.byte()?, reader.byte()?);
        (kind & 0xf0 == 0x40).then_some(())?;
        let mut data = Reader::new(data);
        let brought = data.take(4).map(|_| data.rest()).unwrap_or_default();
        Some(Ask { group: kind & 0x0f, function, sequence, bytes: brought })
    }
}

/// What a connection knows that answers depend on.
pub(super) struct Desk<'a> {
    pub(super) peer: &'a Peer,
    pub(super) site: &'a Site,
    /// Whether the peer has given the password, or needs none.
    pub(super) trusted: &'a mut bool,
}

impl Desk<'_> {
    /// The data that answers `ask`.
    pub(super) fn answer(&mut self, ask: &Ask<'_>, out: &mut Out) -> Result<Vec<u8>, Fault> {
        let mut reader = Reader::new(ask.bytes);
        let (what, answer) = match (ask.group, ask.function) {
            (3, 1) => ("list block counts".to_owned(), Ok(blocks::counts())),
            (3, 2) => {
                let letter = reader.take(2).and_then(<[u8]>::last).copied().unwrap_or_default();
                let list = blocks::list(letter).ok_or(NO_BLOCK);
                (format!("list blocks {}", char::from(letter).escape_default()), list)
            }
            (3, 3) => {
                let info = blocks::info(self.site, ask.bytes).ok_or(NO_BLOCK);
                (format!("block info {}", ask.bytes.escape_ascii()), info)
            }
            (4, 1) => {
                let (id, index) = (reader.word().unwrap_or_default(), reader.word().unwrap_or_default());
                (format!("read list {id:04x} {index:04x}"), lists::list(self.site, &self.state(), id, index))
            }
            (5, 1) => ("set password".to_owned(), self.prove(ask.bytes, out)),
            (5, 2) => {
                *self.trusted = self.password().is_none();
                ("clear password".to_owned(), Ok(Vec::new()))
            }
            (7, 1 | 3) => ("read clock".to_owned(), Ok(clock::read(self.peer.host.clock()))),
            (7, 2 | 4) => (format!("set clock {}", hex::encode(ask.bytes)), Ok(Vec::new())),
            (group, function) => {
                let brought = ask.bytes.get(..64).unwrap_or(ask.bytes);
                (format!("group {group} function {function} {}", hex::encode(brought)), Err(NO_FUNCTION))
            }
        };
        Peer::command(&format!("s7 {what}"), answer.is_ok(), out);
        answer
    }

    fn password(&self) -> Option<&str> {
        self.peer.host.setting("s7_password")
    }

    fn state(&self) -> State {
        let host = &self.peer.host;
        State {
            stopped: self.peer.look(self.site, |_, _, deeds| deeds.stopped),
            protected: self.password().is_some(),
            now: host.clock(),
            booted: host.persona().booted_at,
        }
    }

    fn prove(&mut self, coded: &[u8], out: &mut Out) -> Result<Vec<u8>, Fault> {
        let given = decode(coded.get(..8).unwrap_or(coded));
        let wanted = self.password().map(|password| password.as_bytes().to_vec());
        let verdict = match &wanted {
            // Where there is none, none can be given.
            None => Err((0xd6, 0x05)),
            Some(wanted) if *wanted == given => Ok(Vec::new()),
            Some(_) => Err((0xd6, 0x02)),
        };
        *self.trusted |= verdict.is_ok();
        out.credential(Credential::plaintext(b"", &given, "S7 password", verdict.is_ok()));
        verdict
    }
}

/// The password in eight bytes that each depend on the one two before.
fn decode(coded: &[u8]) -> Vec<u8> {
    let before = [0, 0].iter().chain(coded);
    let mut password: Vec<u8> = coded.iter().zip(before).map(|(byte, before)| byte ^ 0x55 ^ before).collect();
    let end = password.iter().rposition(|byte| *byte != b' ' && *byte != 0).map_or(0, |at| at + 1);
    password.truncate(end);
    password
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_as_it_was_typed() {
        let typed = b"geheim  ";
        let mut coded: Vec<u8> = Vec::new();
        for (at, byte) in typed.iter().enumerate() {
            let before = at.checked_sub(2).and_then(|at| coded.get(at)).copied().unwrap_or_default();
            coded.push(byte ^ 0x55 ^ before);
        }
        assert_eq!(decode(&coded), b"geheim");
    }

    #[test]
    fn a_request_names_its_group() {
        let parameters = hex::decode("0001120411440100").unwrap();
        let ask = Ask::read(&parameters, b"\xff\x09\0\x04\0\x11\0\x01").unwrap();
        assert_eq!((ask.group, ask.function, ask.sequence, ask.bytes), (4, 1, 0, &[0, 0x11, 0, 1][..]));
        assert!(Ask::read(&hex::decode("00011204118401").unwrap(), b"").is_none());
    }
}
