//! Keys of a table as SHOW INDEX tells them, and the columns of the wider lists.
//!
//! Source: mariadbd 10.11 and the reference manual of MySQL 8.0.

use crate::{Value, schema::Table};

/// Columns of SHOW TABLE STATUS; MySQL has all but the last two.
pub(crate) const TABLE_STATUS: &[&str] = &[
    "Name",
    "Engine",
    "Version",
    "Row_format",
    "Rows",
    "Avg_row_length",
    "Data_length",
    "Max_data_length",
    "Index_length",
    "Data_free",
    "Auto_increment",
    "Create_time",
    "Update_time",
    "Check_time",
    "Collation",
    "Checksum",
    "Create_options",
    "Comment",
    "Max_index_length",
    "Temporary",
];

/// Columns of EXPLAIN of MariaDB.
pub(crate) const EXPLAIN: &[&str] =
    &["id", "select_type", "table", "type", "possible_keys", "key", "key_len", "ref", "rows", "Extra"];

/// Columns of EXPLAIN of MySQL.
pub(crate) const EXPLAIN_MYSQL: &[&str] = &[
    "id",
    "select_type",
    "table",
    "partitions",
    "type",
    "possible_keys",
    "key",
    "key_len",
    "ref",
    "rows",
    "filtered",
    "Extra",
];

const INDEX: &[&str] = &[
    "Table",
    "Non_unique",
    "Key_name",
    "Seq_in_index",
    "Column_name",
    "Collation",
    "Cardinality",
    "Sub_part",
    "Packed",
    "Null",
    "Index_type",
    "Comment",
    "Index_comment",
];

/// Columns of SHOW INDEX.
pub(crate) fn names(mariadb: bool) -> Vec<&'static str> {
    let more: &[&str] = if mariadb { &["Ignored"] } else { &["Visible", "Expression"] };
    [INDEX, more].concat()
}

/// Rows of SHOW INDEX: the primary key first.
pub(crate) fn rows(name: &str, table: &Table, mariadb: bool) -> Vec<Vec<Value>> {
    let mut keys: Vec<_> = table.columns.iter().filter(|column| !column.key.is_empty()).collect();
    keys.sort_by_key(|column| match column.key {
        "PRI" => 0,
        "UNI" => 1,
        _ => 2,
    });
    let text = |text: &str| Value::text(text);
    let row = |column: &&crate::Column| {
        let primary = column.key == "PRI";
        let count = i64::try_from(table.rows.len()).unwrap_or(i64::MAX);
        let mut row = vec![
            text(name),
            Value::Integer(i64::from(column.key == "MUL")),
            text(if primary { "PRIMARY" } else { &column.name }),
            Value::Integer(1),
            text(&column.name),
            text("A"),
            Value::Integer(count),
            Value::Null,
            Value::Null,
            text(if column.nullable && !primary { "YES" } else { "" }),
            text("BTREE"),
            text(""),
            text(""),
        ];
        if mariadb {
            row.push(text("NO"));
        } else {
            row.extend([text("YES"), Value::Null]);
        }
        row
    };
    keys.iter().map(row).collect()
}
