//! Values that a client binds: to the places of a prepared statement, and as attributes of a query.
//!
//! Source: MySQL Client/Server Protocol, "`COM_QUERY`", "`COM_STMT_EXECUTE`" and "Binary Protocol Value".

use super::packet::Fields;
use netsvc_sql::Value;
use std::collections::BTreeMap;

/// Most values that are bound.
const MOST: usize = 4096;

/// Reads `count` values with their map of what is missing and their types; `named`: each type has a name behind it.
/// `types` are those of the last time, which a client need not repeat; `long` are values that came before, in pieces.
pub(super) fn values(
    fields: &mut Fields<'_>,
    count: usize,
    named: bool,
    types: &mut Vec<u16>,
    long: &BTreeMap<usize, Vec<u8>>,
) -> Option<Vec<Value>> {
    if count == 0 {
        return Some(Vec::new());
    }
    if MOST < count {
        return None;
    }
    let missing = fields.take(count.div_ceil(8))?;
    if fields.number(1)? == 1 {
        types.clear();
        for _ in 0..count {
            types.push(u16::try_from(fields.number(2)?).ok()?);
            if named {
                fields.counted()?;
            }
        }
    }
    let mut values = Vec::new();
    for index in 0..count {
        let gone = missing.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1);
        let kind = *types.get(index)?;
        if let Some(piece) = long.get(&index) {
            values.push(if matches!(kind & 0xff, 0xf9..=0xfc) {
                Value::Binary(piece.clone())
            } else {
                Value::Text(piece.clone())
            });
            continue;
        }
        values.push(if gone { Value::Null } else { value(fields, kind)? });
    }
    Some(values)
}

fn value(fields: &mut Fields<'_>, kind: u16) -> Option<Value> {
    let unsigned = kind & 0x8000 != 0;
    let whole = |bytes: usize, fields: &mut Fields<'_>| {
        let number = fields.number(bytes)?;
        let shift = 64 - 8 * u32::try_from(bytes).ok()?;
        let signed = (number << shift).cast_signed() >> shift;
        Some(Value::Integer(if unsigned { number.cast_signed() } else { signed }))
    };
    match kind & 0xff {
        0x06 => Some(Value::Null),
        0x01 => whole(1, fields),
        0x02 | 0x0d => whole(2, fields),
        0x03 | 0x09 => whole(4, fields),
        0x08 => whole(8, fields),
        0x04 => {
            let bits = u32::try_from(fields.number(4)?).ok()?;
            Some(Value::Double(f64::from(f32::from_bits(bits))))
        }
        0x05 => Some(Value::Double(f64::from_bits(fields.number(8)?))),
        0x07 | 0x0a | 0x0c => {
            let length = usize::try_from(fields.number(1)?).ok()?;
            let mut parts = Fields(fields.take(length)?);
            let year = parts.number(2).unwrap_or(0);
            let mut next = || parts.number(1).unwrap_or(0);
            let (month, day, hour, minute, second) = (next(), next(), next(), next(), next());
            Some(Value::text(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")))
        }
        0x0b => {
            let length = usize::try_from(fields.number(1)?).ok()?;
            let mut parts = Fields(fields.take(length)?);
            let minus = if parts.number(1).unwrap_or(0) == 1 { "-" } else { "" };
            let days = parts.number(4).unwrap_or(0);
            let mut next = || parts.number(1).unwrap_or(0);
            let (hour, minute, second) = (next(), next(), next());
            let hours = days.saturating_mul(24).saturating_add(hour);
            let micros = parts.number(4).filter(|micros| *micros != 0);
            let fraction = micros.map(|micros| format!(".{micros:06}")).unwrap_or_default();
            Some(Value::text(format!("{minus}{hours:02}:{minute:02}:{second:02}{fraction}")))
        }
        0xf9..=0xfc => Some(Value::Binary(fields.counted()?.to_vec())),
        _ => Some(Value::Text(fields.counted()?.to_vec())),
    }
}

/// Rows of `count` values for one statement, at most `most`; `with_types`: their types stand in front.
pub(super) fn bulk(
    fields: &mut Fields<'_>,
    count: usize,
    with_types: bool,
    types: &mut Vec<u16>,
    most: usize,
) -> Option<Vec<Vec<Value>>> {
    if count == 0 || MOST < count {
        return None;
    }
    if with_types {
        types.clear();
        for _ in 0..count {
            types.push(u16::try_from(fields.number(2)?).ok()?);
        }
    }
    let mut rows = Vec::new();
    while !fields.0.is_empty() {
        if rows.len() == most {
            return None;
        }
        let mut row = Vec::new();
        for index in 0..count {
            // The indicator: a value, or NULL, the default, or to be left as it is.
            row.push(if fields.number(1)? == 0 { value(fields, *types.get(index)?)? } else { Value::Null });
        }
        rows.push(row);
    }
    Some(rows)
}

/// The text of a query behind its attributes (`CLIENT_QUERY_ATTRIBUTES`).
pub(super) fn query(body: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields(body);
    let count = usize::try_from(fields.length()?).ok()?;
    fields.length()?;
    values(&mut fields, count, true, &mut Vec::new(), &BTreeMap::new())?;
    Some(fields.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_stand_in_front_of_a_query() {
        assert_eq!(query(b"\0\x01SET NAMES utf8mb4"), Some(&b"SET NAMES utf8mb4"[..]));
        let one = b"\x01\x01\0\x01\xfd\0\x05trace\x02idselect 1";
        assert_eq!(query(one), Some(&b"select 1"[..]));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            query(&bytes);
        }
    }
}
