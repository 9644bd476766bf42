//! The first packet of a client: what it asks for, and whether it is let in.

use super::{
    message::Content,
    packet::{Fault, MALFORMED, Reader, kind, packet, put_number, put_text},
    properties::{self, ALIAS_MOST, ASSIGNED_ID, EXPIRY, RECEIVE_MOST, SESSION_EXPIRY, WILL_DELAY},
    topic,
};

/// Aliases of topics, and messages without an acknowledgement, that the broker takes.
pub(super) const ALIASES: u16 = 10;
const INFLIGHT: u16 = 20;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Connect {
    pub(super) version: u8,
    pub(super) client: Vec<u8>,
    pub(super) fresh: bool,
    /// Seconds that its session stays when it is gone.
    pub(super) stays: i64,
    /// Seconds without a packet after which it is taken for dead, half as many more being given; zero: never.
    pub(super) alive: u16,
    pub(super) will: Option<Will>,
    pub(super) user: Option<Vec<u8>>,
    pub(super) password: Option<Vec<u8>>,
    /// Whether it names a method of authentication, of which there is none.
    pub(super) method: bool,
    /// Messages without an acknowledgement that it takes.
    pub(super) most: u16,
}

/// What is published when a client is gone without a word.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Will {
    pub(super) content: Content,
    pub(super) kept: bool,
    pub(super) delay: i64,
}

/// Why a client is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Without a word.
    Silent,
    /// Its version is not spoken.
    Version,
}

impl From<Fault> for Refusal {
    fn from(_: Fault) -> Self {
        Refusal::Silent
    }
}

/// Reads the body of a CONNECT.
pub(super) fn read(body: &[u8], now: i64) -> Result<Connect, Refusal> {
    let mut rest = Reader(body);
    let name = rest.data()?;
    // The highest bit marks a broker that passes on what others publish.
    let version = rest.byte()? & 0x7f;
    match (name, version) {
        (b"MQIsdp", 3) | (b"MQTT", 4 | 5) => {}
        (b"MQIsdp" | b"MQTT", _) => return Err(Refusal::Version),
        _ => return Err(Refusal::Silent),
    }
    let flags = rest.byte()?;
    if 4 <= version && flags & 1 != 0 {
        return Err(Refusal::Silent);
    }
    let alive = rest.short()?;
    let own = rest.properties(version, properties::CONNECT)?;
    let client = rest.text()?.to_vec();
    let (has_will, quality) = (flags & 4 != 0, flags >> 3 & 3);
    if quality == 3 || !has_will && flags & 0x38 != 0 {
        return Err(Refusal::Silent);
    }
    let will = if has_will { Some(will(&mut rest, version, flags, now)?) } else { None };
    let (named, secret) = (flags & 0x80 != 0, flags & 0x40 != 0);
    if secret && !named && version < 5 {
        return Err(Refusal::Silent);
    }
    let user = if named { Some(rest.text()?.to_vec()) } else { None };
    let password = if secret { Some(rest.data()?.to_vec()) } else { None };
    if !rest.0.is_empty() {
        return Err(Refusal::Silent);
    }
    let fresh = flags & 2 != 0;
    let stays = match (version, own.number(SESSION_EXPIRY)) {
        (5, stays) => stays.map_or(0, i64::from),
        _ if fresh => 0,
        _ => i64::from(u32::MAX),
    };
    let most = own.number(RECEIVE_MOST).and_then(|most| u16::try_from(most).ok()).unwrap_or(INFLIGHT);
    let most = most.min(INFLIGHT);
    let method = own.method.is_some();
    Ok(Connect { version, client, fresh, stays, alive, will, user, password, method, most })
}

fn will(rest: &mut Reader<'_>, version: u8, flags: u8, now: i64) -> Result<Will, Fault> {
    let own = rest.properties(version, properties::WILL)?;
    let name = rest.text()?.to_vec();
    let payload = rest.data()?.to_vec();
    if !topic::is_name(&name) {
        return Err(MALFORMED);
    }
    let expires = own.number(EXPIRY).map(|seconds| now + i64::from(seconds));
    let delay = own.number(WILL_DELAY).map_or(0, i64::from);
    let quality = flags >> 3 & 3;
    let content = Content { topic: name, payload, quality, carried: own.carried, expires };
    Ok(Will { content, kept: flags & 0x20 != 0, delay })
}

/// The answer to a client of `version`: whether it had a session, a code, and the name that it was given.
pub(super) fn answer(version: u8, present: bool, code: u8, given: Option<&[u8]>) -> Vec<u8> {
    let mut body = vec![u8::from(present), code];
    if version == 5 {
        let mut all = Vec::new();
        if code == 0 {
            all.push(ALIAS_MOST);
            all.extend(ALIASES.to_be_bytes());
            if let Some(name) = given {
                all.push(ASSIGNED_ID);
                put_text(&mut all, name);
            }
            all.push(RECEIVE_MOST);
            all.extend(INFLIGHT.to_be_bytes());
        }
        put_number(&mut body, all.len());
        body.extend(all);
    }
    packet(kind::CONNACK, 0, &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As mosquitto 2.0.11 answers.
    #[test]
    fn clients_are_read_and_refused_as_the_broker_does() {
        let version = |body: &[u8]| read(body, 0).map(|connect| (connect.version, connect.client));
        for (body, expected) in [
            (&b"\0\x04MQTT\x04\x02\0\x3c\0\x02c1"[..], Ok((4, b"c1".to_vec()))),
            (b"\0\x06MQIsdp\x03\x02\0\x3c\0\x02c1", Ok((3, b"c1".to_vec()))),
            (b"\0\x04MQTT\x84\x02\0\x3c\0\x02c1", Ok((4, b"c1".to_vec()))),
            (b"\0\x04MQTT\x06\x02\0\x3c\0\x02c1", Err(Refusal::Version)),
            (b"\0\x06MQIsdp\x04\x02\0\x3c\0\x02c1", Err(Refusal::Version)),
            (b"\0\x04MQTX\x04\x02\0\x3c\0\x02c1", Err(Refusal::Silent)),
            (b"\0\x04MQTT\x04\x03\0\x3c\0\x02c1", Err(Refusal::Silent)),
            (b"\0\x04MQTT\x04\x42\0\x3c\0\x02c1\0\x01x", Err(Refusal::Silent)),
            (b"\0\x04MQTT\x05\x42\0\x3c\0\0\x02c1\0\x01x", Ok((5, b"c1".to_vec()))),
            (b"\0\x04MQTT\x04\x02\0\x3c\0\x02c1zz", Err(Refusal::Silent)),
            (b"\0\x04MQTT\x04\x06\0\x3c\0\x02c1\0\x03w/#\0\x01m", Err(Refusal::Silent)),
        ] {
            assert_eq!(version(body), expected, "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(answer(5, false, 0, None), b"\x20\x09\0\0\x06\x22\0\x0a\x21\0\x14");
        assert_eq!(
            (answer(4, true, 0, None), answer(5, false, 0x87, None)),
            (b"\x20\x02\x01\0".to_vec(), b"\x20\x03\0\x87\0".to_vec())
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, 0);
            let _ = read(&[b"\0\x04MQTT\x05\xee\0\x3c", bytes.as_slice()].concat(), 0);
        }
    }
}
