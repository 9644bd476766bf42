//! Lists of SHOW that are the same on every server of a kind.
//!
//! Source: recorded from mariadbd 10.11 of Debian 12; engines of MySQL from its reference manual.

use netsvc_sql::Value;

/// Column names, and rows.
type List = (Vec<&'static str>, Vec<Vec<Value>>);

/// Columns of SHOW PROCESSLIST.
pub(super) fn processlist(mariadb: bool) -> Vec<&'static str> {
    let mut names = vec!["Id", "User", "Host", "db", "Command", "Time", "State", "Info"];
    names.extend(mariadb.then_some("Progress"));
    names
}

/// The list that SHOW `what` gives.
pub(super) fn list(what: &str, mariadb: bool) -> Option<List> {
    let (names, content): (&[&str], &str) = match what {
        "engines" => (
            &["Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"],
            if mariadb { include_str!("data/engines.tsv") } else { include_str!("data/engines-mysql.tsv") },
        ),
        "plugins" => (&["Name", "Status", "Type", "Library", "License"], include_str!("data/plugins.tsv")),
        "character set" => {
            (&["Charset", "Description", "Default collation", "Maxlen"], include_str!("data/charsets.tsv"))
        }
        "privileges" => (&["Privilege", "Context", "Comment"], include_str!("data/privileges.tsv")),
        "collation" => (
            &["Collation", "Charset", "Id", "Default", "Compiled", "Sortlen"],
            include_str!("data/collations.tsv"),
        ),
        "triggers" => (TRIGGERS, ""),
        "events" => (EVENTS, ""),
        "routines" => (ROUTINES, ""),
        "open" => (&["Database", "Table", "In_use", "Name_locked"], ""),
        "master status" => (&["File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB"], ""),
        "nothing" => (&["Name"], ""),
        _ => return None,
    };
    let cell = |cell: &str| match cell {
        "NULL" => Value::Null,
        cell => cell.parse().map_or_else(|_| Value::text(cell), Value::Integer),
    };
    let rows = content.lines().map(|line| line.split('\t').map(cell).collect()).collect();
    Some((names.to_vec(), rows))
}

const TRIGGERS: &[&str] = &[
    "Trigger",
    "Event",
    "Table",
    "Statement",
    "Timing",
    "Created",
    "sql_mode",
    "Definer",
    "character_set_client",
    "collation_connection",
    "Database Collation",
];

const EVENTS: &[&str] = &[
    "Db",
    "Name",
    "Definer",
    "Time zone",
    "Type",
    "Execute at",
    "Interval value",
    "Interval field",
    "Starts",
    "Ends",
    "Status",
    "Originator",
    "character_set_client",
    "collation_connection",
    "Database Collation",
];

const ROUTINES: &[&str] = &[
    "Db",
    "Name",
    "Type",
    "Definer",
    "Modified",
    "Created",
    "Security_type",
    "Comment",
    "character_set_client",
    "collation_connection",
    "Database Collation",
];
