//! Tables and their columns.

use crate::{Fault, value::Value};

/// What a column or a result holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Truths.
    Truth,
    /// Whole numbers.
    Integer,
    /// Numbers with decimals.
    Decimal,
    /// Numbers of floating point.
    Double,
    /// Characters.
    Text,
    /// Bytes.
    Binary,
    /// A date with a time.
    Datetime,
    /// Nothing but no value.
    Null,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Type as it is declared, such as `varchar(64)`.
    pub declared: String,
    /// Whether it may hold no value.
    pub nullable: bool,
    /// `PRI`, `UNI`, `MUL` or nothing.
    pub key: &'static str,
    /// What it holds when nothing is given.
    pub default: Option<Value>,
    /// Whether it counts up by itself.
    pub counts: bool,
}

impl Column {
    /// A column of the type `declared`.
    pub fn new(name: &str, declared: &str) -> Self {
        Column {
            name: name.to_owned(),
            kind: kind_of(declared),
            declared: declared.to_owned(),
            nullable: true,
            key: "",
            default: None,
            counts: false,
        }
    }

    /// Longest text that it holds, if it has such a bound.
    pub(crate) fn longest(&self) -> Option<usize> {
        if self.declared.ends_with("[]") {
            return None;
        }
        if !(self.declared.starts_with("varchar") || self.declared.starts_with("char")) {
            return None;
        }
        self.declared.split(['(', ')']).nth(1)?.parse().ok()
    }

    /// `value` as the column keeps it.
    pub(crate) fn fit(&self, value: Value) -> Value {
        match (self.kind, value) {
            (_, Value::Null) => Value::Null,
            (Kind::Truth, value @ Value::Truth(_)) => value,
            (Kind::Truth, value) => {
                Value::Truth(matches!(value.bytes().first(), Some(b't' | b'T' | b'y' | b'1')))
            }
            (Kind::Integer, value) => Value::Integer(value.integer()),
            (Kind::Double, value) => Value::Double(value.number()),
            (Kind::Binary, value) => Value::Binary(value.bytes()),
            (Kind::Text | Kind::Datetime, value) => Value::Text(value.bytes()),
            (_, value) => value,
        }
    }
}

/// What a declared type holds.
fn kind_of(declared: &str) -> Kind {
    let lower = declared.to_lowercase();
    let word = lower.split(['(', ' ']).next().unwrap_or_default();
    match word {
        "int" | "integer" | "bigint" | "smallint" | "tinyint" | "mediumint" | "bool" | "oid" | "bit"
        | "year" => Kind::Integer,
        // MySQL keeps what is declared so as `tinyint(1)`.
        "boolean" => Kind::Truth,
        "decimal" | "numeric" => Kind::Decimal,
        "float" | "double" | "real" => Kind::Double,
        "blob" | "longblob" | "mediumblob" | "tinyblob" | "binary" | "varbinary" => Kind::Binary,
        "datetime" | "timestamp" | "date" => Kind::Datetime,
        _ => Kind::Text,
    }
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a value for each column.
    pub rows: Vec<Vec<Value>>,
    /// The next value of the column that counts.
    pub next: i64,
    /// Whether nobody may write it.
    pub fixed: bool,
}

impl Table {
    /// A table that nobody may write.
    pub fn fixed(columns: &[(&str, &str)], rows: Vec<Vec<Value>>) -> Self {
        let columns = columns.iter().map(|(name, declared)| Column::new(name, declared)).collect();
        Table { columns, rows, next: 1, fixed: true }
    }

    /// Bytes in memory.
    pub(crate) fn size(&self) -> usize {
        let rows = self.rows.iter().map(|row| row.iter().map(Value::size).sum::<usize>() + 24).sum::<usize>();
        rows + self.columns.len() * 128
    }

    /// The place of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether a row with the same key is there: its place, the value and the key's name.
    pub(crate) fn duplicate(&self, row: &[Value]) -> Option<(usize, Fault)> {
        for (at, column) in self.columns.iter().enumerate() {
            if !matches!(column.key, "PRI" | "UNI") {
                continue;
            }
            let value = row.get(at)?;
            let same = |kept: &Vec<Value>| {
                kept.get(at).is_some_and(|kept| kept.compare(value).is_some_and(std::cmp::Ordering::is_eq))
            };
            if let Some(found) = self.rows.iter().position(same) {
                let key = if column.key == "PRI" { "PRIMARY".to_owned() } else { column.name.clone() };
                return Some((found, Fault::Duplicate(value.string(), key)));
            }
        }
        None
    }
}
