//! Runs statements.

use crate::{
    Answer, Fault, Value,
    ast::{Expression, Insert, Name, Query, Statement},
    catalogue,
    evaluate::{self, scoped, unknown},
    machine::{Bound, Engine, Machine, Scope},
    schema::{Column, Kind, Table},
    select,
    session::{Facts, Session},
    world::World,
};

/// Most system variables that a session sets.
const SETTINGS: usize = 256;
/// System variables that nobody sets while the server runs.
const READ_ONLY: &[&str] = &[
    "basedir",
    "character_set_system",
    "datadir",
    "have_ssl",
    "have_symlink",
    "hostname",
    "innodb_buffer_pool_size",
    "license",
    "log_bin",
    "log_error",
    "lower_case_table_names",
    "performance_schema",
    "plugin_dir",
    "port",
    "protocol_version",
    "secure_file_priv",
    "socket",
    "system_time_zone",
    "tmpdir",
    "version",
    "version_comment",
    "version_compile_machine",
    "version_compile_os",
];
/// System variables that the whole server has.
const GLOBAL: &[&str] = &[
    "general_log",
    "general_log_file",
    "init_connect",
    "innodb_file_per_table",
    "local_infile",
    "max_connections",
    "read_only",
    "slow_query_log_file",
];
/// Longest statement, bytes.
const LONGEST: usize = 1 << 20;

impl Session {
    /// Runs one statement with values for its parameters.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn run(
        &mut self,
        world: &mut World,
        facts: &mut dyn Facts,
        text: &str,
        parameters: &[Value],
    ) -> Result<Answer, Fault> {
        if LONGEST < text.len() {
            return Err(Fault::Full("statement".to_owned()));
        }
        let (statement, wanted) = crate::statements::parse(text)?;
        if wanted != parameters.len() {
            return Err(Fault::WrongParameters);
        }
        if !matches!(&statement, Statement::Show(show) if show.what == "warnings" || show.what == "errors") {
            self.warnings.clear();
        }
        run(self, world, facts, statement, parameters)
    }
}

/// Runs a statement.
fn run(
    session: &mut Session,
    world: &mut World,
    facts: &mut dyn Facts,
    statement: Statement,
    parameters: &[Value],
) -> Result<Answer, Fault> {
    let mut work = Work { session, world, facts, parameters };
    match statement {
        Statement::Query(query) => work.query(&query),
        Statement::Insert(insert) => work.insert(&insert),
        Statement::Update(name, pairs, filter, limit) => work.update(&name, &pairs, filter.as_ref(), limit),
        Statement::Delete(name, filter, limit) => work.delete(&name, filter.as_ref(), limit),
        Statement::CreateDatabase(name, lenient) => work.create_database(name, lenient),
        Statement::CreateTable(name, columns, lenient, query) => {
            work.create_table(&name, columns, lenient, query)
        }
        Statement::DropDatabase(name, lenient) => work.drop_database(&name, lenient),
        Statement::DropTables(names, lenient) => work.drop_tables(&names, lenient),
        Statement::AddColumn(name, column) => work.add_column(&name, column),
        Statement::DropColumn(name, column) => work.drop_column(&name, &column),
        Statement::Rename(from, to) => work.rename(&from, &to),
        Statement::Truncate(name) => {
            work.table(&name)?.rows.clear();
            Ok(Answer::done(0))
        }
        Statement::Use(name) => match work.world.database(&name) {
            Some((known, _)) => {
                work.session.database = known.clone();
                Ok(Answer::done(0))
            }
            None => Err(Fault::UnknownDatabase(name)),
        },
        Statement::Show(show) => catalogue::show(&mut work.machine(), &show),
        Statement::Explain(query) => catalogue::explain(&mut work.machine(), &query).map(Answer::Rows),
        Statement::Describe(name) => catalogue::describe(&mut work.machine(), &name),
        Statement::Set(list) => work.set(&list),
        Statement::Prepare(name, text) => {
            let text = work.machine().value(&text, None)?.string();
            work.session.prepare(&name.to_lowercase(), text)?;
            Ok(Answer::done(0))
        }
        Statement::Execute(name, variables) => work.execute(&name, &variables),
        Statement::Deallocate(name) => match work.session.prepared.remove(&name.to_lowercase()) {
            Some(_) => Ok(Answer::done(0)),
            None => Err(Fault::UnknownStatement(name)),
        },
        Statement::Library(library) => Err(Fault::NoLibrary(library)),
        Statement::Nothing => Ok(Answer::done(0)),
        Statement::Denied(privilege) => Err(Fault::Denied(privilege)),
    }
}

struct Work<'a> {
    session: &'a mut Session,
    world: &'a mut World,
    facts: &'a mut dyn Facts,
    parameters: &'a [Value],
}

impl Work<'_> {
    fn machine(&mut self) -> Machine<'_> {
        Machine {
            session: self.session,
            world: self.world,
            facts: self.facts,
            parameters: self.parameters,
            visits: 0,
            clause: "field list",
            engine: Engine { value: evaluate::value, query: select::query },
        }
    }

    /// Database of a name, which must be there.
    fn database(&self, name: &Name) -> Result<String, Fault> {
        let database = name.0.clone().unwrap_or_else(|| self.session.database.clone());
        if database.is_empty() {
            return Err(Fault::NoDatabase);
        }
        if !self.world.databases.contains_key(&database) {
            return Err(Fault::UnknownDatabase(database));
        }
        Ok(database)
    }

    fn table(&mut self, name: &Name) -> Result<&mut Table, Fault> {
        let database = self.database(name)?;
        self.world.table_mut(&database, &name.1)
    }

    fn query(&mut self, query: &Query) -> Result<Answer, Fault> {
        let rows = select::query(&mut self.machine(), query, None)?;
        if query.selects.iter().any(|select| select.into.is_some()) {
            return Ok(Answer::done(rows.rows.len()));
        }
        Ok(Answer::Rows(rows))
    }

    fn execute(&mut self, name: &str, variables: &[String]) -> Result<Answer, Fault> {
        let Some(prepared) = self.session.prepared.get(&name.to_lowercase()).cloned() else {
            return Err(Fault::UnknownStatement(name.to_owned()));
        };
        let value = |variable| self.session.variables.get(variable).cloned().unwrap_or(Value::Null);
        let values: Vec<Value> = variables.iter().map(value).collect();
        let (statement, wanted) = crate::statements::parse(&prepared.text)?;
        // A prepared statement that executes another would go round.
        if wanted != values.len()
            || wanted != prepared.parameters
            || matches!(statement, Statement::Execute(..))
        {
            return Err(Fault::WrongParameters);
        }
        run(self.session, self.world, self.facts, statement, &values)
    }

    fn set(&mut self, list: &[(bool, String, Expression)]) -> Result<Answer, Fault> {
        for (system, name, expression) in list {
            if *system {
                self.set_system(name, expression)?;
            } else {
                let value = self.machine().value(expression, None)?;
                self.session.remember(name, value);
            }
        }
        Ok(Answer::done(0))
    }

    fn set_system(&mut self, name: &str, expression: &Expression) -> Result<(), Fault> {
        let (bare, global) = scoped(name);
        let Some(known) = self.facts.variable(bare) else {
            return Err(Fault::UnknownVariable(bare.to_owned()));
        };
        if READ_ONLY.contains(&bare) {
            return Err(Fault::FixedVariable(bare.to_owned()));
        }
        if !global && GLOBAL.contains(&bare) {
            return Err(Fault::GlobalVariable(bare.to_owned()));
        }
        let key = (global, bare.to_owned());
        let value = match expression {
            // A bare word is a value here.
            Expression::Column(None, None, word) => Value::text(word),
            expression => self.machine().value(expression, None)?,
        };
        let word = value.string();
        let value = match (known, word.to_ascii_uppercase().as_str()) {
            (_, "DEFAULT") => {
                self.session.settings.remove(&key);
                return Ok(());
            }
            (Value::Integer(_), "ON") => Value::Integer(1),
            (Value::Integer(_), "OFF") => Value::Integer(0),
            (Value::Integer(_), _) => Value::Integer(value.integer()),
            _ => Value::text(word),
        };
        if self.session.settings.len() < SETTINGS || self.session.settings.contains_key(&key) {
            if global && GLOBAL.contains(&bare) {
                self.session.settings.insert((false, bare.to_owned()), value.clone());
            }
            self.session.settings.insert(key, value);
        }
        Ok(())
    }

    fn insert(&mut self, insert: &Insert) -> Result<Answer, Fault> {
        let database = self.database(&insert.table)?;
        let columns = self.world.table_mut(&database, &insert.table.1)?.columns.clone();
        let mut places = Vec::new();
        for name in &insert.columns {
            let place = columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
            places.push(place.ok_or_else(|| unknown(None, name, "field list"))?);
        }
        if insert.columns.is_empty() {
            places = (0..columns.len()).collect();
        }
        let mut given: Vec<Vec<Option<Value>>> = Vec::new();
        match &insert.query {
            Some(query) => {
                let rows = select::query(&mut self.machine(), query, None)?;
                given.extend(rows.rows.into_iter().map(|row| row.into_iter().map(Some).collect()));
            }
            None => {
                for row in &insert.rows {
                    let mut values = Vec::new();
                    for cell in row {
                        let value = cell.as_ref().map(|cell| self.machine().value(cell, None)).transpose()?;
                        values.push(value);
                    }
                    given.push(values);
                }
            }
        }
        let (mut affected, mut first) = (0, 0);
        for (number, values) in given.into_iter().enumerate() {
            let empty = values.is_empty() && insert.query.is_none() && insert.columns.is_empty();
            if values.len() != places.len() && !empty {
                return Err(Fault::ColumnCount(number + 1));
            }
            let mut row: Vec<Option<Value>> = vec![None; columns.len()];
            for (place, value) in places.iter().zip(values) {
                if let Some(cell) = row.get_mut(*place) {
                    *cell = value;
                }
            }
            let (changed, counted) = self.put(&database, insert, &columns, row, number)?;
            affected += changed;
            first = if first == 0 { counted } else { first };
        }
        if first > 0 {
            self.session.remember("\0inserted", Value::Integer(first));
        }
        self.session.last.0 = i64::try_from(affected).unwrap_or(0);
        Ok(Answer::Done { affected: u64::try_from(affected).unwrap_or(0), inserted: first })
    }

    /// Puts one row: how many rows changed, and what the counting column gave.
    fn put(
        &mut self,
        database: &str,
        insert: &Insert,
        columns: &[Column],
        given: Vec<Option<Value>>,
        number: usize,
    ) -> Result<(usize, i64), Fault> {
        let name = &insert.table.1;
        let next = self.world.table(database, name)?.next.max(1);
        let (mut row, mut counted) = (Vec::new(), 0);
        for (column, cell) in columns.iter().zip(given) {
            let value = match cell {
                Some(value) if !(column.counts && (value.is_null() || value.integer() == 0)) => {
                    column.fit(value)
                }
                _ if column.counts => {
                    counted = next;
                    Value::Integer(next)
                }
                _ if column.default.is_some() => column.default.clone().unwrap_or(Value::Null),
                _ if column.nullable || insert.ignore => Value::Null,
                _ if column.kind == Kind::Datetime => self.machine().now(),
                _ => return Err(Fault::NoDefault(column.name.clone())),
            };
            if column.longest().is_some_and(|longest| longest < value.bytes().len()) {
                return Err(Fault::TooLong(column.name.clone(), number + 1));
            }
            row.push(value);
        }
        let bytes = row.iter().map(Value::size).sum::<usize>() + 24;
        self.world.reserve(name, 1, bytes)?;
        let table = self.world.table_mut(database, name)?;
        if let Some((place, fault)) = table.duplicate(&row) {
            if insert.replace {
                table.rows.remove(place);
                table.rows.push(row);
                return Ok((2, counted));
            }
            if insert.ignore {
                return Ok((0, 0));
            }
            if insert.update.is_empty() {
                return Err(fault);
            }
            let Some(old) = table.rows.get(place).cloned() else { return Ok((0, 0)) };
            let changed = self.changed(database, name, &insert.update, &old)?;
            let table = self.world.table_mut(database, name)?;
            if let Some(kept) = table.rows.get_mut(place) {
                *kept = changed;
            }
            return Ok((2, counted));
        }
        let counts = columns.iter().position(|column| column.counts);
        if let Some(value) = counts.and_then(|at| row.get(at)) {
            table.next = table.next.max(value.integer().saturating_add(1));
        }
        table.rows.push(row);
        Ok((1, counted))
    }

    /// A row after assignments.
    fn changed(
        &mut self,
        database: &str,
        name: &str,
        pairs: &[(String, Expression)],
        old: &[Value],
    ) -> Result<Vec<Value>, Fault> {
        let columns = self.world.table(database, name)?.columns.clone();
        let bound = bound(database, name, &columns);
        let mut row = old.to_vec();
        for (column, expression) in pairs {
            let at = columns.iter().position(|known| known.name.eq_ignore_ascii_case(column));
            let at = at.ok_or_else(|| unknown(None, column, "field list"))?;
            let before = row.clone();
            let scope = Scope { columns: &bound, row: &before, group: None, outer: None };
            let value = self.machine().value(expression, Some(&scope))?;
            if let (Some(cell), Some(known)) = (row.get_mut(at), columns.get(at)) {
                *cell = known.fit(value);
            }
        }
        Ok(row)
    }

    /// Places of the rows that a condition chooses.
    fn chosen(
        &mut self,
        database: &str,
        name: &str,
        filter: Option<&Expression>,
        limit: Option<usize>,
    ) -> Result<Vec<usize>, Fault> {
        let table = self.world.table(database, name)?.clone();
        let bound = bound(database, name, &table.columns);
        let mut machine = self.machine();
        machine.clause = "where clause";
        let mut places = Vec::new();
        for (place, row) in table.rows.iter().enumerate() {
            if limit.is_some_and(|limit| limit <= places.len()) {
                break;
            }
            machine.visit()?;
            let scope = Scope { columns: &bound, row, group: None, outer: None };
            let fits = match filter {
                Some(filter) => machine.value(filter, Some(&scope))?.holds() == Some(true),
                None => true,
            };
            if fits {
                places.push(place);
            }
        }
        Ok(places)
    }

    fn update(
        &mut self,
        name: &Name,
        pairs: &[(String, Expression)],
        filter: Option<&Expression>,
        limit: Option<usize>,
    ) -> Result<Answer, Fault> {
        let database = self.database(name)?;
        self.world.table_mut(&database, &name.1)?;
        let mut affected = 0;
        for place in self.chosen(&database, &name.1, filter, limit)? {
            let Some(old) = self.world.table(&database, &name.1)?.rows.get(place).cloned() else { continue };
            let row = self.changed(&database, &name.1, pairs, &old)?;
            let (before, after): (usize, usize) =
                (old.iter().map(Value::size).sum(), row.iter().map(Value::size).sum());
            self.world.reserve(&name.1, 0, after.saturating_sub(before))?;
            affected += usize::from(row != old);
            if let Some(kept) = self.world.table_mut(&database, &name.1)?.rows.get_mut(place) {
                *kept = row;
            }
        }
        self.session.last.0 = i64::try_from(affected).unwrap_or(0);
        Ok(Answer::done(affected))
    }

    fn delete(
        &mut self,
        name: &Name,
        filter: Option<&Expression>,
        limit: Option<usize>,
    ) -> Result<Answer, Fault> {
        let database = self.database(name)?;
        let places = self.chosen(&database, &name.1, filter, limit)?;
        let table = self.world.table_mut(&database, &name.1)?;
        let mut at = 0;
        let mut gone = places.iter().peekable();
        table.rows.retain(|_| {
            let hit = gone.next_if(|place| **place == at).is_some();
            at += 1;
            !hit
        });
        self.session.last.0 = i64::try_from(places.len()).unwrap_or(0);
        Ok(Answer::done(places.len()))
    }

    fn create_database(&mut self, name: String, lenient: bool) -> Result<Answer, Fault> {
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

    fn create_table(
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

    fn drop_database(&mut self, name: &str, lenient: bool) -> Result<Answer, Fault> {
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

    fn drop_tables(&mut self, names: &[Name], lenient: bool) -> Result<Answer, Fault> {
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

    fn add_column(&mut self, name: &Name, column: Column) -> Result<Answer, Fault> {
        let count = self.table(name)?.rows.len();
        self.world.reserve(&name.1, 0, count * 32 + 128)?;
        let table = self.table(name)?;
        let value = column.default.clone().unwrap_or(Value::Null);
        table.rows.iter_mut().for_each(|row| row.push(value.clone()));
        table.columns.push(column);
        Ok(Answer::done(0))
    }

    fn drop_column(&mut self, name: &Name, column: &str) -> Result<Answer, Fault> {
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

    fn rename(&mut self, from: &Name, to: &Name) -> Result<Answer, Fault> {
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

fn bound(database: &str, name: &str, columns: &[Column]) -> Vec<Bound> {
    let (database, table) = (database.to_owned(), name.to_owned());
    let bound = |column: &Column| (column.name.clone(), column.kind);
    let named = columns.iter().map(bound);
    named.map(|(name, kind)| Bound { database: database.clone(), table: table.clone(), name, kind }).collect()
}
