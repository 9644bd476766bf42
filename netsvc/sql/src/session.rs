//! One login: what it set, its database, and its statements.

use crate::{Fault, dialect::Dialect, schema::Kind, statements, value::Value, world::World};
use std::collections::BTreeMap;

/// Most variables and prepared statements of a session, and most bytes of either: they stay as long as it does.
const MOST: usize = 256;
const KEPT: usize = 2 << 20;

/// What a session knows of its server and its peer.
pub trait Facts {
    /// A system variable by its lower-case name, without scope.
    fn variable(&self, name: &str) -> Option<Value>;
    /// All system variables.
    fn variables(&self) -> Vec<(String, Value)>;
    /// What a function without arguments says: `version`, `user`, `current_user`, `connection_id`.
    fn fact(&self, name: &str) -> Option<Value>;
    /// The content of a file that the server may read.
    fn file(&self, path: &[u8]) -> Option<Vec<u8>>;
    /// The server's clock: seconds since the epoch, and of its zone.
    fn now(&self) -> (i64, i64);
    /// Rows of SHOW that are the server's own: column names, and rows.
    fn show(&self, what: &str) -> Option<(Vec<&'static str>, Vec<Vec<Value>>)>;
    /// A number from 0 up to 1.
    fn random(&mut self) -> f64;
    /// How the server writes what it knows of a table in SHOW CREATE TABLE: engine and character set.
    fn engine(&self) -> String;
    /// A table that the server makes of the world when it is asked: columns and rows. `None`: there is none such.
    fn table(&self, _world: &World, _database: &str, _name: &str) -> Option<Made> {
        None
    }
    /// The result of a function of the server's own. `None`: there is none such.
    fn call(&mut self, _world: &World, _name: &str, _values: &[Value]) -> Option<Result<Value, Fault>> {
        None
    }
    /// A value as one of a type of the server's own. `None`: there is none such.
    fn cast(&self, _world: &World, _value: &Value, _kind: &str) -> Option<Result<Value, Fault>> {
        None
    }
}

/// Columns with what they hold, and rows.
pub type Made = (Vec<(String, Kind)>, Vec<Vec<Value>>);

/// A column of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Table that it comes from, if it is a column.
    pub table: String,
    /// Database of that table.
    pub database: String,
}

/// A result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Columns.
    pub fields: Vec<Field>,
    /// Rows.
    pub rows: Vec<Vec<Value>>,
}

/// What a statement led to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was done: rows that changed, the counted value, and how long the server took, s.
    Done {
        /// Rows that changed.
        affected: u64,
        /// The first value that a counting column gave.
        inserted: i64,
    },
    /// It has a result.
    Rows(Rows),
}

impl Answer {
    /// Done, with nothing changed.
    pub(crate) fn done(affected: usize) -> Self {
        Answer::Done { affected: u64::try_from(affected).unwrap_or(0), inserted: 0 }
    }
}

/// A statement that was prepared.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub text: String,
    pub parameters: usize,
}

/// One login.
#[derive(Debug, Default)]
pub struct Session {
    /// Whose SQL its statements are.
    pub dialect: Dialect,
    /// The chosen database; empty: none.
    pub database: String,
    /// `@name` variables.
    pub(crate) variables: BTreeMap<String, Value>,
    /// System variables that were set, by whether for the server, and name.
    pub(crate) settings: BTreeMap<(bool, String), Value>,
    /// Statements that PREPARE named.
    pub(crate) prepared: BTreeMap<String, Prepared>,
    /// Warnings of the last statement: code, text.
    pub(crate) warnings: Vec<(u16, String)>,
    /// Rows that the last statement changed or found.
    pub(crate) last: (i64, i64),
    /// Rows that the present statement has visited, and bytes of values that it has made.
    pub(crate) visits: usize,
    pub(crate) held: usize,
    /// What the last statements slept, s; the service waits for it.
    pub slept: f64,
    /// Files that SELECT … INTO wrote: name and content.
    pub written: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Session {
    /// How many parameters a statement has.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parameters(text: &str, dialect: Dialect) -> Result<usize, Fault> {
        statements::parse(text, dialect).map(|(_, parameters)| parameters)
    }

    /// How many warnings the last statement gave.
    pub fn warned(&self) -> usize {
        self.warnings.len()
    }

    /// Gives a variable of the session (`@name`, in small letters) a value.
    pub fn assign(&mut self, name: &str, value: Value) {
        self.remember(name, value);
    }

    /// The value of a variable of the session.
    pub fn assigned(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    pub(crate) fn warn(&mut self, code: u16, text: impl Into<String>) {
        if self.warnings.len() < MOST {
            self.warnings.push((code, text.into()));
        }
    }

    pub(crate) fn remember(&mut self, name: &str, value: Value) {
        let others = self.variables.iter().filter(|(known, _)| *known != name);
        let held: usize = others.map(|(_, value)| value.size()).sum();
        // What is too long for a packet has no value.
        let value = if KEPT < held + value.size() { Value::Null } else { value };
        if self.variables.len() < MOST || self.variables.contains_key(name) {
            self.variables.insert(name.to_owned(), value);
        }
    }

    pub(crate) fn prepare(&mut self, name: &str, text: String) -> Result<(), Fault> {
        let parameters = Self::parameters(&text, self.dialect)?;
        let others = self.prepared.iter().filter(|(known, _)| *known != name);
        if KEPT < others.map(|(_, prepared)| prepared.text.len()).sum::<usize>() + text.len() {
            return Err(Fault::Full("statement".to_owned()));
        }
        if self.prepared.len() < MOST || self.prepared.contains_key(name) {
            self.prepared.insert(name.to_owned(), Prepared { text, parameters });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_keeps_so_many_bytes_and_no_more() {
        let mut session = Session::default();
        let text = |letters: usize| Value::text("x".repeat(letters));
        for number in 0..200 {
            session.assign(&format!("v{number}"), text(100_000));
        }
        session.assign("v0", text(50_000));
        let held: usize = session.variables.values().map(Value::size).sum();
        assert!((KEPT / 2..=KEPT).contains(&held), "{held}");
        assert_eq!(session.assigned("v0"), Some(&text(50_000)));
        let long = format!("select '{}'", "x".repeat(100_000));
        let prepared = (0..200).filter(|number| session.prepare(&format!("s{number}"), long.clone()).is_ok());
        assert!((1..21).contains(&prepared.count()));
    }
}
