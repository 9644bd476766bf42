//! BSON: documents read out of what a peer sent, within bounds, and written.
//!
//! Source: <https://bsonspec.org/spec.html>; the order of values of unlike types is MongoDB's ("Comparison/Sort
//! Order").

mod read;

use std::cmp::Ordering;

/// Deepest nesting of documents (the server takes 200 levels).
pub(super) const DEEPEST: usize = 100;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Double(f64),
    Text(String),
    Document(Doc),
    Array(Vec<Value>),
    Binary(u8, Vec<u8>),
    Undefined,
    Id([u8; 12]),
    Bool(bool),
    /// Milliseconds since the epoch.
    Date(i64),
    Null,
    Regex(String, String),
    Code(String),
    Symbol(String),
    Scoped(String, Doc),
    Int(i32),
    Timestamp(u64),
    Long(i64),
    Decimal([u8; 16]),
    Least,
    Most,
}

/// Names and values in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Doc(pub Vec<(String, Value)>);

/// Bytes that are no document, or one beyond the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Value::Int(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Long(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Double(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<Doc> for Value {
    fn from(doc: Doc) -> Self {
        Value::Document(doc)
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Value::Array(values)
    }
}

/// A document of names and values that are turned into [`Value`]s.
macro_rules! bson {
    ($($name:expr => $value:expr),* $(,)?) => {
        $crate::services::mongodb::bson::Doc(vec![
            $((String::from($name), $crate::services::mongodb::bson::Value::from($value))),*
        ])
    };
}
pub(super) use bson;

impl Value {
    /// Its number in the format.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Value::Double(_) => 1,
            Value::Text(_) => 2,
            Value::Document(_) => 3,
            Value::Array(_) => 4,
            Value::Binary(..) => 5,
            Value::Undefined => 6,
            Value::Id(_) => 7,
            Value::Bool(_) => 8,
            Value::Date(_) => 9,
            Value::Null => 10,
            Value::Regex(..) => 11,
            Value::Code(_) => 13,
            Value::Symbol(_) => 14,
            Value::Scoped(..) => 15,
            Value::Int(_) => 16,
            Value::Timestamp(_) => 17,
            Value::Long(_) => 18,
            Value::Decimal(_) => 19,
            Value::Least => 0xff,
            Value::Most => 0x7f,
        }
    }

    /// What error messages and `$type` call its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Double(_) => "double",
            Value::Text(_) => "string",
            Value::Document(_) => "object",
            Value::Array(_) => "array",
            Value::Binary(..) => "binData",
            Value::Undefined => "undefined",
            Value::Id(_) => "objectId",
            Value::Bool(_) => "bool",
            Value::Date(_) => "date",
            Value::Null => "null",
            Value::Regex(..) => "regex",
            Value::Code(_) => "javascript",
            Value::Symbol(_) => "symbol",
            Value::Scoped(..) => "javascriptWithScope",
            Value::Int(_) => "int",
            Value::Timestamp(_) => "timestamp",
            Value::Long(_) => "long",
            Value::Decimal(_) => "decimal",
            Value::Least => "minKey",
            Value::Most => "maxKey",
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Symbol(text) | Value::Code(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn doc(&self) -> Option<&Doc> {
        if let Value::Document(doc) = self { Some(doc) } else { None }
    }

    pub(super) fn array(&self) -> Option<&[Value]> {
        if let Value::Array(values) = self { Some(values) } else { None }
    }

    /// About how many bytes it takes in memory.
    pub(super) fn size(&self) -> usize {
        let inner = match self {
            Value::Text(text) | Value::Code(text) | Value::Symbol(text) => text.len(),
            Value::Document(doc) => doc.size(),
            Value::Array(values) => values.iter().map(Value::size).sum(),
            Value::Binary(_, bytes) => bytes.len(),
            Value::Regex(pattern, options) => pattern.len() + options.len(),
            Value::Scoped(code, scope) => code.len() + scope.size(),
            _ => 0,
        };
        size_of::<Value>() + inner
    }

    /// How many documents and arrays stand in each other in it. Nothing is deeper than [`DEEPEST`] allows, and so this
    /// is not either.
    pub(super) fn depth(&self) -> usize {
        match self {
            Value::Document(doc) | Value::Scoped(_, doc) => doc.depth(),
            Value::Array(values) => 1 + values.iter().map(Value::depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// A number as the nearest float.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Value::Double(number) => Some(*number),
            Value::Int(number) => Some(f64::from(*number)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "as the server compares them, but for the last digits"
            )]
            Value::Long(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// A number as a whole one, cut.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "saturates, as the server does")]
            Value::Double(number) => Some(*number as i64),
            Value::Int(number) => Some(i64::from(*number)),
            Value::Long(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether it counts as true: everything but false, null and zero.
    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Bool(truth) => *truth,
            Value::Null | Value::Undefined => false,
            other => other.number() != Some(0.0),
        }
    }

    /// Place of its type in the order of all values.
    fn rank(&self) -> u8 {
        match self {
            Value::Least => 0,
            Value::Undefined | Value::Null => 1,
            Value::Double(_) | Value::Int(_) | Value::Long(_) | Value::Decimal(_) => 2,
            Value::Text(_) | Value::Symbol(_) => 3,
            Value::Document(_) => 4,
            Value::Array(_) => 5,
            Value::Binary(..) => 6,
            Value::Id(_) => 7,
            Value::Bool(_) => 8,
            Value::Date(_) => 9,
            Value::Timestamp(_) => 10,
            Value::Regex(..) => 11,
            Value::Code(_) => 12,
            Value::Scoped(..) => 13,
            Value::Most => 14,
        }
    }

    /// The order of all values.
    pub(super) fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Long(one), Value::Long(two)) => one.cmp(two),
            (Value::Document(one), Value::Document(two)) => one.order(two),
            (Value::Array(one), Value::Array(two)) => {
                let differ = one.iter().zip(two).map(|(one, two)| one.order(two)).find(|order| order.is_ne());
                differ.unwrap_or_else(|| one.len().cmp(&two.len()))
            }
            (Value::Binary(one, left), Value::Binary(two, right)) => {
                (left.len(), one, left).cmp(&(right.len(), two, right))
            }
            (Value::Id(one), Value::Id(two)) => one.cmp(two),
            (Value::Bool(one), Value::Bool(two)) => one.cmp(two),
            (Value::Date(one), Value::Date(two)) => one.cmp(two),
            (Value::Timestamp(one), Value::Timestamp(two)) => one.cmp(two),
            (Value::Regex(one, left), Value::Regex(two, right)) => (one, left).cmp(&(two, right)),
            _ => match (self.number(), other.number(), self.text(), other.text()) {
                (Some(one), Some(two), ..) => one.total_cmp(&two),
                (.., Some(one), Some(two)) if self.rank() == other.rank() => one.cmp(two),
                _ => self.rank().cmp(&other.rank()),
            },
        }
    }

    /// Whether a query for one finds the other.
    pub(super) fn same(&self, other: &Value) -> bool {
        self.order(other).is_eq()
    }

    /// Whether they are of one type, as `$gt` and its kin ask.
    pub(super) fn alike(&self, other: &Value) -> bool {
        self.rank() == other.rank()
    }
}

impl Doc {
    /// As [`Value::size`].
    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| size_of::<String>() + name.len() + value.size()).sum()
    }

    /// As [`Value::depth`].
    pub(super) fn depth(&self) -> usize {
        1 + self.0.iter().map(|(_, value)| value.depth()).max().unwrap_or(0)
    }

    /// The value called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Sets the value called `name`, where it stands or at the end.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, there)) => *there = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// With one more value, if there is one.
    pub(super) fn with(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        self.0.extend(value.map(|value| (name.to_owned(), value.into())));
        self
    }

    /// As [`Value::order`].
    pub(super) fn order(&self, other: &Doc) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        let differ = pairs
            .map(|((name, one), (known, two))| {
                one.rank().cmp(&two.rank()).then(name.cmp(known)).then(one.order(two))
            })
            .find(|order| order.is_ne());
        differ.unwrap_or_else(|| self.0.len().cmp(&other.0.len()))
    }

    /// Reads the document that `bytes` are, to their end.
    ///
    /// # Errors
    /// When they are none, or more than the bounds allow.
    pub(super) fn read(bytes: &[u8]) -> Result<Doc, Broken> {
        let (doc, rest) = Doc::take(bytes)?;
        if rest.is_empty() { Ok(doc) } else { Err(Broken) }
    }

    /// Reads the document that `bytes` begin with; what follows it.
    ///
    /// # Errors
    /// As [`Doc::read`].
    pub(super) fn take(bytes: &[u8]) -> Result<(Doc, &[u8]), Broken> {
        let (whole, rest) = split(bytes)?;
        Ok((read::document(whole)?, rest))
    }

    /// The bytes of the document.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_all(self.0.iter().map(|(name, value)| (name.as_str(), value)), out);
    }
}

/// The document that `bytes` begin with, as bytes, and what follows it.
///
/// # Errors
/// When its length is none or more than there is.
pub(super) fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Broken> {
    let length = bytes.first_chunk().map(|four| i32::from_le_bytes(*four)).ok_or(Broken)?;
    let length = usize::try_from(length).ok().filter(|length| 5 <= *length).ok_or(Broken)?;
    let (whole, rest) = bytes.split_at_checked(length).ok_or(Broken)?;
    if whole.last() == Some(&0) { Ok((whole, rest)) } else { Err(Broken) }
}

fn write_all<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; 4]);
    for (name, value) in fields {
        out.push(value.kind());
        cstring(name, out);
        write(value, out);
    }
    out.push(0);
    fill(start, out);
}

/// Writes the length of what begins at `start` there.
fn fill(start: usize, out: &mut [u8]) {
    let length = i32::try_from(out.len() - start).unwrap_or(i32::MAX).to_le_bytes();
    for (to, from) in out.iter_mut().skip(start).zip(length) {
        *to = from;
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Double(number) => out.extend(number.to_le_bytes()),
        Value::Text(text) | Value::Code(text) | Value::Symbol(text) => string(text, out),
        Value::Document(doc) => doc.write(out),
        Value::Array(values) => {
            let names: Vec<String> = (0..values.len()).map(|at| at.to_string()).collect();
            write_all(names.iter().map(String::as_str).zip(values), out);
        }
        Value::Binary(kind, bytes) => {
            out.extend(i32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
            out.push(*kind);
            out.extend(bytes);
        }
        Value::Undefined | Value::Null | Value::Least | Value::Most => {}
        Value::Id(bytes) => out.extend(bytes),
        Value::Bool(truth) => out.push(u8::from(*truth)),
        Value::Date(number) | Value::Long(number) => out.extend(number.to_le_bytes()),
        Value::Regex(pattern, options) => {
            cstring(pattern, out);
            cstring(options, out);
        }
        Value::Scoped(code, scope) => {
            let start = out.len();
            out.extend([0; 4]);
            string(code, out);
            scope.write(out);
            fill(start, out);
        }
        Value::Int(number) => out.extend(number.to_le_bytes()),
        Value::Timestamp(number) => out.extend(number.to_le_bytes()),
        Value::Decimal(bytes) => out.extend(bytes),
    }
}

fn cstring(text: &str, out: &mut Vec<u8>) {
    out.extend(text.bytes().filter(|byte| *byte != 0));
    out.push(0);
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.extend(i32::try_from(text.len() + 1).unwrap_or(1).to_le_bytes());
    out.extend(text.bytes());
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_document_is_read_as_it_was_written() {
        let doc = bson! {
            "a" => 1, "b" => 2_i64, "c" => 1.5, "d" => "text", "e" => true,
            "f" => bson! { "g" => vec![Value::Null, Value::Id([7; 12]), Value::from(bson! {})] },
            "h" => Value::Scoped("f()".to_owned(), bson! { "x" => 1 }),
            "i" => Value::Regex("^a".to_owned(), "i".to_owned()),
            "j" => Value::Binary(4, vec![1, 2]), "k" => Value::Date(-1), "l" => Value::Least,
        };
        assert_eq!(Doc::read(&doc.bytes()), Ok(doc));
        assert_eq!(Doc::read(b"\x0c\0\0\0\x10a\0\x01\0\0\0\0"), Ok(bson! { "a" => 1 }));
    }

    #[test]
    fn what_is_deep_or_of_many_values_is_no_document() {
        let mut deep = bson! {};
        for _ in 0..150 {
            deep = bson! { "a" => deep };
        }
        assert_eq!(Doc::read(&deep.bytes()), Err(Broken));
        let many = bson! { "a" => vec![Value::Null; read::VALUES + 1] };
        assert_eq!(Doc::read(&many.bytes()), Err(Broken));
    }

    #[test]
    fn values_of_unlike_types_have_an_order() {
        let sorted = [
            Value::Least,
            Value::Null,
            Value::from(1),
            Value::from(1.5),
            Value::from(2_i64),
            Value::from("a"),
            Value::from(bson! {}),
            Value::Bool(false),
            Value::Most,
        ];
        for pair in sorted.windows(2) {
            assert_eq!(pair.first().unwrap().order(pair.last().unwrap()), Ordering::Less, "{pair:?}");
        }
        assert!(Value::from(1).same(&Value::from(1.0)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(mut bytes: Vec<u8>) {
            let _ = Doc::read(&bytes);
            bytes.push(0);
            let length = i32::try_from(bytes.len() + 4).unwrap().to_le_bytes();
            if let Ok(doc) = Doc::read(&[&length[..], &bytes].concat()) {
                prop_assert!(Doc::read(&doc.bytes()).is_ok());
            }
        }
    }
}
