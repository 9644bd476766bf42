//! Properties of version 5 (MQTT 5.0 §2.2.2).

use super::packet::{Fault, MALFORMED, PROTOCOL, Reader};

pub(super) const FORMAT: u8 = 0x01;
pub(super) const EXPIRY: u8 = 0x02;
pub(super) const CONTENT_TYPE: u8 = 0x03;
pub(super) const RESPONSE_TOPIC: u8 = 0x08;
pub(super) const CORRELATION: u8 = 0x09;
pub(super) const SUBSCRIPTION: u8 = 0x0b;
pub(super) const SESSION_EXPIRY: u8 = 0x11;
pub(super) const ASSIGNED_ID: u8 = 0x12;
pub(super) const AUTH_METHOD: u8 = 0x15;
pub(super) const AUTH_DATA: u8 = 0x16;
pub(super) const PROBLEM: u8 = 0x17;
pub(super) const WILL_DELAY: u8 = 0x18;
pub(super) const RESPONSE: u8 = 0x19;
pub(super) const REASON: u8 = 0x1f;
pub(super) const RECEIVE_MOST: u8 = 0x21;
pub(super) const ALIAS_MOST: u8 = 0x22;
pub(super) const ALIAS: u8 = 0x23;
pub(super) const USER: u8 = 0x26;
pub(super) const PACKET_MOST: u8 = 0x27;

/// Most properties of one packet.
const MOST: usize = 64;

/// What may stand in the packets of a client.
pub(super) const CONNECT: &[u8] =
    &[SESSION_EXPIRY, RECEIVE_MOST, PACKET_MOST, ALIAS_MOST, RESPONSE, PROBLEM, USER, AUTH_METHOD, AUTH_DATA];
pub(super) const WILL: &[u8] = &[WILL_DELAY, FORMAT, EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION, USER];
pub(super) const PUBLISH: &[u8] = &[FORMAT, EXPIRY, ALIAS, RESPONSE_TOPIC, CORRELATION, CONTENT_TYPE, USER];
pub(super) const ACK: &[u8] = &[REASON, USER];
pub(super) const SUBSCRIBE: &[u8] = &[SUBSCRIPTION, USER];
pub(super) const UNSUBSCRIBE: &[u8] = &[USER];
pub(super) const DISCONNECT: &[u8] = &[SESSION_EXPIRY, REASON, USER];

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Properties {
    numbers: Vec<(u8, u32)>,
    /// Those that go with a message, as they came: all but its expiry and its alias.
    pub(super) carried: Vec<u8>,
    /// Method of authentication.
    pub(super) method: Option<Vec<u8>>,
}

impl Properties {
    /// The number of this property.
    pub(super) fn number(&self, property: u8) -> Option<u32> {
        self.numbers.iter().find(|(known, _)| *known == property).map(|(_, value)| *value)
    }
}

impl Reader<'_> {
    /// Properties after their length, where `version` has them.
    pub(super) fn properties(&mut self, version: u8, allowed: &[u8]) -> Result<Properties, Fault> {
        if version < 5 {
            return Ok(Properties::default());
        }
        let length = self.number()?;
        read(self.bytes(length)?, allowed)
    }
}

/// The properties that `bytes` are, if each is one of `allowed`, and all but those of users come once.
pub(super) fn read(bytes: &[u8], allowed: &[u8]) -> Result<Properties, Fault> {
    let mut rest = Reader(bytes);
    let mut read = Properties::default();
    let mut seen: Vec<u8> = Vec::new();
    while !rest.0.is_empty() {
        let before = rest.0;
        let property = rest.byte()?;
        if !allowed.contains(&property) || MOST <= seen.len() {
            return Err(if known(property) { PROTOCOL } else { MALFORMED });
        }
        if property != USER && seen.contains(&property) {
            return Err(PROTOCOL);
        }
        seen.push(property);
        match property {
            FORMAT | PROBLEM | RESPONSE => {
                let value = rest.byte()?;
                if 1 < value {
                    return Err(PROTOCOL);
                }
                read.numbers.push((property, u32::from(value)));
            }
            RECEIVE_MOST | ALIAS_MOST | ALIAS => read.numbers.push((property, u32::from(rest.short()?))),
            EXPIRY | SESSION_EXPIRY | WILL_DELAY | PACKET_MOST => read.numbers.push((property, rest.long()?)),
            SUBSCRIPTION => read.numbers.push((property, u32::try_from(rest.number()?).unwrap_or_default())),
            CORRELATION | AUTH_DATA => {
                rest.data()?;
            }
            AUTH_METHOD => read.method = Some(rest.text()?.to_vec()),
            USER => {
                rest.text()?;
                rest.text()?;
            }
            _ => {
                rest.text()?;
            }
        }
        let taken = before.len() - rest.0.len();
        if matches!(property, FORMAT | CONTENT_TYPE | RESPONSE_TOPIC | CORRELATION | USER) {
            read.carried.extend_from_slice(before.get(..taken).unwrap_or_default());
        }
    }
    let zero = |property: u8| read.number(property) == Some(0);
    if [RECEIVE_MOST, PACKET_MOST, SUBSCRIPTION].into_iter().any(zero) {
        return Err(PROTOCOL);
    }
    Ok(read)
}

fn known(property: u8) -> bool {
    matches!(property, 0x01..=0x03 | 0x08 | 0x09 | 0x0b | 0x11..=0x13 | 0x15..=0x1a | 0x1c | 0x1f | 0x21..=0x2a)
}

/// Appends a property that is a number of four bytes.
pub(super) fn put_long(out: &mut Vec<u8>, property: u8, value: u32) {
    out.push(property);
    out.extend(value.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_goes_with_a_message_is_kept_as_it_came() {
        let bytes = b"\x02\0\0\0\x05\x23\0\x01\x26\0\x01a\0\x02bc\x03\0\x01t";
        let read = read(bytes, PUBLISH).unwrap();
        assert_eq!((read.number(EXPIRY), read.number(ALIAS)), (Some(5), Some(1)));
        assert_eq!(read.carried, b"\x26\0\x01a\0\x02bc\x03\0\x01t");
        for (bytes, fault) in [
            (&b"\x7f\0"[..], MALFORMED),
            (b"\x11\0\0\0\0", PROTOCOL),
            (b"\x01\x01\x01\x01", PROTOCOL),
            (b"\x01\x02", PROTOCOL),
            (b"\x02\0", MALFORMED),
        ] {
            assert_eq!(super::read(bytes, PUBLISH), Err(fault), "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for allowed in [CONNECT, WILL, PUBLISH, SUBSCRIBE] {
                let _ = read(&bytes, allowed);
            }
        }
    }
}
