//! Times on the wire: microseconds since the epoch, UTC, written as RFC 3339 with six digits.

use std::{
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// A day.
pub const DAY: Micros = 86_400_000_000;

/// What the machine's clock shows; 0 before 1970.
pub fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

/// Writes `at` as `2026-11-21T04:45:00.123456Z`; what is beyond the year 9999 as its last moment.
pub fn format(at: Micros) -> String {
    let (seconds, fraction) = (at.div_euclid(1_000_000), at.rem_euclid(1_000_000));
    let (day, fraction) = match OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(day) => (PrimitiveDateTime::new(day.date(), day.time()), fraction),
        Err(_) if seconds < 0 => (PrimitiveDateTime::MIN, 0),
        Err(_) => (PrimitiveDateTime::MAX, 999_999),
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{fraction:06}Z",
        day.year(),
        u8::from(day.month()),
        day.day(),
        day.hour(),
        day.minute(),
        day.second()
    )
}

/// Reads what [`format()`] writes, and the other RFC 3339 forms that syslog tools emit: fewer or no
/// fraction digits, and an offset instead of `Z`. `None` when it is not a time between the years
/// 1970 and 9999; a leap second is none (RFC 5424 §6.2.3).
pub fn parse(text: &str) -> Option<Micros> {
    let (date, rest) = text.split_once('T')?;
    let mut parts = date.splitn(3, '-');
    let year: i32 = digits(parts.next()?, 4)?;
    let month: u8 = digits(parts.next()?, 2)?;
    let day: u8 = digits(parts.next()?, 2)?;
    let clock = rest.get(..8)?;
    let mut parts = clock.splitn(3, ':');
    let (hour, minute, second) =
        (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (fraction, zone) = fraction(rest.get(8..)?)?;
    let offset = offset(zone)?;
    if year < 1970 {
        return None;
    }
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    let time = Time::from_hms(hour, minute, second).ok()?;
    let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp() - offset;
    Some(seconds * 1_000_000 + fraction)
}

fn digits<T: FromStr>(text: &str, length: usize) -> Option<T> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn fraction(rest: &str) -> Option<(i64, &str)> {
    let Some(after) = rest.strip_prefix('.') else { return Some((0, rest)) };
    let length = after.bytes().take_while(u8::is_ascii_digit).count();
    let (number, zone) = after.split_at_checked(length)?;
    if !(1..=6).contains(&length) {
        return None;
    }
    let scale = 10_i64.pow(6 - u32::try_from(length).ok()?);
    Some((number.parse::<i64>().ok()? * scale, zone))
}

fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        assert_eq!(format(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(format(i64::MAX), "9999-12-31T23:59:59.999999Z");
        assert_eq!(format(1_709_164_800_000_001), "2024-02-29T00:00:00.000001Z");
        assert_eq!(parse("2024-02-29T01:00:00.5+01:00"), Some(1_709_164_800_500_000));
        for bad in [
            "2023-02-29T00:00:00Z",
            "2024-02-29 00:00:00Z",
            "2024-02-29T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2024-02-29T00:00:00+24:00",
            "2024-02-29T00:00:00-01:60",
            "2024-02-29T00:00:00z",
            "2024-02-29T00:00:00.Z",
            "2024-02-29T00:00:00.1234567Z",
            "",
            "1969-12-31T00:00:00Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_time_survives_the_wire(at in 0_i64..253_402_300_799_000_000) {
            prop_assert_eq!(parse(&format(at)), Some(at));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = parse(&text);
        }
    }
}
