//! The server's numbers and words for what is wrong with a statement.
//!
//! Source: the error messages of mariadbd 10.11 and of MySQL 8.0.

use super::flavour::Flavour;
use netsvc_sql::Fault;

/// Number, SQL state and text of an error.
pub(super) type Refusal = (u16, &'static str, String);

/// What the server says of `fault` to `account` (`'user'@'host'`).
pub(super) fn refusal(fault: &Fault, flavour: &Flavour, account: &str) -> Refusal {
    let server = if flavour.mariadb { "MariaDB" } else { "MySQL" };
    match fault {
        Fault::Empty => (1065, "42000", "Query was empty".to_owned()),
        Fault::Syntax { near, line, .. } => (
            1064,
            "42000",
            format!(
                "You have an error in your SQL syntax; check the manual that corresponds to your {server} server \
                 version for the right syntax to use near '{near}' at line {line}"
            ),
        ),
        Fault::NoDatabase => (1046, "3D000", "No database selected".to_owned()),
        Fault::UnknownDatabase(name) => (1049, "42000", format!("Unknown database '{name}'")),
        Fault::DatabaseExists(name) => {
            (1007, "HY000", format!("Can't create database '{name}'; database exists"))
        }
        Fault::NoSuchDatabase(name) => {
            (1008, "HY000", format!("Can't drop database '{name}'; database doesn't exist"))
        }
        Fault::UnknownTable(database, table) if database.is_empty() => {
            (1051, "42S02", format!("Unknown table '{table}'"))
        }
        Fault::UnknownTable(database, table) if database == "information_schema" => {
            (1109, "42S02", format!("Unknown table '{table}' in information_schema"))
        }
        Fault::UnknownTable(database, table) => {
            (1146, "42S02", format!("Table '{database}.{table}' doesn't exist"))
        }
        Fault::CannotDrop(database, table) => (1051, "42S02", format!("Unknown table '{database}.{table}'")),
        Fault::TableExists(table) => (1050, "42S01", format!("Table '{table}' already exists")),
        Fault::UnknownColumn(column, clause) => {
            (1054, "42S22", format!("Unknown column '{column}' in '{clause}'"))
        }
        Fault::AmbiguousColumn(column, clause) => {
            (1052, "23000", format!("Column '{column}' in {clause} is ambiguous"))
        }
        Fault::UnknownFunction(database, name) if database.is_empty() => {
            (1305, "42000", format!("FUNCTION {name} does not exist"))
        }
        Fault::UnknownFunction(database, name) => {
            (1305, "42000", format!("FUNCTION {database}.{name} does not exist"))
        }
        Fault::UnknownVariable(name) => (1193, "HY000", format!("Unknown system variable '{name}'")),
        Fault::UnequalColumns => {
            (1222, "21000", "The used SELECT statements have a different number of columns".to_owned())
        }
        Fault::Operand(count) => (1241, "21000", format!("Operand should contain {count} column(s)")),
        Fault::SeveralRows => (1242, "21000", "Subquery returns more than 1 row".to_owned()),
        Fault::ColumnCount(row) => {
            (1136, "21S01", format!("Column count doesn't match value count at row {row}"))
        }
        Fault::Duplicate(value, key) => (1062, "23000", format!("Duplicate entry '{value}' for key '{key}'")),
        Fault::Aggregate => (1111, "HY000", "Invalid use of group function".to_owned()),
        Fault::NoDefault(column) => (1364, "HY000", format!("Field '{column}' doesn't have a default value")),
        Fault::NoTables => (1096, "HY000", "No tables used".to_owned()),
        other => of_values(other, account),
    }
}

/// What the server says of values, rights and bounds.
fn of_values(fault: &Fault, account: &str) -> Refusal {
    match fault {
        Fault::WrongArguments(name) => (
            1582,
            "42000",
            format!("Incorrect parameter count in the call to native function '{}'", name.to_uppercase()),
        ),
        Fault::UnknownStatement(name) => {
            (1243, "HY000", format!("Unknown prepared statement handler ({name}) given to EXECUTE"))
        }
        Fault::TooLong(column, row) => {
            (1406, "22001", format!("Data too long for column '{column}' at row {row}"))
        }
        Fault::ReadOnly(name) => {
            (1044, "42000", format!("Access denied for user {account} to database '{name}'"))
        }
        Fault::Denied(privilege) => (
            1227,
            "42000",
            format!(
                "Access denied; you need (at least one of) the {privilege} privilege(s) for this operation"
            ),
        ),
        Fault::Full(name) => (1114, "HY000", format!("The table '{name}' is full")),
        Fault::NoLibrary(library) => (
            1126,
            "HY000",
            format!(
                "Can't open shared library '{library}' (errno: 2, cannot open shared object file: No such file or \
                 directory)"
            ),
        ),
        Fault::OutOfRange(kind, expression) => {
            (1690, "22003", format!("{kind} value is out of range in '{expression}'"))
        }
        Fault::XPath(text) => (1105, "HY000", format!("XPATH syntax error: '{text}'")),
        Fault::FixedVariable(name) => (1238, "HY000", format!("Variable '{name}' is a read only variable")),
        Fault::GlobalVariable(name) => (
            1229,
            "HY000",
            format!("Variable '{name}' is a GLOBAL variable and should be set with SET GLOBAL"),
        ),
        Fault::WrongParameters => (1210, "HY000", "Incorrect arguments to EXECUTE".to_owned()),
        other => (1105, "HY000", format!("Unknown error: {other}")),
    }
}
