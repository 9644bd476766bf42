//! The CPU's clock, in binary-coded digits.

use netsvc_daemon::date::civil;

/// A time (µs) as eight bytes: year to second, milliseconds and the day of the week.
pub(super) fn stamp(micros: i64) -> [u8; 8] {
    let time = civil(micros, 0);
    let digits = |number: u32| u8::try_from(number / 10 % 10 * 16 + number % 10).unwrap_or_default();
    let milliseconds = u32::try_from(micros.rem_euclid(1_000_000) / 1000).unwrap_or_default();
    let day = u32::from(time.weekday().number_from_sunday());
    [
        digits(time.year().rem_euclid(100).unsigned_abs()),
        digits(u32::from(u8::from(time.month()))),
        digits(time.day().into()),
        digits(time.hour().into()),
        digits(time.minute().into()),
        digits(time.second().into()),
        digits(milliseconds / 10),
        u8::try_from(milliseconds % 10 * 16 + day).unwrap_or_default(),
    ]
}

/// The clock as it is read.
pub(super) fn read(micros: i64) -> Vec<u8> {
    [&[0, 0x19][..], &stamp(micros)].concat()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_has_its_digits() {
        // 2021-03-04 05:06:07.891, a Thursday.
        let micros = 1_614_834_367_891_000;
        assert_eq!(super::stamp(micros), [0x21, 3, 4, 5, 6, 7, 0x89, 0x15]);
    }
}
