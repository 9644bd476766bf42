//! Results in rows ([MS-TDS] §2.2.7.4 and §2.2.7.17).

use super::{login::to_wide, tokens::COLLATION};
use netsvc_sql::{Kind, Rows, Value};

/// Longest text of a column that is not `max`, in bytes.
const LONGEST: usize = 8000;
/// Days from 1900 to 1970.
const DAYS: i64 = 25_567;

/// How a column is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bit,
    Int,
    Big,
    Float,
    Date,
    Text,
    LongText,
    Bytes,
    LongBytes,
}

impl Form {
    fn of(kind: Kind, values: &mut dyn Iterator<Item = &Value>) -> Form {
        let (mut longest, mut wide, mut dates) = (0, false, true);
        for value in values {
            match value {
                Value::Integer(number) => wide |= i32::try_from(*number).is_err(),
                Value::Text(text) => {
                    longest = longest.max(text.len() * 2);
                    dates &= moment(text).is_some();
                }
                Value::Binary(bytes) => longest = longest.max(bytes.len()),
                _ => {}
            }
        }
        match kind {
            Kind::Truth => Form::Bit,
            Kind::Integer | Kind::Null => {
                if wide {
                    Form::Big
                } else {
                    Form::Int
                }
            }
            Kind::Double | Kind::Decimal => Form::Float,
            Kind::Datetime if dates => Form::Date,
            Kind::Binary => {
                if LONGEST < longest {
                    Form::LongBytes
                } else {
                    Form::Bytes
                }
            }
            Kind::Text | Kind::Datetime => {
                if LONGEST < longest {
                    Form::LongText
                } else {
                    Form::Text
                }
            }
        }
    }

    /// TYPE_INFO.
    fn info(self) -> Vec<u8> {
        match self {
            Form::Bit => vec![0x68, 1],
            Form::Int => vec![0x26, 4],
            Form::Big => vec![0x26, 8],
            Form::Float => vec![0x6d, 8],
            Form::Date => vec![0x6f, 8],
            Form::Text => [&[0xe7, 0x40, 0x1f][..], &COLLATION].concat(),
            Form::LongText => [&[0xe7, 0xff, 0xff][..], &COLLATION].concat(),
            Form::Bytes => vec![0xa5, 0x40, 0x1f],
            Form::LongBytes => vec![0xa5, 0xff, 0xff],
        }
    }

    fn put(self, value: &Value, out: &mut Vec<u8>) {
        if value.is_null() {
            return match self {
                Form::Text | Form::Bytes => out.extend([0xff, 0xff]),
                Form::LongText | Form::LongBytes => out.extend([0xff; 8]),
                _ => out.push(0),
            };
        }
        match self {
            Form::Bit => out.extend([1, u8::from(value.number() != 0.0)]),
            Form::Int => {
                out.push(4);
                out.extend(i32::try_from(value.integer()).unwrap_or_default().to_le_bytes());
            }
            Form::Big => {
                out.push(8);
                out.extend(value.integer().to_le_bytes());
            }
            Form::Float => {
                out.push(8);
                out.extend(value.number().to_le_bytes());
            }
            Form::Date => {
                let (days, ticks) = moment(&value.bytes()).unwrap_or_default();
                out.push(8);
                out.extend([days.to_le_bytes(), ticks.to_le_bytes()].concat());
            }
            Form::Text | Form::Bytes => {
                let whole = self.bytes(value);
                let bytes = whole.get(..LONGEST).unwrap_or(&whole);
                out.extend(u16::try_from(bytes.len()).unwrap_or_default().to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Form::LongText | Form::LongBytes => {
                let bytes = self.bytes(value);
                out.extend((bytes.len() as u64).to_le_bytes());
                if !bytes.is_empty() {
                    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
                    out.extend(bytes);
                }
                out.extend([0; 4]);
            }
        }
    }

    fn bytes(self, value: &Value) -> Vec<u8> {
        if matches!(self, Form::Bytes | Form::LongBytes) { value.bytes() } else { to_wide(&value.string()) }
    }
}

/// Days since 1900 and three-hundredths of seconds of `YYYY-MM-DD hh:mm:ss`.
fn moment(text: &[u8]) -> Option<(i32, u32)> {
    let text = std::str::from_utf8(text).ok()?;
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let mut parts = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if parts.next().is_some()
        || !(1753..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
    {
        return None;
    }
    let mut parts = time.split(':');
    let mut clock = |most: f64| parts.next()?.parse::<f64>().ok().filter(|part| (0.0..most).contains(part));
    let seconds = clock(24.0)? * 3600.0 + clock(60.0)? * 60.0 + clock(60.0)?;
    // Days of the civil calendar, by Howard Hinnant's formula.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a day has 25,920,000 of them"
    )]
    let ticks = (seconds * 300.0) as u32;
    Some((i32::try_from(days + DAYS).ok()?, ticks))
}

/// COLMETADATA and the rows. A client of a version before 7.2 is `old`: it knows no long texts.
pub(super) fn result(rows: &Rows, old: bool) -> Vec<u8> {
    let forms: Vec<Form> = rows
        .fields
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let form = Form::of(field.kind, &mut rows.rows.iter().filter_map(|row| row.get(at)));
            match form {
                Form::LongText if old => Form::Text,
                Form::LongBytes if old => Form::Bytes,
                form => form,
            }
        })
        .collect();
    let mut out = vec![0x81];
    out.extend(u16::try_from(forms.len()).unwrap_or_default().to_le_bytes());
    for (field, form) in rows.fields.iter().zip(&forms) {
        out.extend([0; 4].get(if old { 2.. } else { 0.. }).unwrap_or_default());
        // May be NULL, and who updates it is not known.
        out.extend([0x09, 0]);
        out.extend(form.info());
        let name: String = field.name.chars().take(120).collect();
        let wide = to_wide(&name);
        out.push(u8::try_from(wide.len() / 2).unwrap_or_default());
        out.extend(wide);
    }
    for row in &rows.rows {
        out.push(0xd1);
        for (value, form) in row.iter().zip(&forms) {
            form.put(value, &mut out);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsvc_sql::Field;

    #[test]
    fn moments_are_days_since_1900_and_ticks() {
        assert_eq!(moment(b"1900-01-01 00:00:00"), Some((0, 0)));
        assert_eq!(moment(b"2024-02-29 12:00:01.5"), Some((45_349, 12_960_450)));
        for text in [&b"2024-13-01"[..], b"x", b"", b"2024-01-01 25:00:00", b"99999999999999-1-1"] {
            assert_eq!(moment(text), None);
        }
    }

    #[test]
    fn values_stand_in_their_columns_forms() {
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            kind,
            table: String::new(),
            database: String::new(),
        };
        let rows = Rows {
            fields: vec![field("n", Kind::Integer), field("t", Kind::Text)],
            rows: vec![vec![Value::Integer(7), Value::text("ab")], vec![Value::Null, Value::Null]],
        };
        assert_eq!(
            hex::encode(result(&rows, false)),
            "81020000000000 0900 2604 01 6e00 00000000 0900 e7401f0904d00034 01 7400 d1 04 07000000 0400 \
             61006200 d1 00 ffff"
                .replace(' ', "")
        );
    }
}
