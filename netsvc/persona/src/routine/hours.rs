//! When people work: days, hours, and the habits of each.

use super::{DAY, MINUTE, VISITS, Way};
use crate::subkey;
use rand_core::RngCore;

/// The day of `at` for those so many minutes east of UTC, counted from the epoch.
pub fn day_of(at: i64, zone_minutes: i32) -> i64 {
    at.saturating_add(i64::from(zone_minutes) * MINUTE).div_euclid(DAY)
}

/// Whether nobody works on that day: Saturdays and Sundays.
pub fn is_free(day: i64) -> bool {
    // The first day of the epoch was a Thursday.
    matches!((day + 3).rem_euclid(7), 5 | 6)
}

/// Year, month and day of the month of a day, counted from the epoch.
pub fn civil(day: i64) -> (i64, i64, i64) {
    // Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, civil_from_days.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let part = (5 * of_year + 2) / 153;
    let month = if part < 10 { part + 3 } else { part - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * part + 2) / 5 + 1)
}

/// A number below `most`.
pub(super) fn below(random: &mut impl RngCore, most: u32) -> i64 {
    i64::from(random.next_u32() % most.max(1))
}

/// One of `table`.
pub(super) fn choose<T: Copy>(random: &mut impl RngCore, table: &[T]) -> Option<T> {
    let place = random.next_u32() as usize % table.len().max(1);
    table.get(place).copied()
}

/// A moment of a day: so many minutes after its begin for those who are there, and some seconds.
pub(super) fn moment(day: i64, zone_minutes: i32, minute: i64, random: &mut impl RngCore) -> i64 {
    let part = i64::from(random.next_u32() % 60_000_000);
    day * DAY + (minute - i64::from(zone_minutes)) * MINUTE + part
}

/// When somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visit {
    pub(super) number: u32,
    pub(super) start: i64,
    pub(super) end: i64,
}

/// What somebody does at the same time each day.
struct Habit {
    /// The minute around which he likes to come.
    peak: i64,
    /// The minutes of his lunch.
    lunch: (i64, i64),
}

impl Habit {
    fn of(way: &Way, key: &[u8]) -> Habit {
        let mut random = subkey::generator(key, &["habit"]);
        let (from, to) = (i64::from(way.hours.from), i64::from(way.hours.to));
        let span = u32::try_from(to - from - 60).unwrap_or(1);
        let begin = 11 * 60 + 30 + below(&mut random, 80);
        Habit {
            peak: from + 20 + below(&mut random, span),
            lunch: (begin, begin + 25 + below(&mut random, 40)),
        }
    }

    /// A minute at which he comes.
    fn minute(&self, way: &Way, random: &mut impl RngCore) -> i64 {
        let (from, to) = (i64::from(way.hours.from), i64::from(way.hours.to));
        let near = random.next_u32() % 100 < 45;
        let drawn = if near {
            self.peak + below(random, 50) - below(random, 50)
        } else {
            from + below(random, u32::try_from(to - from).unwrap_or(1))
        };
        let (begin, end) = self.lunch;
        let drawn = if (begin..end).contains(&drawn) { end + below(random, 25) } else { drawn };
        drawn.clamp(from, (to - 10).max(from))
    }
}

/// Whether somebody is away in the week of a day: on holiday, or ill.
fn is_away(key: &[u8], day: i64) -> bool {
    let week = (day + 3).div_euclid(7);
    let mut random = subkey::generator(key, &["away", &week.to_string()]);
    random.next_u32() % 100 < 7
}

/// When somebody is there on a day, in the order of time; two visits have minutes between them.
pub(super) fn visits(way: &Way, day: i64) -> Vec<Visit> {
    let key = way.key.hex_bytes().unwrap_or_default();
    if is_away(&key, day) {
        return Vec::new();
    }
    let habit = Habit::of(way, &key);
    let mut random = subkey::generator(&key, &["visits", &day.to_string()]);
    let mean = if is_free(day) { way.weekend } else { way.often };
    // Now and then there is more to do than usual, and now and then nothing.
    let mean = match random.next_u32() % 10 {
        0 => mean * 2,
        1 => mean / 4,
        _ => mean,
    };
    let count = mean / 100 + u32::from(random.next_u32() % 100 < mean % 100);
    let mut out: Vec<Visit> = Vec::new();
    for number in 0..count.min(VISITS) {
        let minute = habit.minute(way, &mut random);
        let start = moment(day, way.zone_minutes, minute, &mut random);
        // Short ones are many.
        let length = below(&mut random, 4_500).min(below(&mut random, 4_500));
        let end = start + (90 + length) * 1_000_000 + below(&mut random, 1_000_000);
        out.push(Visit { number, start, end });
    }
    out.sort_by_key(|visit| visit.start);
    let mut free = i64::MIN;
    out.retain(|visit| {
        let fits = free < visit.start;
        if fits {
            free = visit.end + 20 * MINUTE;
        }
        fits
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (day, date) in
            [(0, (1970, 1, 1)), (59, (1970, 3, 1)), (11_016, (2000, 2, 29)), (20_787, (2026, 11, 30))]
        {
            assert_eq!(civil(day), date, "{day}");
        }
        assert!(is_free(2) && is_free(3) && !is_free(0) && !is_free(4));
        assert_eq!((day_of(-1, 0), day_of(DAY - 1, 60), day_of(0, -60)), (-1, 1, -1));
    }
}
