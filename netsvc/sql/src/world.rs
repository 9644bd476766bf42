//! Databases with their tables, bounded.

use crate::{Fault, schema::Table};
use std::collections::BTreeMap;

/// Most databases, tables and rows of a world.
const DATABASES: usize = 64;
const TABLES: usize = 512;
const ROWS: usize = 50_000;
/// Most bytes of a world.
const BYTES: usize = 8 << 20;

/// A database: its tables by name.
pub type Database = BTreeMap<String, Table>;

/// Everything that a server keeps, as one peer sees it.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Databases by name.
    pub databases: BTreeMap<String, Database>,
    /// Bytes and rows, as counted when something was written last.
    size: (usize, usize),
    /// Most bytes, where that is not what a world has by default.
    most: Option<usize>,
    /// Whether names are the same in small and large letters.
    any_case: bool,
}

impl World {
    /// A world with these databases.
    pub fn new(databases: BTreeMap<String, Database>) -> Self {
        let mut world = World { databases, size: (0, 0), most: None, any_case: false };
        world.measure();
        world
    }

    /// A world with these databases that holds so many bytes at most.
    pub fn within(databases: BTreeMap<String, Database>, most: usize) -> Self {
        World { most: Some(most), ..World::new(databases) }
    }

    /// A world with these databases, in which names are the same in small and large letters.
    pub fn in_any_case(databases: BTreeMap<String, Database>) -> Self {
        World { any_case: true, ..World::new(databases) }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.size.0
    }

    fn measure(&mut self) {
        let tables = self.databases.values().flat_map(BTreeMap::values);
        self.size =
            tables.fold((0, 0), |(bytes, rows), table| (bytes + table.size(), rows + table.rows.len()));
    }

    /// Makes room for `rows` rows of `bytes` bytes in `table`.
    pub(crate) fn reserve(&mut self, table: &str, rows: usize, bytes: usize) -> Result<(), Fault> {
        let most = self.most.unwrap_or(BYTES);
        let fits = |(held, count): (usize, usize)| held + bytes <= most && count + rows <= ROWS;
        if !fits(self.size) {
            self.measure();
            if !fits(self.size) {
                return Err(Fault::Full(table.to_owned()));
            }
        }
        self.size = (self.size.0 + bytes, self.size.1 + rows);
        Ok(())
    }

    /// Whether one more database may be made.
    pub(crate) fn has_room(&self) -> bool {
        self.databases.len() < DATABASES && self.databases.values().map(BTreeMap::len).sum::<usize>() < TABLES
    }

    /// A database.
    pub(crate) fn database(&self, name: &str) -> Option<(&String, &Database)> {
        self.databases.get_key_value(name).or_else(|| {
            if self.any_case {
                return self.databases.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            }
            // Only the catalogue's name is written in any case.
            name.eq_ignore_ascii_case("information_schema")
                .then(|| self.databases.get_key_value("information_schema"))?
        })
    }

    /// A table.
    pub(crate) fn table(&self, database: &str, table: &str) -> Result<&Table, Fault> {
        let missing = || Fault::UnknownTable(database.to_owned(), table.to_owned());
        let (name, tables) =
            self.database(database).ok_or_else(|| Fault::UnknownDatabase(database.to_owned()))?;
        let found = tables.get(table).or_else(|| {
            let any = self.any_case || name == "information_schema";
            any.then(|| {
                tables.iter().find(|(known, _)| known.eq_ignore_ascii_case(table)).map(|(_, table)| table)
            })?
        });
        found.ok_or_else(missing)
    }

    /// A table to be written.
    pub(crate) fn table_mut(&mut self, database: &str, table: &str) -> Result<&mut Table, Fault> {
        self.table(database, table)?;
        let any = self.any_case;
        let same = |known: &String, name: &str| known == name || any && known.eq_ignore_ascii_case(name);
        let tables =
            self.databases.iter_mut().find(|(known, _)| same(known, database)).map(|(_, tables)| tables);
        let found = tables.and_then(|tables| tables.iter_mut().find(|(known, _)| same(known, table)));
        let found = found.map(|(_, table)| table);
        let found = found.ok_or_else(|| Fault::UnknownTable(database.to_owned(), table.to_owned()))?;
        if found.fixed { Err(Fault::ReadOnly(table.to_owned())) } else { Ok(found) }
    }
}
