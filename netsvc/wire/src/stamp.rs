//! Times on the wire: microseconds since the epoch, UTC, written as RFC 3339 with six digits.

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

const DAY: i64 = 86_400;

/// Writes `at` as `2026-11-21T04:45:00.123456Z`.
pub fn format(at: Micros) -> String {
    let seconds = at.div_euclid(1_000_000);
    let fraction = at.rem_euclid(1_000_000);
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{fraction:06}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Reads what [`format()`] writes, and the other RFC 3339 forms that syslog tools emit: fewer or no
/// fraction digits, and an offset instead of `Z`. `None` when it is not a time between the years
/// 1970 and 9999; a leap second is none (RFC 5424 §6.2.3).
pub fn parse(text: &str) -> Option<Micros> {
    let (date, rest) = text.split_once('T')?;
    let mut parts = date.splitn(3, '-');
    let year: i64 = digits(parts.next()?, 4)?;
    let month: i64 = digits(parts.next()?, 2)?;
    let day: i64 = digits(parts.next()?, 2)?;
    let clock = rest.get(..8)?;
    let mut parts = clock.splitn(3, ':');
    let hour: i64 = digits(parts.next()?, 2)?;
    let minute: i64 = digits(parts.next()?, 2)?;
    let second: i64 = digits(parts.next()?, 2)?;
    let (fraction, zone) = fraction(rest.get(8..)?)?;
    let offset = offset(zone)?;
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59
    {
        return None;
    }
    if day < 1 || civil(days(year, month, day)) != (year, month, day) {
        return None;
    }
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    Some(seconds * 1_000_000 + fraction)
}

fn digits(text: &str, length: usize) -> Option<i64> {
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
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days since the epoch of a date in the Gregorian calendar (Howard Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * index + 2) / 5 + 1;
    let month = if index < 10 { index + 3 } else { index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        assert_eq!(format(0), "1970-01-01T00:00:00.000000Z");
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
