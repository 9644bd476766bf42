//! Makes, changes and drops databases and tables.

use crate::{
    Answer, Fault, Value,
    ast::{Name, Query},
    schema::{Column, Kind, Table},
    select,
    work::Work,
};

impl Work<'_> {
    /// CREATE DATABASE.
    pub(crate) fn create_database(&mut self, name: String, lenient: bool) -> Result<Answer, Fault> {
        if self.world.databases.contains_key(&name) {
            if !lenient {
                return Err(Fault::DatabaseExists(name));
            }
            self.session.warn(1007, format!("Can't create database '{name}'; database exists"));
            return Ok(Answer::done(1));
        }
        if !self.world.has_room() {
            return Err(Fault::Full(name));
        }
        self.world.databases.insert(name, crate::Database::new());
        Ok(Answer::done(1))
    }

    /// CREATE TABLE, of a query too.
    pub(crate) fn create_table(
        &mut self,
        name: &Name,
        mut columns: Vec<Column>,
        lenient: bool,
        query: Option<Query>,
    ) -> Result<Answer, Fault> {
        let database = self.database(name)?;
        if self.world.table(&database, &name.1).is_ok() {
            if !lenient {
                return Err(Fault::TableExists(name.1.clone()));
            }
            self.session.warn(1050, format!("Table '{}' already exists", name.1));
            return Ok(Answer::done(0));
        }
        if !self.world.has_room() {
            return Err(Fault::Full(name.1.clone()));
        }
        let mut rows = Vec::new();
        if let Some(query) = query {
            let found = select::query(&mut self.machine(), &query, None)?;
            let declared = |kind| match kind {
                Kind::Integer => "bigint(20)",
                Kind::Decimal => "decimal(20,4)",
                Kind::Double => "double",
                Kind::Binary => "longblob",
                _ => "text",
            };
            columns.extend(found.fields.iter().map(|field| Column::new(&field.name, declared(field.kind))));
            rows = found.rows;
        }
        let count = rows.len();
        let bytes = rows.iter().flatten().map(Value::size).sum::<usize>() + columns.len() * 128;
        self.world.reserve(&name.1, count, bytes)?;
        let table = Table { columns, rows, next: 1, fixed: false };
        self.world.databases.entry(database).or_default().insert(name.1.clone(), table);
        Ok(Answer::done(count))
    }

    /// DROP DATABASE.
    pub(crate) fn drop_database(&mut self, name: &str, lenient: bool) -> Result<Answer, Fault> {
        if matches!(name, "information_schema" | "performance_schema") {
            return Err(Fault::ReadOnly(name.to_owned()));
        }
        match self.world.databases.remove(name) {
            Some(tables) => {
                if self.session.database == name {
                    self.session.database.clear();
                }
                Ok(Answer::done(tables.len()))
            }
            None if lenient => {
                self.session.warn(1008, format!("Can't drop database '{name}'; database doesn't exist"));
                Ok(Answer::done(0))
            }
            None => Err(Fault::NoSuchDatabase(name.to_owned())),
        }
    }

    /// DROP TABLE.
    pub(crate) fn drop_tables(&mut self, names: &[Name], lenient: bool) -> Result<Answer, Fault> {
        for name in names {
            let database = self.database(name)?;
            let gone = self.world.databases.get_mut(&database).and_then(|tables| tables.remove(&name.1));
            if gone.is_none() {
                if !lenient {
                    return Err(Fault::CannotDrop(database, name.1.clone()));
                }
                self.session.warn(1051, format!("Unknown table '{database}.{}'", name.1));
            }
        }
        Ok(Answer::done(0))
    }

    /// ALTER TABLE … ADD.
    pub(crate) fn add_column(&mut self, name: &Name, column: Column) -> Result<Answer, Fault> {
        let count = self.table(name)?.rows.len();
        self.world.reserve(&name.1, 0, count * 32 + 128)?;
        let table = self.table(name)?;
        let value = column.default.clone().unwrap_or(Value::Null);
        table.rows.iter_mut().for_each(|row| row.push(value.clone()));
        table.columns.push(column);
        Ok(Answer::done(0))
    }

    /// ALTER TABLE … DROP.
    pub(crate) fn drop_column(&mut self, name: &Name, column: &str) -> Result<Answer, Fault> {
        let table = self.table(name)?;
        let Some(at) = table.column(column) else {
            return Err(Fault::UnknownColumn(column.to_owned(), "field list"));
        };
        table.columns.remove(at);
        for row in table.rows.iter_mut().filter(|row| at < row.len()) {
            row.remove(at);
        }
        Ok(Answer::done(0))
    }

    /// RENAME TABLE.
    pub(crate) fn rename(&mut self, from: &Name, to: &Name) -> Result<Answer, Fault> {
        let (source, target) = (self.database(from)?, self.database(to)?);
        if self.world.table(&target, &to.1).is_ok() {
            return Err(Fault::TableExists(to.1.clone()));
        }
        let table = self.world.databases.get_mut(&source).and_then(|tables| tables.remove(&from.1));
        let table = table.ok_or_else(|| Fault::UnknownTable(source, from.1.clone()))?;
        self.world.databases.entry(target).or_default().insert(to.1.clone(), table);
        Ok(Answer::done(0))
    }
}
