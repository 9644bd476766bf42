//! When people work: days and hours where they are.

use decnet_model::people::Person;
use rand_core::RngCore;
use time::{OffsetDateTime, UtcOffset};

pub(crate) use netsvc_wire::stamp::DAY;

/// µs of a minute.
pub(crate) const MINUTE: i64 = 60_000_000;

/// The day of `at` where people are, counted from the epoch.
pub(crate) fn day_of(at: i64, zone_minutes: i32) -> i64 {
    (at + i64::from(zone_minutes) * MINUTE).div_euclid(DAY)
}

/// Whether nobody works on that day: Saturdays and Sundays.
pub(crate) fn is_free(day: i64) -> bool {
    // The first day of the epoch was a Thursday.
    matches!((day + 3).rem_euclid(7), 5 | 6)
}

/// A moment of `person`'s hours on `day`.
pub(crate) fn within(person: &Person, day: i64, zone_minutes: i32, random: &mut impl RngCore) -> i64 {
    let (from, to) = (i64::from(person.hours.from), i64::from(person.hours.to));
    let span = ((to - from) * MINUTE).max(1).unsigned_abs();
    let part = i64::try_from(random.next_u64() % span).unwrap_or(0);
    day * DAY + from * MINUTE + part - i64::from(zone_minutes) * MINUTE
}

/// The first moment from `at` on when `person` works: `at` itself, or some minutes after he has begun.
pub(crate) fn next(person: &Person, at: i64, zone_minutes: i32, random: &mut impl RngCore) -> i64 {
    let shift = i64::from(zone_minutes) * MINUTE;
    let (from, to) = (i64::from(person.hours.from) * MINUTE, i64::from(person.hours.to) * MINUTE);
    let local = at + shift;
    let (mut day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    if !is_free(day) && (from..to).contains(&time) {
        return at;
    }
    if to <= time {
        day += 1;
    }
    while is_free(day) {
        day += 1;
    }
    let settling =
        i64::from(2 + random.next_u32() % 40) * MINUTE + i64::from(random.next_u32() % 60) * 1_000_000;
    day * DAY + from + settling - shift
}

/// The calendar's time where people are.
pub(crate) fn civil(at: i64, zone_minutes: i32) -> OffsetDateTime {
    let second =
        OffsetDateTime::from_unix_timestamp(at.div_euclid(1_000_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    UtcOffset::from_whole_seconds(zone_minutes * 60).map_or(second, |offset| second.to_offset(offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_model::people::{Hours, derive};
    use netsvc_persona::subkey;

    #[test]
    fn nobody_writes_when_he_does_not_work() {
        let mut person = derive(b"x", "corp.example", &[]).people.remove(0);
        person.hours = Hours { from: 8 * 60, to: 17 * 60 };
        let mut random = subkey::generator(b"x", &[]);
        // Friday, 2026-11-27, in steps of 20 minutes over a week.
        let friday = 20_784;
        assert!(!is_free(friday) && is_free(friday + 1) && is_free(friday + 2) && !is_free(friday + 3));
        for zone in [-300, 0, 60] {
            for step in 0..7 * 72 {
                let at = friday * DAY + step * 20 * MINUTE;
                let then = next(&person, at, zone, &mut random);
                let local = civil(then, zone);
                let minute = u16::from(local.hour()) * 60 + u16::from(local.minute());
                assert!(at <= then && then < at + 4 * DAY);
                assert!((480..1020).contains(&minute) && !is_free(day_of(then, zone)), "{local}");
            }
        }
    }
}
