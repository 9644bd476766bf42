//! Messages: a header, parameters, data.

use crate::bytes::{Reader, length};

/// Kinds of messages (ROSCTR).
pub(super) const JOB: u8 = 1;
pub(super) const ANSWER: u8 = 3;
pub(super) const USERDATA: u8 = 7;

/// An error of a message: class and code.
pub(super) type Fault = (u8, u8);
/// The function is not there.
pub(super) const NO_FUNCTION: Fault = (0x81, 0x04);
/// The answer would be longer than a message may be.
pub(super) const TOO_LONG: Fault = (0x85, 0x00);
/// Only with the password.
pub(super) const PROTECTED: Fault = (0xd2, 0x41);
/// There is no such block.
pub(super) const NO_BLOCK: Fault = (0xd2, 0x09);

/// A message of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pdu {
    pub(super) kind: u8,
    pub(super) reference: u16,
    pub(super) parameters: Vec<u8>,
    pub(super) data: Vec<u8>,
}

impl Pdu {
    /// Reads a message of a peer; `None`: it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Pdu> {
        let mut reader = Reader::new(bytes);
        (reader.byte()? == 0x32).then_some(())?;
        let (kind, _, reference) = (reader.byte()?, reader.word()?, reader.word()?);
        let (parameters, data) = (reader.word()?, reader.word()?);
        if kind == ANSWER || kind == 2 {
            reader.word()?;
        }
        let parameters = reader.take(parameters.into())?.to_vec();
        Some(Pdu { kind, reference, parameters, data: reader.take(data.into())?.to_vec() })
    }
}

/// The answer to a job.
pub(super) fn answer(reference: u16, fault: Fault, parameters: &[u8], data: &[u8]) -> Vec<u8> {
    let [high, low] = reference.to_be_bytes();
    let head = [0x32, ANSWER, 0, 0, high, low];
    [&head[..], &length(parameters), &length(data), &[fault.0, fault.1], parameters, data].concat()
}

/// A message of the other kind.
pub(super) fn userdata(reference: u16, parameters: &[u8], data: &[u8]) -> Vec<u8> {
    let [high, low] = reference.to_be_bytes();
    let head = [0x32, USERDATA, 0, 0, high, low];
    [&head[..], &length(parameters), &length(data), parameters, data].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_lengths_it_says() {
        let setup = hex::decode("32010000000000080000f0000001000101e0").unwrap();
        let pdu = Pdu::read(&setup).unwrap();
        assert_eq!((pdu.kind, pdu.parameters.len(), pdu.data.len()), (JOB, 8, 0));
        assert_eq!(Pdu::read(setup.get(..17).unwrap()), None);
        assert_eq!(hex::encode(answer(5, TOO_LONG, &[4, 1], &[])), "3203000000050002000085000401");
    }
}
