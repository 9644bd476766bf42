//! The few places where SQLite and MySQL say the same thing in other words.

use crate::schema::{Merge, Table};

/// Which SQL is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    MySql,
}

impl Dialect {
    /// One statement that puts `rows` rows into `table`.
    pub(crate) fn upsert(self, table: &Table, rows: usize) -> String {
        let names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
        let place = format!("({})", vec!["?"; names.len()].join(","));
        format!(
            "INSERT INTO {} ({}) VALUES {}{}",
            table.name,
            names.join(","),
            vec![place.as_str(); rows].join(","),
            self.on_conflict(table)
        )
    }

    /// What follows an INSERT into `table`, for rows whose key is there already.
    pub(crate) fn on_conflict(self, table: &Table) -> String {
        let changes: Vec<_> =
            table.columns.iter().filter_map(|column| self.assignment(column.name, column.merge)).collect();
        match (self, changes.is_empty()) {
            (Dialect::Sqlite, true) => format!(" ON CONFLICT({}) DO NOTHING", table.key),
            (Dialect::Sqlite, false) => {
                format!(" ON CONFLICT({}) DO UPDATE SET {}", table.key, changes.join(","))
            }
            (Dialect::MySql, true) => {
                let first = table.columns.first().map_or("", |column| column.name);
                format!(" ON DUPLICATE KEY UPDATE {first}={first}")
            }
            (Dialect::MySql, false) => format!(" ON DUPLICATE KEY UPDATE {}", changes.join(",")),
        }
    }

    fn assignment(self, name: &str, merge: Merge) -> Option<String> {
        let new = match self {
            Dialect::Sqlite => format!("excluded.{name}"),
            Dialect::MySql => format!("VALUES({name})"),
        };
        // In both dialects the bare name is the old value.
        let (least, greatest) = match self {
            Dialect::Sqlite => ("MIN", "MAX"),
            Dialect::MySql => ("LEAST", "GREATEST"),
        };
        Some(match merge {
            Merge::Keep => return None,
            Merge::Replace => format!("{name}={new}"),
            Merge::Latest => format!("{name}=COALESCE({new},{name})"),
            Merge::Fill => format!("{name}=COALESCE({name},{new})"),
            Merge::Add => format!("{name}={name}+{new}"),
            Merge::Least => format!("{name}={least}({name},{new})"),
            Merge::Greatest => format!("{name}={greatest}({name},{new})"),
            Merge::Sticky(text) => {
                format!("{name}=CASE WHEN {name}='{text}' THEN {name} ELSE COALESCE({new},{name}) END")
            }
        })
    }

    /// What follows a SELECT whose row must not change before this transaction ends.
    pub(crate) fn for_update(self) -> &'static str {
        match self {
            // The transaction holds the database's only write lock already.
            Dialect::Sqlite => "",
            Dialect::MySql => " FOR UPDATE",
        }
    }

    /// A condition that finds a pattern in the values of `column` ([`crate::fields`]); of rows of the first
    /// release it finds names as well.
    pub(crate) fn values_like(self, column: &str) -> String {
        match self {
            Dialect::Sqlite => format!(
                "CAST(CASE WHEN instr({column}, x'00') > 0 THEN substr({column}, 1, instr({column}, x'00') - 1) \
                 ELSE {column} END AS TEXT) LIKE ? ESCAPE '!'"
            ),
            Dialect::MySql => format!(
                "SUBSTRING_INDEX(CONVERT({column} USING utf8mb4), _utf8mb4 x'00', 1) \
                 COLLATE utf8mb4_general_ci LIKE ? ESCAPE '!'"
            ),
        }
    }
}
