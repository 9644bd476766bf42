//! What the server tells of its databases: SHOW, DESCRIBE, and the tables of information_schema that are made of
//! the world.

use crate::{
    Answer, Fault, Value,
    ast::{Name, Query, Show, Source},
    dialect::Dialect,
    index,
    machine::{Bound, Machine, Scope},
    pattern::like,
    schema::{Column, Kind, Table},
    session::{Field, Made, Rows},
};

fn text(text: &str) -> Value {
    Value::text(text)
}

/// Tables that do not speak of the databases' tables.
fn plain(machine: &Machine<'_>, name: &str) -> Option<(&'static [&'static str], Vec<Vec<Value>>)> {
    Some(match name {
        "processlist" => {
            let (_, rows) = machine.facts.show("processlist")?;
            (&["ID", "USER", "HOST", "DB", "COMMAND", "TIME", "STATE", "INFO"], rows)
        }
        "user_privileges" => (
            &["GRANTEE", "TABLE_CATALOG", "PRIVILEGE_TYPE", "IS_GRANTABLE"],
            ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "FILE", "SUPER"]
                .iter()
                .map(|privilege| vec![text("'root'@'localhost'"), text("def"), text(privilege), text("YES")])
                .collect(),
        ),
        "views"
        | "routines"
        | "triggers"
        | "events"
        | "key_column_usage"
        | "statistics"
        | "table_constraints"
        | "referential_constraints"
        | "schema_privileges"
        | "partitions"
        | "files" => (&["TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME"], Vec::new()),
        _ => return None,
    })
}

/// A table of information_schema that is made of the world; `None` where it is none.
pub(crate) fn table(machine: &Machine<'_>, database: &str, table: &str) -> Option<Made> {
    if !database.eq_ignore_ascii_case("information_schema") {
        return None;
    }
    let tables = || {
        let all = machine.world.databases.iter();
        all.flat_map(|(database, tables)| tables.iter().map(move |(name, table)| (database, name, table)))
    };
    let (columns, rows): (&[&str], Vec<Vec<Value>>) = match table.to_lowercase().as_str() {
        "schemata" => (
            &[
                "CATALOG_NAME",
                "SCHEMA_NAME",
                "DEFAULT_CHARACTER_SET_NAME",
                "DEFAULT_COLLATION_NAME",
                "SQL_PATH",
            ],
            machine
                .world
                .databases
                .keys()
                .map(|name| {
                    vec![text("def"), text(name), text("utf8mb4"), text("utf8mb4_general_ci"), Value::Null]
                })
                .collect(),
        ),
        "tables" => {
            (TABLES, tables().map(|(database, name, table)| table_row(database, name, table)).collect())
        }
        "columns" => (
            COLUMNS,
            tables()
                .flat_map(|(database, name, table)| {
                    let rows = table.columns.iter().enumerate();
                    rows.map(move |(index, column)| column_row(database, name, index, column))
                })
                .collect(),
        ),
        other => plain(machine, other)?,
    };
    let numbers = [
        "TABLE_ROWS",
        "DATA_LENGTH",
        "ORDINAL_POSITION",
        "ID",
        "TIME",
        "CHARACTER_MAXIMUM_LENGTH",
        "VERSION",
    ];
    let kind = |name: &str| if numbers.contains(&name) { Kind::Integer } else { Kind::Text };
    Some((columns.iter().map(|name| ((*name).to_owned(), kind(name))).collect(), rows))
}

const TABLES: &[&str] = &[
    "TABLE_CATALOG",
    "TABLE_SCHEMA",
    "TABLE_NAME",
    "TABLE_TYPE",
    "ENGINE",
    "VERSION",
    "ROW_FORMAT",
    "TABLE_ROWS",
    "AVG_ROW_LENGTH",
    "DATA_LENGTH",
    "CREATE_TIME",
    "TABLE_COLLATION",
    "TABLE_COMMENT",
];
const COLUMNS: &[&str] = &[
    "TABLE_CATALOG",
    "TABLE_SCHEMA",
    "TABLE_NAME",
    "COLUMN_NAME",
    "ORDINAL_POSITION",
    "COLUMN_DEFAULT",
    "IS_NULLABLE",
    "DATA_TYPE",
    "CHARACTER_MAXIMUM_LENGTH",
    "COLUMN_TYPE",
    "COLUMN_KEY",
    "EXTRA",
    "PRIVILEGES",
    "COLUMN_COMMENT",
];

fn whole(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn table_row(database: &str, name: &str, table: &Table) -> Vec<Value> {
    let kind = if database == "information_schema" { "SYSTEM VIEW" } else { "BASE TABLE" };
    let size = table.size().next_multiple_of(16_384);
    let average = size.checked_div(table.rows.len()).unwrap_or(0);
    vec![
        text("def"),
        text(database),
        text(name),
        text(kind),
        text(if database == "mysql" { "Aria" } else { "InnoDB" }),
        Value::Integer(10),
        text("Dynamic"),
        whole(table.rows.len()),
        whole(average),
        whole(size),
        Value::Null,
        text("utf8mb4_general_ci"),
        text(""),
    ]
}

fn column_row(database: &str, name: &str, index: usize, column: &Column) -> Vec<Value> {
    let word = column.declared.split(['(', ' ']).next().unwrap_or_default();
    vec![
        text("def"),
        text(database),
        text(name),
        text(&column.name),
        whole(index + 1),
        column.default.clone().unwrap_or(Value::Null),
        text(if column.nullable { "YES" } else { "NO" }),
        text(word),
        column.longest().map_or(Value::Null, whole),
        text(&column.declared),
        text(column.key),
        text(if column.counts { "auto_increment" } else { "" }),
        text("select,insert,update,references"),
        text(""),
    ]
}

fn rows(names: &[&str], rows: Vec<Vec<Value>>) -> Rows {
    let field = |name: &&str| Field {
        name: (*name).to_owned(),
        kind: Kind::Text,
        table: String::new(),
        database: String::new(),
    };
    Rows { fields: names.iter().map(field).collect(), rows }
}

/// Answers DESCRIBE.
pub(crate) fn describe(machine: &mut Machine<'_>, name: &Name) -> Result<Answer, Fault> {
    columns(machine, name, false).map(Answer::Rows)
}

fn columns(machine: &Machine<'_>, name: &Name, full: bool) -> Result<Rows, Fault> {
    let database = name.0.clone().unwrap_or_else(|| machine.session.database.clone());
    if database.is_empty() {
        return Err(Fault::NoDatabase);
    }
    let made = table(machine, &database, &name.1);
    let columns: Vec<Column> = match made {
        Some((columns, _)) => columns.iter().map(|(name, _)| Column::new(name, "varchar(64)")).collect(),
        None => machine.world.table(&database, &name.1)?.columns.clone(),
    };
    let row = |column: &Column| {
        let mut row = vec![
            text(&column.name),
            text(&column.declared),
            text(if column.nullable { "YES" } else { "NO" }),
            text(column.key),
            column.default.clone().map_or(Value::Null, |value| Value::Text(value.bytes())),
            text(if column.counts { "auto_increment" } else { "" }),
        ];
        if full {
            let words = matches!(column.kind, Kind::Text) && !column.declared.starts_with("json");
            let collation = words.then(|| machine.facts.variable("collation_database")).flatten();
            row.insert(2, collation.unwrap_or(Value::Null));
            row.extend([text("select,insert,update,references"), text("")]);
        }
        row
    };
    let names: &[&str] = if full {
        &["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"]
    } else {
        &["Field", "Type", "Null", "Key", "Default", "Extra"]
    };
    Ok(rows(names, columns.iter().map(row).collect()))
}

fn is_mariadb(machine: &Machine<'_>) -> bool {
    machine.facts.variable("version").is_some_and(|version| version.string().contains("MariaDB"))
}

/// Answers EXPLAIN: a row for each table, which is read from its beginning to its end.
pub(crate) fn explain(machine: &mut Machine<'_>, query: &Query) -> Result<Rows, Fault> {
    let mut found = Vec::new();
    let union = query.selects.len() > 1;
    for (at, select) in query.selects.iter().enumerate() {
        let kind = match (union, at) {
            (false, _) => "SIMPLE",
            (true, 0) => "PRIMARY",
            (true, _) => "UNION",
        };
        let number = whole(at + 1);
        if select.from.is_empty() {
            let mut row = vec![number, text(kind)];
            row.extend(vec![Value::Null; 7]);
            row.push(text("No tables used"));
            found.push(row);
            continue;
        }
        let last = select.from.len() - 1;
        for (place, (_, source, _)) in select.from.iter().enumerate() {
            let count = match source {
                Source::Table(database, name, _) => {
                    let database = database.clone().unwrap_or_else(|| machine.session.database.clone());
                    if database.is_empty() {
                        return Err(Fault::NoDatabase);
                    }
                    rows_of(machine, &database, name)?.1.len()
                }
                Source::Query(..) => 2,
            };
            let extra = match (place, select.filter.is_some() && place == last) {
                (0, true) => "Using where",
                (0, false) => "",
                (_, true) => "Using where; Using join buffer (flat, BNL join)",
                (_, false) => "Using join buffer (flat, BNL join)",
            };
            let mut row = vec![number.clone(), text(kind), text(&source.name()), text("ALL")];
            row.extend(vec![Value::Null; 4]);
            row.extend([whole(count), text(extra)]);
            found.push(row);
        }
    }
    if union {
        let numbers: Vec<String> = (1..=query.selects.len()).map(|number| number.to_string()).collect();
        let name = format!("<union{}>", numbers.join(","));
        let mut row = vec![Value::Null, text("UNION RESULT"), text(&name), text("ALL")];
        row.extend(vec![Value::Null; 5]);
        row.push(text(""));
        found.push(row);
    }
    if is_mariadb(machine) {
        return Ok(rows(index::EXPLAIN, found));
    }
    for row in &mut found {
        let whole = if row.get(8).is_some_and(Value::is_null) { Value::Null } else { text("100.00") };
        row.insert(9, whole);
        row.insert(3, Value::Null);
    }
    Ok(rows(index::EXPLAIN_MYSQL, found))
}

/// Answers SHOW.
pub(crate) fn show(machine: &mut Machine<'_>, show: &Show) -> Result<Answer, Fault> {
    let mut found = made(machine, show)?;
    if let Some(pattern) = &show.like {
        found.rows.retain(|row| row.first().is_some_and(|value| like(pattern, &value.bytes())));
        if matches!(show.what.as_str(), "databases" | "tables")
            && let Some(field) = found.fields.first_mut()
        {
            field.name.push_str(&format!(" ({})", String::from_utf8_lossy(pattern)));
        }
    }
    if let Some(filter) = &show.filter {
        machine.clause = "where clause";
        let bound = |field: &Field| Bound {
            database: String::new(),
            table: String::new(),
            name: field.name.clone(),
            kind: field.kind,
        };
        let columns: Vec<Bound> = found.fields.iter().map(bound).collect();
        let mut kept = Vec::new();
        for row in found.rows {
            let scope = Scope { columns: &columns, row: &row, group: None, outer: None };
            if machine.value(filter, Some(&scope))?.holds() == Some(true) {
                kept.push(row);
            }
        }
        found.rows = kept;
    }
    Ok(Answer::Rows(found))
}

fn made(machine: &mut Machine<'_>, show: &Show) -> Result<Rows, Fault> {
    let from = show.from.clone().unwrap_or_default();
    Ok(match show.what.as_str() {
        "databases" => {
            rows(&["Database"], machine.world.databases.keys().map(|name| vec![text(name)]).collect())
        }
        "tables" | "table status" => {
            let database = if from.1.is_empty() { machine.session.database.clone() } else { from.1.clone() };
            if database.is_empty() {
                return Err(Fault::NoDatabase);
            }
            let Some((name, tables)) = machine.world.database(&database) else {
                return Err(Fault::UnknownDatabase(database));
            };
            listed(name, tables, show, is_mariadb(machine))
        }
        "columns" => columns(machine, &from, show.full)?,
        "index" => {
            let database = from.0.clone().unwrap_or_else(|| machine.session.database.clone());
            if database.is_empty() {
                return Err(Fault::NoDatabase);
            }
            let table = machine.world.table(&database, &from.1)?;
            let mariadb = is_mariadb(machine);
            rows(&index::names(mariadb), index::rows(&from.1, table, mariadb))
        }
        "variables" => variables(machine, show.global),
        "warnings" | "errors" => warnings(machine),
        "create database" => {
            let name = machine.world.database(&from.1).map(|(name, _)| name.clone());
            let name = name.ok_or(Fault::UnknownDatabase(from.1))?;
            let made = format!(
                "CREATE DATABASE `{name}` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */"
            );
            rows(&["Database", "Create Database"], vec![vec![text(&name), text(&made)]])
        }
        "create table" => created(machine, &from)?,
        other => match machine.facts.show(other) {
            Some((names, found)) => rows(&names, found),
            None => Rows::default(),
        },
    })
}

/// SHOW VARIABLES: of the server or of the session.
fn variables(machine: &Machine<'_>, global: bool) -> Rows {
    let set = |name: &str| machine.session.settings.get(&(global, name.to_owned()));
    let all = machine.facts.variables().into_iter().map(|(name, value)| {
        let value = match (set(&name), value.string().as_str()) {
            (Some(set), "ON" | "OFF") => text(if set.integer() == 0 { "OFF" } else { "ON" }),
            (Some(set), _) => Value::Text(set.bytes()),
            (None, _) => value,
        };
        (name, value)
    });
    rows(&["Variable_name", "Value"], all.map(|(name, value)| vec![text(&name), value]).collect())
}

/// SHOW WARNINGS.
fn warnings(machine: &Machine<'_>) -> Rows {
    let all = machine.session.warnings.iter();
    let row = |(code, message): &(u16, String)| {
        let level =
            if *code == 1007 || *code == 1008 || *code == 1050 || *code == 1051 { "Note" } else { "Warning" };
        vec![text(level), Value::Integer(i64::from(*code)), text(message)]
    };
    rows(&["Level", "Code", "Message"], all.map(row).collect())
}

fn listed(name: &str, tables: &crate::Database, show: &Show, mariadb: bool) -> Rows {
    if show.what == "table status" {
        let row = |(table, kept): (&String, &Table)| {
            let made = table_row(name, table, kept);
            let at = |at: usize| made.get(at).cloned().unwrap_or(Value::Null);
            let counts = kept.columns.iter().any(|column| column.counts);
            let next = if counts { Value::Integer(kept.next.max(1)) } else { Value::Null };
            let mut row = vec![text(table), at(4), at(5), at(6), at(7), at(8), at(9)];
            row.extend([Value::Integer(0), Value::Integer(0), Value::Integer(0), next, at(10)]);
            row.extend([Value::Null, Value::Null, at(11), Value::Null, text(""), at(12)]);
            if mariadb {
                row.extend([Value::Integer(0), text("N")]);
            }
            row
        };
        let names = index::TABLE_STATUS.get(..if mariadb { 20 } else { 18 }).unwrap_or_default();
        return rows(names, tables.iter().map(row).collect());
    }
    let title = format!("Tables_in_{name}");
    if show.full {
        let all = tables.keys().map(|table| vec![text(table), text("BASE TABLE")]);
        return rows(&[&title, "Table_type"], all.collect());
    }
    rows(&[&title], tables.keys().map(|table| vec![text(table)]).collect())
}

fn created(machine: &Machine<'_>, name: &Name) -> Result<Rows, Fault> {
    let database = name.0.clone().unwrap_or_else(|| machine.session.database.clone());
    if database.is_empty() {
        return Err(Fault::NoDatabase);
    }
    let table = machine.world.table(&database, &name.1)?;
    let mut lines: Vec<String> = Vec::new();
    for column in &table.columns {
        let mut line = format!("  `{}` {}", column.name, column.declared);
        if !column.nullable {
            line.push_str(" NOT NULL");
        }
        match &column.default {
            Some(value) => line.push_str(&format!(" DEFAULT '{}'", value.string())),
            None if column.nullable => line.push_str(" DEFAULT NULL"),
            None => {}
        }
        if column.counts {
            line.push_str(" AUTO_INCREMENT");
        }
        lines.push(line);
    }
    for column in &table.columns {
        match column.key {
            "PRI" => lines.push(format!("  PRIMARY KEY (`{}`)", column.name)),
            "UNI" => lines.push(format!("  UNIQUE KEY `{0}` (`{0}`)", column.name)),
            _ => {}
        }
    }
    let made = format!("CREATE TABLE `{}` (\n{}\n) {}", name.1, lines.join(",\n"), machine.facts.engine());
    Ok(rows(&["Table", "Create Table"], vec![vec![text(&name.1), text(&made)]]))
}

/// Columns and rows of a table, of those that are made of the world too.
pub(crate) fn rows_of(machine: &mut Machine<'_>, database: &str, table: &str) -> Result<Made, Fault> {
    if let Some(found) = machine.facts.table(machine.world, database, table) {
        return Ok(found);
    }
    if machine.session.dialect == Dialect::Mysql
        && let Some(found) = self::table(machine, database, table)
    {
        return Ok(found);
    }
    let found = machine.world.table(database, table)?;
    let columns = found.columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
    Ok((columns, found.rows.clone()))
}
