//! Calls of procedures ([MS-TDS] §2.2.6.6): names or numbers, and typed parameters.

use super::login::wide;
use netsvc_sql::Value;

/// Procedures that have numbers (§2.2.6.6).
const NUMBERED: &[(u16, &str)] = &[
    (1, "sp_cursor"),
    (2, "sp_cursoropen"),
    (3, "sp_cursorprepare"),
    (4, "sp_cursorexecute"),
    (5, "sp_cursorprepexec"),
    (6, "sp_cursorunprepare"),
    (7, "sp_cursorfetch"),
    (8, "sp_cursoroption"),
    (9, "sp_cursorclose"),
    (10, "sp_executesql"),
    (11, "sp_prepare"),
    (12, "sp_execute"),
    (13, "sp_prepexec"),
    (14, "sp_prepexecrpc"),
    (15, "sp_unprepare"),
];
/// Most parameters.
const MOST: usize = 2100;

/// A call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Call {
    pub(super) procedure: String,
    /// Names without their sign, in small letters, and values.
    pub(super) parameters: Vec<(String, Value)>,
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self, count: usize) -> Option<u64> {
        Some(self.take(count)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn size(&mut self, count: usize) -> Option<usize> {
        usize::try_from(self.number(count)?).ok()
    }

    /// A value in pieces, each after its length.
    fn pieces(&mut self) -> Option<Option<Vec<u8>>> {
        if self.number(8)? == u64::MAX {
            return Some(None);
        }
        let mut whole = Vec::new();
        loop {
            match self.size(4)? {
                0 => return Some(Some(whole)),
                count => whole.extend_from_slice(self.take(count)?),
            }
        }
    }
}

/// What stands behind the headers of a message, where there are some ([MS-TDS] §2.2.5.3).
pub(super) fn behind_headers(message: &[u8], old: bool) -> Option<&[u8]> {
    if old {
        return Some(message);
    }
    let length = usize::try_from(u32::from_le_bytes(*message.first_chunk()?)).ok()?;
    // Clients that leave them out begin with a text, which is no small number.
    if 4 <= length && length <= message.len() { message.get(length..) } else { Some(message) }
}

impl Call {
    /// Reads a message's first call; `None` when it is none.
    pub(super) fn read(message: &[u8], old: bool) -> Option<Call> {
        let mut bytes = Bytes(behind_headers(message, old)?);
        let length = bytes.size(2)?;
        let procedure = if length == 0xffff {
            let number = u16::try_from(bytes.number(2)?).ok()?;
            NUMBERED.iter().find(|(known, _)| *known == number)?.1.to_owned()
        } else {
            wide(bytes.take(length.checked_mul(2)?)?)
        };
        bytes.take(2)?;
        let mut call = Call { procedure, parameters: Vec::new() };
        while let Some(length) = bytes.byte() {
            // What parts calls of one message.
            if 0x80 <= length || MOST <= call.parameters.len() {
                break;
            }
            let name = wide(bytes.take(usize::from(length) * 2)?);
            bytes.byte()?;
            let value = value(&mut bytes)?;
            call.parameters.push((name.trim_start_matches('@').to_lowercase(), value));
        }
        Some(call)
    }

    /// The text of the parameter at a place.
    pub(super) fn text(&self, at: usize) -> Option<String> {
        self.parameters.get(at).map(|(_, value)| value.string())
    }
}

/// A value after its type.
fn value(bytes: &mut Bytes<'_>) -> Option<Value> {
    let kind = bytes.byte()?;
    match kind {
        // Of a length that is always the same: bit, tiny, small, int, big, real, float, datetime, money.
        0x1f => Some(Value::Null),
        0x32 | 0x30 => Some(Value::Integer(i64::from(bytes.byte()?))),
        0x34 | 0x38 | 0x7f => {
            let count = match kind {
                0x34 => 2,
                0x38 => 4,
                _ => 8,
            };
            signed(bytes.take(count)?)
        }
        0x3b => Some(Value::Double(f64::from(f32::from_le_bytes(*bytes.take(4)?.first_chunk()?)))),
        0x3e => Some(Value::Double(f64::from_le_bytes(*bytes.take(8)?.first_chunk()?))),
        0x26 | 0x68 | 0x6d | 0x6f | 0x6e | 0x24 | 0x6a | 0x6c => {
            bytes.byte()?;
            let scale = if matches!(kind, 0x6a | 0x6c) { bytes.take(2)?.last().copied()? } else { 0 };
            let count = usize::from(bytes.byte()?);
            let told = bytes.take(count)?;
            if told.is_empty() {
                return Some(Value::Null);
            }
            sized(kind, scale, told)
        }
        0xe7 | 0xef | 0xa7 | 0xaf | 0xa5 | 0xad => counted(kind, bytes),
        0x23 | 0x63 | 0x22 => long(kind, bytes),
        _ => None,
    }
}

/// Text or bytes after their length, or in pieces.
fn counted(kind: u8, bytes: &mut Bytes<'_>) -> Option<Value> {
    let most = bytes.number(2)?;
    if !matches!(kind, 0xa5 | 0xad) {
        bytes.take(5)?;
    }
    let told = if most == 0xffff {
        bytes.pieces()?
    } else {
        match bytes.size(2)? {
            0xffff => None,
            count => Some(bytes.take(count)?.to_vec()),
        }
    };
    Some(told.map_or(Value::Null, |told| match kind {
        0xe7 | 0xef => Value::text(wide(&told)),
        0xa7 | 0xaf => Value::Text(told),
        _ => Value::Binary(told),
    }))
}

/// text, ntext and image, which are older than pieces.
fn long(kind: u8, bytes: &mut Bytes<'_>) -> Option<Value> {
    bytes.take(4)?;
    if kind != 0x22 {
        bytes.take(5)?;
    }
    let count = bytes.number(4)?;
    if count == 0xffff_ffff {
        return Some(Value::Null);
    }
    let told = bytes.take(usize::try_from(count).ok()?)?;
    Some(match kind {
        0x63 => Value::text(wide(told)),
        0x23 => Value::Text(told.to_vec()),
        _ => Value::Binary(told.to_vec()),
    })
}

fn signed(told: &[u8]) -> Option<Value> {
    let negative = told.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole.iter_mut().zip(told).for_each(|(to, from)| *to = *from);
    Some(Value::Integer(i64::from_le_bytes(whole)))
}

fn sized(kind: u8, scale: u8, told: &[u8]) -> Option<Value> {
    Some(match (kind, told.len()) {
        (0x26, 1) | (0x68, _) => Value::Integer(i64::from(*told.first()?)),
        (0x26, _) => signed(told)?,
        (0x6d, 4) => Value::Double(f64::from(f32::from_le_bytes(*told.first_chunk()?))),
        (0x6d, _) => Value::Double(f64::from_le_bytes(*told.first_chunk()?)),
        (0x6a | 0x6c, _) => {
            let (sign, digits) = told.split_first()?;
            let units = digits.iter().rev().fold(0.0, |number, byte| number * 256.0 + f64::from(*byte));
            let whole = units / 10_f64.powi(i32::from(scale));
            Value::Double(if *sign == 0 { -whole } else { whole })
        }
        (0x24, 16) => Value::text(hex::encode(told)),
        _ => Value::Binary(told.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::login::to_wide, *};
    use proptest::prelude::*;

    #[test]
    fn a_call_has_its_parameters() {
        let text = |text: &str| {
            let wide = to_wide(text);
            let length = u16::try_from(wide.len()).unwrap().to_le_bytes();
            [&[0, 0, 0xe7, 0x40, 0x1f, 9, 4, 0xd0, 0, 0x34][..], &length, &wide].concat()
        };
        let mut message = 22_u32.to_le_bytes().to_vec();
        message.resize(22, 0);
        message.extend([0xff, 0xff, 10, 0, 0, 0]);
        message.extend([text("select @a"), text("@a int")].concat());
        message.extend([&[2][..], &to_wide("@a"), &[0, 0x26, 4, 4, 0xff, 0xff, 0xff, 0xff]].concat());
        let call = Call::read(&message, false).unwrap();
        assert_eq!((call.procedure.as_str(), call.text(0).as_deref()), ("sp_executesql", Some("select @a")));
        assert_eq!(call.parameters.last(), Some(&("a".to_owned(), Value::Integer(-1))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, old: bool) {
            let _ = Call::read(&bytes, old);
            let _ = Call::read(&[&[0xff, 0xff, 10, 0, 0, 0][..], &bytes].concat(), true);
        }
    }
}
