//! Values to and from the database, the same for both backends.

use crate::error::{Error, query};
use netsvc_wire::{Class, WriterId};
use sqlx::{Column, Row as _, TypeInfo, ValueRef, mysql::MySqlRow, sqlite::SqliteRow};
use std::net::IpAddr;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<u16> for Value {
    fn from(value: u16) -> Self {
        Value::Int(i64::from(value))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(i64::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Bytes(value)
    }
}

impl From<IpAddr> for Value {
    /// 4 or 16 bytes; an IPv4 address inside IPv6 is the IPv4 address.
    fn from(value: IpAddr) -> Self {
        Value::Bytes(match value.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        })
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl From<WriterId> for Value {
    /// The signed integer with the same bits.
    fn from(writer: WriterId) -> Self {
        Value::Int(writer.0.cast_signed())
    }
}

impl From<Class> for Value {
    fn from(class: Class) -> Self {
        Value::Int(class as i64)
    }
}

/// Cuts a text to `limit` characters.
pub(crate) fn fit(text: &mut String, limit: usize) {
    // A text has at least as many bytes as characters.
    if limit < text.len()
        && let Some((end, _)) = text.char_indices().nth(limit)
    {
        text.truncate(end);
    }
}

/// A row read back: its cells in the order of the statement.
#[derive(Debug)]
pub(crate) struct Cells {
    what: &'static str,
    values: std::vec::IntoIter<Value>,
    column: usize,
}

impl Cells {
    pub(crate) fn of_sqlite(what: &'static str, row: &SqliteRow) -> Result<Self, Error> {
        let mut values = Vec::with_capacity(row.len());
        for column in 0..row.len() {
            let raw = row.try_get_raw(column).map_err(query(what))?;
            values.push(if raw.is_null() {
                Value::Null
            } else {
                match raw.type_info().name() {
                    "INTEGER" | "BOOLEAN" => Value::Int(row.try_get_unchecked(column).map_err(query(what))?),
                    "TEXT" => Value::Text(row.try_get_unchecked(column).map_err(query(what))?),
                    _ => Value::Bytes(row.try_get_unchecked(column).map_err(query(what))?),
                }
            });
        }
        Ok(Cells { what, values: values.into_iter(), column: 0 })
    }

    pub(crate) fn of_mysql(what: &'static str, row: &MySqlRow) -> Result<Self, Error> {
        let mut values = Vec::with_capacity(row.len());
        for column in row.columns() {
            let raw = row.try_get_raw(column.ordinal()).map_err(query(what))?;
            values.push(if raw.is_null() {
                Value::Null
            } else if column.type_info().name().contains("INT") {
                Value::Int(row.try_get_unchecked(column.ordinal()).map_err(query(what))?)
            } else {
                Value::Bytes(row.try_get_unchecked(column.ordinal()).map_err(query(what))?)
            });
        }
        Ok(Cells { what, values: values.into_iter(), column: 0 })
    }

    /// Whether the next cell is NULL; then it is skipped.
    pub(crate) fn skip_null(&mut self) -> bool {
        let null = matches!(self.values.as_slice().first(), None | Some(Value::Null));
        if null {
            self.take();
        }
        null
    }

    fn take(&mut self) -> Value {
        self.column += 1;
        self.values.next().unwrap_or(Value::Null)
    }

    fn unexpected(&self, expected: &'static str) -> Error {
        Error::Row { what: self.what, column: self.column.saturating_sub(1), expected }
    }

    pub(crate) fn maybe_int(&mut self) -> Result<Option<i64>, Error> {
        match self.take() {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(value)),
            // A sum on MySQL is a decimal, which comes as text.
            Value::Text(text) => text.parse().map(Some).map_err(|_| self.unexpected("an integer")),
            Value::Bytes(bytes) => std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.parse().ok())
                .map(Some)
                .ok_or_else(|| self.unexpected("an integer")),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, Error> {
        self.maybe_int()?.ok_or_else(|| self.unexpected("set"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.int()? != 0)
    }

    pub(crate) fn count(&mut self) -> Result<u64, Error> {
        u64::try_from(self.int()?).map_err(|_| self.unexpected("a count"))
    }

    pub(crate) fn port(&mut self) -> Result<u16, Error> {
        u16::try_from(self.int()?).map_err(|_| self.unexpected("a port"))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        match self.take() {
            Value::Null => Err(self.unexpected("set")),
            Value::Bytes(bytes) => Ok(bytes),
            Value::Text(text) => Ok(text.into_bytes()),
            Value::Int(_) => Err(self.unexpected("bytes")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?).map_err(|_| self.unexpected("UTF-8"))
    }

    pub(crate) fn address(&mut self) -> Result<IpAddr, Error> {
        let bytes = self.bytes()?;
        let four = <[u8; 4]>::try_from(bytes.as_slice()).map(IpAddr::from);
        let address = four.or_else(|_| <[u8; 16]>::try_from(bytes.as_slice()).map(IpAddr::from));
        address.map_err(|_| self.unexpected("an address"))
    }

    /// An error for the cell read last.
    pub(crate) fn bad(&self, expected: &'static str) -> Error {
        self.unexpected(expected)
    }
}
