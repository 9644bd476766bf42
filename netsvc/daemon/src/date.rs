//! Dates as protocols write them, from µs since the epoch.

use time::{OffsetDateTime, UtcOffset};

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Half a year in seconds: `ls` shows the year of files older than that.
const HALF_YEAR: i64 = 15_778_476;

/// The calendar's time, so many minutes east of UTC.
pub fn civil(micros: i64, offset_minutes: i32) -> OffsetDateTime {
    let at = OffsetDateTime::from_unix_timestamp(micros.div_euclid(1_000_000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    match UtcOffset::from_whole_seconds(offset_minutes * 60) {
        Ok(offset) => at.to_offset(offset),
        Err(_) => at,
    }
}

/// `Sun` … `Sat`.
pub fn day_name(at: OffsetDateTime) -> &'static str {
    DAYS.get(usize::from(at.weekday().number_days_from_sunday())).copied().unwrap_or("Sun")
}

/// `Jan` … `Dec`.
pub fn month_name(at: OffsetDateTime) -> &'static str {
    MONTHS.get(usize::from(u8::from(at.month())) - 1).copied().unwrap_or("Jan")
}

/// The day as a number: `20240703`.
pub fn number(micros: i64) -> u32 {
    let at = civil(micros, 0);
    let year = u32::try_from(at.year()).unwrap_or_default();
    year * 10_000 + u32::from(u8::from(at.month())) * 100 + u32::from(at.day())
}

/// IMF-fixdate of RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http(micros: i64) -> String {
    let at = civil(micros, 0);
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
        day_name(at),
        at.day(),
        month_name(at),
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Date of RFC 5322 §3.3: `Sat, 21 Nov 2026 05:20:03 +0100`.
pub fn mail(micros: i64, offset_minutes: i32) -> String {
    let at = civil(micros, offset_minutes);
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let away = offset_minutes.abs();
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        day_name(at),
        at.day(),
        month_name(at),
        at.year(),
        at.hour(),
        at.minute(),
        at.second(),
        away / 60,
        away % 60
    )
}

/// `YYYYMMDDhhmmss` in UTC, as MDTM of RFC 3659 §2.3.
pub fn compact(micros: i64) -> String {
    let at = civil(micros, 0);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Date column of `ls -l` at time `now`: `Nov 21 05:22` or `Apr 18  2025`.
pub fn listing(micros: i64, now: i64, offset_minutes: i32) -> String {
    let at = civil(micros, offset_minutes);
    let age = now.saturating_sub(micros).div_euclid(1_000_000);
    if (0..HALF_YEAR).contains(&age) {
        format!("{} {:2} {:02}:{:02}", month_name(at), at.day(), at.hour(), at.minute())
    } else {
        format!("{} {:2}  {}", month_name(at), at.day(), at.year())
    }
}

/// Date column of a DIR listing: `11-21-26  05:22AM`.
pub fn dir_listing(micros: i64, offset_minutes: i32) -> String {
    let at = civil(micros, offset_minutes);
    let half = if at.hour() < 12 { "AM" } else { "PM" };
    let hour = if at.hour().is_multiple_of(12) { 12 } else { at.hour() % 12 };
    format!(
        "{:02}-{:02}-{:02}  {hour:02}:{:02}{half}",
        u8::from(at.month()),
        at.day(),
        at.year() % 100,
        at.minute()
    )
}

/// `hh:mm` on the node's wall.
pub fn wall(micros: i64, offset_minutes: i32) -> String {
    let at = civil(micros, offset_minutes);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// Date and time on the node's wall without a zone, as ISO 8601 has it: `2026-11-21T05:20:03`.
pub fn local(micros: i64, offset_minutes: i32) -> String {
    let at = civil(micros, offset_minutes);
    let (month, day) = (u8::from(at.month()), at.day());
    format!("{:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", at.year(), at.hour(), at.minute(), at.second())
}

/// Reads an IMF-fixdate; `None` when it is none. Result in µs since the epoch.
pub fn parse_http(text: &str) -> Option<i64> {
    let mut words = text.split_once(", ")?.1.split([' ', ':']);
    let day: u8 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let number = MONTHS.iter().position(|name| *name == month)? + 1;
    let year: i32 = words.next()?.parse().ok()?;
    let (hour, minute, second) =
        (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let month = time::Month::try_from(u8::try_from(number).ok()?).ok()?;
    let date = time::Date::from_calendar_date(year, month, day).ok()?;
    let at = date.with_hms(hour, minute, second).ok()?.assume_utc();
    at.unix_timestamp().checked_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_each_protocol_does() {
        let at = 1_795_238_403_000_000;
        assert_eq!(http(at), "Sat, 21 Nov 2026 05:20:03 GMT");
        assert_eq!(mail(at, 60), "Sat, 21 Nov 2026 06:20:03 +0100");
        assert_eq!(mail(at, -90), "Sat, 21 Nov 2026 03:50:03 -0130");
        assert_eq!(local(at, 60), "2026-11-21T06:20:03");
        assert_eq!(compact(at), "20261121052003");
        assert_eq!(listing(at, at + 60_000_000, 0), "Nov 21 05:20");
        assert_eq!(listing(at, at + 20_000_000_000_000, 0), "Nov 21  2026");
        assert_eq!(dir_listing(at, 0), "11-21-26  05:20AM");
        assert_eq!(parse_http("Sat, 21 Nov 2026 05:20:03 GMT"), Some(at));
        assert_eq!(parse_http("yesterday"), None);
    }
}
