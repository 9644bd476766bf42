//! Numbers with a fixed count of decimals, and how numbers are read and printed.

use std::fmt;

/// Most decimals.
const SCALE: u32 = 30;

/// A number with a fixed count of decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    units: i128,
    scale: u32,
}

impl Decimal {
    /// A whole number.
    pub(crate) fn whole(number: i64) -> Self {
        Decimal { units: i128::from(number), scale: 0 }
    }

    /// Reads digits with a point.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let scale = u32::try_from(part.len()).ok().filter(|scale| *scale <= SCALE)?;
        let units = format!("{whole}{part}").parse().ok()?;
        Some(Decimal { units, scale })
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let raise = |one: Decimal| one.units.checked_mul(10_i128.checked_pow(scale - one.scale)?);
        Some((raise(self)?, raise(other)?, scale))
    }

    /// The sum, or the difference.
    pub(crate) fn add(self, other: Self, negative: bool) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        let units = if negative { left.checked_sub(right)? } else { left.checked_add(right)? };
        Some(Decimal { units, scale })
    }

    /// The product.
    pub(crate) fn multiply(self, other: Self) -> Option<Self> {
        let scale = (self.scale + other.scale).min(SCALE);
        Some(Decimal { units: self.units.checked_mul(other.units)?, scale })
    }

    /// The quotient, with four more decimals than the dividend has.
    pub(crate) fn divide(self, other: Self) -> Option<Self> {
        let scale = self.scale + 4;
        let raised = self.units.checked_mul(10_i128.checked_pow(scale - self.scale + other.scale)?)?;
        let (quotient, rest) = (raised.checked_div(other.units)?, raised.checked_rem(other.units)?);
        let up = rest.unsigned_abs() * 2 >= other.units.unsigned_abs();
        let away = if (raised < 0) == (other.units < 0) { 1 } else { -1 };
        Some(Decimal { units: quotient + if up { away } else { 0 }, scale })
    }

    /// The number with other decimals, rounded.
    pub(crate) fn rounded(self, scale: u32) -> Self {
        if self.scale <= scale {
            return self;
        }
        let unit = 10_i128.pow(self.scale - scale);
        let half = if self.units < 0 { -unit / 2 } else { unit / 2 };
        Decimal { units: (self.units + half) / unit, scale }
    }

    #[expect(clippy::cast_precision_loss, reason = "a number of floating point is asked for")]
    pub(crate) fn number(self) -> f64 {
        self.units as f64 / 10_f64.powi(self.scale.try_into().unwrap_or(0))
    }

    pub(crate) fn negated(self) -> Self {
        Decimal { units: -self.units, scale: self.scale }
    }

    /// Decimals that are shown.
    pub fn scale(self) -> u32 {
        self.scale
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = self.units.unsigned_abs().to_string();
        let scale = usize::try_from(self.scale).unwrap_or(0);
        if scale == 0 {
            return write!(formatter, "{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = digits.split_at_checked(digits.len() - scale).unwrap_or(("0", ""));
        write!(formatter, "{sign}{whole}.{part}")
    }
}

/// A number of floating point as it is printed.
pub(crate) fn double(number: f64) -> String {
    let size = number.abs();
    if number != 0.0 && !(1e-5..1e15).contains(&size) {
        return format!("{number:e}");
    }
    format!("{number}")
}

/// The number that a text begins with; zero without one.
pub(crate) fn prefix(text: &[u8]) -> f64 {
    let text = text.trim_ascii_start();
    let mut end = 0;
    let (mut point, mut exponent, mut digits) = (false, false, false);
    for (at, byte) in text.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let fits = match byte {
            b'0'..=b'9' => {
                digits = true;
                true
            }
            b'+' | b'-' => at == 0 || matches!(before, Some(b'e' | b'E')),
            b'.' if !point && !exponent => {
                point = true;
                true
            }
            b'e' | b'E' if digits && !exponent => {
                exponent = true;
                true
            }
            _ => false,
        };
        if !fits {
            break;
        }
        end = at + 1;
    }
    let found = std::str::from_utf8(text.get(..end).unwrap_or_default()).unwrap_or_default();
    // What ends in the middle of an exponent counts up to there.
    let whole = found.trim_end_matches(['e', 'E', '+', '-']);
    whole.parse().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_places() {
        let read = |text| Decimal::parse(text).unwrap();
        assert_eq!(read("1.50").add(read("1"), false).unwrap().to_string(), "2.50");
        assert_eq!(read("1").divide(read("3")).unwrap().to_string(), "0.3333");
        assert_eq!(read("2").divide(read("3")).unwrap().to_string(), "0.6667");
        assert_eq!(read("-1.5").multiply(read("2.5")).unwrap().to_string(), "-3.75");
        assert!(read("1").divide(read("0")).is_none());
    }

    #[test]
    fn a_text_counts_as_far_as_it_is_a_number() {
        for (text, number) in [("12abc", 12.0), ("  3.5e1x", 35.0), ("abc", 0.0), ("1e", 1.0), ("-4", -4.0)] {
            assert_eq!(prefix(text.as_bytes()), number, "{text}");
        }
    }
}
