//! What can be wrong with a statement.

/// What is wrong with a statement, in no server's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The statement is empty.
    #[error("empty statement")]
    Empty,
    /// The statement breaks off or goes on wrongly: its rest from there, and the line, from 1.
    #[error("syntax error near {near:?} on line {line}")]
    Syntax {
        /// The statement from the place on.
        near: String,
        /// Line of the place, from 1.
        line: usize,
        /// The place in the statement, bytes.
        at: usize,
    },
    /// No database is chosen.
    #[error("no database is chosen")]
    NoDatabase,
    /// There is no such database.
    #[error("unknown database {0}")]
    UnknownDatabase(String),
    /// A database to be made is there.
    #[error("database {0} exists")]
    DatabaseExists(String),
    /// A database to be dropped is not there.
    #[error("database {0} does not exist")]
    NoSuchDatabase(String),
    /// There is no such table: database and table.
    #[error("unknown table {0}.{1}")]
    UnknownTable(String, String),
    /// A table to be dropped is not there: database and table.
    #[error("cannot drop {0}.{1}")]
    CannotDrop(String, String),
    /// A table to be made is there.
    #[error("table {0} exists")]
    TableExists(String),
    /// There is no such column: column, and the clause that names it.
    #[error("unknown column {0} in {1}")]
    UnknownColumn(String, &'static str),
    /// Several tables have the column: column, and the clause that names it.
    #[error("column {0} in {1} is ambiguous")]
    AmbiguousColumn(String, &'static str),
    /// There is no such function: database and function.
    #[error("unknown function {0}.{1}")]
    UnknownFunction(String, String),
    /// A function has another number of arguments.
    #[error("wrong number of arguments of {0}")]
    WrongArguments(String),
    /// There is no such variable.
    #[error("unknown variable {0}")]
    UnknownVariable(String),
    /// Selects of a union, or rows, have different numbers of columns.
    #[error("different numbers of columns")]
    UnequalColumns,
    /// An operand has several columns: how many it should have.
    #[error("operand should have {0} columns")]
    Operand(usize),
    /// A subquery returns several rows.
    #[error("subquery returns more than one row")]
    SeveralRows,
    /// The number of values differs from that of columns, in a row.
    #[error("column count does not match in row {0}")]
    ColumnCount(usize),
    /// A key is there: the value and the key.
    #[error("duplicate entry {0} for key {1}")]
    Duplicate(String, String),
    /// An aggregate where none may be.
    #[error("invalid use of an aggregate")]
    Aggregate,
    /// A column without default is not given.
    #[error("column {0} has no default")]
    NoDefault(String),
    /// A star without tables.
    #[error("no tables used")]
    NoTables,
    /// There is no prepared statement of that name.
    #[error("unknown prepared statement {0}")]
    UnknownStatement(String),
    /// A value does not fit a column: column and row.
    #[error("data too long for column {0} in row {1}")]
    TooLong(String, usize),
    /// A table cannot be written.
    #[error("cannot write {0}")]
    ReadOnly(String),
    /// The statement is known and not run: privilege that it would need.
    #[error("denied: {0}")]
    Denied(&'static str),
    /// A bound of the engine was met: table that is full.
    #[error("table {0} is full")]
    Full(String),
    /// A library of a function cannot be loaded: library.
    #[error("cannot load {0}")]
    NoLibrary(String),
    /// A number is out of range: type and expression.
    #[error("{0} is out of range in {1}")]
    OutOfRange(&'static str, String),
    /// An XPath of XML functions is wrong: its text, which is how intruders read data from errors.
    #[error("bad xpath {0}")]
    XPath(String),
    /// A system variable cannot be set.
    #[error("{0} is read only")]
    FixedVariable(String),
    /// A system variable is the server's, not the session's.
    #[error("{0} is global")]
    GlobalVariable(String),
    /// A text is no value of a type: type and text.
    #[error("bad input for {0}: {1}")]
    BadInput(String, String),
    /// There is no such type.
    #[error("unknown type {0}")]
    UnknownType(String),
    /// A number is divided by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// The server's own words: code, text and the name of what raises it.
    #[error("{1}")]
    Own(&'static str, String, &'static str),
    /// Prepared statement: the wrong number of parameters.
    #[error("incorrect arguments to execute")]
    WrongParameters,
}
