//! Moments as `date -d` and `touch -d`, `-t` are given them.

use netsvc_persona::Zone;
use time::{Date, Month, OffsetDateTime};

const UNIX_EPOCH: Date = OffsetDateTime::UNIX_EPOCH.date();

/// The moment that `text` names, in µs since the epoch; `None`: it names none. `stamp`: `[[CC]YY]MMDDhhmm[.ss]`.
pub(super) fn moment(text: &str, now: i64, zone: &Zone, stamp: bool) -> Option<i64> {
    let offset = i64::from(zone.offset_minutes) * 60;
    if stamp {
        return of_stamp(text, now, offset);
    }
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse::<i64>().ok()?.checked_mul(1_000_000);
    }
    absolute(text, offset).or_else(|| now.checked_add(relative(text)?.checked_mul(1_000_000)?))
}

/// Days since the epoch of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let year = i32::try_from(year).ok().filter(|year| (1900..=9999).contains(year))?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    Some(i64::from(date.to_julian_day()) - i64::from(UNIX_EPOCH.to_julian_day()))
}

/// `2020-01-02`, `2020-01-02 03:04[:05]`, with `T` between, with `UTC` or `Z` at the end.
fn absolute(text: &str, offset: i64) -> Option<i64> {
    let utc = text.ends_with('Z') || text.ends_with("UTC");
    let text = text.trim_end_matches("UTC").trim_end_matches('Z').trim();
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "0:0:0"));
    let mut parts = date.split(['-', '/']).map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let mut clock = time.split('.').next()?.split(':').map(str::parse::<i64>);
    let (hour, minute) = (clock.next()?.ok()?, clock.next().unwrap_or(Ok(0)).ok()?);
    let second = clock.next().unwrap_or(Ok(0)).ok()?;
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..61).contains(&second) {
        return None;
    }
    let seconds = days(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((seconds - if utc { 0 } else { offset }) * 1_000_000)
}

fn of_stamp(text: &str, now: i64, offset: i64) -> Option<i64> {
    let (digits, second) = text.split_once('.').unwrap_or((text, "0"));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
    let (year, rest) = match digits.len() {
        12 => (part(0..4)?, 4),
        10 => (part(0..2).map(|year| if year < 69 { 2000 + year } else { 1900 + year })?, 2),
        8 => (1970 + now / 31_556_952_000_000, 0),
        _ => return None,
    };
    let two = |place: usize| part(rest + place..rest + place + 2);
    let seconds = days(year, two(0)?, two(2)?)? * 86_400 + two(4)? * 3_600 + two(6)? * 60;
    let second = second.parse::<i64>().ok().filter(|second| (0..61).contains(second))?;
    Some((seconds + second - offset) * 1_000_000)
}

fn relative(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let day = 86_400;
        match word {
            "now" | "today" => {}
            "yesterday" => total = total.checked_sub(day)?,
            "tomorrow" => total = total.checked_add(day)?,
            number => {
                let count: i64 = number.parse().ok()?;
                let unit = words.next()?.trim_end_matches('s');
                let unit = match unit {
                    "second" | "sec" => 1,
                    "minute" | "min" => 60,
                    "hour" => 3_600,
                    "day" => day,
                    "week" => 7 * day,
                    "month" => 30 * day,
                    "year" => 365 * day,
                    _ => return None,
                };
                total = total.checked_add(count.checked_mul(unit)?)?;
                if text.ends_with("ago") {
                    total = total.checked_neg()?;
                    words.next();
                }
            }
        }
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000_000;

    fn said(text: &str, stamp: bool) -> Option<i64> {
        moment(
            text,
            NOW,
            &Zone { name: "UTC".to_owned(), abbreviation: "UTC".to_owned(), offset_minutes: 0 },
            stamp,
        )
    }

    #[test]
    fn dates_and_spans_are_moments() {
        assert_eq!(said("1970-01-02", false), Some(86_400_000_000));
        assert_eq!(said("2024-02-29 01:00:00 UTC", false), Some(1_709_168_400_000_000));
        assert_eq!(said("2 days ago", false), Some(NOW - 2 * 86_400_000_000));
        assert_eq!(said("202402290100.05", true), Some(1_709_168_405_000_000));
    }

    #[test]
    fn what_is_beyond_the_calendar_or_any_number_is_no_moment() {
        for text in ["2023-02-29", "2024-13-01", "9223372036854775807 years", "-9223372036854775808 sec ago"]
        {
            assert_eq!(said(text, false), None, "{text}");
        }
        assert_eq!(said("202402290100.9223372036854775807", true), None);
        assert_eq!(said("202402310100", true), None);
    }
}
