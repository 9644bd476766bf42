//! Values and how they turn into each other.

use crate::number::{self, Decimal};
use std::cmp::Ordering;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A truth, where the server has such values.
    Truth(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fixed count of decimals.
    Decimal(Decimal),
    /// A number of floating point.
    Double(f64),
    /// Characters.
    Text(Vec<u8>),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Value::Text(text.into().into_bytes())
    }

    /// A truth.
    pub fn truth(value: bool) -> Self {
        Value::Integer(i64::from(value))
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The value as it is printed; `None` for no value.
    pub fn printed(&self) -> Option<Vec<u8>> {
        Some(match self {
            Value::Null => return None,
            Value::Truth(truth) => vec![if *truth { b't' } else { b'f' }],
            Value::Integer(number) => number.to_string().into_bytes(),
            Value::Decimal(decimal) => decimal.to_string().into_bytes(),
            Value::Double(number) => number::double(*number).into_bytes(),
            Value::Text(text) | Value::Binary(text) => text.clone(),
        })
    }

    /// The bytes as they are printed; none for no value.
    pub fn bytes(&self) -> Vec<u8> {
        self.printed().unwrap_or_default()
    }

    /// The value as text.
    pub fn string(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// The value as a number: texts count as far as they are one.
    pub fn number(&self) -> f64 {
        match self {
            Value::Null => 0.0,
            Value::Truth(truth) => f64::from(u8::from(*truth)),
            #[expect(clippy::cast_precision_loss, reason = "a number of floating point is asked for")]
            Value::Integer(number) => *number as f64,
            Value::Decimal(decimal) => decimal.number(),
            Value::Double(number) => *number,
            Value::Text(text) | Value::Binary(text) => number::prefix(text),
        }
    }

    /// The value as a whole number, rounded.
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    pub fn integer(&self) -> i64 {
        match self {
            Value::Integer(number) => *number,
            other => other.number().round() as i64,
        }
    }

    /// Whether the value counts as true; `None` for no value.
    pub fn holds(&self) -> Option<bool> {
        if self.is_null() { None } else { Some(self.number() != 0.0) }
    }

    /// Bytes in memory.
    pub(crate) fn size(&self) -> usize {
        self.length() + 24
    }

    /// Bytes of a text.
    pub(crate) fn length(&self) -> usize {
        if let Value::Text(text) | Value::Binary(text) = self { text.len() } else { 0 }
    }

    /// The order of two values: texts without regard to case, numbers by size; `None` with no value.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Null, _) | (_, Value::Null) => None,
            (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
            (Value::Text(left), Value::Text(right)) => Some(folded(left).cmp(&folded(right))),
            (Value::Text(left) | Value::Binary(left), Value::Text(right) | Value::Binary(right)) => {
                Some(left.cmp(right))
            }
            _ => self.number().partial_cmp(&other.number()),
        }
    }

    /// The order for ORDER BY: no value comes first.
    pub(crate) fn order(&self, other: &Value) -> Ordering {
        match (self.is_null(), other.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => self.compare(other).unwrap_or(Ordering::Equal),
        }
    }
}

/// A text as it is compared: lower case, without spaces at its end.
pub(crate) fn folded(text: &[u8]) -> Vec<u8> {
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
    text.get(..end).unwrap_or_default().to_ascii_lowercase()
}
