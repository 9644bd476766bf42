//! The whole store as lines of JSON, the same for every database, and back.
//!
//! The first line says what it is; each other line is a table's name with its columns, or a row of the table
//! named last. Bytes are objects with their base64. The index of words is not in it: it is made anew.

use crate::{
    Error, Store,
    database::{Statement, transaction},
    migrate,
    row::{Cells, Value},
    schema::{Table, Type},
    tables::tables,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use decnet_model::record::View;
use serde_json::{Map, Value as Json, json};
use std::io::{self, BufRead, Write};

/// What the first line says.
const FORMAT: &str = "decnet-store";

/// Rows that are read or written at once.
const BATCH: usize = 1000;

/// Longest line that is read: more than the largest row has.
const LINE: u64 = 128 * 1024 * 1024;

/// Why a store could not be written out or read back.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The store refused.
    #[error("read or write the store")]
    Store(#[from] Error),
    /// The file could not be read or written.
    #[error("read or write the copy")]
    Io(#[from] io::Error),
    /// The file is none, or is damaged.
    #[error("line {line} of the copy: {what}")]
    Line {
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The store that is to be filled has rows.
    #[error("the store is not empty")]
    NotEmpty,
}

impl Store {
    /// Writes all tables as they are at one moment, and returns how many rows there were. Others go on writing
    /// meanwhile.
    ///
    /// # Errors
    /// [`DumpError`]; then what was written is worth nothing.
    pub async fn dump(&self, out: &mut (impl Write + Send)) -> Result<u64, DumpError> {
        let mut tx = self.pool.snapshot("copy the store").await?;
        let mut rows = 0;
        line(out, &json!({ "format": FORMAT, "version": migrate::KNOWN }))?;
        for table in tables() {
            let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            line(out, &json!({ "table": table.name, "columns": columns }))?;
            let mut last: Option<Vec<Value>> = None;
            loop {
                let batch = tx.rows(page(table, last.as_deref())).await?;
                let whole = batch.len() == BATCH;
                for cells in batch {
                    let values = read(table, cells)?;
                    line(out, &Json::Array(values.iter().map(shown).collect()))?;
                    rows += 1;
                    last = Some(key(table, &values));
                }
                if !whole {
                    break;
                }
            }
        }
        line(out, &json!({ "rows": rows }))?;
        out.flush()?;
        Ok(rows)
    }

    /// Looks whether [`Store::fill`] would take `copy` to its end, and returns how many rows it has.
    ///
    /// # Errors
    /// [`DumpError::Line`] when it is damaged or is no copy.
    pub fn look_through(copy: &mut impl BufRead) -> Result<u64, DumpError> {
        let mut lines = Lines::begin(copy)?;
        while lines.batch()?.is_some() {}
        Ok(lines.rows)
    }

    /// Fills an empty store with what [`Store::dump`] wrote, on whichever database, and returns how many rows
    /// there were.
    ///
    /// # Errors
    /// [`DumpError::NotEmpty`] when there is something in it, [`DumpError::Line`] when the copy is damaged: then
    /// the store is filled in part and must be emptied.
    pub async fn fill(&self, copy: &mut (impl BufRead + Send)) -> Result<u64, DumpError> {
        if !self.is_empty().await? {
            return Err(DumpError::NotEmpty);
        }
        let mut lines = Lines::begin(copy)?;
        let what = "fill the store";
        while let Some((table, rows)) = lines.batch()? {
            let put: Result<(), Error> =
                transaction!(self, what, tx => { tx.upsert_values(what, table, rows.clone()).await });
            put?;
        }
        // The index of words is not in a copy, and begins anew.
        let done: Result<(), Error> = transaction!(self, what, tx => {
            let sql = "DELETE FROM cursors WHERE projection = ?";
            tx.execute(Statement::new(what, sql).bind(View::Words.name())).await.map(drop)
        });
        done?;
        Ok(lines.rows)
    }

    /// Whether nothing was stored yet.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        for table in ["events", "deckies", "users", "settings"] {
            let sql = format!("SELECT 1 FROM {table} LIMIT 1");
            if self.pool.row(Statement::new("look whether the store is empty", sql)).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The next rows of a table, in the order of its key.
fn page(table: &Table, last: Option<&[Value]>) -> Statement {
    let columns: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    let mut sql = format!("SELECT {} FROM {}", columns.join(", "), table.name);
    if let Some(last) = last {
        sql.push_str(&format!(" WHERE ({}) > ({})", table.key, vec!["?"; last.len()].join(", ")));
    }
    sql.push_str(&format!(" ORDER BY {} LIMIT {BATCH}", table.key));
    Statement::new("copy the store", sql).bind_all(last.unwrap_or_default().iter().cloned())
}

fn read(table: &Table, mut cells: Cells) -> Result<Vec<Value>, Error> {
    let value = |column: &crate::schema::Column| {
        Ok(if column.null && cells.skip_null() {
            Value::Null
        } else {
            match column.of {
                Type::Int => Value::Int(cells.int()?),
                Type::Text(_) | Type::Long => Value::Text(cells.text()?),
                Type::Address | Type::Bytes | Type::Hash => Value::Bytes(cells.bytes()?),
            }
        })
    };
    table.columns.iter().map(value).collect()
}

/// The values of the key's columns.
fn key(table: &Table, values: &[Value]) -> Vec<Value> {
    let of = |name: &str| table.columns.iter().position(|column| column.name == name);
    table.key.split(", ").filter_map(|name| values.get(of(name)?).cloned()).collect()
}

fn shown(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => json!({ "b": STANDARD.encode(bytes) }),
    }
}

fn line(out: &mut impl Write, json: &Json) -> Result<(), DumpError> {
    serde_json::to_writer(&mut *out, json).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// For each column of a table its place in a row; `None`: rows have nothing there.
type Places = Vec<Option<usize>>;

/// The table that a line names, and for each of its columns the place in the rows that follow. A copy that is `older`
/// lacks columns that came since, which hold nothing then.
fn named(object: &Map<String, Json>, older: bool) -> Result<(&'static Table, Places), String> {
    let name = object.get("table").and_then(Json::as_str).unwrap_or_default();
    let table = tables().find(|table| table.name == name).ok_or_else(|| format!("no table {name:?}"))?;
    let columns = object.get("columns").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let place = |column: &crate::schema::Column| match columns.iter().position(|known| known == column.name) {
        None if !(older && column.null) => Err(format!("table {name} has no column {}", column.name)),
        found => Ok(found),
    };
    Ok((table, table.columns.iter().map(place).collect::<Result<_, _>>()?))
}

/// The values of a row in the order of the table's columns.
fn placed(table: &Table, places: &[Option<usize>], cells: &[Json]) -> Result<Vec<Value>, String> {
    let value = |(column, place): (&crate::schema::Column, &Option<usize>)| {
        let Some(place) = place else { return Ok(Value::Null) };
        let bad = || format!("table {}: {} is not what it must be", table.name, column.name);
        let cell = cells.get(*place).ok_or_else(bad)?;
        Ok(match (cell, column.of) {
            (Json::Null, _) if column.null => Value::Null,
            (Json::Number(number), Type::Int) => Value::Int(number.as_i64().ok_or_else(bad)?),
            (Json::String(text), Type::Text(_) | Type::Long) => Value::Text(text.clone()),
            (Json::Object(object), Type::Address | Type::Bytes | Type::Hash) => {
                let text = object.get("b").and_then(Json::as_str).ok_or_else(bad)?;
                Value::Bytes(STANDARD.decode(text).map_err(|_| bad())?)
            }
            _ => return Err(bad()),
        })
    };
    table.columns.iter().zip(places).map(value).collect()
}

/// Lines of a copy.
struct Lines<'a, R> {
    copy: &'a mut R,
    number: u64,
    /// Rows that were read.
    rows: u64,
    /// The table that was named last, and for each of its columns the place in a row.
    table: Option<(&'static Table, Places)>,
    /// Whether an earlier release wrote it.
    older: bool,
    /// Whether the last line was read.
    ended: bool,
}

impl<'a, R: BufRead> Lines<'a, R> {
    fn begin(copy: &'a mut R) -> Result<Self, DumpError> {
        let mut lines = Lines { copy, number: 0, rows: 0, table: None, older: false, ended: false };
        // What is no JSON at all is no copy either, and says so in the same words.
        let head = match lines.next() {
            Err(DumpError::Io(error)) => return Err(error.into()),
            head => head.ok().flatten().unwrap_or(Json::Null),
        };
        if head.get("format").and_then(Json::as_str) != Some(FORMAT) {
            return Err(lines.bad("this is no copy of a store"));
        }
        let version = head.get("version").and_then(Json::as_i64);
        if version.is_none_or(|version| migrate::KNOWN < version) {
            return Err(lines.bad("it was written by a newer release"));
        }
        lines.older = version.is_some_and(|version| version < migrate::KNOWN);
        Ok(lines)
    }

    /// The next rows, all of one table; `None` at the end of a whole copy.
    fn batch(&mut self) -> Result<Option<(&'static Table, Vec<Vec<Value>>)>, DumpError> {
        let mut batch = Vec::new();
        while !self.ended {
            let json = self.next()?.ok_or_else(|| self.bad("it ends too soon"))?;
            let before = self.table.as_ref().map(|(table, _)| *table);
            match &json {
                Json::Array(cells) => {
                    let row = self.row(cells).map_err(|what| self.bad(&what))?;
                    batch.push(row);
                    self.rows += 1;
                }
                Json::Object(object) if object.contains_key("table") => {
                    self.table = Some(named(object, self.older).map_err(|what| self.bad(&what))?);
                }
                Json::Object(object) if object.get("rows").and_then(Json::as_u64) == Some(self.rows) => {
                    self.ended = true;
                }
                _ => return Err(self.bad("neither a table nor a row, or rows are missing")),
            }
            let full = batch.len() == BATCH || !json.is_array() && !batch.is_empty();
            if let (true, Some(table)) = (full, before) {
                return Ok(Some((table, batch)));
            }
        }
        Ok(None)
    }

    fn row(&self, cells: &[Json]) -> Result<Vec<Value>, String> {
        let (table, places) = self.table.as_ref().ok_or("a row without a table")?;
        placed(table, places, cells)
    }

    fn next(&mut self) -> Result<Option<Json>, DumpError> {
        let mut line = Vec::new();
        self.number += 1;
        let mut bounded = io::Read::take(&mut *self.copy, LINE);
        if bounded.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        serde_json::from_slice(&line).map(Some).map_err(|error| self.bad(&error.to_string()))
    }

    fn bad(&self, what: &str) -> DumpError {
        DumpError::Line { line: self.number, what: what.to_owned() }
    }
}
