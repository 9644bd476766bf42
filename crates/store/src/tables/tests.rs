//! The scripts of both dialects and the declarations say the same, column by column, by name.

use super::tables;
use crate::{
    dialect::Dialect,
    migrate::scripts,
    schema::{Column, Table, Type},
};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are put into a table with less than all of its columns.
const PARTS: &[&Table] = &[&crate::fleet::INTENTS, &crate::fleet::PERSONAS, &crate::setting::DEFAULTS];

/// An index of its own kind in each dialect, which has no rows that anybody reads.
const INDEX: &str = "event_words";

/// A column as a script makes it: its type, and whether it may be NULL.
type Made = BTreeMap<String, (String, bool)>;

#[derive(Debug, Default)]
struct Tables {
    columns: BTreeMap<String, Made>,
    /// Column lists of primary keys and unique indexes, by table.
    keys: BTreeMap<String, BTreeSet<String>>,
}

impl Tables {
    fn of(dialect: Dialect) -> Self {
        let mut tables = Tables::default();
        scripts(dialect).for_each(|statement| tables.run(&statement.replace("IF NOT EXISTS ", "")));
        tables
    }

    fn run(&mut self, statement: &str) {
        if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
            let (name, rest) = rest.split_once('(').unwrap();
            if name.trim() == INDEX {
                return;
            }
            let (body, _) = rest.rsplit_once(')').unwrap();
            split(body).iter().for_each(|part| self.part(name.trim(), part));
        } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
            let (name, column) = rest.split_once(" ADD COLUMN ").unwrap();
            self.part(name, column);
        } else if let Some(rest) = statement.strip_prefix("CREATE UNIQUE INDEX ") {
            let (_, rest) = rest.split_once(" ON ").unwrap();
            let (name, columns) = rest.split_once('(').unwrap();
            self.key(name.trim(), columns);
        }
    }

    fn part(&mut self, table: &str, part: &str) {
        if part.starts_with("PRIMARY KEY") || part.starts_with("UNIQUE") {
            return self.key(table, part.split_once('(').unwrap().1);
        }
        if ["FOREIGN KEY", "INDEX", "KEY", "FULLTEXT"].iter().any(|word| part.starts_with(word)) {
            return;
        }
        let mut words = part.split_whitespace();
        let (name, kind) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        if part.contains("PRIMARY KEY") {
            self.key(table, &name);
        }
        let column = (kind, !part.contains("NOT NULL"));
        assert!(self.columns.entry(table.to_owned()).or_default().insert(name, column).is_none(), "{part}");
    }

    fn key(&mut self, table: &str, columns: &str) {
        let columns = columns.trim_end_matches(')').trim().to_owned();
        self.keys.entry(table.to_owned()).or_default().insert(columns);
    }
}

/// The parts of a table's body: split at commas that are in no brackets.
fn split(body: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for character in body.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(character);
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

fn declared(dialect: Dialect, table: &Table) -> Made {
    let column = |column: &Column| {
        let kind = match (dialect, column.of) {
            (Dialect::Sqlite, Type::Int) => "INTEGER".to_owned(),
            (Dialect::Sqlite, Type::Text(_) | Type::Long) => "TEXT".to_owned(),
            (Dialect::Sqlite, Type::Address | Type::Bytes | Type::Hash) => "BLOB".to_owned(),
            (Dialect::MySql, Type::Int) => "BIGINT".to_owned(),
            (Dialect::MySql, Type::Text(limit)) => format!("VARCHAR({limit})"),
            (Dialect::MySql, Type::Long) => "LONGTEXT".to_owned(),
            (Dialect::MySql, Type::Address) => "VARBINARY(16)".to_owned(),
            (Dialect::MySql, Type::Bytes) => "MEDIUMBLOB".to_owned(),
            (Dialect::MySql, Type::Hash) => "BINARY(32)".to_owned(),
        };
        (column.name.to_owned(), (kind, column.null))
    };
    table.columns.iter().map(column).collect()
}

#[test]
fn scripts_make_the_columns_that_are_declared() {
    for dialect in [Dialect::Sqlite, Dialect::MySql] {
        let made = Tables::of(dialect);
        let names: BTreeSet<_> = tables().map(|table| table.name.to_owned()).collect();
        assert_eq!(made.columns.keys().cloned().collect::<BTreeSet<_>>(), names, "{dialect:?}");
        for table in tables() {
            assert_eq!(made.columns[table.name], declared(dialect, table), "{dialect:?} {}", table.name);
            let keys = &made.keys[table.name];
            assert!(keys.contains(table.key), "{dialect:?} {}: {} in {keys:?}", table.name, table.key);
        }
    }
}

#[test]
fn a_part_of_a_table_has_its_columns_and_all_that_must_be_set() {
    for part in PARTS {
        let whole = tables().find(|table| table.name == part.name).unwrap();
        assert_eq!(part.key, whole.key);
        for column in part.columns {
            let of = whole.column(column.name).unwrap();
            assert_eq!((of.of, of.null), (column.of, column.null), "{} {}", part.name, column.name);
        }
        for column in whole.columns.iter().filter(|column| !column.null) {
            assert!(part.column(column.name).is_some(), "{} {}", part.name, column.name);
        }
    }
}

#[test]
fn a_column_that_only_one_dialect_has_is_found() {
    let mut made = Tables::default();
    made.run("CREATE TABLE x (\n    a BIGINT NOT NULL,\n    b VARCHAR(64),\n    PRIMARY KEY (a)\n) CHARACTER SET x");
    made.run("ALTER TABLE x ADD COLUMN c BIGINT NOT NULL DEFAULT 0");
    let columns: Vec<_> = made.columns["x"].iter().map(|(name, of)| (name.as_str(), of.1)).collect();
    assert_eq!(columns, [("a", false), ("b", true), ("c", false)]);
    assert!(made.keys["x"].contains("a"));
}
