//! Texts that are put together of others, none longer than functions make them: how long they will be is known before.

use crate::Value;

/// Longest text that a function makes, bytes.
pub(crate) const LONGEST: usize = 1 << 20;

/// `text` with `to` for each `from`; NULL where it would be longer than a text may be.
pub fn replaced(text: &[u8], from: &str, to: &str) -> Value {
    let text = String::from_utf8_lossy(text).into_owned();
    if from.is_empty() {
        return Value::text(text);
    }
    let added = text.matches(from).count().saturating_mul(to.len());
    if LONGEST < added { Value::Null } else { Value::text(text.replace(from, to)) }
}

/// What has a value in `parts`, with `separator` between.
pub(crate) fn joined(separator: &[u8], parts: &[Value]) -> Value {
    let parts: Vec<_> = parts.iter().filter_map(Value::printed).collect();
    let added = parts.len().saturating_mul(separator.len());
    if LONGEST < added { Value::Null } else { Value::Text(parts.join(separator)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_replaced_within_bounds() {
        assert_eq!(replaced(b"a,b", ",", " - "), Value::text("a - b"));
        assert_eq!(replaced(&[b','; 1 << 20], ",", &"x".repeat(1 << 20)), Value::Null);
    }
}
