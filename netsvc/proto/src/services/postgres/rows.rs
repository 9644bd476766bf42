//! Results as messages.
//!
//! Source: "Message Formats" (RowDescription, DataRow); object ids of types from `pg_type.dat`.

use super::message::message;
use netsvc_sql::{Field, Kind, Rows, Value};

/// Object id and size of the type that shows what a column holds.
fn oid<'a>(kind: Kind, mut values: impl Iterator<Item = &'a Value>) -> (u32, i16) {
    match kind {
        Kind::Truth => (16, 1),
        Kind::Integer => {
            let small = |value: &Value| i32::try_from(value.integer()).is_ok();
            if values.all(small) { (23, 4) } else { (20, 8) }
        }
        Kind::Decimal => (1700, -1),
        Kind::Double => (701, 8),
        Kind::Datetime => (1114, 8),
        Kind::Text | Kind::Binary | Kind::Null => (25, -1),
    }
}

/// RowDescription; `formats` are those that the client asked for.
pub(super) fn description(rows: &Rows, formats: &[u16]) -> Vec<u8> {
    let mut body = u16::try_from(rows.fields.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    for (at, field) in rows.fields.iter().enumerate() {
        let (oid, size) = oid_of(rows, at, field);
        body.extend(field.name.bytes().filter(|byte| *byte != 0));
        body.push(0);
        body.extend_from_slice(&[0; 6]);
        body.extend_from_slice(&oid.to_be_bytes());
        body.extend_from_slice(&size.to_be_bytes());
        body.extend_from_slice(&(-1_i32).to_be_bytes());
        body.extend_from_slice(&u16::from(is_binary(formats, at)).to_be_bytes());
    }
    message(b'T', &body)
}

fn oid_of(rows: &Rows, at: usize, field: &Field) -> (u32, i16) {
    oid(field.kind, rows.rows.iter().filter_map(|row| row.get(at)))
}

fn is_binary(formats: &[u16], at: usize) -> bool {
    match formats {
        [one] => *one == 1,
        many => many.get(at) == Some(&1),
    }
}

/// DataRow for each row.
pub(super) fn data(rows: &Rows, formats: &[u16]) -> Vec<u8> {
    let sizes: Vec<(u32, i16)> =
        rows.fields.iter().enumerate().map(|(at, field)| oid_of(rows, at, field)).collect();
    let mut all = Vec::new();
    for row in &rows.rows {
        let mut body = u16::try_from(row.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
        for (at, value) in row.iter().enumerate() {
            let oid = sizes.get(at).map_or(25, |(oid, _)| *oid);
            let shown = if is_binary(formats, at) { binary(value, oid) } else { value.printed() };
            match shown {
                Some(bytes) => {
                    body.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
                    body.extend(bytes);
                }
                None => body.extend_from_slice(&u32::MAX.to_be_bytes()),
            }
        }
        all.extend(message(b'D', &body));
    }
    all
}

/// A value in the binary form of its type; texts are the same in both.
fn binary(value: &Value, oid: u32) -> Option<Vec<u8>> {
    if value.is_null() {
        return None;
    }
    Some(match oid {
        16 => vec![u8::from(value.number() != 0.0)],
        20 => value.integer().to_be_bytes().to_vec(),
        23 => i32::try_from(value.integer()).unwrap_or(0).to_be_bytes().to_vec(),
        701 => value.number().to_be_bytes().to_vec(),
        1700 => numeric(&value.string()),
        1114 => timestamp(&value.string()).to_be_bytes().to_vec(),
        _ => value.bytes(),
    })
}

/// Microseconds since 2000 of `YYYY-MM-DD HH:MM:SS`.
fn timestamp(text: &str) -> i64 {
    let form = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let moment =
        time::PrimitiveDateTime::parse(text, form).map(|moment| moment.assume_utc().unix_timestamp());
    (moment.unwrap_or(946_684_800) - 946_684_800).saturating_mul(1_000_000)
}

/// A number in groups of four decimal digits.
fn numeric(text: &str) -> Vec<u8> {
    let (sign, digits) = text.strip_prefix('-').map_or((0_u16, text), |digits| (0x4000, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = u16::try_from(fraction.len()).unwrap_or(0);
    let padded = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let weight = i16::try_from(padded.len() / 4).unwrap_or(1) - 1;
    let all = format!("{padded}{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
    let groups: Vec<u16> = all
        .as_bytes()
        .chunks(4)
        .map(|group| std::str::from_utf8(group).ok().and_then(|group| group.parse().ok()).unwrap_or(0))
        .collect();
    let mut bytes = u16::try_from(groups.len()).unwrap_or(0).to_be_bytes().to_vec();
    bytes.extend_from_slice(&weight.to_be_bytes());
    bytes.extend_from_slice(&sign.to_be_bytes());
    bytes.extend_from_slice(&scale.to_be_bytes());
    bytes.extend(groups.iter().flat_map(|group| group.to_be_bytes()));
    bytes
}

/// What a client bound to a parameter of the type `oid`: texts as they are, binary numbers as numbers.
pub(super) fn bound(bytes: &[u8], is_binary: bool, oid: u32) -> Value {
    if !is_binary {
        let text = String::from_utf8_lossy(bytes).into_owned();
        return match oid {
            20 | 21 | 23 => text.parse().map_or_else(|_| Value::text(&*text), Value::Integer),
            16 => Value::Truth(matches!(text.as_str(), "t" | "true" | "1" | "on")),
            _ => Value::Text(bytes.to_vec()),
        };
    }
    let number = bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    match (oid, bytes.len()) {
        (16, 1) => Value::Truth(number != 0),
        (20, 8) => Value::Integer(number.cast_signed()),
        (23 | 26, 4) => Value::Integer(i64::from(u32::try_from(number).unwrap_or(0).cast_signed())),
        (21, 2) => Value::Integer(i64::from(u16::try_from(number).unwrap_or(0).cast_signed())),
        (701, 8) => Value::Double(f64::from_bits(number)),
        _ => Value::Text(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_travel_in_groups_of_four_digits() {
        assert_eq!(numeric("12345.678"), [0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x7c]);
        assert_eq!(bound(&[0, 0, 0, 42], true, 23), Value::Integer(42));
    }
}
