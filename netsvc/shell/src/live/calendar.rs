//! Dates as C programs print them.

use netsvc_persona::Zone;
use time::OffsetDateTime;

pub(crate) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONG_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const LONG_DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Civil time in `zone` of `at` µs since the epoch, the zone already added.
pub(crate) fn moment(at: i64, offset_minutes: i32) -> OffsetDateTime {
    let shifted = i128::from(at) * 1000 + i128::from(offset_minutes) * 60_000_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(shifted).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `strftime(3)` in the C locale, with GNU's `%N` and `%:z`.
pub(crate) fn strftime(format: &str, at: i64, zone: &Zone) -> String {
    let date = moment(at, zone.offset_minutes);
    let mut out = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let mut flag = None;
        let mut code = characters.next();
        if let Some(found @ ('-' | '_' | '0' | ':' | '^')) = code {
            flag = Some(found);
            code = characters.next();
        }
        match code {
            None => out.push('%'),
            Some(code) => match conversion(code, flag, at, date, zone) {
                Some(text) => out.push_str(&text),
                None => {
                    out.push('%');
                    out.push(code);
                }
            },
        }
    }
    out
}

fn conversion(code: char, flag: Option<char>, at: i64, date: OffsetDateTime, zone: &Zone) -> Option<String> {
    let nested = |format: &str| strftime(format, at, zone);
    let weekday = usize::from(date.weekday().number_days_from_sunday());
    let month = usize::from(u8::from(date.month())) - 1;
    let hour = date.hour();
    let twelve = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
    let number = |value: i64, width: usize, pad: char| match (flag, pad) {
        (Some('-'), _) => value.to_string(),
        (Some('_'), _) | (None, ' ') => format!("{value:>width$}"),
        _ => format!("{value:0>width$}"),
    };
    let name = |names: &[&str], index: usize| names.get(index).copied().unwrap_or("").to_owned();
    Some(match code {
        '%' => "%".into(),
        'n' => "\n".into(),
        't' => "\t".into(),
        'Y' => date.year().to_string(),
        'C' => number(i64::from(date.year() / 100), 2, '0'),
        'y' => number(i64::from(date.year() % 100), 2, '0'),
        'G' => date.to_iso_week_date().0.to_string(),
        'm' => number(i64::from(u8::from(date.month())), 2, '0'),
        'd' => number(i64::from(date.day()), 2, '0'),
        'e' => number(i64::from(date.day()), 2, ' '),
        'H' => number(i64::from(hour), 2, '0'),
        'k' => number(i64::from(hour), 2, ' '),
        'I' => number(i64::from(twelve), 2, '0'),
        'l' => number(i64::from(twelve), 2, ' '),
        'M' => number(i64::from(date.minute()), 2, '0'),
        'S' => number(i64::from(date.second()), 2, '0'),
        'N' => format!("{:06}{:03}", at.rem_euclid(1_000_000), at.rem_euclid(997)),
        'j' => number(i64::from(date.ordinal()), 3, '0'),
        'U' => number(i64::from(date.sunday_based_week()), 2, '0'),
        'W' => number(i64::from(date.monday_based_week()), 2, '0'),
        'V' => number(i64::from(date.iso_week()), 2, '0'),
        'u' => date.weekday().number_from_monday().to_string(),
        'w' => weekday.to_string(),
        'p' => if hour < 12 { "AM" } else { "PM" }.into(),
        'P' => if hour < 12 { "am" } else { "pm" }.into(),
        's' => at.div_euclid(1_000_000).to_string(),
        'b' | 'h' => name(&MONTHS, month),
        'B' => name(&LONG_MONTHS, month),
        'a' => name(&LONG_DAYS, weekday).chars().take(3).collect(),
        'A' => name(&LONG_DAYS, weekday),
        'D' | 'x' => nested("%m/%d/%y"),
        'F' => nested("%Y-%m-%d"),
        'T' | 'X' => nested("%H:%M:%S"),
        'R' => nested("%H:%M"),
        'r' => nested("%I:%M:%S %p"),
        'c' => nested("%a %b %e %H:%M:%S %Y"),
        'Z' => zone.abbreviation.clone(),
        'z' => {
            let minutes = zone.offset_minutes.abs();
            let sign = if zone.offset_minutes < 0 { '-' } else { '+' };
            let colon = if flag == Some(':') { ":" } else { "" };
            format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
        }
        _ => return None,
    })
}
