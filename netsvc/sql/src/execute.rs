//! Runs statements.

use crate::{
    Answer, Fault, Value,
    ast::{Expression, Insert, Name, Query, Statement},
    catalogue,
    evaluate::unknown,
    machine::{Bound, Scope},
    schema::{Column, Kind},
    select,
    session::{Facts, Session},
    work::Work,
    world::World,
};

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
        (self.visits, self.held) = (0, 0);
        let (statement, wanted) = crate::statements::parse(text, self.dialect)?;
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

impl Work<'_> {
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
        let (statement, wanted) = crate::statements::parse(&prepared.text, self.session.dialect)?;
        // A prepared statement that executes another would go round.
        if wanted != values.len()
            || wanted != prepared.parameters
            || matches!(statement, Statement::Execute(..))
        {
            return Err(Fault::WrongParameters);
        }
        run(self.session, self.world, self.facts, statement, &values)
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
}

fn bound(database: &str, name: &str, columns: &[Column]) -> Vec<Bound> {
    let (database, table) = (database.to_owned(), name.to_owned());
    let bound = |column: &Column| (column.name.clone(), column.kind);
    let named = columns.iter().map(bound);
    named.map(|(name, kind)| Bound { database: database.clone(), table: table.clone(), name, kind }).collect()
}
